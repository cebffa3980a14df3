//! The overhead of the engine backend at the time when the KV cache is sized.

use super::encoder;
use crate::deployment::SpeculativeDecodingMode;
use crate::explanation_text::explanation_text;
use crate::memory::calibration::{ENCODER_ENGINE, ENGINE_LIBRARIES, PROFILE, PROFILE_SEQUENCE, SECOND_ENGINE, SLACK};
use crate::memory::inputs::Inputs;
use crate::memory::law::{Evidence, Law, Origin, Symbol};
use crate::memory::number::Number;
use crate::memory::overhead::{Cause, RankTopology, all_reduce_buffers, context, nccl, other_processes, sum};

/// The sum of all causes. Its band combines theirs.
pub(crate) static LAW: Law = Law {
    title: explanation_text("CUDA context, libraries and communication, as a sum of their causes"),
    evidence: Evidence::Fitted { on: explanation_text("sixteen cases in twelve public logs, all inside the band") },
    below: 0.25,
    above: 0.35,
    source: explanation_text(
        "total minus available minus the other lines of public logs; NCCL's sources; reports on the CUDA \
         context of eight cards",
    ),
};

/// The largest number of tokens of each optimization profile except the last one (`builder.py`
/// split_num_tokens_ranges).
const PROFILE_TOKENS: [u64; 5] = [64, 128, 256, 512, 1024];

/// Bytes of the engine backend's overhead at the time when the KV cache is sized.
pub fn overhead<N: Number>(inputs: &Inputs<N>, topology: RankTopology) -> Cause<N> {
    let mut causes = Vec::with_capacity(16);
    causes.push(context::own(inputs));
    causes.push(Cause::by(&ENGINE_LIBRARIES, "loaded code and library handles", ENGINE_LIBRARIES.number()));
    causes.push(Cause::by(&SLACK, "rounding to pages and pool slack", SLACK.number()));
    if inputs.resolved.world_size() > 1 {
        nccl::shared(inputs, topology, &mut causes);
        nccl::pairs(inputs, topology, &mut causes);
    }
    if let Some(workspace) = all_reduce_buffers(inputs) {
        causes.push(Cause::exact("custom all-reduce workspace", workspace));
    }
    causes.extend(profiles(inputs));
    // The same process runs the engine of the draft model.
    if inputs.resolved.given.engine.speculative_decoding_mode == SpeculativeDecodingMode::DraftTokensExternal {
        causes.push(Cause::by(&SECOND_ENGINE, "loaded code of the draft model's engine", SECOND_ENGINE.number()));
    }
    if let Some(buffers) = encoder::engine_buffers(inputs) {
        causes.push(Cause::exact("buffers of the encoder's engine", buffers));
        causes.push(Cause::by(&ENCODER_ENGINE, "loaded code of the encoder's engine", ENCODER_ENGINE.number()));
    }
    other_processes(inputs, topology, &mut causes);
    sum(causes)
}

/// The memory of optimization profiles after the first. Its cause is unknown.
fn profiles<N: Number>(inputs: &Inputs<N>) -> Option<Cause<N>> {
    static MORE: Symbol =
        Symbol { text: "profiles", meaning: "optimization profiles beside the first", origin: Origin::Derived };
    let more = PROFILE_TOKENS.iter().filter(|tokens| **tokens < inputs.resolved.limits.max_num_tokens).count();
    (inputs.resolved.given.engine.plugins.multiple_profiles && more > 0).then(|| {
        let each = PROFILE.number::<N>() + PROFILE_SEQUENCE.number::<N>() * inputs.batch();
        Cause::by(&PROFILE, "other optimization profiles", N::symbol(&MORE, more as f64) * each)
    })
}
