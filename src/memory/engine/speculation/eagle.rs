//! EAGLE: layers that draft a tree inside the engine (`runtime/eagleBuffers.cpp`, `layers/eagleDecodingLayer.cpp`).

use super::mask_words;
use crate::deployment::Fact;
use crate::memory::quantity::{Number, Part};
use crate::memory::terms::Terms;

/// Tokens of all draft paths of a sequence, the root included.
fn path_tokens<N: Number>(terms: &Terms<N>) -> N {
    terms.paths() * (terms.path() + 1.0)
}

/// The tensors of dynamic trees (EAGLE-2), which static trees have too.
fn dynamic_trees<N: Number>(terms: &Terms<N>, sequences: impl Fn() -> N) -> Option<N> {
    let has = terms.plan.version.has(Fact::EagleHasDynamicTrees);
    has.then(|| {
        (sequences() * terms.drafts() * 8.0 + sequences() * terms.path() * terms.drafts() * terms.drafts() * 12.0)
            .part(|| Part::bytes("EAGLE's dynamic trees"))
    })
}

/// Drafts, paths, masks and positions of a batch, in and out.
pub fn inputs<N: Number>(terms: &Terms<N>) -> N {
    let batch = || terms.running_batch();
    let drafts = batch() * terms.drafts() * 4.0 + batch() * path_tokens(terms) * 12.0;
    let accepted = batch() * (terms.path() + 1.0) * 4.0 + batch() * 48.0 + 8.0;
    let masks = batch() * terms.step() * (mask_words(terms) + 2.0) * 4.0;
    let paths = (drafts + accepted).part(|| Part::bytes("EAGLE's drafts and paths"));
    N::sum_of(
        [Some(paths), Some(masks.part(|| Part::bytes("EAGLE's masks and positions"))), dynamic_trees(terms, batch)]
            .into_iter()
            .flatten(),
    )
}

/// The same of every slot, and the layer.
pub fn decoder<N: Number>(terms: &Terms<N>) -> N {
    let slots = || terms.slots();
    let drafts = slots() * terms.drafts() * 4.0 + slots() * path_tokens(terms) * 4.0;
    let masks = slots() * terms.step() * (mask_words(terms) + 2.0) * 4.0;
    N::sum_of(
        [
            Some(drafts.part(|| Part::bytes("EAGLE's drafts and paths"))),
            Some(masks.part(|| Part::bytes("EAGLE's masks and positions"))),
            Some((slots() * 96.0).part(|| Part::bytes("EAGLE's layer"))),
            dynamic_trees(terms, slots),
        ]
        .into_iter()
        .flatten(),
    )
}
