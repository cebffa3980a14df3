//! The memory of other processes and of the operating system on a rank's GPU.

use super::context::context;
use super::{Cause, RankTopology};
use crate::deployment::OperatingSystem;
use crate::memory::calibration::{CONTEXT_THREAD, WINDOWS, WINDOWS_LEAST};
use crate::memory::inputs::Inputs;
use crate::memory::law::{Origin, Symbol};
use crate::memory::number::Number;
use crate::units::MIB;

/// Triton's CUDA memory pool on every GPU that is visible to a server
/// (`--cuda-memory-pool-byte-size`).
const TRITON_POOL: f64 = 64.0 * MIB as f64;

static FOREIGN: Symbol =
    Symbol { text: "others", meaning: "other ranks' processes with a context on this GPU", origin: Origin::Derived };
static SERVERS: Symbol =
    Symbol { text: "servers", meaning: "Triton processes that see this GPU", origin: Origin::Chosen("launcher") };
static OTHER: Symbol =
    Symbol { text: "other", meaning: "memory that other processes hold", origin: Origin::Chosen("other_memory_gib") };

/// Adds the memory that doesn't belong to the rank itself.
pub(in crate::memory) fn other_processes<N: Number>(
    inputs: &Inputs<N>,
    topology: RankTopology,
    causes: &mut Vec<Cause<N>>,
) {
    let resolved = inputs.resolved;
    if topology.foreign_contexts > 0 {
        let contexts = context(inputs) * N::symbol(&FOREIGN, topology.foreign_contexts as f64);
        causes.push(Cause::by(&CONTEXT_THREAD, "other ranks' CUDA contexts on this GPU", contexts));
    }
    if topology.servers > 0 {
        let pools = N::symbol(&SERVERS, topology.servers as f64) * TRITON_POOL;
        causes.push(Cause::exact("Triton's pools of CUDA memory", pools));
    }
    if resolved.world_size() > 1 {
        let another = context(&inputs.plain());
        causes.push(Cause::perhaps("another process's CUDA context, if any", another));
    }
    if resolved.given.machine.os == OperatingSystem::Windows {
        causes.push(windows(inputs));
    }
    if resolved.machine.other_memory.0 > 0 {
        causes.push(Cause::exact("other processes", N::symbol(&OTHER, resolved.machine.other_memory.0 as f64)));
    }
}

fn windows<N: Number>(inputs: &Inputs<N>) -> Cause<N> {
    let total = inputs.resolved.machine.gpu_memory.0 as f64;
    let at = |share: f64, least: f64| (total * share).max(WINDOWS_LEAST.value(least));
    let likely = (inputs.total() * WINDOWS.number::<N>()).max(WINDOWS_LEAST.number());
    let bytes: f64 = likely.value();
    let below = bytes - at(WINDOWS.low, WINDOWS_LEAST.low);
    let above = at(WINDOWS.high, WINDOWS_LEAST.high) - bytes;
    Cause::new("Windows and its desktop", likely, below, above)
}
