//! The weights of an encoder's engine, and the weights that the decoder has because of it
//! (`tensorrt_llm/models/enc_dec/model.py`).

use super::tensor_bytes;
use crate::deployment::{Behavior, QuantAlgo};
use crate::memory::inputs::Inputs;
use crate::memory::law::Part;
use crate::memory::number::Number;

/// The encoder's engine; `None` if the model has no encoder.
pub(super) fn encoder<N: Number>(inputs: &Inputs<N>) -> Option<N> {
    inputs.resolved.model.encoder?;
    let tensors = inputs.resolved.model.shared_tensors().encoder.as_ref()?;
    let modules = &inputs.resolved.precision.modules;
    let ends = tensors.ends.iter().map(|tensor| tensor_bytes(inputs, tensor, 1, QuantAlgo::None));
    let layers = tensors.layer.iter().map(|tensor| {
        let stored_as = modules.of(tensor.block);
        tensor_bytes(inputs, tensor, tensors.layers, stored_as)
    });
    Some(N::sum_of(ends.chain(layers)).part(|| Part::bytes("the encoder's engine")))
}

/// The relative bias of every distance. It is computed during the build and stored once for all
/// layers (`DecoderModel.precompute_relative_attention_bias`).
pub(super) fn relative_bias<N: Number>(inputs: &Inputs<N>) -> N {
    let distances = || inputs.sequence() + 1.0;
    (inputs.heads() * distances() * distances() * inputs.element())
        .part(|| Part::bytes("relative bias of every pair of positions"))
}

/// The projection to cross attention's keys and values, in addition to the one that also yields
/// queries (`optimize_cross_qkv`). Only plain and FP8 linear layers without LoRA have it.
pub(super) fn cross_keys<N: Number>(inputs: &Inputs<N>) -> Option<N> {
    let resolved = inputs.resolved;
    (projects_cross_keys_alone(inputs) && resolved.model.encoder.is_some()).then(|| {
        let element = if resolved.precision.quant_algo == QuantAlgo::Fp8 { N::literal(1.0) } else { inputs.element() };
        let columns = inputs.kv_heads() * inputs.head_dim() * 2.0;
        (inputs.hidden() * columns * inputs.attention_layers() * element)
            .part(|| Part::bytes("cross_attention.kv.weight, a second copy"))
    })
}

/// Whether the decoder projects the encoder's output to keys and values only.
pub(crate) fn projects_cross_keys_alone<N>(inputs: &Inputs<N>) -> bool {
    let resolved = inputs.resolved;
    matches!(resolved.precision.quant_algo, QuantAlgo::None | QuantAlgo::Fp8)
        && resolved.given.engine.max_lora_rank == 0
        && resolved.version.has(Behavior::ProjectsCrossKeysAlone)
}
