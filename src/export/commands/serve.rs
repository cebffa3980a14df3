//! Recipes for `trtllm-serve` and Python's LLM API with a TensorRT engine.

use super::options::Options;
use super::shell::Line;
use super::{CONFIG_FILE, ENGINE_DIR, Language, Recipe, Step};
use crate::deployment::{Behavior, Deployment, Resolved};

/// The recipe for `trtllm-serve`, if the version has it.
pub(super) fn recipe(deployment: &Deployment, resolved: &Resolved) -> Option<Recipe> {
    if !resolved.version.has(Behavior::HasServe) {
        return None;
    }
    let options = options(deployment, resolved);
    let flag = if resolved.version.has(Behavior::ServeTakesConfig) { "--config" } else { "--extra_llm_api_options" };
    let fraction = resolved.kv_cache.free_gpu_memory_fraction;
    let line = Line::new("trtllm-serve")
        .value(ENGINE_DIR)
        .flag("--tokenizer", &resolved.model.name)
        .flag_if(resolved.version.has(Behavior::PyTorchByDefault), "--backend", "trt")
        .flag_if(resolved.parallel.tp_size > 1, "--tp_size", resolved.parallel.tp_size)
        .flag_if(resolved.parallel.pp_size > 1, "--pp_size", resolved.parallel.pp_size)
        .flag("--max_batch_size", resolved.limits.runtime_max_batch_size)
        .flag("--max_num_tokens", resolved.limits.runtime_max_num_tokens)
        .flag("--max_seq_len", resolved.limits.max_seq_len)
        .flag_if(resolved.limits.max_beam_width > 1, "--max_beam_width", resolved.limits.max_beam_width)
        // A kv_cache_config in the YAML replaces the flag.
        .optional("--kv_cache_free_gpu_memory_fraction", fraction.filter(|_| options.is_empty()))
        .flag_if(!options.is_empty(), flag, CONFIG_FILE);
    let mut steps = Vec::new();
    if !options.is_empty() {
        steps.push(Step::file("The server's configuration", Language::Yaml, CONFIG_FILE, options.yaml()));
    }
    steps.push(Step::shell("Serve", line.text()));
    Some(Recipe { key: "trtllm-serve", title: "Serve with trtllm-serve", steps, notes: Vec::new() })
}

/// The recipe for the LLM API, if the version has its present form.
pub(super) fn llm_api(deployment: &Deployment, resolved: &Resolved) -> Option<Recipe> {
    if !resolved.version.has(Behavior::HasServe) {
        return None;
    }
    let mut options = Options::default();
    options.text("model", ENGINE_DIR);
    options.text("tokenizer", resolved.model.name.clone());
    options.several("tensor_parallel_size", resolved.parallel.tp_size);
    options.several("pipeline_parallel_size", resolved.parallel.pp_size);
    options.number("max_batch_size", resolved.limits.runtime_max_batch_size);
    options.number("max_num_tokens", resolved.limits.runtime_max_num_tokens);
    add_runtime_options(&mut options, deployment, resolved, true);
    let module =
        if resolved.version.has(Behavior::PyTorchByDefault) { "tensorrt_llm._tensorrt_engine" } else { "tensorrt_llm" };
    Some(Recipe::of_llm_api(module, &options))
}

/// The options for which `trtllm-serve` has no flags; empty if its flags suffice.
fn options(deployment: &Deployment, resolved: &Resolved) -> Options {
    let mut options = Options::default();
    let kv_cache_options = deployment.kv_cache.max_tokens.is_some()
        || deployment.kv_cache.host_cache_size > 0
        || !deployment.kv_cache.max_attention_window.is_empty()
        || deployment.engine.sink_token_length > 0
        || deployment.kv_cache.enable_block_reuse.is_some();
    add_runtime_options(&mut options, deployment, resolved, kv_cache_options);
    options
}

/// Adds options of the executor, with those of the KV cache if `kv_cache`.
fn add_runtime_options(options: &mut Options, deployment: &Deployment, resolved: &Resolved, kv_cache: bool) {
    if kv_cache {
        let mut cache = Options::default();
        cache.optional("free_gpu_memory_fraction", resolved.kv_cache.free_gpu_memory_fraction);
        cache.optional("max_tokens", resolved.given.kv_cache.max_tokens);
        cache.list("max_attention_window", &deployment.kv_cache.max_attention_window);
        cache.optional("sink_token_length", Some(deployment.engine.sink_token_length).filter(|tokens| *tokens > 0));
        cache.optional("host_cache_size", Some(deployment.kv_cache.host_cache_size).filter(|bytes| *bytes > 0));
        cache.switch("enable_block_reuse", deployment.kv_cache.enable_block_reuse);
        options.group("kv_cache_config", "KvCacheConfig", cache);
    }
    options.switch("enable_chunked_prefill", deployment.engine.enable_chunked_context.then_some(true));
    let mut knobs = Options::default();
    if resolved.engine.cuda_graphs > 0 {
        knobs.switch("cuda_graph_mode", Some(true));
        knobs.number("cuda_graph_cache_size", resolved.engine.cuda_graphs);
    }
    options.group("extended_runtime_perf_knob_config", "ExtendedRuntimePerfKnobConfig", knobs);
    if resolved.given.engine.guided_decoding {
        options.text("guided_decoding_backend", "xgrammar");
    }
}
