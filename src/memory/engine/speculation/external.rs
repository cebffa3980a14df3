//! Drafts of a separate engine, verified by this one (`layers/externalDraftTokensLayer.cpp`).

use crate::memory::engine::decoder_buffers::layout::{SCALARS, penalty_counts};
use crate::memory::inputs::Inputs;
use crate::memory::law::Part;
use crate::memory::number::Number;

/// Probabilities of drafts and target, the drafts' logits, and a sampler that sorts the whole
/// vocabulary.
///
/// The sort needs values and indices twice, and the temporary memory of CUB's segmented radix sort
/// (matches one public log).
pub(super) fn decoder<N: Number>(inputs: &Inputs<N>) -> N {
    let row = || inputs.slots() * inputs.runtime_vocab();
    let probabilities = inputs.logit() * inputs.slots() * inputs.step() * inputs.runtime_vocab() * 3.0;
    let target = inputs.logit() * row() + row() * 5.0;
    let sort = (inputs.logit() * row() + row() * 4.0) * 2.0 + row() * 4.0;
    penalty_counts(inputs)
        + probabilities.part(|| Part::bytes("probabilities of drafts and target, logits of drafts"))
        + target.part(|| Part::bytes("target logits, sampled ids and mask"))
        + sort.part(|| Part::bytes("scratch of top-p sampling"))
        + (inputs.slots() * SCALARS).part(|| Part::bytes("scalars of the slots"))
}
