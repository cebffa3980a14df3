//! Guided decoding: a bit for each token of the vocabulary that a grammar allows (`batch_manager/guidedDecoder.cpp`).

use crate::memory::quantity::{Number, Part};
use crate::memory::terms::Terms;

/// Bytes of the masks of all slots and their pointers, on the last stage.
pub fn masks<N: Number>(terms: &Terms<N>) -> Option<N> {
    (terms.plan.guided_decoding && terms.is_last_stage()).then(|| {
        let words = (terms.runtime_vocab() / 32.0).ceil();
        (terms.slots() * (words * 4.0 + 16.0)).part(|| Part::bytes("masks of guided decoding"))
    })
}
