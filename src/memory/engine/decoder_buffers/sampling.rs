//! Sampling of one token per sequence and step: top-k, top-p and penalties.

use super::layout::{SCALARS, penalty_counts, top_k_scratch};
use crate::explanation_text::explanation_text;
use crate::memory::inputs::Inputs;
use crate::memory::law::{Evidence, Law, Part};
use crate::memory::number::Number;

/// The decoder buffers of a sampler.
pub(super) static LAW: Law = Law {
    title: explanation_text("The sampler's tensors, for every slot"),
    evidence: Evidence::Exact { logs: 9 },
    below: 0.001,
    above: 0.001,
    source: explanation_text(
        "cpp/tensorrt_llm: GptDecoder, DecoderState, DecodingLayerWorkspace; decoder lines of nine public logs",
    ),
};

/// The layers' buffers. Top-p sampling shares the scratch of top-k and never needs more.
pub(super) fn layers<N: Number>(inputs: &Inputs<N>) -> N {
    penalty_counts(inputs)
        + top_k_scratch(inputs, inputs.slots())
        + (inputs.slots() * SCALARS).part(|| Part::bytes("scalars of the slots"))
}
