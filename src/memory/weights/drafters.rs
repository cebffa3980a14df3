//! The weights that draft inside the engine: Medusa's heads and EAGLE's layers. They stay in `dtype`.

use super::{INPUTS, OUTPUTS, local_shape};
use crate::architecture::TensorKind;
use crate::deployment::SpeculativeDecodingMode;
use crate::memory::quantity::{Number, Origin, Part, Symbol};
use crate::memory::terms::Terms;

static HEADS: Symbol = Symbol { text: "heads", meaning: "Medusa's heads", origin: Origin::Chosen("num_medusa_heads") };
static STEPS: Symbol = Symbol { text: "steps", meaning: "EAGLE's steps", origin: Origin::Chosen("num_eagle_layers") };

/// The drafting weights of the last stage.
pub(super) fn of_mode<N: Number>(terms: &Terms<N>) -> Vec<N> {
    match terms.plan.speculative_decoding_mode {
        SpeculativeDecodingMode::Medusa => vec![medusa(terms)],
        SpeculativeDecodingMode::Eagle => vec![eagle(terms)],
        _ => Vec::new(),
    }
}

/// Rows of the LM head on this rank.
fn vocabulary<N: Number>(terms: &Terms<N>) -> N {
    terms.vocab() / terms.ranks()
}

/// Each head has a square layer with a bias, and a projection to the vocabulary (`tensorrt_llm/models/medusa/model.py`).
fn medusa<N: Number>(terms: &Terms<N>) -> N {
    let heads = N::symbol(&HEADS, terms.plan.max_draft_path_len as f64);
    let square = (terms.hidden() + 1.0) * terms.hidden() / terms.ranks();
    let head = (square + terms.hidden() * vocabulary(terms)) * terms.element();
    (heads * head).part(|| Part::bytes("Medusa's heads"))
}

/// Each step has an embedding, a projection of token and hidden state, the layers of the last kind of the model's own, and an LM
/// head (`tensorrt_llm/models/eagle/model.py` EagleNet).
fn eagle<N: Number>(terms: &Terms<N>) -> N {
    let plan = terms.plan;
    let steps = N::symbol(&STEPS, plan.max_draft_path_len as f64);
    let embedding = terms.plain_vocab() * terms.hidden();
    let projection = (terms.hidden() * 2.0 + 1.0) * terms.hidden() / terms.ranks();
    let tensors = plan.model.shared_tensors();
    let layer = tensors.groups.last().map_or(&[][..], |group| &group.tensors[..]);
    let linear = layer.iter().filter(|tensor| matches!(tensor.kind, TensorKind::Linear | TensorKind::LatentProjection));
    let layer = N::sum_of(linear.map(|tensor| {
        let (inputs, outputs, _) = local_shape(plan, tensor);
        N::symbol(&INPUTS, inputs as f64) * N::symbol(&OUTPUTS, outputs as f64)
    }));
    let layer = layer.part(|| Part::count("values of a layer").symbol("layer"));
    let step = (embedding + projection + layer + terms.hidden() * vocabulary(terms)) * terms.element();
    (steps * step).part(|| Part::bytes("EAGLE's layers"))
}
