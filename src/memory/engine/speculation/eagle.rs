//! EAGLE: layers inside the engine that draft a tree (`runtime/eagleBuffers.cpp`,
//! `layers/eagleDecodingLayer.cpp`).

use super::mask_words;
use crate::deployment::Behavior;
use crate::memory::inputs::Inputs;
use crate::memory::law::Part;
use crate::memory::number::Number;

/// Tokens of all draft paths of a sequence, the root included.
fn path_tokens<N: Number>(inputs: &Inputs<N>) -> N {
    inputs.paths() * (inputs.path() + 1.0)
}

/// The tensors of dynamic trees (EAGLE-2). They are also allocated for static trees.
fn dynamic_trees<N: Number>(inputs: &Inputs<N>, sequences: impl Fn() -> N) -> Option<N> {
    let has = inputs.resolved.version.has(Behavior::EagleHasDynamicTrees);
    has.then(|| {
        (sequences() * inputs.drafts() * 8.0 + sequences() * inputs.path() * inputs.drafts() * inputs.drafts() * 12.0)
            .part(|| Part::bytes("EAGLE's dynamic trees"))
    })
}

/// Drafts, paths, masks and positions of a batch, as inputs and outputs.
pub(super) fn inputs<N: Number>(inputs: &Inputs<N>) -> N {
    let batch = || inputs.running_batch();
    let drafts = batch() * inputs.drafts() * 4.0 + batch() * path_tokens(inputs) * 12.0;
    let accepted = batch() * (inputs.path() + 1.0) * 4.0 + batch() * 48.0 + 8.0;
    let masks = batch() * inputs.step() * (mask_words(inputs) + 2.0) * 4.0;
    let paths = (drafts + accepted).part(|| Part::bytes("EAGLE's drafts and paths"));
    N::sum_of(
        [Some(paths), Some(masks.part(|| Part::bytes("EAGLE's masks and positions"))), dynamic_trees(inputs, batch)]
            .into_iter()
            .flatten(),
    )
}

/// Drafts, paths, masks and positions of every slot, and the layer.
pub(super) fn decoder<N: Number>(inputs: &Inputs<N>) -> N {
    let slots = || inputs.slots();
    let drafts = slots() * inputs.drafts() * 4.0 + slots() * path_tokens(inputs) * 4.0;
    let masks = slots() * inputs.step() * (mask_words(inputs) + 2.0) * 4.0;
    N::sum_of(
        [
            Some(drafts.part(|| Part::bytes("EAGLE's drafts and paths"))),
            Some(masks.part(|| Part::bytes("EAGLE's masks and positions"))),
            Some((slots() * 96.0).part(|| Part::bytes("EAGLE's layer"))),
            dynamic_trees(inputs, slots),
        ]
        .into_iter()
        .flatten(),
    )
}
