//! The memory of a GPU, and the GPUs of a node.

use crate::deployment::Deployment;
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
    pub(super) fn of(d: &Deployment) -> ResolvedMachine {
        let in_rack = d.gpu.id.starts_with("gb") && d.gpu.link == Link::NvLink;
        ResolvedMachine {
            gpu_memory: d.gpu_memory(),
            free_memory: d.machine.free_memory_gib.map(Bytes::from_gib),
            other_memory: Bytes::from_gib(d.machine.other_memory_gib.unwrap_or(0.0)),
            gpus_per_node: d.machine.gpus_per_node.unwrap_or(match d.gpu.link {
                Link::Unified => 1,
                _ if in_rack => GPUS_PER_RACK,
                _ => GPUS_PER_SERVER,
            }),
        }
    }
}
