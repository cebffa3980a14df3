//! Which: every deployment of a model that runs a load, over GPUs, ranks and precisions.
//!
//! A search is a list of candidates, of which [`Search::step`] tries as many as it is told, so that a page stays responsive. What it
//! says of a candidate is what an estimate of that deployment alone says.

mod candidate;
mod space;

pub use candidate::{Candidate, Order, frontier};
pub use space::Space;

use super::Load;
use crate::deployment::{Calibration, Deployment, DeploymentError, Machine, Parallelism};
use crate::memory::{Rank, RankClasses, Stage, Verdict, outline_of_classes};
use crate::units::Bytes;

/// `base` sized for the load, with nothing left that would only hold for its own GPU, ranks or precision: what a log measured least of all.
fn neutral(base: &Deployment, load: Load) -> Deployment {
    let sized = load.sized(base);
    Deployment {
        parallel: Parallelism { moe_tp_size: None, ..sized.parallel },
        machine: Machine { gpu_memory_gib: None, ..sized.machine },
        calibration: Calibration::default(),
        ..sized
    }
}

/// How a model is divided.
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
    /// Which ranks are alike, of the GPU and shape at this place: precisions don't change it.
    classes: (usize, Option<RankClasses>),
    next: usize,
    found: Vec<Candidate>,
}

impl Search {
    /// A search for deployments of `base`'s model that run `load`. What `base` says besides the space and the build limits holds for
    /// every candidate.
    /// ```
    /// use trtllm_memory::explore::{Load, search::{Order, Search, Space}};
    /// use trtllm_memory::{link, gpu};
    /// let base = link::decode("model=Qwen/Qwen3-32B").deployment;
    /// let load = Load { concurrency: 64, input_len: 2000, output_len: 500 };
    /// let mut search = Search::new(&base, load, Space::on(vec![gpu::find("h200").unwrap()], base.backend));
    /// // In steps of any size, so that a page stays awake.
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

    /// The number of candidates, the impossible ones among them.
    pub fn candidates(&self) -> usize {
        let precisions = self.space.quant_algos.len().saturating_mul(self.space.kv_cache_dtypes.len());
        self.space.gpus.len().saturating_mul(self.shapes.len()).saturating_mul(precisions)
    }

    /// How many of them have been tried.
    pub fn tried(&self) -> usize {
        self.next
    }

    /// Whether all have been tried.
    pub fn is_done(&self) -> bool {
        self.next >= self.candidates()
    }

    /// Tries the next `candidates`. Whether all have been tried then.
    pub fn step(&mut self, candidates: usize) -> bool {
        let end = self.next.saturating_add(candidates).min(self.candidates());
        while self.next < end {
            self.next += self.try_next().min(self.candidates() - self.next);
        }
        self.is_done()
    }

    /// What has been found so far, in the order in which it was tried.
    pub fn found(&self) -> &[Candidate] {
        &self.found
    }

    /// What has been found, when nothing more is asked.
    pub fn into_found(self) -> Vec<Candidate> {
        self.found
    }

    /// The deployment of a candidate.
    pub fn deployment(&self, candidate: &Candidate) -> Deployment {
        candidate.deployment(&self.base, self.load)
    }

    /// Tries the next candidate. How many candidates are settled by it: types of the KV cache are tried one after another, and where
    /// the weights alone don't fit, no type of the KV cache makes them fit.
    fn try_next(&mut self) -> usize {
        let (algos, dtypes) = (self.space.quant_algos.len(), self.space.kv_cache_dtypes.len());
        let (place, dtype) = (self.next / dtypes, self.next % dtypes);
        let (place, algo) = (place / algos, place % algos);
        let (gpu, shape) = (place / self.shapes.len(), self.shapes[place % self.shapes.len()]);
        let scratch = &mut self.scratch;
        scratch.gpu = self.space.gpus[gpu].clone();
        shape.apply(scratch);
        scratch.precision.quant_algo = self.space.quant_algos[algo];
        scratch.precision.kv_cache_dtype = self.space.kv_cache_dtypes[dtype];
        self.load.size_batch(scratch);
        if self.classes.0 != place {
            self.classes = (place, None);
        }
        match candidate(scratch, self.load, &mut self.classes.1) {
            Outcome::Found(candidate) => self.found.push(candidate),
            Outcome::TooHeavy => return dtypes - dtype,
            Outcome::ImpossibleWeights => return dtypes - dtype,
            Outcome::NotThisOne => {}
        }
        1
    }
}

enum Outcome {
    Found(Candidate),
    /// The weights don't fit.
    TooHeavy,
    /// The weights' precision is impossible here.
    ImpossibleWeights,
    NotThisOne,
}

/// Tries a deployment whose ranks are of these kinds, if they are known.
fn candidate(deployment: &Deployment, load: Load, classes: &mut Option<RankClasses>) -> Outcome {
    let resolved = match deployment.resolve() {
        Ok(resolved) => resolved,
        Err(problems) if problems.of("quant_algo").is_some() => return Outcome::ImpossibleWeights,
        Err(_) => return Outcome::NotThisOne,
    };
    let report = outline_of_classes(&resolved, classes.get_or_insert_with(|| RankClasses::of(&resolved)));
    let uncertain = match report.verdict {
        Verdict::Fits { uncertain, .. } => uncertain,
        Verdict::Fails { stage: Stage::LoadWeights, .. } => return Outcome::TooHeavy,
        Verdict::Fails { .. } => return Outcome::NotThisOne,
    };
    let concurrency = report.kv_cache.concurrency(load.input_len, load.output_len);
    if concurrency.requests < load.concurrency {
        return Outcome::NotThisOne;
    }
    let (used, room) = fullest(&report.ranks);
    Outcome::Found(Candidate {
        gpu: deployment.gpu.clone(),
        tp_size: deployment.parallel.tp_size,
        pp_size: deployment.parallel.pp_size,
        moe_ep_size: deployment.parallel.moe_ep_size,
        quant_algo: deployment.precision.quant_algo,
        kv_cache_dtype: deployment.precision.kv_cache_dtype,
        gpus: deployment.world_size(),
        used,
        room,
        kv_tokens: report.kv_cache.tokens,
        concurrency: report.kv_cache.held(load.input_len, load.output_len),
        uncertain,
    })
}

/// What the fullest rank uses, and what it leaves.
fn fullest(ranks: &[Rank]) -> (Bytes, Bytes) {
    let room = Rank::least_free(ranks).map(|rank| rank.free).unwrap_or_default();
    let used = Rank::most_used(ranks).map(Rank::used).unwrap_or_default();
    (used, room)
}

/// The ways to divide the model, without those that no GPU and precision makes possible.
fn shapes(base: &Deployment, space: &Space) -> Vec<Shape> {
    let no_experts = [None];
    let ep_sizes: Vec<Option<u64>> = space.ep_sizes.iter().copied().map(Some).collect();
    let ep_sizes: &[Option<u64>] = if base.model.moe.is_some() { &ep_sizes } else { &no_experts };
    let mut shapes = Vec::new();
    for &tp_size in &space.tp_sizes {
        for &pp_size in space.pp_sizes.iter().filter(|pp| tp_size.saturating_mul(**pp) <= space.most_gpus) {
            let of = |moe_ep_size: &Option<u64>| Shape { tp_size, pp_size, moe_ep_size: *moe_ep_size };
            shapes.extend(ep_sizes.iter().map(of).filter(|shape| is_sound(base, *shape)));
        }
    }
    shapes
}

/// Whether the model can be divided so; settings of other kinds are not asked.
fn is_sound(base: &Deployment, shape: Shape) -> bool {
    let mut deployment = base.clone();
    shape.apply(&mut deployment);
    let concerns_shape = |problems: &DeploymentError| {
        ["tp_size", "pp_size", "moe_tp_size", "moe_ep_size"].into_iter().any(|key| problems.of(key).is_some())
    };
    !deployment.resolve().is_err_and(|problems| concerns_shape(&problems))
}

#[cfg(test)]
mod tests;
