//! The memory that persists inside torch after warm-up, except the weights: workspaces of attention
//! and experts, position tables, recurrent states, outputs of CUDA graphs.
//!
//! The log counts it together with the weights ("Memory used after loading model weights (inside
//! torch)").

use super::experts::{draft_algo, draft_is_16_bit_moe, kernels, rows};
use crate::architecture::Block;
use crate::architecture::Positions;
use crate::deployment::{Behavior, MoeBackend, QuantAlgo};
use crate::explanation_text::explanation_text;
use crate::memory::calibration::{
    GRAPH_OUTPUTS, INDEXER_BUFFERS, LATENT_REST, LATENT_SEQUENCE, LATENT_WORKSPACE, TORCH_REST, TORCH_REST_0_20,
};
use crate::memory::inputs::Inputs;
use crate::memory::law::{Evidence, Law, Origin, Part, Symbol};
use crate::memory::number::Number;
use crate::units::MIB;

/// The persistent memory.
pub(super) static LAW: Law = Law {
    title: explanation_text("Workspaces and tables that stay inside torch"),
    evidence: Evidence::Fitted { on: explanation_text("memory inside torch of 80 public logs, less the weights") },
    below: 0.25,
    above: 0.35,
    source: explanation_text(
        "cpp/tensorrt_llm/common/attentionOp.cpp; kernels/cutlass_kernels: CutlassMoeFCRunner; \
         _torch/modules/fused_moe",
    ),
};

/// The workspace of the experts.
static EXPERTS: Law = Law {
    title: explanation_text("Workspaces that the experts' kernels keep between steps"),
    evidence: Evidence::Fitted { on: explanation_text("ten configurations in public logs, to 0.1 GiB") },
    below: 0.05,
    above: 0.05,
    source: explanation_text("CutlassMoeFCRunner::getWorkspaceDeviceBufferSizes; DeepGemmFusedMoE.forward_chunk"),
};

/// Recurrent states.
static STATES: Law = Law {
    title: explanation_text("A state for each sequence of a batch in every recurrent layer"),
    evidence: Evidence::Exact { logs: 1 },
    below: 0.05,
    above: 0.05,
    source: explanation_text(
        "_torch/pyexecutor/mamba_cache_manager.py; 135 GiB asked for in NVIDIA/TensorRT-LLM issue 8642",
    ),
};

/// Maximum rows of a DeepGEMM call (`DeepGemmFusedMoE`, moe_max_num_tokens).
const DEEP_GEMM_ROWS: f64 = 18_688.0;
/// Workspace of Blackwell's generated attention kernels, for partial results of several thread
/// blocks.
const GENERATED_ATTENTION: f64 = 32.0 * MIB as f64;

/// Bytes that persist on a rank, without those of the sampler.
pub(super) fn persistent<N: Number>(inputs: &Inputs<N>) -> N {
    let resolved = inputs.resolved;
    let mut all = Vec::with_capacity(8);
    let rest = match resolved.model.is_latent() {
        true => &LATENT_REST,
        false if resolved.version.has(Behavior::TorchWorkspaceHoldsQueries) => &TORCH_REST,
        false => &TORCH_REST_0_20,
    };
    all.push(rest.number::<N>().part(|| Part::bytes("cuBLAS workspaces and small buffers")));
    all.extend(if resolved.model.is_latent() { latent(inputs) } else { attention(inputs) });
    if let Positions::Rope { rotary_dim, tables } = resolved.model.positions {
        static ROTARY: Symbol = Symbol { text: "r", meaning: "rotated values of a head", origin: Origin::Model };
        static TABLES: Symbol =
            Symbol { text: "tables", meaning: "RoPE tables that the model keeps", origin: Origin::Model };
        let table =
            inputs.positions() * N::symbol(&ROTARY, rotary_dim as f64) * N::symbol(&TABLES, f64::from(tables)) * 4.0;
        all.push(table.part(|| Part::bytes("RoPE table, 32-bit cosines and sines")));
    }
    if resolved.model.moe.is_some() {
        all.push(expert_workspace(inputs).part(|| Part::bytes("workspace of the experts").law(&EXPERTS)));
    }
    all.extend(states(inputs));
    N::sum_of(all)
}

/// The workspace of grouped-query attention: the 16-bit queries of a step, if the KV cache is read
/// through its pages.
fn attention<N: Number>(inputs: &Inputs<N>) -> Vec<N> {
    let resolved = inputs.resolved;
    let mut workspace = Vec::new();
    if resolved.version.has(Behavior::TorchWorkspaceHoldsQueries) {
        let queries = inputs.tokens() * inputs.heads() * inputs.head_dim() * 2.0;
        workspace.push(queries.part(|| Part::bytes("queries in the attention workspace")));
    }
    if resolved.is_data_centre_blackwell() {
        workspace
            .push(N::literal(GENERATED_ATTENTION).part(|| Part::bytes("workspace of generated attention kernels")));
    }
    workspace
}

/// The persistent memory of latent attention.
fn latent<N: Number>(inputs: &Inputs<N>) -> Vec<N> {
    let resolved = inputs.resolved;
    let workspace = LATENT_WORKSPACE.number::<N>() * inputs.heads() * inputs.tokens();
    let mut all = vec![
        workspace.part(|| Part::bytes("workspace of latent attention")),
        (LATENT_SEQUENCE.number::<N>() * inputs.batch()).part(|| Part::bytes("buffers for each sequence")),
    ];
    let largest_graph = resolved.pytorch.graphs.largest;
    if resolved.parallel.attention_tp_size < resolved.parallel.tp_size && largest_graph > 0 {
        static GRAPH: Symbol = Symbol {
            text: "g",
            meaning: "sequences of the largest CUDA graph",
            origin: Origin::Chosen("cuda_graph_max_batch_size"),
        };
        let outputs = inputs.plain_vocab() * N::symbol(&GRAPH, largest_graph as f64) * GRAPH_OUTPUTS.number::<N>();
        all.push(outputs.part(|| Part::bytes("logits that CUDA graphs keep")));
    }
    if resolved.model.indexer.is_some() {
        all.push(INDEXER_BUFFERS.number::<N>().part(|| Part::bytes("buffers of the indexer")));
    }
    all
}

/// The largest expert workspace of any layer, the draft layer included.
pub(super) fn expert_workspace<N: Number>(inputs: &Inputs<N>) -> N {
    let resolved = inputs.resolved;
    let main = workspace_of(inputs, resolved.precision.quant_algo);
    if draft_is_16_bit_moe(resolved) && inputs.is_last_stage() {
        main.max(workspace_of(inputs, draft_algo(resolved, Block::Experts)))
    } else {
        main
    }
}

/// The workspace of experts that are stored as `algo`. Generated and CuTe DSL kernels allocate
/// theirs in every call.
fn workspace_of<N: Number>(inputs: &Inputs<N>, algo: QuantAlgo) -> N {
    match kernels(inputs.resolved, algo) {
        MoeBackend::Cutlass => cutlass(inputs, algo),
        MoeBackend::DeepGemm => deep_gemm(inputs),
        _ => N::literal(0.0),
    }
}

/// CUTLASS: the rows of each expert before and after its GEMMs.
fn cutlass<N: Number>(inputs: &Inputs<N>, algo: QuantAlgo) -> N {
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
    let read = inputs.hidden().max(inputs.expert_columns()) * N::symbol(&INPUT, element);
    let written = inputs.hidden().max(inputs.expert_columns() * 2.0) * inputs.element();
    rows(inputs) * inputs.top_k() * (read + written)
}

/// DeepGEMM: for every expert, as many rows as a chunk of the step has tokens.
fn deep_gemm<N: Number>(inputs: &Inputs<N>) -> N {
    let pieces = (rows(inputs) / DEEP_GEMM_ROWS).ceil().max(N::literal(1.0));
    let widest = inputs.hidden().max(inputs.expert_columns() * 2.0);
    let each = widest * 3.0 + inputs.hidden() / 128.0;
    inputs.local_experts() * (rows(inputs) / pieces) * each
}

/// Recurrent states. In each recurrent layer, a sequence has the state of every head and the last
/// inputs of the convolution, in the model's data type. A state may be in 32 bit instead
/// (`mamba_ssm_cache_dtype`).
fn states<N: Number>(inputs: &Inputs<N>) -> Option<N> {
    static LAYERS: Symbol = Symbol { text: "L_r", meaning: "recurrent layers on this rank", origin: Origin::Derived };
    static STATE: Symbol =
        Symbol { text: "state", meaning: "values of a recurrent layer's state on this rank", origin: Origin::Derived };
    static TAPS: Symbol =
        Symbol { text: "taps", meaning: "values that the convolution remembers on this rank", origin: Origin::Derived };
    let resolved = inputs.resolved;
    let recurrence = resolved.model.recurrence?;
    let layers = recurrence.layers.count_in(resolved.layers_of_stage(inputs.stage));
    let tp = resolved.parallel.attention_tp_size as f64;
    let state = recurrence.inner() as f64 * recurrence.state as f64 / tp;
    let taps = recurrence.channels() as f64 * recurrence.convolution.saturating_sub(1) as f64 / tp;
    let is_wide = recurrence.wide_state && resolved.version.has(Behavior::StatesFollowConfiguration);
    let of_state = if is_wide { N::literal(4.0) } else { inputs.element() };
    let values = N::symbol(&STATE, state) * of_state + N::symbol(&TAPS, taps) * inputs.element();
    let bytes = inputs.batch() * N::symbol(&LAYERS, f64::from(layers)) * values;
    Some(bytes.part(|| Part::bytes("recurrent states").law(&STATES)))
}

#[cfg(test)]
mod tests {
    use crate::link;
    use crate::memory::{Contributor, estimate};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    /// Bytes of runtime buffers for each sequence of a batch.
    fn a_sequence(text: &str) -> u64 {
        let buffers = |batch: u64| {
            let link = format!("v=2&{text}&gpu=gb300&max_batch_size={batch}");
            let report = estimate(&link::decode(&link).deployment).unwrap();
            report.ranks[0].figure(Contributor::RuntimeBuffers).bytes.0
        };
        (buffers(512) - buffers(256)) / 256
    }

    /// 23 Mamba layers with 64 × 64 × 128 values of 4 or 2 bytes, and 3 inputs of 6,144 channels in
    /// 16 bit: 49.08 MB and 24.97 MB.
    #[test]
    fn states_are_in_32_bit_where_configuration_and_version_say_so() {
        let nano = "model=nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16&cuda_graph_max_batch_size=0";
        for (version, expected) in [("1.3", 49_082_368), ("1.2", 24_965_120)] {
            let found = a_sequence(&format!("{nano}&trtllm_version={version}"));
            assert!(found.abs_diff(expected) < 200_000, "{version}: {found}");
        }
    }
}
