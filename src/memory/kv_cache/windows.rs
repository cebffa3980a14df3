//! Attention windows. Layers with the same window share a pool of blocks.

use crate::deployment::{Behavior, Resolved};
use serde::Serialize;

/// The layers with the same attention window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    /// Tokens of the window.
    pub tokens: u64,
    /// Attention layers of a rank that have it.
    pub layers: u64,
}

/// The pool of the layers with the same attention window.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct WindowPool {
    /// Tokens of the window.
    pub tokens: u64,
    /// The number of these layers on the rank that limits the KV cache.
    pub layers: u64,
    /// Blocks of the pool.
    pub blocks: u64,
    /// Blocks in host memory.
    pub secondary_blocks: u64,
    /// Bytes of a token in these layers on the rank that limits the KV cache.
    pub bytes_per_token: f64,
}

/// The windows of the attention layers on `stage`, the narrowest first; none if the stage has no
/// attention layers.
///
/// The entries of `max_attention_window` repeat over the stage's own layers
/// (`groupLayersByWindowSize`). In versions without a pool for each window, the widest window
/// applies to all layers.
pub(crate) fn windows(resolved: &Resolved, stage: u64) -> Vec<Window> {
    let layers = u64::from(resolved.model.attention_layers.count_in(resolved.layers_of_stage(stage)));
    if layers == 0 {
        return Vec::new();
    }
    let cycle = &resolved.kv_cache.max_attention_window[..];
    let widest = cycle.iter().copied().max().unwrap_or(resolved.limits.max_seq_len);
    if cycle.len() < 2 || !resolved.version.has(Behavior::WindowsHavePools) {
        return vec![Window { tokens: widest, layers }];
    }
    let (turns, more) = (layers / cycle.len() as u64, layers % cycle.len() as u64);
    let mut windows: Vec<Window> = Vec::with_capacity(2);
    for (index, &tokens) in cycle.iter().enumerate() {
        let layers = turns + u64::from((index as u64) < more);
        match windows.binary_search_by_key(&tokens, |window| window.tokens) {
            Ok(known) => windows[known].layers += layers,
            Err(index) if layers > 0 => windows.insert(index, Window { tokens, layers }),
            Err(_) => {}
        }
    }
    windows
}

/// The number of distinct windows.
pub(crate) fn distinct_windows(resolved: &Resolved) -> usize {
    if resolved.kv_cache.max_attention_window.len() < 2 { 1 } else { windows(resolved, 0).len() }
}
