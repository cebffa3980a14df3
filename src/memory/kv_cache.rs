//! The paged KV cache: bytes of a token, blocks, pages of a sequence.

use super::quantity::{Evidence, Law, Number, Part};
use super::terms::Terms;

/// The law of the KV cache. Its own arithmetic is exact; what is uncertain is the memory that is left for it.
pub static LAW: Law = Law {
    title: "As many blocks as the fraction of the free memory holds, or max_tokens need",
    evidence: Evidence::Exact { logs: 8 },
    below: 0.0,
    above: 0.0,
    source: "cpp/tensorrt_llm/batch_manager/kvCacheManager.cpp calculateMaxNumBlocks; blocks of eight public logs",
};

/// Bytes that a token takes on this rank: keys and values of every attention layer. Latent attention caches one compressed
/// vector, which the engine flow keeps twice, like keys and values (`createKvCacheManager`, kvFactor 2).
pub fn bytes_per_token<N: Number>(terms: &Terms<N>) -> N {
    let values = if terms.plan.latent_values().is_some() {
        terms.latent_values() * 2.0
    } else {
        terms.kv_heads() * terms.head_dim() * 2.0
    };
    (values * terms.attention_layers() * terms.kv_element())
        .part(|| Part::bytes("bytes of a token").symbol("bytes_per_token"))
}

/// Tokens that the KV cache may hold, from the memory that is `available` on this rank.
///
/// Neither setting given: 90 % of the free memory. One given: that one. Both: the smaller.
pub fn max_tokens<N: Number>(terms: &Terms<N>, available: N) -> N {
    let plan = terms.plan;
    let from_memory = || {
        (terms.fraction() * available / bytes_per_token(terms))
            .floor()
            .part(|| Part::count("tokens that the fraction holds"))
    };
    match (plan.free_gpu_memory_fraction, plan.max_tokens) {
        (Some(_), Some(_)) => from_memory().min(terms.max_tokens()),
        (Some(_), None) => from_memory(),
        (None, _) => terms.max_tokens(),
    }
}

/// Blocks that hold `tokens`: rounded up, so that the pool may take up to a block more than its share.
pub fn blocks<N: Number>(terms: &Terms<N>, tokens: N) -> N {
    (tokens / terms.block()).ceil().part(|| Part::count("blocks"))
}

/// Blocks of the longest sequence: the log's "Max KV cache pages per sequence".
pub fn pages_per_sequence<N: Number>(terms: &Terms<N>) -> N {
    (terms.sequence() / terms.block()).ceil().part(|| Part::count("pages of a sequence"))
}

/// Bytes of the tables of block offsets, which are allocated after the free memory was measured
/// (`cpp/tensorrt_llm/batch_manager/transformerBuffers.cpp`): keys and values, 4 bytes a block.
pub fn block_offsets<N: Number>(terms: &Terms<N>) -> N {
    (terms.micro_batches() * terms.batch() * terms.beam() * pages_per_sequence(terms) * 8.0)
        .part(|| Part::bytes("tables of block offsets"))
}
