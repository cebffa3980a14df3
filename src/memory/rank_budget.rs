//! Rank budgets: the memory of a rank in use before the KV cache, and the memory left for it.

use super::backend::BackendModel;
use super::band::Band;
use super::calibrated;
use super::contributor::Contributor;
use super::inputs::Inputs;
use super::kv_cache::{AllPools, Blocks, Pool, Pools, Window, is_pooled, windows};
use super::law::{Origin, Part, Symbol};
use super::number::Number;
use super::overhead::{self, RankTopology, Topology};
use crate::deployment::{Resolved, Runtime};
use std::rc::Rc;

/// A class of ranks that use their memory alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RankClass {
    /// The pipeline stage.
    pub stage: u64,
    /// The properties of its position that affect the overhead.
    pub topology: RankTopology,
}

/// The memory of a rank, KV cache excluded.
pub(super) struct RankBudget<'a, N> {
    /// The inputs of its laws.
    pub inputs: Inputs<'a, N>,
    /// The class of the rank.
    pub class: RankClass,
    /// The attention windows of its layers.
    pub windows: Rc<[Window]>,
    /// Weights, activations, runtime buffers and decoder buffers.
    pub parts: [N; 4],
    /// Joint uncertainty band of the parts that are allocated before the KV cache.
    parts_band: Band,
    /// CUDA, NCCL and libraries at the time when the KV cache is sized.
    overhead: N,
    /// Uncertainty band of the overhead.
    pub overhead_band: Band,
    /// Uncertainty band of the memory left for the KV cache.
    pub available_band: Band,
    /// Memory reserved before the KV cache that no log line counts: masks, adapters, recurrent
    /// states.
    pub reserved: Option<N>,
    /// The part of the overhead that warm-up takes for CUDA graphs.
    pub graphs_of_warm_up: f64,
    /// Bytes allocated after the KV cache.
    pub after_kv_cache: N,
    /// Uncertainty band of [`after_kv_cache`](RankBudget::after_kv_cache).
    pub after_kv_cache_band: Band,
    /// Bytes that the LoRA adapter cache lacks to hold one adapter.
    pub adapter_short: f64,
}

impl<'a, N: Number> RankBudget<'a, N> {
    /// The budget of a rank class.
    pub(super) fn new(resolved: &'a Resolved, class: RankClass) -> RankBudget<'a, N> {
        let inputs = Inputs::<N>::new(resolved, class.stage);
        let parts = calibrated::buffers(&inputs);
        let before = before_kv_cache(resolved, &parts);
        let bands = before.iter().zip(calibrated::laws(resolved)).map(|(bytes, law)| law.band(bytes.value()));
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
            graphs_of_warm_up: resolved.backend.graphs_of_warm_up(&inputs.plain()),
            after_kv_cache: resolved.backend.after_kv_cache(&inputs),
            after_kv_cache_band: resolved.backend.after_kv_cache_band(&inputs.plain()),
            adapter_short: 0.0,
        };
        budget.with_overhead()
    }

    /// The budget of another class of the same stage, which differs only in its overhead.
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
        let overhead = match resolved.machine.free_memory {
            Some(free) => overhead::measured(&inputs, free, &before_kv_cache(resolved, &self.parts), band),
            None => calibrated::overhead(&inputs, self.class.topology),
        };
        self.overhead = overhead.bytes;
        self.overhead_band = overhead.band;
        self.available_band = overhead::available_band(resolved, band, overhead.band);
        // The free memory in a log is what is left after these were allocated.
        if resolved.machine.free_memory.is_none() {
            let [weights, activations, runtime, decoder] = self.parts.clone();
            let taken = [self.overhead.clone(), weights, activations, runtime, decoder];
            let reserved = resolved.backend.reserved(&inputs, taken);
            self.reserved = reserved.bytes;
            self.adapter_short = reserved.adapter_short;
        }
        self
    }

    /// The overhead plus the reserved memory.
    pub(super) fn overhead_until_kv_cache(&self) -> N {
        match &self.reserved {
            Some(reserved) => self.overhead.clone() + reserved.clone(),
            None => self.overhead.clone(),
        }
    }

    /// Memory left at the time when the KV cache is sized; negative if a part doesn't fit.
    fn left(&self) -> N {
        static FREE: Symbol = Symbol {
            text: "free",
            meaning: "free memory that a log printed",
            origin: Origin::Chosen("free_memory_gib"),
        };
        match self.inputs.resolved.machine.free_memory {
            Some(free) => N::symbol(&FREE, free.0 as f64),
            None => {
                let named = |bytes: N, contributor| bytes.part(|| Part::contributor(contributor));
                let before = before_kv_cache(self.inputs.resolved, &self.parts);
                let taken =
                    Contributor::ALL.into_iter().zip(before).map(|(contributor, bytes)| named(bytes, contributor));
                let overhead = named(self.overhead_until_kv_cache(), Contributor::Overhead);
                self.inputs.total() - N::sum_of(taken.chain([overhead]))
            }
        }
    }

    /// Memory left at the time when the KV cache is sized, at least zero.
    pub(super) fn available(&self) -> N {
        self.left().max(N::literal(0.0)).part(|| Part::bytes("memory left for the KV cache").symbol("available"))
    }

    /// The pools of KV blocks.
    pub(super) fn pools(&self) -> Pools<'_, N> {
        Pools::new(self.inputs, &self.windows)
    }

    /// Blocks of `window`'s pool if this rank limits it.
    pub(super) fn blocks(&self, window: Window) -> N {
        self.pools().own_blocks(window, self.available())
    }

    /// Blocks of the pool of encoder outputs if this rank limits it; `None` if the model has no
    /// encoder.
    pub(super) fn cross_blocks(&self) -> Option<N> {
        self.pools().cross_blocks(self.available())
    }
}

impl RankBudget<'_, f64> {
    /// Blocks of `window`'s pool if this rank limits it, with their uncertainty.
    fn likely_blocks(&self, window: Window) -> Blocks {
        let pools = self.pools();
        self.at_each_end(|available| pools.own_blocks(window, available))
    }

    /// Blocks of the pool of encoder outputs if this rank limits it, with their uncertainty; `None`
    /// if the model has no encoder.
    fn likely_cross_blocks(&self) -> Option<Blocks> {
        let pools = self.pools();
        self.inputs.resolved.model.encoder?;
        Some(self.at_each_end(|available| pools.cross_blocks(available).unwrap_or_default()))
    }

    /// Blocks that fit the likely memory and the ends of its band.
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

    /// Memory left per byte of a token.
    fn room(&self) -> f64 {
        let pools = self.pools();
        let bytes: f64 = self.windows.iter().map(|window| pools.bytes_in_window(*window)).sum();
        if bytes > 0.0 { self.left() / bytes } else { f64::INFINITY }
    }
}

/// The parts that are allocated before the KV cache is sized. `GptSession` allocates its buffers
/// and decoders afterwards (`gptSession.cpp` setup).
fn before_kv_cache<N: Number>(resolved: &Resolved, parts: &[N; 4]) -> [N; 4] {
    let [weights, activations, runtime, decoder] = parts.clone();
    match resolved.given.engine.runtime {
        Runtime::Executor | Runtime::PySession => [weights, activations, runtime, decoder],
        Runtime::GptSession => [weights, activations, N::literal(0.0), N::literal(0.0)],
    }
}

/// Maps each pipeline stage to the first stage that holds the same layers. Only stages between the
/// first and the last one can be equal.
fn stages(resolved: &Resolved) -> Vec<u64> {
    let mut alike: Vec<u64> = Vec::with_capacity(resolved.parallel.pp_size as usize);
    for stage in 0..resolved.parallel.pp_size {
        let before = if stage == 0 || stage + 1 == resolved.parallel.pp_size { 1..1 } else { 1..stage };
        let layers = |stage: u64| resolved.layers_of_stage(stage);
        let same = |other: &u64| resolved.model.has_alike(layers(*other), layers(stage));
        alike.push(before.filter(|other| alike[*other as usize] == *other).find(same).unwrap_or(stage));
    }
    alike
}

/// The usual maximum of rank classes: first, middle and last stage, each with head, middle and tail
/// of an NCCL chain.
const USUAL_KINDS: u64 = 9;

/// The rank classes of a deployment.
///
/// They follow from the model, the version, the GPUs and the parallelism, not from data types and
/// limits. A search can therefore reuse them.
#[derive(Debug, Clone)]
pub(crate) struct RankClasses {
    /// The classes, in the order of their first ranks.
    all: Vec<RankClass>,
    /// The index of each rank's class.
    of_rank: Vec<usize>,
}

impl RankClasses {
    /// The classes of a deployment's ranks.
    pub(crate) fn of(resolved: &Resolved) -> RankClasses {
        let topology = Topology::new(resolved);
        let stages = stages(resolved);
        let mut all: Vec<RankClass> = Vec::with_capacity(resolved.world_size().min(USUAL_KINDS) as usize);
        let of_rank = (0..resolved.world_size()).map(|rank| {
            let class = RankClass {
                stage: stages[(rank / resolved.parallel.tp_size) as usize],
                topology: topology.of_rank(rank),
            };
            // Equal ranks are close to each other, so the search starts from the end.
            all.iter().rposition(|known| *known == class).unwrap_or_else(|| {
                all.push(class);
                all.len() - 1
            })
        });
        let of_rank = of_rank.collect();
        RankClasses { all, of_rank }
    }
}

/// The budgets of all ranks.
pub(super) struct RankBudgets<'a> {
    /// The budget of each rank class, in the order of the classes' first ranks.
    pub all: Vec<RankBudget<'a, f64>>,
    /// The index of each rank's budget.
    pub of_rank: &'a [usize],
    /// The index of the budget with room for the fewest tokens.
    pub tightest: usize,
}

impl<'a> RankBudgets<'a> {
    /// The budgets of these rank classes.
    pub(super) fn new(resolved: &'a Resolved, classes: &'a RankClasses) -> RankBudgets<'a> {
        let mut all: Vec<RankBudget<f64>> = Vec::with_capacity(classes.all.len());
        for &class in &classes.all {
            let beside = all.iter().rfind(|budget| budget.class.stage == class.stage);
            all.push(beside.map_or_else(|| RankBudget::new(resolved, class), |budget| budget.at(class)));
        }
        let rooms = all.iter().map(RankBudget::room).enumerate();
        let tightest = rooms.min_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(index, _)| index);
        RankBudgets { all, of_rank: &classes.of_rank, tightest }
    }

    /// The first rank of the budget at `index`.
    pub(super) fn first_rank(&self, index: usize) -> u64 {
        self.of_rank.iter().position(|other| *other == index).unwrap_or_default() as u64
    }

    /// The budget of `rank`.
    pub(super) fn of(&self, rank: u64) -> &RankBudget<'a, f64> {
        let index = self.of_rank.get(rank as usize).copied().unwrap_or_default();
        &self.all[index]
    }

    /// The pools of all windows, the narrowest first; none if the whole batch is allocated at once.
    ///
    /// Each pool has as many blocks as the rank with room for the fewest (`MPI_MIN`). Deviations
    /// affect all ranks alike, so the same rank stays the limit at both ends of the band.
    pub(super) fn pools(&self) -> AllPools {
        let mut pools: Vec<Pool> = Vec::with_capacity(1);
        let mut cross: Option<Pool> = None;
        if !self.all.first().is_some_and(|budget| is_pooled(budget.inputs.resolved)) {
            return AllPools { own: pools, cross };
        }
        let others = (0..self.all.len()).filter(|index| *index != self.tightest);
        for budget in std::iter::once(self.tightest).chain(others) {
            for &window in self.all[budget].windows.iter() {
                let pool = || Pool { window, blocks: self.all[budget].likely_blocks(window), budget };
                match pools.binary_search_by_key(&window.tokens, |known| known.window.tokens) {
                    Ok(known) if self.all[budget].blocks(window) < pools[known].blocks.likely => pools[known] = pool(),
                    Ok(_) => {}
                    Err(index) => pools.insert(index, pool()),
                }
            }
            if let Some(blocks) = self.all[budget].likely_cross_blocks()
                && cross.is_none_or(|known| blocks.likely < known.blocks.likely)
            {
                let resolved = self.all[budget].inputs.resolved;
                let window =
                    Window { tokens: resolved.engine.max_encoder_input_len, layers: u64::from(resolved.model.layers) };
                cross = Some(Pool { window, blocks, budget });
            }
        }
        AllPools { own: pools, cross }
    }
}
