//! The allocations after the KV cache, in the memory that it leaves.

use super::encoder;
use super::kv_cache::pages_per_sequence;
use crate::deployment::{Behavior, KvCacheDtype, KvCacheType, KvType, Resolved, Runtime};
use crate::memory::band::Band;
use crate::memory::inputs::Inputs;
use crate::memory::kv_cache::distinct_windows;
use crate::memory::law::{Origin, Part, Symbol};
use crate::memory::number::Number;
use crate::units::MIB;

/// MiB of a CUDA graph: the middle of "4-10MB" in a comment in `trtGptModelInflightBatching.cpp`.
const GRAPH_MIB: f64 = 7.0;
/// Uncertainty of that size in MiB.
const GRAPH_MIB_OFF: f64 = 3.0;
/// Graphs per micro-batch of `GptSession`, which alternates between two sets of buffers
/// (`gptSession.cpp`).
const SESSION_GRAPHS: u64 = 2;

/// Bytes on a rank: tables of KV blocks, positions, tensors of the first steps with prompts, and
/// CUDA graphs.
pub(super) fn allocated_after_kv_cache<N: Number>(inputs: &Inputs<N>) -> N {
    match inputs.resolved.given.engine.runtime {
        Runtime::Executor => executor(inputs),
        Runtime::GptSession => graphs(inputs).unwrap_or_else(|| N::literal(0.0)),
        Runtime::PySession => N::literal(0.0),
    }
}

/// Uncertainty band of these bytes.
///
/// The size of CUDA graphs is uncertain. The logits of previous prompts stay allocated until the
/// new ones exist.
pub(super) fn band(inputs: &Inputs<f64>) -> Band {
    let graphs = graphs(inputs).map(|bytes| bytes * (GRAPH_MIB_OFF / GRAPH_MIB)).unwrap_or_default();
    let executor = inputs.resolved.given.engine.runtime == Runtime::Executor;
    let logits = context_logits(inputs).filter(|_| executor).unwrap_or_default();
    // Requests may keep their encoder output beyond their first step.
    let outputs = encoder::first_batch(inputs).filter(|_| executor).unwrap_or_default();
    Band::of_sum([
        Band { below: graphs, above: graphs },
        Band { below: 0.0, above: logits },
        Band { below: 0.0, above: outputs },
    ])
}

/// Logits of every prompt token. The first step with prompts creates the tensor in each set of
/// buffers.
fn context_logits<N: Number>(inputs: &Inputs<N>) -> Option<N> {
    (inputs.resolved.given.engine.gather_context_logits && inputs.is_last_stage()).then(|| {
        (inputs.sets() * inputs.logit() * inputs.running_tokens() * inputs.runtime_vocab())
            .part(|| Part::bytes("logits of prompt tokens"))
    })
}

fn executor<N: Number>(inputs: &Inputs<N>) -> N {
    let resolved = inputs.resolved;
    let paged = inputs.attends() && resolved.given.engine.kv_cache_type == KvCacheType::Paged;
    N::sum_of(
        [
            paged.then(|| block_offsets(inputs)),
            Some((inputs.sets() * inputs.running_tokens() * 4.0).part(|| Part::bytes("position ids"))),
            context_logits(inputs),
            encoder::cross_tables(inputs),
            encoder::first_batch(inputs),
            (resolved.given.engine.max_prompt_embedding_table_size > 0).then(|| {
                (inputs.element() * inputs.prompt_rows() * inputs.hidden())
                    .part(|| Part::bytes("prompt tables of the requests"))
            }),
            graphs(inputs),
        ]
        .into_iter()
        .flatten(),
    )
}

/// Tables of block offsets for keys and values, 4 bytes per block, in each set and for each pool
/// (`batch_manager/transformerBuffers.cpp`).
fn block_offsets<N: Number>(inputs: &Inputs<N>) -> N {
    static POOLS: Symbol = Symbol {
        text: "pools",
        meaning: "pools of KV blocks: one for each attention window, and again for block scales",
        origin: Origin::Derived,
    };
    let table = inputs.sets() * inputs.running_batch() * inputs.beam() * pages_per_sequence(inputs) * 8.0;
    let pools = pools(inputs.resolved);
    let tables = if pools > 1.0 { table * N::symbol(&POOLS, pools) } else { table };
    tables.part(|| Part::bytes("tables of block offsets"))
}

fn pools(resolved: &Resolved) -> f64 {
    let windows = if resolved.version.has(Behavior::WindowsHavePools) { distinct_windows(resolved) } else { 1 };
    let scales = if resolved.precision.kv_cache_dtype == KvType::Quantized(KvCacheDtype::Nvfp4) { 2.0 } else { 1.0 };
    windows as f64 * scales
}

/// CUDA graphs of generation steps, once the cache of graphs is full.
fn graphs<N: Number>(inputs: &Inputs<N>) -> Option<N> {
    static GRAPHS: Symbol = Symbol {
        text: "graphs",
        meaning: "CUDA graphs that are kept",
        origin: Origin::Chosen("cuda_graph_cache_size"),
    };
    let resolved = inputs.resolved;
    let of_a_set = match resolved.given.engine.runtime {
        Runtime::GptSession => SESSION_GRAPHS,
        Runtime::Executor | Runtime::PySession => {
            resolved.engine.cuda_graphs.min(resolved.limits.runtime_max_batch_size)
        }
    };
    (resolved.engine.cuda_graphs > 0).then(|| {
        (inputs.sets() * N::symbol(&GRAPHS, of_a_set as f64) * (GRAPH_MIB * MIB as f64))
            .part(|| Part::bytes("CUDA graphs"))
    })
}
