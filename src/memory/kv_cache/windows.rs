//! Attention windows: which layers look back how far, and so share a pool of blocks.

use crate::deployment::{Behavior, Resolved};

/// Layers that look back equally far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Tokens that they look back.
    pub tokens: u64,
    /// Attention layers of a rank that do.
    pub layers: u64,
}

/// The windows of the attention layers on `stage`, the narrowest first; none where none attends. `max_attention_window`'s entries take turns over the
/// stage's own layers (`groupLayersByWindowSize`). Before windows had pools of their own the widest ruled all layers.
pub fn windows(resolved: &Resolved, stage: u64) -> Vec<Window> {
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
    for (place, &tokens) in cycle.iter().enumerate() {
        let layers = turns + u64::from((place as u64) < more);
        match windows.binary_search_by_key(&tokens, |window| window.tokens) {
            Ok(known) => windows[known].layers += layers,
            Err(place) if layers > 0 => windows.insert(place, Window { tokens, layers }),
            Err(_) => {}
        }
    }
    windows
}

/// How many different windows the layers have.
pub fn distinct_windows(resolved: &Resolved) -> usize {
    if resolved.kv_cache.max_attention_window.len() < 2 { 1 } else { windows(resolved, 0).len() }
}
