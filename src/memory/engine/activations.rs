//! The execution context: the memory that TensorRT plans for activations and plugin workspaces.
//!
//! TensorRT 10 lays a few blocks side by side and puts tensors that never live together into the same block, so
//! each block is as large as its largest tenant and the context is the sum of the blocks. Which tensors share
//! was read off public logs: only one layer's activations live at a time, so the number of layers does not matter.

use super::workspaces;
use crate::deployment::{Fact, Plan, QuantAlgo};
use crate::memory::quantity::{Evidence, Law, Number, Part};
use crate::memory::terms::Terms;

/// Gate and up projections as GEMMs of their own.
pub static SEPARATE: Law = Law {
    title: "TensorRT's blocks around separate gate and up projections",
    evidence: Evidence::Exact { logs: 7 },
    below: 0.001,
    above: 0.001,
    source: "execution context lines of seven public logs, TensorRT-LLM 0.11 to 0.17",
};

/// Gate and up projections as one GEMM.
pub static FUSED: Law = Law {
    title: "TensorRT's blocks around one gate-and-up projection",
    evidence: Evidence::Exact { logs: 2 },
    below: 0.02,
    above: 0.02,
    source: "execution context lines of two public logs, TensorRT-LLM 0.17 and 0.18",
};

/// An MLP without a gate.
pub static UNGATED: Law = Law {
    title: "TensorRT's blocks around an MLP without a gate",
    evidence: Evidence::Exact { logs: 2 },
    below: 0.02,
    above: 0.02,
    source: "activation sizes printed by two builds of GPT-2, TensorRT-LLM 0.20",
};

/// TensorRT 9.
pub static TENSORRT_9: Law = Law {
    title: "The blocks of TensorRT 9 around the MLP",
    evidence: Evidence::Exact { logs: 2 },
    below: 0.02,
    above: 0.05,
    source: "activation sizes printed by two builds with the GEMM plugin, TensorRT-LLM 0.6 and 0.9",
};

/// FP8 with quantize and dequantize nodes.
pub static FP8: Law = Law {
    title: "TensorRT's blocks around FP8 GEMMs; more than the theoretical optimum, a known issue",
    evidence: Evidence::Fitted { on: "execution context lines of three public logs, two of them exact" },
    below: 0.10,
    above: 0.20,
    source: "execution context lines of public logs, TensorRT-LLM 0.11 to 0.16; NVIDIA's memory documentation",
};

/// Mixture of experts.
pub static EXPERTS: Law = Law {
    title: "The MoE plugin's workspace beside TensorRT's blocks",
    evidence: Evidence::Fitted { on: "two public logs, within 0.4 %" },
    below: 0.02,
    above: 0.05,
    source: "cpp/tensorrt_llm/plugins/mixtureOfExperts; execution context lines of two public logs",
};

/// Schemes that no log has shown.
pub static UNSEEN: Law = Law {
    title: "TensorRT's blocks as in 16 bit, for a scheme that no public log has shown",
    evidence: Evidence::Guess,
    below: 0.20,
    above: 0.25,
    source: "the law of separate projections",
};

/// Attention without context FMHA.
pub static UNFUSED_ATTENTION: Law = Law {
    title: "The attention plugin's workspace without context FMHA, which grows with the square of the prompt",
    evidence: Evidence::Source,
    below: 0.05,
    above: 0.05,
    source: "cpp/tensorrt_llm/common/attentionOp.cpp getWorkspaceSizeForContext",
};

/// The law that holds for a deployment's activations.
pub fn law(plan: &Plan) -> &'static Law {
    match plan.quant_algo {
        _ if !plan.context_fmha => &UNFUSED_ATTENTION,
        QuantAlgo::None if plan.version.has(Fact::PlannedByTensorRt9) && plan.model.moe.is_none() => &TENSORRT_9,
        _ if plan.version.has(Fact::PlannedByTensorRt9) => &UNSEEN,
        _ if plan.model.moe.is_some() => &EXPERTS,
        algo if algo.is_fp8_gemm() => &FP8,
        QuantAlgo::None if !plan.model.mlp.gated => &UNGATED,
        QuantAlgo::None if plan.use_fused_mlp => &FUSED,
        algo if plan.model.mlp.gated && (algo == QuantAlgo::None || algo.is_weight_only()) => &SEPARATE,
        _ => &UNSEEN,
    }
}

/// What TensorRT adds to the blocks for small tensors: the logs print 0.01 MiB more than the law.
const SMALL_TENSORS: f64 = 10_000.0;

/// Bytes of the execution context on a rank.
pub fn activations<N: Number>(terms: &Terms<N>) -> N {
    let plan = terms.plan;
    let mut blocks = if plan.model.moe.is_some() {
        expert_blocks(terms)
    } else if plan.quant_algo.is_fp8_gemm() {
        fp8_blocks(terms)
    } else if plan.version.has(Fact::PlannedByTensorRt9) {
        tensorrt_9_blocks(terms)
    } else if !plan.model.mlp.gated {
        ungated_blocks(terms)
    } else if plan.use_fused_mlp {
        fused_blocks(terms)
    } else {
        separate_blocks(terms)
    };
    blocks.push(N::literal(SMALL_TENSORS).part(|| Part::bytes("small tensors")));
    N::sum_of(blocks)
}

/// `I`, the product of one projection of the MLP.
fn mlp<N: Number>(terms: &Terms<N>) -> N {
    (terms.element() * terms.tokens() * terms.mlp_columns()).part(|| Part::bytes("MLP activation").symbol("I"))
}

/// `H`, the hidden states.
fn hidden<N: Number>(terms: &Terms<N>) -> N {
    (terms.element() * terms.tokens() * terms.hidden()).part(|| Part::bytes("hidden states").symbol("H"))
}

/// `QKV`, queries, keys and values.
fn qkv<N: Number>(terms: &Terms<N>) -> N {
    let heads = terms.heads() + terms.kv_heads() * 2.0;
    (terms.element() * terms.tokens() * heads * terms.head_dim())
        .part(|| Part::bytes("queries, keys and values").symbol("QKV"))
}

/// `L`, the logits of the last tokens in the model's type; the whole vocabulary on every rank of the last stage, nothing elsewhere.
fn logits<N: Number>(terms: &Terms<N>) -> N {
    if !terms.is_last_stage() {
        return N::literal(0.0);
    }
    (terms.element() * terms.batch() * terms.beam() * terms.vocab())
        .part(|| Part::bytes("logits before their cast").symbol("L"))
}

fn block<N: Number>(name: &'static str, tenants: Vec<N>) -> N {
    N::max_of(tenants).part(|| Part::bytes(name))
}

/// The block that holds the largest workspace, and beside it, in turn, the MLP and under tensor parallelism the logits' all-gather.
fn workspace_block<N: Number>(terms: &Terms<N>) -> N {
    let mut tenants = vec![workspaces::largest(terms), mlp(terms)];
    if terms.plan.tp_size > 1 {
        tenants.push(logits(terms));
    }
    block("block of the workspace", tenants)
}

fn separate_blocks<N: Number>(terms: &Terms<N>) -> Vec<N> {
    vec![
        block("block of the logits", vec![logits(terms), mlp(terms)]),
        workspace_block(terms),
        block("block of the up projection", vec![mlp(terms)]),
        (hidden(terms) * 2.0).part(|| Part::bytes("residual and normed hidden states")),
    ]
}

fn fused_blocks<N: Number>(terms: &Terms<N>) -> Vec<N> {
    vec![
        block("block of the logits", vec![logits(terms), mlp(terms) * 2.0]),
        workspace_block(terms),
        (hidden(terms) * 3.0).part(|| Part::bytes("residual, normed and attended hidden states")),
    ]
}

fn ungated_blocks<N: Number>(terms: &Terms<N>) -> Vec<N> {
    vec![
        block("block of the logits", vec![logits(terms), mlp(terms)]),
        workspace_block(terms),
        (hidden(terms) * 2.0).part(|| Part::bytes("residual and normed hidden states")),
    ]
}

fn tensorrt_9_blocks<N: Number>(terms: &Terms<N>) -> Vec<N> {
    let projections = if terms.plan.model.mlp.gated { mlp(terms) * 2.0 } else { mlp(terms) };
    vec![
        block("block of the attention", vec![mlp(terms), qkv(terms), logits(terms)]),
        projections.part(|| Part::bytes("projections of the MLP")),
        hidden(terms),
        workspaces::fixed(terms),
    ]
}

fn fp8_blocks<N: Number>(terms: &Terms<N>) -> Vec<N> {
    let projections = if terms.plan.model.mlp.gated { mlp(terms) * 2.0 } else { mlp(terms) };
    let mut blocks = vec![
        block("block of the logits", vec![logits(terms), projections]),
        (hidden(terms).max(qkv(terms)) * 4.0).part(|| Part::bytes("hidden states around the quantized GEMMs")),
    ];
    if !terms.plan.context_fmha {
        blocks.push(block("block of the workspace", vec![workspaces::largest(terms)]));
    }
    blocks
}

fn expert_blocks<N: Number>(terms: &Terms<N>) -> Vec<N> {
    let router = (terms.tokens() * terms.experts() * 4.0).part(|| Part::bytes("router logits"));
    let experts = workspaces::experts(terms);
    let blocks = vec![
        block("block of the workspace", vec![workspaces::largest(terms)]),
        block("block of the MoE plugin and the logits", vec![experts, logits(terms)]),
        (hidden(terms) * 2.0).part(|| Part::bytes("residual and normed hidden states")),
        router,
    ];
    blocks
}
