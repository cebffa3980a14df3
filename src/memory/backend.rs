//! The interface of a backend: everything that the engine backend and the PyTorch backend model differently.

use super::band::Band;
use super::contributor::Contributor;
use super::inputs::Inputs;
use super::law::Law;
use super::number::Number;
use super::overhead::{Cause, RankTopology};
use super::stage::Stage;
use crate::deployment::Resolved;
use crate::units::Bytes;

/// Memory that a rank reserves before the KV cache and that no line of the log counts.
#[derive(Debug, Clone)]
pub struct Reserved<N> {
    /// The sum of it; `None` if nothing is reserved.
    pub bytes: Option<N>,
    /// Bytes that the cache of LoRA adapters lacks to hold one adapter; zero if it holds one.
    pub adapter_short: f64,
}

/// The contributors that each stage of start-up allocates, in order.
pub type StartUp = [(Stage, &'static [Contributor]); 4];

/// The model of a backend. [`Backend`](crate::deployment::Backend) implements it by forwarding each
/// call to the model of the backend that it names, without dynamic dispatch.
pub trait BackendModel: Copy {
    /// The law behind each contributor, in the order of [`Contributor::ALL`].
    fn laws(self, resolved: &Resolved) -> [&'static Law; 6];

    /// Bytes of weights, activations, runtime buffers and decoder buffers on a rank.
    fn buffers<N: Number>(self, inputs: &Inputs<N>) -> [N; 4];

    /// Overhead of a rank when the KV cache is sized.
    fn overhead<N: Number>(self, inputs: &Inputs<N>, topology: RankTopology) -> Cause<N>;

    /// Memory that is reserved before the KV cache, beside `taken`.
    fn reserved<N: Number>(self, inputs: &Inputs<N>, taken: [N; 5]) -> Reserved<N>;

    /// Bytes that are allocated after the KV cache was sized.
    fn after_kv_cache<N: Number>(self, inputs: &Inputs<N>) -> N;

    /// Uncertainty of [`after_kv_cache`](BackendModel::after_kv_cache).
    fn after_kv_cache_band(self, inputs: &Inputs<f64>) -> Band;

    /// The contributors that each stage of start-up allocates, on top of the overhead.
    fn start_up(self, resolved: &Resolved) -> StartUp;

    /// Layers whose keys and values a rank caches.
    fn kv_cache_layers<N: Number>(self, inputs: &Inputs<N>) -> N;

    /// Bytes that a cached token takes in one layer on a rank.
    fn bytes_in_layer<N: Number>(self, inputs: &Inputs<N>) -> N;

    /// Blocks of the longest sequence, as the log prints them.
    fn pages_per_sequence<N: Number>(self, inputs: &Inputs<N>) -> N;

    /// Upper limit of the KV cache in bytes; `None` if the backend or the deployment has none.
    fn max_kv_cache_bytes(self, resolved: &Resolved) -> Option<u64>;

    /// Whether tokens are rounded down to whole blocks.
    fn rounds_blocks_down(self, resolved: &Resolved) -> bool;

    /// Whether an nvfp4 KV cache can be sized.
    fn sizes_nvfp4_kv_cache(self) -> bool;

    /// Draft tokens of a sequence in a step.
    fn max_draft_len(self, resolved: &Resolved) -> u64;

    /// Whether a prompt may be processed in several steps.
    fn chunks_prompts(self, resolved: &Resolved) -> bool;

    /// Bytes of the table of rotations that the runtime buffers hold for each beam of each sequence;
    /// `None` if they hold none.
    fn rotation_table(self, resolved: &Resolved) -> Option<Bytes>;

    /// Whether the build of an engine prints an upper bound of the memory.
    fn prints_upper_bound(self) -> bool;
}
