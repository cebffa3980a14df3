//! The tensors of an encoder, and of the attention to its output (`tensorrt_llm/models/enc_dec/model.py`).

use super::{EncoderTensors, Split, Tensor, TensorKind, matrix, norm, relative_bias, vector};
use crate::architecture::{Architecture, Attention, Encoder, Norm, Positions};

/// Taps of Whisper's convolutions.
const TAPS: u64 = 3;

/// The tensors of `model`'s encoder.
pub(super) fn tensors(model: &Architecture, encoder: &Encoder) -> EncoderTensors {
    EncoderTensors { ends: ends(model, encoder), layers: encoder.layers, layer: layer(model, encoder) }
}

fn ends(model: &Architecture, encoder: &Encoder) -> Vec<Tensor> {
    let hidden = model.hidden;
    let mut tensors = Vec::new();
    if encoder.hears() {
        let mut convolution = |[weight, bias]: [&'static str; 2], channels| {
            tensors.push(matrix(weight, TAPS * channels, hidden, TensorKind::Other, Split::Whole));
            tensors.push(vector(bias, hidden, TensorKind::Bias, Split::Whole));
        };
        convolution(["conv1.weight", "conv1.bias"], encoder.mels);
        convolution(["conv2.weight", "conv2.bias"], hidden);
    } else {
        let name = "embedding.vocab_embedding.weight";
        tensors.push(matrix(name, model.vocab, hidden, TensorKind::Embedding, Split::Vocabulary));
    }
    if encoder.positions > 0 {
        let name = "embedding.position_embedding.weight";
        tensors.push(matrix(name, encoder.positions, hidden, TensorKind::PositionEmbedding, Split::Whole));
    }
    if let Positions::Relative { buckets } = model.positions {
        tensors.push(relative_bias(buckets, encoder.heads));
    }
    if model.embedding_norm {
        tensors.extend(norm(
            model.norm,
            ["embedding.embedding_layernorm.weight", "embedding.embedding_layernorm.bias"],
            hidden,
        ));
    }
    if model.family.has_final_norm() {
        tensors.extend(norm(model.norm, ["final_layernorm.weight", "final_layernorm.bias"], hidden));
    }
    tensors
}

fn layer(model: &Architecture, encoder: &Encoder) -> Vec<Tensor> {
    const NORMS: [[&str; 2]; 2] =
        [["attention_layernorm.weight", "attention_layernorm.bias"], ["mlp_layernorm.weight", "mlp_layernorm.bias"]];
    let layer = Architecture {
        attention: Attention::Grouped { heads: encoder.heads, kv_heads: encoder.heads, head_dim: encoder.head_dim },
        encoder: None,
        norm: Norm::Plain,
        ..model.clone()
    };
    let mut tensors: Vec<Tensor> = NORMS.into_iter().flat_map(|names| norm(model.norm, names, model.hidden)).collect();
    super::attention(&layer, &mut tensors);
    // Its heads may be others than the decoder's, and none are shared, so that they divide as any outputs do.
    for tensor in tensors.iter_mut().filter(|tensor| tensor.split == Split::QueryKeyValue) {
        tensor.split = Split::Outputs;
    }
    super::feed_forward(model, &super::MLP, encoder.intermediate, &mut tensors);
    tensors
}

/// Queries come from the decoder's tokens, keys and values from the encoder's output, through one projection as in self-attention.
pub(super) fn cross_attention(model: &Architecture, tensors: &mut Vec<Tensor>) {
    let own = tensors.len();
    super::attention(model, tensors);
    for tensor in &mut tensors[own..] {
        tensor.name = match tensor.name {
            "attention.qkv.weight" => "cross_attention.qkv.weight",
            "attention.qkv.bias" => "cross_attention.qkv.bias",
            "attention.dense.weight" => "cross_attention.dense.weight",
            "attention.dense.bias" => "cross_attention.dense.bias",
            other => other,
        };
    }
}
