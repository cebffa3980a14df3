//! The estimate that TensorRT-LLM itself prints after a build.

use super::inputs::Inputs;
use super::{engine::activations, weights};
use crate::deployment::Resolved;
use crate::units::Bytes;
use serde::Serialize;

/// The upper bound of `check_gpt_mem_usage` (`tensorrt_llm/profiler.py`): activations, weights and the KV cache of the largest
/// batch, all sequences at their full length; of an encoder-decoder model's two builds, both together. It warns where the GPU has less; runtime and decoder buffers, CUDA and NCCL
/// are not in it, and a paged KV cache rarely grows so large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct UpperBound {
    /// The execution context.
    pub activations: Bytes,
    /// The engine's file.
    pub weights: Bytes,
    /// The KV cache at its extreme.
    pub kv_cache: Bytes,
    /// Whether TensorRT-LLM warns.
    pub exceeds_gpu: bool,
}

impl UpperBound {
    /// The sum.
    pub fn total(&self) -> Bytes {
        self.activations + self.weights + self.kv_cache
    }
}

/// What `check_gpt_mem_usage` says of rank 0.
pub fn upper_bound(resolved: &Resolved) -> UpperBound {
    let inputs = Inputs::<f64>::new(resolved, 0);
    upper_bound_of(resolved, weights::weights(&inputs), activations::activations(&inputs))
}

/// The same, where weights and activations of rank 0 are known.
pub(super) fn upper_bound_of(resolved: &Resolved, weights: f64, activations: f64) -> UpperBound {
    let inputs = Inputs::<f64>::new(resolved, 0);
    let sequences = inputs.batch() * inputs.beam() * inputs.sequence();
    let bytes = |amount: f64| Bytes(amount.round() as u64);
    let mut bound = UpperBound {
        activations: bytes(activations),
        weights: bytes(weights),
        kv_cache: bytes(sequences * super::kv_cache::bytes_per_token(&inputs)),
        exceeds_gpu: false,
    };
    bound.exceeds_gpu = bound.total() > resolved.machine.gpu_memory;
    bound
}
