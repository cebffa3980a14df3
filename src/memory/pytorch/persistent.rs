//! What stays inside torch after warm-up beside the weights: workspaces of attention and experts, position tables, recurrent states,
//! outputs of CUDA graphs. The log counts it with the weights ("Memory used after loading model weights (inside torch)").

use super::experts::{draft_algo, draft_is_16_bit_moe, kernels, rows};
use crate::architecture::Positions;
use crate::deployment::{Fact, MoeBackend, QuantAlgo};
use crate::memory::calibration::{
    GRAPH_OUTPUTS, INDEXER_BUFFERS, LATENT_REST, LATENT_SEQUENCE, LATENT_WORKSPACE, TORCH_REST, TORCH_REST_0_20,
};
use crate::memory::quantity::{Evidence, Law, Number, Origin, Part, Symbol};
use crate::memory::terms::Terms;
use crate::told::told;
use crate::units::MIB;

/// The law of what persists.
pub static LAW: Law = Law {
    title: told("Workspaces and tables that stay inside torch"),
    evidence: Evidence::Fitted { on: told("memory inside torch of 80 public logs, less the weights") },
    below: 0.25,
    above: 0.35,
    source: told(
        "cpp/tensorrt_llm/common/attentionOp.cpp; kernels/cutlass_kernels: CutlassMoeFCRunner; _torch/modules/fused_moe",
    ),
};

/// The workspace of experts.
static EXPERTS: Law = Law {
    title: told("What the experts' kernels keep between steps"),
    evidence: Evidence::Fitted { on: told("ten configurations in public logs, to 0.1 GiB") },
    below: 0.05,
    above: 0.05,
    source: told("CutlassMoeFCRunner::getWorkspaceDeviceBufferSizes; DeepGemmFusedMoE.forward_chunk"),
};

/// Recurrent states.
static STATES: Law = Law {
    title: told("A state for each sequence of a batch in every recurrent layer"),
    evidence: Evidence::Exact { logs: 1 },
    below: 0.05,
    above: 0.05,
    source: told("_torch/pyexecutor/mamba_cache_manager.py; 135 GiB asked for in NVIDIA/TensorRT-LLM issue 8642"),
};

/// Most rows that DeepGEMM multiplies at once (`DeepGemmFusedMoE`, moe_max_num_tokens).
const DEEP_GEMM_ROWS: f64 = 18_688.0;
/// Workspace of the generated attention kernels of Blackwell, for the partial results of several thread blocks.
const GENERATED_ATTENTION: f64 = 32.0 * MIB as f64;

/// Bytes that persist on a rank, those of the sampler apart.
pub fn persistent<N: Number>(terms: &Terms<N>) -> N {
    let plan = terms.plan;
    let mut all = Vec::with_capacity(8);
    let rest = match plan.model.is_latent() {
        true => &LATENT_REST,
        false if plan.version.has(Fact::TorchWorkspaceHoldsQueries) => &TORCH_REST,
        false => &TORCH_REST_0_20,
    };
    all.push(rest.number::<N>().part(|| Part::bytes("cuBLAS workspaces and small buffers")));
    all.extend(if plan.model.is_latent() { latent(terms) } else { attention(terms) });
    if let Positions::Rope { rotary_dim, tables } = plan.model.positions {
        static ROTARY: Symbol = Symbol { text: "r", meaning: "rotated values of a head", origin: Origin::Model };
        static TABLES: Symbol =
            Symbol { text: "tables", meaning: "RoPE tables that the model keeps", origin: Origin::Model };
        let table =
            terms.positions() * N::symbol(&ROTARY, rotary_dim as f64) * N::symbol(&TABLES, f64::from(tables)) * 4.0;
        all.push(table.part(|| Part::bytes("RoPE table, 32-bit cosines and sines")));
    }
    if plan.model.moe.is_some() {
        all.push(expert_workspace(terms).part(|| Part::bytes("workspace of the experts").law(&EXPERTS)));
    }
    all.extend(states(terms));
    N::sum_of(all)
}

/// The workspace of grouped-query attention: the queries of a step, 16 bit, where the KV cache is read through its pages.
fn attention<N: Number>(terms: &Terms<N>) -> Vec<N> {
    let plan = terms.plan;
    let mut workspace = Vec::new();
    if plan.version.has(Fact::TorchWorkspaceHoldsQueries) {
        let queries = terms.tokens() * terms.heads() * terms.head_dim() * 2.0;
        workspace.push(queries.part(|| Part::bytes("queries in the attention workspace")));
    }
    if plan.is_data_centre_blackwell() {
        workspace
            .push(N::literal(GENERATED_ATTENTION).part(|| Part::bytes("workspace of generated attention kernels")));
    }
    workspace
}

/// What latent attention keeps.
fn latent<N: Number>(terms: &Terms<N>) -> Vec<N> {
    let plan = terms.plan;
    let workspace = LATENT_WORKSPACE.number::<N>() * terms.heads() * terms.tokens();
    let mut all = vec![
        workspace.part(|| Part::bytes("workspace of latent attention")),
        (LATENT_SEQUENCE.number::<N>() * terms.batch()).part(|| Part::bytes("buffers for each sequence")),
    ];
    let largest_graph = plan.torch.graphs.largest;
    if plan.attention_tp_size < plan.tp_size && largest_graph > 0 {
        static GRAPH: Symbol = Symbol {
            text: "g",
            meaning: "sequences of the largest CUDA graph",
            origin: Origin::Chosen("cuda_graph_max_batch_size"),
        };
        let outputs = terms.plain_vocab() * N::symbol(&GRAPH, largest_graph as f64) * GRAPH_OUTPUTS.number::<N>();
        all.push(outputs.part(|| Part::bytes("logits that CUDA graphs keep")));
    }
    if plan.model.indexer.is_some() {
        all.push(INDEXER_BUFFERS.number::<N>().part(|| Part::bytes("buffers of the indexer")));
    }
    all
}

/// The largest workspace that any layer's experts keep, the draft layer's among them.
pub(super) fn expert_workspace<N: Number>(terms: &Terms<N>) -> N {
    let plan = terms.plan;
    let main = workspace_of(terms, plan.quant_algo);
    if draft_is_16_bit_moe(plan) && terms.is_last_stage() {
        main.max(workspace_of(terms, draft_algo(plan)))
    } else {
        main
    }
}

/// The workspace for experts that are stored as `algo`. The generated and the CuTe DSL kernels allocate theirs in every call.
fn workspace_of<N: Number>(terms: &Terms<N>, algo: QuantAlgo) -> N {
    match kernels(terms.plan, algo) {
        MoeBackend::Cutlass => cutlass(terms, algo),
        MoeBackend::DeepGemm => deep_gemm(terms),
        _ => N::literal(0.0),
    }
}

/// CUTLASS: the rows of each expert before and after its GEMMs.
fn cutlass<N: Number>(terms: &Terms<N>, algo: QuantAlgo) -> N {
    static INPUT: Symbol = Symbol {
        text: "a",
        meaning: "bytes of a value that goes into the experts' GEMMs, scales included",
        origin: Origin::Derived,
    };
    let element = match algo {
        QuantAlgo::Nvfp4 => 0.5625,
        QuantAlgo::W4A8Mxfp4Mxfp8 => 1.0 + 1.0 / 32.0,
        QuantAlgo::W4A8Mxfp4Fp8 | QuantAlgo::W4A8Nvfp4Fp8 => 1.0,
        algo if algo.is_fp8_gemm() => 1.0,
        _ => 2.0,
    };
    let inputs = terms.hidden().max(terms.expert_columns()) * N::symbol(&INPUT, element);
    let outputs = terms.hidden().max(terms.expert_columns() * 2.0) * terms.element();
    rows(terms) * terms.top_k() * (inputs + outputs)
}

/// DeepGEMM: for every expert as many rows as all tokens of a piece of the step.
fn deep_gemm<N: Number>(terms: &Terms<N>) -> N {
    let pieces = (rows(terms) / DEEP_GEMM_ROWS).ceil().max(N::literal(1.0));
    let widest = terms.hidden().max(terms.expert_columns() * 2.0);
    let each = widest * 3.0 + terms.hidden() / 128.0;
    terms.local_experts() * (rows(terms) / pieces) * each
}

/// Recurrent states, in the model's type (`mamba_ssm_cache_dtype` auto): of each sequence of a batch the state of every head and the
/// last inputs of the convolution, in every layer that recurs.
fn states<N: Number>(terms: &Terms<N>) -> Option<N> {
    static LAYERS: Symbol = Symbol { text: "L_r", meaning: "recurrent layers on this rank", origin: Origin::Derived };
    static STATE: Symbol =
        Symbol { text: "state", meaning: "values of a recurrent layer's state on this rank", origin: Origin::Derived };
    static TAPS: Symbol =
        Symbol { text: "taps", meaning: "values that the convolution remembers on this rank", origin: Origin::Derived };
    let plan = terms.plan;
    let recurrence = plan.model.recurrence?;
    let layers = recurrence.layers.count_in(plan.layers_of_stage(terms.stage));
    let tp = plan.attention_tp_size as f64;
    let state = recurrence.inner() as f64 * recurrence.state as f64 / tp;
    let taps = recurrence.channels() as f64 * recurrence.convolution.saturating_sub(1) as f64 / tp;
    let values = N::symbol(&STATE, state) * terms.element() + N::symbol(&TAPS, taps) * terms.element();
    let bytes = terms.batch() * N::symbol(&LAYERS, f64::from(layers)) * values;
    Some(bytes.part(|| Part::bytes("recurrent states").law(&STATES)))
}
