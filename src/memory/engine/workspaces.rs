//! Workspaces of kernels and plugins inside the execution context. They run one after another, so only the
//! largest counts.

use super::activations::UNFUSED_ATTENTION;
use crate::architecture::Norm;
use crate::deployment::QuantAlgo;
use crate::memory::quantity::{Number, Part};
use crate::memory::terms::Terms;

/// cuBLAS workspace of the GEMM and attention plugins (`CUBLAS_WORKSPACE_SIZE`).
const CUBLAS: f64 = 33_554_432.0;
/// Alignment of every buffer in a plugin's workspace (`calculateTotalWorkspaceSize`).
const ALIGNMENT: f64 = 256.0;

/// The largest workspace that runs beside the activations.
pub fn largest<N: Number>(terms: &Terms<N>) -> N {
    let mut all = vec![N::literal(CUBLAS).part(|| Part::bytes("cuBLAS workspace")), attention(terms)];
    if terms.plan.model.norm == Norm::Scale && !plugin_normalizes(terms.plan.quant_algo) {
        all.push(norm(terms));
    }
    N::max_of(all).part(|| Part::bytes("largest workspace").symbol("workspace"))
}

/// The workspace that TensorRT 9 keeps beside its blocks: the GEMM plugin's, or without context FMHA the attention plugin's.
pub fn fixed<N: Number>(terms: &Terms<N>) -> N {
    if terms.plan.context_fmha { N::literal(CUBLAS).part(|| Part::bytes("cuBLAS workspace")) } else { attention(terms) }
}

/// Whether a plugin that quantizes while it normalizes takes the place of TensorRT's RMSNorm.
fn plugin_normalizes(algo: QuantAlgo) -> bool {
    algo.is_smooth_quant() || algo == QuantAlgo::Fp8PerChannelPerToken
}

/// TensorRT computes RMSNorm in 32 bit over the whole hidden size, whatever `tp_size` is.
fn norm<N: Number>(terms: &Terms<N>) -> N {
    (terms.tokens() * terms.hidden() * 4.0 + terms.tokens() * 4.0).part(|| Part::bytes("RMSNorm in 32 bit"))
}

fn buffer<N: Number>(name: &'static str, bytes: N) -> N {
    bytes.round_up(ALIGNMENT).part(|| Part::bytes(name))
}

/// The GPT attention plugin's workspace for prompts (`cpp/tensorrt_llm/common/attentionOp.cpp` getWorkspaceSizeForContext).
fn attention<N: Number>(terms: &Terms<N>) -> N {
    let plan = terms.plan;
    let sequences = || terms.batch() * terms.beam();
    let lengths = (sequences() + 1.0) * 12.0;
    let mut buffers = vec![
        N::literal(CUBLAS).part(|| Part::bytes("cuBLAS workspace")),
        buffer("sequence lengths", lengths),
        buffer("token positions", terms.tokens() * 8.0),
        buffer("rotary frequencies", sequences() * terms.head_dim() * 2.0),
    ];
    let query = || terms.heads() * terms.head_dim() * terms.element();
    if plan.context_fmha {
        if plan.use_paged_context_fmha {
            buffers.push(buffer("queries", terms.tokens() * query()));
        }
    } else {
        let key = || terms.kv_heads() * terms.head_dim() * terms.element();
        let prompts = || sequences() * terms.input();
        buffers.push(buffer("attention mask", terms.tokens() * terms.input() * terms.element()));
        buffers.push(buffer("queries", prompts() * query()));
        buffers.push(buffer("keys and values", prompts() * key() * 2.0));
        let scores = || terms.heads() * prompts() * terms.input();
        buffers.push(
            buffer("attention scores", scores() * terms.element())
                .part(|| Part::bytes("attention scores, S_in squared").law(&UNFUSED_ATTENTION)),
        );
        buffers.push(buffer("attended values", terms.tokens() * query()));
        buffers.push(buffer("attention scores in 32 bit", scores() * 4.0));
        buffers.push(buffer("padding offsets", terms.tokens() * 8.0));
    }
    N::sum_of(buffers).part(|| Part::bytes("attention plugin"))
}

/// The MoE plugin's workspace: rows of all tokens, times the experts of each, before and after each GEMM
/// (`kernels/mixtureOfExperts/moe_kernels.cu` getWorkspaceDeviceBufferSizes, about 0.16).
pub fn experts<N: Number>(terms: &Terms<N>) -> N {
    let rows = || terms.tokens() * terms.top_k();
    let gated = if terms.plan.model.mlp.gated { 2.0 } else { 1.0 };
    let activation = if terms.plan.quant_algo.is_fp8_gemm() { N::literal(1.0) } else { terms.element() };
    let wide = || rows() * terms.expert_columns();
    let inputs = N::max_of(vec![
        activation.clone() * rows() * terms.hidden(),
        terms.element() * rows() * terms.hidden(),
        activation.clone() * wide(),
    ]);
    let outputs = N::max_of(vec![
        terms.element() * gated * wide(),
        terms.element() * rows() * terms.hidden(),
        activation * wide(),
    ]);
    N::sum_of(vec![
        inputs.part(|| Part::bytes("rows into the GEMMs")),
        outputs.part(|| Part::bytes("rows out of the GEMMs")),
        (rows() * 24.0).part(|| Part::bytes("row maps, scales and chosen experts")),
        (terms.tokens() * terms.experts() * 4.0).part(|| Part::bytes("scale probabilities")),
        ((terms.local_experts() + 1.0) * 16.0).part(|| Part::bytes("offsets of the experts")),
    ])
    .part(|| Part::bytes("MoE plugin"))
}
