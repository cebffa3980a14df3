//! What the models say of a deployment.

use super::band::Band;
use super::kv_cache::{Binding, KvCache};
use super::number::Law;
use super::upper_bound::UpperBound;
use crate::deployment::{Note, Resolved};
use crate::units::{Bytes, giga, grouped, grouped_decimal};
use serde::{Serialize, Serializer};

/// A part of a GPU's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Contributor {
    /// The model's tensors.
    Weights,
    /// The execution context: TensorRT's memory for activations and plugin workspaces. With the PyTorch backend the peak of the
    /// profiling pass above what persists.
    Activations,
    /// Inputs, outputs and bookkeeping of the runtime. With the PyTorch backend what persists inside torch beside weights and
    /// sampler.
    RuntimeBuffers,
    /// The sampler's state.
    DecoderBuffers,
    /// The pool of KV blocks.
    KvCache,
    /// CUDA context, loaded code, communication.
    Overhead,
}

impl Contributor {
    /// Every contributor, from the bottom of a bar to its top.
    pub const ALL: [Contributor; 6] = [
        Contributor::Weights,
        Contributor::Activations,
        Contributor::RuntimeBuffers,
        Contributor::DecoderBuffers,
        Contributor::KvCache,
        Contributor::Overhead,
    ];

    /// The key in JSON and in the page's `data-contributor`.
    pub fn key(self) -> &'static str {
        match self {
            Contributor::Weights => "weights",
            Contributor::Activations => "activations",
            Contributor::RuntimeBuffers => "runtime_buffers",
            Contributor::DecoderBuffers => "decoder_buffers",
            Contributor::KvCache => "kv_cache",
            Contributor::Overhead => "overhead",
        }
    }

    /// The contributor with this key.
    pub fn parse(key: &str) -> Option<Contributor> {
        Contributor::ALL.into_iter().find(|contributor| contributor.key() == key)
    }

    /// What a person would call it.
    pub fn label(self) -> &'static str {
        match self {
            Contributor::Weights => "Weights",
            Contributor::Activations => "Activations",
            Contributor::RuntimeBuffers => "Runtime buffers",
            Contributor::DecoderBuffers => "Decoder buffers",
            Contributor::KvCache => "KV cache",
            Contributor::Overhead => "CUDA, NCCL, libraries",
        }
    }

    /// The same, where the overhead may hold more: adapters, recurrent states, masks.
    pub(super) fn label_with(self, more_overhead: bool) -> &'static str {
        match self {
            Contributor::Overhead if more_overhead => "CUDA, NCCL, libraries and more",
            _ => self.label(),
        }
    }

    /// One line about it.
    pub fn meaning(self) -> &'static str {
        match self {
            Contributor::Weights => {
                "The model's tensors on this rank. Fixed by the model, quant_algo, tp_size and pp_size."
            }
            Contributor::Activations => {
                "What the largest step needs for a while: TensorRT's execution context, fixed when the engine is built; with the PyTorch backend the profiling peak above what persists."
            }
            Contributor::RuntimeBuffers => {
                "What stays allocated for the largest batch and sequence: the runtime's inputs, outputs and bookkeeping; with the PyTorch backend workspaces and tables inside torch."
            }
            Contributor::DecoderBuffers => "The sampler's state: tokens, probabilities and penalties of every slot.",
            Contributor::KvCache => "Keys and values of the tokens in flight, allocated at start as a pool of blocks.",
            Contributor::Overhead => {
                "CUDA context, loaded code, communication, and what is allocated after the KV cache."
            }
        }
    }
}

/// A size, how far off it may be, and how it is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figure {
    /// The likely size.
    pub bytes: Bytes,
    /// It is hardly smaller than this.
    pub low: Bytes,
    /// It is hardly larger than this.
    pub high: Bytes,
    /// The law behind it.
    pub law: &'static Law,
}

impl Figure {
    /// A figure of `law`, with the band that the law states.
    pub fn of(law: &'static Law, bytes: f64) -> Figure {
        Figure::new(law, bytes, Band::of(law, bytes))
    }

    /// A figure of `law` that may be off by `band`.
    pub fn new(law: &'static Law, bytes: f64, band: Band) -> Figure {
        Figure::between(law, [bytes - band.below, bytes, bytes + band.above])
    }

    /// A figure of `law` from its low, likely and high sizes.
    pub fn between(law: &'static Law, sizes: [f64; 3]) -> Figure {
        let [low, bytes, high] = sizes.map(Bytes::rounded);
        Figure { bytes, low, high, law }
    }

    /// Whether a log that a person gave scales it.
    pub fn is_calibrated(&self) -> bool {
        std::ptr::eq(self.law, &super::calibrated::LAW)
    }

    /// How far off it may be.
    pub fn band(&self) -> Band {
        Band { below: (self.bytes - self.low).0 as f64, above: (self.high - self.bytes).0 as f64 }
    }
}

/// The memory of one rank's GPU.
#[derive(Debug, Clone, PartialEq)]
pub struct Rank {
    /// The rank's number, which is its GPU's here.
    pub rank: u64,
    /// Its place among the ranks that share layers.
    pub tp_rank: u64,
    /// Its pipeline stage.
    pub pp_rank: u64,
    /// The contributors, in the order of [`Contributor::ALL`].
    pub contributors: [Figure; 6],
    /// Total memory of the GPU.
    pub total: Bytes,
    /// Memory still free just before the KV cache is sized.
    pub available: Bytes,
    /// How far off that may be: by what comes before the KV cache, and by the GPU's total.
    pub available_band: Band,
    /// Memory that stays free; zero where the deployment fails.
    pub free: Bytes,
    /// Of the overhead, what is allocated after the KV cache.
    pub after_kv_cache: Bytes,
    /// How far off that may be.
    pub after_kv_cache_band: Band,
}

impl Rank {
    /// The figure of `contributor`.
    pub fn figure(&self, contributor: Contributor) -> &Figure {
        &self.contributors[contributor as usize]
    }

    /// The same memory on the rank of this number.
    pub(super) fn numbered(self, resolved: &Resolved, number: u64) -> Rank {
        Rank {
            rank: number,
            tp_rank: number % resolved.parallel.tp_size,
            pp_rank: number / resolved.parallel.tp_size,
            ..self
        }
    }

    /// The sum of all contributors.
    pub fn used(&self) -> Bytes {
        self.contributors.iter().map(|figure| figure.bytes).sum()
    }

    /// Whether the other rank's memory is used alike.
    pub fn is_like(&self, other: &Rank) -> bool {
        self.contributors == other.contributors
    }

    /// How far off everything but the KV cache may be together, on the wider side.
    pub fn uncertainty(&self) -> Bytes {
        Bytes(self.available_band.widest() as u64)
    }

    /// How far off [`Rank::free`] may be. The KV cache takes its fraction of what is left, so that it makes up for most of what
    /// comes before it; where `max_tokens` decides, it makes up for nothing.
    pub fn free_band(&self) -> Band {
        let cache = self.figure(Contributor::KvCache).band();
        let rest = |fixed: f64, cache: f64| (fixed - cache).abs();
        let left = Band {
            below: rest(self.available_band.below, cache.below),
            above: rest(self.available_band.above, cache.above),
        };
        Band::of_sum([left, self.after_kv_cache_band.of_rest()])
    }

    /// Whether the memory may not be enough after all.
    pub fn may_exceed(&self) -> bool {
        self.free_band().below > self.free.0 as f64
    }
}

/// Bytes under each contributor's key, and under `bands` the low and high of each.
impl Serialize for Rank {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let mut map = serializer.serialize_map(None)?;
        for (key, number) in [("rank", self.rank), ("tp_rank", self.tp_rank), ("pp_rank", self.pp_rank)] {
            map.serialize_entry(key, &number)?;
        }
        for contributor in Contributor::ALL {
            map.serialize_entry(contributor.key(), &self.figure(contributor).bytes)?;
        }
        for (key, bytes) in
            [("free", self.free), ("used", self.used()), ("total", self.total), ("available", self.available)]
        {
            map.serialize_entry(key, &bytes)?;
        }
        map.serialize_entry("bands", &Bands(&self.contributors))?;
        map.end()
    }
}

/// The low and high of each contributor, under its key.
struct Bands<'a>(&'a [Figure; 6]);

impl Serialize for Bands<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let figures = Contributor::ALL.into_iter().zip(self.0);
        serializer.collect_map(figures.map(|(contributor, figure)| (contributor.key(), [figure.low, figure.high])))
    }
}

/// When a deployment that does not fit fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The weights don't fit beside the CUDA context.
    LoadWeights,
    /// The execution context doesn't fit.
    CreateContext,
    /// Runtime and decoder buffers don't fit.
    AllocateBuffers,
    /// Workspaces and CUDA graphs don't fit (PyTorch backend).
    WarmUp,
    /// A step of the most tokens doesn't fit (PyTorch backend).
    Profile,
    /// The cache of LoRA adapters can't hold one of the largest rank.
    HoldOneAdapter,
    /// The KV cache that was asked for doesn't fit.
    AllocateKvCache,
    /// The KV cache can't hold one sequence of the greatest length.
    HoldOneSequence,
    /// What the first steps allocate doesn't fit beside the KV cache.
    RunFirstSteps,
    /// A runtime without in-flight batching can't hold all sequences of the batch.
    HoldWholeBatch,
}

impl Stage {
    /// What fails, as the rest of a sentence that starts with "Fails".
    pub fn text(self) -> &'static str {
        match self {
            Stage::LoadWeights => "loading the weights",
            Stage::CreateContext => "creating the execution context",
            Stage::AllocateBuffers => "allocating runtime and decoder buffers",
            Stage::WarmUp => "warming up and capturing CUDA graphs",
            Stage::Profile => "profiling a step of max_num_tokens",
            Stage::HoldOneAdapter => "making room for one LoRA adapter of max_lora_rank",
            Stage::AllocateKvCache => "allocating the KV cache",
            Stage::HoldOneSequence => "holding one sequence of max_seq_len in the KV cache",
            Stage::RunFirstSteps => "allocating what the first steps need beside the KV cache",
            Stage::HoldWholeBatch => {
                "holding the whole batch in the KV cache (\"Can't allocate new blocks. No free blocks left.\")"
            }
        }
    }
}

/// Whether a deployment fits.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// It fits.
    Fits {
        /// Memory that stays free on the fullest rank.
        room: Bytes,
        /// Whether the capacity lies inside the band of the figures.
        uncertain: bool,
    },
    /// It fails.
    Fails {
        /// When.
        stage: Stage,
        /// By how much.
        short: Bytes,
        /// On which rank.
        rank: u64,
    },
}

impl Verdict {
    /// Whether the deployment fits.
    pub fn fits(&self) -> bool {
        matches!(self, Verdict::Fits { .. })
    }

    /// The key in JSON and in the page's `data-verdict`: `fits`, `fits_uncertain` or `fails`.
    pub fn key(&self) -> &'static str {
        match self {
            Verdict::Fits { uncertain: false, .. } => "fits",
            Verdict::Fits { uncertain: true, .. } => "fits_uncertain",
            Verdict::Fails { .. } => "fails",
        }
    }
}

/// What the models say of a deployment.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Every rank.
    pub ranks: Vec<Rank>,
    /// The KV cache.
    pub kv_cache: KvCache,
    /// Parameters of the whole model.
    pub parameters: u64,
    /// The longest sequence that the engine is built for.
    pub max_seq_len: u64,
    /// Whether it fits.
    pub verdict: Verdict,
    /// What `check_gpt_mem_usage` says of rank 0 after the build; nothing without one.
    pub upper_bound: Option<UpperBound>,
    /// Whether the overhead holds more than CUDA, NCCL and libraries: adapters, recurrent states, masks.
    pub(super) more_overhead: bool,
    /// What TensorRT-LLM corrected, and what else is worth knowing.
    pub notes: Vec<Note>,
}

impl Report {
    /// The rank with the least memory left, which decides.
    pub fn tightest(&self) -> Option<&Rank> {
        self.ranks.iter().find(|rank| rank.rank == self.kv_cache.tightest_rank)
    }

    /// What a person would call `contributor` in this report.
    pub fn label(&self, contributor: Contributor) -> &'static str {
        contributor.label_with(self.more_overhead)
    }

    /// Runs of consecutive ranks whose memory is used alike.
    pub fn alike(&self) -> Vec<&[Rank]> {
        self.ranks.chunk_by(Rank::is_like).collect()
    }

    /// The ranks of each way to use the memory, in the order of the first rank of each.
    pub fn kinds(&self) -> Vec<Vec<&Rank>> {
        let mut kinds: Vec<Vec<&Rank>> = Vec::new();
        for rank in &self.ranks {
            match kinds.iter_mut().find(|kind| kind[0].is_like(rank)) {
                Some(kind) => kind.push(rank),
                None => kinds.push(vec![rank]),
            }
        }
        kinds
    }

    /// The first word or two of the verdict: "Fits", "Fits, within the uncertainty" or "Does not fit".
    pub fn headline(&self) -> &'static str {
        match self.verdict {
            Verdict::Fits { uncertain: false, .. } => "Fits.",
            Verdict::Fits { uncertain: true, .. } => "Fits, but within the uncertainty.",
            Verdict::Fails { .. } => "Does not fit.",
        }
    }

    /// The rest of the verdict, a sentence that a person could say.
    pub fn sentence(&self) -> String {
        match &self.verdict {
            Verdict::Fits { .. } => {
                let sequences = match self.kv_cache.max_sequences {
                    1 => "1 sequence".into(),
                    more => format!("{} sequences", grouped(more)),
                };
                let (tokens, length) = (grouped(self.kv_cache.tokens), grouped(self.max_seq_len));
                if self.kv_cache.binding == Binding::WholeBatch {
                    return format!("The KV cache holds the whole batch: {sequences} of {length} tokens.");
                }
                if let Some(cross) = self.kv_cache.cross {
                    let rows = grouped(cross.blocks.saturating_mul(self.kv_cache.tokens_per_block));
                    return format!(
                        "The KV cache holds {tokens} tokens and {rows} rows of encoders' outputs: {sequences} of {length}."
                    );
                }
                format!("The KV cache holds {tokens} tokens: {sequences} of {length}.")
            }
            Verdict::Fails { stage, short, rank } => {
                let place = if self.ranks.len() > 1 { format!(" on GPU {rank}") } else { String::new() };
                format!("It fails{place} when {}, {short} short.", stage.text())
            }
        }
    }

    /// One line below the verdict: what is taken, what is left, and how sure that is.
    pub fn detail(&self) -> String {
        let Some(rank) = self.tightest() else {
            return String::new();
        };
        let whose = if self.ranks.len() > 1 { format!("of GPU {}'s", rank.rank) } else { "of the GPU's".into() };
        let unit = giga();
        let size = |bytes: Bytes| grouped_decimal(bytes.giga(), 1);
        let total = size(rank.total);
        let off = |most: f64| match size(Bytes(most as u64)).as_str() {
            "0.0" => format!("less than 0.1 {unit}"),
            size => format!("± {size} {unit}"),
        };
        match &self.verdict {
            Verdict::Fits { room, .. } => {
                let (used, room) = (size(rank.used()), size(*room));
                let uncertainty = off(rank.free_band().widest());
                let cache = off(rank.figure(Contributor::KvCache).band().widest());
                format!(
                    "It takes {used} {whose} {total} {unit}; {room} {unit} stay free. Uncertain by {uncertainty}, and the KV cache by {cache}."
                )
            }
            Verdict::Fails { .. } => {
                let uncertainty = off(rank.uncertainty().0 as f64);
                let needed = size(rank.used() - rank.figure(Contributor::KvCache).bytes);
                format!("Without a KV cache it needs {needed} {whose} {total} {unit}. Uncertain by {uncertainty}.")
            }
        }
    }
}
