//! The division of the model among GPUs.

use crate::deployment::{Backend, Deployment};

/// Numbers of ranks that share layers, attention and experts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResolvedParallelism {
    /// Number of ranks that share every layer.
    pub tp_size: u64,
    /// Number of ranks, out of these, that share an attention layer: 1 if attention is
    /// data-parallel.
    pub attention_tp_size: u64,
    /// Number of pipeline stages that the layers are divided into.
    pub pp_size: u64,
    /// Number of ranks that share each expert.
    pub moe_tp_size: u64,
    /// Number of ranks that the experts are divided among.
    pub moe_ep_size: u64,
}

impl ResolvedParallelism {
    pub(super) fn of(d: &Deployment) -> ResolvedParallelism {
        let tp_size = d.parallel.tp_size;
        let (moe_tp_size, moe_ep_size) = d.moe_sizes();
        let attention_dp = d.backend == Backend::Pytorch && d.pytorch.enable_attention_dp;
        ResolvedParallelism {
            tp_size,
            attention_tp_size: if attention_dp { 1 } else { tp_size },
            pp_size: d.parallel.pp_size,
            moe_tp_size,
            moe_ep_size,
        }
    }
}
