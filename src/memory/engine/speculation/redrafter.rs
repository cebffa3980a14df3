//! ReDrafter: a recurrent drafter inside the engine (`runtime/explicitDraftTokensBuffers.cpp`,
//! `layers/explicitDraftTokensLayer.cpp`).

use super::mask_words;
use crate::memory::inputs::Inputs;
use crate::memory::law::Part;
use crate::memory::number::Number;

/// Tokens of all beams of a sequence, the root included.
fn beam_tokens<N: Number>(inputs: &Inputs<N>) -> N {
    inputs.paths() * (inputs.path() + 1.0)
}

/// Probabilities of every draft token of a sequence over the vocabulary.
fn probabilities<N: Number>(inputs: &Inputs<N>) -> N {
    inputs.element() * inputs.paths() * inputs.path() * inputs.runtime_vocab()
}

/// Drafts with their probabilities, both as input and as output of the engine, and masks and
/// positions.
pub(super) fn inputs<N: Number>(inputs: &Inputs<N>) -> N {
    let batch = || inputs.running_batch();
    let drafts = (batch() * probabilities(inputs) + batch() * beam_tokens(inputs) * 8.0) * 2.0;
    let masks = batch() * inputs.step() * (mask_words(inputs) + 5.0) * 4.0 + batch() * inputs.step() * inputs.step();
    let numbers = inputs.element() * batch() * inputs.paths() * inputs.path();
    let scalars = inputs.element() * batch() * 2.0 + batch() * 28.0 + 8.0;
    drafts.part(|| Part::bytes("drafts and their probabilities, in and out"))
        + (masks + numbers + scalars).part(|| Part::bytes("ReDrafter's masks and positions"))
}

/// Drafts with their probabilities, masks and positions of every slot, and the layer.
pub(super) fn decoder<N: Number>(inputs: &Inputs<N>) -> N {
    let slots = || inputs.slots();
    let drafts = slots() * probabilities(inputs) + slots() * beam_tokens(inputs) * 12.0;
    let numbers = inputs.element() * slots() * inputs.paths() * inputs.path();
    let masks = slots() * inputs.step() * (mask_words(inputs) + 1.0) * 4.0;
    let scalars = inputs.element() * slots() * 2.0 + slots() * 68.0 + 4.0;
    drafts.part(|| Part::bytes("drafts and their probabilities"))
        + (masks + numbers + scalars).part(|| Part::bytes("ReDrafter's masks and layer"))
}
