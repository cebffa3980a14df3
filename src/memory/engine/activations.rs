//! The execution context: TensorRT's memory for activations and plugin workspaces.
//!
//! TensorRT 10 places tensors that are never live at the same time in the same block. Each block is
//! as large as its largest tenant, and the context is the sum of the blocks.
//!
//! Public logs show which tensors share a block. Only one layer's activations are live at a time,
//! so the number of layers doesn't matter. An engine with several optimization profiles needs the
//! context of the largest, which is the last one, for `max_num_tokens`.

use super::encoder;
use super::workspaces::{self, UNFUSED};
use crate::deployment::{Behavior, QuantAlgo, Resolved};
use crate::explanation_text::explanation_text;
use crate::memory::inputs::Inputs;
use crate::memory::law::{Evidence, Law, Origin, Part, Symbol};
use crate::memory::number::Number;

/// Separate GEMMs for gate and up projections.
pub(crate) static SEPARATE: Law = Law {
    title: explanation_text("TensorRT's blocks around separate gate and up projections"),
    evidence: Evidence::Exact { logs: 9 },
    below: 0.001,
    above: 0.001,
    source: explanation_text(
        "execution context lines of nine public logs, TensorRT-LLM 0.11 to 1.2: 16 bit, W8A16, W4A16 and W4A16_AWQ",
    ),
};

/// One GEMM for gate and up projections.
pub(crate) static FUSED: Law = Law {
    title: explanation_text("TensorRT's blocks around one gate-and-up projection"),
    evidence: Evidence::Exact { logs: 2 },
    below: 0.02,
    above: 0.02,
    source: explanation_text("execution context lines of two public logs, TensorRT-LLM 0.17 and 0.18"),
};

/// An MLP without a gate.
pub(crate) static UNGATED: Law = Law {
    title: explanation_text("TensorRT's blocks around an MLP without a gate"),
    evidence: Evidence::Exact { logs: 2 },
    below: 0.02,
    above: 0.02,
    source: explanation_text("activation sizes printed by two builds of GPT-2, TensorRT-LLM 0.20, to the byte"),
};

/// TensorRT 9 with the GEMM plugin.
pub(crate) static TENSORRT_9: Law = Law {
    title: explanation_text("The blocks of TensorRT 9 around the MLP"),
    evidence: Evidence::Exact { logs: 2 },
    below: 0.02,
    above: 0.05,
    source: explanation_text("activation sizes printed by two builds with the GEMM plugin, TensorRT-LLM 0.6 and 0.9"),
};

/// TensorRT 9 without the GEMM plugin.
pub(crate) static TENSORRT_9_ALONE: Law = Law {
    title: explanation_text("The scratch that TensorRT 9 takes for a whole MLP, and two blocks"),
    evidence: Evidence::Fitted { on: explanation_text("the one public build without the GEMM plugin, exact") },
    below: 0.10,
    above: 0.10,
    source: explanation_text("activation size printed by a build with TensorRT-LLM 0.8"),
};

/// FP8 with quantize and dequantize nodes.
pub(crate) static FP8: Law = Law {
    title: explanation_text("TensorRT's blocks around FP8 GEMMs; more than the theoretical optimum, a known issue"),
    evidence: Evidence::Fitted {
        on: explanation_text("execution context lines of three public logs, two of them exact, one 2 % larger"),
    },
    below: 0.10,
    above: 0.20,
    source: explanation_text(
        "execution context lines of public logs, TensorRT-LLM 0.11 to 0.16; NVIDIA's memory documentation",
    ),
};

/// Mixture of experts.
pub(crate) static EXPERTS: Law = Law {
    title: explanation_text("The MoE plugin's workspace beside TensorRT's blocks"),
    evidence: Evidence::Fitted {
        on: explanation_text("two public logs, one exact, the other 3.5 % smaller unless paged context FMHA was off"),
    },
    below: 0.04,
    above: 0.05,
    source: explanation_text("cpp/tensorrt_llm/plugins/mixtureOfExperts; execution context lines of two public logs"),
};

/// Schemes that appear in no log.
pub(crate) static UNSEEN: Law = Law {
    title: explanation_text("TensorRT's blocks as in 16 bit, for a scheme that no public log has shown"),
    evidence: Evidence::Guess,
    below: 0.20,
    above: 0.25,
    source: explanation_text("the laws of 16 bit"),
};

/// The layout of an engine's blocks.
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

/// The layout of a deployment's engine, and the law that states how well it is known.
fn layout(resolved: &Resolved) -> (Layout, &'static Law) {
    let algo = resolved.precision.quant_algo;
    let sixteen_bit = algo == QuantAlgo::None;
    let known = |seen: bool, law: &'static Law| if seen { law } else { &UNSEEN };
    let weight_only = algo.is_weight_only() && algo != QuantAlgo::W4A8Awq;
    let gated = resolved.model.mlp.gated;
    if resolved.model.moe.is_some() {
        let seen = (sixteen_bit || weight_only) && !resolved.version.has(Behavior::PlannedByTensorRt9);
        (Layout::Experts, known(seen, &EXPERTS))
    } else if resolved.version.has(Behavior::PlannedByTensorRt9) {
        match resolved.given.engine.plugins.gemm_plugin || !sixteen_bit {
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
    } else if resolved.engine.use_fused_mlp {
        (Layout::Fused, &FUSED)
    } else {
        (Layout::Separate, known(sixteen_bit || weight_only, &SEPARATE))
    }
}

/// The law of a deployment's activations.
pub fn law(resolved: &Resolved) -> &'static Law {
    if resolved.model.encoder.is_some() {
        &encoder::CONTEXTS
    } else if resolved.engine.context_fmha {
        layout(resolved).1
    } else {
        &UNFUSED
    }
}

/// Bytes that TensorRT adds to the blocks for small tensors, in seven builds that printed bytes: in
/// older versions, and now.
const SMALL_TENSORS: (f64, f64) = (4096.0, 6144.0);

/// Bytes of the execution context on a rank, with that of the encoder's engine if the model has an
/// encoder.
pub fn activations<N: Number>(inputs: &Inputs<N>) -> N {
    match encoder::context(inputs) {
        Some(encoder) => engine(inputs).part(|| Part::bytes("the decoder's execution context")) + encoder,
        None => engine(inputs),
    }
}

/// Bytes of the generating engine's execution context.
fn engine<N: Number>(inputs: &Inputs<N>) -> N {
    let blocks = match layout(inputs.resolved).0 {
        Layout::Separate => separate_blocks(inputs),
        Layout::Fused => fused_blocks(inputs),
        Layout::Ungated => ungated_blocks(inputs),
        Layout::Fp8 => fp8_blocks(inputs),
        Layout::Fp8Ungated => fp8_ungated_blocks(inputs),
        Layout::Experts => expert_blocks(inputs),
        Layout::TensorRt9 => tensorrt_9_blocks(inputs),
        Layout::TensorRt9Alone => tensorrt_9_alone_blocks(inputs),
    };
    let fewer = inputs.resolved.version.has(Behavior::FewerSmallTensors);
    let small = if fewer { SMALL_TENSORS.0 } else { SMALL_TENSORS.1 };
    let small = N::literal(small).part(|| Part::bytes("small tensors"));
    N::sum_of(blocks.into_iter().chain(encoder::cross_attention(inputs)).chain([small]))
}

/// `I`, the output of one projection of the MLP.
fn mlp<N: Number>(inputs: &Inputs<N>) -> N {
    (inputs.element() * inputs.tokens() * inputs.mlp_columns()).part(|| Part::bytes("MLP activation").symbol("I"))
}

/// `H`, the hidden states.
fn hidden<N: Number>(inputs: &Inputs<N>) -> N {
    (inputs.element() * inputs.tokens() * inputs.hidden()).part(|| Part::bytes("hidden states").symbol("H"))
}

/// `QKV`, queries, keys and values.
fn qkv<N: Number>(inputs: &Inputs<N>) -> N {
    let heads = inputs.heads() + inputs.kv_heads() * 2.0;
    (inputs.element() * inputs.tokens() * heads * inputs.head_dim())
        .part(|| Part::bytes("queries, keys and values").symbol("QKV"))
}

/// Rows of the LM head's input: the last token of each sequence and its drafts, or every token if
/// the prompts' logits are gathered.
fn rows<N: Number>(inputs: &Inputs<N>) -> N {
    static DRAFTED: Symbol = Symbol { text: "D", meaning: "tokens of a sequence in a step", origin: Origin::Derived };
    if inputs.resolved.given.engine.gather_context_logits {
        return inputs.tokens();
    }
    let sequences = inputs.batch() * inputs.beam();
    match inputs.resolved.engine.drafts.tokens {
        0 => sequences,
        drafts => sequences * N::symbol(&DRAFTED, drafts.saturating_add(1) as f64),
    }
}

/// `L`, the logits in the model's data type. Every rank of the last stage has the whole vocabulary,
/// other stages have none.
fn logits<N: Number>(inputs: &Inputs<N>) -> N {
    if !inputs.is_last_stage() {
        return N::literal(0.0);
    }
    (inputs.element() * rows(inputs) * inputs.vocab()).part(|| Part::bytes("logits before their cast").symbol("L"))
}

/// Hidden states of the LM head's rows. They matter if there are many sequences and few tokens.
fn last_tokens<N: Number>(inputs: &Inputs<N>) -> N {
    if !inputs.is_last_stage() || inputs.resolved.given.engine.gather_context_logits {
        return N::literal(0.0);
    }
    (inputs.element() * rows(inputs) * inputs.hidden()).part(|| Part::bytes("hidden states of the last tokens"))
}

fn block<N: Number>(name: &'static str, tenants: impl IntoIterator<Item = N>) -> N {
    N::max_of(tenants).part(|| Part::bytes(name))
}

/// The block of the largest workspace. It also holds `tenant`, and the logits' all-gather under
/// tensor parallelism, one at a time.
fn workspace_block<N: Number>(inputs: &Inputs<N>, tenant: Option<N>) -> N {
    let gathered = (inputs.resolved.parallel.tp_size > 1).then(|| logits(inputs));
    block("block of the workspace", [Some(workspaces::largest(inputs)), tenant, gathered].into_iter().flatten())
}

fn separate_blocks<N: Number>(inputs: &Inputs<N>) -> Vec<N> {
    vec![
        block("block of the logits", [logits(inputs), mlp(inputs)]),
        workspace_block(inputs, Some(mlp(inputs))),
        block("block of the up projection", [mlp(inputs), last_tokens(inputs)]),
        (hidden(inputs) * 2.0).part(|| Part::bytes("residual and normed hidden states")),
    ]
}

fn fused_blocks<N: Number>(inputs: &Inputs<N>) -> Vec<N> {
    vec![
        block("block of the logits", [logits(inputs), mlp(inputs) * 2.0]),
        workspace_block(inputs, Some(mlp(inputs))),
        block("block of the attended hidden states", [hidden(inputs), last_tokens(inputs)]),
        (hidden(inputs) * 2.0).part(|| Part::bytes("residual and normed hidden states")),
    ]
}

fn ungated_blocks<N: Number>(inputs: &Inputs<N>) -> Vec<N> {
    vec![
        block("block of the logits", [logits(inputs), mlp(inputs)]),
        workspace_block(inputs, Some(mlp(inputs))),
        (hidden(inputs) * 2.0).part(|| Part::bytes("residual and normed hidden states")),
        last_tokens(inputs),
    ]
}

fn tensorrt_9_blocks<N: Number>(inputs: &Inputs<N>) -> Vec<N> {
    let projections = if inputs.resolved.model.mlp.gated { mlp(inputs) * 2.0 } else { mlp(inputs) };
    vec![
        block("block of the attention", [mlp(inputs), qkv(inputs), logits(inputs)]),
        projections.part(|| Part::bytes("projections of the MLP")),
        hidden(inputs),
        workspaces::fixed(inputs),
    ]
}

/// Without the GEMM plugin, TensorRT 9 compiles the MLP as one kernel. Its scratch holds all
/// tensors inside the MLP.
fn tensorrt_9_alone_blocks<N: Number>(inputs: &Inputs<N>) -> Vec<N> {
    let scratch = (mlp(inputs) + hidden(inputs)) * 3.0;
    let mut blocks = vec![
        scratch.part(|| Part::bytes("scratch of the compiled MLP")),
        block("block of the attention", [mlp(inputs), qkv(inputs), logits(inputs)]),
        hidden(inputs),
    ];
    if !inputs.resolved.engine.context_fmha {
        blocks.push(workspaces::fixed(inputs));
    }
    blocks
}

/// RMSNorm and quantization are one kernel here, which needs no scratch. Only plugins have a
/// workspace.
fn fp8_blocks<N: Number>(inputs: &Inputs<N>) -> Vec<N> {
    let states = || hidden(inputs).max(qkv(inputs)).part(|| Part::bytes("hidden states or queries, keys and values"));
    vec![
        block("block of the logits", [logits(inputs), mlp(inputs) * 2.0]),
        block("block of the workspace", [states(), workspaces::of_plugins(inputs)]),
        block("block of the last tokens", [states(), last_tokens(inputs)]),
        (states() * 2.0).part(|| Part::bytes("hidden states around the quantized GEMMs")),
    ]
}

fn fp8_ungated_blocks<N: Number>(inputs: &Inputs<N>) -> Vec<N> {
    vec![
        block("block of the logits", [logits(inputs), mlp(inputs)]),
        block("block of the workspace", [mlp(inputs), workspaces::of_plugins(inputs)]),
        (hidden(inputs) * 2.0).part(|| Part::bytes("residual and normed hidden states")),
        (mlp(inputs) / inputs.element()).part(|| Part::bytes("quantized MLP activation")),
    ]
}

fn expert_blocks<N: Number>(inputs: &Inputs<N>) -> Vec<N> {
    vec![
        workspace_block(inputs, None),
        block("block of the MoE plugin and the logits", [workspaces::experts(inputs), logits(inputs)]),
        (hidden(inputs) * 2.0).part(|| Part::bytes("residual and normed hidden states")),
        workspaces::router(inputs),
    ]
}
