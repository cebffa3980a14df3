//! What TensorRT-LLM makes of a deployment: defaults filled in, build-time corrections applied.

mod engine;
mod pytorch;

pub(crate) use engine::DEFAULT_MAX_NUM_TOKENS;
pub use pytorch::{CudaGraphs, PytorchSettings};

use crate::architecture::{Attention, Dtype, ModelRef};
use crate::deployment::{
    Backend, Behavior, Calibrated, DecodingType, Deployment, KvCacheDtype, KvCacheType, Launcher, LoraModule,
    OperatingSystem, QuantAlgo, Runtime, SpeculativeDecodingMode, Version,
};
use crate::gpu::{Gpu, Link};
use crate::units::Bytes;
pub(super) use engine::Limits;
use engine::PromptAttention;
use serde::Serialize;

/// Something TensorRT-LLM changes or that a person should know, at the field it concerns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// The link key of the field.
    pub field: &'static str,
    /// A sentence.
    pub message: String,
}

impl Note {
    /// Adds a note at `field`. Many ask for it, so that what it does is here once.
    #[inline(never)]
    pub(crate) fn add(notes: &mut Vec<Note>, field: &'static str, message: std::fmt::Arguments<'_>) {
        notes.push(Note { field, message: message.to_string() });
    }
}

/// A sound deployment with every value settled. Made by [`Deployment::resolved`].
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// What is served.
    pub model: ModelRef,
    /// The card.
    pub gpu: &'static Gpu,
    /// Total memory of each GPU.
    pub gpu_memory: Bytes,
    /// Free memory just before the KV cache is sized, where a log said it.
    pub free_memory: Option<Bytes>,
    /// How the model is run.
    pub backend: Backend,
    /// The version of TensorRT-LLM.
    pub version: Version,
    /// Ranks that share every layer.
    pub tp_size: u64,
    /// Of these, ranks that share an attention layer: one where attention is data-parallel.
    pub attention_tp_size: u64,
    /// Stages that the layers are divided into.
    pub pp_size: u64,
    /// Ranks that share each expert.
    pub moe_tp_size: u64,
    /// Ranks that the experts are divided among.
    pub moe_ep_size: u64,
    /// The type that the model computes in.
    pub dtype: Dtype,
    /// How the weights are quantized.
    pub quant_algo: QuantAlgo,
    /// The type of the KV cache's values, never `auto`, and `None` for 32-bit floats.
    pub kv_cache_dtype: KvType,
    /// The type of the logits.
    pub logits_dtype: Dtype,
    /// Most sequences in a (micro-)batch.
    pub max_batch_size: u64,
    /// Most tokens in a step.
    pub max_num_tokens: u64,
    /// Longest prompt.
    pub max_input_len: u64,
    /// Longest sequence.
    pub max_seq_len: u64,
    /// Most beams.
    pub max_beam_width: u64,
    /// Tokens in a block.
    pub tokens_per_block: u64,
    /// Share of the free memory for the KV cache; `None` where `max_tokens` alone decides.
    pub free_gpu_memory_fraction: Option<f64>,
    /// Most tokens in the KV cache.
    pub max_tokens: Option<u64>,
    /// Whether inputs are packed.
    pub remove_input_padding: bool,
    /// Whether prompts use fused attention.
    pub context_fmha: bool,
    /// Whether prompts attend through the paged KV cache.
    pub use_paged_context_fmha: bool,
    /// Whether gate and up projections are one GEMM.
    pub use_fused_mlp: bool,
    /// Whether the embedding table is divided among the ranks.
    pub use_parallel_embedding: bool,
    /// How the KV cache is laid out.
    pub kv_cache_type: KvCacheType,
    /// Whether prompts are attended to in FP8.
    pub use_fp8_context_fmha: bool,
    /// Whether a plugin multiplies the matrices.
    pub gemm_plugin: bool,
    /// Whether the engine has several optimization profiles.
    pub multiple_profiles: bool,
    /// Whether the logits of all prompt tokens are kept.
    pub gather_context_logits: bool,
    /// Whether the logits of generated tokens are kept.
    pub gather_generation_logits: bool,
    /// Along which dimension a divided embedding is cut: 0 the vocabulary, 1 the hidden size.
    pub embedding_sharding_dim: u64,
    /// Whether attention keeps its sinks in a sliding window.
    pub streamingllm: bool,
    /// How tokens are drafted.
    pub speculative_decoding_mode: SpeculativeDecodingMode,
    /// Most draft tokens of a sequence in a step; 0 without speculation.
    pub max_draft_len: u64,
    /// Tokens of the longest draft path.
    pub max_draft_path_len: u64,
    /// Draft paths of a sequence.
    pub max_draft_paths: u64,
    /// Largest rank of a LoRA adapter; 0 without the LoRA plugin.
    pub max_lora_rank: u64,
    /// The modules that adapters change.
    pub lora_target_modules: Vec<LoraModule>,
    /// Share of the memory still free that the adapters' cache takes.
    pub lora_device_cache_fraction: f64,
    /// Rows of the prompt table over all sequences.
    pub max_prompt_embedding_table_size: u64,
    /// What runs the engine.
    pub runtime: Runtime,
    /// Most sequences in a batch of the running executor.
    pub runtime_max_batch_size: u64,
    /// Most tokens in a step of the running executor.
    pub runtime_max_num_tokens: u64,
    /// Tokens that attention looks back, taking turns over the layers; at least one.
    pub max_attention_window: Vec<u64>,
    /// First tokens of a sequence that stay in a windowed KV cache.
    pub sink_token_length: u64,
    /// Host memory for KV blocks.
    pub host_cache_size: Bytes,
    /// Whether long prompts are read in several steps.
    pub enable_chunked_context: bool,
    /// Whether two micro-batches are in flight on one stage.
    pub enable_trt_overlap: bool,
    /// Sequences of a micro-batch in the session without in-flight batching, where they were chosen.
    pub gen_micro_batch_size: Option<u64>,
    /// Most CUDA graphs that are kept for a set of buffers.
    pub cuda_graphs: u64,
    /// Whether outputs follow a grammar.
    pub guided_decoding: bool,
    /// Share of the KV cache for cross attention, where the model has it.
    pub cross_kv_cache_fraction: f64,
    /// Longest input of the encoder, in tokens or frames; 0 without one.
    pub max_encoder_input_len: u64,
    /// Most inputs in a batch of the encoder.
    pub encoder_max_batch_size: u64,
    /// What only the PyTorch backend has.
    pub pytorch: PytorchSettings,
    /// Memory that other processes hold on each GPU.
    pub other_memory: Bytes,
    /// GPUs that reach each other directly.
    pub gpus_per_node: u64,
    /// What starts the ranks.
    pub launcher: Launcher,
    /// The operating system.
    pub os: OperatingSystem,
    /// What a log measured of activations, runtime buffers and decoder buffers.
    pub calibrated: [Option<Calibrated>; 3],
    /// What a log left for CUDA, NCCL and libraries.
    pub calibrated_overhead: Option<Calibrated>,
    /// What TensorRT-LLM corrected, and what else is worth knowing.
    pub notes: Vec<Note>,
}

/// The settled type of the KV cache's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KvType {
    /// The type the model computes in.
    Model(Dtype),
    /// One of the smaller types.
    Quantized(KvCacheDtype),
}

impl KvType {
    /// Bytes of a value, block scales included: NVFP4 has a byte of scale for 16 values.
    pub fn bytes(self) -> f64 {
        match self {
            KvType::Model(dtype) => dtype.bytes() as f64,
            KvType::Quantized(KvCacheDtype::Nvfp4) => 0.5 + 1.0 / 16.0,
            KvType::Quantized(KvCacheDtype::Fp8 | KvCacheDtype::Int8) => 1.0,
            KvType::Quantized(_) => 2.0,
        }
    }

    /// TensorRT-LLM's name: `fp16`.
    pub fn name(self) -> &'static str {
        match self {
            KvType::Model(Dtype::Float16) => "fp16",
            KvType::Model(Dtype::Bfloat16) => "bf16",
            KvType::Model(Dtype::Float32) => "fp32",
            KvType::Quantized(dtype) => dtype.name(),
        }
    }
}

impl std::fmt::Display for KvType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// The fraction where neither it nor `max_tokens` is given (`kDefaultGpuMemFraction`).
const DEFAULT_FRACTION: f64 = 0.9;

/// Share of the free memory for LoRA adapters (`PeftCacheConfig` device_cache_percent).
const DEFAULT_LORA_FRACTION: f64 = 0.02;
/// Share of the KV cache for cross attention (`examples/run.py`).
const DEFAULT_CROSS_FRACTION: f64 = 0.5;
/// `max_encoder_input_len` of `trtllm-build` unless told otherwise (`builder.py` BuildConfig).
const DEFAULT_ENCODER_INPUT_LEN: u64 = 1024;
/// GPUs of a server, which reach each other directly.
const GPUS_PER_NODE: u64 = 8;
/// GPUs of an NVL72 rack.
const GPUS_PER_RACK: u64 = 72;
/// Draft tokens where none are given: the examples' for Medusa and EAGLE, a usual number for a draft model.
const DEFAULT_DRAFT_LEN: (u64, u64) = (63, 10);
/// Medusa heads, EAGLE layers, and ReDrafter's beams and tokens where none are given, as in the examples.
const DEFAULT_DRAFT_STEPS: (u64, u64, u64) = (4, 4, 5);

/// The sizes of speculative decoding (`runtime/speculativeDecodingModule.h`, `gptJsonConfig.cpp`).
pub(super) struct Drafts {
    pub tokens: u64,
    pub path_len: u64,
    pub paths: u64,
}

impl Drafts {
    pub(super) fn of(d: &Deployment) -> Drafts {
        let (tree, chain) = DEFAULT_DRAFT_LEN;
        let (medusa, eagle, redrafter) = DEFAULT_DRAFT_STEPS;
        match d.speculative_decoding_mode {
            SpeculativeDecodingMode::None => Drafts { tokens: 0, path_len: 0, paths: 0 },
            SpeculativeDecodingMode::DraftTokensExternal => {
                let tokens = d.max_draft_len.unwrap_or(chain);
                Drafts { tokens, path_len: tokens, paths: 1 }
            }
            SpeculativeDecodingMode::Medusa => {
                let tokens = d.max_draft_len.unwrap_or(tree);
                Drafts { tokens, path_len: d.num_medusa_heads.unwrap_or(medusa), paths: tokens }
            }
            SpeculativeDecodingMode::LookaheadDecoding => {
                let config = d.lookahead_config.unwrap_or_default();
                let tokens = config.draft_tokens();
                Drafts { tokens, path_len: config.ngram - 1, paths: tokens }
            }
            SpeculativeDecodingMode::ExplicitDraftTokens => {
                let paths = d.redrafter_num_beams.unwrap_or(redrafter);
                let path_len = d.redrafter_draft_len_per_beam.unwrap_or(redrafter);
                Drafts { tokens: paths * path_len, path_len, paths }
            }
            SpeculativeDecodingMode::Eagle => {
                let tokens = d.max_draft_len.unwrap_or(tree);
                Drafts { tokens, path_len: d.num_eagle_layers.unwrap_or(eagle), paths: tokens + 1 }
            }
        }
    }
}

impl Resolved {
    /// Settles every value of a deployment that has no problems.
    pub(super) fn new(d: &Deployment) -> Resolved {
        let mut notes = Vec::new();
        let version = d.version();
        let pytorch = d.backend == Backend::Pytorch;

        let dtype = d.dtype.unwrap_or_else(|| {
            if d.model.dtype == Dtype::Bfloat16 && d.gpu.compute_capability < (8, 0) {
                Note::add(
                    &mut notes,
                    "dtype",
                    format_args!("{} has no bfloat16: the model runs in float16.", d.gpu.name),
                );
                Dtype::Float16
            } else if d.model.dtype == Dtype::Float32 {
                Dtype::Float16
            } else {
                d.model.dtype
            }
        });
        let kv_cache_dtype = match d.kv_cache_dtype {
            KvCacheDtype::Auto if pytorch && d.quant_algo.has_fp8_kv_cache() => {
                Note::add(
                    &mut notes,
                    "kv_cache_dtype",
                    format_args!("auto is fp8, which ModelOpt's checkpoints of this quant_algo ask for."),
                );
                KvType::Quantized(KvCacheDtype::Fp8)
            }
            KvCacheDtype::Auto => KvType::Model(dtype),
            other => KvType::Quantized(other),
        };
        let modelopt = made_by_modelopt(d.quant_algo);
        let fp8_logits = d.quant_algo != QuantAlgo::Fp8 || version.has(Behavior::Fp8CheckpointsHave16BitLogits);
        let logits_dtype =
            d.logits_dtype.unwrap_or(if modelopt && fp8_logits { Dtype::Float16 } else { Dtype::Float32 });

        let drafts = Drafts::of(d);
        let Limits { max_batch_size, max_num_tokens, max_input_len, max_seq_len, tokens_per_block } =
            Limits::of(d, &drafts, &mut notes);
        let attention = PromptAttention::of(d, &mut notes);
        let lora_target_modules = match (d.max_lora_rank, &d.lora_target_modules[..]) {
            (0, _) => Vec::new(),
            (_, []) => vec![LoraModule::AttnQkv],
            (_, modules) => modules.to_vec(),
        };
        let max_attention_window = match &d.max_attention_window[..] {
            [] => vec![max_seq_len],
            windows => windows.iter().map(|window| (*window).min(max_seq_len)).collect(),
        };
        let in_rack = d.gpu.id.starts_with("gb") && d.gpu.link == Link::NvLink;
        let gpus_per_node = match (d.gpu.link, d.gpus_per_node) {
            // A machine whose processor and GPU share one memory has one GPU: no figures of others
            // are there to extrapolate from.
            (Link::Unified, given) => {
                if given.is_some_and(|given| given > 1) {
                    let name = d.gpu.name;
                    Note::add(&mut notes, "gpus_per_node", format_args!("Has no effect: each {name} has one GPU."));
                }
                1
            }
            (_, Some(given)) => given,
            _ if in_rack => GPUS_PER_RACK,
            _ => GPUS_PER_NODE,
        };
        let fusable = d.quant_algo == QuantAlgo::None && d.model.mlp.gated;
        let use_fused_mlp = fusable && d.use_fused_mlp.unwrap_or_else(|| version.has(Behavior::FusesMlpByDefault));
        if d.use_fused_mlp == Some(true) && !fusable {
            Note::add(
                &mut notes,
                "use_fused_mlp",
                format_args!("Has no effect: only 16-bit models with a gated MLP fuse it."),
            );
        }
        let (moe_tp_size, moe_ep_size) = d.moe_sizes();
        let pytorch_settings = PytorchSettings::of(d, max_batch_size, &mut notes);
        let needs_pytorch = d.model.recurrence.is_some() || d.model.attention_sinks || d.model.indexer.is_some();
        if needs_pytorch && !pytorch {
            Note::add(
                &mut notes,
                "model",
                format_args!(
                    "The engine flow has no such layers: TensorRT-LLM runs this model with its PyTorch backend."
                ),
            );
        }
        if pytorch && d.enable_attention_dp && d.tp_size == 1 {
            Note::add(&mut notes, "enable_attention_dp", format_args!("Has no effect on a single rank."));
        }
        if let (Some(how), None) = (d.gpu.memory_inferred, d.gpu_memory_gib) {
            Note::add(
                &mut notes,
                "gpu",
                format_args!("Nobody has published what CUDA reports for this card; its memory is inferred: {how}."),
            );
        }

        Resolved {
            model: d.model.clone(),
            gpu: d.gpu,
            gpu_memory: d.gpu_memory(),
            free_memory: d.free_memory_gib.map(Bytes::from_gib),
            backend: d.backend,
            version,
            tp_size: d.tp_size,
            attention_tp_size: if pytorch && d.enable_attention_dp { 1 } else { d.tp_size },
            pp_size: d.pp_size,
            moe_tp_size,
            moe_ep_size,
            dtype,
            quant_algo: d.quant_algo,
            kv_cache_dtype,
            logits_dtype,
            max_batch_size,
            max_num_tokens,
            max_input_len,
            max_seq_len,
            max_beam_width: d.max_beam_width,
            tokens_per_block,
            free_gpu_memory_fraction: d.free_gpu_memory_fraction.or_else(|| {
                (pytorch || d.max_tokens.is_none() || version.has(Behavior::FractionAlwaysBounds))
                    .then_some(DEFAULT_FRACTION)
            }),
            max_tokens: d.max_tokens,
            remove_input_padding: d.remove_input_padding,
            context_fmha: attention.fused,
            use_paged_context_fmha: attention.paged,
            use_fused_mlp,
            use_parallel_embedding: d.use_parallel_embedding.unwrap_or(modelopt),
            kv_cache_type: d.kv_cache_type,
            use_fp8_context_fmha: attention.fp8,
            gemm_plugin: d.gemm_plugin,
            multiple_profiles: d.multiple_profiles,
            gather_context_logits: d.gather_context_logits,
            gather_generation_logits: d.gather_generation_logits,
            embedding_sharding_dim: d.embedding_sharding_dim,
            streamingllm: d.streamingllm,
            speculative_decoding_mode: d.speculative_decoding_mode,
            max_draft_len: drafts.tokens,
            max_draft_path_len: drafts.path_len,
            max_draft_paths: drafts.paths,
            max_lora_rank: d.max_lora_rank,
            lora_target_modules,
            lora_device_cache_fraction: d.lora_device_cache_fraction.unwrap_or(DEFAULT_LORA_FRACTION),
            max_prompt_embedding_table_size: d.max_prompt_embedding_table_size,
            runtime: d.runtime,
            runtime_max_batch_size: d.runtime_max_batch_size.map_or(max_batch_size, |most| most.min(max_batch_size)),
            runtime_max_num_tokens: d.runtime_max_num_tokens.map_or(max_num_tokens, |most| most.min(max_num_tokens)),
            max_attention_window,
            sink_token_length: d.sink_token_length,
            host_cache_size: Bytes(d.host_cache_size),
            enable_chunked_context: d.enable_chunked_context,
            enable_trt_overlap: d.enable_trt_overlap,
            gen_micro_batch_size: d.gen_micro_batch_size,
            cuda_graphs: if d.cuda_graph_mode { d.cuda_graph_cache_size.max(1) } else { 0 },
            guided_decoding: d.guided_decoding,
            cross_kv_cache_fraction: d.cross_kv_cache_fraction.unwrap_or(DEFAULT_CROSS_FRACTION),
            max_encoder_input_len: d.model.encoder.map_or(0, |encoder| {
                d.max_encoder_input_len.or(encoder.max_input_len()).unwrap_or(DEFAULT_ENCODER_INPUT_LEN)
            }),
            encoder_max_batch_size: d.encoder_max_batch_size.unwrap_or(max_batch_size),
            pytorch: pytorch_settings,
            other_memory: Bytes::from_gib(d.other_memory_gib.unwrap_or(0.0)),
            gpus_per_node,
            launcher: d.launcher,
            os: d.os,
            calibrated: [d.calibrated_activations, d.calibrated_runtime_buffers, d.calibrated_decoder_buffers],
            calibrated_overhead: d.calibrated_overhead,
            notes,
        }
    }

    /// Number of GPUs.
    pub fn world_size(&self) -> u64 {
        self.tp_size * self.pp_size
    }

    /// The layers of pipeline stage `stage`; where they can't be split evenly, the first stages have one more (`mapping.py` pp_layers).
    pub fn layers_of_stage(&self, stage: u64) -> std::ops::Range<u32> {
        if self.pp_size == 1 {
            return 0..self.model.layers;
        }
        let layers = u64::from(self.model.layers);
        let (each, more) = (layers / self.pp_size, layers % self.pp_size);
        let start = |stage: u64| (stage * each + stage.min(more)) as u32;
        start(stage)..start(stage + 1)
    }

    /// Whether layers of the model itself draft tokens (PyTorch backend).
    pub fn drafts_by_itself(&self) -> bool {
        self.pytorch.decoding_type == DecodingType::Mtp && self.model.mtp_layers > 0
    }

    /// Whether this is a data-centre GPU of the Blackwell generation.
    pub fn is_data_centre_blackwell(&self) -> bool {
        (10..12).contains(&self.gpu.compute_capability.0)
    }

    /// Whether the GPUs' NVLink domain is larger than a server, as in a GB200 or GB300 rack.
    pub fn is_rack(&self) -> bool {
        self.gpu.link == Link::NvLink && self.gpus_per_node > GPUS_PER_NODE
    }

    /// Most tokens in a step of the engine. A decoder with cross attention isn't built for `max_num_tokens`, but for every sequence's whole
    /// prompt or beams (`models/enc_dec/model.py` DecoderModel.prepare_inputs).
    pub fn engine_tokens(&self) -> u64 {
        match self.model.encoder {
            Some(_) => self.max_batch_size.saturating_mul(self.max_input_len.max(self.max_beam_width)),
            None => self.max_num_tokens,
        }
    }

    /// Rows of the encoder's output for its longest input; 0 without an encoder.
    pub fn max_encoder_output_len(&self) -> u64 {
        self.model.encoder.map_or(0, |encoder| encoder.output_len(self.max_encoder_input_len))
    }

    /// Attention heads on a rank.
    pub fn local_heads(&self) -> u64 {
        self.model.attention.heads() / self.attention_tp_size
    }

    /// KV heads on a rank; where they are fewer than ranks, each rank keeps a copy of one (`convert_utils.py` tile_kv_weight_bias).
    pub fn local_kv_heads(&self) -> u64 {
        self.model.attention.kv_heads().div_ceil(self.attention_tp_size)
    }

    /// Values that latent attention caches of a token in a layer, where the model has it: the compressed keys and values, and
    /// the key that carries the position.
    pub fn latent_values(&self) -> Option<u64> {
        match self.model.attention {
            Attention::Latent { kv_lora_rank, qk_rope_head_dim, .. } => Some(kv_lora_rank + qk_rope_head_dim),
            Attention::Grouped { .. } => None,
        }
    }

    /// The vocabulary padded to a multiple of the ranks that share the LM head (`_utils.py` pad_vocab_size).
    pub fn padded_vocab(&self) -> u64 {
        self.model.vocab.div_ceil(self.tp_size) * self.tp_size
    }

    /// The vocabulary as the runtime pads it: to a multiple of all ranks (`ModelConfig::getVocabSizePadded`).
    pub fn runtime_vocab(&self) -> u64 {
        self.model.vocab.div_ceil(self.world_size()) * self.world_size()
    }

    /// Sequences that the runtime keeps slots for (`maxNumSequences`).
    pub fn max_num_sequences(&self) -> u64 {
        self.runtime_max_batch_size.saturating_mul(self.pp_size)
    }
}

/// Whether checkpoints of this kind are made by ModelOpt (`quantize.py`), which shards the embedding and writes 16-bit logits.
fn made_by_modelopt(quant_algo: QuantAlgo) -> bool {
    matches!(quant_algo, QuantAlgo::Fp8 | QuantAlgo::W4A16Awq | QuantAlgo::W4A8Awq | QuantAlgo::Nvfp4)
}
