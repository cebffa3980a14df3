//! The table of settings, in the order of links and of the page.

use super::accessor::{Accessor, Lens};
use super::parse::{chosen, optional, text};
use super::{Group, Input, Phase, Setting, custom_model};
use crate::architecture;
use crate::deployment::{
    AllreduceStrategy, Backend, DecodingType, Deployment, InvalidValue, KvCacheDtype, KvCacheType, Launcher,
    MoeBackend, OperatingSystem, QuantAlgo, Resolved, Runtime, SpeculativeDecodingMode, Version,
};
use crate::gpu;
use crate::units::{grouped_decimal, shortest};

const MAX_RANKS: u64 = 1024;
const USUAL_RANKS: &[u64] = &[1, 2, 4, 8, 16];
const MAX_BATCH: u64 = 1 << 20;
const MAX_TOKENS: u64 = 1 << 32;
const MAX_DRAFT: u64 = 1 << 10;
const MAX_BYTES: u64 = 1 << 50;
const DTYPES: &[&str] = &["auto", "float16", "bfloat16", "float32"];
/// The precision of the weights; with `auto` that of the checkpoint in words.
fn weights(resolved: &Resolved) -> String {
    match resolved.given.precision.quant_algo {
        Some(given) => given.name().into(),
        None => resolved.stored_precision(),
    }
}

/// `auto`, and the name of every quantization.
const QUANT_ALGOS: [&str; QuantAlgo::NAMES.len() + 1] = {
    let mut names = ["auto"; QuantAlgo::NAMES.len() + 1];
    let mut at = 1;
    while at < names.len() {
        names[at] = QuantAlgo::NAMES[at - 1];
        at += 1;
    }
    names
};
const LOGITS_DTYPES: &[&str] = &["auto", "float32", "float16", "bfloat16"];

/// The accessor of a setting, by its name and its group.
macro_rules! lens {
    ($key:ident in $($group:ident).+) => {
        Lens { of: |d| &d.$($group).+.$key, of_mut: |d| &mut d.$($group).+.$key }
    };
}

/// A whole number from `min` to `max`, with a slider that reaches `slider_max`.
macro_rules! number {
    ($key:ident in $($group:ident).+, $min:expr, $max:expr, $slider_max:expr) => {
        Setting::new(
            stringify!($key),
            Input::Whole { min: $min, max: $max, slider_max: $slider_max },
            Accessor::Whole(lens!($key in $($group).+)),
        )
    };
}

/// A number of bytes from 0, with a slider that reaches `slider_max`.
macro_rules! bytes {
    ($key:ident in $($group:ident).+, $slider_max:expr) => {
        Setting::new(
            stringify!($key),
            Input::Whole { min: 0, max: MAX_BYTES, slider_max: $slider_max },
            Accessor::Bytes(lens!($key in $($group).+)),
        )
    };
}

/// An optional whole number; if unset, TensorRT-LLM's default.
macro_rules! optional_number {
    ($key:ident in $($group:ident).+, $min:expr, $max:expr, $slider_max:expr) => {
        Setting::new(
            stringify!($key),
            Input::Whole { min: $min, max: $max, slider_max: $slider_max },
            Accessor::OptionalWhole(lens!($key in $($group).+)),
        )
        .optional()
    };
}

/// A whole number with a few usual values.
macro_rules! steps {
    ($key:ident in $($group:ident).+, $usual:expr, $max:expr) => {
        Setting::new(
            stringify!($key),
            Input::Steps { usual: $usual, max: $max },
            Accessor::Whole(lens!($key in $($group).+)),
        )
    };
}

/// An optional whole number with a few usual values; if unset, TensorRT-LLM's default.
macro_rules! optional_steps {
    ($key:ident in $($group:ident).+, $usual:expr, $max:expr) => {
        Setting::new(
            stringify!($key),
            Input::Steps { usual: $usual, max: $max },
            Accessor::OptionalWhole(lens!($key in $($group).+)),
        )
        .optional()
    };
}

/// An optional fraction; if unset, TensorRT-LLM's default.
macro_rules! optional_fraction {
    ($key:ident in $($group:ident).+) => {
        Setting::new(stringify!($key), Input::Fraction, Accessor::Decimal(lens!($key in $($group).+))).optional()
    };
}

/// An optional size in GiB.
macro_rules! optional_gib {
    ($key:ident in $($group:ident).+) => {
        Setting::new(stringify!($key), Input::Gib, Accessor::Decimal(lens!($key in $($group).+))).optional()
    };
}

/// A boolean.
macro_rules! switch {
    ($key:ident in $($group:ident).+) => {
        Setting::new(stringify!($key), Input::Toggle, Accessor::Toggle(lens!($key in $($group).+)))
    };
}

/// An optional boolean, whose default depends on other settings.
macro_rules! optional_switch {
    ($key:ident in $($group:ident).+) => {
        Setting::new(stringify!($key), Input::Toggle, Accessor::OptionalToggle(lens!($key in $($group).+))).optional()
    };
}

/// One of the names of a type.
macro_rules! named {
    ($key:ident in $($group:ident).+, $type:ident) => {
        Setting::new(
            stringify!($key),
            Input::Choice($type::NAMES),
            Accessor::Name(
                |d| d.$($group).+.$key as usize,
                |d, index| {
                    if let Some(value) = $type::ALL.get(index) {
                        d.$($group).+.$key = *value;
                    }
                },
            ),
        )
    };
}

/// A number type, or `auto`.
macro_rules! dtype {
    ($key:ident in $($group:ident).+, $names:expr) => {
        Setting::new(stringify!($key), Input::Choice($names), Accessor::Dtype(lens!($key in $($group).+)))
    };
}

/// A measured size and the law's prediction.
macro_rules! calibrated {
    ($key:literal, $part:ident) => {
        Setting::new($key, Input::Text, Accessor::Calibrated(lens!($part in calibration)))
            .optional()
            .in_group(Group::Calibration, Phase::Runtime)
            .applies(|d| d.calibration.$part.is_some())
    };
}

fn has_experts(d: &Deployment) -> bool {
    d.model.moe.is_some()
}

fn has_encoder(d: &Deployment) -> bool {
    d.model.encoder.is_some()
}

fn speculates(d: &Deployment) -> bool {
    match d.backend {
        Backend::TensorRt => d.engine.speculative_decoding_mode != SpeculativeDecodingMode::None,
        Backend::Pytorch => d.pytorch.decoding_type != DecodingType::None,
    }
}

/// The name that makes the model a custom one.
const CUSTOM: &str = "custom";

/// Every setting except the dimensions of a custom model, in the order of links and of the page.
pub(super) const TABLE: &[Setting] = &[
    Setting::new(
        "model",
        Input::Model,
        Accessor::Own(
            |d, t| {
                if t.trim().eq_ignore_ascii_case(CUSTOM) {
                    custom_model::make_custom(d);
                    return Ok(());
                }
                let found = architecture::find(t.trim()).ok_or_else(|| match architecture::suggest(t).first() {
                    _ if !architecture::is_whole() => {
                        InvalidValue::new("isn't known before the list of models is loaded")
                    }
                    Some(near) if !t.trim().is_empty() => {
                        InvalidValue::new(format!("isn't in the catalogue; the nearest is {}", near.model.name))
                    }
                    _ => InvalidValue::new("isn't in the catalogue; `trtllm-memory models` lists all models"),
                })?;
                d.model = found.into();
                Ok(())
            },
            |d| if d.model.is_custom() { CUSTOM.into() } else { d.model.name.clone() },
        ),
    )
    .name("Model")
    .common()
    .in_group(Group::Model, Phase::Build)
    .help(
        "A Hugging Face repository or a short name; type a part of it. custom: the m. keys set the \
         dimensions.",
    ),
    Setting::new(
        "gpu",
        Input::Gpu,
        Accessor::Own(
            |d, t| {
                let found = gpu::find(t.trim()).ok_or_else(|| match gpu::suggest(t).first() {
                    Some(near) => InvalidValue::new(format!("isn't in the catalogue; the nearest is {}", near.id)),
                    None => InvalidValue::new(
                        "isn't in the catalogue; `trtllm-memory gpus` lists all GPUs, and gpu_memory_gib sets any size",
                    ),
                })?;
                d.gpu = found.into();
                Ok(())
            },
            |d| d.gpu.id.to_string(),
        ),
    )
    .name("GPU")
    .common()
    .in_group(Group::Gpus, Phase::Hardware)
    .help("The GPU model; every rank runs on one such GPU."),
    optional_gib!(gpu_memory_gib in machine)
        .name("GPU memory")
        .in_group(Group::Machine, Phase::Hardware)
        .effective(|p| grouped_decimal(p.machine.gpu_memory.gib(), 2))
        .help("Total memory of a GPU in GiB as CUDA reports it; default: the catalogue's figure."),
    steps!(tp_size in parallel, USUAL_RANKS, MAX_RANKS)
        .name("Tensor parallel")
        .common()
        .in_group(Group::Gpus, Phase::Build)
        .help("Tensor parallelism: number of ranks that share every layer.")
        .aliases(&["tensor_parallel_size"]),
    steps!(pp_size in parallel, USUAL_RANKS, MAX_RANKS)
        .name("Pipeline parallel")
        .common()
        .in_group(Group::Gpus, Phase::Build)
        .help("Pipeline parallelism: number of stages that the layers are divided into.")
        .aliases(&["pipeline_parallel_size"]),
    optional_steps!(moe_tp_size in parallel, USUAL_RANKS, MAX_RANKS)
        .name("Expert tensor parallel")
        .in_group(Group::Gpus, Phase::Build)
        .applies(has_experts)
        .effective(|p| p.parallel.moe_tp_size.to_string())
        .help("Number of ranks, out of tp_size, that share each expert. moe_tp_size · moe_ep_size = tp_size.")
        .aliases(&["moe_tensor_parallel_size"]),
    optional_steps!(moe_ep_size in parallel, USUAL_RANKS, MAX_RANKS)
        .name("Experts split over")
        .common()
        .in_group(Group::Gpus, Phase::Build)
        .applies(has_experts)
        .effective(|p| p.parallel.moe_ep_size.to_string())
        .help("Number of ranks, out of tp_size, that the experts are divided among.")
        .aliases(&["moe_expert_parallel_size", "ep_size"]),
    Setting::new(
        "quant_algo",
        Input::Choice(&QUANT_ALGOS),
        Accessor::Own(
            |d, t| {
                let name = if t.trim().eq_ignore_ascii_case("none") { QuantAlgo::None.name() } else { t };
                let index = chosen(name, &QUANT_ALGOS)?;
                d.precision.quant_algo = index.checked_sub(1).and_then(|index| QuantAlgo::ALL.get(index)).copied();
                Ok(())
            },
            |d| d.precision.quant_algo.map_or(QUANT_ALGOS[0], QuantAlgo::name).into(),
        ),
    )
    .effective(weights)
    .name("Weights")
    .common()
    .in_group(Group::Precision, Phase::Build)
    .help("Quantization of the weights; auto is the precision of the repository, NO_QUANT keeps them in dtype."),
    named!(kv_cache_dtype in precision, KvCacheDtype)
        .name("KV cache")
        .common()
        .in_group(Group::Precision, Phase::Build)
        .effective(|p| p.precision.kv_cache_dtype.name().into())
        .help("Type of the KV cache's values; auto follows dtype.")
        .aliases(&["kv_cache_config.dtype"]),
    dtype!(dtype in precision, DTYPES)
        .name("Computation")
        .in_group(Group::Precision, Phase::Build)
        .effective(|p| p.precision.dtype.name().into())
        .help("Type of the model's computation; auto follows the checkpoint."),
    optional_number!(max_batch_size in limits, 1, MAX_BATCH, 4096)
        .name("Requests in a step")
        .common()
        .in_group(Group::Limits, Phase::Build)
        .effective(|p| p.limits.max_batch_size.to_string())
        .help("Maximum number of sequences in a batch. With pp_size > 1 it limits each micro-batch."),
    optional_number!(max_num_tokens in limits, 1, MAX_TOKENS, 131_072)
        .name("Tokens in a step")
        .common()
        .in_group(Group::Limits, Phase::Build)
        .effective(|p| p.limits.max_num_tokens.to_string())
        .help("Maximum number of tokens in a step, prompt and generated tokens together. Activations grow with it."),
    optional_number!(max_seq_len in limits, 1, MAX_TOKENS, 1 << 20)
        .name("Longest request")
        .common()
        .in_group(Group::Limits, Phase::Build)
        .effective(|p| p.limits.max_seq_len.to_string())
        .help("Maximum length of a sequence, prompt and output; default: the model's own limit."),
    optional_fraction!(free_gpu_memory_fraction in kv_cache)
        .name("Share of free memory")
        .common()
        .in_group(Group::KvCache, Phase::Runtime)
        .effective(|p| p.kv_cache.free_gpu_memory_fraction.map_or_else(String::new, shortest))
        .help("Fraction of the remaining free memory for the KV cache; default 0.9 unless max_tokens is set.")
        .aliases(&["kv_cache_config.free_gpu_memory_fraction", "kv_cache_free_gpu_memory_fraction"]),
    optional_number!(max_tokens in kv_cache, 1, MAX_TOKENS, 4_194_304)
        .name("At most")
        .common()
        .in_group(Group::KvCache, Phase::Runtime)
        .effective(|p| text(p.given.kv_cache.max_tokens))
        .help("Maximum number of tokens in the KV cache. If the fraction is set too, the smaller limit applies.")
        .aliases(&["kv_cache_config.max_tokens"]),
    Setting::new(
        "trtllm_version",
        Input::Choice(Version::NAMES),
        Accessor::Own(|d, t| optional(t, str::parse).map(|version| d.version = version), |d| text(d.version)),
    )
    .name("TensorRT-LLM version")
    .common()
    .optional()
    .effective(|p| p.version.to_string())
    .help(
        "Version of TensorRT-LLM; defaults and buffers differ between versions. Default: 0.19 for engines, 1.2 \
         for PyTorch.",
    ),
    Setting::new(
        "backend",
        Input::Choice(Backend::NAMES),
        Accessor::Name(
            |d| d.backend as usize,
            |d, index| d.backend = Backend::ALL.get(index).copied().unwrap_or(d.backend),
        ),
    )
    .name("Backend")
    .common()
    .help("Backend that runs the model. tensorrt: an engine built by trtllm-build. pytorch: the checkpoint itself."),
    optional_number!(max_input_len in engine, 1, MAX_TOKENS, 131_072)
        .name("Longest prompt")
        .effective(|p| p.limits.max_input_len.to_string())
        .help("Maximum length of a prompt. It has an effect if padding is not removed or context FMHA is off.")
        .engine(),
    number!(max_beam_width in limits, 1, 64, 8)
        .name("Beam width")
        .common()
        .effective(|p| p.limits.max_beam_width.to_string())
        .help("Maximum number of beams in a beam search; each beam counts as a sequence."),
    optional_steps!(tokens_per_block in kv_cache, &[16, 32, 64, 128], 1024)
        .name("Tokens in a block")
        .common()
        .effective(|p| p.kv_cache.tokens_per_block.to_string())
        .help("Number of tokens in a block of the KV cache.")
        .aliases(&["kv_cache_config.tokens_per_block"]),
    named!(kv_cache_type in engine, KvCacheType)
        .name("KV cache layout")
        .help("paged: a pool of blocks. continuous: one tensor per layer for the largest batch (deprecated runtimes).")
        .engine(),
    switch!(remove_input_padding in engine.plugins)
        .name("Packed inputs")
        .help("Packed inputs: tokens without padding. If off, activations hold max_batch_size · max_input_len tokens.")
        .engine(),
    switch!(context_fmha in engine.plugins)
        .name("Fused prompt attention")
        .help("Fused attention over prompts. If off, a workspace grows with the square of the prompt length.")
        .engine(),
    optional_switch!(use_paged_context_fmha in engine.plugins)
        .name("Paged prompt attention")
        .effective(|p| p.engine.use_paged_context_fmha.to_string())
        .help("Attention over prompts through the paged KV cache; block reuse and chunked context require it.")
        .engine(),
    optional_switch!(use_fp8_context_fmha in engine.plugins)
        .name("FP8 prompt attention")
        .effective(|p| p.engine.use_fp8_context_fmha.to_string())
        .help("Attention over prompts in FP8, if weights and KV cache are FP8 too.")
        .engine(),
    optional_switch!(use_fused_mlp in engine.plugins)
        .name("Fused MLP")
        .effective(|p| p.engine.use_fused_mlp.to_string())
        .help("Gate and up projections as one GEMM, in 16-bit models with a gated MLP.")
        .engine(),
    switch!(gemm_plugin in engine.plugins)
        .name("GEMM plugin")
        .help("GEMMs by the plugin, with its fixed workspace, instead of TensorRT.")
        .engine(),
    switch!(multiple_profiles in engine.plugins)
        .name("Multiple profiles")
        .help("Several optimization profiles; the last is the largest.")
        .engine(),
    switch!(gather_context_logits in engine)
        .name("Logits of prompts")
        .help("Returns the logits of every prompt token instead of the last token of each sequence.")
        .engine(),
    switch!(gather_generation_logits in engine)
        .name("Logits of outputs")
        .help("Returns the logits of generated tokens.")
        .engine(),
    dtype!(logits_dtype in engine, LOGITS_DTYPES)
        .name("Type of logits")
        .effective(|p| p.precision.logits_dtype.name().into())
        .help("Type of the logits; auto is float32, or float16 for checkpoints from ModelOpt.")
        .engine(),
    optional_switch!(use_parallel_embedding in engine)
        .name("Split embedding")
        .effective(|p| p.engine.use_parallel_embedding.to_string())
        .help("Divides the embedding table among the tp_size ranks.")
        .engine(),
    Setting::new(
        "embedding_sharding_dim",
        Input::Choice(&["0", "1"]),
        Accessor::Name(
            |d| d.engine.embedding_sharding_dim as usize,
            |d, index| d.engine.embedding_sharding_dim = index as u64,
        ),
    )
    .name("Embedding split along")
    .applies(|d| d.parallel.tp_size > 1)
    .help("Dimension along which the embedding is divided: the vocabulary (0) or the hidden size (1).")
    .engine(),
    switch!(streamingllm in engine.plugins)
        .name("StreamingLLM")
        .help("Sliding-window attention with sinks (StreamingLLM).")
        .engine(),
    named!(speculative_decoding_mode in engine, SpeculativeDecodingMode)
        .name("Decoding mode")
        .common()
        .in_group(Group::Speculation, Phase::Build)
        .help("Method of speculative decoding.")
        .engine(),
    optional_number!(max_draft_len in limits, 1, MAX_DRAFT, 128)
        .name("Draft tokens")
        .common()
        .in_group(Group::Speculation, Phase::Build)
        .applies(speculates)
        .effective(|p| p.engine.drafts.tokens.to_string())
        .help("Maximum number of draft tokens per sequence in a step.")
        .aliases(&[
            "speculative_config.max_draft_len",
            "speculative_config.num_nextn_predict_layers",
            "num_nextn_predict_layers",
        ]),
    optional_number!(num_medusa_heads in engine, 1, 64, 16)
        .name("Medusa heads")
        .in_group(Group::Speculation, Phase::Build)
        .applies(|d| d.engine.speculative_decoding_mode == SpeculativeDecodingMode::Medusa)
        .help("Number of Medusa heads; default 4.")
        .engine(),
    optional_number!(num_eagle_layers in engine, 1, 64, 16)
        .name("EAGLE draft steps")
        .in_group(Group::Speculation, Phase::Build)
        .applies(|d| d.engine.speculative_decoding_mode == SpeculativeDecodingMode::Eagle)
        .help("Number of EAGLE's draft steps; default 4.")
        .engine(),
    optional_number!(redrafter_num_beams in engine, 1, 64, 16)
        .name("ReDrafter beams")
        .in_group(Group::Speculation, Phase::Build)
        .applies(|d| d.engine.speculative_decoding_mode == SpeculativeDecodingMode::ExplicitDraftTokens)
        .help("Number of ReDrafter's beams; default 5.")
        .engine(),
    optional_number!(redrafter_draft_len_per_beam in engine, 1, 64, 16)
        .name("ReDrafter beam length")
        .in_group(Group::Speculation, Phase::Build)
        .applies(|d| d.engine.speculative_decoding_mode == SpeculativeDecodingMode::ExplicitDraftTokens)
        .help("Number of ReDrafter's tokens per beam; default 5.")
        .engine(),
    Setting::new("lookahead_config", Input::Text, Accessor::Lookahead(lens!(lookahead_config in engine)))
        .name("Lookahead sizes")
        .optional()
        .in_group(Group::Speculation, Phase::Runtime)
        .applies(|d| d.engine.speculative_decoding_mode == SpeculativeDecodingMode::LookaheadDecoding)
        .help("Window, n-gram and verification-set sizes of lookahead decoding; default 4,3,4.")
        .engine(),
    number!(max_lora_rank in engine, 0, 1024, 128)
        .name("Largest LoRA rank")
        .common()
        .in_group(Group::Adapters, Phase::Build)
        .help("Maximum rank of a LoRA adapter; 0 builds without the LoRA plugin.")
        .engine(),
    Setting::new(
        "lora_target_modules",
        Input::Text,
        Accessor::Own(
            |d, t| t.parse().map(|modules| d.engine.lora_target_modules = modules),
            |d| d.engine.lora_target_modules.to_string(),
        ),
    )
    .name("LoRA modules")
    .optional()
    .in_group(Group::Adapters, Phase::Build)
    .applies(|d| d.engine.max_lora_rank > 0)
    .help("Modules that adapters modify, separated by commas; default attn_qkv.")
    .engine(),
    optional_fraction!(lora_device_cache_fraction in engine)
        .name("LoRA cache share")
        .in_group(Group::Adapters, Phase::Runtime)
        .applies(|d| d.engine.max_lora_rank > 0)
        .help("Fraction of the remaining free memory for the adapter cache; default 0.02.")
        .engine(),
    number!(max_prompt_embedding_table_size in engine, 0, MAX_TOKENS, 65_536)
        .name("Prompt table rows")
        .common()
        .in_group(Group::Adapters, Phase::Build)
        .help("Number of prompt-table rows over all sequences; 0 builds without the table. Images occupy rows too.")
        .engine(),
    named!(runtime in engine, Runtime)
        .name("Runtime")
        .in_group(Group::Runtime, Phase::Runtime)
        .help("executor: in-flight batching. gpt_session and py_session are the deprecated runtimes.")
        .engine(),
    optional_number!(runtime_max_batch_size in engine, 1, MAX_BATCH, 4096)
        .name("Requests at run time")
        .common()
        .in_group(Group::Runtime, Phase::Runtime)
        .effective(|p| p.limits.runtime_max_batch_size.to_string())
        .help("max_batch_size of the running executor; default and maximum: the engine's.")
        .engine(),
    optional_number!(runtime_max_num_tokens in engine, 1, MAX_TOKENS, 131_072)
        .name("Tokens at run time")
        .common()
        .in_group(Group::Runtime, Phase::Runtime)
        .effective(|p| p.limits.runtime_max_num_tokens.to_string())
        .help("max_num_tokens of the running executor; default and maximum: the engine's.")
        .engine(),
    Setting::new(
        "max_attention_window",
        Input::Text,
        Accessor::WholeList(lens!(max_attention_window in kv_cache), (1, MAX_TOKENS)),
    )
    .name("Attention window")
    .optional()
    .in_group(Group::Runtime, Phase::Runtime)
    .help("Attention window in tokens; several windows, separated by commas, alternate over the layers.")
    .aliases(&["kv_cache_config.max_attention_window"]),
    number!(sink_token_length in engine, 0, MAX_TOKENS, 1024)
        .name("Sink tokens")
        .in_group(Group::Runtime, Phase::Runtime)
        .help("Number of initial tokens that stay in a windowed KV cache.")
        .engine(),
    bytes!(host_cache_size in kv_cache, 1 << 40)
        .name("Host cache")
        .in_group(Group::Runtime, Phase::Runtime)
        .help("Host memory in bytes for KV blocks that are offloaded from the GPU.")
        .aliases(&["kv_cache_config.host_cache_size"]),
    optional_switch!(enable_block_reuse in kv_cache)
        .name("Block reuse")
        .in_group(Group::Runtime, Phase::Runtime)
        .help("Sequences share the blocks of equal prompts.")
        .aliases(&["kv_cache_config.enable_block_reuse"]),
    switch!(enable_chunked_context in engine)
        .name("Chunked context")
        .common()
        .in_group(Group::Runtime, Phase::Runtime)
        .help("Prompts longer than max_num_tokens are processed in several steps.")
        .engine(),
    switch!(enable_trt_overlap in engine)
        .name("Overlapped micro-batches")
        .in_group(Group::Runtime, Phase::Runtime)
        .help("Two micro-batches in flight on each pipeline stage (older versions).")
        .engine(),
    optional_number!(gen_micro_batch_size in engine, 1, MAX_BATCH, 4096)
        .name("Micro-batch size")
        .in_group(Group::Runtime, Phase::Runtime)
        .applies(|d| d.engine.runtime == Runtime::GptSession)
        .help("Number of sequences in a micro-batch of gpt_session; default: max_batch_size divided by pp_size.")
        .engine(),
    switch!(cuda_graph_mode in engine)
        .name("CUDA graphs")
        .in_group(Group::Runtime, Phase::Runtime)
        .help("Captures CUDA graphs of generation steps, 4 to 10 MiB each.")
        .engine(),
    number!(cuda_graph_cache_size in engine, 0, MAX_BATCH, 4096)
        .name("Cached graphs")
        .in_group(Group::Runtime, Phase::Runtime)
        .applies(|d| d.engine.cuda_graph_mode)
        .help("Maximum number of cached CUDA graphs.")
        .engine(),
    switch!(guided_decoding in engine)
        .name("Guided decoding")
        .in_group(Group::Runtime, Phase::Runtime)
        .help("Outputs that follow a grammar: a bit mask of the vocabulary for each slot.")
        .engine(),
    optional_fraction!(cross_kv_cache_fraction in engine)
        .name("Cross-attention share")
        .in_group(Group::Runtime, Phase::Runtime)
        .applies(has_encoder)
        .effective(|p| shortest(p.engine.cross_kv_cache_fraction))
        .help(
            "Fraction of the KV cache for the encoder's outputs, which cross attention reads. The \
             runtime requires it; run.py sets 0.5.",
        )
        .engine(),
    optional_number!(max_encoder_input_len in engine, 1, MAX_TOKENS, 8192)
        .name("Longest encoder input")
        .applies(has_encoder)
        .effective(|p| p.engine.max_encoder_input_len.to_string())
        .help("Maximum length of the encoder's input: tokens, or Whisper's frames of 10 ms.")
        .engine(),
    optional_number!(encoder_max_batch_size in engine, 1, MAX_BATCH, 4096)
        .name("Encoder batch size")
        .applies(has_encoder)
        .effective(|p| p.engine.encoder_max_batch_size.to_string())
        .help("max_batch_size of the encoder's engine; default: the decoder's.")
        .engine(),
    switch!(enable_attention_dp in pytorch)
        .name("Attention data parallel")
        .common()
        .in_group(Group::Gpus, Phase::Runtime)
        .applies(|d| d.parallel.tp_size > 1)
        .pytorch()
        .help(
            "Attention data parallelism: each rank processes its own requests, with full attention weights and \
             KV cache.",
        ),
    switch!(disable_mm_encoder in pytorch)
        .name("Text only")
        .in_group(Group::Runtime, Phase::Runtime)
        .pytorch()
        .applies(|d| d.model.tower > 0)
        .help("Leaves the vision and audio towers out, so that only text is served (TensorRT-LLM 1.3)."),
    named!(moe_backend in pytorch, MoeBackend)
        .name("Expert kernels")
        .common()
        .aliases(&["moe_config.backend"])
        .in_group(Group::Runtime, Phase::Runtime)
        .pytorch()
        .applies(has_experts)
        .effective(|p| p.pytorch.moe_backend.name().into())
        .help("Kernels of the expert layers. CUTLASS and DEEPGEMM need a workspace; AUTO is CUTLASS up to 1.2."),
    optional_number!(moe_load_balancer_slots in pytorch, 1, 1 << 16, 512)
        .name("Expert slots")
        .aliases(&["moe_config.load_balancer.num_slots"])
        .in_group(Group::Runtime, Phase::Runtime)
        .pytorch()
        .applies(has_experts)
        .help("Number of experts, copies included, that the load balancer distributes; requires moe_ep_size above 1."),
    optional_number!(cuda_graph_max_batch_size in pytorch, 0, MAX_BATCH, 2048)
        .name("Largest graph")
        .common()
        .aliases(&["cuda_graph_config.max_batch_size"])
        .in_group(Group::Runtime, Phase::Runtime)
        .pytorch()
        .effective(|p| p.pytorch.graphs.largest.to_string())
        .help("Number of sequences in the largest CUDA graph; default 128, 0 for no graphs."),
    switch!(cuda_graph_enable_padding in pytorch)
        .name("Pad to captured sizes")
        .common()
        .aliases(&["cuda_graph_config.enable_padding"])
        .in_group(Group::Runtime, Phase::Runtime)
        .pytorch()
        .applies(|d| d.pytorch.cuda_graph_max_batch_size != Some(0))
        .help(
            "Batches are padded to the next CUDA graph, so that fewer graphs are captured: 19 instead of \
             34 up to 128 sequences.",
        ),
    switch!(enable_chunked_prefill in pytorch)
        .name("Chunked prefill")
        .common()
        .in_group(Group::Runtime, Phase::Runtime)
        .pytorch()
        .help("Prompts longer than max_num_tokens are processed in several steps. No modelled buffer depends on it."),
    switch!(disable_overlap_scheduler in pytorch)
        .name("No overlap scheduler")
        .in_group(Group::Runtime, Phase::Runtime)
        .pytorch()
        .help("Each step waits for the previous step. If off, a sequence needs one more token, and its drafts twice."),
    named!(allreduce_strategy in pytorch, AllreduceStrategy)
        .name("All-reduce strategy")
        .in_group(Group::Runtime, Phase::Runtime)
        .pytorch()
        .applies(|d| d.parallel.tp_size > 1)
        .help("All-reduce strategy, which sums the ranks' results; NCCL needs no workspace of TensorRT-LLM."),
    bytes!(max_gpu_total_bytes in pytorch, 1 << 40)
        .name("At most, in bytes")
        .aliases(&["kv_cache_config.max_gpu_total_bytes"])
        .in_group(Group::KvCache, Phase::Runtime)
        .pytorch()
        .help("Maximum size of the KV cache on a GPU, in bytes; 0 for no limit."),
    named!(decoding_type in pytorch, DecodingType)
        .name("Decoding type")
        .common()
        .aliases(&["speculative_config.decoding_type"])
        .in_group(Group::Speculation, Phase::Runtime)
        .pytorch()
        .help(
            "Method of speculative decoding. MTP: the model's own layers. Eagle3: a draft of one layer. \
             NGram: n-grams of the sequence itself.",
        ),
    number!(cache_transceiver_max_tokens_in_buffer in pytorch, 0, MAX_TOKENS, 131_072)
        .name("Transfer buffer tokens")
        .aliases(&["cache_transceiver_config.max_tokens_in_buffer"])
        .in_group(Group::Runtime, Phase::Runtime)
        .pytorch()
        .help(
            "Number of tokens in the buffers that transfer KV blocks between prefill and generation servers; 0 \
             without disaggregated serving.",
        ),
    optional_gib!(free_memory_gib in machine)
        .name("Free before KV cache")
        .in_group(Group::Machine, Phase::Runtime)
        .help("Free memory in GiB from your log, just before the KV cache is sized; default: the prediction."),
    optional_gib!(other_memory_gib in machine)
        .name("Used by others")
        .common()
        .in_group(Group::Machine, Phase::Hardware)
        .help("Memory in GiB that a desktop or other processes use on each GPU."),
    optional_steps!(gpus_per_node in machine, &[1, 4, 8, 72], MAX_RANKS)
        .name("GPUs in a node")
        .common()
        .in_group(Group::Machine, Phase::Hardware)
        .effective(|p| p.machine.gpus_per_node.to_string())
        .help("Number of directly connected GPUs; default 8, or 72 in a GB200 or GB300 rack."),
    named!(launcher in machine, Launcher)
        .name("Launcher")
        .in_group(Group::Machine, Phase::Runtime)
        .help("Program that starts the ranks. It determines the CUDA contexts on each GPU."),
    named!(os in machine, OperatingSystem)
        .name("Operating system")
        .in_group(Group::Machine, Phase::Hardware)
        .help("Operating system; Windows, also under WSL, reserves some memory."),
    calibrated!("calibrated_activations", activations)
        .name("Activations")
        .help("Activations: bytes measured in your log / bytes predicted for the same configuration."),
    calibrated!("calibrated_runtime_buffers", runtime_buffers)
        .name("Runtime buffers")
        .help("Runtime buffers: bytes measured in your log / bytes predicted for the same configuration."),
    calibrated!("calibrated_decoder_buffers", decoder_buffers)
        .name("Decoder buffers")
        .help("Decoder buffers: bytes measured in your log / bytes predicted for the same configuration."),
    calibrated!("calibrated_overhead", overhead)
        .name("Overhead")
        .help("Overhead: bytes missing from the lines of your log / bytes predicted for the same configuration."),
];
