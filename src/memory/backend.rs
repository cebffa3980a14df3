//! The interface of a backend: every difference between the engine backend and the PyTorch backend.

use super::band::Band;
use super::contributor::Contributor;
use super::inputs::Inputs;
use super::law::Law;
use super::number::Number;
use super::overhead::{Cause, RankTopology};
use super::stage::Stage;
use crate::deployment::Resolved;
use crate::units::Bytes;

/// Memory that a rank reserves before the KV cache. No log line counts it.
#[derive(Debug, Clone)]
pub(super) struct Reserved<N> {
    /// The total; `None` if nothing is reserved.
    pub bytes: Option<N>,
    /// Bytes that the LoRA adapter cache lacks to hold one adapter; zero if it can hold one.
    pub adapter_short: f64,
}

/// The stages of start-up in order, each with the contributors that it allocates.
pub(super) type Stages = [(Stage, &'static [Contributor]); 4];

/// The memory model of a backend.
///
/// [`Backend`](crate::deployment::Backend) implements it by forwarding each call to the model of
/// the selected backend. Forwarding is static.
pub(super) trait BackendModel: Copy {
    /// The law of each contributor, in the order of [`Contributor::ALL`].
    fn laws(self, resolved: &Resolved) -> [&'static Law; 6];

    /// Bytes of weights, activations, runtime buffers and decoder buffers on a rank.
    fn buffers<N: Number>(self, inputs: &Inputs<N>) -> [N; 4];

    /// The overhead of a rank at the time when the KV cache is sized.
    fn overhead<N: Number>(self, inputs: &Inputs<N>, topology: RankTopology) -> Cause<N>;

    /// Memory that is reserved before the KV cache. `taken` lists all other memory in use by then.
    fn reserved<N: Number>(self, inputs: &Inputs<N>, taken: [N; 5]) -> Reserved<N>;

    /// The part of the overhead that warm-up takes for CUDA graphs before the KV cache is sized.
    fn graphs_of_warm_up(self, inputs: &Inputs<f64>) -> f64;

    /// Bytes that are allocated after the KV cache has been sized.
    fn after_kv_cache<N: Number>(self, inputs: &Inputs<N>) -> N;

    /// The uncertainty band of [`after_kv_cache`](BackendModel::after_kv_cache).
    fn after_kv_cache_band(self, inputs: &Inputs<f64>) -> Band;

    /// The contributors that each stage of start-up allocates in addition to the overhead.
    fn stages(self, resolved: &Resolved) -> Stages;

    /// Tokens of the temporary KV cache that a rank has while it profiles; zero if it profiles
    /// nothing.
    fn trial_tokens(self, resolved: &Resolved) -> u64;

    /// The number of layers whose keys and values a rank caches.
    fn kv_cache_layers<N: Number>(self, inputs: &Inputs<N>) -> N;

    /// Bytes of a cached token in one layer on a rank.
    fn bytes_in_layer<N: Number>(self, inputs: &Inputs<N>) -> N;

    /// Blocks of the longest sequence, as printed in the log.
    fn pages_per_sequence<N: Number>(self, inputs: &Inputs<N>) -> N;

    /// Upper limit of the KV cache in bytes; `None` if the backend or the deployment has none.
    fn max_kv_cache_bytes(self, resolved: &Resolved) -> Option<u64>;

    /// Whether `max_tokens` limits the bytes of several pools together
    /// (`_torch/pyexecutor/_util.py` configure_kv_cache_capacity). Otherwise it is ignored.
    fn limits_pool_bytes_by_max_tokens(self) -> bool;

    /// Whether tokens are rounded down to whole blocks.
    fn rounds_blocks_down(self, resolved: &Resolved) -> bool;

    /// Whether the size of an nvfp4 KV cache can be computed.
    fn sizes_nvfp4_kv_cache(self) -> bool;

    /// Draft tokens of a sequence in a step.
    fn max_draft_len(self, resolved: &Resolved) -> u64;

    /// Whether a prompt may be processed in several steps.
    fn chunks_prompts(self, resolved: &Resolved) -> bool;

    /// Bytes of the M-RoPE rotation table in the runtime buffers, per beam of each sequence; `None`
    /// if there is none.
    fn rotation_table(self, resolved: &Resolved) -> Option<Bytes>;

    /// Whether an engine build prints an upper bound of the memory.
    fn prints_upper_bound(self) -> bool;
}
