//! The overhead of the PyTorch backend: what lies outside torch when the KV cache is sized. The causes of the engine flow with torch's
//! code in place of TensorRT's; CUDA graphs; the buffers that experts and disaggregated servers talk through; and what models with
//! experts take besides, which isn't explained yet and has a wide band.

use super::activations::activations;
use super::experts::{draft_is_16_bit_moe, graph_tokens, kernels};
use super::{persistent, weights};
use crate::deployment::{AllreduceStrategy, Fact, MoeBackend, Plan, QuantAlgo, Version};
use crate::memory::calibration::{
    Constant, DRAFT_EXPERTS, DRAFT_EXPERTS_DP, EXPERT_PARALLEL_REST, EXPERTS_ON_SERVER, PINNED, SLACK,
    SPARSE_ATTENTION, TORCH_GRAPH, TORCH_GRAPH_BLACKWELL, TORCH_GRAPH_LOGIT, TORCH_LIBRARIES, TORCH_LIBRARIES_1_0,
    TORCH_LIBRARIES_1_2, TORCH_LIBRARIES_1_3,
};
use crate::memory::kv_cache::bytes_per_token;
use crate::memory::overhead::{Cause, Place, communicator, context, fusion_workspace, nccl, others, sum};
use crate::memory::quantity::{Evidence, Law, Number, Origin, Part, Symbol};
use crate::memory::terms::Terms;
use crate::told::told;
use crate::units::{GIB, MIB};

/// The sum of all causes. Its band is made of theirs.
pub static LAW: Law = Law {
    title: told("CUDA context, libraries, communication and CUDA graphs, as a sum of their causes"),
    evidence: Evidence::Fitted { on: told("what lies outside torch in 90 public logs, and 32 measured KV capacities") },
    below: 0.25,
    above: 0.35,
    source: told("profiling lines of public logs; NCCL's and TensorRT-LLM's sources"),
};

/// How far off the sum may be in models with experts, below and above [GiB]: nine of ten logs lie inside.
const EXPERTS_BAND: (f64, f64) = (1.5, 2.6);
/// The least size of each of the three buffers of an all-reduce over a rack (`_torch/distributed/ops.py`).
const RACK_ALL_REDUCE: f64 = 16.0 * MIB as f64;
/// Graphs of fewer tokens leave nothing reserved.
const PINNING_TOKENS: u64 = 64;

/// Code of torch, TensorRT-LLM and its kernels in `version`.
pub fn libraries(version: Version) -> &'static Constant {
    let by_fact = [
        (Fact::TorchLibrariesOf1_0, &TORCH_LIBRARIES_1_0),
        (Fact::TorchLibrariesOf1_2, &TORCH_LIBRARIES_1_2),
        (Fact::TorchLibrariesOf1_3, &TORCH_LIBRARIES_1_3),
    ];
    by_fact.into_iter().find(|(fact, _)| version.has(*fact)).map_or(&TORCH_LIBRARIES, |(_, constant)| constant)
}

/// Bytes outside torch when the KV cache is sized, the temporary pool of the profiling pass apart.
pub fn outside<N: Number>(terms: &Terms<N>, place: Place) -> Cause<N> {
    let plan = terms.plan;
    let code = libraries(plan.version);
    let mut causes = Vec::with_capacity(24);
    causes.push(context::own(terms));
    causes.push(Cause::by(code, "loaded code of torch, TensorRT-LLM and its kernels", code.number()));
    causes.push(Cause::by(&SLACK, "rounding to pages and pool slack", SLACK.number()));
    if plan.world_size() > 1 {
        nccl::shared(terms, place, &mut causes);
        nccl::world(terms, place, &mut causes);
    }
    causes.extend(second_communicator(terms, place));
    causes.extend(workspaces(terms));
    causes.extend(graphs(terms));
    causes.extend(transfer(terms));
    causes.extend(experts(terms));
    others::others(terms, place, &mut causes);
    sum(causes)
}

fn has_attention_dp(plan: &Plan) -> bool {
    plan.attention_tp_size < plan.tp_size
}

/// A second communicator over the tensor-parallel ranks: of the experts, or in the first versions of every model.
fn second_communicator<N: Number>(terms: &Terms<N>, place: Place) -> Option<Cause<N>> {
    let plan = terms.plan;
    let exists = plan.model.moe.is_some() || plan.version.has(Fact::TorchHasAnotherCommunicator);
    (exists && plan.attention_tp_size > 1).then(|| {
        let bytes: N = communicator(plan, plan.tp_size, place.position);
        let size = bytes.value();
        Cause::new("second NCCL communicator of the same ranks", bytes, size, 0.0)
    })
}

/// The buffers through which ranks add up their results and hand each other tokens.
fn workspaces<N: Number>(terms: &Terms<N>) -> Vec<Cause<N>> {
    let plan = terms.plan;
    let mut causes = Vec::new();
    let by_nccl = matches!(plan.torch.allreduce_strategy, AllreduceStrategy::Nccl | AllreduceStrategy::NcclSymmetric);
    let all_reduces = !has_attention_dp(plan) || plan.version.has(Fact::AttentionDpKeepsAllReduce);
    if let Some(workspace) = fusion_workspace(terms).filter(|_| !by_nccl && all_reduces) {
        causes.push(Cause::exact("all-reduce workspace", workspace));
    }
    let over_rack = matches!(plan.torch.allreduce_strategy, AllreduceStrategy::Auto | AllreduceStrategy::Mnnvl);
    // Capacities of dense models on four GB300 leave no room for it.
    if plan.is_rack() && plan.model.moe.is_some() && plan.attention_tp_size > 1 && over_rack {
        let message = (terms.tokens() / terms.ranks()).ceil() * terms.ranks() * terms.hidden() * 4.0;
        let buffers = message.max(N::literal(RACK_ALL_REDUCE)) * 3.0;
        causes.push(Cause::exact("all-reduce buffers of the NVLink domain", buffers));
    }
    if plan.model.moe.is_some() && has_attention_dp(plan) && plan.is_rack() && plan.moe_ep_size == plan.tp_size {
        causes.push(Cause::exact("all-to-all workspace of the experts", all_to_all(terms)));
    }
    causes
}

/// The one-sided all-to-all over NVLink: hidden states that are sent and that come back, and the experts that each token chose
/// (`fused_moe/communication/nvlink_one_sided.py` calculate_required_workspace_size).
fn all_to_all<N: Number>(terms: &Terms<N>) -> N {
    terms.ranks() * terms.tokens() * (terms.hidden() * terms.element() * 2.0 + terms.top_k() * 8.0)
}

/// CUDA graphs: the kernels of every layer in each, and the logits of the largest.
fn graphs<N: Number>(terms: &Terms<N>) -> Vec<Cause<N>> {
    static COUNT: Symbol = Symbol { text: "graphs", meaning: "CUDA graphs that are captured", origin: Origin::Derived };
    let plan = terms.plan;
    let graphs = plan.torch.graphs;
    if graphs.count == 0 || !plan.version.has(Fact::TorchGraphsCount) {
        return Vec::new();
    }
    let each = if plan.gpu.compute_capability.0 >= 10 { &TORCH_GRAPH_BLACKWELL } else { &TORCH_GRAPH };
    let layers = N::symbol(&COUNT, graphs.count as f64) * terms.layers() * each.number::<N>();
    let mut causes = vec![Cause::by(each, "CUDA graphs", layers)];
    if terms.is_last_stage() {
        let logits = terms.plain_vocab() * graph_tokens(terms) * TORCH_GRAPH_LOGIT.number::<N>();
        causes.push(Cause::by(&TORCH_GRAPH_LOGIT, "logits of the largest CUDA graph", logits));
    }
    causes
}

/// Buffers that send and receive KV blocks between servers (`batch_manager/cacheTransBuffer.cpp`).
fn transfer<N: Number>(terms: &Terms<N>) -> Option<Cause<N>> {
    static BUFFER: Symbol = Symbol {
        text: "buffer",
        meaning: "tokens of a transfer buffer",
        origin: Origin::Chosen("cache_transceiver_max_tokens_in_buffer"),
    };
    let tokens = Some(terms.plan.torch.transfer_tokens).filter(|tokens| *tokens > 0)?;
    let tokens = N::symbol(&BUFFER, tokens as f64) + terms.block();
    Some(Cause::exact("buffers that pass KV blocks between servers", tokens * bytes_per_token(terms) * 2.0))
}

/// What models with experts take besides.
fn experts<N: Number>(terms: &Terms<N>) -> Vec<Cause<N>> {
    let plan = terms.plan;
    if plan.model.moe.is_none() || plan.world_size() < 2 {
        return Vec::new();
    }
    let mut causes = Vec::new();
    if let Some(bytes) = weights::balanced(terms) {
        causes.push(Cause::exact("experts that the load balancer moves", bytes));
    }
    let drafts = draft_is_16_bit_moe(plan) && terms.is_last_stage();
    if drafts && has_attention_dp(plan) && plan.torch.graphs.count > 0 {
        let again = persistent::expert_workspace(terms);
        causes.push(Cause::exact("workspace of the experts for CUDA graphs", again));
    }
    causes.extend(reserved(terms));
    causes.push(unexplained(terms, drafts));
    causes
}

/// Rows of the generated kernels that stay reserved after warm-up, so that the profiling pass allocates them again.
fn reserved<N: Number>(terms: &Terms<N>) -> Vec<Cause<N>> {
    let plan = terms.plan;
    if kernels(plan, plan.quant_algo) != MoeBackend::Trtllm || has_attention_dp(plan) {
        return Vec::new();
    }
    let mut causes = Vec::new();
    if plan.moe_ep_size > 1 {
        let bytes = activations(terms) * EXPERT_PARALLEL_REST.number::<N>();
        causes.push(Cause::by(&EXPERT_PARALLEL_REST, "activations that stay reserved with expert parallelism", bytes));
    }
    let older = !plan.version.has(Fact::ChoosesMoeBackend);
    let tokens = graph_tokens(&terms.plain());
    let large_graphs = older && plan.tp_size > 4 && tokens >= PINNING_TOKENS as f64;
    if large_graphs && plan.quant_algo == QuantAlgo::Fp8BlockScales {
        let bytes = activations(terms) * PINNED.number::<N>();
        causes.push(Cause::by(&PINNED, "activations that warm-up keeps reserved", bytes));
    } else {
        let most = activations(&terms.plain()) * PINNED.high;
        causes.push(Cause::perhaps("activations that warm-up may keep reserved", most));
    }
    causes
}

/// What logs show beyond everything that is known, by what goes with it.
fn unexplained<N: Number>(terms: &Terms<N>, drafts: bool) -> Cause<N> {
    let plan = terms.plan;
    let mut parts = Vec::new();
    if plan.gpu.compute_capability.0 >= 10 && !plan.is_rack() {
        let doublings = (plan.tp_size as f64).log2().min(2.0);
        parts.push((EXPERTS_ON_SERVER.number::<N>() * doublings).part(|| Part::bytes("on servers that are no rack")));
    }
    if drafts {
        let constant = if has_attention_dp(plan) { &DRAFT_EXPERTS_DP } else { &DRAFT_EXPERTS };
        parts.push(constant.number::<N>().part(|| Part::bytes("with 16-bit experts in the draft layer")));
    }
    if plan.model.indexer.is_some() && !has_attention_dp(plan) {
        parts.push(SPARSE_ATTENTION.number::<N>().part(|| Part::bytes("with sparse attention")));
    }
    let (below, above) = EXPERTS_BAND;
    let gib = GIB as f64;
    Cause::new("what experts add, for reasons not known", N::sum_of(parts), below * gib, above * gib)
}
