//! The PyTorch backend: TensorRT-LLM runs the checkpoint itself. What only its flow does; the KV cache takes a share of what a
//! profiling pass leaves free.
//!
//! At start-up a rank loads its weights ([`weights`]), builds an executor with a temporary KV cache, captures CUDA graphs, and then
//! runs a step of the most tokens. The peak of that pass is what stays inside torch (weights and [`persistent`] buffers, the
//! [`sampler`]'s among them), the [`activations`] above it, and what lies [`overhead`] torch. The KV cache gets a fraction of the rest
//! (`_torch/pyexecutor/_util.py` KvCacheCreator); see [`kv_cache`].

pub mod activations;
mod experts;
pub mod kv_cache;
pub mod overhead;
pub mod persistent;
pub mod sampler;
pub mod weights;

pub use experts::kernels;
