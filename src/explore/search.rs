//! Which: every deployment of a model that runs a load, over GPUs, ranks and precisions.
//!
//! A search is a list of candidates, of which [`Search::step`] tries as many as it is told, so that a page stays responsive. What it
//! says of a candidate is what an estimate of that deployment alone says.

use super::Load;
use crate::deployment::{Backend, Deployment, KvCacheDtype, Problems, QuantAlgo};
use crate::gpu::Gpu;
use crate::memory::{Rank, Stage, Verdict, outline};
use crate::units::Bytes;
use serde::{Serialize, Serializer};

/// What a search goes over. A deployment that it finds has one value of each.
#[derive(Debug, Clone, PartialEq)]
pub struct Space {
    /// The GPUs.
    pub gpus: Vec<&'static Gpu>,
    /// Tensor-parallel sizes.
    pub tp_sizes: Vec<u64>,
    /// Numbers of pipeline stages.
    pub pp_sizes: Vec<u64>,
    /// Expert-parallel sizes, for models with experts.
    pub ep_sizes: Vec<u64>,
    /// Precisions of the weights.
    pub quant_algos: Vec<QuantAlgo>,
    /// Types of the KV cache.
    pub kv_cache_dtypes: Vec<KvCacheDtype>,
    /// No deployment has more GPUs.
    pub most_gpus: u64,
}

/// Sizes of tensor and expert parallelism that people use.
const SIZES: [u64; 7] = [1, 2, 4, 8, 16, 32, 64];
/// Numbers of pipeline stages that people use.
const STAGES: [u64; 4] = [1, 2, 4, 8];
/// GPUs of the largest deployment unless told otherwise.
const MOST_GPUS: u64 = 64;

impl Space {
    /// Every usual size and every precision that `backend` has, on these GPUs, up to 64 of them.
    pub fn on(gpus: Vec<&'static Gpu>, backend: Backend) -> Space {
        // Each of the 16-bit types is what `auto` means for one `dtype`.
        let mut kv_cache_dtypes = vec![KvCacheDtype::Auto, KvCacheDtype::Fp8];
        // No known release of the engine flow can size an nvfp4 cache, and the PyTorch backend has no int8 one.
        kv_cache_dtypes.push(match backend {
            Backend::TensorRt => KvCacheDtype::Int8,
            Backend::Pytorch => KvCacheDtype::Nvfp4,
        });
        Space {
            gpus,
            tp_sizes: SIZES.to_vec(),
            pp_sizes: STAGES.to_vec(),
            ep_sizes: SIZES.to_vec(),
            quant_algos: QuantAlgo::ALL.to_vec(),
            kv_cache_dtypes,
            most_gpus: MOST_GPUS,
        }
    }
}

/// A deployment that fits and runs the load.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The card.
    pub gpu: &'static Gpu,
    /// Ranks that share every layer.
    pub tp_size: u64,
    /// Pipeline stages.
    pub pp_size: u64,
    /// Ranks that the experts are divided among; `None` for a model without experts.
    pub moe_ep_size: Option<u64>,
    /// How the weights are quantized.
    pub quant_algo: QuantAlgo,
    /// The type of the KV cache.
    pub kv_cache_dtype: KvCacheDtype,
    /// GPUs used.
    pub gpus: u64,
    /// Memory in use on the fullest rank.
    pub used: Bytes,
    /// Memory that stays free on it.
    pub room: Bytes,
    /// Tokens that the KV cache holds.
    pub kv_tokens: u64,
    /// Sequences of the load's length that the KV cache holds at once. The candidate's `max_batch_size` is the load's; a larger one
    /// leaves a little less.
    pub concurrency: u64,
    /// Whether the capacity lies within the uncertainty of the figures.
    pub uncertain: bool,
}

/// What candidates can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The fewest GPUs first, then the highest concurrency.
    Gpus,
    /// The highest concurrency first, then the fewest GPUs.
    Concurrency,
    /// The highest concurrency for each GPU first.
    ConcurrencyPerGpu,
    /// The most room first.
    Room,
    /// The fullest GPU first.
    Used,
    /// The most tokens in the KV cache first.
    KvTokens,
}

impl Order {
    /// Every order.
    pub const ALL: [Order; 6] =
        [Order::Gpus, Order::Concurrency, Order::ConcurrencyPerGpu, Order::Room, Order::Used, Order::KvTokens];

    /// The name, as the native command takes it.
    pub fn name(self) -> &'static str {
        match self {
            Order::Gpus => "gpus",
            Order::Concurrency => "concurrency",
            Order::ConcurrencyPerGpu => "concurrency-per-gpu",
            Order::Room => "room",
            Order::Used => "used",
            Order::KvTokens => "kv-tokens",
        }
    }

    /// The order with this name.
    pub fn parse(name: &str) -> Option<Order> {
        Order::ALL.into_iter().find(|order| order.name() == name)
    }

    /// Sorts candidates; equal ones stay in their order.
    pub fn sort(self, candidates: &mut [Candidate]) {
        use std::cmp::Reverse;
        match self {
            Order::Gpus => candidates.sort_by_key(|one| (one.gpus, Reverse(one.concurrency))),
            Order::Concurrency => candidates.sort_by_key(|one| (Reverse(one.concurrency), one.gpus)),
            Order::ConcurrencyPerGpu => candidates.sort_by(|a, b| b.per_gpu().total_cmp(&a.per_gpu())),
            Order::Room => candidates.sort_by_key(|one| Reverse(one.room)),
            Order::Used => candidates.sort_by_key(|one| Reverse(one.used)),
            Order::KvTokens => candidates.sort_by_key(|one| Reverse(one.kv_tokens)),
        }
    }
}

impl Candidate {
    /// The deployment, which `base` and the load leave open in nothing.
    pub fn deployment(&self, base: &Deployment, load: Load) -> Deployment {
        let mut deployment = neutral(base, load);
        self.apply(&mut deployment, load);
        deployment
    }

    /// Sequences at once for each GPU.
    pub fn per_gpu(&self) -> f64 {
        self.concurrency as f64 / self.gpus.max(1) as f64
    }

    fn apply(&self, deployment: &mut Deployment, load: Load) {
        let shape = Shape { tp_size: self.tp_size, pp_size: self.pp_size, moe_ep_size: self.moe_ep_size };
        shape.apply(deployment);
        deployment.gpu = self.gpu;
        deployment.quant_algo = self.quant_algo;
        deployment.kv_cache_dtype = self.kv_cache_dtype;
        load.size_batch(deployment);
    }
}

/// `base` sized for the load, with nothing left that would only hold for its own GPU or ranks.
fn neutral(base: &Deployment, load: Load) -> Deployment {
    Deployment { gpu_memory_gib: None, moe_tp_size: None, ..load.sized(base) }
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
        deployment.tp_size = self.tp_size;
        deployment.pp_size = self.pp_size;
        deployment.moe_ep_size = self.moe_ep_size;
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
    next: usize,
    found: Vec<Candidate>,
}

impl Search {
    /// A search for deployments of `base`'s model that run `load`. What `base` says besides the space and the build limits holds for
    /// every candidate.
    pub fn new(base: &Deployment, load: Load, space: Space) -> Search {
        let scratch = neutral(base, load);
        let shapes = shapes(&scratch, &space);
        Search { load, base: base.clone(), space, shapes, scratch, next: 0, found: Vec::new() }
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
        scratch.gpu = self.space.gpus[gpu];
        shape.apply(scratch);
        scratch.quant_algo = self.space.quant_algos[algo];
        scratch.kv_cache_dtype = self.space.kv_cache_dtypes[dtype];
        self.load.size_batch(scratch);
        match candidate(scratch, self.load) {
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

fn candidate(deployment: &Deployment, load: Load) -> Outcome {
    let plan = match deployment.plan() {
        Ok(plan) => plan,
        Err(problems) if problems.of("quant_algo").is_some() => return Outcome::ImpossibleWeights,
        Err(_) => return Outcome::NotThisOne,
    };
    let report = outline(&plan);
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
        gpu: deployment.gpu,
        tp_size: deployment.tp_size,
        pp_size: deployment.pp_size,
        moe_ep_size: deployment.moe_ep_size,
        quant_algo: deployment.quant_algo,
        kv_cache_dtype: deployment.kv_cache_dtype,
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
    let room = ranks.iter().map(|rank| rank.free).min().unwrap_or_default();
    let used = ranks.iter().map(Rank::used).max().unwrap_or_default();
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
    let concerns_shape = |problems: &Problems| {
        ["tp_size", "pp_size", "moe_tp_size", "moe_ep_size"].into_iter().any(|key| problems.of(key).is_some())
    };
    !deployment.plan().is_err_and(|problems| concerns_shape(&problems))
}

/// The places of the candidates that no other one beats in GPUs and concurrency both, by GPUs. Of equal ones the first stands for all.
pub fn frontier(candidates: &[Candidate]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..candidates.len()).collect();
    places.sort_by_key(|place| (candidates[*place].gpus, std::cmp::Reverse(candidates[*place].concurrency), *place));
    let mut best = 0;
    places.retain(|place| {
        let better = candidates[*place].concurrency > best;
        best = best.max(candidates[*place].concurrency);
        better
    });
    places
}

/// As a row of JSON; sizes are bytes.
impl Serialize for Candidate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Row {
            gpu: &'static str,
            gpus: u64,
            tp_size: u64,
            pp_size: u64,
            moe_ep_size: Option<u64>,
            quant_algo: &'static str,
            kv_cache_dtype: &'static str,
            used: Bytes,
            room: Bytes,
            kv_tokens: u64,
            concurrency: u64,
            uncertain: bool,
        }
        Row {
            gpu: self.gpu.id,
            gpus: self.gpus,
            tp_size: self.tp_size,
            pp_size: self.pp_size,
            moe_ep_size: self.moe_ep_size,
            quant_algo: self.quant_algo.name(),
            kv_cache_dtype: self.kv_cache_dtype.name(),
            used: self.used,
            room: self.room,
            kv_tokens: self.kv_tokens,
            concurrency: self.concurrency,
            uncertain: self.uncertain,
        }
        .serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::architecture;
    use crate::gpu::{self, gpus};
    use crate::memory::estimate;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const LOAD: Load = Load { concurrency: 32, input_len: 1500, output_len: 500 };

    fn base(model: &str) -> Deployment {
        Deployment { model: architecture::find(model).unwrap(), ..Deployment::default() }
    }

    fn run(mut search: Search, step: usize) -> Search {
        while !search.step(step) {}
        search
    }

    /// Every candidate estimated alone, in the order of a search.
    fn alone(base: &Deployment, space: &Space) -> Vec<Candidate> {
        let mut found = Vec::new();
        let ep_sizes: Vec<Option<u64>> =
            if base.model.moe.is_some() { space.ep_sizes.iter().copied().map(Some).collect() } else { vec![None] };
        for &gpu in &space.gpus {
            for &tp_size in &space.tp_sizes {
                for &pp_size in &space.pp_sizes {
                    for &moe_ep_size in &ep_sizes {
                        for &quant_algo in &space.quant_algos {
                            for &kv_cache_dtype in &space.kv_cache_dtypes {
                                let deployment = Deployment {
                                    gpu,
                                    tp_size,
                                    pp_size,
                                    moe_ep_size,
                                    quant_algo,
                                    kv_cache_dtype,
                                    max_batch_size: Some(LOAD.concurrency.div_ceil(pp_size)),
                                    max_seq_len: Some(LOAD.sequence()),
                                    ..base.clone()
                                };
                                let Ok(report) = estimate(&deployment) else { continue };
                                let Verdict::Fits { room, uncertain } = report.verdict else { continue };
                                let concurrency = report.kv_cache.concurrency(LOAD.input_len, LOAD.output_len);
                                if concurrency.requests >= LOAD.concurrency {
                                    found.push(Candidate {
                                        gpu,
                                        tp_size,
                                        pp_size,
                                        moe_ep_size,
                                        quant_algo,
                                        kv_cache_dtype,
                                        gpus: tp_size * pp_size,
                                        used: fullest(&report.ranks).0,
                                        room,
                                        kv_tokens: report.kv_cache.tokens,
                                        concurrency: report.kv_cache.held(LOAD.input_len, LOAD.output_len),
                                        uncertain,
                                    });
                                }
                            }
                        }
                    }
                }
            }
        }
        found
    }

    #[test]
    fn a_search_agrees_with_estimating_each_candidate_alone() {
        for (model, ids) in
            [("meta-llama/Llama-3.1-70B", ["h100", "l4", "b200"]), ("mixtral-8x7b", ["a100", "l40s", "h200"])]
        {
            let base = base(model);
            let space = Space {
                tp_sizes: vec![1, 2, 3, 4, 8],
                pp_sizes: vec![1, 2, 5],
                ep_sizes: vec![1, 2, 8],
                ..Space::on(ids.iter().map(|id| gpu::find(id).unwrap()).collect(), Backend::TensorRt)
            };
            let search = run(Search::new(&base, LOAD, space.clone()), 17);
            let alone = alone(&base, &space);
            assert!(alone.len() > 100, "{}", alone.len());
            assert_eq!(search.found(), alone);
            for candidate in search.found() {
                let report = estimate(&search.deployment(candidate)).unwrap();
                assert_eq!(
                    (report.kv_cache.tokens, fullest(&report.ranks)),
                    (candidate.kv_tokens, (candidate.used, candidate.room))
                );
            }
        }
    }

    #[test]
    fn a_search_goes_on_where_it_was_interrupted() {
        let space = Space::on(vec![gpu::find("h100").unwrap(), gpu::find("h200").unwrap()], Backend::TensorRt);
        let mut search = Search::new(&base("mixtral-8x7b"), LOAD, space.clone());
        assert!(!search.step(100));
        assert!((100..110).contains(&search.tried()), "{}", search.tried());
        assert_eq!(run(search, 1000).found(), run(Search::new(&base("mixtral-8x7b"), LOAD, space), usize::MAX).found());
    }

    #[test]
    fn all_gpus_and_precisions_are_a_hundred_thousand_candidates() {
        let search = Search::new(&base("mixtral-8x7b"), LOAD, Space::on(gpus().iter().collect(), Backend::TensorRt));
        assert!(search.candidates() >= 100_000, "{}", search.candidates());
    }

    #[test]
    fn nothing_beats_the_frontier() {
        let search = run(
            Search::new(&base("qwen3-32b"), LOAD, Space::on(gpus().iter().step_by(7).collect(), Backend::TensorRt)),
            usize::MAX,
        );
        let found = search.found();
        let frontier = frontier(found);
        assert!(frontier.len() > 1 && frontier.len() < found.len() / 10);
        for candidate in found {
            let beats = |place: &usize| {
                let other = &found[*place];
                candidate.gpus <= other.gpus && candidate.concurrency > other.concurrency
            };
            assert!(!frontier.iter().any(beats));
        }
        assert!(frontier.windows(2).all(|pair| found[pair[0]].gpus < found[pair[1]].gpus));
    }

    #[test]
    fn orders_sort_by_what_they_say() {
        let mut found = run(
            Search::new(&base("qwen3-32b"), LOAD, Space::on(gpus().iter().step_by(7).collect(), Backend::TensorRt)),
            usize::MAX,
        )
        .into_found();
        for order in Order::ALL {
            assert_eq!(Order::parse(order.name()), Some(order));
            order.sort(&mut found);
        }
        Order::Gpus.sort(&mut found);
        assert!(found.windows(2).all(|pair| pair[0].gpus <= pair[1].gpus));
    }

    #[test]
    fn an_empty_space_has_nothing_to_try() {
        let mut search = Search::new(
            &Deployment::default(),
            LOAD,
            Space { tp_sizes: vec![7], ..Space::on(Vec::new(), Backend::TensorRt) },
        );
        assert!(search.step(10) && search.is_done() && search.found().is_empty());
    }
}
