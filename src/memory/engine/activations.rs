//! The execution context: the memory that TensorRT plans for activations and plugin workspaces.
//!
//! TensorRT 10 lays a few blocks side by side and puts tensors that never live together into the same block, so
//! each block is as large as its largest tenant and the context is the sum of the blocks. Which tensors share
//! was read off public logs: only one layer's activations live at a time, so the number of layers does not matter.
//! An engine with several optimization profiles takes the largest of them, which is the last, of `max_num_tokens`.

use super::encoder;
use super::workspaces::{self, UNFUSED};
use crate::deployment::{Fact, Plan, QuantAlgo};
use crate::memory::quantity::{Evidence, Law, Number, Origin, Part, Symbol};
use crate::memory::terms::Terms;
use crate::told::told;

/// Gate and up projections as GEMMs of their own.
pub static SEPARATE: Law = Law {
    title: told("TensorRT's blocks around separate gate and up projections"),
    evidence: Evidence::Exact { logs: 9 },
    below: 0.001,
    above: 0.001,
    source: told(
        "execution context lines of nine public logs, TensorRT-LLM 0.11 to 1.2: 16 bit, W8A16, W4A16 and W4A16_AWQ",
    ),
};

/// Gate and up projections as one GEMM.
pub static FUSED: Law = Law {
    title: told("TensorRT's blocks around one gate-and-up projection"),
    evidence: Evidence::Exact { logs: 2 },
    below: 0.02,
    above: 0.02,
    source: told("execution context lines of two public logs, TensorRT-LLM 0.17 and 0.18"),
};

/// An MLP without a gate.
pub static UNGATED: Law = Law {
    title: told("TensorRT's blocks around an MLP without a gate"),
    evidence: Evidence::Exact { logs: 2 },
    below: 0.02,
    above: 0.02,
    source: told("activation sizes printed by two builds of GPT-2, TensorRT-LLM 0.20, to the byte"),
};

/// TensorRT 9 with the GEMM plugin.
pub static TENSORRT_9: Law = Law {
    title: told("The blocks of TensorRT 9 around the MLP"),
    evidence: Evidence::Exact { logs: 2 },
    below: 0.02,
    above: 0.05,
    source: told("activation sizes printed by two builds with the GEMM plugin, TensorRT-LLM 0.6 and 0.9"),
};

/// TensorRT 9 without the GEMM plugin.
pub static TENSORRT_9_ALONE: Law = Law {
    title: told("The scratch that TensorRT 9 takes for a whole MLP, and two blocks"),
    evidence: Evidence::Fitted { on: told("the one public build without the GEMM plugin, exact") },
    below: 0.10,
    above: 0.10,
    source: told("activation size printed by a build with TensorRT-LLM 0.8"),
};

/// FP8 with quantize and dequantize nodes.
pub static FP8: Law = Law {
    title: told("TensorRT's blocks around FP8 GEMMs; more than the theoretical optimum, a known issue"),
    evidence: Evidence::Fitted {
        on: told("execution context lines of three public logs, two of them exact, one 2 % larger"),
    },
    below: 0.10,
    above: 0.20,
    source: told("execution context lines of public logs, TensorRT-LLM 0.11 to 0.16; NVIDIA's memory documentation"),
};

/// Mixture of experts.
pub static EXPERTS: Law = Law {
    title: told("The MoE plugin's workspace beside TensorRT's blocks"),
    evidence: Evidence::Fitted {
        on: told("two public logs, one exact, the other 3.5 % smaller unless paged context FMHA was off"),
    },
    below: 0.04,
    above: 0.05,
    source: told("cpp/tensorrt_llm/plugins/mixtureOfExperts; execution context lines of two public logs"),
};

/// Schemes that no log has shown.
pub static UNSEEN: Law = Law {
    title: told("TensorRT's blocks as in 16 bit, for a scheme that no public log has shown"),
    evidence: Evidence::Guess,
    below: 0.20,
    above: 0.25,
    source: told("the laws of 16 bit"),
};

/// How TensorRT lays out the blocks of an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    Separate,
    Fused,
    Ungated,
    Fp8,
    Fp8Ungated,
    Experts,
    TensorRt9,
    TensorRt9Alone,
}

/// The layout that a deployment's engine has, and the law that says how well that is known.
fn layout(plan: &Plan) -> (Layout, &'static Law) {
    let algo = plan.quant_algo;
    let sixteen_bit = algo == QuantAlgo::None;
    let known = |seen: bool, law: &'static Law| if seen { law } else { &UNSEEN };
    let weight_only = algo.is_weight_only() && algo != QuantAlgo::W4A8Awq;
    let gated = plan.model.mlp.gated;
    if plan.model.moe.is_some() {
        let seen = (sixteen_bit || weight_only) && !plan.version.has(Fact::PlannedByTensorRt9);
        (Layout::Experts, known(seen, &EXPERTS))
    } else if plan.version.has(Fact::PlannedByTensorRt9) {
        match plan.gemm_plugin || !sixteen_bit {
            true => (Layout::TensorRt9, known(sixteen_bit, &TENSORRT_9)),
            false => (Layout::TensorRt9Alone, &TENSORRT_9_ALONE),
        }
    } else if algo.is_fp8_gemm() {
        match gated {
            true => (Layout::Fp8, known(algo == QuantAlgo::Fp8, &FP8)),
            false => (Layout::Fp8Ungated, &UNSEEN),
        }
    } else if !gated {
        (Layout::Ungated, known(sixteen_bit, &UNGATED))
    } else if plan.use_fused_mlp {
        (Layout::Fused, &FUSED)
    } else {
        (Layout::Separate, known(sixteen_bit || weight_only, &SEPARATE))
    }
}

/// The law that holds for a deployment's activations.
pub fn law(plan: &Plan) -> &'static Law {
    if plan.model.encoder.is_some() {
        &encoder::CONTEXTS
    } else if plan.context_fmha {
        layout(plan).1
    } else {
        &UNFUSED
    }
}

/// What TensorRT adds to the blocks for small tensors, in seven builds that printed bytes: in older versions, and now.
const SMALL_TENSORS: (f64, f64) = (4096.0, 6144.0);

/// Bytes of the execution context on a rank, and of that of the encoder's engine where there is one.
pub fn activations<N: Number>(terms: &Terms<N>) -> N {
    match encoder::context(terms) {
        Some(encoder) => engine(terms).part(|| Part::bytes("the decoder's execution context")) + encoder,
        None => engine(terms),
    }
}

/// Bytes of the execution context of the engine that generates.
fn engine<N: Number>(terms: &Terms<N>) -> N {
    let blocks = match layout(terms.plan).0 {
        Layout::Separate => separate_blocks(terms),
        Layout::Fused => fused_blocks(terms),
        Layout::Ungated => ungated_blocks(terms),
        Layout::Fp8 => fp8_blocks(terms),
        Layout::Fp8Ungated => fp8_ungated_blocks(terms),
        Layout::Experts => expert_blocks(terms),
        Layout::TensorRt9 => tensorrt_9_blocks(terms),
        Layout::TensorRt9Alone => tensorrt_9_alone_blocks(terms),
    };
    let fewer = terms.plan.version.has(Fact::FewerSmallTensors);
    let small = if fewer { SMALL_TENSORS.0 } else { SMALL_TENSORS.1 };
    let small = N::literal(small).part(|| Part::bytes("small tensors"));
    N::sum_of(blocks.into_iter().chain(encoder::cross_attention(terms)).chain([small]))
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

/// Rows that the LM head sees: the last token of each sequence and its drafts, or every token where the prompts' logits are kept.
fn rows<N: Number>(terms: &Terms<N>) -> N {
    static DRAFTED: Symbol = Symbol { text: "D", meaning: "tokens of a sequence in a step", origin: Origin::Derived };
    if terms.plan.gather_context_logits {
        return terms.tokens();
    }
    let sequences = terms.batch() * terms.beam();
    match terms.plan.max_draft_len {
        0 => sequences,
        drafts => sequences * N::symbol(&DRAFTED, drafts.saturating_add(1) as f64),
    }
}

/// `L`, the logits in the model's type; the whole vocabulary on every rank of the last stage, nothing elsewhere.
fn logits<N: Number>(terms: &Terms<N>) -> N {
    if !terms.is_last_stage() {
        return N::literal(0.0);
    }
    (terms.element() * rows(terms) * terms.vocab()).part(|| Part::bytes("logits before their cast").symbol("L"))
}

/// Hidden states of the rows that the LM head sees. They stand out where sequences are many and tokens few.
fn last_tokens<N: Number>(terms: &Terms<N>) -> N {
    if !terms.is_last_stage() || terms.plan.gather_context_logits {
        return N::literal(0.0);
    }
    (terms.element() * rows(terms) * terms.hidden()).part(|| Part::bytes("hidden states of the last tokens"))
}

fn block<N: Number>(name: &'static str, tenants: impl IntoIterator<Item = N>) -> N {
    N::max_of(tenants).part(|| Part::bytes(name))
}

/// The block that holds the largest workspace, and beside it, in turn, `tenant` and under tensor parallelism the logits'
/// all-gather.
fn workspace_block<N: Number>(terms: &Terms<N>, tenant: Option<N>) -> N {
    let gathered = (terms.plan.tp_size > 1).then(|| logits(terms));
    block("block of the workspace", [Some(workspaces::largest(terms)), tenant, gathered].into_iter().flatten())
}

fn separate_blocks<N: Number>(terms: &Terms<N>) -> Vec<N> {
    vec![
        block("block of the logits", [logits(terms), mlp(terms)]),
        workspace_block(terms, Some(mlp(terms))),
        block("block of the up projection", [mlp(terms), last_tokens(terms)]),
        (hidden(terms) * 2.0).part(|| Part::bytes("residual and normed hidden states")),
    ]
}

fn fused_blocks<N: Number>(terms: &Terms<N>) -> Vec<N> {
    vec![
        block("block of the logits", [logits(terms), mlp(terms) * 2.0]),
        workspace_block(terms, Some(mlp(terms))),
        block("block of the attended hidden states", [hidden(terms), last_tokens(terms)]),
        (hidden(terms) * 2.0).part(|| Part::bytes("residual and normed hidden states")),
    ]
}

fn ungated_blocks<N: Number>(terms: &Terms<N>) -> Vec<N> {
    vec![
        block("block of the logits", [logits(terms), mlp(terms)]),
        workspace_block(terms, Some(mlp(terms))),
        (hidden(terms) * 2.0).part(|| Part::bytes("residual and normed hidden states")),
        last_tokens(terms),
    ]
}

fn tensorrt_9_blocks<N: Number>(terms: &Terms<N>) -> Vec<N> {
    let projections = if terms.plan.model.mlp.gated { mlp(terms) * 2.0 } else { mlp(terms) };
    vec![
        block("block of the attention", [mlp(terms), qkv(terms), logits(terms)]),
        projections.part(|| Part::bytes("projections of the MLP")),
        hidden(terms),
        workspaces::fixed(terms),
    ]
}

/// Without the GEMM plugin TensorRT 9 compiles the MLP as one kernel, whose scratch holds all that lives inside it.
fn tensorrt_9_alone_blocks<N: Number>(terms: &Terms<N>) -> Vec<N> {
    let scratch = (mlp(terms) + hidden(terms)) * 3.0;
    let mut blocks = vec![
        scratch.part(|| Part::bytes("scratch of the compiled MLP")),
        block("block of the attention", [mlp(terms), qkv(terms), logits(terms)]),
        hidden(terms),
    ];
    if !terms.plan.context_fmha {
        blocks.push(workspaces::fixed(terms));
    }
    blocks
}

/// RMSNorm and quantization are one kernel here, which needs no scratch, so only plugins have a workspace.
fn fp8_blocks<N: Number>(terms: &Terms<N>) -> Vec<N> {
    let states = || hidden(terms).max(qkv(terms)).part(|| Part::bytes("hidden states or queries, keys and values"));
    vec![
        block("block of the logits", [logits(terms), mlp(terms) * 2.0]),
        block("block of the workspace", [states(), workspaces::of_plugins(terms)]),
        block("block of the last tokens", [states(), last_tokens(terms)]),
        (states() * 2.0).part(|| Part::bytes("hidden states around the quantized GEMMs")),
    ]
}

fn fp8_ungated_blocks<N: Number>(terms: &Terms<N>) -> Vec<N> {
    vec![
        block("block of the logits", [logits(terms), mlp(terms)]),
        block("block of the workspace", [mlp(terms), workspaces::of_plugins(terms)]),
        (hidden(terms) * 2.0).part(|| Part::bytes("residual and normed hidden states")),
        (mlp(terms) / terms.element()).part(|| Part::bytes("quantized MLP activation")),
    ]
}

fn expert_blocks<N: Number>(terms: &Terms<N>) -> Vec<N> {
    vec![
        workspace_block(terms, None),
        block("block of the MoE plugin and the logits", [workspaces::experts(terms), logits(terms)]),
        (hidden(terms) * 2.0).part(|| Part::bytes("residual and normed hidden states")),
        workspaces::router(terms),
    ]
}
