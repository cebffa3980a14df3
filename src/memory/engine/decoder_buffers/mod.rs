//! Decoder buffers, tensor by tensor: the sampler's state on the last pipeline stage.

mod beam_search;
pub(super) mod layout;
mod sampling;

use super::speculation;
use crate::deployment::{Behavior, Resolved, Runtime};
use crate::memory::inputs::Inputs;
use crate::memory::law::{Law, Part};
use crate::memory::number::Number;

/// The law of a deployment's decoder buffers.
pub(super) fn law(resolved: &Resolved) -> &'static Law {
    if resolved.given.engine.speculative_decoding_mode.predicts_draft_tokens() {
        &speculation::LAW
    } else if resolved.limits.max_beam_width > 1 {
        beam_search::law(resolved)
    } else {
        &sampling::LAW
    }
}

/// Bytes of decoder buffers on a rank.
///
/// Only the last pipeline stage samples; other stages hold at most cache indirections. A session
/// has a decoder for each micro-batch, the executor one for all.
pub(super) fn decoder_buffers<N: Number>(inputs: &Inputs<N>) -> N {
    let resolved = inputs.resolved;
    let several = resolved.given.engine.runtime != Runtime::Executor && inputs.batches.count > 1;
    let beams_differ = resolved.limits.max_beam_width > 1 && resolved.version.has(Behavior::DecoderKeepsAnotherRow);
    let indirection = resolved.given.engine.runtime == Runtime::Executor
        && (resolved.version.has(Behavior::DecoderHoldsCacheIndirection) || beams_differ);
    let sampler = inputs.is_last_stage().then(|| {
        if several {
            (sampler(inputs).part(|| Part::bytes("decoder of a micro-batch")) * inputs.micro_batches())
                .part(|| Part::bytes("decoders of all micro-batches"))
        } else {
            sampler(inputs)
        }
    });
    let indirection = indirection.then(|| {
        (inputs.slots() * inputs.beam() * inputs.window() * 8.0).part(|| Part::bytes("cache indirection, in and out"))
    });
    N::sum_of([sampler, indirection].into_iter().flatten())
}

/// The sampler's tensors.
fn sampler<N: Number>(inputs: &Inputs<N>) -> N {
    let resolved = inputs.resolved;
    let beams = || inputs.slots() * inputs.beam();
    let row = || inputs.slots() * inputs.runtime_vocab();
    let logit = || speculation::decoder_logit(inputs);
    let logits = if resolved.given.engine.speculative_decoding_mode.predicts_draft_tokens() {
        logit() * inputs.slots() * inputs.step() * inputs.runtime_vocab()
    } else {
        logit() * beams() * inputs.runtime_vocab()
    };
    let layers = speculation::decoder(inputs).unwrap_or_else(|| {
        if resolved.limits.max_beam_width > 1 { beam_search::layers(inputs) } else { sampling::layers(inputs) }
    });
    N::sum_of(
        [
            Some((beams() * inputs.sequence() * 16.0).part(|| Part::bytes("ids, parent ids and log probabilities"))),
            Some((logit() * row()).part(|| Part::bytes("embedding bias"))),
            Some(logits.part(|| Part::bytes("logits of the sampler"))),
            Some(layers),
            resolved.version.has(Behavior::DecoderKeepsDraftLogits).then(|| {
                (row() * inputs.step() * 4.0).part(|| Part::bytes("draft logits, kept without speculation too"))
            }),
            resolved
                .version
                .has(Behavior::DecoderKeepsAnotherRow)
                .then(|| (row() * 4.0).part(|| Part::bytes("another row of the vocabulary"))),
        ]
        .into_iter()
        .flatten(),
    )
}
