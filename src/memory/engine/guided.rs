//! Guided decoding: one bit per token of the vocabulary that a grammar allows
//! (`batch_manager/guidedDecoder.cpp`).

use crate::memory::inputs::Inputs;
use crate::memory::law::Part;
use crate::memory::number::Number;

/// Bytes of the masks and their pointers for all slots, on the last stage.
pub(super) fn masks<N: Number>(inputs: &Inputs<N>) -> Option<N> {
    (inputs.resolved.given.engine.guided_decoding && inputs.is_last_stage()).then(|| {
        let words = (inputs.runtime_vocab() / 32.0).ceil();
        (inputs.slots() * (words * 4.0 + 16.0)).part(|| Part::bytes("masks of guided decoding"))
    })
}
