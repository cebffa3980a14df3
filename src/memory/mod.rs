//! The laws: how much memory each part of a deployment takes, and why.
//!
//! [`estimate`] says how much, [`explain`] why. Both run the same formulas; see [`quantity`].

mod account;
pub mod band;
pub mod calibration;
pub mod engine;
mod explanation;
mod flow;
pub mod kv_cache;
mod notes;
pub mod overhead;
mod own_log;
pub mod pytorch;
pub mod quantity;
mod report;
mod terms;
mod upper_bound;
mod verdict;
pub mod weights;

pub use account::Kind;
pub use explanation::{Explanation, Input};
pub use kv_cache::{Binding, Concurrency, KvCache, Limit, WindowPool};
pub use report::{Contributor, Figure, Rank, Report, Stage, Verdict};
pub use terms::Terms;
pub use upper_bound::{UpperBound, upper_bound};

use crate::deployment::{Backend, Deployment, Fact, Plan, Problems};
use crate::units::Bytes;
pub(crate) use account::Kinds;
use account::{Account, Accounts, AllPools, Pool};
use band::Band;
use kv_cache::Requests;
use quantity::{Law, Number, Part, Traced};

/// How the memory of each GPU is used.
///
/// # Errors
/// Every impossible setting of the deployment.
///
/// ```
/// use trtllm_memory::{deployment::Deployment, memory::{estimate, Contributor}};
/// let report = estimate(&Deployment::default()).unwrap();
/// assert!(report.verdict.fits());
/// assert_eq!(report.ranks[0].figure(Contributor::Weights).bytes.mib().round(), 15381.0);
/// ```
pub fn estimate(deployment: &Deployment) -> Result<Report, Problems> {
    Ok(estimate_plan(&deployment.plan()?))
}

/// Why each contributor of `rank` has its size.
///
/// # Errors
/// Every impossible setting of the deployment.
/// ```
/// use trtllm_memory::{deployment::Deployment, memory::{explain, Contributor}};
/// let explained = explain(&Deployment::default(), 0).unwrap();
/// let (contributor, weights) = &explained[0];
/// assert_eq!(*contributor, Contributor::Weights);
/// assert_eq!(weights.text, "15.02 GiB");
/// assert!(weights.parts.iter().any(|part| part.label == "mlp.fc.weight, 32 layers"));
/// ```
pub fn explain(deployment: &Deployment, rank: u64) -> Result<Vec<(Contributor, Explanation)>, Problems> {
    let plan = deployment.plan()?;
    let kinds = Kinds::of(&plan);
    let accounts = Accounts::new(&plan, &kinds);
    let pools = accounts.pools();
    let alike = accounts.of(rank.min(plan.world_size() - 1));
    let figures = self::rank(&plan, &flow::laws(&plan), alike, &pools, None).contributors;
    let account = Account::<Traced>::new(&plan, alike.kind);
    let cache = explained_kv_cache(&plan, &account, &accounts, &pools);
    let overhead = account.overhead_until_kv_cache() + account.late.clone();
    let more = account.reserved.is_some();
    let [weights, activations, runtime, decoder] = account.parts;
    let numbers = [weights, activations, runtime, decoder, cache, overhead];
    let explained = Contributor::ALL.into_iter().zip(numbers.iter().zip(&figures));
    Ok(explained
        .map(|(contributor, (number, figure))| {
            (contributor, Explanation::new(contributor.label_with(more), number, figure))
        })
        .collect())
}

/// The KV cache of a rank, each pool traced to the rank that decides its blocks.
fn explained_kv_cache(plan: &Plan, account: &Account<Traced>, accounts: &Accounts, pools: &AllPools) -> Traced {
    let on_rank = account.pools();
    if !kv_cache::is_pooled(plan) {
        return on_rank.whole_batch();
    }
    let decided = |pool: &Pool, blocks: &dyn Fn(&Account<Traced>) -> Option<Traced>| {
        let decides = accounts.all[pool.account].kind;
        if decides == account.kind { blocks(account) } else { blocks(&Account::new(plan, decides)) }
    };
    let own = account.windows.iter().filter_map(|window| {
        let pool = pools.of(*window)?;
        Some(on_rank.bytes(*window, decided(pool, &|account| Some(account.blocks(pool.window)))?))
    });
    let cross = pools
        .cross
        .iter()
        .filter_map(|pool| Some(on_rank.cross_bytes(decided(pool, &|account| account.cross_blocks())?)));
    let own = Traced::sum_of(own);
    match pools.cross {
        Some(_) => own.part(|| Part::bytes("pool of the decoder's own tokens")) + Traced::sum_of(cross),
        None => own,
    }
}

/// What decides whether a deployment fits: the answer without what is the same for all its ranks.
#[derive(Debug, Clone, PartialEq)]
pub struct Outline {
    /// The first rank of each way to use the memory.
    pub ranks: Vec<Rank>,
    /// The KV cache.
    pub kv_cache: KvCache,
    /// Whether it fits.
    pub verdict: Verdict,
}

/// The models' answer for a sound deployment.
pub fn estimate_plan(plan: &Plan) -> Report {
    let kinds = Kinds::of(plan);
    let accounts = Accounts::new(plan, &kinds);
    let Outline { ranks, kv_cache, verdict } = outline_of(plan, &accounts);
    let numbered = accounts.of_rank.iter().zip(0..);
    let [weights, activations, ..] = accounts.all[0].parts;
    Report {
        ranks: numbered.map(|(account, number)| ranks[*account].clone().numbered(plan, number)).collect(),
        verdict,
        upper_bound: (plan.backend == Backend::TensorRt)
            .then(|| upper_bound::upper_bound_of(plan, weights, activations)),
        parameters: plan.model.shared_tensors().elements,
        max_seq_len: plan.max_seq_len,
        more_overhead: accounts.all.iter().any(|account| account.reserved.is_some()),
        notes: notes::notes(plan, &kv_cache),
        kv_cache,
    }
}

/// The outline of [`estimate_plan`]'s answer, which is quicker where there are many ranks or many deployments.
pub fn outline(plan: &Plan) -> Outline {
    outline_of_kinds(plan, &Kinds::of(plan))
}

/// The same where it is known already which ranks are alike.
pub(crate) fn outline_of_kinds(plan: &Plan, kinds: &Kinds) -> Outline {
    outline_of(plan, &Accounts::new(plan, kinds))
}

fn outline_of(plan: &Plan, accounts: &Accounts) -> Outline {
    let pools = accounts.pools();
    let laws = flow::laws(plan);
    let mut ranks: Vec<Rank> = Vec::with_capacity(accounts.all.len());
    for (place, account) in accounts.all.iter().enumerate() {
        let beside = ranks.iter().rfind(|rank| rank.pp_rank == account.kind.stage);
        let rank = rank(plan, &laws, account, &pools, beside);
        ranks.push(rank.numbered(plan, accounts.first_rank(place)));
    }
    let kv_cache = kv_cache_report(plan, accounts, &pools);
    let short = |rank: u64| Bytes(accounts.of(rank).adapter_short as u64);
    let verdict = verdict::verdict(plan, &ranks, short, &kv_cache);
    Outline { ranks, kv_cache, verdict }
}

fn kv_cache_report(plan: &Plan, accounts: &Accounts, pools: &AllPools) -> KvCache {
    let decides = &accounts.all[accounts.tightest];
    let terms = decides.terms;
    let requests = Requests::new(plan);
    let on_rank = decides.pools();
    let windows: Vec<WindowPool> = pools
        .own
        .iter()
        .map(|pool| WindowPool {
            tokens: pool.window.tokens,
            layers: pool.window.layers,
            blocks: pool.blocks.likely as u64,
            secondary_blocks: on_rank.secondary_blocks(pool.window),
            bytes_per_token: on_rank.bytes_in_window(pool.window),
        })
        .collect();
    let batch = plan.runtime_max_batch_size;
    let whole = KvCache {
        blocks: 0,
        blocks_low: 0,
        blocks_high: 0,
        tokens: batch.saturating_mul(plan.max_beam_width).saturating_mul(terms.window() as u64),
        tokens_per_block: plan.tokens_per_block,
        bytes_per_token: kv_cache::bytes_per_token(&terms),
        pages_per_sequence: kv_cache::pages_per_sequence(&terms) as u64,
        secondary_blocks: 0,
        windows: Vec::new(),
        cross: None,
        max_sequences: batch,
        max_sequences_low: batch,
        lowered_max_seq_len: None,
        binding: Binding::WholeBatch,
        tightest_rank: accounts.first_rank(accounts.tightest),
        requests,
    };
    // The widest window's pool is the one that holds whole sequences.
    let Some(widest) = pools.own.last() else { return whole };
    let own_sequences = |blocks: fn(&Pool) -> f64| {
        let held = |pool: &Pool| blocks(pool) as u64 / whole.requests.most_blocks(pool.window.tokens).max(1);
        pools.own.iter().map(held).min().unwrap_or_default()
    };
    let sequences = |blocks: fn(&Pool) -> f64| {
        let encoded = pools.cross.as_ref().map(|pool| blocks(pool) as u64 / whole.requests.cross_blocks().max(1));
        own_sequences(blocks).min(encoded.unwrap_or(u64::MAX))
    };
    let tokens = (widest.blocks.likely as u64).saturating_mul(plan.tokens_per_block);
    let asked = on_rank.tokens(widest.window, decides.available());
    KvCache {
        blocks: widest.blocks.likely as u64,
        blocks_low: widest.blocks.low as u64,
        blocks_high: widest.blocks.high as u64,
        tokens,
        secondary_blocks: windows.iter().fold(0, |all, pool| all.saturating_add(pool.secondary_blocks)),
        cross: pools.cross.map(|pool| WindowPool {
            tokens: pool.window.tokens,
            layers: pool.window.layers,
            blocks: pool.blocks.likely as u64,
            secondary_blocks: 0,
            bytes_per_token: whole.bytes_per_token,
        }),
        max_sequences: sequences(|pool| pool.blocks.likely),
        max_sequences_low: sequences(|pool| pool.blocks.low),
        lowered_max_seq_len: (own_sequences(|pool| pool.blocks.likely) == 0
            && plan.version.has(Fact::ShrinksToOneSequence))
        .then(|| tokens / plan.max_beam_width.max(1))
        .filter(|tokens| *tokens > 0),
        binding: binding(plan, asked, whole.bytes_per_token),
        windows,
        ..whole
    }
}

/// What decided that the KV cache may hold `tokens`.
fn binding(plan: &Plan, tokens: f64, bytes_per_token: f64) -> Binding {
    let most_bytes = plan.torch.max_gpu_total_bytes.filter(|_| plan.backend == Backend::Pytorch);
    if plan.max_tokens.is_some_and(|most| tokens >= most as f64) {
        Binding::MaxTokens
    } else if most_bytes.is_some_and(|most| tokens >= (most as f64 / bytes_per_token).floor()) {
        Binding::MaxGpuTotalBytes
    } else {
        Binding::FreeGpuMemoryFraction
    }
}

/// The memory of a rank with this account and these pools, by these laws; its number is still to be set. It differs from a rank `beside`
/// it, of the same stage, in its overhead alone.
fn rank(
    plan: &Plan,
    laws: &[&'static Law; 6],
    account: &Account<f64>,
    pools: &AllPools,
    beside: Option<&Rank>,
) -> Rank {
    let figure = |contributor: Contributor, bytes: f64| Figure::of(laws[contributor as usize], bytes);
    let overhead = account.overhead_until_kv_cache() + account.late;
    let overhead_band = Band::of_sum([account.overhead_band, account.late_band]);
    let overhead = Figure::new(laws[Contributor::Overhead as usize], overhead, overhead_band);
    let contributors = match beside.map(|rank| rank.contributors) {
        Some([weights, activations, runtime, decoder, kv_cache, _]) => {
            [weights, activations, runtime, decoder, kv_cache, overhead]
        }
        None => {
            let [weights, activations, runtime, decoder] = account.parts;
            [
                figure(Contributor::Weights, weights),
                figure(Contributor::Activations, activations),
                figure(Contributor::RuntimeBuffers, runtime),
                figure(Contributor::DecoderBuffers, decoder),
                Figure::between(laws[Contributor::KvCache as usize], account.kv_cache(pools)),
                overhead,
            ]
        }
    };
    let used: Bytes = contributors.iter().map(|figure| figure.bytes).sum();
    Rank {
        rank: 0,
        tp_rank: 0,
        pp_rank: account.kind.stage,
        contributors,
        total: plan.gpu_memory,
        available: Bytes::rounded(account.available()),
        available_band: account.available_band,
        free: plan.gpu_memory - used,
        late: Bytes::rounded(account.late),
        late_band: account.late_band,
    }
}
