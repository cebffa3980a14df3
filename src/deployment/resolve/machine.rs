//! The memory of a GPU, and the GPUs of a node.

use crate::deployment::{Deployment, Note};
use crate::gpu::Link;
use crate::units::Bytes;

/// GPUs of a server, which reach each other directly.
pub(super) const GPUS_PER_SERVER: u64 = 8;
/// GPUs of an NVL72 rack.
const GPUS_PER_RACK: u64 = 72;

/// The settings of the machine that need resolution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ResolvedMachine {
    /// Total memory of each GPU.
    pub gpu_memory: Bytes,
    /// Free memory just before the KV cache is sized, if a log printed it.
    pub free_memory: Option<Bytes>,
    /// Memory that other processes hold on each GPU.
    pub other_memory: Bytes,
    /// GPUs that reach each other directly.
    pub gpus_per_node: u64,
}

impl ResolvedMachine {
    pub(super) fn of(d: &Deployment, notes: &mut Vec<Note>) -> ResolvedMachine {
        ResolvedMachine {
            gpu_memory: d.gpu_memory(),
            free_memory: d.machine.free_memory_gib.map(Bytes::from_gib),
            other_memory: Bytes::from_gib(d.machine.other_memory_gib.unwrap_or(0.0)),
            gpus_per_node: gpus_per_node(d, notes),
        }
    }
}

fn gpus_per_node(d: &Deployment, notes: &mut Vec<Note>) -> u64 {
    let in_rack = d.gpu.id.starts_with("gb") && d.gpu.link == Link::NvLink;
    match (d.gpu.link, d.machine.gpus_per_node) {
        // A machine whose processor and GPU share one memory has one GPU: there are no figures of
        // machines with more to extrapolate from.
        (Link::Unified, given) => {
            if given.is_some_and(|given| given > 1) {
                let name = d.gpu.name;
                Note::add(notes, "gpus_per_node", format_args!("Has no effect: each {name} has one GPU."));
            }
            1
        }
        (_, Some(given)) => given,
        _ if in_rack => GPUS_PER_RACK,
        _ => GPUS_PER_SERVER,
    }
}
