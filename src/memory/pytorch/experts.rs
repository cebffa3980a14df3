//! The MoE kernels, and the rows that they process.

use crate::architecture::Block;
use crate::deployment::{MoeBackend, QuantAlgo, Resolved};
use crate::memory::inputs::Inputs;
use crate::memory::law::{Origin, Symbol};
use crate::memory::number::Number;

/// The kernels for experts that are stored as `algo`: the selected backend, or CUTLASS if the
/// selected one has no kernels for them (`_torch/modules/fused_moe/create_moe.py`).
pub(super) fn kernels(resolved: &Resolved, algo: QuantAlgo) -> MoeBackend {
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

/// The quantization of a block of the draft layer for multi-token prediction: that of the model, or
/// 16 bit if the model is in FP4. FP4 checkpoints exclude the layer (`modeling_deepseekv3.py`
/// _get_decoder_layer_quant_config).
pub(super) fn draft_algo(resolved: &Resolved, block: Block) -> QuantAlgo {
    if resolved.precision.quant_algo.is_nvfp4() { QuantAlgo::None } else { resolved.precision.modules.of(block) }
}

/// Tokens that the experts of a rank process in a step: the tokens of all ranks if attention is
/// data-parallel.
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

/// Whether the draft layer has 16-bit experts and the model quantized ones.
pub(super) fn draft_is_16_bit_moe(resolved: &Resolved) -> bool {
    resolved.drafts_by_itself()
        && resolved.model.moe.is_some()
        && draft_algo(resolved, Block::Experts) != resolved.precision.quant_algo
}
