//! The laws: how much memory each part of a deployment takes, and why.
//!
//! [`estimate`] says how much, [`explain`] why. Both run the same formulas; see [`quantity`].

mod account;
pub mod engine;
mod explanation;
pub mod kv_cache;
mod notes;
pub mod quantity;
mod report;
mod terms;
mod upper_bound;
mod verdict;
pub mod weights;

pub use account::Kind;
pub use explanation::{Explanation, Input};
pub use kv_cache::{Concurrency, Limit};
pub use report::{Binding, Contributor, Figure, KvCache, Rank, Report, Stage, Verdict, WindowPool};
pub use terms::Terms;
pub use upper_bound::{UpperBound, upper_bound};

use crate::deployment::{Deployment, Fact, Plan, Problems};
use crate::units::Bytes;
use account::{Account, Pool};
use engine::{activations, decoder_buffers, overhead, runtime_buffers};
use kv_cache::Requests;
use quantity::{Number, Traced};

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
pub fn explain(deployment: &Deployment, rank: u64) -> Result<Vec<(Contributor, Explanation)>, Problems> {
    let plan = deployment.plan()?;
    let account = Account::<Traced>::new(&plan, Kind::of(&plan, rank.min(plan.world_size() - 1)));
    let cache = explained_kv_cache(&plan, &account);
    let overhead = account.overhead_until_kv_cache() + account.late.clone();
    let [weights, activations, runtime, decoder] = account.parts;
    let figures = [weights, activations, runtime, decoder, cache, overhead];
    let explained = Contributor::ALL.into_iter().zip(figures.iter().zip(laws(&plan)));
    Ok(explained
        .map(|(contributor, (figure, law))| (contributor, Explanation::new(contributor.label(), figure, Some(law))))
        .collect())
}

/// The KV cache of a rank, each pool traced to the rank that decides its blocks.
fn explained_kv_cache(plan: &Plan, account: &Account<Traced>) -> Traced {
    let on_rank = account.pools();
    if !kv_cache::is_pooled(plan) {
        return on_rank.whole_batch();
    }
    let accounts = account::accounts(plan);
    let pools = account::pools(&accounts, account::tightest(&accounts));
    Traced::sum_of(account.windows.iter().filter_map(|window| {
        let pool = pools.iter().find(|pool| pool.window.tokens == window.tokens)?;
        let decides = accounts[pool.account].kind;
        let blocks = if decides == account.kind {
            account.blocks(*window)
        } else {
            Account::<Traced>::new(plan, decides).blocks(pool.window)
        };
        Some(on_rank.bytes(*window, blocks))
    }))
}

/// The law behind each contributor, in their order.
fn laws(plan: &Plan) -> [&'static quantity::Law; 6] {
    [
        weights::law(plan),
        activations::law(plan),
        runtime_buffers::law(plan),
        decoder_buffers::law(plan),
        if kv_cache::is_pooled(plan) { &kv_cache::LAW } else { &kv_cache::WHOLE_BATCH },
        if plan.free_memory.is_some() { &overhead::MEASURED } else { &overhead::LAW },
    ]
}

/// The models' answer for a sound deployment.
pub fn estimate_plan(plan: &Plan) -> Report {
    let accounts = account::accounts(plan);
    let tightest = account::tightest(&accounts);
    let pools = if kv_cache::is_pooled(plan) { account::pools(&accounts, tightest) } else { Vec::new() };
    let kinds: Vec<Rank> = accounts.iter().map(|account| rank(plan, account, &pools)).collect();
    let account_of = |rank: u64| {
        let kind = Kind::of(plan, rank);
        accounts.iter().position(|account| account.kind == kind).unwrap_or(0)
    };
    let ranks: Vec<Rank> = (0..plan.world_size())
        .map(|number| Rank { rank: number, tp_rank: number % plan.tp_size, ..kinds[account_of(number)].clone() })
        .collect();
    let tightest_rank = (0..plan.world_size()).find(|rank| account_of(*rank) == tightest).unwrap_or(0);
    let kv_cache = kv_cache_report(plan, &accounts[tightest], &pools, tightest_rank);
    let short = |rank: u64| Bytes(accounts[account_of(rank)].adapter_short as u64);
    let [weights, activations, ..] = accounts[0].parts;
    Report {
        verdict: verdict::verdict(plan, &ranks, short, &kv_cache),
        upper_bound: upper_bound::upper_bound_of(plan, weights, activations),
        parameters: plan.model.parameters(),
        max_seq_len: plan.max_seq_len,
        more_overhead: accounts.iter().any(|account| account.reserved.is_some()),
        notes: notes::notes(plan, &kv_cache),
        ranks,
        kv_cache,
    }
}

fn kv_cache_report(plan: &Plan, decides: &Account<f64>, pools: &[Pool], tightest_rank: u64) -> KvCache {
    let terms = Terms::<f64>::new(plan, decides.kind.stage);
    let requests = Requests::new(plan);
    let of_decider = decides.pools();
    let windows: Vec<WindowPool> = pools
        .iter()
        .map(|pool| WindowPool {
            tokens: pool.window.tokens,
            layers: pool.window.layers,
            blocks: pool.blocks as u64,
            secondary_blocks: of_decider.secondary_blocks(pool.window),
            bytes_per_token: of_decider.bytes_in_window(pool.window),
        })
        .collect();
    let (bytes_per_token, pages_per_sequence) =
        (kv_cache::bytes_per_token(&terms), kv_cache::pages_per_sequence(&terms) as u64);
    let Some(widest) = windows.last() else {
        let sequences = plan.runtime_max_batch_size.saturating_mul(plan.max_beam_width);
        let tokens = sequences.saturating_mul(terms.window() as u64);
        return KvCache {
            blocks: 0,
            tokens,
            tokens_per_block: plan.tokens_per_block,
            bytes_per_token,
            pages_per_sequence,
            secondary_blocks: 0,
            windows,
            max_sequences: plan.runtime_max_batch_size,
            lowered_max_seq_len: None,
            binding: Binding::WholeBatch,
            tightest_rank,
            requests,
        };
    };
    let held = |pool: &WindowPool| pool.blocks / requests.most_blocks(pool.tokens).max(1);
    let max_sequences = windows.iter().map(held).min().unwrap_or_default();
    let in_memory = pools.last().map_or(0.0, |pool| of_decider.tokens(pool.window, decides.available()));
    KvCache {
        blocks: widest.blocks,
        tokens: widest.blocks.saturating_mul(plan.tokens_per_block),
        tokens_per_block: plan.tokens_per_block,
        bytes_per_token,
        pages_per_sequence,
        secondary_blocks: windows.iter().fold(0, |all, pool| all.saturating_add(pool.secondary_blocks)),
        max_sequences,
        lowered_max_seq_len: (max_sequences == 0 && plan.version.has(Fact::ShrinksToOneSequence))
            .then(|| (widest.blocks / plan.max_beam_width.max(1)).saturating_mul(plan.tokens_per_block))
            .filter(|tokens| *tokens > 0),
        binding: if plan.max_tokens.is_some_and(|most| in_memory >= most as f64) {
            Binding::MaxTokens
        } else {
            Binding::FreeGpuMemoryFraction
        },
        tightest_rank,
        windows,
        requests,
    }
}

/// The memory of a rank with this account and these pools; its number is still to be set.
fn rank(plan: &Plan, account: &Account<f64>, pools: &[Pool]) -> Rank {
    let laws = laws(plan);
    let figure = |contributor: Contributor, bytes: f64| Figure::of(laws[contributor as usize], bytes);
    let on_rank = account.pools();
    let cache = if kv_cache::is_pooled(plan) {
        let blocks =
            |window: u64| pools.iter().find(|pool| pool.window.tokens == window).map_or(0.0, |pool| pool.blocks);
        account.windows.iter().map(|window| on_rank.bytes(*window, blocks(window.tokens))).sum()
    } else {
        on_rank.whole_batch()
    };
    let [weights, activations, runtime, decoder] = account.parts;
    let overhead = account.overhead_until_kv_cache();
    let contributors = [
        figure(Contributor::Weights, weights),
        figure(Contributor::Activations, activations),
        figure(Contributor::RuntimeBuffers, runtime),
        figure(Contributor::DecoderBuffers, decoder),
        figure(Contributor::KvCache, cache),
        overhead::figure(plan, account.kind, overhead, account.late, laws[Contributor::Overhead as usize]),
    ];
    let used: Bytes = contributors.iter().map(|figure| figure.bytes).sum();
    Rank {
        rank: 0,
        tp_rank: 0,
        pp_rank: account.kind.stage,
        contributors,
        total: plan.gpu_memory,
        available: Bytes(account.available().round() as u64),
        free: plan.gpu_memory - used,
        late: Bytes(account.late.round() as u64),
    }
}
