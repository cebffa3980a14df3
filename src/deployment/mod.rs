//! How a model is served: precision, parallelism, build limits and the KV cache's share of memory.
//!
//! A [`Deployment`] holds what a person chose, a [`Resolved`] what TensorRT-LLM makes of it: every default filled in
//! and every build-time correction applied, with a note for each.

mod calibrated;
mod error;
mod fields;
mod named_values;
pub mod presets;
mod resolve;
mod validate;
mod version;

pub use calibrated::Calibrated;
pub use error::{DeploymentError, InvalidSetting};
pub use fields::{FIELDS, Field, Flows, Group, Input, Phase, field};
pub use named_values::{
    AllreduceStrategy, Backend, DecodingType, KvCacheDtype, KvCacheType, Launcher, LookaheadConfig, LoraModule,
    MoeBackend, OperatingSystem, QuantAlgo, Runtime, SpeculativeDecodingMode,
};
pub(crate) use resolve::DEFAULT_MAX_NUM_TOKENS;
pub use resolve::{CudaGraphs, KvType, Note, PytorchSettings, Resolved};
pub use version::{BEHAVIORS, Behavior, BehaviorRange, Version};

use crate::architecture::{self, Dtype, ModelRef};
use crate::gpu::{self, Gpu};
use crate::units::Bytes;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use std::sync::LazyLock;

/// What a person chose. `None` leaves the value to TensorRT-LLM. The names are those of TensorRT-LLM and of links.
#[derive(Debug)]
pub struct Deployment {
    /// What is served.
    pub model: ModelRef,
    /// The card; every rank runs on one of these.
    pub gpu: &'static Gpu,
    /// Total memory of a GPU in GiB, where the catalogue's figure isn't right.
    pub gpu_memory_gib: Option<f64>,
    /// Free memory in GiB that a log printed just before the KV cache was sized.
    pub free_memory_gib: Option<f64>,
    /// How the model is run.
    pub backend: Backend,
    /// The version of TensorRT-LLM; its default depends on the backend.
    pub trtllm_version: Option<Version>,
    /// Ranks that share every layer.
    pub tp_size: u64,
    /// Stages that the layers are divided into.
    pub pp_size: u64,
    /// Of `tp_size`, ranks that share each expert.
    pub moe_tp_size: Option<u64>,
    /// Of `tp_size`, ranks that the experts are divided among.
    pub moe_ep_size: Option<u64>,
    /// The type that the model computes in.
    pub dtype: Option<Dtype>,
    /// How the weights are quantized.
    pub quant_algo: QuantAlgo,
    /// The type of the KV cache's values.
    pub kv_cache_dtype: KvCacheDtype,
    /// The type of the logits.
    pub logits_dtype: Option<Dtype>,
    /// Most sequences in a batch.
    pub max_batch_size: Option<u64>,
    /// Most tokens in a step.
    pub max_num_tokens: Option<u64>,
    /// Longest prompt, in tokens.
    pub max_input_len: Option<u64>,
    /// Longest sequence, prompt and output, in tokens.
    pub max_seq_len: Option<u64>,
    /// Most beams of a beam search.
    pub max_beam_width: u64,
    /// Tokens in a block of the KV cache.
    pub tokens_per_block: Option<u64>,
    /// Share of the memory still free that the KV cache takes.
    pub free_gpu_memory_fraction: Option<f64>,
    /// Most tokens that the KV cache holds.
    pub max_tokens: Option<u64>,
    /// Whether inputs are packed.
    pub remove_input_padding: bool,
    /// Whether prompts are attended to by fused multi-head attention.
    pub context_fmha: bool,
    /// Whether prompts are attended to through the paged KV cache.
    pub use_paged_context_fmha: Option<bool>,
    /// Whether gate and up projections are one GEMM.
    pub use_fused_mlp: Option<bool>,
    /// Whether the embedding table is divided among the ranks.
    pub use_parallel_embedding: Option<bool>,
    /// How the KV cache is laid out.
    pub kv_cache_type: KvCacheType,
    /// Whether prompts are attended to in FP8.
    pub use_fp8_context_fmha: Option<bool>,
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
    /// Most draft tokens of a sequence in a step.
    pub max_draft_len: Option<u64>,
    /// Medusa's heads.
    pub num_medusa_heads: Option<u64>,
    /// EAGLE's draft steps.
    pub num_eagle_layers: Option<u64>,
    /// ReDrafter's beams.
    pub redrafter_num_beams: Option<u64>,
    /// ReDrafter's tokens of a beam.
    pub redrafter_draft_len_per_beam: Option<u64>,
    /// Sizes of lookahead decoding.
    pub lookahead_config: Option<LookaheadConfig>,
    /// Largest rank of a LoRA adapter; 0 without the LoRA plugin.
    pub max_lora_rank: u64,
    /// The modules that adapters change; empty for TensorRT-LLM's default.
    pub lora_target_modules: Vec<LoraModule>,
    /// Share of the memory still free that the adapters' cache takes.
    pub lora_device_cache_fraction: Option<f64>,
    /// Rows of the prompt table over all sequences.
    pub max_prompt_embedding_table_size: u64,
    /// What runs the engine.
    pub runtime: Runtime,
    /// Most sequences in a batch of the running executor.
    pub runtime_max_batch_size: Option<u64>,
    /// Most tokens in a step of the running executor.
    pub runtime_max_num_tokens: Option<u64>,
    /// Tokens that attention looks back, taking turns over the layers; empty for all.
    pub max_attention_window: Vec<u64>,
    /// First tokens of a sequence that stay in a windowed KV cache.
    pub sink_token_length: u64,
    /// Bytes of host memory for KV blocks.
    pub host_cache_size: u64,
    /// Whether blocks of equal prompts are shared.
    pub enable_block_reuse: Option<bool>,
    /// Whether long prompts are read in several steps.
    pub enable_chunked_context: bool,
    /// Whether two micro-batches are in flight on one stage.
    pub enable_trt_overlap: bool,
    /// Sequences of a micro-batch in the session without in-flight batching.
    pub gen_micro_batch_size: Option<u64>,
    /// Whether generation steps are captured as CUDA graphs.
    pub cuda_graph_mode: bool,
    /// Most CUDA graphs that are kept.
    pub cuda_graph_cache_size: u64,
    /// Whether outputs follow a grammar.
    pub guided_decoding: bool,
    /// Share of the KV cache for cross attention.
    pub cross_kv_cache_fraction: Option<f64>,
    /// Longest input of the encoder, in tokens or frames.
    pub max_encoder_input_len: Option<u64>,
    /// Most inputs in a batch of the encoder.
    pub encoder_max_batch_size: Option<u64>,
    /// Whether each rank attends for requests of its own, with whole attention weights (PyTorch backend).
    pub enable_attention_dp: bool,
    /// Sequences of the largest CUDA graph; 0 without graphs (PyTorch backend).
    pub cuda_graph_max_batch_size: Option<u64>,
    /// Whether batches are padded up to the next CUDA graph, so that fewer are captured (PyTorch backend).
    pub cuda_graph_enable_padding: bool,
    /// Whether long prompts are read in several steps (PyTorch backend).
    pub enable_chunked_prefill: bool,
    /// Whether a step waits for the one before it (PyTorch backend).
    pub disable_overlap_scheduler: bool,
    /// What multiplies the experts (PyTorch backend).
    pub moe_backend: MoeBackend,
    /// Experts with their copies that the load balancer spreads over the ranks (PyTorch backend).
    pub moe_load_balancer_slots: Option<u64>,
    /// How ranks add up their results (PyTorch backend).
    pub allreduce_strategy: AllreduceStrategy,
    /// Most bytes of the KV cache on a GPU; 0 for no such limit (PyTorch backend).
    pub max_gpu_total_bytes: u64,
    /// How tokens are drafted (PyTorch backend).
    pub decoding_type: DecodingType,
    /// Tokens of the buffers that send and receive KV blocks between servers; 0 without disaggregated serving (PyTorch backend).
    pub cache_transceiver_max_tokens_in_buffer: u64,
    /// Memory in GiB that other processes hold on each GPU.
    pub other_memory_gib: Option<f64>,
    /// GPUs that reach each other directly.
    pub gpus_per_node: Option<u64>,
    /// What starts the ranks.
    pub launcher: Launcher,
    /// The operating system.
    pub os: OperatingSystem,
    /// What a log measured of the activations.
    pub calibrated_activations: Option<Calibrated>,
    /// What a log measured of the runtime buffers.
    pub calibrated_runtime_buffers: Option<Calibrated>,
    /// What a log measured of the decoder buffers.
    pub calibrated_decoder_buffers: Option<Calibrated>,
    /// What a log left for CUDA, NCCL and libraries.
    pub calibrated_overhead: Option<Calibrated>,
}

/// Most settings are copied as they are, which takes less than to clone each.
impl Clone for Deployment {
    fn clone(&self) -> Deployment {
        Deployment {
            model: self.model.clone(),
            lora_target_modules: self.lora_target_modules.clone(),
            max_attention_window: self.max_attention_window.clone(),
            ..*self
        }
    }
}

/// TensorRT-LLM's documented defaults, for Llama 3.1 8B on one H100.
impl Default for Deployment {
    fn default() -> Deployment {
        Deployment {
            model: architecture::find(architecture::DEFAULT_MODEL).unwrap_or(&architecture::models()[0]).into(),
            gpu: gpu::find(gpu::DEFAULT_GPU).unwrap_or(&gpu::gpus()[0]),
            gpu_memory_gib: None,
            free_memory_gib: None,
            backend: Backend::TensorRt,
            trtllm_version: None,
            tp_size: 1,
            pp_size: 1,
            moe_tp_size: None,
            moe_ep_size: None,
            dtype: None,
            quant_algo: QuantAlgo::None,
            kv_cache_dtype: KvCacheDtype::Auto,
            logits_dtype: None,
            max_batch_size: None,
            max_num_tokens: None,
            max_input_len: None,
            max_seq_len: None,
            max_beam_width: 1,
            tokens_per_block: None,
            free_gpu_memory_fraction: None,
            max_tokens: None,
            remove_input_padding: true,
            context_fmha: true,
            use_paged_context_fmha: None,
            use_fused_mlp: None,
            use_parallel_embedding: None,
            kv_cache_type: KvCacheType::Paged,
            use_fp8_context_fmha: None,
            gemm_plugin: true,
            multiple_profiles: false,
            gather_context_logits: false,
            gather_generation_logits: false,
            embedding_sharding_dim: 0,
            streamingllm: false,
            speculative_decoding_mode: SpeculativeDecodingMode::None,
            max_draft_len: None,
            num_medusa_heads: None,
            num_eagle_layers: None,
            redrafter_num_beams: None,
            redrafter_draft_len_per_beam: None,
            lookahead_config: None,
            max_lora_rank: 0,
            lora_target_modules: Vec::new(),
            lora_device_cache_fraction: None,
            max_prompt_embedding_table_size: 0,
            runtime: Runtime::Executor,
            runtime_max_batch_size: None,
            runtime_max_num_tokens: None,
            max_attention_window: Vec::new(),
            sink_token_length: 0,
            host_cache_size: 0,
            enable_block_reuse: None,
            enable_chunked_context: false,
            enable_trt_overlap: false,
            gen_micro_batch_size: None,
            cuda_graph_mode: false,
            cuda_graph_cache_size: 0,
            guided_decoding: false,
            cross_kv_cache_fraction: None,
            max_encoder_input_len: None,
            encoder_max_batch_size: None,
            enable_attention_dp: false,
            cuda_graph_max_batch_size: None,
            cuda_graph_enable_padding: false,
            enable_chunked_prefill: false,
            disable_overlap_scheduler: false,
            moe_backend: MoeBackend::Auto,
            moe_load_balancer_slots: None,
            allreduce_strategy: AllreduceStrategy::Auto,
            max_gpu_total_bytes: 0,
            decoding_type: DecodingType::None,
            cache_transceiver_max_tokens_in_buffer: 0,
            other_memory_gib: None,
            gpus_per_node: None,
            launcher: Launcher::Python,
            os: OperatingSystem::Linux,
            calibrated_activations: None,
            calibrated_runtime_buffers: None,
            calibrated_decoder_buffers: None,
            calibrated_overhead: None,
        }
    }
}

/// Deployments are equal where every setting is; each of their fields is one.
impl PartialEq for Deployment {
    fn eq(&self, other: &Deployment) -> bool {
        FIELDS.iter().all(|field| field.is_alike(self, other))
    }
}

impl Deployment {
    /// What TensorRT-LLM makes of this deployment.
    ///
    /// # Errors
    /// Every impossible combination of settings, all at once, each at the field that would mend it.
    /// ```
    /// use trtllm_memory::deployment::{Deployment, Version};
    /// let mut deployment = Deployment { trtllm_version: Version::parse("0.13"), ..Deployment::default() };
    /// assert_eq!(deployment.resolve().unwrap().max_batch_size, 256);
    /// deployment.tp_size = 3;
    /// let problems = deployment.resolve().unwrap_err();
    /// assert_eq!(problems.0[0].field, "tp_size");
    /// ```
    pub fn resolve(&self) -> Result<Resolved, DeploymentError> {
        match self.backend {
            Backend::TensorRt => self.resolve_as_given(),
            Backend::Pytorch => self.without_engine_settings().resolve_as_given(),
        }
    }

    fn resolve_as_given(&self) -> Result<Resolved, DeploymentError> {
        validate::problems(self).map_or_else(|| Ok(Resolved::new(self)), Err)
    }

    /// The same without what only engines have, which may be left over from the other flow.
    fn without_engine_settings(&self) -> Deployment {
        /// Made once: a search asks often.
        static DEFAULT: LazyLock<Deployment> = LazyLock::new(Deployment::default);
        let default = &*DEFAULT;
        let mut d = self.clone();
        d.max_input_len = default.max_input_len;
        d.kv_cache_type = default.kv_cache_type;
        d.remove_input_padding = default.remove_input_padding;
        d.context_fmha = default.context_fmha;
        d.use_paged_context_fmha = default.use_paged_context_fmha;
        d.use_fp8_context_fmha = default.use_fp8_context_fmha;
        d.use_fused_mlp = default.use_fused_mlp;
        d.gemm_plugin = default.gemm_plugin;
        d.multiple_profiles = default.multiple_profiles;
        d.gather_context_logits = default.gather_context_logits;
        d.gather_generation_logits = default.gather_generation_logits;
        d.logits_dtype = default.logits_dtype;
        d.use_parallel_embedding = default.use_parallel_embedding;
        d.embedding_sharding_dim = default.embedding_sharding_dim;
        d.streamingllm = default.streamingllm;
        d.speculative_decoding_mode = default.speculative_decoding_mode;
        d.num_medusa_heads = default.num_medusa_heads;
        d.num_eagle_layers = default.num_eagle_layers;
        d.redrafter_num_beams = default.redrafter_num_beams;
        d.redrafter_draft_len_per_beam = default.redrafter_draft_len_per_beam;
        d.lookahead_config = default.lookahead_config;
        d.max_lora_rank = default.max_lora_rank;
        d.lora_target_modules = default.lora_target_modules.clone();
        d.lora_device_cache_fraction = default.lora_device_cache_fraction;
        d.max_prompt_embedding_table_size = default.max_prompt_embedding_table_size;
        d.runtime = default.runtime;
        d.runtime_max_batch_size = default.runtime_max_batch_size;
        d.runtime_max_num_tokens = default.runtime_max_num_tokens;
        d.sink_token_length = default.sink_token_length;
        d.enable_chunked_context = default.enable_chunked_context;
        d.enable_trt_overlap = default.enable_trt_overlap;
        d.gen_micro_batch_size = default.gen_micro_batch_size;
        d.cuda_graph_mode = default.cuda_graph_mode;
        d.cuda_graph_cache_size = default.cuda_graph_cache_size;
        d.guided_decoding = default.guided_decoding;
        d.cross_kv_cache_fraction = default.cross_kv_cache_fraction;
        d.max_encoder_input_len = default.max_encoder_input_len;
        d.encoder_max_batch_size = default.encoder_max_batch_size;
        d
    }

    /// Total memory of each GPU as CUDA reports it.
    pub fn gpu_memory(&self) -> Bytes {
        self.gpu_memory_gib.map_or(self.gpu.memory, Bytes::from_gib)
    }

    /// The version of TensorRT-LLM: the one chosen, or the backend's default.
    pub fn version(&self) -> Version {
        self.trtllm_version.unwrap_or_else(|| Version::default_of(self.backend))
    }

    /// Ranks that share each expert, and ranks that the experts are dealt to.
    pub(crate) fn moe_sizes(&self) -> (u64, u64) {
        match (self.moe_tp_size, self.moe_ep_size) {
            (Some(tp), Some(ep)) => (tp, ep),
            (None, Some(ep)) => (self.tp_size / ep.max(1), ep),
            (Some(tp), None) => (tp, self.tp_size / tp.max(1)),
            (None, None) => (self.tp_size, 1),
        }
    }

    /// Number of GPUs: `tp_size · pp_size`.
    pub fn world_size(&self) -> u64 {
        self.tp_size.saturating_mul(self.pp_size)
    }

    /// The fields of this backend that differ from their defaults.
    pub fn changed(&self) -> impl Iterator<Item = (&'static Field, String)> {
        let default = Deployment::default();
        FIELDS.iter().filter(|field| field.flows.has(self.backend)).filter_map(move |field| {
            let text = field.write(self);
            (text != field.write(&default)).then_some((field, text))
        })
    }
}

/// As an object of link keys and texts, with what differs from the defaults.
impl Serialize for Deployment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (field, text) in self.changed() {
            map.serialize_entry(field.key, &text)?;
        }
        map.end()
    }
}
