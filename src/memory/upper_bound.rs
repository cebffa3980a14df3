//! The upper bound that TensorRT-LLM prints after a build.

use super::inputs::Inputs;
use super::kv_cache::bytes_per_token;
use crate::deployment::Resolved;
use crate::units::Bytes;
use serde::Serialize;

/// The upper bound of `check_gpt_mem_usage` (`tensorrt_llm/profiler.py`): activations, weights, and
/// the KV cache of the largest batch with all sequences at their full length.
///
/// For an encoder-decoder model it covers both builds. TensorRT-LLM warns if the GPU has less
/// memory. Runtime and decoder buffers, CUDA and NCCL are not included, and a paged KV cache rarely
/// grows so large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct UpperBound {
    /// The execution context.
    pub activations: Bytes,
    /// The engine file.
    pub weights: Bytes,
    /// The KV cache of the largest batch.
    pub kv_cache: Bytes,
    /// Whether TensorRT-LLM warns.
    pub exceeds_gpu: bool,
}

impl UpperBound {
    /// The upper bound for rank 0 with known weights and activations.
    pub(super) fn new(resolved: &Resolved, weights: f64, activations: f64) -> UpperBound {
        let inputs = Inputs::<f64>::new(resolved, 0);
        let sequences = inputs.batch() * inputs.beam() * inputs.sequence();
        let bytes = |amount: f64| Bytes(amount.round() as u64);
        let mut bound = UpperBound {
            activations: bytes(activations),
            weights: bytes(weights),
            kv_cache: bytes(sequences * bytes_per_token(&inputs)),
            exceeds_gpu: false,
        };
        bound.exceeds_gpu = bound.total() > resolved.machine.gpu_memory;
        bound
    }

    /// The sum.
    pub fn total(&self) -> Bytes {
        self.activations + self.weights + self.kv_cache
    }
}
