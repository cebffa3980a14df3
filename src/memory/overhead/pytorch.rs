//! The overhead of the PyTorch backend, for dense models: the same causes as in the engine flow, with torch's code in place of
//! TensorRT's, one communicator over all ranks, and CUDA graphs.

use super::{Cause, Place, context, fusion_workspace, nccl, others, sum};
use crate::deployment::{Fact, Version};
use crate::memory::calibration::{
    Constant, SLACK, TORCH_GRAPHS, TORCH_LIBRARIES, TORCH_LIBRARIES_1_0, TORCH_LIBRARIES_1_2, TORCH_LIBRARIES_1_3,
};
use crate::memory::quantity::{Number, Origin, Symbol};
use crate::memory::terms::Terms;

/// Sequences of CUDA graphs that the libraries' figure includes, in versions that capture graphs without being told.
const INCLUDED_GRAPHS: u64 = 128;

/// Code of torch, TensorRT-LLM and its kernels in `version`.
pub fn libraries(version: Version) -> &'static Constant {
    let by_fact = [
        (Fact::TorchLibrariesOf1_0, &TORCH_LIBRARIES_1_0),
        (Fact::TorchLibrariesOf1_2, &TORCH_LIBRARIES_1_2),
        (Fact::TorchLibrariesOf1_3, &TORCH_LIBRARIES_1_3),
    ];
    by_fact.into_iter().find(|(fact, _)| version.has(*fact)).map_or(&TORCH_LIBRARIES, |(_, constant)| constant)
}

/// Bytes outside torch when the KV cache is sized, with CUDA graphs for up to `graph_batch` sequences. What mixture-of-experts
/// layers add is no part of it.
pub fn overhead<N: Number>(terms: &Terms<N>, place: Place, graph_batch: u64) -> Cause<N> {
    static GRAPHS: Symbol =
        Symbol { text: "g", meaning: "sequences of the largest CUDA graph that count", origin: Origin::Derived };
    let plan = terms.plan;
    let code = libraries(plan.version);
    let mut causes = vec![
        context::own(terms),
        Cause::by(code, "loaded code of torch, TensorRT-LLM and its kernels", code.number()),
        Cause::by(&SLACK, "rounding to pages and pool slack", SLACK.number()),
    ];
    if plan.world_size() > 1 {
        causes.extend(nccl::shared(terms, place));
        causes.extend(nccl::world(terms, place));
    }
    if let Some(workspace) = fusion_workspace(terms) {
        causes.push(Cause::exact("all-reduce workspace", workspace));
    }
    let all = plan.version.has(Fact::TorchLibrariesOf1_3);
    let graphs = if all { graph_batch } else { graph_batch.saturating_sub(INCLUDED_GRAPHS) };
    if graphs > 0 {
        let bytes = N::symbol(&GRAPHS, graphs as f64) * TORCH_GRAPHS.number::<N>();
        causes.push(Cause::by(&TORCH_GRAPHS, "CUDA graphs", bytes));
    }
    causes.extend(others::others(terms, place));
    sum(causes)
}
