//! What is neither weights, activations, buffers nor KV cache: CUDA context, loaded code, communication, other processes.
//!
//! No log line counts it. It is a list of causes, each with its own band; both the figure and its band are made of that list.
//! The causes are shared by the engine flow ([`overhead`]) and the PyTorch backend ([`crate::memory::pytorch::overhead`]).

pub(super) mod context;
pub(super) mod nccl;
mod notes;
pub(super) mod topology;
mod workspace;

pub use context::context;
pub use nccl::{Position, communicator};
pub use notes::notes;
pub use topology::{RankTopology, Topology};
pub use workspace::{all_reduce_buffers, fusion_workspace};

use crate::deployment::{Resolved, SpeculativeDecodingMode};
use crate::explanation_text::explanation_text;
use crate::memory::band::Band;
use crate::memory::calibration::{
    Constant, ENCODER_ENGINE, ENGINE_LIBRARIES, PROFILE, PROFILE_SEQUENCE, SECOND_ENGINE, SLACK,
};
use crate::memory::engine::encoder;
use crate::memory::inputs::Inputs;
use crate::memory::number::{Evidence, Law, Number, Origin, Part, Symbol};
use crate::units::Bytes;

/// The sum of all causes. Its band is made of theirs.
pub static LAW: Law = Law {
    title: explanation_text("CUDA context, libraries and communication, as a sum of their causes"),
    evidence: Evidence::Fitted { on: explanation_text("sixteen cases in twelve public logs, all inside the band") },
    below: 0.25,
    above: 0.35,
    source: explanation_text(
        "total minus available minus the other lines of public logs; NCCL's sources; reports on the CUDA context of eight cards",
    ),
};

/// What a log leaves.
pub static MEASURED: Law = Law {
    title: explanation_text("What the free memory that you gave leaves beside the other figures"),
    evidence: Evidence::Given,
    below: 0.0,
    above: 0.0,
    source: explanation_text("free_memory_gib"),
};

/// Largest numbers of tokens of the optimization profiles but the last (`builder.py` split_num_tokens_ranges).
const PROFILE_TOKENS: [u64; 5] = [64, 128, 256, 512, 1024];

/// One reason why memory is taken, and how far off it may be, whatever the others are.
#[derive(Debug, Clone, PartialEq)]
pub struct Cause<N> {
    /// Its likely size, as a named part.
    pub bytes: N,
    /// How far off that may be.
    pub band: Band,
}

impl<N: Number> Cause<N> {
    /// A cause whose size may lie `below` or `above` the likely one by so many bytes.
    pub fn new(label: &'static str, bytes: N, below: f64, above: f64) -> Cause<N> {
        let band = Band { below, above };
        Cause { bytes: bytes.part(|| Part::bytes(label).band(band)), band }
    }

    /// A cause of an exact size.
    pub fn exact(label: &'static str, bytes: N) -> Cause<N> {
        Cause::new(label, bytes, 0.0, 0.0)
    }

    /// A cause that is as uncertain as `constant`, which it is proportional to.
    pub fn by(constant: &Constant, label: &'static str, bytes: N) -> Cause<N> {
        let value = bytes.value();
        Cause::new(label, bytes, value * constant.below(), value * constant.above())
    }

    /// A cause that is probably absent, and takes `most` bytes otherwise.
    pub fn perhaps(label: &'static str, most: f64) -> Cause<N> {
        Cause::new(label, N::literal(0.0), 0.0, most)
    }
}

/// The sum of `causes`, which are independent of each other, and its band.
pub fn sum<N: Number>(causes: Vec<Cause<N>>) -> Cause<N> {
    let band = Band::of_sum(causes.iter().map(|cause| cause.band));
    Cause { bytes: N::sum_of(causes.into_iter().map(|cause| cause.bytes)), band }
}

/// Bytes of the engine flow's overhead when the KV cache is sized.
pub fn overhead<N: Number>(inputs: &Inputs<N>, place: RankTopology) -> Cause<N> {
    let mut causes = Vec::with_capacity(16);
    causes.push(context::own(inputs));
    causes.push(Cause::by(&ENGINE_LIBRARIES, "loaded code and library handles", ENGINE_LIBRARIES.number()));
    causes.push(Cause::by(&SLACK, "rounding to pages and pool slack", SLACK.number()));
    if inputs.resolved.world_size() > 1 {
        nccl::shared(inputs, place, &mut causes);
        nccl::pairs(inputs, place, &mut causes);
    }
    if let Some(workspace) = all_reduce_buffers(inputs) {
        causes.push(Cause::exact("custom all-reduce workspace", workspace));
    }
    causes.extend(profiles(inputs));
    // The draft model's engine, which the same process runs.
    if inputs.resolved.given.engine.speculative_decoding_mode == SpeculativeDecodingMode::DraftTokensExternal {
        causes.push(Cause::by(&SECOND_ENGINE, "loaded code of the draft model's engine", SECOND_ENGINE.number()));
    }
    if let Some(buffers) = encoder::engine_buffers(inputs) {
        causes.push(Cause::exact("buffers of the encoder's engine", buffers));
        causes.push(Cause::by(&ENCODER_ENGINE, "loaded code of the encoder's engine", ENCODER_ENGINE.number()));
    }
    topology::other_processes(inputs, place, &mut causes);
    sum(causes)
}

/// What optimization profiles beside the first take. Why they do isn't known.
fn profiles<N: Number>(inputs: &Inputs<N>) -> Option<Cause<N>> {
    static MORE: Symbol =
        Symbol { text: "profiles", meaning: "optimization profiles beside the first", origin: Origin::Derived };
    let more = PROFILE_TOKENS.iter().filter(|tokens| **tokens < inputs.resolved.limits.max_num_tokens).count();
    (inputs.resolved.given.engine.plugins.multiple_profiles && more > 0).then(|| {
        let each = PROFILE.number::<N>() + PROFILE_SEQUENCE.number::<N>() * inputs.batch();
        Cause::by(&PROFILE, "other optimization profiles", N::symbol(&MORE, more as f64) * each)
    })
}

/// Half a unit of the last digit that logs print of the free memory: a hundredth of a GiB.
const PRINTED_GIB: f64 = 0.005;

/// Bytes of overhead that the free memory of a log leaves beside the predicted parts, known as badly as they are.
pub fn measured<N: Number>(inputs: &Inputs<N>, free: Bytes, predicted: &[N; 4], band: Band) -> Cause<N> {
    static FREE: Symbol =
        Symbol { text: "free", meaning: "free memory that a log printed", origin: Origin::Chosen("free_memory_gib") };
    let left = inputs.total() - N::symbol(&FREE, free.0 as f64) - N::sum_of(predicted.clone());
    let bytes = left.max(N::literal(0.0));
    let below = band.above.min(bytes.value());
    Cause { bytes, band: Band { below, above: band.below } }
}

/// How far off the memory that is left for the KV cache may be: by the parts that come before it, and by the total, which depends
/// on the driver where nobody gave it.
pub fn available_band(resolved: &Resolved, predicted: Band, overhead: Band) -> Band {
    if resolved.machine.free_memory.is_some() {
        let printed = Bytes::from_gib(PRINTED_GIB).0 as f64;
        return Band { below: printed, above: printed };
    }
    let total = if resolved.machine.gpu_memory == resolved.gpu.memory {
        let (low, high) = (resolved.gpu.memory_low, resolved.gpu.memory_high);
        Band {
            below: (resolved.machine.gpu_memory - low).0 as f64,
            above: (high - resolved.machine.gpu_memory).0 as f64,
        }
    } else {
        Band::EXACT
    };
    Band::of_sum([predicted.of_rest(), overhead.of_rest(), total])
}
