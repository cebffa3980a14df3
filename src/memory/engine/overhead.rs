//! What is neither weights, activations, buffers nor KV cache: CUDA context, loaded code, communication.
//!
//! No log line counts it. Its terms were measured by several people in public and fitted; each constant carries
//! its source, and the band is the root of the sum of the squared deviations of the independent causes.

use crate::deployment::{Fact, Plan};
use crate::gpu::Link;
use crate::memory::Kind;
use crate::memory::quantity::{Evidence, Law, Number, Origin, Part, Symbol};
use crate::memory::report::Figure;
use crate::memory::terms::Terms;
use crate::units::{Bytes, MIB};

/// The sum of all causes.
pub static LAW: Law = Law {
    title: "CUDA context, libraries and communication, as a sum of their causes",
    evidence: Evidence::Fitted { on: "sixteen cases in twelve public logs, all inside the band" },
    below: 0.25,
    above: 0.35,
    source: "total minus available minus the other lines of public logs; NCCL's sources; reports on the CUDA context of eight cards",
};

/// What a log leaves.
pub static MEASURED: Law = Law {
    title: "What the free memory that you gave leaves beside the other figures",
    evidence: Evidence::Exact { logs: 1 },
    below: 0.0,
    above: 0.0,
    source: "free_memory_gib",
};

/// The context beside the area for the stacks of threads [MiB].
const CONTEXT_BASE_MIB: f64 = 8.0;
/// Bytes of a context for each thread that can be resident; fitted to two cards, six others within 13 MiB.
const CONTEXT_PER_THREAD: f64 = 1986.0;
/// Code and handles of TensorRT, cuBLAS and the kernels [MiB]: low, likely, high; leftovers of single-GPU logs.
const LIBRARIES_MIB: (f64, f64, f64) = (25.0, 250.0, 330.0);
/// NCCL once in a process [MiB]: low, likely, high (NVIDIA/nccl issue 964).
const NCCL_PROCESS_MIB: (f64, f64, f64) = (150.0, 256.0, 350.0);
/// Rounding to pages of 2 MiB and pool slack [MiB]: low, likely, high.
const SLACK_MIB: (f64, f64, f64) = (0.0, 20.0, 60.0);

/// Bytes of one NCCL channel to a peer in both directions [MiB] (`src/transport/p2p.cc`).
const CHANNEL_MIB: f64 = 12.0;
/// NVLink SHARP buffers of a channel and rank [MiB]: 2 · 8 · 128 KiB (`src/transport/nvls.cc`).
const NVLS_CHANNEL_MIB: f64 = 2.0;

const fn mib(amount: f64) -> f64 {
    amount * MIB as f64
}

/// NCCL channels and NVLS channels of a link (`src/graph/connect.cc`, `src/graph/search.cc`).
fn channels(plan: &Plan) -> (f64, f64) {
    match (plan.gpu.link, plan.gpu.compute_capability.0) {
        (Link::NvLink, ..8) => (12.0, 0.0),
        (Link::NvLink, 8) => (24.0, 0.0),
        (Link::NvLink, 9) => (24.0, 16.0),
        (Link::NvLink, _) => (24.0, 24.0),
        (Link::PciePeer, _) => (3.0, 0.0),
        (Link::PcieHost, _) => (0.0, 0.0),
    }
}

/// MiB that a communicator of `ranks` holds on each: ring, tree, and NVLS buffers.
fn communicator(plan: &Plan, ranks: u64) -> f64 {
    let (rings, nvls) = channels(plan);
    if ranks < 2 || rings == 0.0 {
        return 0.0;
    }
    let tree = if ranks == 2 { 0.0 } else { CHANNEL_MIB * rings };
    let multicast = if nvls > 0.0 { nvls * NVLS_CHANNEL_MIB * ranks.min(32) as f64 + 2.0 } else { 0.0 };
    CHANNEL_MIB * rings + tree + multicast
}

/// MiB of all communicators: the tensor-parallel group, and under pipeline parallelism a pair with each neighbour.
fn communicators(plan: &Plan) -> f64 {
    let pairs = if plan.pp_size > 1 { 2.0 * communicator(plan, 2) } else { 0.0 };
    communicator(plan, plan.tp_size) + pairs
}

/// Bytes of the custom all-reduce workspace (`cpp/tensorrt_llm/runtime/ipcUtils.cpp` AllReduceBuffers): every buffer a
/// multiple of 2 MiB; only where all ranks of the group reach each other's memory on one machine.
fn all_reduce_workspace(plan: &Plan) -> f64 {
    if plan.tp_size < 2 || plan.tp_size > plan.gpus_per_node || channels(plan).0 == 0.0 {
        return 0.0;
    }
    let tp = plan.tp_size as f64;
    let pages = |bytes: f64| (bytes / mib(2.0)).ceil() * mib(2.0);
    let cap = match plan.tp_size {
        _ if plan.version.has(Fact::LargeAllReduceBuffers) => mib(64.0),
        1..=2 => 16_000_000.0,
        _ => 8_000_000.0,
    };
    let hidden = plan.model.hidden as f64;
    let sequences = plan.max_batch_size as f64 * plan.max_beam_width as f64 * plan.max_seq_len as f64;
    let messages = tp * (4.0 * sequences * hidden / tp).min(cap);
    let lamport =
        if plan.version.has(Fact::AllReduceHasLamportBuffers) { 3.0 * pages(tp * 16.0 * hidden * 2.0) } else { 0.0 };
    2.0 * pages(messages) + 2.0 * mib(2.0) + lamport
}

/// Contexts that other ranks' processes leave on this rank's GPU: one for each other rank of the machine, on its GPU 0 in the
/// versions that touched it at import, on every GPU in the first ones.
pub fn foreign_contexts(plan: &Plan, rank: u64) -> u64 {
    let first = rank - rank % plan.gpus_per_node;
    let here = plan.version.has(Fact::ContextsOnEveryGpu) || (plan.version.has(Fact::ContextsOnGpu0) && rank == first);
    if here { (plan.world_size() - first).min(plan.gpus_per_node) - 1 } else { 0 }
}

fn context<N: Number>(terms: &Terms<N>) -> N {
    static BYTES: Symbol = Symbol {
        text: "1986 B",
        meaning: "bytes of a context for each thread that can be resident",
        origin: Origin::Calibrated,
    };
    let threads = terms.multiprocessors() * terms.threads() * N::symbol(&BYTES, CONTEXT_PER_THREAD);
    (threads + mib(CONTEXT_BASE_MIB)).part(|| Part::bytes("CUDA context").symbol("context"))
}

/// Bytes of overhead when the KV cache is sized.
pub fn overhead<N: Number>(terms: &Terms<N>, foreign_contexts: u64) -> N {
    static FOREIGN: Symbol = Symbol {
        text: "others",
        meaning: "other ranks' processes with a context on this GPU",
        origin: Origin::Derived,
    };
    let plan = terms.plan;
    let mut causes = vec![
        context(terms),
        N::literal(mib(LIBRARIES_MIB.1)).part(|| Part::bytes("loaded code and library handles")),
        N::literal(mib(SLACK_MIB.1)).part(|| Part::bytes("rounding to pages and pool slack")),
    ];
    if plan.world_size() > 1 {
        causes.push(N::literal(mib(NCCL_PROCESS_MIB.1)).part(|| Part::bytes("NCCL, once in a process")));
        causes.push(N::literal(mib(communicators(plan))).part(|| Part::bytes("NCCL communicators")));
        causes.push(N::literal(all_reduce_workspace(plan)).part(|| Part::bytes("custom all-reduce workspace")));
    }
    if foreign_contexts > 0 {
        let contexts = context(terms) * N::symbol(&FOREIGN, foreign_contexts as f64);
        causes.push(contexts.part(|| Part::bytes("other ranks' CUDA contexts on this GPU")));
    }
    N::sum_of(causes)
}

/// Bytes of overhead that the free memory of a log leaves beside the predicted parts.
pub fn measured<N: Number>(terms: &Terms<N>, free: Bytes, predicted: &[N; 4]) -> N {
    static FREE: Symbol =
        Symbol { text: "free", meaning: "free memory that a log printed", origin: Origin::Chosen("free_memory_gib") };
    let left = terms.total() - N::symbol(&FREE, free.0 as f64) - N::sum_of(predicted.to_vec());
    left.max(N::literal(0.0))
}

/// The figure of the overhead, `late` allocations included, with its band.
pub fn figure(plan: &Plan, kind: Kind, until_kv_cache: f64, late: f64, law: &'static Law) -> Figure {
    let bytes = until_kv_cache + late;
    if plan.free_memory.is_some() {
        return Figure::of(law, bytes);
    }
    let context = context(&Terms::<f64>::new(plan, kind.stage));
    let several = plan.world_size() > 1;
    let where_several = |amount: f64| if several { amount } else { 0.0 };
    let root = |deviations: &[f64]| deviations.iter().map(|deviation| deviation * deviation).sum::<f64>().sqrt();
    let span = |(low, likely, high): (f64, f64, f64)| (mib(likely - low), mib(high - likely));
    let (libraries, process, slack) = (span(LIBRARIES_MIB), span(NCCL_PROCESS_MIB), span(SLACK_MIB));
    let below = root(&[0.03 * context, libraries.0, where_several(process.0), slack.0]);
    let another = where_several(mib(communicator(plan, plan.tp_size.max(2))));
    let above =
        root(&[0.08 * context, libraries.1, where_several(process.1), slack.1, another, where_several(context)]);
    let size = |bytes: f64| Bytes(bytes.round() as u64);
    Figure { bytes: size(bytes), low: size(bytes - below), high: size(bytes + above), law }
}
