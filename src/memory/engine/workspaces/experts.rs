//! The MoE plugin's workspace.

use crate::architecture::Family;
use crate::deployment::{Fact, Plan};
use crate::memory::quantity::{Number, Part};
use crate::memory::terms::Terms;

/// Rows of all tokens, times the experts of each, before and after each GEMM
/// (`cpp/tensorrt_llm/kernels/mixtureOfExperts/moe_kernels.cu` getWorkspaceDeviceBufferSizes, about 0.16).
/// Every rank reserves all rows, also where experts are divided among the ranks.
pub fn experts<N: Number>(terms: &Terms<N>) -> N {
    let rows = || terms.tokens() * terms.top_k();
    let gated = if terms.plan.model.mlp.gated { 2.0 } else { 1.0 };
    let activation = if terms.plan.quant_algo.is_fp8_gemm() { N::literal(1.0) } else { terms.element() };
    let wide = || rows() * terms.expert_columns();
    let inputs = N::max_of([
        activation.clone() * rows() * terms.hidden(),
        terms.element() * rows() * terms.hidden(),
        activation.clone() * wide(),
    ]);
    let outputs =
        N::max_of([terms.element() * gated * wide(), terms.element() * rows() * terms.hidden(), activation * wide()]);
    let mut buffers = vec![
        inputs.part(|| Part::bytes("rows into the GEMMs")),
        outputs.part(|| Part::bytes("rows out of the GEMMs")),
        (rows() * 12.0).part(|| Part::bytes("maps of rows and experts")),
        ((terms.local_experts() + 1.0) * 16.0).part(|| Part::bytes("offsets of the experts")),
    ];
    if terms.plan.version.has(Fact::MoePluginKeepsProbabilities) {
        buffers.push((terms.tokens() * terms.experts() * 4.0).part(|| Part::bytes("routing probabilities")));
    }
    N::sum_of(buffers).part(|| Part::bytes("MoE plugin"))
}

/// The router's tensors that outlive it: logits and scores in 32 bit, where the network itself chooses the experts.
pub fn router<N: Number>(terms: &Terms<N>) -> N {
    if chooses_outside_the_plugin(terms.plan) {
        (terms.tokens() * terms.experts() * 8.0).part(|| Part::bytes("router logits and scores"))
    } else {
        N::literal(0.0)
    }
}

/// DeepSeek-V3 scores experts with a sigmoid and a bias, which the plugin doesn't know.
fn chooses_outside_the_plugin(plan: &Plan) -> bool {
    matches!(plan.model.family, Family::DeepSeekV3 | Family::DeepSeekV32 | Family::Glm4Moe)
}
