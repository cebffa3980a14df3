//! Recipes of the PyTorch backend, whose `trtllm-serve` and LLM API load the checkpoint directly.

use super::options::Options;
use super::shell::Line;
use super::{CHECKPOINT_DIR, CONFIG_FILE, Language, Recipe, Step};
use crate::architecture::{Architecture, versions};
use crate::deployment::{
    AllreduceStrategy, Behavior, DecodingType, Deployment, KvCacheDtype, MoeBackend, QuantAlgo, Resolved,
};

/// Subcommands of `trtllm-serve`: it runs these instead of serving a model of that name
/// (`commands/serve.py`).
const SUBCOMMANDS: [&str; 5] =
    ["serve", "disaggregated", "disaggregated_mpi_worker", "mm_embedding_serve", "embeddings"];

/// The recipes of a deployment with the PyTorch backend.
pub(super) fn recipes(deployment: &Deployment, resolved: &Resolved) -> Vec<Recipe> {
    let mut notes = Vec::new();
    let (model, made) = checkpoint(resolved, &mut notes);
    if !resolved.version.has(Behavior::PyTorchByDefault) {
        notes.push(format!(
            "In TensorRT-LLM {}, some options of this backend have other names than since 1.0; \
             only common options are set.",
            resolved.version
        ));
    }
    if deployment.pytorch.decoding_type == DecodingType::Eagle3 {
        notes.push("Set speculative_model_dir to the folder of the Eagle3 draft model.".into());
    }
    let mut all = Vec::new();
    if let Some(step) = made {
        all.push(Recipe { key: "checkpoint", title: "Quantize the model, once", steps: vec![step], notes: Vec::new() });
    }
    all.push(serve(deployment, resolved, &model, notes));
    all.push(llm_api(deployment, resolved, &model));
    all
}

/// The checkpoint with the deployment's precision, and the step that makes it if it is not
/// published.
fn checkpoint(resolved: &Resolved, notes: &mut Vec<String>) -> (String, Option<Step>) {
    if let Some(name) = published(resolved) {
        return (name.to_string(), None);
    }
    let Some(qformat) = qformat(resolved.precision.quant_algo) else {
        notes.push(format!("The checkpoint must already be quantized to {}.", resolved.precision.quant_algo));
        return (resolved.model.name.clone(), None);
    };
    let kv = (resolved.precision.quant_algo.has_fp8_kv_cache()).then_some(KvCacheDtype::Fp8);
    let line = Line::new("python3 examples/quantization/quantize.py")
        .flag("--model_dir", &resolved.model.name)
        .flag("--dtype", resolved.precision.dtype)
        .flag("--qformat", qformat)
        .optional("--kv_cache_dtype", kv)
        .flag("--export_format", "hf")
        .flag("--output_dir", CHECKPOINT_DIR);
    (CHECKPOINT_DIR.to_string(), Some(Step::shell("Quantize the model with ModelOpt", line.text())))
}

/// The name of a published checkpoint of this precision: the repository itself, or another version
/// of the same model that the backend loads.
fn published(resolved: &Resolved) -> Option<&str> {
    if resolved.runs_as_stored() {
        return Some(&resolved.model.name);
    }
    let wanted = resolved.precision.quant_algo;
    let serves = |version: &&Architecture| {
        let stored = version.checkpoint.precisions.main();
        let is_alike = stored == wanted || stored.is_mxfp4() && wanted.is_mxfp4();
        is_alike && version.checkpoint.unreadable().is_none()
    };
    versions(&resolved.model).find(serves).map(|version| version.name.as_str())
}

/// The `--qformat` of `quantize.py` for a precision that the PyTorch backend supports.
fn qformat(algo: QuantAlgo) -> Option<&'static str> {
    match algo {
        QuantAlgo::Fp8 => Some("fp8"),
        QuantAlgo::Nvfp4 => Some("nvfp4"),
        QuantAlgo::W4A16Awq => Some("int4_awq"),
        QuantAlgo::W4A8Awq => Some("w4a8_awq"),
        _ => None,
    }
}

fn serve(deployment: &Deployment, resolved: &Resolved, model: &str, notes: Vec<String>) -> Recipe {
    let mut options = Options::default();
    let kv_cache_options = has_kv_cache_options(deployment, resolved);
    add(&mut options, deployment, resolved, kv_cache_options, false);
    let flag = if resolved.version.has(Behavior::ServeTakesConfig) { "--config" } else { "--extra_llm_api_options" };
    let model = if SUBCOMMANDS.contains(&model) { format!("./{model}") } else { model.to_string() };
    let line = Line::new("trtllm-serve")
        .value(&model)
        .flag("--backend", "pytorch")
        .flag_if(resolved.parallel.tp_size > 1, "--tp_size", resolved.parallel.tp_size)
        .flag_if(resolved.parallel.pp_size > 1, "--pp_size", resolved.parallel.pp_size)
        .flag_if(
            resolved.model.moe.is_some() && resolved.parallel.moe_ep_size > 1,
            "--ep_size",
            resolved.parallel.moe_ep_size,
        )
        .flag("--max_batch_size", resolved.limits.max_batch_size)
        .flag("--max_num_tokens", resolved.limits.max_num_tokens)
        .flag("--max_seq_len", resolved.limits.max_seq_len)
        .flag_if(resolved.limits.max_beam_width > 1, "--max_beam_width", resolved.limits.max_beam_width)
        // A kv_cache_config in the YAML replaces the flag.
        .optional(
            "--kv_cache_free_gpu_memory_fraction",
            resolved.kv_cache.free_gpu_memory_fraction.filter(|_| !kv_cache_options),
        )
        .flag_if(!options.is_empty(), flag, CONFIG_FILE);
    let mut steps = Vec::new();
    if !options.is_empty() {
        steps.push(Step::file("The server's configuration", Language::Yaml, CONFIG_FILE, options.yaml()));
    }
    steps.push(Step::shell("Serve", line.text()));
    Recipe { key: "trtllm-serve", title: "Serve with trtllm-serve", steps, notes }
}

fn llm_api(deployment: &Deployment, resolved: &Resolved, model: &str) -> Recipe {
    let mut options = Options::default();
    options.text("model", model);
    options.several("tensor_parallel_size", resolved.parallel.tp_size);
    options.several("pipeline_parallel_size", resolved.parallel.pp_size);
    if resolved.model.moe.is_some() {
        options.several("moe_expert_parallel_size", resolved.parallel.moe_ep_size);
    }
    options.number("max_batch_size", resolved.limits.max_batch_size);
    options.number("max_num_tokens", resolved.limits.max_num_tokens);
    options.number("max_seq_len", resolved.limits.max_seq_len);
    options.several("max_beam_width", resolved.limits.max_beam_width);
    add(&mut options, deployment, resolved, true, true);
    let module = if resolved.version.has(Behavior::PyTorchByDefault) { "tensorrt_llm" } else { "tensorrt_llm._torch" };
    Recipe::of_llm_api(module, &options)
}

/// Whether the KV cache has settings for which `trtllm-serve` has no flags.
fn has_kv_cache_options(deployment: &Deployment, resolved: &Resolved) -> bool {
    let later = resolved.version.has(Behavior::PyTorchByDefault);
    deployment.kv_cache.max_tokens.is_some()
        || deployment.kv_cache.host_cache_size > 0
        || !deployment.kv_cache.max_attention_window.is_empty()
        || deployment.kv_cache.enable_block_reuse.is_some()
        || (later && deployment.precision.kv_cache_dtype != KvCacheDtype::Auto)
        || (later && deployment.pytorch.max_gpu_total_bytes > 0)
        || (resolved.version.has(Behavior::KvCacheConfigTakesBlock) && deployment.kv_cache.tokens_per_block.is_some())
}

/// Adds the options without flags (`tensorrt_llm/llmapi/llm_args.py` TorchLlmArgs), with those of
/// the KV cache if `kv_cache`.
fn add(options: &mut Options, deployment: &Deployment, resolved: &Resolved, kv_cache: bool, python: bool) {
    let later = resolved.version.has(Behavior::PyTorchByDefault);
    if kv_cache {
        options.group("kv_cache_config", "KvCacheConfig", kv_cache_config(deployment, resolved));
    }
    options.switch("enable_attention_dp", deployment.pytorch.enable_attention_dp.then_some(true));
    options.switch("enable_chunked_prefill", deployment.pytorch.enable_chunked_prefill.then_some(true));
    let text_only = deployment.pytorch.disable_mm_encoder && resolved.version.has(Behavior::HasTextOnly);
    options.switch("disable_mm_encoder", text_only.then_some(true));
    if !later {
        return;
    }
    options
        .optional("moe_tensor_parallel_size", deployment.parallel.moe_tp_size.filter(|_| resolved.model.moe.is_some()));
    options.switch("disable_overlap_scheduler", deployment.pytorch.disable_overlap_scheduler.then_some(true));
    if deployment.pytorch.cuda_graph_max_batch_size == Some(0) {
        options.nothing("cuda_graph_config");
    } else {
        let mut graphs = Options::default();
        graphs.optional("max_batch_size", deployment.pytorch.cuda_graph_max_batch_size);
        graphs.switch("enable_padding", deployment.pytorch.cuda_graph_enable_padding.then_some(true));
        options.group("cuda_graph_config", "CudaGraphConfig", graphs);
    }
    if resolved.model.moe.is_some() {
        let mut moe = Options::default();
        if deployment.pytorch.moe_backend != MoeBackend::Auto {
            moe.text("backend", deployment.pytorch.moe_backend.name());
        }
        let mut balancer = Options::default();
        // Without effect it isn't written: some versions stop at slots that no load balancer takes.
        balancer.optional("num_slots", resolved.pytorch.load_balancer_slots);
        moe.group("load_balancer", "dict", balancer);
        options.group("moe_config", "MoeConfig", moe);
    }
    if deployment.pytorch.allreduce_strategy != AllreduceStrategy::Auto && resolved.parallel.tp_size > 1 {
        options.text("allreduce_strategy", deployment.pytorch.allreduce_strategy.name());
    }
    add_drafts(options, resolved, python);
    if resolved.given.pytorch.cache_transceiver_max_tokens_in_buffer > 0 {
        let mut transceiver = Options::default();
        transceiver.text("backend", "DEFAULT");
        transceiver.number("max_tokens_in_buffer", resolved.given.pytorch.cache_transceiver_max_tokens_in_buffer);
        options.group("cache_transceiver_config", "CacheTransceiverConfig", transceiver);
    }
}

fn kv_cache_config(deployment: &Deployment, resolved: &Resolved) -> Options {
    let mut cache = Options::default();
    cache.optional("free_gpu_memory_fraction", resolved.kv_cache.free_gpu_memory_fraction);
    cache.optional("max_tokens", resolved.given.kv_cache.max_tokens);
    cache.list("max_attention_window", &deployment.kv_cache.max_attention_window);
    cache.optional("host_cache_size", Some(deployment.kv_cache.host_cache_size).filter(|bytes| *bytes > 0));
    cache.switch("enable_block_reuse", deployment.kv_cache.enable_block_reuse);
    if resolved.version.has(Behavior::KvCacheConfigTakesBlock) {
        cache.optional("tokens_per_block", deployment.kv_cache.tokens_per_block);
    }
    if resolved.version.has(Behavior::PyTorchByDefault) {
        if deployment.precision.kv_cache_dtype != KvCacheDtype::Auto {
            cache.text("dtype", deployment.precision.kv_cache_dtype.name());
        }
        cache.optional("max_gpu_total_bytes", resolved.pytorch.max_gpu_total_bytes);
    }
    cache
}

/// Adds speculative decoding. YAML names the kind by a key, Python by the class.
fn add_drafts(options: &mut Options, resolved: &Resolved, python: bool) {
    let (class, key) = match resolved.given.pytorch.decoding_type {
        DecodingType::None => return,
        DecodingType::Mtp => ("MTPDecodingConfig", "num_nextn_predict_layers"),
        DecodingType::Eagle3 => ("EagleDecodingConfig", "max_draft_len"),
        DecodingType::NGram => ("NGramDecodingConfig", "max_draft_len"),
    };
    let mut drafts = Options::default();
    if !python {
        let kind = if resolved.given.pytorch.decoding_type == DecodingType::Eagle3 {
            "Eagle"
        } else {
            resolved.given.pytorch.decoding_type.name()
        };
        drafts.text("decoding_type", kind);
    }
    drafts.number(key, resolved.pytorch.max_draft_len);
    if resolved.given.pytorch.decoding_type == DecodingType::Eagle3 {
        drafts.text("speculative_model_dir", "eagle3");
    }
    options.group("speculative_config", class, drafts);
}
