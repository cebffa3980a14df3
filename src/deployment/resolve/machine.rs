//! The memory of a GPU, and the GPUs of a node.

use crate::deployment::{Deployment, Note};
use crate::gpu::Link;
use crate::units::Bytes;

/// Number of directly connected GPUs in a server.
pub(super) const GPUS_PER_SERVER: u64 = 8;
/// Number of GPUs in an NVL72 rack.
const GPUS_PER_RACK: u64 = 72;

/// The machine settings that need resolution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ResolvedMachine {
    /// Total memory of each GPU.
    pub gpu_memory: Bytes,
    /// Free memory from a log, just before the KV cache is sized; `None` if unset.
    pub free_memory: Option<Bytes>,
    /// Memory that other processes use on each GPU.
    pub other_memory: Bytes,
    /// Number of directly connected GPUs.
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
        // A machine with unified memory has one GPU: no figures exist for machines with more GPUs.
        (Link::Unified, given) => {
            if given.is_some_and(|given| given > 1) {
                let name = d.gpu.name;
                Note::add(notes, "gpus_per_node", format_args!("Has no effect: a node with a {name} has one GPU."));
            }
            1
        }
        (_, Some(given)) => given,
        _ if in_rack => GPUS_PER_RACK,
        _ => GPUS_PER_SERVER,
    }
}
