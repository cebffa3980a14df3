//! Lookahead decoding: n-grams from the sequence itself (`runtime/lookaheadBuffers.cpp`,
//! `layers/lookaheadDecodingLayer.cpp`). The algorithm runs on the CPU.

use super::mask_words;
use crate::memory::engine::decoder_buffers::layout::{ALIGNMENT, TOP_K_BLOCKS};
use crate::memory::inputs::Inputs;
use crate::memory::law::Part;
use crate::memory::number::Number;

/// Masks, lengths and positions of `sequences`.
fn masks<N: Number>(inputs: &Inputs<N>, sequences: impl Fn() -> N) -> N {
    let tokens = || sequences() * inputs.step();
    (tokens() * mask_words(inputs) * 4.0 + sequences() * 4.0 + tokens() * 8.0)
        .part(|| Part::bytes("lookahead's masks and positions"))
}

/// Masks, lengths and positions of a batch.
pub(super) fn inputs<N: Number>(inputs: &Inputs<N>) -> N {
    masks(inputs, || inputs.running_batch())
}

/// Masks, lengths and positions of every slot, and the layer, which samples the most likely token
/// of each row.
pub(super) fn decoder<N: Number>(inputs: &Inputs<N>) -> N {
    let tokens = || inputs.slots() * inputs.step();
    let layer = (tokens() * 4.0 + inputs.slots() * 48.0).part(|| Part::bytes("lookahead's layer"));
    let scratch = (inputs.logit() * tokens() * inputs.runtime_vocab()).round_up(ALIGNMENT)
        + (tokens() * (4.0 * TOP_K_BLOCKS)).round_up(ALIGNMENT)
        + (inputs.logit() * tokens() * TOP_K_BLOCKS).round_up(ALIGNMENT);
    masks(inputs, || inputs.slots()) + layer + scratch.part(|| Part::bytes("scratch of top-k sampling"))
}
