//! The resolved configuration: defaults filled in, build-time corrections applied.

mod drafts;
mod engine;
mod kv_cache;
mod limits;
mod machine;
mod parallel;
mod precision;
mod pytorch;

pub use drafts::Drafts;
pub use engine::ResolvedEngine;
pub use kv_cache::ResolvedKvCache;
pub(crate) use limits::DEFAULT_MAX_NUM_TOKENS;
pub use limits::ResolvedLimits;
pub use machine::ResolvedMachine;
pub use parallel::ResolvedParallelism;
pub use precision::{KvType, ResolvedPrecision};
pub use pytorch::{CudaGraphs, ResolvedPytorch};

use crate::architecture::{Attention, ModelRef};
use crate::deployment::{Backend, DecodingType, Deployment, Note, Version};
use crate::gpu::{GpuRef, Link};
use limits::StepLimits;
use machine::GPUS_PER_SERVER;

/// The configuration as TensorRT-LLM runs it: *resolved* settings, made by [`Deployment::resolve`]
/// alone.
///
/// Its groups are those of a [`Deployment`]. A resolved value usually has the path of the raw one:
/// `deployment.limits.max_batch_size` is the `Option<u64>` that the user gave,
/// `resolved.limits.max_batch_size` the `u64` that the engine is built with.
///
/// What it may hold:
///
/// - Every value that TensorRT-LLM fills in, corrects, or computes from other settings, in the
///   resolved groups.
/// - Settings that TensorRT-LLM takes as they are, in [`given`](Self::given), such as
///   `resolved.given.engine.guided_decoding`. They are not listed again, so a new setting without
///   resolution needs no change here.
///
/// What it may not hold: an impossible combination. `resolve` returns those as errors, so that no
/// law has to look for one, and no law has to know a default. For the PyTorch backend, the settings
/// that only engines have are at their defaults.
///
/// A law reads a resolved group if the setting is there, and `given` only for a setting that is in
/// no resolved group. A setting that starts to need resolution becomes a field of its resolved
/// group, and the laws read it there.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// The deployment that was resolved; for the PyTorch backend, without the settings that only
    /// engines have. Only settings that need no resolution are read from here.
    pub given: Deployment,
    /// The model.
    pub model: ModelRef,
    /// The card.
    pub gpu: GpuRef,
    /// How the model is run.
    pub backend: Backend,
    /// The version of TensorRT-LLM.
    pub version: Version,
    /// How the model is divided among GPUs.
    pub parallel: ResolvedParallelism,
    /// Types of weights, computation, logits and KV cache.
    pub precision: ResolvedPrecision,
    /// The limits of a step and of a sequence.
    pub limits: ResolvedLimits,
    /// The KV cache.
    pub kv_cache: ResolvedKvCache,
    /// The settings that only engines have.
    pub engine: ResolvedEngine,
    /// The settings that only the PyTorch backend has.
    pub pytorch: ResolvedPytorch,
    /// The machine around the GPUs.
    pub machine: ResolvedMachine,
    /// What TensorRT-LLM corrected, and what else is worth knowing.
    pub notes: Vec<Note>,
}

/// The limits that an engine is built with, or the PyTorch backend is started with.
pub(super) fn limits(d: &Deployment, notes: &mut Vec<Note>) -> ResolvedLimits {
    let limits = match d.backend {
        Backend::TensorRt => StepLimits::of_engine(d, Drafts::of(d), kv_cache::tokens_per_block(d), notes),
        Backend::Pytorch => pytorch::limits(d, notes),
    };
    ResolvedLimits::running(d, limits)
}

impl Resolved {
    /// Resolves every value of a deployment that has no problems.
    pub(super) fn new(given: Deployment) -> Resolved {
        let d = &given;
        let mut notes = Vec::new();
        let precision = ResolvedPrecision::of(d, &mut notes);
        let limits = limits(d, &mut notes);
        let engine = ResolvedEngine::of(d, Drafts::of(d), limits.max_batch_size, &mut notes);
        let machine = ResolvedMachine::of(d, &mut notes);
        let pytorch = ResolvedPytorch::of(d, limits.max_batch_size, &mut notes);
        note_limits_of_modelling(d, &mut notes);
        Resolved {
            model: d.model.clone(),
            gpu: d.gpu.clone(),
            backend: d.backend,
            version: d.version(),
            parallel: ResolvedParallelism::of(d),
            precision,
            limits,
            kv_cache: ResolvedKvCache::of(d, limits.max_seq_len),
            engine,
            pytorch,
            machine,
            notes,
            given,
        }
    }

    /// Number of GPUs.
    pub fn world_size(&self) -> u64 {
        self.parallel.tp_size * self.parallel.pp_size
    }

    /// The layers of pipeline stage `stage`; if they can't be split evenly, the first stages have
    /// one more (`mapping.py` pp_layers).
    pub fn layers_of_stage(&self, stage: u64) -> std::ops::Range<u32> {
        if self.parallel.pp_size == 1 {
            return 0..self.model.layers;
        }
        let layers = u64::from(self.model.layers);
        let (each, more) = (layers / self.parallel.pp_size, layers % self.parallel.pp_size);
        let start = |stage: u64| (stage * each + stage.min(more)) as u32;
        start(stage)..start(stage + 1)
    }

    /// Whether layers of the model itself draft tokens (PyTorch backend).
    pub fn drafts_by_itself(&self) -> bool {
        self.given.pytorch.decoding_type == DecodingType::Mtp && self.model.mtp_layers > 0
    }

    /// Whether this is a data-centre GPU of the Blackwell generation.
    pub fn is_data_centre_blackwell(&self) -> bool {
        (10..12).contains(&self.gpu.compute_capability.0)
    }

    /// Whether the GPUs' NVLink domain is larger than a server, as in a GB200 or GB300 rack.
    pub fn is_rack(&self) -> bool {
        self.gpu.link == Link::NvLink && self.machine.gpus_per_node > GPUS_PER_SERVER
    }

    /// Most tokens in a step of the engine. A decoder with cross attention isn't built for
    /// `max_num_tokens`, but for every sequence's whole prompt or beams (`models/enc_dec/model.py`
    /// DecoderModel.prepare_inputs).
    pub fn engine_tokens(&self) -> u64 {
        let limits = &self.limits;
        match self.model.encoder {
            Some(_) => limits.max_batch_size.saturating_mul(limits.max_input_len.max(limits.max_beam_width)),
            None => limits.max_num_tokens,
        }
    }

    /// Rows of the encoder's output for its longest input; 0 without an encoder.
    pub fn max_encoder_output_len(&self) -> u64 {
        self.model.encoder.map_or(0, |encoder| encoder.output_len(self.engine.max_encoder_input_len))
    }

    /// Attention heads on a rank.
    pub fn local_heads(&self) -> u64 {
        self.model.attention.heads() / self.parallel.attention_tp_size
    }

    /// KV heads on a rank; if they are fewer than ranks, each rank keeps a copy of one
    /// (`convert_utils.py` tile_kv_weight_bias).
    pub fn local_kv_heads(&self) -> u64 {
        self.model.attention.kv_heads().div_ceil(self.parallel.attention_tp_size)
    }

    /// Values that latent attention caches of a token in a layer, if the model has it: the
    /// compressed keys and values, and the key that carries the position.
    pub fn latent_values(&self) -> Option<u64> {
        match self.model.attention {
            Attention::Latent { kv_lora_rank, qk_rope_head_dim, .. } => Some(kv_lora_rank + qk_rope_head_dim),
            Attention::Grouped { .. } => None,
        }
    }

    /// The vocabulary padded to a multiple of the ranks that share the LM head (`_utils.py`
    /// pad_vocab_size).
    pub fn padded_vocab(&self) -> u64 {
        self.model.vocab.div_ceil(self.parallel.tp_size) * self.parallel.tp_size
    }

    /// The vocabulary as the runtime pads it: to a multiple of all ranks
    /// (`ModelConfig::getVocabSizePadded`).
    pub fn runtime_vocab(&self) -> u64 {
        self.model.vocab.div_ceil(self.world_size()) * self.world_size()
    }

    /// Sequences that the runtime keeps slots for (`maxNumSequences`).
    pub fn max_num_sequences(&self) -> u64 {
        self.limits.runtime_max_batch_size.saturating_mul(self.parallel.pp_size)
    }
}

/// Notes what a reader of the figures should know about this model, these settings and this card.
fn note_limits_of_modelling(d: &Deployment, notes: &mut Vec<Note>) {
    let needs_pytorch = d.model.recurrence.is_some() || d.model.attention_sinks || d.model.indexer.is_some();
    if needs_pytorch && d.backend == Backend::TensorRt {
        Note::add(
            notes,
            "model",
            format_args!("The engine flow has no such layers: TensorRT-LLM runs this model with its PyTorch backend."),
        );
    }
    if d.backend == Backend::Pytorch && d.pytorch.enable_attention_dp && d.parallel.tp_size == 1 {
        Note::add(notes, "enable_attention_dp", format_args!("Has no effect on a single rank."));
    }
    if let (Some(how), None) = (d.gpu.memory_inferred, d.machine.gpu_memory_gib) {
        Note::add(
            notes,
            "gpu",
            format_args!("Nobody has published what CUDA reports for this card; its memory is inferred: {how}."),
        );
    }
}
