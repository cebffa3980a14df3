//! The execution context of the encoder's engine, and what cross attention adds to the decoder's.

use crate::architecture::{Encoder, Norm};
use crate::memory::engine::workspaces::cublas;
use crate::memory::quantity::{Evidence, Law, Number, Origin, Part, Symbol};
use crate::memory::terms::Terms;
use crate::memory::weights::projects_cross_keys_alone;
use crate::told::told;

/// The two execution contexts of an encoder-decoder model.
pub static CONTEXTS: Law = Law {
    title: told("TensorRT's blocks of the decoder, of the keys and values that it projects, and of the encoder"),
    evidence: Evidence::Guess,
    below: 0.4,
    above: 0.55,
    source: told(
        "tensorrt_llm/models/enc_dec/model.py prepare_inputs; NVIDIA/TensorRT-LLM issue 2419, whose decoder lies between one and three \
         copies of the keys and values",
    ),
};

/// Copies of the projected keys and values: the log lies between one and three, whichever its max_encoder_input_len was.
const COPIES: f64 = 2.0;
/// Projections of a fused query, key and value.
const QUERY_KEY_VALUE: f64 = 3.0;

/// What the decoder projects the outputs of a whole batch of the encoder to, where there is one: keys and values, in some engines
/// with unused queries.
pub fn cross_attention<N: Number>(terms: &Terms<N>) -> Option<N> {
    terms.plan.model.encoder?;
    let projected = match projects_cross_keys_alone(terms) {
        true => terms.kv_heads() * 2.0,
        false => terms.heads() + terms.kv_heads() * 2.0,
    };
    let tokens = terms.batch() * terms.encoder_input();
    let bytes = terms.element() * tokens * projected * terms.head_dim() * COPIES;
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
    fn of(terms: &Terms<N>, encoder: &Encoder) -> Sizes<N> {
        static HEADS: Symbol =
            Symbol { text: "n_e", meaning: "attention heads of the encoder on this rank", origin: Origin::Derived };
        static COLUMNS: Symbol =
            Symbol { text: "i_e", meaning: "columns of the encoder's MLP on this rank", origin: Origin::Derived };
        static HEAD: Symbol =
            Symbol { text: "d_e", meaning: "size of an attention head of the encoder", origin: Origin::Model };
        let ranks = terms.plan.tp_size;
        let heads = N::symbol(&HEADS, encoder.heads.div_ceil(ranks) as f64);
        Sizes {
            tokens: terms.encoder_batch() * terms.encoder_output(),
            attended: heads.clone() * N::symbol(&HEAD, encoder.head_dim as f64),
            heads,
            columns: N::symbol(&COLUMNS, encoder.intermediate.div_ceil(ranks) as f64),
        }
    }
}

/// The execution context of the encoder's engine, where there is one. It is built for `max_batch_size` inputs of the greatest
/// length, whatever `max_num_tokens` is.
pub fn context<N: Number>(terms: &Terms<N>) -> Option<N> {
    let sizes = Sizes::of(terms, terms.plan.model.encoder.as_ref()?);
    let rows = |columns: N| terms.element() * sizes.tokens.clone() * columns;
    let mlp = || rows(sizes.columns.clone()).part(|| Part::bytes("MLP activation of the encoder").symbol("I"));
    let gated = terms.plan.model.mlp.gated;
    let inputs = if gated { mlp() * 2.0 } else { mlp() };
    let attention = rows(sizes.attended.clone() * QUERY_KEY_VALUE).part(|| Part::bytes("queries, keys and values"));
    let blocks = [
        inputs.max(attention).part(|| Part::bytes("block of the projections")),
        workspace(terms, &sizes).max(mlp()).part(|| Part::bytes("block of the workspace")),
        (rows(terms.hidden()) * 2.0).part(|| Part::bytes("residual and normed hidden states")),
    ];
    Some(N::sum_of(blocks).part(|| Part::bytes("the encoder's execution context")))
}

/// The largest workspace of the encoder: the attention plugin's (`bertAttentionPlugin.cpp` getWorkspaceSize), or RMSNorm's.
fn workspace<N: Number>(terms: &Terms<N>, sizes: &Sizes<N>) -> N {
    let mut attention = vec![cublas()];
    if !terms.plan.context_fmha {
        let inputs = || terms.encoder_batch() * terms.encoder_output();
        let scores = || sizes.heads.clone() * inputs() * terms.encoder_output();
        attention.extend([
            (terms.element() * inputs() * terms.encoder_output()).part(|| Part::bytes("attention mask")),
            (terms.element() * inputs() * sizes.attended.clone() * 4.0)
                .part(|| Part::bytes("queries, keys, values and attended values")),
            (scores() * (terms.element() + 4.0)).part(|| Part::bytes("attention scores, in dtype and in 32 bit")),
            (inputs() * 4.0).part(|| Part::bytes("padding offsets")),
        ]);
    }
    let attention = N::sum_of(attention).part(|| Part::bytes("attention plugin of the encoder"));
    if terms.plan.model.norm == Norm::Scale {
        let norm = (sizes.tokens.clone() * terms.hidden() * 4.0).part(|| Part::bytes("RMSNorm in 32 bit"));
        return attention.max(norm);
    }
    attention
}
