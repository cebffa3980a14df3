//! The overhead of the PyTorch backend: the memory outside torch at the time when the KV cache is
//! sized.
//!
//! It has the causes of the engine backend, with torch's code instead of TensorRT's. CUDA graphs
//! and the communication buffers of experts and disaggregated servers are added.
//!
//! Models with experts take additional memory whose cause is unknown. Its band is wide.

use super::activations::activations;
use super::experts::{draft_is_16_bit_moe, graph_tokens, kernels};
use super::persistent;
use crate::deployment::{AllreduceStrategy, Behavior, MoeBackend, QuantAlgo, Resolved, Version};
use crate::explanation_text::explanation_text;
use crate::memory::calibration::{
    Constant, DRAFT_EXPERTS, DRAFT_EXPERTS_DP, EXPERT_PARALLEL_REST, EXPERTS_ON_SERVER, PINNED, SLACK,
    SPARSE_ATTENTION, TORCH_GRAPH, TORCH_GRAPH_BLACKWELL, TORCH_GRAPH_LOGIT, TORCH_LIBRARIES, TORCH_LIBRARIES_1_0,
    TORCH_LIBRARIES_1_2, TORCH_LIBRARIES_1_3,
};
use crate::memory::inputs::Inputs;
use crate::memory::kv_cache::bytes_per_token;
use crate::memory::law::{Evidence, Law, Origin, Part, Symbol};
use crate::memory::number::Number;
use crate::memory::overhead::{
    Cause, RankTopology, communicator, context, fusion_workspace, nccl, other_processes, sum,
};
use crate::units::{GIB, MIB};

/// The sum of all causes. Its band combines theirs.
pub(crate) static LAW: Law = Law {
    title: explanation_text("CUDA context, libraries, communication and CUDA graphs, as a sum of their causes"),
    evidence: Evidence::Fitted {
        on: explanation_text("memory outside torch in 90 public logs, and 32 measured KV capacities"),
    },
    below: 0.25,
    above: 0.35,
    source: explanation_text("profiling lines of public logs; NCCL's and TensorRT-LLM's sources"),
};

/// Uncertainty of the sum for models with experts, below and above, in GiB. Nine of ten logs are
/// within it.
const EXPERTS_BAND: (f64, f64) = (1.5, 2.6);
/// Minimum size of each of the three all-reduce buffers in a rack (`_torch/distributed/ops.py`).
const RACK_ALL_REDUCE: f64 = 16.0 * MIB as f64;
/// Number of tokens below which a graph leaves nothing reserved.
const PINNING_TOKENS: u64 = 64;

/// Code of torch, TensorRT-LLM and its kernels in `version`.
pub(crate) fn libraries(version: Version) -> &'static Constant {
    let by_fact = [
        (Behavior::TorchLibrariesOf1_0, &TORCH_LIBRARIES_1_0),
        (Behavior::TorchLibrariesOf1_2, &TORCH_LIBRARIES_1_2),
        (Behavior::TorchLibrariesOf1_3, &TORCH_LIBRARIES_1_3),
    ];
    by_fact.into_iter().find(|(fact, _)| version.has(*fact)).map_or(&TORCH_LIBRARIES, |(_, constant)| constant)
}

/// Bytes outside torch at the time when the KV cache is sized, without the temporary pool of the
/// profiling pass.
pub fn overhead<N: Number>(inputs: &Inputs<N>, topology: RankTopology) -> Cause<N> {
    let resolved = inputs.resolved;
    let code = libraries(resolved.version);
    let mut causes = Vec::with_capacity(24);
    causes.push(context::own(inputs));
    causes.push(Cause::by(code, "loaded code of torch, TensorRT-LLM and its kernels", code.number()));
    causes.push(Cause::by(&SLACK, "rounding to pages and pool slack", SLACK.number()));
    if resolved.world_size() > 1 {
        nccl::shared(inputs, topology, &mut causes);
        nccl::world(inputs, topology, &mut causes);
    }
    causes.extend(second_communicator(inputs, topology));
    causes.extend(workspaces(inputs));
    causes.extend(graphs(inputs));
    causes.extend(transfer(inputs));
    causes.extend(experts(inputs));
    other_processes(inputs, topology, &mut causes);
    sum(causes)
}

fn has_attention_dp(resolved: &Resolved) -> bool {
    resolved.parallel.attention_tp_size < resolved.parallel.tp_size
}

/// A second communicator of the tensor-parallel ranks: in models with experts, and in the first
/// versions for all models.
fn second_communicator<N: Number>(inputs: &Inputs<N>, topology: RankTopology) -> Option<Cause<N>> {
    let resolved = inputs.resolved;
    let exists = resolved.model.moe.is_some() || resolved.version.has(Behavior::TorchHasAnotherCommunicator);
    (exists && resolved.parallel.attention_tp_size > 1).then(|| {
        let bytes: N = communicator(resolved, resolved.parallel.tp_size, topology.position);
        let size = bytes.value();
        Cause::new("second NCCL communicator of the same ranks", bytes, size, 0.0)
    })
}

/// The buffers through which ranks reduce results and exchange tokens.
fn workspaces<N: Number>(inputs: &Inputs<N>) -> Vec<Cause<N>> {
    let resolved = inputs.resolved;
    let mut causes = Vec::new();
    let by_nccl =
        matches!(resolved.given.pytorch.allreduce_strategy, AllreduceStrategy::Nccl | AllreduceStrategy::NcclSymmetric);
    let all_reduces = !has_attention_dp(resolved) || resolved.version.has(Behavior::AttentionDpKeepsAllReduce);
    if let Some(workspace) = fusion_workspace(inputs).filter(|_| !by_nccl && all_reduces) {
        causes.push(Cause::exact("all-reduce workspace", workspace));
    }
    let over_rack =
        matches!(resolved.given.pytorch.allreduce_strategy, AllreduceStrategy::Auto | AllreduceStrategy::Mnnvl);
    // The capacities of dense models on four GB300 leave no room for it.
    if resolved.is_rack() && resolved.model.moe.is_some() && resolved.parallel.attention_tp_size > 1 && over_rack {
        let message = (inputs.tokens() / inputs.ranks()).ceil() * inputs.ranks() * inputs.hidden() * 4.0;
        let buffers = message.max(N::literal(RACK_ALL_REDUCE)) * 3.0;
        causes.push(Cause::exact("all-reduce buffers of the NVLink domain", buffers));
    }
    if resolved.model.moe.is_some()
        && has_attention_dp(resolved)
        && resolved.is_rack()
        && resolved.parallel.moe_ep_size == resolved.parallel.tp_size
    {
        causes.push(Cause::exact("all-to-all workspace of the experts", all_to_all(inputs)));
    }
    causes
}

/// The one-sided all-to-all over NVLink: hidden states in both directions, and the experts of each
/// token (`fused_moe/communication/nvlink_one_sided.py` calculate_required_workspace_size).
fn all_to_all<N: Number>(inputs: &Inputs<N>) -> N {
    inputs.ranks() * inputs.tokens() * (inputs.hidden() * inputs.element() * 2.0 + inputs.top_k() * 8.0)
}

/// CUDA graphs: the kernels of each layer in every graph, and the logits of the largest graph.
pub(super) fn graphs<N: Number>(inputs: &Inputs<N>) -> Vec<Cause<N>> {
    static COUNT: Symbol = Symbol { text: "graphs", meaning: "CUDA graphs that are captured", origin: Origin::Derived };
    let resolved = inputs.resolved;
    let graphs = resolved.pytorch.graphs;
    if graphs.count == 0 || !resolved.version.has(Behavior::TorchGraphsCount) {
        return Vec::new();
    }
    let each = if resolved.gpu.compute_capability.0 >= 10 { &TORCH_GRAPH_BLACKWELL } else { &TORCH_GRAPH };
    let layers = N::symbol(&COUNT, graphs.count as f64) * inputs.layers() * each.number::<N>();
    let mut causes = vec![Cause::by(each, "CUDA graphs", layers)];
    if inputs.is_last_stage() {
        let logits = inputs.plain_vocab() * graph_tokens(inputs) * TORCH_GRAPH_LOGIT.number::<N>();
        causes.push(Cause::by(&TORCH_GRAPH_LOGIT, "logits of the largest CUDA graph", logits));
    }
    causes
}

/// Buffers that transfer KV blocks between servers (`batch_manager/cacheTransBuffer.cpp`).
fn transfer<N: Number>(inputs: &Inputs<N>) -> Option<Cause<N>> {
    static BUFFER: Symbol = Symbol {
        text: "buffer",
        meaning: "tokens of a transfer buffer",
        origin: Origin::Chosen("cache_transceiver_max_tokens_in_buffer"),
    };
    let tokens =
        Some(inputs.resolved.given.pytorch.cache_transceiver_max_tokens_in_buffer).filter(|tokens| *tokens > 0)?;
    let tokens = N::symbol(&BUFFER, tokens as f64) + inputs.block();
    Some(Cause::exact("buffers that pass KV blocks between servers", tokens * bytes_per_token(inputs) * 2.0))
}

/// The additional memory of models with experts.
fn experts<N: Number>(inputs: &Inputs<N>) -> Vec<Cause<N>> {
    let resolved = inputs.resolved;
    if resolved.model.moe.is_none() || resolved.world_size() < 2 {
        return Vec::new();
    }
    let mut causes = Vec::new();
    let drafts = draft_is_16_bit_moe(resolved) && inputs.is_last_stage();
    if drafts && has_attention_dp(resolved) && resolved.pytorch.graphs.count > 0 {
        let again = persistent::expert_workspace(inputs);
        causes.push(Cause::exact("workspace of the experts for CUDA graphs", again));
    }
    causes.extend(reserved(inputs));
    causes.push(unexplained(inputs, drafts));
    causes
}

/// Rows of generated kernels that stay reserved after warm-up, so the profiling pass allocates them
/// again.
fn reserved<N: Number>(inputs: &Inputs<N>) -> Vec<Cause<N>> {
    let resolved = inputs.resolved;
    if kernels(resolved, resolved.precision.quant_algo) != MoeBackend::Trtllm || has_attention_dp(resolved) {
        return Vec::new();
    }
    let mut causes = Vec::new();
    if resolved.parallel.moe_ep_size > 1 {
        let bytes = activations(inputs) * EXPERT_PARALLEL_REST.number::<N>();
        causes.push(Cause::by(&EXPERT_PARALLEL_REST, "activations that stay reserved with expert parallelism", bytes));
    }
    let older = !resolved.version.has(Behavior::ChoosesMoeBackend);
    let tokens = graph_tokens(&inputs.plain());
    let large_graphs = older && resolved.parallel.tp_size > 4 && tokens >= PINNING_TOKENS as f64;
    if large_graphs && resolved.precision.quant_algo == QuantAlgo::Fp8BlockScales {
        let bytes = activations(inputs) * PINNED.number::<N>();
        causes.push(Cause::by(&PINNED, "activations that warm-up keeps reserved", bytes));
    } else {
        let most = activations(&inputs.plain()) * PINNED.high;
        causes.push(Cause::perhaps("activations that warm-up may keep reserved", most));
    }
    causes
}

/// The memory that logs show beyond all known causes, by the feature that it occurs with.
fn unexplained<N: Number>(inputs: &Inputs<N>, drafts: bool) -> Cause<N> {
    let resolved = inputs.resolved;
    let mut parts = Vec::new();
    if resolved.gpu.compute_capability.0 >= 10 && !resolved.is_rack() {
        let doublings = (resolved.parallel.tp_size as f64).log2().min(2.0);
        parts.push((EXPERTS_ON_SERVER.number::<N>() * doublings).part(|| Part::bytes("on servers outside a rack")));
    }
    if drafts {
        let constant = if has_attention_dp(resolved) { &DRAFT_EXPERTS_DP } else { &DRAFT_EXPERTS };
        parts.push(constant.number::<N>().part(|| Part::bytes("with 16-bit experts in the draft layer")));
    }
    if resolved.model.indexer.is_some() && !has_attention_dp(resolved) {
        parts.push(SPARSE_ATTENTION.number::<N>().part(|| Part::bytes("with sparse attention")));
    }
    let (below, above) = EXPERTS_BAND;
    let gib = GIB as f64;
    Cause::new("additional memory of experts, cause unknown", N::sum_of(parts), below * gib, above * gib)
}
