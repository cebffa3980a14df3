//! The engine backend: the memory of an engine from `trtllm-build`, in the order of its allocation
//! at start-up.

pub(crate) mod activations;
mod decoder_buffers;
mod encoder;
mod guided;
mod kv_cache;
mod lora;
pub(crate) mod overhead;
mod post_kv_cache;
mod recurrent;
mod runtime_buffers;
mod sessions;
mod speculation;
mod workspaces;

use crate::deployment::{Resolved, Runtime};
use crate::memory::backend::{BackendModel, Reserved, Stages};
use crate::memory::band::Band;
use crate::memory::contributor::Contributor;
use crate::memory::inputs::Inputs;
use crate::memory::law::Law;
use crate::memory::number::Number;
use crate::memory::overhead::{Cause, RankTopology};
use crate::memory::stage::Stage;
use crate::memory::weights;
use crate::units::Bytes;

/// The model of the engine backend.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Engine;

impl BackendModel for Engine {
    fn laws(self, resolved: &Resolved) -> [&'static Law; 6] {
        [
            weights::law(resolved),
            activations::law(resolved),
            runtime_buffers::law(resolved),
            decoder_buffers::law(resolved),
            kv_cache::law(resolved),
            &overhead::LAW,
        ]
    }

    fn buffers<N: Number>(self, inputs: &Inputs<N>) -> [N; 4] {
        [
            weights::weights(inputs),
            activations::activations(inputs),
            runtime_buffers::runtime_buffers(inputs),
            decoder_buffers::decoder_buffers(inputs),
        ]
    }

    fn overhead<N: Number>(self, inputs: &Inputs<N>, topology: RankTopology) -> Cause<N> {
        overhead::overhead(inputs, topology)
    }

    /// Masks of guided decoding, LoRA adapters and recurrent states.
    fn reserved<N: Number>(self, inputs: &Inputs<N>, taken: [N; 5]) -> Reserved<N> {
        let masks = guided::masks(inputs);
        let adapters = lora::cache(inputs, || {
            let taken = taken.into_iter().chain(masks.clone());
            (inputs.total() - N::sum_of(taken)).max(N::literal(0.0))
        });
        let adapter_short = adapters.as_ref().map_or(0.0, |cache| cache.short);
        let states = recurrent::states(inputs);
        let mut all = [masks, adapters.map(|cache| cache.bytes), states].into_iter().flatten().peekable();
        let bytes = all.peek().is_some().then(|| N::sum_of(all));
        Reserved { bytes, adapter_short }
    }

    /// Zero: the executor captures graphs while it serves.
    fn graphs_of_warm_up(self, _: &Inputs<f64>) -> f64 {
        0.0
    }

    fn after_kv_cache<N: Number>(self, inputs: &Inputs<N>) -> N {
        post_kv_cache::allocated_after_kv_cache(inputs)
    }

    fn after_kv_cache_band(self, inputs: &Inputs<f64>) -> Band {
        post_kv_cache::band(inputs)
    }

    fn stages(self, resolved: &Resolved) -> Stages {
        use Contributor::{Activations, DecoderBuffers, KvCache, RuntimeBuffers, Weights};
        let weights: (Stage, &[Contributor]) = (Stage::LoadWeights, &[Weights]);
        let context: (Stage, &[Contributor]) = (Stage::CreateContext, &[Activations]);
        let buffers: (Stage, &[Contributor]) = (Stage::AllocateBuffers, &[RuntimeBuffers, DecoderBuffers]);
        let cache: (Stage, &[Contributor]) = (Stage::AllocateKvCache, &[KvCache]);
        match resolved.given.engine.runtime {
            Runtime::GptSession => [weights, context, cache, buffers],
            Runtime::Executor | Runtime::PySession => [weights, context, buffers, cache],
        }
    }

    fn trial_tokens(self, _: &Resolved) -> u64 {
        0
    }

    fn kv_cache_layers<N: Number>(self, inputs: &Inputs<N>) -> N {
        inputs.attention_layers()
    }

    fn bytes_in_layer<N: Number>(self, inputs: &Inputs<N>) -> N {
        kv_cache::bytes_in_layer(inputs)
    }

    fn pages_per_sequence<N: Number>(self, inputs: &Inputs<N>) -> N {
        kv_cache::pages_per_sequence(inputs)
    }

    fn max_kv_cache_bytes(self, _: &Resolved) -> Option<u64> {
        None
    }

    fn limits_pool_bytes_by_max_tokens(self) -> bool {
        false
    }

    fn rounds_blocks_down(self, _: &Resolved) -> bool {
        false
    }

    /// No known release can compute its size.
    fn sizes_nvfp4_kv_cache(self) -> bool {
        false
    }

    fn max_draft_len(self, resolved: &Resolved) -> u64 {
        resolved.engine.drafts.tokens
    }

    fn chunks_prompts(self, resolved: &Resolved) -> bool {
        resolved.given.engine.enable_chunked_context
    }

    fn rotation_table(self, resolved: &Resolved) -> Option<Bytes> {
        runtime_buffers::rotation_table(resolved)
    }

    fn prints_upper_bound(self) -> bool {
        true
    }
}
