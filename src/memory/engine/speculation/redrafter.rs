//! ReDrafter: a recurrent drafter inside the engine (`runtime/explicitDraftTokensBuffers.cpp`,
//! `layers/explicitDraftTokensLayer.cpp`).

use super::mask_words;
use crate::memory::quantity::{Number, Part};
use crate::memory::terms::Terms;

/// Tokens of all beams of a sequence, the root included.
fn beam_tokens<N: Number>(terms: &Terms<N>) -> N {
    terms.paths() * (terms.path() + 1.0)
}

/// Probabilities of every draft token of a sequence over the vocabulary.
fn probabilities<N: Number>(terms: &Terms<N>) -> N {
    terms.element() * terms.paths() * terms.path() * terms.runtime_vocab()
}

/// Drafts and their probabilities, once as the engine's input and once as its output, masks and positions.
pub fn inputs<N: Number>(terms: &Terms<N>) -> N {
    let batch = || terms.running_batch();
    let drafts = (batch() * probabilities(terms) + batch() * beam_tokens(terms) * 8.0) * 2.0;
    let masks = batch() * terms.step() * (mask_words(terms) + 5.0) * 4.0 + batch() * terms.step() * terms.step();
    let numbers = terms.element() * batch() * terms.paths() * terms.path();
    let scalars = terms.element() * batch() * 2.0 + batch() * 28.0 + 8.0;
    drafts.part(|| Part::bytes("drafts and their probabilities, in and out"))
        + (masks + numbers + scalars).part(|| Part::bytes("ReDrafter's masks and positions"))
}

/// The same of every slot, and the layer.
pub fn decoder<N: Number>(terms: &Terms<N>) -> N {
    let slots = || terms.slots();
    let drafts = slots() * probabilities(terms) + slots() * beam_tokens(terms) * 12.0;
    let numbers = terms.element() * slots() * terms.paths() * terms.path();
    let masks = slots() * terms.step() * (mask_words(terms) + 1.0) * 4.0;
    let scalars = terms.element() * slots() * 2.0 + slots() * 68.0 + 4.0;
    drafts.part(|| Part::bytes("drafts and their probabilities"))
        + (masks + numbers + scalars).part(|| Part::bytes("ReDrafter's masks and layer"))
}
