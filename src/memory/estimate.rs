//! Estimates: the memory of every rank, the KV cache and the verdict.

use super::backend::BackendModel;
use super::band::Band;
use super::contributor::Contributor;
use super::kv_cache::{AllPools, KvCache};
use super::law::Law;
use super::rank::{Figure, Rank};
use super::rank_budget::{RankBudget, RankBudgets, RankClasses};
use super::report::{Report, Verdict};
use super::upper_bound::UpperBound;
use super::{calibrated, notes, verdict};
use crate::deployment::{Deployment, DeploymentError, Resolved};
use crate::units::Bytes;

/// Estimates how a deployment uses the memory of each GPU.
///
/// # Errors
/// Returns every invalid setting of the deployment.
///
/// ```
/// use trtllm_memory::{deployment::Deployment, memory::{estimate, Contributor}};
/// let report = estimate(&Deployment::engine()).unwrap();
/// assert!(report.verdict.fits());
/// assert_eq!(report.ranks[0].figure(Contributor::Weights).bytes.mib().round(), 15381.0);
/// ```
pub fn estimate(deployment: &Deployment) -> Result<Report, DeploymentError> {
    Ok(estimate_resolved(&deployment.resolve()?))
}

/// The part of a [`Report`] that decides whether a deployment fits.
#[derive(Debug, Clone, PartialEq)]
pub struct Outline {
    /// The first rank of each rank class.
    pub ranks: Vec<Rank>,
    /// The KV cache.
    pub kv_cache: KvCache,
    /// Whether the deployment fits.
    pub verdict: Verdict,
}

/// Estimates a resolved deployment.
pub fn estimate_resolved(resolved: &Resolved) -> Report {
    let classes = RankClasses::of(resolved);
    let budgets = RankBudgets::new(resolved, &classes);
    let Outline { ranks, kv_cache, verdict } = outline_of(resolved, &budgets);
    let numbered = budgets.of_rank.iter().zip(0..);
    let [weights, activations, ..] = budgets.all[0].parts;
    Report {
        ranks: numbered.map(|(budget, number)| ranks[*budget].clone().numbered(resolved, number)).collect(),
        verdict,
        upper_bound: resolved.backend.prints_upper_bound().then(|| UpperBound::new(resolved, weights, activations)),
        parameters: resolved.model.shared_tensors().elements,
        max_seq_len: resolved.limits.max_seq_len,
        more_overhead: budgets.all.iter().any(|budget| budget.reserved.is_some()),
        notes: notes::notes(resolved, &kv_cache),
        kv_cache,
    }
}

/// Returns the outline of a resolved deployment. It costs less than [`estimate_resolved`] if there
/// are many ranks or many deployments.
pub fn outline(resolved: &Resolved) -> Outline {
    outline_of_classes(resolved, &RankClasses::of(resolved))
}

/// Returns the outline for known rank classes.
pub(crate) fn outline_of_classes(resolved: &Resolved, classes: &RankClasses) -> Outline {
    outline_of(resolved, &RankBudgets::new(resolved, classes))
}

fn outline_of(resolved: &Resolved, budgets: &RankBudgets) -> Outline {
    let pools = budgets.pools();
    let laws = calibrated::laws(resolved);
    let mut ranks: Vec<Rank> = Vec::with_capacity(budgets.all.len());
    for (index, budget) in budgets.all.iter().enumerate() {
        // Ranks of a stage differ only in their overhead.
        let of_stage = ranks.iter().rfind(|rank| rank.pp_rank == budget.class.stage);
        let contributors = match of_stage.map(|rank| rank.contributors) {
            Some([weights, activations, runtime, decoder, kv_cache, _]) => {
                [weights, activations, runtime, decoder, kv_cache, overhead(&laws, budget)]
            }
            None => figures(&laws, budget, &pools),
        };
        ranks.push(rank(resolved, budget, contributors).numbered(resolved, budgets.first_rank(index)));
    }
    let decides = &budgets.all[budgets.tightest];
    let tightest_rank = budgets.first_rank(budgets.tightest);
    let kv_cache = KvCache::new(&decides.pools(), &pools, decides.available(), tightest_rank);
    let short = |rank: u64| Bytes(budgets.of(rank).adapter_short as u64);
    let verdict = verdict::verdict(resolved, &ranks, short, &kv_cache);
    Outline { ranks, kv_cache, verdict }
}

/// The figures of a rank, in the order of [`Contributor::ALL`].
pub(super) fn figures(laws: &[&'static Law; 6], budget: &RankBudget<f64>, pools: &AllPools) -> [Figure; 6] {
    let figure = |contributor: Contributor, bytes: f64| Figure::of(laws[contributor as usize], bytes);
    let [weights, activations, runtime, decoder] = budget.parts;
    [
        figure(Contributor::Weights, weights),
        figure(Contributor::Activations, activations),
        figure(Contributor::RuntimeBuffers, runtime),
        figure(Contributor::DecoderBuffers, decoder),
        Figure::between(laws[Contributor::KvCache as usize], budget.kv_cache(pools)),
        overhead(laws, budget),
    ]
}

fn overhead(laws: &[&'static Law; 6], budget: &RankBudget<f64>) -> Figure {
    let bytes = budget.overhead_until_kv_cache() + budget.after_kv_cache;
    let band = Band::of_sum([budget.overhead_band, budget.after_kv_cache_band]);
    Figure::new(laws[Contributor::Overhead as usize], bytes, band)
}

/// A rank with these contributors, numbered zero.
fn rank(resolved: &Resolved, budget: &RankBudget<f64>, contributors: [Figure; 6]) -> Rank {
    let used: Bytes = contributors.iter().map(|figure| figure.bytes).sum();
    // A log may leave less for the overhead than its parts take by their laws.
    let mut rest = contributors[Contributor::Overhead as usize].bytes;
    let mut part = |bytes: f64| {
        let part = Bytes::rounded(bytes).min(rest);
        rest = rest - part;
        part
    };
    let after_kv_cache = part(budget.after_kv_cache);
    let reserved = part(budget.reserved.unwrap_or_default());
    Rank {
        rank: 0,
        tp_rank: 0,
        pp_rank: budget.class.stage,
        contributors,
        total: resolved.machine.gpu_memory,
        available: Bytes::rounded(budget.available()),
        available_band: budget.available_band,
        free: resolved.machine.gpu_memory - used,
        graphs_of_warm_up: part(budget.graphs_of_warm_up),
        reserved,
        after_kv_cache,
        after_kv_cache_band: budget.after_kv_cache_band,
    }
}
