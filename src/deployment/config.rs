//! The groups of settings of a [`Deployment`](super::Deployment), as in TensorRT-LLM's own
//! configuration. Each setting is a field here and a row in `settings/table.rs`.

use super::{
    AllreduceStrategy, Calibrated, DecodingType, KvCacheDtype, KvCacheType, Launcher, LookaheadConfig, LoraModules,
    MoeBackend, OperatingSystem, QuantAlgo, Runtime, SpeculativeDecodingMode,
};
use crate::architecture::Dtype;

/// The division of the model among GPUs (`mapping.py`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parallelism {
    /// Number of ranks that share every layer.
    pub tp_size: u64,
    /// Number of pipeline stages that the layers are divided into.
    pub pp_size: u64,
    /// Number of ranks, out of `tp_size`, that share each expert.
    pub moe_tp_size: Option<u64>,
    /// Number of ranks, out of `tp_size`, that the experts are divided among.
    pub moe_ep_size: Option<u64>,
}

/// Returns the parallelism of a single GPU.
impl Default for Parallelism {
    fn default() -> Parallelism {
        Parallelism { tp_size: 1, pp_size: 1, moe_tp_size: None, moe_ep_size: None }
    }
}

/// Types of weights, computation and KV cache.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Precision {
    /// The type of the model's computation.
    pub dtype: Option<Dtype>,
    /// The quantization of the weights; `None` for the precision that the checkpoint is stored in.
    pub quant_algo: Option<QuantAlgo>,
    /// The type of the KV cache's values.
    pub kv_cache_dtype: KvCacheDtype,
}

/// The limits with which an engine is built or the PyTorch backend is started (`BuildConfig`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BuildLimits {
    /// Maximum number of sequences in a batch.
    pub max_batch_size: Option<u64>,
    /// Maximum number of tokens in a step.
    pub max_num_tokens: Option<u64>,
    /// Maximum length of a sequence, prompt and output, in tokens.
    pub max_seq_len: Option<u64>,
    /// Maximum number of beams in a beam search.
    pub max_beam_width: u64,
    /// Maximum number of draft tokens per sequence in a step.
    pub max_draft_len: Option<u64>,
}

/// Returns TensorRT-LLM's default limits, without beam search.
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

/// The KV cache of either backend (`KvCacheConfig`).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct KvCacheConfig {
    /// Number of tokens in a block.
    pub tokens_per_block: Option<u64>,
    /// Fraction of the remaining free memory that the KV cache takes.
    pub free_gpu_memory_fraction: Option<f64>,
    /// Maximum number of tokens in the KV cache.
    pub max_tokens: Option<u64>,
    /// Attention windows in tokens, which alternate over the layers; empty for full attention.
    pub max_attention_window: Vec<u64>,
    /// Host memory for KV blocks, in bytes.
    pub host_cache_size: u64,
    /// Whether sequences share the blocks of equal prompts.
    pub enable_block_reuse: Option<bool>,
}

/// The settings specific to engines. The PyTorch backend ignores the whole group, so a setting of
/// both backends belongs in another group.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EngineConfig {
    /// The plugins.
    pub plugins: PluginConfig,
    /// Maximum length of a prompt, in tokens.
    pub max_input_len: Option<u64>,
    /// The layout of the KV cache.
    pub kv_cache_type: KvCacheType,
    /// The type of the logits.
    pub logits_dtype: Option<Dtype>,
    /// Whether the logits of all prompt tokens are kept.
    pub gather_context_logits: bool,
    /// Whether the logits of generated tokens are kept.
    pub gather_generation_logits: bool,
    /// Whether the embedding table is divided among the ranks.
    pub use_parallel_embedding: Option<bool>,
    /// The dimension along which the embedding is divided: 0 for the vocabulary, 1 for the hidden
    /// size.
    pub embedding_sharding_dim: u64,
    /// The method that drafts tokens.
    pub speculative_decoding_mode: SpeculativeDecodingMode,
    /// Number of Medusa heads.
    pub num_medusa_heads: Option<u64>,
    /// Number of EAGLE's draft steps.
    pub num_eagle_layers: Option<u64>,
    /// Number of ReDrafter's beams.
    pub redrafter_num_beams: Option<u64>,
    /// Number of ReDrafter's tokens per beam.
    pub redrafter_draft_len_per_beam: Option<u64>,
    /// The sizes of lookahead decoding.
    pub lookahead_config: Option<LookaheadConfig>,
    /// Maximum rank of a LoRA adapter; 0 without the LoRA plugin.
    pub max_lora_rank: u64,
    /// The modules that adapters modify; empty for TensorRT-LLM's default.
    pub lora_target_modules: LoraModules,
    /// Fraction of the remaining free memory that the adapter cache takes.
    pub lora_device_cache_fraction: Option<f64>,
    /// Number of rows in the prompt table, over all sequences.
    pub max_prompt_embedding_table_size: u64,
    /// The program that runs the engine.
    pub runtime: Runtime,
    /// Maximum number of sequences in a batch of the running executor.
    pub runtime_max_batch_size: Option<u64>,
    /// Maximum number of tokens in a step of the running executor.
    pub runtime_max_num_tokens: Option<u64>,
    /// Number of initial tokens that stay in a windowed KV cache.
    pub sink_token_length: u64,
    /// Whether long prompts are processed in several steps.
    pub enable_chunked_context: bool,
    /// Whether a pipeline stage has two micro-batches in flight.
    pub enable_trt_overlap: bool,
    /// Number of sequences in a micro-batch of the session without in-flight batching.
    pub gen_micro_batch_size: Option<u64>,
    /// Whether generation steps are captured as CUDA graphs.
    pub cuda_graph_mode: bool,
    /// Maximum number of cached CUDA graphs.
    pub cuda_graph_cache_size: u64,
    /// Whether outputs follow a grammar.
    pub guided_decoding: bool,
    /// Share of the KV cache for cross attention.
    pub cross_kv_cache_fraction: Option<f64>,
    /// Maximum length of the encoder's input, in tokens or frames.
    pub max_encoder_input_len: Option<u64>,
    /// Maximum number of inputs in a batch of the encoder.
    pub encoder_max_batch_size: Option<u64>,
}

/// The plugins of an engine (`PluginConfig`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PluginConfig {
    /// Whether inputs are packed, without padding.
    pub remove_input_padding: bool,
    /// Whether attention over prompts is fused multi-head attention.
    pub context_fmha: bool,
    /// Whether attention over prompts reads the paged KV cache.
    pub use_paged_context_fmha: Option<bool>,
    /// Whether attention over prompts runs in FP8.
    pub use_fp8_context_fmha: Option<bool>,
    /// Whether gate and up projections are one GEMM.
    pub use_fused_mlp: Option<bool>,
    /// Whether the GEMM plugin multiplies the matrices.
    pub gemm_plugin: bool,
    /// Whether the engine has several optimization profiles.
    pub multiple_profiles: bool,
    /// Whether attention has a sliding window with sinks.
    pub streamingllm: bool,
}

/// Returns the default plugins of `trtllm-build`.
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

/// The settings specific to the PyTorch backend (`TorchLlmArgs`).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PytorchConfig {
    /// Whether attention is data-parallel: each rank processes its own requests with a full copy of
    /// the attention weights.
    pub enable_attention_dp: bool,
    /// Number of sequences in the largest CUDA graph; 0 without graphs.
    pub cuda_graph_max_batch_size: Option<u64>,
    /// Whether batches are padded to the next CUDA graph, so that fewer graphs are captured.
    pub cuda_graph_enable_padding: bool,
    /// Whether long prompts are processed in several steps.
    pub enable_chunked_prefill: bool,
    /// Whether each step waits for the previous step.
    pub disable_overlap_scheduler: bool,
    /// The kernels of the expert layers.
    pub moe_backend: MoeBackend,
    /// Number of experts, copies included, that the load balancer distributes over the ranks.
    pub moe_load_balancer_slots: Option<u64>,
    /// The all-reduce strategy, which sums the results of the ranks.
    pub allreduce_strategy: AllreduceStrategy,
    /// Maximum size of the KV cache on a GPU, in bytes; 0 for no limit.
    pub max_gpu_total_bytes: u64,
    /// The method that drafts tokens.
    pub decoding_type: DecodingType,
    /// Whether the vision and audio towers are left out, so that only text is served.
    pub disable_mm_encoder: bool,
    /// Number of tokens in the buffers that transfer KV blocks between servers; 0 without
    /// disaggregated serving.
    pub cache_transceiver_max_tokens_in_buffer: u64,
}

/// The machine around the GPUs.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Machine {
    /// Total memory of a GPU in GiB; if unset, the catalogue's figure.
    pub gpu_memory_gib: Option<f64>,
    /// Free memory in GiB from a log, just before the KV cache is sized.
    pub free_memory_gib: Option<f64>,
    /// Memory in GiB that other processes use on each GPU.
    pub other_memory_gib: Option<f64>,
    /// Number of directly connected GPUs.
    pub gpus_per_node: Option<u64>,
    /// The program that starts the ranks.
    pub launcher: Launcher,
    /// The operating system.
    pub os: OperatingSystem,
}

/// Sizes measured in a log, which scale the laws.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Calibration {
    /// The measured activations.
    pub activations: Option<Calibrated>,
    /// The measured runtime buffers.
    pub runtime_buffers: Option<Calibrated>,
    /// The measured decoder buffers.
    pub decoder_buffers: Option<Calibrated>,
    /// The measured overhead: memory of CUDA, NCCL and libraries.
    pub overhead: Option<Calibrated>,
}
