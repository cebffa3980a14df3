//! The tensors of an encoder, and of the attention to its output
//! (`tensorrt_llm/models/enc_dec/model.py`).

use super::{ATTENTION, EncoderTensors, List, MLP, Split, Tensor, TensorKind, attention, feed_forward};
use crate::architecture::{Architecture, Attention, Block, Encoder, Positions};

/// Taps of Whisper's convolutions.
const TAPS: u64 = 3;

/// The tensors of `model`'s encoder.
pub(super) fn tensors(model: &Architecture, encoder: &Encoder) -> EncoderTensors {
    EncoderTensors { ends: ends(model, encoder), layers: encoder.layers, layer: layer(model, encoder) }
}

fn ends(model: &Architecture, encoder: &Encoder) -> Vec<Tensor> {
    let hidden = model.hidden;
    let mut list = List::new();
    if encoder.reads_audio() {
        let mut convolution = |[weight, bias]: [&'static str; 2], channels| {
            list.matrix(weight, TAPS * channels, hidden, TensorKind::Other, Split::Whole);
            list.vector(bias, hidden, TensorKind::Bias, Split::Whole);
        };
        convolution(["conv1.weight", "conv1.bias"], encoder.mels);
        convolution(["conv2.weight", "conv2.bias"], hidden);
    } else {
        let name = "embedding.vocab_embedding.weight";
        list.matrix(name, model.vocab, hidden, TensorKind::Embedding, Split::Vocabulary);
    }
    if encoder.positions > 0 {
        let name = "embedding.position_embedding.weight";
        list.matrix(name, encoder.positions, hidden, TensorKind::PositionEmbedding, Split::Whole);
    }
    if let Positions::Relative { buckets } = model.positions {
        list.relative_bias(buckets, encoder.heads);
    }
    if model.embedding_norm {
        let names = ["embedding.embedding_layernorm.weight", "embedding.embedding_layernorm.bias"];
        list.norm(model.norm, names, hidden);
    }
    if model.family.has_final_norm() {
        list.norm(model.norm, ["final_layernorm.weight", "final_layernorm.bias"], hidden);
    }
    list.tensors
}

fn layer(model: &Architecture, encoder: &Encoder) -> Vec<Tensor> {
    let Encoder { heads, head_dim, .. } = *encoder;
    let self_attention = Attention::Grouped { heads, kv_heads: heads, head_dim };
    let mut list = List::new();
    list.norm(model.norm, ["attention_layernorm.weight", "attention_layernorm.bias"], model.hidden);
    list.norm(model.norm, ["mlp_layernorm.weight", "mlp_layernorm.bias"], model.hidden);
    attention(model, &self_attention, &ATTENTION, &mut list);
    // The encoder's heads may differ from the decoder's. None are shared, so they split like any
    // outputs.
    for tensor in list.tensors.iter_mut().filter(|tensor| tensor.split == Split::QueryKeyValue) {
        tensor.split = Split::Outputs;
    }
    list.block = Block::Mlp;
    feed_forward(model, &MLP, encoder.intermediate, &mut list);
    list.tensors
}
