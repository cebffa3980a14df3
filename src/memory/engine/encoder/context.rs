//! The execution context of the encoder's engine, and the additions of cross attention to the
//! decoder's.

use crate::architecture::{Encoder, Norm};
use crate::explanation_text::explanation_text;
use crate::memory::engine::workspaces::cublas;
use crate::memory::inputs::Inputs;
use crate::memory::law::{Evidence, Law, Origin, Part, Symbol};
use crate::memory::number::Number;
use crate::memory::weights::projects_cross_keys_alone;

/// The two execution contexts of an encoder-decoder model.
pub(crate) static CONTEXTS: Law = Law {
    title: explanation_text(
        "TensorRT's blocks of the decoder, of the keys and values that it projects, and of the encoder",
    ),
    evidence: Evidence::Guess,
    below: 0.4,
    above: 0.55,
    source: explanation_text(
        "tensorrt_llm/models/enc_dec/model.py prepare_inputs; NVIDIA/TensorRT-LLM issue 2419, whose decoder \
         lies between one and three \
         copies of the keys and values",
    ),
};

/// Copies of the projected keys and values. The log is between one and three copies, whatever its
/// max_encoder_input_len was.
const COPIES: f64 = 2.0;
/// Projections in a fused query, key and value.
const QUERY_KEY_VALUE: f64 = 3.0;

/// The decoder's projection of an encoder batch's outputs to keys and values, in some engines with
/// unused queries; `None` if the model has no encoder.
pub(crate) fn cross_attention<N: Number>(inputs: &Inputs<N>) -> Option<N> {
    inputs.resolved.model.encoder?;
    let projected = match projects_cross_keys_alone(inputs) {
        true => inputs.kv_heads() * 2.0,
        false => inputs.heads() + inputs.kv_heads() * 2.0,
    };
    let tokens = inputs.batch() * inputs.encoder_input();
    let bytes = inputs.element() * tokens * projected * inputs.head_dim() * COPIES;
    Some(bytes.part(|| Part::bytes("keys and values of the encoder's output, twice")))
}

/// Sizes of an encoder on a rank.
struct Sizes<N> {
    tokens: N,
    heads: N,
    columns: N,
    attended: N,
}

impl<N: Number> Sizes<N> {
    fn of(inputs: &Inputs<N>, encoder: &Encoder) -> Sizes<N> {
        static HEADS: Symbol =
            Symbol { text: "n_e", meaning: "attention heads of the encoder on this rank", origin: Origin::Derived };
        static COLUMNS: Symbol =
            Symbol { text: "i_e", meaning: "columns of the encoder's MLP on this rank", origin: Origin::Derived };
        static HEAD: Symbol =
            Symbol { text: "d_e", meaning: "size of an attention head of the encoder", origin: Origin::Model };
        let ranks = inputs.resolved.parallel.tp_size;
        let heads = N::symbol(&HEADS, encoder.heads.div_ceil(ranks) as f64);
        Sizes {
            tokens: inputs.encoder_batch() * inputs.encoder_output(),
            attended: heads.clone() * N::symbol(&HEAD, encoder.head_dim as f64),
            heads,
            columns: N::symbol(&COLUMNS, encoder.intermediate.div_ceil(ranks) as f64),
        }
    }
}

/// The execution context of the encoder's engine; `None` if the model has no encoder. It is built
/// for `max_batch_size` inputs of maximum length, whatever `max_num_tokens` is.
pub(crate) fn context<N: Number>(inputs: &Inputs<N>) -> Option<N> {
    let sizes = Sizes::of(inputs, inputs.resolved.model.encoder.as_ref()?);
    let rows = |columns: N| inputs.element() * sizes.tokens.clone() * columns;
    let mlp = || rows(sizes.columns.clone()).part(|| Part::bytes("MLP activation of the encoder").symbol("I"));
    let gated = inputs.resolved.model.mlp.gated;
    let projected = if gated { mlp() * 2.0 } else { mlp() };
    let attention = rows(sizes.attended.clone() * QUERY_KEY_VALUE).part(|| Part::bytes("queries, keys and values"));
    let blocks = [
        projected.max(attention).part(|| Part::bytes("block of the projections")),
        workspace(inputs, &sizes).max(mlp()).part(|| Part::bytes("block of the workspace")),
        (rows(inputs.hidden()) * 2.0).part(|| Part::bytes("residual and normed hidden states")),
    ];
    Some(N::sum_of(blocks).part(|| Part::bytes("the encoder's execution context")))
}

/// The largest workspace of the encoder: that of the attention plugin (`bertAttentionPlugin.cpp`
/// getWorkspaceSize), or of RMSNorm.
fn workspace<N: Number>(inputs: &Inputs<N>, sizes: &Sizes<N>) -> N {
    let mut attention = vec![cublas()];
    if !inputs.resolved.engine.context_fmha {
        let rows = || inputs.encoder_batch() * inputs.encoder_output();
        let scores = || sizes.heads.clone() * rows() * inputs.encoder_output();
        attention.extend([
            (inputs.element() * rows() * inputs.encoder_output()).part(|| Part::bytes("attention mask")),
            (inputs.element() * rows() * sizes.attended.clone() * 4.0)
                .part(|| Part::bytes("queries, keys, values and attended values")),
            (scores() * (inputs.element() + 4.0)).part(|| Part::bytes("attention scores, in dtype and in 32 bit")),
            (rows() * 4.0).part(|| Part::bytes("padding offsets")),
        ]);
    }
    let attention = N::sum_of(attention).part(|| Part::bytes("attention plugin of the encoder"));
    if inputs.resolved.model.norm == Norm::Scale {
        let norm = (sizes.tokens.clone() * inputs.hidden() * 4.0).part(|| Part::bytes("RMSNorm in 32 bit"));
        return attention.max(norm);
    }
    attention
}
