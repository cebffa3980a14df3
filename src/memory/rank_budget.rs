//! The account of a rank: what it allocates before the KV cache, and what that leaves.

use super::backend;
use super::band::Band;
use super::engine::{guided, lora, recurrent};
use super::inputs::Inputs;
use super::kv_cache::{Pools, Window, is_pooled, windows};
use super::number::{Number, Origin, Part, Symbol};
use super::overhead::{self, RankTopology, Topology};
use crate::deployment::{Backend, Resolved, Runtime};
use std::rc::Rc;

/// Ranks of one kind use their memory alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RankClass {
    /// The pipeline stage.
    pub stage: u64,
    /// What else its overhead depends on.
    pub place: RankTopology,
}

/// The memory of a rank, but for the KV cache.
pub(super) struct RankBudget<'a, N> {
    /// Its inputs.
    pub inputs: Inputs<'a, N>,
    /// The kind of rank that it is of.
    pub class: RankClass,
    /// The attention windows of its layers.
    pub windows: Rc<[Window]>,
    /// Weights, activations, runtime buffers and decoder buffers.
    pub parts: [N; 4],
    /// How far off those that come before the KV cache may be together.
    parts_band: Band,
    /// CUDA, NCCL and libraries when the KV cache is sized.
    overhead: N,
    /// How far off the overhead may be.
    pub overhead_band: Band,
    /// How far off the memory that is left for the KV cache may be.
    pub available_band: Band,
    /// What else no line of the log counts, made before the KV cache: masks, adapters, recurrent states.
    pub reserved: Option<N>,
    /// What is allocated after the KV cache.
    pub after_kv_cache: N,
    /// How far off that may be.
    pub after_kv_cache_band: Band,
    /// Bytes by which the cache of LoRA adapters can't hold one.
    pub adapter_short: f64,
}

impl<'a, N: Number> RankBudget<'a, N> {
    /// The account of a kind of rank.
    pub(super) fn new(resolved: &'a Resolved, class: RankClass) -> RankBudget<'a, N> {
        let inputs = Inputs::<N>::new(resolved, class.stage);
        let parts = backend::predicted(&inputs);
        let before = before_kv_cache(resolved, &parts);
        let bands = before.iter().zip(backend::laws(resolved)).map(|(bytes, law)| Band::of(law, bytes.value()));
        let budget = RankBudget {
            inputs,
            class,
            windows: windows(resolved, class.stage).into(),
            parts_band: Band::of_sum(bands),
            parts,
            overhead: N::literal(0.0),
            overhead_band: Band::EXACT,
            available_band: Band::EXACT,
            reserved: None,
            after_kv_cache: backend::allocated_after_kv_cache(&inputs),
            after_kv_cache_band: backend::after_kv_cache_band(&inputs.plain()),
            adapter_short: 0.0,
        };
        budget.with_overhead()
    }

    /// The account of a rank that holds the same at another place.
    fn at(&self, class: RankClass) -> RankBudget<'a, N> {
        let budget = RankBudget {
            class,
            windows: self.windows.clone(),
            parts: self.parts.clone(),
            overhead: self.overhead.clone(),
            reserved: None,
            after_kv_cache: self.after_kv_cache.clone(),
            ..*self
        };
        budget.with_overhead()
    }

    fn with_overhead(mut self) -> RankBudget<'a, N> {
        let (inputs, resolved, band) = (self.inputs, self.inputs.resolved, self.parts_band);
        let overhead = match resolved.free_memory {
            Some(free) => overhead::measured(&inputs, free, &before_kv_cache(resolved, &self.parts), band),
            None => backend::overhead(&inputs, self.class.place),
        };
        self.overhead = overhead.bytes;
        self.overhead_band = overhead.band;
        self.available_band = overhead::available_band(resolved, band, overhead.band);
        // The free memory of a log is what all of these left.
        if resolved.free_memory.is_none() && resolved.backend == Backend::TensorRt {
            self.reserve();
        }
        self
    }

    fn reserve(&mut self) {
        let inputs = &self.inputs;
        let masks = guided::masks(inputs);
        let adapters = lora::cache(inputs, || {
            let taken = [self.overhead.clone()].into_iter().chain(self.parts.clone()).chain(masks.clone());
            (inputs.total() - N::sum_of(taken)).max(N::literal(0.0))
        });
        self.adapter_short = adapters.as_ref().map_or(0.0, |cache| cache.short);
        let states = recurrent::states(inputs);
        let mut all = [masks, adapters.map(|cache| cache.bytes), states].into_iter().flatten().peekable();
        self.reserved = all.peek().is_some().then(|| N::sum_of(all));
    }

    /// The overhead and what else is reserved.
    pub(super) fn overhead_until_kv_cache(&self) -> N {
        match &self.reserved {
            Some(reserved) => self.overhead.clone() + reserved.clone(),
            None => self.overhead.clone(),
        }
    }

    /// Memory that is left when the KV cache is sized; negative where something didn't fit.
    fn left(&self) -> N {
        static FREE: Symbol = Symbol {
            text: "free",
            meaning: "free memory that a log printed",
            origin: Origin::Chosen("free_memory_gib"),
        };
        match self.inputs.resolved.free_memory {
            Some(free) => N::symbol(&FREE, free.0 as f64),
            None => {
                let taken =
                    N::sum_of(before_kv_cache(self.inputs.resolved, &self.parts)) + self.overhead_until_kv_cache();
                self.inputs.total() - taken
            }
        }
    }

    /// Memory that is left when the KV cache is sized; zero where nothing is.
    pub(super) fn available(&self) -> N {
        self.left().max(N::literal(0.0)).part(|| Part::bytes("memory left for the KV cache").symbol("available"))
    }

    /// The pools of KV blocks.
    pub(super) fn pools(&self) -> Pools<'_, N> {
        Pools::new(self.inputs, &self.windows)
    }

    /// Blocks of `window`'s pool, if this rank decides.
    pub(super) fn blocks(&self, window: Window) -> N {
        self.pools().own_blocks(window, self.available())
    }

    /// Blocks of the pool of encoders' outputs, if this rank decides and the model has an encoder.
    pub(super) fn cross_blocks(&self) -> Option<N> {
        self.pools().cross_blocks(self.available())
    }
}

impl RankBudget<'_, f64> {
    /// Blocks of `window`'s pool, if this rank decides, and how many they are if the figures before it are off.
    fn likely_blocks(&self, window: Window) -> Blocks {
        let pools = self.pools();
        self.at_each_end(|available| pools.own_blocks(window, available))
    }

    /// The same of the pool of encoders' outputs.
    fn likely_cross_blocks(&self) -> Option<Blocks> {
        let pools = self.pools();
        self.inputs.resolved.model.encoder?;
        Some(self.at_each_end(|available| pools.cross_blocks(available).unwrap_or_default()))
    }

    /// Blocks out of the likely memory and out of that at the ends of its band.
    fn at_each_end(&self, blocks: impl Fn(f64) -> f64) -> Blocks {
        let left = self.left();
        let [low, likely, high] =
            [-self.available_band.below, 0.0, self.available_band.above].map(|off| blocks((left + off).max(0.0)));
        Blocks { likely, low, high }
    }

    /// Bytes of the KV cache on this rank: low, likely and high.
    pub(super) fn kv_cache(&self, all: &AllPools) -> [f64; 3] {
        let pools = self.pools();
        if !is_pooled(self.inputs.resolved) {
            return [pools.whole_batch(); 3];
        }
        let mut sizes = [0.0; 3];
        for window in self.windows.iter() {
            if let Some(pool) = all.of(*window) {
                let Blocks { low, likely, high } = pool.blocks;
                for (size, blocks) in sizes.iter_mut().zip([low, likely, high]) {
                    *size += pools.bytes(*window, blocks);
                }
            }
        }
        if let Some(Pool { blocks: Blocks { low, likely, high }, .. }) = all.cross {
            for (size, blocks) in sizes.iter_mut().zip([low, likely, high]) {
                *size += pools.cross_bytes(blocks);
            }
        }
        sizes
    }

    /// Memory left for each byte of a token.
    fn room(&self) -> f64 {
        let pools = self.pools();
        let bytes: f64 = self.windows.iter().map(|window| pools.bytes_in_window(*window)).sum();
        if bytes > 0.0 { self.left() / bytes } else { f64::INFINITY }
    }
}

/// What is allocated before the KV cache is sized. `GptSession` makes its buffers and decoders after it (`gptSession.cpp` setup).
fn before_kv_cache<N: Number>(resolved: &Resolved, parts: &[N; 4]) -> [N; 4] {
    let [weights, activations, runtime, decoder] = parts.clone();
    match resolved.runtime {
        Runtime::Executor | Runtime::PySession => [weights, activations, runtime, decoder],
        Runtime::GptSession => [weights, activations, N::literal(0.0), N::literal(0.0)],
    }
}

/// Blocks of a pool, and how many they are if the figures before it are off.
#[derive(Debug, Clone, Copy)]
pub(super) struct Blocks {
    /// As likely.
    pub likely: f64,
    /// Hardly fewer than this.
    pub low: f64,
    /// Hardly more than this.
    pub high: f64,
}

/// A pool of KV blocks, the same on all ranks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pool {
    /// Its window on the rank that decides.
    pub window: Window,
    /// Its blocks.
    pub blocks: Blocks,
    /// The place of the account that decides.
    pub budget: usize,
}

/// The pools of all ranks; none where the whole batch is allocated at once.
#[derive(Debug, Clone)]
pub(super) struct AllPools {
    /// Of the decoder's own tokens, one for each window, the narrowest first.
    pub own: Vec<Pool>,
    /// Of encoders' outputs.
    pub cross: Option<Pool>,
}

impl AllPools {
    /// The pool of layers that look back as far as those of `window`.
    pub(super) fn of(&self, window: Window) -> Option<&Pool> {
        self.own.iter().find(|pool| pool.window.tokens == window.tokens)
    }
}

/// For each pipeline stage the first one that holds the same, place apart: stages between the first and the last with as many layers
/// of each sort.
fn stages(resolved: &Resolved) -> Vec<u64> {
    let mut alike: Vec<u64> = Vec::with_capacity(resolved.pp_size as usize);
    for stage in 0..resolved.pp_size {
        let before = if stage == 0 || stage + 1 == resolved.pp_size { 1..1 } else { 1..stage };
        let layers = |stage: u64| resolved.layers_of_stage(stage);
        let same = |other: &u64| resolved.model.has_alike(layers(*other), layers(stage));
        alike.push(before.filter(|other| alike[*other as usize] == *other).find(same).unwrap_or(stage));
    }
    alike
}

/// Kinds of ranks that most deployments have at most: first, middle and last stages, each with a chain's head, middle and tail.
const USUAL_KINDS: u64 = 9;

/// Which ranks use their memory alike. It follows from the model, the version, the GPUs and how the ranks divide the model, whatever
/// the precisions and the limits are.
#[derive(Debug, Clone)]
pub(crate) struct RankClasses {
    /// Each kind of rank, in the order of the first rank of each.
    all: Vec<RankClass>,
    /// The place of each rank's kind.
    of_rank: Vec<usize>,
}

impl RankClasses {
    /// The kinds of a plan's ranks.
    pub(crate) fn of(resolved: &Resolved) -> RankClasses {
        let layout = Topology::new(resolved);
        let stages = stages(resolved);
        let mut all: Vec<RankClass> = Vec::with_capacity(resolved.world_size().min(USUAL_KINDS) as usize);
        let of_rank = (0..resolved.world_size()).map(|rank| {
            let class = RankClass { stage: stages[(rank / resolved.tp_size) as usize], place: layout.place(rank) };
            // Ranks that are alike are near each other, so the search goes backwards.
            all.iter().rposition(|known| *known == class).unwrap_or_else(|| {
                all.push(class);
                all.len() - 1
            })
        });
        let of_rank = of_rank.collect();
        RankClasses { all, of_rank }
    }
}

/// The accounts of all ranks.
pub(super) struct RankBudgets<'a> {
    /// One for each kind of rank, in the order of the first rank of each.
    pub all: Vec<RankBudget<'a, f64>>,
    /// The place of each rank's account.
    pub of_rank: &'a [usize],
    /// The place of the account whose memory holds the fewest tokens.
    pub tightest: usize,
}

impl<'a> RankBudgets<'a> {
    /// The accounts of a plan whose ranks are of these kinds.
    pub(super) fn new(resolved: &'a Resolved, classes: &'a RankClasses) -> RankBudgets<'a> {
        let mut all: Vec<RankBudget<f64>> = Vec::with_capacity(classes.all.len());
        for &class in &classes.all {
            let beside = all.iter().rfind(|budget| budget.class.stage == class.stage);
            all.push(beside.map_or_else(|| RankBudget::new(resolved, class), |budget| budget.at(class)));
        }
        let rooms = all.iter().map(RankBudget::room).enumerate();
        let tightest = rooms.min_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(place, _)| place);
        RankBudgets { all, of_rank: &classes.of_rank, tightest }
    }

    /// The first rank whose account stands at this place.
    pub(super) fn first_rank(&self, place: usize) -> u64 {
        self.of_rank.iter().position(|other| *other == place).unwrap_or_default() as u64
    }

    /// The account of `rank`.
    pub(super) fn of(&self, rank: u64) -> &RankBudget<'a, f64> {
        let place = self.of_rank.get(rank as usize).copied().unwrap_or_default();
        &self.all[place]
    }

    /// The pools of all windows, the narrowest first, each as large as the rank with room for the fewest blocks allows
    /// (`MPI_MIN`); none where the whole batch is allocated at once. The ranks' figures are off together, so the same rank decides
    /// when they are.
    pub(super) fn pools(&self) -> AllPools {
        let mut pools: Vec<Pool> = Vec::with_capacity(1);
        let mut cross: Option<Pool> = None;
        if !self.all.first().is_some_and(|budget| is_pooled(budget.inputs.resolved)) {
            return AllPools { own: pools, cross };
        }
        let others = (0..self.all.len()).filter(|place| *place != self.tightest);
        for budget in std::iter::once(self.tightest).chain(others) {
            for &window in self.all[budget].windows.iter() {
                let pool = || Pool { window, blocks: self.all[budget].likely_blocks(window), budget };
                match pools.binary_search_by_key(&window.tokens, |known| known.window.tokens) {
                    Ok(known) if self.all[budget].blocks(window) < pools[known].blocks.likely => pools[known] = pool(),
                    Ok(_) => {}
                    Err(place) => pools.insert(place, pool()),
                }
            }
            if let Some(blocks) = self.all[budget].likely_cross_blocks()
                && cross.is_none_or(|known| blocks.likely < known.blocks.likely)
            {
                let resolved = self.all[budget].inputs.resolved;
                let window =
                    Window { tokens: resolved.max_encoder_input_len, layers: u64::from(resolved.model.layers) };
                cross = Some(Pool { window, blocks, budget });
            }
        }
        AllPools { own: pools, cross }
    }
}
