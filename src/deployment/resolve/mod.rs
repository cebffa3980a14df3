//! The resolved configuration, with defaults filled in and build-time corrections applied.

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

use crate::architecture::{Attention, Family, ModelRef};
use crate::deployment::{Backend, Behavior, DecodingType, Deployment, Note, Version};
use crate::gpu::{GpuRef, Link};
use limits::StepLimits;
use machine::GPUS_PER_SERVER;

/// The configuration as TensorRT-LLM runs it: *resolved* settings. Only [`Deployment::resolve`]
/// creates it.
///
/// Its groups are those of a [`Deployment`]. A resolved value usually has the path of the raw
/// value. For example, `deployment.limits.max_batch_size` is the `Option<u64>` from the user, and
/// `resolved.limits.max_batch_size` is the `u64` with which the engine is built.
///
/// It contains:
///
/// - Every value that TensorRT-LLM fills in, corrects, or computes from other settings, in the
///   resolved groups.
/// - Settings that TensorRT-LLM takes unchanged, in [`given`](Self::given), such as
///   `resolved.given.engine.guided_decoding`. They are not listed again, so a new setting without
///   resolution needs no change here.
///
/// It never contains an impossible combination: `resolve` returns those as errors. Laws therefore
/// need neither checks nor defaults. For the PyTorch backend, the engine settings have their
/// defaults.
///
/// A law reads `given` only for a setting that is in no resolved group. A setting that starts to
/// need resolution becomes a field of its resolved group, and the laws read it there.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// The deployment as given; for the PyTorch backend, without the engine settings. Laws read
    /// only settings without resolution from it.
    pub given: Deployment,
    /// The model.
    pub model: ModelRef,
    /// The GPU model.
    pub gpu: GpuRef,
    /// The backend that runs the model.
    pub backend: Backend,
    /// The version of TensorRT-LLM.
    pub version: Version,
    /// The division of the model among GPUs.
    pub parallel: ResolvedParallelism,
    /// Types of weights, computation, logits and KV cache.
    pub precision: ResolvedPrecision,
    /// The limits of a step and of a sequence.
    pub limits: ResolvedLimits,
    /// The KV cache.
    pub kv_cache: ResolvedKvCache,
    /// The settings specific to engines.
    pub engine: ResolvedEngine,
    /// The settings specific to the PyTorch backend.
    pub pytorch: ResolvedPytorch,
    /// The machine around the GPUs.
    pub machine: ResolvedMachine,
    /// The corrections by TensorRT-LLM, and other notes.
    pub notes: Vec<Note>,
}

/// Returns the limits of a running executor of either backend.
pub(super) fn limits(d: &Deployment, notes: &mut Vec<Note>) -> ResolvedLimits {
    let limits = match d.backend {
        Backend::TensorRt => StepLimits::of_engine(d, Drafts::of(d), kv_cache::tokens_per_block(d), notes),
        Backend::Pytorch => pytorch::limits(d, notes),
    };
    ResolvedLimits::running(d, limits)
}

impl Resolved {
    /// Resolves every value of a valid deployment.
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

    /// Returns the number of GPUs.
    pub fn world_size(&self) -> u64 {
        self.parallel.tp_size * self.parallel.pp_size
    }

    /// Returns the layers of pipeline stage `stage`. In an uneven split, the first stages have one
    /// more layer (`mapping.py` pp_layers).
    pub fn layers_of_stage(&self, stage: u64) -> std::ops::Range<u32> {
        if self.parallel.pp_size == 1 {
            return 0..self.model.layers;
        }
        let layers = u64::from(self.model.layers);
        let (each, more) = (layers / self.parallel.pp_size, layers % self.parallel.pp_size);
        let start = |stage: u64| (stage * each + stage.min(more)) as u32;
        start(stage)..start(stage + 1)
    }

    /// Whether layers of the model itself draft tokens (PyTorch backend only).
    pub fn drafts_by_itself(&self) -> bool {
        self.given.pytorch.decoding_type == DecodingType::Mtp && self.model.mtp_layers > 0
    }

    /// Whether this is a data-centre GPU of the Blackwell generation.
    pub fn is_data_centre_blackwell(&self) -> bool {
        (10..12).contains(&self.gpu.compute_capability.0)
    }

    /// Whether the NVLink domain is larger than a server, as in a GB200 or GB300 rack.
    pub fn is_rack(&self) -> bool {
        self.gpu.link == Link::NvLink && self.machine.gpus_per_node > GPUS_PER_SERVER
    }

    /// Returns the maximum number of tokens in a step of the engine. A decoder with cross attention
    /// is built for the whole prompt or the beams of every sequence instead of `max_num_tokens`
    /// (`models/enc_dec/model.py` DecoderModel.prepare_inputs).
    pub fn engine_tokens(&self) -> u64 {
        let limits = &self.limits;
        match self.model.encoder {
            Some(_) => limits.max_batch_size.saturating_mul(limits.max_input_len.max(limits.max_beam_width)),
            None => limits.max_num_tokens,
        }
    }

    /// Returns the number of output rows of the encoder for its longest input; 0 without an
    /// encoder.
    pub fn max_encoder_output_len(&self) -> u64 {
        self.model.encoder.map_or(0, |encoder| encoder.output_len(self.engine.max_encoder_input_len))
    }

    /// Returns the parameters of the vision and audio towers that the backend loads; an engine of
    /// the language model has none.
    pub fn tower(&self) -> u64 {
        let is_of_2026 = matches!(self.model.family, Family::Qwen35 | Family::Exaone4 | Family::DeepSeekV3);
        let loads = !is_of_2026 || self.version.has(Behavior::LoadsTowersOf2026);
        let is_left_out = self.given.pytorch.disable_mm_encoder && self.version.has(Behavior::HasTextOnly);
        if self.backend == Backend::Pytorch && loads && !is_left_out { self.model.tower } else { 0 }
    }

    /// Returns the number of attention heads on a rank.
    pub fn local_heads(&self) -> u64 {
        self.model.attention.heads() / self.parallel.attention_tp_size
    }

    /// Returns the number of KV heads on a rank. If KV heads are fewer than ranks, each rank has a
    /// copy of one (`convert_utils.py` tile_kv_weight_bias).
    pub fn local_kv_heads(&self) -> u64 {
        self.model.attention.kv_heads().div_ceil(self.parallel.attention_tp_size)
    }

    /// Returns the number of values that latent attention caches per token and layer: the
    /// compressed keys and values, and the key with the position. `None` without latent attention.
    pub fn latent_values(&self) -> Option<u64> {
        match self.model.attention {
            Attention::Latent { kv_lora_rank, qk_rope_head_dim, .. } => Some(kv_lora_rank + qk_rope_head_dim),
            Attention::Grouped { .. } => None,
        }
    }

    /// Returns the vocabulary size, padded to a multiple of the ranks that share the LM head
    /// (`_utils.py` pad_vocab_size).
    pub fn padded_vocab(&self) -> u64 {
        self.model.vocab.div_ceil(self.parallel.tp_size) * self.parallel.tp_size
    }

    /// Returns the vocabulary size as the runtime pads it: to a multiple of all ranks
    /// (`ModelConfig::getVocabSizePadded`).
    pub fn runtime_vocab(&self) -> u64 {
        self.model.vocab.div_ceil(self.world_size()) * self.world_size()
    }

    /// Returns the number of sequence slots in the runtime (`maxNumSequences`).
    pub fn max_num_sequences(&self) -> u64 {
        self.limits.runtime_max_batch_size.saturating_mul(self.parallel.pp_size)
    }
}

/// Adds notes on the limits of the estimate for this model, these settings and this GPU.
fn note_limits_of_modelling(d: &Deployment, notes: &mut Vec<Note>) {
    if d.backend == Backend::TensorRt && d.only_backend() == Some(Backend::TensorRt) {
        let name = &d.model.name;
        Note::add(
            notes,
            "backend",
            format_args!("TensorRT-LLM runs encoder-decoder models such as {name} only as engines."),
        );
    }
    if d.backend == Backend::TensorRt && d.only_backend() == Some(Backend::Pytorch) {
        Note::add(
            notes,
            "model",
            format_args!(
                "Engines do not support layers of this model: TensorRT-LLM runs it only with the PyTorch backend."
            ),
        );
    }
    if d.backend == Backend::TensorRt && d.only_backend() == Some(Backend::TensorRt) {
        Note::add(notes, "backend", format_args!("TensorRT-LLM runs encoder-decoder models only as engines."));
    }
    if d.backend == Backend::Pytorch && d.pytorch.enable_attention_dp && d.parallel.tp_size == 1 {
        Note::add(notes, "enable_attention_dp", format_args!("Has no effect on a single rank."));
    }
    if d.pytorch.disable_mm_encoder && d.backend == Backend::Pytorch && !d.version().has(Behavior::HasTextOnly) {
        let version = d.version();
        Note::add(
            notes,
            "disable_mm_encoder",
            format_args!("Has no effect: TensorRT-LLM {version} always loads the towers that it supports."),
        );
    }
    if let (Some(how), None) = (d.gpu.memory_inferred, d.machine.gpu_memory_gib) {
        Note::add(
            notes,
            "gpu",
            format_args!("No published reading of this GPU's memory exists; the figure is inferred: {how}."),
        );
    }
}
