//! Medusa: heads that each predict one token further (`batch_manager/medusaBuffers.cpp`, `layers/medusaDecodingLayer.cpp`).

use crate::memory::engine::decoder_buffers::top_k_scratch;
use crate::memory::quantity::{Number, Part};
use crate::memory::terms::Terms;

/// The logits of all heads, the tree and its mask. The mask counts words of draft tokens, not of all tokens of a step.
pub fn inputs<N: Number>(terms: &Terms<N>) -> N {
    let batch = || terms.running_batch();
    let tokens = || batch() * terms.step();
    let logits = terms.logit() * terms.path() * tokens() * terms.runtime_vocab();
    let words = (terms.drafts() / 32.0).ceil().part(|| Part::count("words of a mask").symbol("m"));
    let tree = batch() * 4.0
        + tokens() * words * 4.0
        + tokens() * 4.0
        + batch() * terms.drafts() * 4.0
        + tokens() * (terms.path() + 1.0) * 4.0;
    logits.part(|| Part::bytes("logits of Medusa's heads")) + tree.part(|| Part::bytes("Medusa's tree and masks"))
}

/// Paths, tree, states of the random generators and the scratch of top-k sampling over all tokens of a step.
pub fn decoder<N: Number>(terms: &Terms<N>) -> N {
    let slots = || terms.slots();
    let tokens = || slots() * terms.step();
    let tree = tokens() * (terms.path() + 1.0) * 4.0 + slots() * terms.drafts() * 4.0 + slots() * 8.0;
    let layer = slots() * 56.0 + tokens() * 8.0 + slots() * terms.path() * 68.0;
    (tree + layer).part(|| Part::bytes("Medusa's tree and layer")) + top_k_scratch(terms, tokens())
}
