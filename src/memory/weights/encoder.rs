//! The weights of an encoder's engine, and what a decoder holds for its sake (`tensorrt_llm/models/enc_dec/model.py`).

use super::tensor_bytes;
use crate::deployment::{Fact, QuantAlgo};
use crate::memory::quantity::{Number, Part};
use crate::memory::terms::Terms;

/// The encoder's engine, where there is one.
pub(super) fn encoder<N: Number>(terms: &Terms<N>) -> Option<N> {
    terms.plan.model.encoder?;
    let tensors = terms.plan.model.shared_tensors().encoder.as_ref()?;
    let ends = tensors.ends.iter().map(|tensor| tensor_bytes(terms, tensor, 1));
    let layers = tensors.layer.iter().map(|tensor| tensor_bytes(terms, tensor, tensors.layers));
    Some(N::sum_of(ends.chain(layers)).part(|| Part::bytes("the encoder's engine")))
}

/// The relative bias of every distance, computed when the engine is built and stored once for all layers
/// (`DecoderModel.precompute_relative_attention_bias`).
pub(super) fn relative_bias<N: Number>(terms: &Terms<N>) -> N {
    let distances = || terms.sequence() + 1.0;
    (terms.heads() * distances() * distances() * terms.element())
        .part(|| Part::bytes("relative bias of every pair of positions"))
}

/// The projection of cross attention's keys and values beside the one that also yields queries (`optimize_cross_qkv`), which
/// only plain and FP8 linear layers have, without LoRA.
pub(super) fn cross_keys<N: Number>(terms: &Terms<N>) -> Option<N> {
    let plan = terms.plan;
    (projects_cross_keys_alone(terms) && plan.model.encoder.is_some()).then(|| {
        let element = if plan.quant_algo == QuantAlgo::Fp8 { N::literal(1.0) } else { terms.element() };
        let columns = terms.kv_heads() * terms.head_dim() * 2.0;
        (terms.hidden() * columns * terms.attention_layers() * element)
            .part(|| Part::bytes("cross_attention.kv.weight, a second copy"))
    })
}

/// Whether the decoder projects the encoder's output to keys and values only.
pub fn projects_cross_keys_alone<N>(terms: &Terms<N>) -> bool {
    let plan = terms.plan;
    matches!(plan.quant_algo, QuantAlgo::None | QuantAlgo::Fp8)
        && plan.max_lora_rank == 0
        && plan.version.has(Fact::ProjectsCrossKeysAlone)
}
