//! Decoder buffers, tensor by tensor: the sampler's state on the last pipeline stage.

mod beam_search;
mod sampling;

pub(super) use sampling::{SCALARS, TOP_K_BLOCKS, penalty_counts, top_k_scratch};

use super::speculation;
use crate::deployment::{Fact, Plan, Runtime};
use crate::memory::quantity::{Law, Number, Part};
use crate::memory::terms::Terms;

/// Alignment of scratch buffers (`calculateTotalWorkspaceSize`).
pub(super) const ALIGNMENT: f64 = 256.0;

/// The law that holds for a deployment's decoder buffers.
pub fn law(plan: &Plan) -> &'static Law {
    if plan.speculative_decoding_mode.predicts_draft_tokens() {
        &speculation::LAW
    } else if plan.max_beam_width > 1 {
        beam_search::law(plan)
    } else {
        &sampling::LAW
    }
}

/// Bytes of decoder buffers on a rank. Only the last pipeline stage samples; the others hold cache indirections at most.
/// A session has a decoder for each micro-batch, the executor one for all.
pub fn decoder_buffers<N: Number>(terms: &Terms<N>) -> N {
    let plan = terms.plan;
    let several = plan.runtime != Runtime::Executor && terms.batches.count > 1;
    let beams_differ = plan.max_beam_width > 1 && plan.version.has(Fact::DecoderKeepsAnotherRow);
    let indirection =
        plan.runtime == Runtime::Executor && (plan.version.has(Fact::DecoderHoldsCacheIndirection) || beams_differ);
    let sampler = terms.is_last_stage().then(|| {
        if several {
            sampler(terms).part(|| Part::bytes("decoder of a micro-batch")) * terms.micro_batches()
        } else {
            sampler(terms)
        }
    });
    let indirection = indirection.then(|| {
        (terms.slots() * terms.beam() * terms.window() * 8.0).part(|| Part::bytes("cache indirection, in and out"))
    });
    N::sum_of([sampler, indirection].into_iter().flatten())
}

/// The sampler's tensors.
fn sampler<N: Number>(terms: &Terms<N>) -> N {
    let plan = terms.plan;
    let beams = || terms.slots() * terms.beam();
    let row = || terms.slots() * terms.runtime_vocab();
    let logit = || speculation::decoder_logit(terms);
    let logits = if plan.speculative_decoding_mode.predicts_draft_tokens() {
        logit() * terms.slots() * terms.step() * terms.runtime_vocab()
    } else {
        logit() * beams() * terms.runtime_vocab()
    };
    let layers = speculation::decoder(terms)
        .unwrap_or_else(|| if plan.max_beam_width > 1 { beam_search::layers(terms) } else { sampling::layers(terms) });
    N::sum_of(
        [
            Some((beams() * terms.sequence() * 16.0).part(|| Part::bytes("ids, parent ids and log probabilities"))),
            Some((logit() * row()).part(|| Part::bytes("embedding bias"))),
            Some(logits.part(|| Part::bytes("logits of the sampler"))),
            Some(layers),
            plan.version.has(Fact::DecoderKeepsDraftLogits).then(|| {
                (row() * terms.step() * 4.0).part(|| Part::bytes("draft logits, kept without speculation too"))
            }),
            plan.version
                .has(Fact::DecoderKeepsAnotherRow)
                .then(|| (row() * 4.0).part(|| Part::bytes("another row of the vocabulary"))),
        ]
        .into_iter()
        .flatten(),
    )
}
