//! The KV cache: bytes of a token, pools of blocks, and what they hold.

mod cross;
mod pools;
mod report;
mod requests;
mod windows;

pub use pools::{Pools, is_pooled};
pub use report::{Binding, KvCache, WindowPool};
pub use requests::{Concurrency, Limit, Requests};
pub use windows::{Window, distinct_windows, windows};

use super::inputs::Inputs;
use super::number::{Evidence, Law, Number, Origin, Part, Symbol};
use super::pytorch;
use crate::deployment::{Backend, Behavior};
use crate::explanation_text::explanation_text;

/// The law of the KV cache. Its own arithmetic is exact; what is uncertain is the memory that is left for it.
pub static LAW: Law = Law {
    title: explanation_text("As many blocks as the fraction of the free memory holds, or max_tokens need"),
    evidence: Evidence::Exact { logs: 8 },
    below: 0.0,
    above: 0.0,
    source: explanation_text(
        "cpp/tensorrt_llm/batch_manager/kvCacheManager.cpp calculateMaxNumBlocks; blocks of eight public logs",
    ),
};

/// The law of a KV cache that is as large as the whole batch.
pub static WHOLE_BATCH: Law = Law {
    title: explanation_text("Keys and values of the whole batch at its full length"),
    evidence: Evidence::Source,
    below: 0.0,
    above: 0.0,
    source: explanation_text("cpp/tensorrt_llm/runtime/transformerBuffers.cpp; tensorrt_llm/runtime/generation.py"),
};

/// Bytes that a token takes in one layer on this rank: keys and values. Latent attention caches one compressed vector, which
/// the engine flow keeps twice, like keys and values (`createKvCacheManager`, kvFactor 2), and whole on every rank.
fn bytes_in_layer<N: Number>(inputs: &Inputs<N>) -> N {
    if inputs.resolved.backend == Backend::Pytorch {
        return pytorch::kv_cache::bytes_in_layer(inputs);
    }
    let values = if inputs.resolved.latent_values().is_some() {
        inputs.latent_values() * 2.0
    } else {
        inputs.kv_heads() * inputs.head_dim() * 2.0
    };
    values * inputs.kv_element()
}

/// Bytes that a token takes on this rank, in all attention layers.
pub fn bytes_per_token<N: Number>(inputs: &Inputs<N>) -> N {
    let layers = match inputs.resolved.backend {
        Backend::TensorRt => inputs.attention_layers(),
        Backend::Pytorch => pytorch::kv_cache::layers(inputs),
    };
    (bytes_in_layer(inputs) * layers).part(|| Part::bytes("bytes of a token").symbol("bytes_per_token"))
}

/// Bytes that a token takes in the layers of `window`, of which there are `windows` kinds.
fn bytes_in_window<N: Number>(inputs: &Inputs<N>, window: Window, windows: usize) -> N {
    static LAYERS: Symbol =
        Symbol { text: "L_w", meaning: "attention layers with this window on this rank", origin: Origin::Derived };
    if windows == 1 {
        return bytes_per_token(inputs);
    }
    (bytes_in_layer(inputs) * N::symbol(&LAYERS, window.layers as f64))
        .part(|| Part::bytes("bytes of a token in this window's layers").symbol("bytes_per_token"))
}

/// Tokens that sinks waste: the sinks' last block stays partly empty (`getSinkBubbleLength`).
fn sink_bubble(sink_token_length: u64, tokens_per_block: u64) -> u64 {
    sink_token_length.next_multiple_of(tokens_per_block.max(1)) - sink_token_length
}

/// Blocks of the longest sequence: the log's "Max KV cache pages per sequence".
pub fn pages_per_sequence<N: Number>(inputs: &Inputs<N>) -> N {
    static BUBBLE: Symbol =
        Symbol { text: "bubble", meaning: "tokens that sinks waste in a block", origin: Origin::Derived };
    static READ: Symbol =
        Symbol { text: "read", meaning: "tokens of a prompt beyond the window in a step", origin: Origin::Derived };
    let resolved = inputs.resolved;
    if resolved.backend == Backend::Pytorch {
        return pytorch::kv_cache::pages_per_sequence(inputs);
    }
    if resolved.version.has(Behavior::WindowsSlideByBlocks) {
        return (inputs.sequence() / inputs.block()).ceil().part(|| Part::count("pages of a sequence"));
    }
    let widest = resolved.kv_cache.max_attention_window.iter().copied().max().unwrap_or(resolved.limits.max_seq_len);
    let bubble = sink_bubble(resolved.given.engine.sink_token_length, resolved.kv_cache.tokens_per_block);
    let prompt = requests::longest_prompt(resolved);
    let read = resolved.limits.runtime_max_num_tokens.min(prompt.saturating_sub(widest));
    let tokens = N::sum_of(
        [
            Some(inputs.window()),
            (bubble > 0).then(|| N::symbol(&BUBBLE, bubble as f64)),
            (resolved.limits.max_beam_width > 1 && resolved.limits.max_seq_len > widest).then(|| inputs.block()),
            (resolved.engine.use_paged_context_fmha && read > 0).then(|| N::symbol(&READ, read as f64)),
        ]
        .into_iter()
        .flatten(),
    );
    (tokens / inputs.block()).ceil().part(|| Part::count("pages of a sequence"))
}
