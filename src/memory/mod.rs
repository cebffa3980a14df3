//! The laws: how much memory each part of a deployment takes, and why.
//!
//! [`estimate`] says how much, [`explain`] why. Both run the same formulas; see [`quantity`].

mod backend;
pub mod band;
mod calibrated;
pub mod calibration;
pub mod engine;
mod explanation;
mod inputs;
pub mod kv_cache;
mod notes;
pub mod number;
pub mod overhead;
pub mod pytorch;
mod rank_budget;
mod report;
mod upper_bound;
mod verdict;
pub mod weights;

pub use explanation::{Explanation, Input};
pub use inputs::Inputs;
pub use kv_cache::{Binding, Concurrency, KvCache, Limit, WindowPool};
pub use rank_budget::RankClass;
pub use report::{Contributor, Figure, Rank, Report, Stage, Verdict};
pub use upper_bound::{UpperBound, upper_bound};

use crate::deployment::{Backend, Behavior, Deployment, DeploymentError, Resolved};
use crate::units::Bytes;
use band::Band;
use kv_cache::Requests;
use number::{Law, Number, Part, Traced};
pub(crate) use rank_budget::RankClasses;
use rank_budget::{AllPools, Pool, RankBudget, RankBudgets};

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
pub fn estimate(deployment: &Deployment) -> Result<Report, DeploymentError> {
    Ok(estimate_resolved(&deployment.resolve()?))
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
pub fn explain(deployment: &Deployment, rank: u64) -> Result<Vec<(Contributor, Explanation)>, DeploymentError> {
    let resolved = deployment.resolve()?;
    let classes = RankClasses::of(&resolved);
    let budgets = RankBudgets::new(&resolved, &classes);
    let pools = budgets.pools();
    let alike = budgets.of(rank.min(resolved.world_size() - 1));
    let figures = self::rank(&resolved, &backend::laws(&resolved), alike, &pools, None).contributors;
    let budget = RankBudget::<Traced>::new(&resolved, alike.class);
    let cache = explained_kv_cache(&resolved, &budget, &budgets, &pools);
    let overhead = budget.overhead_until_kv_cache() + budget.after_kv_cache.clone();
    let more = budget.reserved.is_some();
    let [weights, activations, runtime, decoder] = budget.parts;
    let numbers = [weights, activations, runtime, decoder, cache, overhead];
    let explained = Contributor::ALL.into_iter().zip(numbers.iter().zip(&figures));
    Ok(explained
        .map(|(contributor, (number, figure))| {
            (contributor, Explanation::new(contributor.label_with(more), number, figure))
        })
        .collect())
}

/// The KV cache of a rank, each pool traced to the rank that decides its blocks.
fn explained_kv_cache(
    resolved: &Resolved,
    budget: &RankBudget<Traced>,
    budgets: &RankBudgets,
    pools: &AllPools,
) -> Traced {
    let on_rank = budget.pools();
    if !kv_cache::is_pooled(resolved) {
        return on_rank.whole_batch();
    }
    let decided = |pool: &Pool, blocks: &dyn Fn(&RankBudget<Traced>) -> Option<Traced>| {
        let decides = budgets.all[pool.budget].class;
        if decides == budget.class { blocks(budget) } else { blocks(&RankBudget::new(resolved, decides)) }
    };
    let own = budget.windows.iter().filter_map(|window| {
        let pool = pools.of(*window)?;
        Some(on_rank.bytes(*window, decided(pool, &|budget| Some(budget.blocks(pool.window)))?))
    });
    let cross = pools
        .cross
        .iter()
        .filter_map(|pool| Some(on_rank.cross_bytes(decided(pool, &|budget| budget.cross_blocks())?)));
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
pub fn estimate_resolved(resolved: &Resolved) -> Report {
    let classes = RankClasses::of(resolved);
    let budgets = RankBudgets::new(resolved, &classes);
    let Outline { ranks, kv_cache, verdict } = outline_of(resolved, &budgets);
    let numbered = budgets.of_rank.iter().zip(0..);
    let [weights, activations, ..] = budgets.all[0].parts;
    Report {
        ranks: numbered.map(|(budget, number)| ranks[*budget].clone().numbered(resolved, number)).collect(),
        verdict,
        upper_bound: (resolved.backend == Backend::TensorRt)
            .then(|| upper_bound::upper_bound_of(resolved, weights, activations)),
        parameters: resolved.model.shared_tensors().elements,
        max_seq_len: resolved.limits.max_seq_len,
        more_overhead: budgets.all.iter().any(|budget| budget.reserved.is_some()),
        notes: notes::notes(resolved, &kv_cache),
        kv_cache,
    }
}

/// The outline of [`estimate_resolved`]'s answer, which is quicker where there are many ranks or many deployments.
pub fn outline(resolved: &Resolved) -> Outline {
    outline_of_classes(resolved, &RankClasses::of(resolved))
}

/// The same where it is known already which ranks are alike.
pub(crate) fn outline_of_classes(resolved: &Resolved, classes: &RankClasses) -> Outline {
    outline_of(resolved, &RankBudgets::new(resolved, classes))
}

fn outline_of(resolved: &Resolved, budgets: &RankBudgets) -> Outline {
    let pools = budgets.pools();
    let laws = backend::laws(resolved);
    let mut ranks: Vec<Rank> = Vec::with_capacity(budgets.all.len());
    for (place, budget) in budgets.all.iter().enumerate() {
        let beside = ranks.iter().rfind(|rank| rank.pp_rank == budget.class.stage);
        let rank = rank(resolved, &laws, budget, &pools, beside);
        ranks.push(rank.numbered(resolved, budgets.first_rank(place)));
    }
    let kv_cache = kv_cache_report(resolved, budgets, &pools);
    let short = |rank: u64| Bytes(budgets.of(rank).adapter_short as u64);
    let verdict = verdict::verdict(resolved, &ranks, short, &kv_cache);
    Outline { ranks, kv_cache, verdict }
}

fn kv_cache_report(resolved: &Resolved, budgets: &RankBudgets, pools: &AllPools) -> KvCache {
    let decides = &budgets.all[budgets.tightest];
    let inputs = decides.inputs;
    let requests = Requests::new(resolved);
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
    let batch = resolved.limits.runtime_max_batch_size;
    let whole = KvCache {
        blocks: 0,
        blocks_low: 0,
        blocks_high: 0,
        tokens: batch.saturating_mul(resolved.limits.max_beam_width).saturating_mul(inputs.window() as u64),
        tokens_per_block: resolved.kv_cache.tokens_per_block,
        bytes_per_token: kv_cache::bytes_per_token(&inputs),
        pages_per_sequence: kv_cache::pages_per_sequence(&inputs) as u64,
        secondary_blocks: 0,
        windows: Vec::new(),
        cross: None,
        max_sequences: batch,
        max_sequences_low: batch,
        lowered_max_seq_len: None,
        binding: Binding::WholeBatch,
        tightest_rank: budgets.first_rank(budgets.tightest),
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
    let tokens = (widest.blocks.likely as u64).saturating_mul(resolved.kv_cache.tokens_per_block);
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
            && resolved.version.has(Behavior::ShrinksToOneSequence))
        .then(|| tokens / resolved.limits.max_beam_width.max(1))
        .filter(|tokens| *tokens > 0),
        binding: binding(resolved, asked, whole.bytes_per_token),
        windows,
        ..whole
    }
}

/// What decided that the KV cache may hold `tokens`.
fn binding(resolved: &Resolved, tokens: f64, bytes_per_token: f64) -> Binding {
    let most_bytes = resolved.pytorch.max_gpu_total_bytes.filter(|_| resolved.backend == Backend::Pytorch);
    if resolved.given.kv_cache.max_tokens.is_some_and(|most| tokens >= most as f64) {
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
    resolved: &Resolved,
    laws: &[&'static Law; 6],
    budget: &RankBudget<f64>,
    pools: &AllPools,
    beside: Option<&Rank>,
) -> Rank {
    let figure = |contributor: Contributor, bytes: f64| Figure::of(laws[contributor as usize], bytes);
    let overhead = budget.overhead_until_kv_cache() + budget.after_kv_cache;
    let overhead_band = Band::of_sum([budget.overhead_band, budget.after_kv_cache_band]);
    let overhead = Figure::new(laws[Contributor::Overhead as usize], overhead, overhead_band);
    let contributors = match beside.map(|rank| rank.contributors) {
        Some([weights, activations, runtime, decoder, kv_cache, _]) => {
            [weights, activations, runtime, decoder, kv_cache, overhead]
        }
        None => {
            let [weights, activations, runtime, decoder] = budget.parts;
            [
                figure(Contributor::Weights, weights),
                figure(Contributor::Activations, activations),
                figure(Contributor::RuntimeBuffers, runtime),
                figure(Contributor::DecoderBuffers, decoder),
                Figure::between(laws[Contributor::KvCache as usize], budget.kv_cache(pools)),
                overhead,
            ]
        }
    };
    let used: Bytes = contributors.iter().map(|figure| figure.bytes).sum();
    Rank {
        rank: 0,
        tp_rank: 0,
        pp_rank: budget.class.stage,
        contributors,
        total: resolved.machine.gpu_memory,
        available: Bytes::rounded(budget.available()),
        available_band: budget.available_band,
        free: resolved.machine.gpu_memory - used,
        after_kv_cache: Bytes::rounded(budget.after_kv_cache),
        after_kv_cache_band: budget.after_kv_cache_band,
    }
}
