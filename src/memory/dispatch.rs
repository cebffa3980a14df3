//! Dispatch to the model of the selected backend. No other module of `memory` distinguishes between
//! backends.

use super::backend::{BackendModel, Reserved, Stages};
use super::band::Band;
use super::engine::Engine;
use super::inputs::Inputs;
use super::law::Law;
use super::number::Number;
use super::overhead::{Cause, RankTopology};
use super::pytorch::Pytorch;
use crate::deployment::{Backend, Resolved};
use crate::units::Bytes;

macro_rules! forward {
    ($backend:ident.$method:ident($($argument:expr),*)) => {
        match $backend {
            Backend::TensorRt => Engine.$method($($argument),*),
            Backend::Pytorch => Pytorch.$method($($argument),*),
        }
    };
}

impl BackendModel for Backend {
    fn laws(self, resolved: &Resolved) -> [&'static Law; 6] {
        forward!(self.laws(resolved))
    }
    fn buffers<N: Number>(self, inputs: &Inputs<N>) -> [N; 4] {
        forward!(self.buffers(inputs))
    }
    fn overhead<N: Number>(self, inputs: &Inputs<N>, topology: RankTopology) -> Cause<N> {
        forward!(self.overhead(inputs, topology))
    }
    fn reserved<N: Number>(self, inputs: &Inputs<N>, taken: [N; 5]) -> Reserved<N> {
        forward!(self.reserved(inputs, taken))
    }
    fn graphs_of_warm_up(self, inputs: &Inputs<f64>) -> f64 {
        forward!(self.graphs_of_warm_up(inputs))
    }
    fn after_kv_cache<N: Number>(self, inputs: &Inputs<N>) -> N {
        forward!(self.after_kv_cache(inputs))
    }
    fn after_kv_cache_band(self, inputs: &Inputs<f64>) -> Band {
        forward!(self.after_kv_cache_band(inputs))
    }
    fn stages(self, resolved: &Resolved) -> Stages {
        forward!(self.stages(resolved))
    }
    fn trial_tokens(self, resolved: &Resolved) -> u64 {
        forward!(self.trial_tokens(resolved))
    }
    fn kv_cache_layers<N: Number>(self, inputs: &Inputs<N>) -> N {
        forward!(self.kv_cache_layers(inputs))
    }
    fn bytes_in_layer<N: Number>(self, inputs: &Inputs<N>) -> N {
        forward!(self.bytes_in_layer(inputs))
    }
    fn pages_per_sequence<N: Number>(self, inputs: &Inputs<N>) -> N {
        forward!(self.pages_per_sequence(inputs))
    }
    fn max_kv_cache_bytes(self, resolved: &Resolved) -> Option<u64> {
        forward!(self.max_kv_cache_bytes(resolved))
    }
    fn limits_pool_bytes_by_max_tokens(self) -> bool {
        forward!(self.limits_pool_bytes_by_max_tokens())
    }
    fn rounds_blocks_down(self, resolved: &Resolved) -> bool {
        forward!(self.rounds_blocks_down(resolved))
    }
    fn sizes_nvfp4_kv_cache(self) -> bool {
        forward!(self.sizes_nvfp4_kv_cache())
    }
    fn max_draft_len(self, resolved: &Resolved) -> u64 {
        forward!(self.max_draft_len(resolved))
    }
    fn chunks_prompts(self, resolved: &Resolved) -> bool {
        forward!(self.chunks_prompts(resolved))
    }
    fn rotation_table(self, resolved: &Resolved) -> Option<Bytes> {
        forward!(self.rotation_table(resolved))
    }
    fn prints_upper_bound(self) -> bool {
        forward!(self.prints_upper_bound())
    }
}
