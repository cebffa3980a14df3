//! Weights for drafting inside the engine: Medusa's heads and EAGLE's layers. They are stored in
//! `dtype`.

use super::{INPUTS, OUTPUTS, local_shape};
use crate::architecture::TensorKind;
use crate::deployment::SpeculativeDecodingMode;
use crate::memory::inputs::Inputs;
use crate::memory::law::{Origin, Part, Symbol};
use crate::memory::number::Number;

static HEADS: Symbol = Symbol { text: "heads", meaning: "Medusa's heads", origin: Origin::Chosen("num_medusa_heads") };
static STEPS: Symbol = Symbol { text: "steps", meaning: "EAGLE's steps", origin: Origin::Chosen("num_eagle_layers") };

/// The draft weights of the last stage.
pub(super) fn of_mode<N: Number>(inputs: &Inputs<N>) -> Vec<N> {
    match inputs.resolved.given.engine.speculative_decoding_mode {
        SpeculativeDecodingMode::Medusa => vec![medusa(inputs)],
        SpeculativeDecodingMode::Eagle => vec![eagle(inputs)],
        _ => Vec::new(),
    }
}

/// Rows of the LM head on this rank.
fn vocabulary<N: Number>(inputs: &Inputs<N>) -> N {
    inputs.vocab() / inputs.ranks()
}

/// Medusa's heads. Each has a square layer with a bias and a projection to the vocabulary
/// (`tensorrt_llm/models/medusa/model.py`).
fn medusa<N: Number>(inputs: &Inputs<N>) -> N {
    let heads = N::symbol(&HEADS, inputs.resolved.engine.drafts.path_len as f64);
    let square = (inputs.hidden() + 1.0) * inputs.hidden() / inputs.ranks();
    let head = (square + inputs.hidden() * vocabulary(inputs)) * inputs.element();
    (heads * head).part(|| Part::bytes("Medusa's heads"))
}

/// EAGLE's steps. Each has an embedding, a projection of token and hidden state, layers like the
/// model's last ones, and an LM head (`tensorrt_llm/models/eagle/model.py` EagleNet).
fn eagle<N: Number>(inputs: &Inputs<N>) -> N {
    let resolved = inputs.resolved;
    let steps = N::symbol(&STEPS, resolved.engine.drafts.path_len as f64);
    let embedding = inputs.plain_vocab() * inputs.hidden();
    let projection = (inputs.hidden() * 2.0 + 1.0) * inputs.hidden() / inputs.ranks();
    let tensors = resolved.model.shared_tensors();
    let layer = tensors.groups.last().map_or(&[][..], |group| &group.tensors[..]);
    let linear = layer.iter().filter(|tensor| matches!(tensor.kind, TensorKind::Linear | TensorKind::LatentProjection));
    let layer = N::sum_of(linear.map(|tensor| {
        let (k, n, _) = local_shape(resolved, tensor);
        N::symbol(&INPUTS, k as f64) * N::symbol(&OUTPUTS, n as f64)
    }));
    let layer = layer.part(|| Part::count("values of a layer").symbol("layer"));
    let step = (embedding + projection + layer + inputs.hidden() * vocabulary(inputs)) * inputs.element();
    (steps * step).part(|| Part::bytes("EAGLE's layers"))
}
