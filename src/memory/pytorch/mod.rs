//! The PyTorch backend, in which TensorRT-LLM runs the checkpoint without an engine.
//!
//! At start-up a rank loads its weights ([`weights`]), creates an executor with a temporary KV
//! cache and captures CUDA graphs. It then profiles a step of the maximum number of tokens.
//!
//! The peak of that pass consists of the memory that persists inside torch (weights, [`persistent`]
//! buffers, [`sampler`]), the [`activations`], and the [`overhead`] outside torch. The KV cache
//! takes a fraction of the rest (`_torch/pyexecutor/_util.py` KvCacheCreator); see [`kv_cache`].

mod activations;
mod experts;
mod kv_cache;
pub(crate) mod overhead;
mod persistent;
mod sampler;
pub(crate) mod weights;

use crate::deployment::{Behavior, Resolved};
use crate::memory::backend::{BackendModel, Reserved, Stages};
use crate::memory::band::Band;
use crate::memory::contributor::Contributor;
use crate::memory::inputs::Inputs;
use crate::memory::law::Law;
use crate::memory::number::Number;
use crate::memory::overhead::{Cause, RankTopology};
use crate::memory::stage::Stage;
use crate::units::Bytes;

/// The model of the PyTorch backend.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pytorch;

impl BackendModel for Pytorch {
    fn laws(self, resolved: &Resolved) -> [&'static Law; 6] {
        [&weights::LAW, activations::law(resolved), &persistent::LAW, &sampler::LAW, &kv_cache::LAW, &overhead::LAW]
    }

    fn buffers<N: Number>(self, inputs: &Inputs<N>) -> [N; 4] {
        [
            weights::weights(inputs),
            activations::activations(inputs),
            persistent::persistent(inputs),
            sampler::sampler(inputs),
        ]
    }

    fn overhead<N: Number>(self, inputs: &Inputs<N>, topology: RankTopology) -> Cause<N> {
        overhead::overhead(inputs, topology)
    }

    fn reserved<N: Number>(self, _: &Inputs<N>, _: [N; 5]) -> Reserved<N> {
        Reserved { bytes: None, adapter_short: 0.0 }
    }

    fn graphs_of_warm_up(self, inputs: &Inputs<f64>) -> f64 {
        overhead::graphs(inputs).iter().map(|cause| cause.bytes).sum()
    }

    /// Zero: the block tables are buffers of the executor that is profiled.
    fn after_kv_cache<N: Number>(self, _: &Inputs<N>) -> N {
        N::literal(0.0)
    }

    fn after_kv_cache_band(self, _: &Inputs<f64>) -> Band {
        Band::EXACT
    }

    fn stages(self, _: &Resolved) -> Stages {
        use Contributor::{Activations, DecoderBuffers, KvCache, RuntimeBuffers, Weights};
        [
            (Stage::LoadWeights, &[Weights]),
            (Stage::WarmUp, &[RuntimeBuffers, DecoderBuffers]),
            (Stage::Profile, &[Activations]),
            (Stage::AllocateKvCache, &[KvCache]),
        ]
    }

    fn trial_tokens(self, resolved: &Resolved) -> u64 {
        kv_cache::trial_tokens(resolved)
    }

    fn kv_cache_layers<N: Number>(self, inputs: &Inputs<N>) -> N {
        kv_cache::layers(inputs)
    }

    fn bytes_in_layer<N: Number>(self, inputs: &Inputs<N>) -> N {
        kv_cache::bytes_in_layer(inputs)
    }

    fn pages_per_sequence<N: Number>(self, inputs: &Inputs<N>) -> N {
        kv_cache::pages_per_sequence(inputs)
    }

    fn max_kv_cache_bytes(self, resolved: &Resolved) -> Option<u64> {
        resolved.pytorch.max_gpu_total_bytes
    }

    fn limits_pool_bytes_by_max_tokens(self) -> bool {
        true
    }

    fn rounds_blocks_down(self, resolved: &Resolved) -> bool {
        !resolved.version.has(Behavior::TorchRoundsBlocksUp)
    }

    fn sizes_nvfp4_kv_cache(self) -> bool {
        true
    }

    fn max_draft_len(self, resolved: &Resolved) -> u64 {
        resolved.pytorch.max_draft_len
    }

    fn chunks_prompts(self, resolved: &Resolved) -> bool {
        resolved.given.engine.enable_chunked_context || resolved.given.pytorch.enable_chunked_prefill
    }

    fn rotation_table(self, _: &Resolved) -> Option<Bytes> {
        None
    }

    fn prints_upper_bound(self) -> bool {
        false
    }
}
