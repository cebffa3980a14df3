//! The MoE plugin's workspace.

use crate::architecture::Family;
use crate::deployment::{Behavior, Resolved};
use crate::memory::inputs::Inputs;
use crate::memory::law::Part;
use crate::memory::number::Number;

/// Rows of all tokens and their experts, before and after each GEMM
/// (`cpp/tensorrt_llm/kernels/mixtureOfExperts/moe_kernels.cu` getWorkspaceDeviceBufferSizes, about
/// 0.16). Every rank reserves all rows, even if the experts are divided among ranks.
pub(crate) fn experts<N: Number>(inputs: &Inputs<N>) -> N {
    let rows = || inputs.tokens() * inputs.top_k();
    let gated = if inputs.resolved.model.mlp.gated { 2.0 } else { 1.0 };
    let activation =
        if inputs.resolved.precision.quant_algo.is_fp8_gemm() { N::literal(1.0) } else { inputs.element() };
    let wide = || rows() * inputs.expert_columns();
    let before = N::max_of([
        activation.clone() * rows() * inputs.hidden(),
        inputs.element() * rows() * inputs.hidden(),
        activation.clone() * wide(),
    ]);
    let after = N::max_of([
        inputs.element() * gated * wide(),
        inputs.element() * rows() * inputs.hidden(),
        activation * wide(),
    ]);
    let mut buffers = vec![
        before.part(|| Part::bytes("rows into the GEMMs")),
        after.part(|| Part::bytes("rows out of the GEMMs")),
        (rows() * 12.0).part(|| Part::bytes("maps of rows and experts")),
        ((inputs.local_experts() + 1.0) * 16.0).part(|| Part::bytes("offsets of the experts")),
    ];
    if inputs.resolved.version.has(Behavior::MoePluginKeepsProbabilities) {
        buffers.push((inputs.tokens() * inputs.experts() * 4.0).part(|| Part::bytes("routing probabilities")));
    }
    N::sum_of(buffers).part(|| Part::bytes("MoE plugin"))
}

/// The router's tensors that stay live: logits and scores in 32 bit. They exist only if the network
/// itself selects the experts.
pub(crate) fn router<N: Number>(inputs: &Inputs<N>) -> N {
    if chooses_outside_the_plugin(inputs.resolved) {
        (inputs.tokens() * inputs.experts() * 8.0).part(|| Part::bytes("router logits and scores"))
    } else {
        N::literal(0.0)
    }
}

/// Whether the network selects the experts. DeepSeek-V3 scores them with a sigmoid and a bias,
/// which the plugin doesn't support.
fn chooses_outside_the_plugin(resolved: &Resolved) -> bool {
    matches!(resolved.model.family, Family::DeepSeekV3 | Family::DeepSeekV32 | Family::Glm4Moe)
}
