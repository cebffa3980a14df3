//! Runtime buffers, tensor by tensor: the allocations of the C++ runtime between the execution
//! context and the decoder.

use super::{encoder, sessions, speculation};
use crate::deployment::{Behavior, Resolved, Runtime, SpeculativeDecodingMode};
use crate::explanation_text::explanation_text;
use crate::memory::inputs::Inputs;
use crate::memory::law::{Evidence, Law, Part};
use crate::memory::number::Number;
use crate::units::Bytes;

/// The executor's runtime buffers.
static LAW: Law = Law {
    title: explanation_text("The tensors of the runtime, for the largest batch and sequence"),
    evidence: Evidence::Exact { logs: 8 },
    below: 0.001,
    above: 0.001,
    source: explanation_text(
        "cpp/tensorrt_llm/batch_manager: runtimeBuffers, transformerBuffers, decoderBuffers; runtime lines of \
         eight public logs",
    ),
};

/// Models with M-RoPE, whose requests have their own rotations.
static MROPE: Law = Law {
    title: explanation_text("The tensors of the runtime, with a table of rotations for each sequence"),
    evidence: Evidence::Source,
    below: 0.01,
    above: 0.01,
    source: explanation_text("cpp/tensorrt_llm/batch_manager/runtimeBuffers.cpp mropeRotaryCosSin"),
};

/// Steps whose logits stay on the GPU if the logits of generated tokens are gathered
/// (`GenerationLogitsCache::kCACHE_LENGTH`).
const GATHERED_STEPS: f64 = 8.0;

/// The law of a deployment's runtime buffers.
pub(super) fn law(resolved: &Resolved) -> &'static Law {
    match (resolved.given.engine.runtime, resolved.given.engine.speculative_decoding_mode) {
        (Runtime::GptSession | Runtime::PySession, _) => &sessions::LAW,
        (_, mode) if mode.predicts_draft_tokens() => &speculation::LAW,
        _ if resolved.model.mrope => &MROPE,
        _ => &LAW,
    }
}

/// Bytes of runtime buffers on a rank.
pub(super) fn runtime_buffers<N: Number>(inputs: &Inputs<N>) -> N {
    match inputs.resolved.given.engine.runtime {
        Runtime::Executor => executor(inputs),
        Runtime::GptSession | Runtime::PySession => sessions::runtime_buffers(inputs),
    }
}

fn executor<N: Number>(inputs: &Inputs<N>) -> N {
    let version = inputs.resolved.version;
    let slots = || inputs.slots() * inputs.beam();
    let mut sets = set(inputs);
    if inputs.buffer_sets() > 1 {
        sets = (sets.part(|| Part::bytes("buffers of a micro-batch")) * inputs.sets())
            .part(|| Part::bytes("buffers of all micro-batches"));
    }
    let moved = version.has(Behavior::DecoderHoldsCacheIndirection) || version.has(Behavior::DecoderKeepsAnotherRow);
    let rewinds = inputs.resolved.given.engine.speculative_decoding_mode.predicts_draft_tokens();
    let kept = version.has(Behavior::BuffersKeepLogProbs);
    N::sum_of(
        [
            Some(sets),
            Some((inputs.running_batch() * inputs.micro_batches() * 8.0).part(|| Part::bytes("decoder inputs"))),
            (!moved).then(|| (slots() * inputs.window() * 8.0).part(|| Part::bytes("cache indirection, in and out"))),
            kept.then(|| {
                (slots() * inputs.sequence() * 4.0 + slots() * 8.0 + slots() * inputs.step() * 4.0)
                    .part(|| Part::bytes("log probabilities"))
            }),
            (kept && rewinds).then(|| {
                (inputs.slots() * 4.0 + inputs.slots() * inputs.path() * 4.0 + 4.0)
                    .part(|| Part::bytes("accepted lengths and paths"))
            }),
            Some(
                (slots() * inputs.sequence() * 8.0 + slots() * 8.0)
                    .part(|| Part::bytes("output ids and log probabilities of each slot")),
            ),
        ]
        .into_iter()
        .flatten(),
    )
}

/// The buffers of a micro-batch.
fn set<N: Number>(inputs: &Inputs<N>) -> N {
    let resolved = inputs.resolved;
    let batch = || inputs.running_batch();
    let sequences = || batch() * inputs.beam();
    // A sequence has a row of logits for each beam or for each token of a step, whichever is more.
    let rows = || {
        batch()
            * if resolved.engine.drafts.tokens >= resolved.limits.max_beam_width {
                inputs.step()
            } else {
                inputs.beam()
            }
    };
    let mode = resolved.given.engine.speculative_decoding_mode;
    let samples = inputs.is_last_stage();
    let gathers = samples && resolved.given.engine.gather_generation_logits && !mode.predicts_draft_tokens();
    let slots = if resolved.version.has(Behavior::RemapsSequenceSlots) { 8.0 } else { 4.0 };
    let copies = if resolved.version.has(Behavior::BatchesCacheIndirectionCopies) { 32.0 } else { 0.0 };
    N::sum_of(
        [
            // Without drafts, the logits of a step are a slice of the gathered ones.
            (samples && !(gathers && mode == SpeculativeDecodingMode::None))
                .then(|| (logit(inputs) * rows() * inputs.runtime_vocab()).part(|| Part::bytes("logits"))),
            gathers.then(|| {
                let steps = || inputs.logit() * inputs.runtime_vocab() * GATHERED_STEPS;
                (steps() * sequences() + steps() * inputs.beam() + 8.0 * GATHERED_STEPS)
                    .part(|| Part::bytes("logits of generated tokens, of eight steps"))
            }),
            inputs
                .attends()
                .then(|| (sequences() * inputs.window() * 4.0).part(|| Part::bytes("cache indirection of a step"))),
            Some((inputs.running_tokens() * 4.0).part(|| Part::bytes("input ids"))),
            Some(
                (sequences() * 8.0 + rows() * 4.0 + batch() * (slots + copies))
                    .part(|| Part::bytes("lengths, last tokens and slots")),
            ),
            inputs.has_stages().then(|| {
                (inputs.element() * inputs.running_tokens() * inputs.hidden())
                    .part(|| Part::bytes("hidden states between stages"))
            }),
            (resolved.given.engine.max_prompt_embedding_table_size > 0).then(|| {
                (inputs.element() * inputs.prompt_rows() * inputs.hidden() + 4.0).part(|| Part::bytes("prompt table"))
            }),
            resolved.model.recurrence.map(|_| (batch() * 4.0).part(|| Part::bytes("slots of the recurrent states"))),
            encoder::inputs(inputs),
            resolved.model.mrope.then(|| rotations(inputs)),
            speculation::inputs(inputs),
        ]
        .into_iter()
        .flatten(),
    )
}

/// Bytes of the M-RoPE rotation table of one beam of a sequence; `None` if the model has none.
pub(super) fn rotation_table(resolved: &Resolved) -> Option<Bytes> {
    let model = &resolved.model;
    let bytes = || model.max_position_embeddings.saturating_mul(model.rotary_dim()).saturating_mul(4);
    model.mrope.then(|| Bytes(bytes()))
}

/// The rotations of every position in each sequence, and the sequence's position offset
/// (`mropeRotaryCosSin`, `mropePositionDeltas`).
fn rotations<N: Number>(inputs: &Inputs<N>) -> N {
    let sequences = || inputs.running_batch() * inputs.beam();
    (sequences() * inputs.positions() * inputs.rotary_dim() * 4.0 + sequences() * 4.0)
        .part(|| Part::bytes("rotations of each sequence's positions"))
}

/// Bytes of a logit in the engine's output. ReDrafter's engine has no such output, but the runtime
/// still creates the tensor, in 32 bit.
fn logit<N: Number>(inputs: &Inputs<N>) -> N {
    if inputs.resolved.given.engine.speculative_decoding_mode == SpeculativeDecodingMode::ExplicitDraftTokens {
        N::literal(4.0)
    } else {
        inputs.logit()
    }
}
