//! What multiplies the experts, and the rows that it works on.

use crate::deployment::{MoeBackend, QuantAlgo, Resolved};
use crate::memory::inputs::Inputs;
use crate::memory::number::{Number, Origin, Symbol};

/// What multiplies experts that are stored as `algo`: the backend that was chosen, or CUTLASS where it has no kernels for them
/// (`_torch/modules/fused_moe/create_moe.py`).
pub fn kernels(resolved: &Resolved, algo: QuantAlgo) -> MoeBackend {
    let chosen = resolved.pytorch.moe_backend;
    let has_kernels = match chosen {
        MoeBackend::Trtllm => algo.is_mxfp4() || algo.is_nvfp4() || is_fp8(algo),
        MoeBackend::CuteDsl => algo.is_nvfp4() || algo == QuantAlgo::Fp8BlockScales,
        MoeBackend::DeepGemm => algo == QuantAlgo::Fp8BlockScales,
        _ => true,
    };
    if has_kernels { chosen } else { MoeBackend::Cutlass }
}

fn is_fp8(algo: QuantAlgo) -> bool {
    matches!(algo, QuantAlgo::Fp8 | QuantAlgo::Fp8BlockScales)
}

/// How the draft layer of multi-token prediction is stored: in 16 bit where the rest is FP4, which its checkpoints leave it out of
/// (`modeling_deepseekv3.py` _get_decoder_layer_quant_config), and else like the rest.
pub(super) fn draft_algo(resolved: &Resolved) -> QuantAlgo {
    if resolved.precision.quant_algo.is_nvfp4() { QuantAlgo::None } else { resolved.precision.quant_algo }
}

/// Tokens that the experts of a rank see in a step: those of all ranks where attention is data-parallel.
pub(super) fn rows<N: Number>(inputs: &Inputs<N>) -> N {
    if inputs.resolved.parallel.attention_tp_size < inputs.resolved.parallel.tp_size {
        inputs.tokens() * inputs.ranks()
    } else {
        inputs.tokens()
    }
}

/// Tokens of the largest CUDA graph.
pub(super) fn graph_tokens<N: Number>(inputs: &Inputs<N>) -> N {
    static GRAPH: Symbol = Symbol {
        text: "g",
        meaning: "tokens of the largest CUDA graph",
        origin: Origin::Chosen("cuda_graph_max_batch_size"),
    };
    let torch = &inputs.resolved.pytorch;
    let tokens = torch.graphs.largest.saturating_mul(torch.max_draft_len + 1);
    N::symbol(&GRAPH, tokens.min(inputs.resolved.limits.max_num_tokens) as f64)
}

/// Whether a draft layer with experts is in 16 bit beside quantized ones.
pub(super) fn draft_is_16_bit_moe(resolved: &Resolved) -> bool {
    resolved.drafts_by_itself() && resolved.model.moe.is_some() && draft_algo(resolved) != resolved.precision.quant_algo
}
