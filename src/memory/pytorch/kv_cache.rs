//! The KV cache of the PyTorch backend: a fraction of what the profiling pass left free.
//!
//! available = fraction · (total − peak + temporary KV cache); the temporary pool is part of the peak, so its size doesn't matter
//! (`_torch/pyexecutor/_util.py` configure_kv_cache_capacity). `max_tokens` and `max_gpu_total_bytes` can only lower it. Layers with an
//! attention window have a pool of their own with as many blocks, as if every layer looked back to the start.

use crate::deployment::{Backend, Behavior, DecodingType, Resolved};
use crate::explanation_text::explanation_text;
use crate::memory::inputs::Inputs;
use crate::memory::number::{Evidence, Law, Number, Origin, Part, Symbol};

/// The law of the KV cache. Its own arithmetic is exact; what is uncertain is the memory that is left for it.
pub static LAW: Law = Law {
    title: explanation_text("A fraction of the memory that the profiling pass left free"),
    evidence: Evidence::Exact { logs: 49 },
    below: 0.0,
    above: 0.0,
    source: explanation_text(
        "tensorrt_llm/_torch/pyexecutor/_util.py, resource_manager.py; profiling lines of 49 public logs",
    ),
};

/// Attention layers that a rank caches: the model's on its stage, and on the last stage those that draft.
pub fn layers<N: Number>(inputs: &Inputs<N>) -> N {
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

/// Bytes that a token takes in one layer on this rank. Latent attention caches one compressed vector, the same on every rank; sparse
/// attention an FP8 key of its indexer beside it.
pub fn bytes_in_layer<N: Number>(inputs: &Inputs<N>) -> N {
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

/// `max_gpu_total_bytes`, where it was given.
pub fn most_bytes<N: Number>(inputs: &Inputs<N>) -> Option<N> {
    static MOST: Symbol = Symbol {
        text: "max_gpu_total_bytes",
        meaning: "most bytes of the KV cache",
        origin: Origin::Chosen("max_gpu_total_bytes"),
    };
    let most = inputs.resolved.pytorch.max_gpu_total_bytes.filter(|_| inputs.resolved.backend == Backend::Pytorch)?;
    Some(N::symbol(&MOST, most as f64))
}

/// Whether tokens are rounded down to blocks.
pub fn rounds_down(resolved: &Resolved) -> bool {
    resolved.backend == Backend::Pytorch && !resolved.version.has(Behavior::TorchRoundsBlocksUp)
}

/// Blocks that the log prints for the longest sequence ("Max KV cache blocks per sequence"): with what the scheduler is ahead.
pub fn pages_per_sequence<N: Number>(inputs: &Inputs<N>) -> N {
    static AHEAD: Symbol = Symbol {
        text: "ahead",
        meaning: "tokens that the scheduler and the drafts are ahead",
        origin: Origin::Derived,
    };
    let tokens = inputs.sequence() + N::symbol(&AHEAD, inputs.resolved.pytorch.extra_tokens as f64);
    (tokens / inputs.block()).ceil().part(|| Part::count("pages of a sequence"))
}
