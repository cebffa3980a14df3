//! TensorRT-LLM's own all-reduce buffers, through which the ranks of a node read each other's
//! memory.

use super::topology::has_peer_access;
use crate::deployment::{Behavior, Resolved};
use crate::memory::inputs::Inputs;
use crate::memory::law::{Origin, Part, Symbol};
use crate::memory::number::Number;
use crate::units::MIB;

/// The granularity of each buffer (`cudaMalloc` of memory that other processes open).
const PAGE: f64 = 2.0 * MIB as f64;
/// Maximum bytes of a message: for two ranks, for more ranks, and in later versions
/// (`customAllReduceUtils.h` getMaxRequiredWorkspaceSize).
const MESSAGE: (f64, f64, f64) = (16_000_000.0, 8_000_000.0, 67_108_864.0);
/// Tokens of 16-bit values that the Lamport buffers hold (`kLamportTokenNumThreshold`).
const LAMPORT_TOKENS: f64 = 16.0;

static SEQUENCES: Symbol = Symbol {
    text: "B",
    meaning: "sequences in a batch of the running executor",
    origin: Origin::Chosen("runtime_max_batch_size"),
};
static CAP: Symbol = Symbol { text: "cap", meaning: "bytes of a message at most", origin: Origin::Source };

fn cap<N: Number>(resolved: &Resolved) -> N {
    let bytes = match resolved.parallel.tp_size {
        _ if resolved.version.has(Behavior::LargeAllReduceBuffers) => MESSAGE.2,
        ..=2 => MESSAGE.0,
        _ => MESSAGE.1,
    };
    N::symbol(&CAP, bytes)
}

/// Whether the ranks of a group can read each other's memory.
fn exists(resolved: &Resolved) -> bool {
    resolved.parallel.tp_size > 1
        && resolved.parallel.tp_size <= resolved.machine.gpus_per_node
        && has_peer_access(resolved)
}

/// Bytes of the engine backend's workspace (`cpp/tensorrt_llm/runtime/ipcUtils.cpp`
/// AllReduceBuffers); `None` if it has none.
pub fn all_reduce_buffers<N: Number>(inputs: &Inputs<N>) -> Option<N> {
    let resolved = inputs.resolved;
    exists(resolved).then(|| {
        let sequences = N::symbol(&SEQUENCES, resolved.limits.runtime_max_batch_size as f64);
        let message = sequences * inputs.beam() * inputs.sequence() * inputs.hidden() * 4.0 / inputs.ranks();
        let messages = (inputs.ranks() * message.min(cap(resolved))).round_up(PAGE) * 2.0;
        let lamport = resolved.version.has(Behavior::AllReduceHasLamportBuffers).then(|| {
            let lamport = (inputs.ranks() * inputs.hidden() * (LAMPORT_TOKENS * 2.0)).round_up(PAGE) * 3.0;
            lamport.part(|| Part::bytes("Lamport, three buffers"))
        });
        let messages = messages.part(|| Part::bytes("messages, two buffers"));
        let flags = N::literal(2.0 * PAGE).part(|| Part::bytes("flags, two buffers"));
        N::sum_of([messages, flags].into_iter().chain(lamport))
    })
}

/// Bytes of the PyTorch backend's workspace (`_ipc_utils.py`, fusion workspace); `None` if it has
/// none.
pub(crate) fn fusion_workspace<N: Number>(inputs: &Inputs<N>) -> Option<N> {
    exists(inputs.resolved).then(|| inputs.ranks() * cap::<N>(inputs.resolved) * 4.0 + inputs.ranks() * 256.0)
}
