//! Runtime buffers, tensor by tensor: what the C++ runtime allocates between the execution context and the decoder.

use super::{encoder, sessions, speculation};
use crate::deployment::{Fact, Plan, Runtime, SpeculativeDecodingMode};
use crate::memory::quantity::{Evidence, Law, Number, Part};
use crate::memory::terms::Terms;
use crate::told::told;

/// The law of the executor's runtime buffers.
static LAW: Law = Law {
    title: told("The tensors of the runtime, for the largest batch and sequence"),
    evidence: Evidence::Exact { logs: 8 },
    below: 0.001,
    above: 0.001,
    source: told(
        "cpp/tensorrt_llm/batch_manager: runtimeBuffers, transformerBuffers, decoderBuffers; runtime lines of eight public logs",
    ),
};

/// The law of models whose requests bring their own rotations.
static MROPE: Law = Law {
    title: told("The tensors of the runtime, with a table of rotations for each sequence"),
    evidence: Evidence::Source,
    below: 0.01,
    above: 0.01,
    source: told("cpp/tensorrt_llm/batch_manager/runtimeBuffers.cpp mropeRotaryCosSin"),
};

/// Steps whose logits are kept on the GPU where those of generated tokens are gathered (`GenerationLogitsCache::kCACHE_LENGTH`).
const GATHERED_STEPS: f64 = 8.0;

/// The law that holds for a deployment's runtime buffers.
pub fn law(plan: &Plan) -> &'static Law {
    match (plan.runtime, plan.speculative_decoding_mode) {
        (Runtime::GptSession | Runtime::PySession, _) => &sessions::LAW,
        (_, mode) if mode.predicts_draft_tokens() => &speculation::LAW,
        _ if plan.model.mrope => &MROPE,
        _ => &LAW,
    }
}

/// Bytes of runtime buffers on a rank.
pub fn runtime_buffers<N: Number>(terms: &Terms<N>) -> N {
    match terms.plan.runtime {
        Runtime::Executor => executor(terms),
        Runtime::GptSession | Runtime::PySession => sessions::runtime_buffers(terms),
    }
}

fn executor<N: Number>(terms: &Terms<N>) -> N {
    let version = terms.plan.version;
    let slots = || terms.slots() * terms.beam();
    let mut sets = set(terms);
    if terms.buffer_sets() > 1 {
        sets = sets.part(|| Part::bytes("buffers of a micro-batch")) * terms.sets();
    }
    let moved = version.has(Fact::DecoderHoldsCacheIndirection) || version.has(Fact::DecoderKeepsAnotherRow);
    let rewinds = terms.plan.speculative_decoding_mode.predicts_draft_tokens();
    let kept = version.has(Fact::BuffersKeepLogProbs);
    N::sum_of(
        [
            Some(sets),
            Some((terms.running_batch() * terms.micro_batches() * 8.0).part(|| Part::bytes("decoder inputs"))),
            (!moved).then(|| (slots() * terms.window() * 8.0).part(|| Part::bytes("cache indirection, in and out"))),
            kept.then(|| {
                (slots() * terms.sequence() * 4.0 + slots() * 8.0 + slots() * terms.step() * 4.0)
                    .part(|| Part::bytes("log probabilities"))
            }),
            (kept && rewinds).then(|| {
                (terms.slots() * 4.0 + terms.slots() * terms.path() * 4.0 + 4.0)
                    .part(|| Part::bytes("accepted lengths and paths"))
            }),
            Some(
                (slots() * terms.sequence() * 8.0 + slots() * 8.0)
                    .part(|| Part::bytes("output ids and log probabilities of each slot")),
            ),
        ]
        .into_iter()
        .flatten(),
    )
}

/// The buffers of a micro-batch.
fn set<N: Number>(terms: &Terms<N>) -> N {
    let plan = terms.plan;
    let batch = || terms.running_batch();
    let sequences = || batch() * terms.beam();
    // A sequence has a row of logits for each beam or for each token of a step, whichever are more.
    let rows = || batch() * if plan.max_draft_len >= plan.max_beam_width { terms.step() } else { terms.beam() };
    let mode = plan.speculative_decoding_mode;
    let samples = terms.is_last_stage();
    let gathers = samples && plan.gather_generation_logits && !mode.predicts_draft_tokens();
    let slots = if plan.version.has(Fact::RemapsSequenceSlots) { 8.0 } else { 4.0 };
    let copies = if plan.version.has(Fact::BatchesCacheIndirectionCopies) { 32.0 } else { 0.0 };
    N::sum_of(
        [
            // Without drafts the logits of a step are a slice of the gathered ones.
            (samples && !(gathers && mode == SpeculativeDecodingMode::None))
                .then(|| (logit(terms) * rows() * terms.runtime_vocab()).part(|| Part::bytes("logits"))),
            gathers.then(|| {
                let steps = || terms.logit() * terms.runtime_vocab() * GATHERED_STEPS;
                (steps() * sequences() + steps() * terms.beam() + 8.0 * GATHERED_STEPS)
                    .part(|| Part::bytes("logits of generated tokens, of eight steps"))
            }),
            terms
                .attends()
                .then(|| (sequences() * terms.window() * 4.0).part(|| Part::bytes("cache indirection of a step"))),
            Some((terms.running_tokens() * 4.0).part(|| Part::bytes("input ids"))),
            Some(
                (sequences() * 8.0 + rows() * 4.0 + batch() * (slots + copies))
                    .part(|| Part::bytes("lengths, last tokens and slots")),
            ),
            terms.has_stages().then(|| {
                (terms.element() * terms.running_tokens() * terms.hidden())
                    .part(|| Part::bytes("hidden states between stages"))
            }),
            (plan.max_prompt_embedding_table_size > 0).then(|| {
                (terms.element() * terms.prompt_rows() * terms.hidden() + 4.0).part(|| Part::bytes("prompt table"))
            }),
            plan.model.recurrence.map(|_| (batch() * 4.0).part(|| Part::bytes("slots of the recurrent states"))),
            encoder::inputs(terms),
            plan.model.mrope.then(|| rotations(terms)),
            speculation::inputs(terms),
        ]
        .into_iter()
        .flatten(),
    )
}

/// The rotations of every position in each sequence, and how far its positions are off (`mropeRotaryCosSin`,
/// `mropePositionDeltas`).
fn rotations<N: Number>(terms: &Terms<N>) -> N {
    let sequences = || terms.running_batch() * terms.beam();
    (sequences() * terms.positions() * terms.rotary_dim() * 4.0 + sequences() * 4.0)
        .part(|| Part::bytes("rotations of each sequence's positions"))
}

/// Bytes of a logit in the engine's output. ReDrafter's engine has none of that name, and the tensor that is still made is in 32 bit.
fn logit<N: Number>(terms: &Terms<N>) -> N {
    if terms.plan.speculative_decoding_mode == SpeculativeDecodingMode::ExplicitDraftTokens {
        N::literal(4.0)
    } else {
        terms.logit()
    }
}
