//! The KV cache of the PyTorch backend: a fraction of the memory that the profiling pass leaves
//! free.
//!
//! available = fraction · (total − peak + temporary KV cache). The temporary pool is part of the
//! peak, so its size doesn't matter (`_torch/pyexecutor/_util.py` configure_kv_cache_capacity).
//! `max_tokens` and `max_gpu_total_bytes` can only lower the result.
//!
//! Layers with an attention window have a pool of their own. Pools of several windows have equal
//! bytes.

use crate::deployment::{Behavior, DecodingType, Resolved};
use crate::explanation_text::explanation_text;
use crate::memory::inputs::Inputs;
use crate::memory::law::{Evidence, Law, Origin, Part, Symbol};
use crate::memory::number::Number;

/// The KV cache. Its own arithmetic is exact; only the memory left for it is uncertain.
pub(super) static LAW: Law = Law {
    title: explanation_text("A fraction of the memory that the profiling pass left free"),
    evidence: Evidence::Exact { logs: 49 },
    below: 0.0,
    above: 0.0,
    source: explanation_text(
        "tensorrt_llm/_torch/pyexecutor/_util.py, resource_manager.py; profiling lines of 49 public logs",
    ),
};

/// Tokens of the temporary KV cache of the profiling pass (`_torch/pyexecutor/_util.py`
/// _create_dummy_context_requests and _get_token_num_for_estimation).
///
/// The pass has a step of `max_num_tokens` tokens in requests of `max_seq_len − 1`. Each request
/// also has a generated token, another one for the overlap scheduler, and the draft tokens of
/// each, and takes whole blocks for every beam. A public log of 1.0 prints the same number.
pub(super) fn trial_tokens(resolved: &Resolved) -> u64 {
    let tokens = resolved.limits.max_num_tokens;
    let length = resolved.limits.max_seq_len.saturating_sub(1).clamp(1, tokens.max(1));
    let steps = if resolved.given.pytorch.disable_overlap_scheduler { 1 } else { 2 };
    let extra = (resolved.pytorch.max_draft_len + 1).saturating_mul(steps);
    let block = resolved.kv_cache.tokens_per_block.max(1);
    let whole = |request: u64| request.saturating_add(extra).div_ceil(block).saturating_mul(block);
    let rest = if tokens.is_multiple_of(length) { 0 } else { whole(tokens % length) };
    let requests = whole(length).saturating_mul(tokens / length).saturating_add(rest);
    requests.saturating_mul(resolved.limits.max_beam_width)
}

/// Cached attention layers of a rank: those of its stage, and on the last stage the draft layers.
pub(super) fn layers<N: Number>(inputs: &Inputs<N>) -> N {
    static DRAFT: Symbol = Symbol { text: "L_draft", meaning: "layers that draft tokens", origin: Origin::Derived };
    let resolved = inputs.resolved;
    let draft = match resolved.given.pytorch.decoding_type {
        DecodingType::Mtp if resolved.version.has(Behavior::MtpCachesEveryStep) => resolved.pytorch.max_draft_len,
        DecodingType::Mtp | DecodingType::Eagle3 => 1,
        DecodingType::None | DecodingType::NGram => 0,
    };
    if draft > 0 && inputs.is_last_stage() {
        inputs.attention_layers() + N::symbol(&DRAFT, draft as f64)
    } else {
        inputs.attention_layers()
    }
}

/// Bytes of a token in one layer on this rank.
///
/// Latent attention caches one compressed vector, the same on every rank. Sparse attention also
/// caches an FP8 key of its indexer.
pub(super) fn bytes_in_layer<N: Number>(inputs: &Inputs<N>) -> N {
    static INDEX: Symbol =
        Symbol { text: "index", meaning: "bytes of an indexer's key and its scales", origin: Origin::Model };
    let resolved = inputs.resolved;
    let values = if resolved.latent_values().is_some() {
        inputs.latent_values()
    } else {
        inputs.kv_heads() * inputs.head_dim() * 2.0
    };
    let bytes = values * inputs.kv_element();
    match resolved.model.indexer {
        Some(indexer) => bytes + N::symbol(&INDEX, indexer.head_dim as f64 * (1.0 + 4.0 / 128.0)),
        None => bytes,
    }
}

/// Blocks of the longest sequence ("Max KV cache blocks per sequence" in the log), with the tokens
/// that the scheduler is ahead.
pub(super) fn pages_per_sequence<N: Number>(inputs: &Inputs<N>) -> N {
    static AHEAD: Symbol = Symbol {
        text: "ahead",
        meaning: "tokens by which the scheduler and the drafts are ahead",
        origin: Origin::Derived,
    };
    let tokens = inputs.sequence() + N::symbol(&AHEAD, inputs.resolved.pytorch.extra_tokens as f64);
    (tokens / inputs.block()).ceil().part(|| Part::count("pages of a sequence"))
}
