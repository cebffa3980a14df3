//! Medusa: heads that each predict one further token (`batch_manager/medusaBuffers.cpp`,
//! `layers/medusaDecodingLayer.cpp`).

use crate::memory::engine::decoder_buffers::layout::top_k_scratch;
use crate::memory::inputs::Inputs;
use crate::memory::law::Part;
use crate::memory::number::Number;

/// The logits of all heads, the tree and its mask. The mask has bits for draft tokens only, not for
/// all tokens of a step.
pub(super) fn inputs<N: Number>(inputs: &Inputs<N>) -> N {
    let batch = || inputs.running_batch();
    let tokens = || batch() * inputs.step();
    let logits = inputs.logit() * inputs.path() * tokens() * inputs.runtime_vocab();
    let words = (inputs.drafts() / 32.0).ceil().part(|| Part::count("words of a mask").symbol("m"));
    let tree = batch() * 4.0
        + tokens() * words * 4.0
        + tokens() * 4.0
        + batch() * inputs.drafts() * 4.0
        + tokens() * (inputs.path() + 1.0) * 4.0;
    logits.part(|| Part::bytes("logits of Medusa's heads")) + tree.part(|| Part::bytes("Medusa's tree and masks"))
}

/// Paths, tree, states of the random generators, and the scratch of top-k sampling over all tokens
/// of a step.
pub(super) fn decoder<N: Number>(inputs: &Inputs<N>) -> N {
    let slots = || inputs.slots();
    let tokens = || slots() * inputs.step();
    let tree = tokens() * (inputs.path() + 1.0) * 4.0 + slots() * inputs.drafts() * 4.0 + slots() * 8.0;
    let layer = slots() * 56.0 + tokens() * 8.0 + slots() * inputs.path() * 68.0;
    (tree + layer).part(|| Part::bytes("Medusa's tree and layer")) + top_k_scratch(inputs, tokens())
}
