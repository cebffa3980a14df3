//! The KV cache of the PyTorch backend: a fraction of what the profiling pass left free.
//!
//! available = fraction · (total − peak + temporary KV cache); the temporary pool is part of the peak, so its size doesn't matter
//! (`_torch/pyexecutor/_util.py` configure_kv_cache_capacity). `max_tokens` and `max_gpu_total_bytes` can only lower it. Layers with an
//! attention window have a pool of their own with as many blocks, as if every layer looked back to the start.

use crate::deployment::{Backend, DecodingType, Fact, Plan};
use crate::memory::quantity::{Evidence, Law, Number, Origin, Part, Symbol};
use crate::memory::terms::Terms;
use crate::told::told;

/// The law of the KV cache. Its own arithmetic is exact; what is uncertain is the memory that is left for it.
pub static LAW: Law = Law {
    title: told("A fraction of the memory that the profiling pass left free"),
    evidence: Evidence::Exact { logs: 49 },
    below: 0.0,
    above: 0.0,
    source: told("tensorrt_llm/_torch/pyexecutor/_util.py, resource_manager.py; profiling lines of 49 public logs"),
};

/// Attention layers that a rank caches: the model's on its stage, and on the last stage those that draft.
pub fn layers<N: Number>(terms: &Terms<N>) -> N {
    static DRAFT: Symbol = Symbol { text: "L_draft", meaning: "layers that draft tokens", origin: Origin::Derived };
    let plan = terms.plan;
    let draft = match plan.torch.decoding_type {
        DecodingType::Mtp if plan.version.has(Fact::MtpCachesEveryStep) => plan.torch.max_draft_len,
        DecodingType::Mtp | DecodingType::Eagle3 => 1,
        DecodingType::None | DecodingType::NGram => 0,
    };
    if draft > 0 && terms.is_last_stage() {
        terms.attention_layers() + N::symbol(&DRAFT, draft as f64)
    } else {
        terms.attention_layers()
    }
}

/// Bytes that a token takes in one layer on this rank. Latent attention caches one compressed vector, the same on every rank; sparse
/// attention an FP8 key of its indexer beside it.
pub fn bytes_in_layer<N: Number>(terms: &Terms<N>) -> N {
    static INDEX: Symbol =
        Symbol { text: "index", meaning: "bytes of an indexer's key and its scales", origin: Origin::Model };
    let plan = terms.plan;
    let values =
        if plan.latent_values().is_some() { terms.latent_values() } else { terms.kv_heads() * terms.head_dim() * 2.0 };
    let bytes = values * terms.kv_element();
    match plan.model.indexer {
        Some(indexer) => bytes + N::symbol(&INDEX, indexer.head_dim as f64 * (1.0 + 4.0 / 128.0)),
        None => bytes,
    }
}

/// `max_gpu_total_bytes`, where it was given.
pub fn most_bytes<N: Number>(terms: &Terms<N>) -> Option<N> {
    static MOST: Symbol = Symbol {
        text: "max_gpu_total_bytes",
        meaning: "most bytes of the KV cache",
        origin: Origin::Chosen("max_gpu_total_bytes"),
    };
    let most = terms.plan.torch.max_gpu_total_bytes.filter(|_| terms.plan.backend == Backend::Pytorch)?;
    Some(N::symbol(&MOST, most as f64))
}

/// Whether tokens are rounded down to blocks.
pub fn rounds_down(plan: &Plan) -> bool {
    plan.backend == Backend::Pytorch && !plan.version.has(Fact::TorchRoundsBlocksUp)
}

/// Blocks that the log prints for the longest sequence ("Max KV cache blocks per sequence"): with what the scheduler is ahead.
pub fn pages_per_sequence<N: Number>(terms: &Terms<N>) -> N {
    static AHEAD: Symbol = Symbol {
        text: "ahead",
        meaning: "tokens that the scheduler and the drafts are ahead",
        origin: Origin::Derived,
    };
    let tokens = terms.sequence() + N::symbol(&AHEAD, terms.plan.torch.extra_tokens() as f64);
    (tokens / terms.block()).ceil().part(|| Part::count("pages of a sequence"))
}
