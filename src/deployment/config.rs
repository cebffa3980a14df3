//! The groups of settings that a [`Deployment`](super::Deployment) consists of, as TensorRT-LLM's
//! own configuration has them. A setting is a field here and a row in `fields/settings.rs`.

use super::{
    AllreduceStrategy, Calibrated, DecodingType, KvCacheDtype, KvCacheType, Launcher, LookaheadConfig, LoraModules,
    MoeBackend, OperatingSystem, QuantAlgo, Runtime, SpeculativeDecodingMode,
};
use crate::architecture::Dtype;

/// How the model is divided among GPUs (`mapping.py`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parallelism {
    /// Ranks that share every layer.
    pub tp_size: u64,
    /// Stages that the layers are divided into.
    pub pp_size: u64,
    /// Of `tp_size`, ranks that share each expert.
    pub moe_tp_size: Option<u64>,
    /// Of `tp_size`, ranks that the experts are divided among.
    pub moe_ep_size: Option<u64>,
}

/// One GPU.
impl Default for Parallelism {
    fn default() -> Parallelism {
        Parallelism { tp_size: 1, pp_size: 1, moe_tp_size: None, moe_ep_size: None }
    }
}

/// Types of weights, computation and KV cache.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Precision {
    /// The type that the model computes in.
    pub dtype: Option<Dtype>,
    /// How the weights are quantized.
    pub quant_algo: QuantAlgo,
    /// The type of the KV cache's values.
    pub kv_cache_dtype: KvCacheDtype,
}

/// Limits that an engine is built with, or the PyTorch backend is started with (`BuildConfig`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BuildLimits {
    /// Most sequences in a batch.
    pub max_batch_size: Option<u64>,
    /// Most tokens in a step.
    pub max_num_tokens: Option<u64>,
    /// Longest sequence, prompt and output, in tokens.
    pub max_seq_len: Option<u64>,
    /// Most beams of a beam search.
    pub max_beam_width: u64,
    /// Most draft tokens of a sequence in a step.
    pub max_draft_len: Option<u64>,
}

/// TensorRT-LLM's own limits, without beam search.
impl Default for BuildLimits {
    fn default() -> BuildLimits {
        BuildLimits {
            max_batch_size: None,
            max_num_tokens: None,
            max_seq_len: None,
            max_beam_width: 1,
            max_draft_len: None,
        }
    }
}

/// The KV cache, in either backend (`KvCacheConfig`).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct KvCacheConfig {
    /// Tokens in a block.
    pub tokens_per_block: Option<u64>,
    /// Share of the memory still free that the KV cache takes.
    pub free_gpu_memory_fraction: Option<f64>,
    /// Most tokens that the KV cache holds.
    pub max_tokens: Option<u64>,
    /// Tokens that attention looks back, taking turns over the layers; empty for all.
    pub max_attention_window: Vec<u64>,
    /// Bytes of host memory for KV blocks.
    pub host_cache_size: u64,
    /// Whether blocks of equal prompts are shared.
    pub enable_block_reuse: Option<bool>,
}

/// Every setting that only engines have. The PyTorch backend ignores the whole group, so a setting
/// that both backends have belongs in another one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EngineConfig {
    /// The plugins.
    pub plugins: PluginConfig,
    /// Longest prompt, in tokens.
    pub max_input_len: Option<u64>,
    /// How the KV cache is laid out.
    pub kv_cache_type: KvCacheType,
    /// The type of the logits.
    pub logits_dtype: Option<Dtype>,
    /// Whether the logits of all prompt tokens are kept.
    pub gather_context_logits: bool,
    /// Whether the logits of generated tokens are kept.
    pub gather_generation_logits: bool,
    /// Whether the embedding table is divided among the ranks.
    pub use_parallel_embedding: Option<bool>,
    /// Dimension along which a divided embedding is cut: 0 for the vocabulary, 1 for the hidden
    /// size.
    pub embedding_sharding_dim: u64,
    /// How tokens are drafted.
    pub speculative_decoding_mode: SpeculativeDecodingMode,
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
    pub lora_target_modules: LoraModules,
    /// Share of the memory still free that the adapters' cache takes.
    pub lora_device_cache_fraction: Option<f64>,
    /// Rows of the prompt table over all sequences.
    pub max_prompt_embedding_table_size: u64,
    /// The program that runs the engine.
    pub runtime: Runtime,
    /// Most sequences in a batch of the running executor.
    pub runtime_max_batch_size: Option<u64>,
    /// Most tokens in a step of the running executor.
    pub runtime_max_num_tokens: Option<u64>,
    /// First tokens of a sequence that stay in a windowed KV cache.
    pub sink_token_length: u64,
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
}

/// The plugins of an engine (`PluginConfig`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PluginConfig {
    /// Whether inputs are packed.
    pub remove_input_padding: bool,
    /// Whether prompts are attended to by fused multi-head attention.
    pub context_fmha: bool,
    /// Whether prompts are attended to through the paged KV cache.
    pub use_paged_context_fmha: Option<bool>,
    /// Whether prompts are attended to in FP8.
    pub use_fp8_context_fmha: Option<bool>,
    /// Whether gate and up projections are one GEMM.
    pub use_fused_mlp: Option<bool>,
    /// Whether a plugin multiplies the matrices.
    pub gemm_plugin: bool,
    /// Whether the engine has several optimization profiles.
    pub multiple_profiles: bool,
    /// Whether attention keeps its sinks in a sliding window.
    pub streamingllm: bool,
}

/// The plugins that `trtllm-build` turns on by default.
impl Default for PluginConfig {
    fn default() -> PluginConfig {
        PluginConfig {
            remove_input_padding: true,
            context_fmha: true,
            use_paged_context_fmha: None,
            use_fp8_context_fmha: None,
            use_fused_mlp: None,
            gemm_plugin: true,
            multiple_profiles: false,
            streamingllm: false,
        }
    }
}

/// Every setting that only the PyTorch backend has (`TorchLlmArgs`).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PytorchConfig {
    /// Whether each rank attends for requests of its own, with whole attention weights.
    pub enable_attention_dp: bool,
    /// Sequences of the largest CUDA graph; 0 without graphs.
    pub cuda_graph_max_batch_size: Option<u64>,
    /// Whether batches are padded up to the next CUDA graph, so that fewer are captured.
    pub cuda_graph_enable_padding: bool,
    /// Whether long prompts are read in several steps.
    pub enable_chunked_prefill: bool,
    /// Whether a step waits for the one before it.
    pub disable_overlap_scheduler: bool,
    /// The kernels that multiply the experts.
    pub moe_backend: MoeBackend,
    /// Experts, copies included, that the load balancer spreads over the ranks.
    pub moe_load_balancer_slots: Option<u64>,
    /// How ranks add up their results.
    pub allreduce_strategy: AllreduceStrategy,
    /// Most bytes of the KV cache on a GPU; 0 for no such limit.
    pub max_gpu_total_bytes: u64,
    /// How tokens are drafted.
    pub decoding_type: DecodingType,
    /// Tokens of the buffers that send and receive KV blocks between servers; 0 without
    /// disaggregated serving.
    pub cache_transceiver_max_tokens_in_buffer: u64,
}

/// The machine around the GPUs, and its memory.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Machine {
    /// Total memory of a GPU in GiB, if the catalogue's figure isn't right.
    pub gpu_memory_gib: Option<f64>,
    /// Free memory in GiB that a log printed just before the KV cache was sized.
    pub free_memory_gib: Option<f64>,
    /// Memory in GiB that other processes hold on each GPU.
    pub other_memory_gib: Option<f64>,
    /// GPUs that reach each other directly.
    pub gpus_per_node: Option<u64>,
    /// The program that starts the ranks.
    pub launcher: Launcher,
    /// The operating system.
    pub os: OperatingSystem,
}

/// Sizes that a log measured, to scale the laws by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Calibration {
    /// The measured activations.
    pub activations: Option<Calibrated>,
    /// The measured runtime buffers.
    pub runtime_buffers: Option<Calibrated>,
    /// The measured decoder buffers.
    pub decoder_buffers: Option<Calibrated>,
    /// The memory that the log left for CUDA, NCCL and libraries.
    pub overhead: Option<Calibrated>,
}
