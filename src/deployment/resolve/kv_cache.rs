//! The blocks and the size of the KV cache.

use crate::deployment::{Backend, Behavior, Deployment};
use crate::units::Bytes;

/// Default `free_gpu_memory_fraction` if `max_tokens` is unset too (`kDefaultGpuMemFraction`).
const DEFAULT_FRACTION: f64 = 0.9;
/// Default `tokens_per_block` of the PyTorch backend (`KvCacheConfig`).
const PYTORCH_BLOCK: u64 = 32;
/// `tokens_per_block` with FlashMLA, the kernels for latent attention on Hopper
/// (`py_executor_creator.py`).
const FLASH_MLA_BLOCK: u64 = 64;
/// The compute capability with FlashMLA kernels.
const FLASH_MLA_ON: (u8, u8) = (9, 0);

/// The KV-cache settings that need resolution.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolvedKvCache {
    /// Number of tokens in a block.
    pub tokens_per_block: u64,
    /// Fraction of the free memory for the KV cache; `None` if only `max_tokens` limits it.
    pub free_gpu_memory_fraction: Option<f64>,
    /// Attention windows in tokens, which alternate over the layers; at least one entry.
    pub max_attention_window: Vec<u64>,
    /// Host memory for KV blocks.
    pub host_cache_size: Bytes,
}

impl ResolvedKvCache {
    /// Resolves the settings for sequences of up to `max_seq_len` tokens.
    pub(super) fn of(d: &Deployment, max_seq_len: u64) -> ResolvedKvCache {
        let given = &d.kv_cache;
        let has_fraction = d.backend == Backend::Pytorch
            || given.max_tokens.is_none()
            || d.version().has(Behavior::FractionAlwaysBounds);
        ResolvedKvCache {
            tokens_per_block: tokens_per_block(d),
            free_gpu_memory_fraction: given
                .free_gpu_memory_fraction
                .or_else(|| has_fraction.then_some(DEFAULT_FRACTION)),
            max_attention_window: match &given.max_attention_window[..] {
                [] => vec![max_seq_len],
                windows => windows.iter().map(|window| (*window).min(max_seq_len)).collect(),
            },
            host_cache_size: Bytes(given.host_cache_size),
        }
    }
}

/// Returns the number of tokens in a block of the KV cache.
pub(super) fn tokens_per_block(d: &Deployment) -> u64 {
    let given = d.kv_cache.tokens_per_block;
    match d.backend {
        Backend::TensorRt => given.unwrap_or_else(|| d.version().default_tokens_per_block()),
        Backend::Pytorch if d.model.is_latent() && d.gpu.compute_capability == FLASH_MLA_ON => FLASH_MLA_BLOCK,
        Backend::Pytorch => given.unwrap_or(PYTORCH_BLOCK),
    }
}
