//! Sampling one token of a sequence at a time: top-k, top-p and penalties.

use super::ALIGNMENT;
use crate::explanation_text::explanation_text;
use crate::memory::inputs::Inputs;
use crate::memory::number::{Evidence, Law, Number, Part};

/// The law of the decoder buffers of a sampler.
pub(super) static LAW: Law = Law {
    title: explanation_text("The sampler's tensors, for every slot"),
    evidence: Evidence::Exact { logs: 9 },
    below: 0.001,
    above: 0.001,
    source: explanation_text(
        "cpp/tensorrt_llm: GptDecoder, DecoderState, DecodingLayerWorkspace; decoder lines of nine public logs",
    ),
};

/// Thread blocks that share a row in top-k sampling (`samplingTopKKernels.h`).
pub(crate) const TOP_K_BLOCKS: f64 = 8.0;
/// Tokens that top-k sampling keeps of a row over all its thread blocks: 1024 each (`samplingTopKKernels.h` TOP_K_MAX).
const TOP_K_CANDIDATES: f64 = 1024.0 * TOP_K_BLOCKS;
/// Scalars of a slot, over all layers of the decoder.
pub(crate) const SCALARS: f64 = 217.0;

/// The layers' buffers. Top-p sampling shares the scratch of top-k and never needs more.
pub(super) fn layers<N: Number>(inputs: &Inputs<N>) -> N {
    penalty_counts(inputs)
        + top_k_scratch(inputs, inputs.slots())
        + (inputs.slots() * SCALARS).part(|| Part::bytes("scalars of the slots"))
}

/// How often each token of the vocabulary occurred, kept whether or not a request has a penalty.
pub(crate) fn penalty_counts<N: Number>(inputs: &Inputs<N>) -> N {
    (inputs.slots() * inputs.beam() * inputs.plain_vocab() * 4.0).part(|| Part::bytes("penalty counts"))
}

/// Scratch of top-k sampling over `rows` of the vocabulary.
pub(crate) fn top_k_scratch<N: Number>(inputs: &Inputs<N>, rows: N) -> N {
    let logits = (inputs.logit() * rows.clone() * inputs.runtime_vocab()).round_up(ALIGNMENT);
    let ids = (rows.clone() * (TOP_K_CANDIDATES * 4.0)).round_up(ALIGNMENT);
    let values = (inputs.logit() * rows * TOP_K_CANDIDATES).round_up(ALIGNMENT);
    (logits + ids + values).part(|| Part::bytes("scratch of top-k sampling"))
}
