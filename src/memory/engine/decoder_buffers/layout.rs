//! Constants and buffers that the decoder's layers share with speculative decoding.

use crate::memory::inputs::Inputs;
use crate::memory::law::Part;
use crate::memory::number::Number;

/// Alignment of scratch buffers (`calculateTotalWorkspaceSize`).
pub(crate) const ALIGNMENT: f64 = 256.0;

/// Thread blocks per row in top-k sampling (`samplingTopKKernels.h`).
pub(crate) const TOP_K_BLOCKS: f64 = 8.0;
/// Tokens that top-k sampling keeps per row over all thread blocks: 1024 each
/// (`samplingTopKKernels.h` TOP_K_MAX).
const TOP_K_CANDIDATES: f64 = 1024.0 * TOP_K_BLOCKS;
/// Scalars of a slot, over all layers of the decoder.
pub(crate) const SCALARS: f64 = 217.0;

/// The count of each token of the vocabulary. It is allocated even if no request has a penalty.
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
