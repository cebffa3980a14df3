//! Lookahead decoding: n-grams of the sequence itself (`runtime/lookaheadBuffers.cpp`, `layers/lookaheadDecodingLayer.cpp`).
//! The algorithm itself runs on the CPU.

use super::mask_words;
use crate::memory::engine::decoder_buffers::{ALIGNMENT, TOP_K_BLOCKS};
use crate::memory::quantity::{Number, Part};
use crate::memory::terms::Terms;

/// Masks, lengths and positions of `sequences`.
fn masks<N: Number>(terms: &Terms<N>, sequences: impl Fn() -> N) -> N {
    let tokens = || sequences() * terms.step();
    (tokens() * mask_words(terms) * 4.0 + sequences() * 4.0 + tokens() * 8.0)
        .part(|| Part::bytes("lookahead's masks and positions"))
}

/// Masks, lengths and positions of a batch.
pub fn inputs<N: Number>(terms: &Terms<N>) -> N {
    masks(terms, || terms.running_batch())
}

/// The same of every slot, and the layer, which samples the likeliest token of each row.
pub fn decoder<N: Number>(terms: &Terms<N>) -> N {
    let tokens = || terms.slots() * terms.step();
    let layer = (tokens() * 4.0 + terms.slots() * 48.0).part(|| Part::bytes("lookahead's layer"));
    let scratch = (terms.logit() * tokens() * terms.runtime_vocab()).round_up(ALIGNMENT)
        + (tokens() * (4.0 * TOP_K_BLOCKS)).round_up(ALIGNMENT)
        + (terms.logit() * tokens() * TOP_K_BLOCKS).round_up(ALIGNMENT);
    masks(terms, || terms.slots()) + layer + scratch.part(|| Part::bytes("scratch of top-k sampling"))
}
