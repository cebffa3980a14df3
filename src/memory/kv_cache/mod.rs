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

use super::pytorch;
use super::quantity::{Evidence, Law, Number, Origin, Part, Symbol};
use super::terms::Terms;
use crate::deployment::{Backend, Fact};
use crate::told::told;

/// The law of the KV cache. Its own arithmetic is exact; what is uncertain is the memory that is left for it.
pub static LAW: Law = Law {
    title: told("As many blocks as the fraction of the free memory holds, or max_tokens need"),
    evidence: Evidence::Exact { logs: 8 },
    below: 0.0,
    above: 0.0,
    source: told(
        "cpp/tensorrt_llm/batch_manager/kvCacheManager.cpp calculateMaxNumBlocks; blocks of eight public logs",
    ),
};

/// The law of a KV cache that is as large as the whole batch.
pub static WHOLE_BATCH: Law = Law {
    title: told("Keys and values of the whole batch at its full length"),
    evidence: Evidence::Source,
    below: 0.0,
    above: 0.0,
    source: told("cpp/tensorrt_llm/runtime/transformerBuffers.cpp; tensorrt_llm/runtime/generation.py"),
};

/// Bytes that a token takes in one layer on this rank: keys and values. Latent attention caches one compressed vector, which
/// the engine flow keeps twice, like keys and values (`createKvCacheManager`, kvFactor 2), and whole on every rank.
fn bytes_in_layer<N: Number>(terms: &Terms<N>) -> N {
    if terms.plan.backend == Backend::Pytorch {
        return pytorch::kv_cache::bytes_in_layer(terms);
    }
    let values = if terms.plan.latent_values().is_some() {
        terms.latent_values() * 2.0
    } else {
        terms.kv_heads() * terms.head_dim() * 2.0
    };
    values * terms.kv_element()
}

/// Bytes that a token takes on this rank, in all attention layers.
pub fn bytes_per_token<N: Number>(terms: &Terms<N>) -> N {
    let layers = match terms.plan.backend {
        Backend::TensorRt => terms.attention_layers(),
        Backend::Pytorch => pytorch::kv_cache::layers(terms),
    };
    (bytes_in_layer(terms) * layers).part(|| Part::bytes("bytes of a token").symbol("bytes_per_token"))
}

/// Bytes that a token takes in the layers of `window`, of which there are `windows` kinds.
fn bytes_in_window<N: Number>(terms: &Terms<N>, window: Window, windows: usize) -> N {
    static LAYERS: Symbol =
        Symbol { text: "L_w", meaning: "attention layers with this window on this rank", origin: Origin::Derived };
    if windows == 1 {
        return bytes_per_token(terms);
    }
    (bytes_in_layer(terms) * N::symbol(&LAYERS, window.layers as f64))
        .part(|| Part::bytes("bytes of a token in this window's layers").symbol("bytes_per_token"))
}

/// Tokens that sinks waste: the sinks' last block stays partly empty (`getSinkBubbleLength`).
fn sink_bubble(sink_token_length: u64, tokens_per_block: u64) -> u64 {
    sink_token_length.next_multiple_of(tokens_per_block.max(1)) - sink_token_length
}

/// Blocks of the longest sequence: the log's "Max KV cache pages per sequence".
pub fn pages_per_sequence<N: Number>(terms: &Terms<N>) -> N {
    static BUBBLE: Symbol =
        Symbol { text: "bubble", meaning: "tokens that sinks waste in a block", origin: Origin::Derived };
    static READ: Symbol =
        Symbol { text: "read", meaning: "tokens of a prompt beyond the window in a step", origin: Origin::Derived };
    let plan = terms.plan;
    if plan.backend == Backend::Pytorch {
        return pytorch::kv_cache::pages_per_sequence(terms);
    }
    if plan.version.has(Fact::WindowsSlideByBlocks) {
        return (terms.sequence() / terms.block()).ceil().part(|| Part::count("pages of a sequence"));
    }
    let widest = plan.max_attention_window.iter().copied().max().unwrap_or(plan.max_seq_len);
    let bubble = sink_bubble(plan.sink_token_length, plan.tokens_per_block);
    let prompt = requests::longest_prompt(plan);
    let read = plan.runtime_max_num_tokens.min(prompt.saturating_sub(widest));
    let tokens = N::sum_of(
        [
            Some(terms.window()),
            (bubble > 0).then(|| N::symbol(&BUBBLE, bubble as f64)),
            (plan.max_beam_width > 1 && plan.max_seq_len > widest).then(|| terms.block()),
            (plan.use_paged_context_fmha && read > 0).then(|| N::symbol(&READ, read as f64)),
        ]
        .into_iter()
        .flatten(),
    );
    (tokens / terms.block()).ceil().part(|| Part::count("pages of a sequence"))
}
