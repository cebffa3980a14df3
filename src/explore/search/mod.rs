//! Search: every deployment of a model that runs a load, over GPUs, ranks and precisions.
//!
//! A search is a list of candidates. [`Search::step`] tries a given number of them, so that a page
//! stays responsive. A candidate's figures are those of an estimate of its deployment.

mod candidate;
mod space;

pub use candidate::{Candidate, Order, frontier};
pub use space::Space;

use super::Load;
use crate::deployment::{Calibration, Deployment, DeploymentError, Machine, Parallelism};
use crate::memory::{Rank, RankClasses, Stage, Verdict, outline_of_classes};
use crate::units::Bytes;

/// `base` sized for the load, without settings that hold only for its own GPU, ranks or precision,
/// such as calibrations by a log.
fn neutral(base: &Deployment, load: Load) -> Deployment {
    let sized = load.sized(base);
    Deployment {
        parallel: Parallelism { moe_tp_size: None, ..sized.parallel },
        machine: Machine { gpu_memory_gib: None, ..sized.machine },
        calibration: Calibration::default(),
        ..sized
    }
}

/// How a model is split among ranks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shape {
    tp_size: u64,
    pp_size: u64,
    moe_ep_size: Option<u64>,
}

impl Shape {
    fn apply(self, deployment: &mut Deployment) {
        deployment.parallel.tp_size = self.tp_size;
        deployment.parallel.pp_size = self.pp_size;
        deployment.parallel.moe_ep_size = self.moe_ep_size;
    }
}

/// A search that can be interrupted.
#[derive(Debug, Clone)]
pub struct Search {
    load: Load,
    base: Deployment,
    space: Space,
    shapes: Vec<Shape>,
    /// Reused for every candidate.
    scratch: Deployment,
    /// The rank classes for the GPU and shape with this index. They do not depend on the precision.
    classes: (usize, Option<RankClasses>),
    next: usize,
    found: Vec<Candidate>,
}

impl Search {
    /// A search for deployments of `base`'s model that run `load`. The other settings of `base`
    /// hold for every candidate, except for build limits.
    /// ```
    /// use trtllm_memory::explore::{Load, search::{Order, Search, Space}};
    /// use trtllm_memory::{link, gpu};
    /// let base = link::decode("model=Qwen/Qwen3-32B").deployment;
    /// let load = Load { concurrency: 64, input_len: 2000, output_len: 500 };
    /// let space = Space::on(vec![gpu::find("h200").unwrap()], base.backend);
    /// let mut search = Search::new(&base, load, space);
    /// // In steps of any size, so that a page stays responsive.
    /// while search.step(1000) {}
    /// let mut found = search.into_found();
    /// Order::Gpus.sort(&mut found);
    /// assert_eq!(found[0].gpus, 1);
    /// ```
    pub fn new(base: &Deployment, load: Load, space: Space) -> Search {
        let scratch = neutral(base, load);
        let shapes = shapes(&scratch, &space);
        Search { load, base: base.clone(), space, shapes, scratch, classes: (0, None), next: 0, found: Vec::new() }
    }

    /// The number of candidates, including impossible ones.
    pub fn candidates(&self) -> usize {
        let precisions = self.space.quant_algos.len().saturating_mul(self.space.kv_cache_dtypes.len());
        self.space.gpus.len().saturating_mul(self.shapes.len()).saturating_mul(precisions)
    }

    /// The number of candidates that have been tried.
    pub fn tried(&self) -> usize {
        self.next
    }

    /// Whether all candidates have been tried.
    pub fn is_done(&self) -> bool {
        self.next >= self.candidates()
    }

    /// Tries the next `candidates`. Returns whether all have been tried.
    pub fn step(&mut self, candidates: usize) -> bool {
        let end = self.next.saturating_add(candidates).min(self.candidates());
        while self.next < end {
            self.next += self.try_next().min(self.candidates() - self.next);
        }
        self.is_done()
    }

    /// The candidates found so far, in the order in which they were tried.
    pub fn found(&self) -> &[Candidate] {
        &self.found
    }

    /// Ends the search and returns the candidates found.
    pub fn into_found(self) -> Vec<Candidate> {
        self.found
    }

    /// The deployment of a candidate.
    pub fn deployment(&self, candidate: &Candidate) -> Deployment {
        candidate.deployment(&self.base, self.load)
    }

    /// Tries the next candidate. Returns the number of candidates decided by it. Types of the KV
    /// cache are tried consecutively; if the weights alone do not fit, none of them helps.
    fn try_next(&mut self) -> usize {
        let (algos, dtypes) = (self.space.quant_algos.len(), self.space.kv_cache_dtypes.len());
        let (index, dtype) = (self.next / dtypes, self.next % dtypes);
        let (index, algo) = (index / algos, index % algos);
        let (gpu, shape) = (index / self.shapes.len(), self.shapes[index % self.shapes.len()]);
        let scratch = &mut self.scratch;
        scratch.gpu = self.space.gpus[gpu].clone();
        shape.apply(scratch);
        scratch.precision.quant_algo = Some(self.space.quant_algos[algo]);
        scratch.precision.kv_cache_dtype = self.space.kv_cache_dtypes[dtype];
        self.load.size_batch(scratch);
        if self.classes.0 != index {
            self.classes = (index, None);
        }
        match candidate(scratch, self.load, &mut self.classes.1) {
            Outcome::Found(candidate) => self.found.push(candidate),
            Outcome::TooHeavy => return dtypes - dtype,
            Outcome::ImpossibleWeights => return dtypes - dtype,
            Outcome::Rejected => {}
        }
        1
    }
}

enum Outcome {
    Found(Candidate),
    /// The weights do not fit.
    TooHeavy,
    /// The precision of the weights is impossible.
    ImpossibleWeights,
    /// The deployment is impossible, does not fit, or does not run the load.
    Rejected,
}

/// Tries a deployment. `classes` caches its rank classes.
fn candidate(deployment: &Deployment, load: Load, classes: &mut Option<RankClasses>) -> Outcome {
    let resolved = match deployment.resolve() {
        Ok(resolved) => resolved,
        Err(problems) if problems.of("quant_algo").is_some() => return Outcome::ImpossibleWeights,
        Err(_) => return Outcome::Rejected,
    };
    let report = outline_of_classes(&resolved, classes.get_or_insert_with(|| RankClasses::of(&resolved)));
    let uncertain = match report.verdict {
        Verdict::Fits { uncertain, .. } => uncertain,
        Verdict::Fails { stage: Stage::LoadWeights, .. } => return Outcome::TooHeavy,
        Verdict::Fails { .. } => return Outcome::Rejected,
    };
    let concurrency = report.kv_cache.concurrency(load.input_len, load.output_len);
    if concurrency.requests < load.concurrency {
        return Outcome::Rejected;
    }
    let (used, room) = fullest(&report.ranks);
    Outcome::Found(Candidate {
        gpu: deployment.gpu.clone(),
        tp_size: deployment.parallel.tp_size,
        pp_size: deployment.parallel.pp_size,
        moe_ep_size: deployment.parallel.moe_ep_size,
        quant_algo: deployment.quant_algo(),
        kv_cache_dtype: deployment.precision.kv_cache_dtype,
        gpus: deployment.world_size(),
        used,
        room,
        kv_tokens: report.kv_cache.tokens,
        concurrency: report.kv_cache.held(load.input_len, load.output_len),
        uncertain,
    })
}

/// The most memory in use on a rank, and the least free memory on a rank.
fn fullest(ranks: &[Rank]) -> (Bytes, Bytes) {
    let room = Rank::least_free(ranks).map(|rank| rank.free).unwrap_or_default();
    let used = Rank::most_used(ranks).map(Rank::used).unwrap_or_default();
    (used, room)
}

/// The ways to split the model, except those that are impossible with every GPU and precision.
fn shapes(base: &Deployment, space: &Space) -> Vec<Shape> {
    let no_experts = [None];
    let ep_sizes: Vec<Option<u64>> = space.ep_sizes.iter().copied().map(Some).collect();
    let ep_sizes: &[Option<u64>] = if base.model.moe.is_some() { &ep_sizes } else { &no_experts };
    let mut shapes = Vec::new();
    for &tp_size in &space.tp_sizes {
        for &pp_size in space.pp_sizes.iter().filter(|pp| tp_size.saturating_mul(**pp) <= space.most_gpus) {
            let of = |moe_ep_size: &Option<u64>| Shape { tp_size, pp_size, moe_ep_size: *moe_ep_size };
            shapes.extend(ep_sizes.iter().map(of).filter(|shape| is_possible(base, *shape)));
        }
    }
    shapes
}

/// Whether the model can be split like this. Errors in unrelated settings are ignored.
fn is_possible(base: &Deployment, shape: Shape) -> bool {
    let mut deployment = base.clone();
    shape.apply(&mut deployment);
    let concerns_shape = |problems: &DeploymentError| {
        ["tp_size", "pp_size", "moe_tp_size", "moe_ep_size"].into_iter().any(|key| problems.of(key).is_some())
    };
    !deployment.resolve().is_err_and(|problems| concerns_shape(&problems))
}

#[cfg(test)]
mod tests;
