//! The KV cache of the engine backend.

use crate::deployment::{Behavior, Resolved};
use crate::explanation_text::explanation_text;
use crate::memory::inputs::Inputs;
use crate::memory::kv_cache::{is_pooled, longest_prompt, sink_bubble};
use crate::memory::law::{Evidence, Law, Origin, Part, Symbol};
use crate::memory::number::Number;

/// A KV cache that takes a share of the free memory. Its own arithmetic is exact; only the memory
/// left for it is uncertain.
pub(super) static LAW: Law = Law {
    title: explanation_text("The blocks that fit the fraction of the free memory, or that max_tokens needs"),
    evidence: Evidence::Exact { logs: 8 },
    below: 0.0,
    above: 0.0,
    source: explanation_text(
        "cpp/tensorrt_llm/batch_manager/kvCacheManager.cpp calculateMaxNumBlocks; blocks of eight public logs",
    ),
};

/// A KV cache for the whole batch.
pub(super) static WHOLE_BATCH: Law = Law {
    title: explanation_text("Keys and values of the whole batch at its full length"),
    evidence: Evidence::Source,
    below: 0.0,
    above: 0.0,
    source: explanation_text("cpp/tensorrt_llm/runtime/transformerBuffers.cpp; tensorrt_llm/runtime/generation.py"),
};

/// The law of a deployment's KV cache.
pub(super) fn law(resolved: &Resolved) -> &'static Law {
    if is_pooled(resolved) { &LAW } else { &WHOLE_BATCH }
}

/// Bytes of a token in one layer on this rank: keys and values.
///
/// Latent attention caches one compressed vector. The engine backend stores it twice, like keys and
/// values (`createKvCacheManager`, kvFactor 2), and undivided on every rank.
pub(super) fn bytes_in_layer<N: Number>(inputs: &Inputs<N>) -> N {
    let values = if inputs.resolved.latent_values().is_some() {
        inputs.latent_values() * 2.0
    } else {
        inputs.kv_heads() * inputs.head_dim() * 2.0
    };
    values * inputs.kv_element()
}

/// Blocks of the longest sequence ("Max KV cache pages per sequence" in the log).
pub(super) fn pages_per_sequence<N: Number>(inputs: &Inputs<N>) -> N {
    static BUBBLE: Symbol =
        Symbol { text: "bubble", meaning: "tokens that sinks waste in a block", origin: Origin::Derived };
    static READ: Symbol =
        Symbol { text: "read", meaning: "tokens of a prompt beyond the window in a step", origin: Origin::Derived };
    let resolved = inputs.resolved;
    if resolved.version.has(Behavior::WindowsSlideByBlocks) {
        return (inputs.sequence() / inputs.block()).ceil().part(|| Part::count("pages of a sequence"));
    }
    let widest = resolved.kv_cache.max_attention_window.iter().copied().max().unwrap_or(resolved.limits.max_seq_len);
    let bubble = sink_bubble(resolved.given.engine.sink_token_length, resolved.kv_cache.tokens_per_block);
    let prompt = longest_prompt(resolved);
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
