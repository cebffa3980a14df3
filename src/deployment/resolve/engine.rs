//! The settings specific to engines, as `trtllm-build` and the runtime resolve them.

use super::drafts::Drafts;
use crate::architecture::{Attention, Positions};
use crate::deployment::{Behavior, Deployment, KvCacheDtype, LoraModule, LoraModules, Note, QuantAlgo};

/// Default fraction of the free memory for LoRA adapters (`PeftCacheConfig` device_cache_percent).
const DEFAULT_LORA_FRACTION: f64 = 0.02;
/// Default fraction of the KV cache for cross attention (`examples/run.py`).
const DEFAULT_CROSS_FRACTION: f64 = 0.5;
/// Default `max_encoder_input_len` of `trtllm-build` (`builder.py` BuildConfig).
const DEFAULT_ENCODER_INPUT_LEN: u64 = 1024;
/// The lowest compute capability with kernels for FP8 attention: Ada.
const FP8_ATTENTION_FROM: (u8, u8) = (8, 9);
/// The lowest compute capability with kernels for context FMHA: Ampere.
const CONTEXT_FMHA_FROM: (u8, u8) = (8, 0);

/// The engine settings that need resolution.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolvedEngine {
    /// Whether attention over prompts is fused multi-head attention.
    pub context_fmha: bool,
    /// Whether attention over prompts reads the paged KV cache.
    pub use_paged_context_fmha: bool,
    /// Whether attention over prompts runs in FP8.
    pub use_fp8_context_fmha: bool,
    /// Whether gate and up projections are one GEMM.
    pub use_fused_mlp: bool,
    /// Whether the embedding table is divided among the ranks.
    pub use_parallel_embedding: bool,
    /// The sizes of speculative decoding.
    pub drafts: Drafts,
    /// The modules that adapters modify; empty without the LoRA plugin.
    pub lora_target_modules: LoraModules,
    /// Fraction of the remaining free memory that the adapter cache takes.
    pub lora_device_cache_fraction: f64,
    /// Maximum number of cached CUDA graphs per set of buffers.
    pub cuda_graphs: u64,
    /// Fraction of the KV cache for cross attention, if the model has it.
    pub cross_kv_cache_fraction: f64,
    /// Maximum length of the encoder's input, in tokens or frames; 0 without an encoder.
    pub max_encoder_input_len: u64,
    /// Maximum number of inputs in a batch of the encoder.
    pub encoder_max_batch_size: u64,
}

impl ResolvedEngine {
    /// Resolves the settings of an engine with these drafts that is built for `max_batch_size`
    /// sequences.
    pub(super) fn of(d: &Deployment, drafts: Drafts, max_batch_size: u64, notes: &mut Vec<Note>) -> ResolvedEngine {
        let engine = &d.engine;
        let attention = PromptAttention::of(d, notes);
        ResolvedEngine {
            context_fmha: attention.fused,
            use_paged_context_fmha: attention.paged,
            use_fp8_context_fmha: attention.fp8,
            use_fused_mlp: use_fused_mlp(d, notes),
            use_parallel_embedding: engine
                .use_parallel_embedding
                .unwrap_or_else(|| d.quant_algo().is_made_by_modelopt()),
            drafts,
            lora_target_modules: match (engine.max_lora_rank, &engine.lora_target_modules) {
                (0, _) => LoraModules::default(),
                (_, modules) if modules.0.is_empty() => LoraModules(vec![LoraModule::AttnQkv]),
                (_, modules) => modules.clone(),
            },
            lora_device_cache_fraction: engine.lora_device_cache_fraction.unwrap_or(DEFAULT_LORA_FRACTION),
            cuda_graphs: if engine.cuda_graph_mode { engine.cuda_graph_cache_size.max(1) } else { 0 },
            cross_kv_cache_fraction: engine.cross_kv_cache_fraction.unwrap_or(DEFAULT_CROSS_FRACTION),
            max_encoder_input_len: d.model.encoder.map_or(0, |encoder| {
                engine.max_encoder_input_len.or(encoder.max_input_len()).unwrap_or(DEFAULT_ENCODER_INPUT_LEN)
            }),
            encoder_max_batch_size: engine.encoder_max_batch_size.unwrap_or(max_batch_size),
        }
    }
}

/// Whether gate and up projections are one GEMM. Only 16-bit models with a gated MLP support it.
fn use_fused_mlp(d: &Deployment, notes: &mut Vec<Note>) -> bool {
    let given = d.engine.plugins.use_fused_mlp;
    let fusable = d.quant_algo() == QuantAlgo::None && d.model.mlp.gated;
    if given == Some(true) && !fusable {
        Note::add(
            notes,
            "use_fused_mlp",
            format_args!("Has no effect: fusion requires a 16-bit model with a gated MLP."),
        );
    }
    fusable && given.unwrap_or_else(|| d.version().has(Behavior::FusesMlpByDefault))
}

/// The attention of an engine over prompts.
struct PromptAttention {
    /// Whether attention is fused: requested, and a kernel exists.
    fused: bool,
    paged: bool,
    fp8: bool,
}

impl PromptAttention {
    fn of(d: &Deployment, notes: &mut Vec<Note>) -> PromptAttention {
        let version = d.version();
        let asked = (d.engine.plugins.use_paged_context_fmha, d.engine.plugins.use_fp8_context_fmha);
        let wanted_paged = asked.0.unwrap_or_else(|| version.has(Behavior::PagedContextFmhaByDefault));
        let wanted_fp8 = asked.1.unwrap_or_else(|| version.has(Behavior::Fp8ContextFmhaByDefault));
        let fp8_cache = d.precision.kv_cache_dtype == KvCacheDtype::Fp8;
        let fp8_weights = matches!(d.quant_algo(), QuantAlgo::Fp8 | QuantAlgo::W4A8Awq | QuantAlgo::Nvfp4);
        let (mut paged, mut fp8) = (wanted_paged && !d.engine.plugins.streamingllm, wanted_fp8);
        let mut why_paged = "streamingllm does not support it";
        let mut why_fp8 = "";
        if !d.engine.plugins.context_fmha {
            (paged, fp8) = (false, false);
            (why_paged, why_fp8) = ("it requires context_fmha", "it requires context_fmha");
        } else if !fp8_weights || d.gpu.compute_capability < FP8_ATTENTION_FROM {
            why_fp8 = if fp8_weights {
                "it requires compute capability 8.9 or later"
            } else {
                "it requires quant_algo FP8, W4A8_AWQ or NVFP4"
            };
            fp8 = false;
            if paged && fp8_cache {
                (paged, why_paged) = (false, "with an fp8 KV cache it requires FP8 attention");
            }
        } else if paged && fp8 != fp8_cache {
            why_fp8 = "with use_paged_context_fmha it follows kv_cache_dtype";
            fp8 = fp8_cache;
        }
        if paged && d.precision.kv_cache_dtype == KvCacheDtype::Int8 {
            (paged, why_paged) = (false, "it does not support an int8 KV cache");
        }
        let mut corrected = |field, wanted: bool, is: bool, asked: Option<bool>, why: &str| {
            if wanted != is && (asked.is_some() || (field == "use_paged_context_fmha" && d.engine.plugins.context_fmha))
            {
                let state = if is { "on" } else { "off" };
                Note::add(notes, field, format_args!("Turned {state}: {why}."));
            }
        };
        corrected("use_paged_context_fmha", wanted_paged, paged, asked.0, why_paged);
        corrected("use_fp8_context_fmha", wanted_fp8, fp8, asked.1, why_fp8);
        let fused = d.engine.plugins.context_fmha && has_context_fmha_kernel(d);
        if d.engine.plugins.context_fmha && !fused {
            let missing = match d.model.positions {
                Positions::Relative { .. } => "a relative bias".to_string(),
                _ => format!("heads of {} on the {}", d.model.attention.head_dim(), d.gpu.name),
            };
            Note::add(notes, "context_fmha", format_args!("Has no effect: TensorRT-LLM has no kernel for {missing}."));
        }
        PromptAttention { fused, paged: paged && fused, fp8: fp8 && fused }
    }
}

/// The head size without a kernel on data-centre Blackwell (NVIDIA/TensorRT-LLM issue 8308).
const HEAD_SIZE_WITHOUT_BLACKWELL_KERNEL: u64 = 96;

/// Whether context FMHA has a kernel for the GPU, the head size and the positions. No kernel adds a
/// relative bias. GPUs before Ampere have no kernel: a build for a T4 requested the unfused
/// workspace (NVIDIA/TensorRT-LLM issue 1967).
fn has_context_fmha_kernel(d: &Deployment) -> bool {
    let capability = d.gpu.compute_capability;
    let blackwell = (10..12).contains(&capability.0);
    let odd_head = matches!(d.model.attention, Attention::Grouped { head_dim: HEAD_SIZE_WITHOUT_BLACKWELL_KERNEL, .. });
    let biased = matches!(d.model.positions, Positions::Relative { .. });
    capability >= CONTEXT_FMHA_FROM && !(blackwell && odd_head) && !biased
}
