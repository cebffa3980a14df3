//! What the two flows do differently, in one place: the laws of each contributor, the rule of the KV cache and the order of start-up.

use super::engine::{activations, decoder_buffers, runtime_buffers};
use super::overhead::{self, Cause, Place};
use super::quantity::{Law, Number};
use super::report::{Contributor, Stage};
use super::terms::Terms;
use super::{kv_cache, pytorch, weights};
use crate::deployment::{Backend, Plan};

/// The law behind each contributor, in their order.
pub(super) fn laws(plan: &Plan) -> [&'static Law; 6] {
    let overhead = |predicted| if plan.free_memory.is_some() { &overhead::MEASURED } else { predicted };
    match plan.backend {
        Backend::TensorRt => [
            weights::law(plan),
            activations::law(plan),
            &runtime_buffers::LAW,
            decoder_buffers::law(plan.max_beam_width),
            &kv_cache::LAW,
            overhead(&overhead::LAW),
        ],
        Backend::Pytorch => [
            &pytorch::weights::LAW,
            pytorch::activations::law(plan),
            &pytorch::persistent::LAW,
            &pytorch::sampler::LAW,
            &pytorch::kv_cache::LAW,
            overhead(&pytorch::outside::LAW),
        ],
    }
}

/// Bytes of weights, activations, runtime buffers and decoder buffers on a rank.
pub(super) fn predicted<N: Number>(terms: &Terms<N>) -> [N; 4] {
    match terms.plan.backend {
        Backend::TensorRt => [
            weights::weights(terms),
            activations::activations(terms),
            runtime_buffers::runtime_buffers(terms),
            decoder_buffers::decoder_buffers(terms),
        ],
        Backend::Pytorch => [
            pytorch::weights::weights(terms),
            pytorch::activations::activations(terms),
            pytorch::persistent::persistent(terms),
            pytorch::sampler::sampler(terms),
        ],
    }
}

/// Overhead when the KV cache is sized.
pub(super) fn overhead<N: Number>(terms: &Terms<N>, place: Place) -> Cause<N> {
    match terms.plan.backend {
        Backend::TensorRt => overhead::overhead(terms, place),
        Backend::Pytorch => pytorch::outside::outside(terms, place),
    }
}

/// Bytes that are allocated after the KV cache was sized.
pub(super) fn late<N: Number>(terms: &Terms<N>) -> N {
    match terms.plan.backend {
        Backend::TensorRt => kv_cache::block_offsets(terms),
        // The block tables are among the buffers of the executor that was profiled.
        Backend::Pytorch => N::literal(0.0),
    }
}

/// Bytes that a token takes in the KV cache of a rank.
pub(super) fn bytes_per_token<N: Number>(terms: &Terms<N>) -> N {
    match terms.plan.backend {
        Backend::TensorRt => kv_cache::bytes_per_token(terms),
        Backend::Pytorch => pytorch::kv_cache::bytes_per_token(terms),
    }
}

/// Tokens that the KV cache may hold, from the memory that is `available` on a rank.
pub(super) fn max_tokens<N: Number>(terms: &Terms<N>, available: N) -> N {
    match terms.plan.backend {
        Backend::TensorRt => kv_cache::max_tokens(terms, available),
        Backend::Pytorch => pytorch::kv_cache::max_tokens(terms, available),
    }
}

/// Blocks for `tokens`.
pub(super) fn blocks<N: Number>(terms: &Terms<N>, tokens: N) -> N {
    match terms.plan.backend {
        Backend::TensorRt => kv_cache::blocks(terms, tokens),
        Backend::Pytorch => pytorch::kv_cache::blocks(terms, tokens),
    }
}

/// Bytes of `blocks` on a rank.
pub(super) fn pool<N: Number>(terms: &Terms<N>, blocks: N) -> N {
    blocks * terms.block() * bytes_per_token(terms)
}

/// Blocks of the longest sequence, as the log prints them.
pub(super) fn pages_per_sequence<N: Number>(terms: &Terms<N>) -> N {
    match terms.plan.backend {
        Backend::TensorRt => kv_cache::pages_per_sequence(terms),
        Backend::Pytorch => pytorch::kv_cache::pages_per_sequence(terms),
    }
}

/// What is allocated at each stage of start-up, one after the other.
pub(super) fn stages(plan: &Plan) -> &'static [(Stage, &'static [Contributor])] {
    use Contributor::{Activations, DecoderBuffers, KvCache, Overhead, RuntimeBuffers, Weights};
    match plan.backend {
        Backend::TensorRt => &[
            (Stage::LoadWeights, &[Overhead, Weights]),
            (Stage::CreateContext, &[Activations]),
            (Stage::AllocateBuffers, &[RuntimeBuffers, DecoderBuffers]),
            (Stage::AllocateKvCache, &[KvCache]),
        ],
        Backend::Pytorch => &[
            (Stage::LoadWeights, &[Overhead, Weights]),
            (Stage::WarmUp, &[RuntimeBuffers, DecoderBuffers]),
            (Stage::Profile, &[Activations]),
            (Stage::AllocateKvCache, &[KvCache]),
        ],
    }
}
