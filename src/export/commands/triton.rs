//! The recipe for Triton's backend: the parameters of `tensorrt_llm/config.pbtxt`, and the server's
//! command.

use super::options::literal;
use super::shell::Line;
use super::{Language, Recipe, Step};
use crate::deployment::{Deployment, Resolved};

/// The recipe (parameters as in `inflight_batcher_llm/tensorrt_llm/config.pbtxt`).
pub(super) fn recipe(deployment: &Deployment, resolved: &Resolved) -> Recipe {
    let mut text = format!("max_batch_size: {}\n", resolved.limits.runtime_max_batch_size);
    let mut set = |key: &str, value: String| {
        text.push_str(&format!(
            "parameters: {{\n  key: {}\n  value: {{ string_value: {} }}\n}}\n",
            literal(key),
            literal(&value)
        ));
    };
    set("gpt_model_type", "inflight_fused_batching".into());
    set("gpt_model_path", "/path/to/engine".into());
    set("max_beam_width", resolved.limits.max_beam_width.to_string());
    set("batch_scheduler_policy", "guaranteed_no_evict".into());
    if let Some(fraction) = resolved.kv_cache.free_gpu_memory_fraction {
        set("kv_cache_free_gpu_mem_fraction", fraction.to_string());
    }
    if let Some(tokens) = resolved.given.kv_cache.max_tokens {
        set("max_tokens_in_paged_kv_cache", tokens.to_string());
    }
    if !deployment.kv_cache.max_attention_window.is_empty() {
        let windows: Vec<String> = deployment.kv_cache.max_attention_window.iter().map(u64::to_string).collect();
        set("max_attention_window_size", windows.join(","));
    }
    if resolved.given.engine.sink_token_length > 0 {
        set("sink_token_length", resolved.given.engine.sink_token_length.to_string());
    }
    if resolved.kv_cache.host_cache_size.0 > 0 {
        set("kv_cache_host_memory_bytes", resolved.kv_cache.host_cache_size.0.to_string());
    }
    if let Some(reuse) = deployment.kv_cache.enable_block_reuse {
        set("enable_kv_cache_reuse", reuse.to_string());
    }
    if deployment.engine.enable_chunked_context {
        set("enable_chunked_context", "true".into());
    }
    if resolved.given.engine.max_lora_rank > 0 {
        set("lora_cache_gpu_memory_fraction", resolved.engine.lora_device_cache_fraction.to_string());
    }
    if resolved.engine.cuda_graphs > 0 {
        set("cuda_graph_mode", "true".into());
        set("cuda_graph_cache_size", resolved.engine.cuda_graphs.to_string());
    }
    if resolved.given.engine.enable_trt_overlap {
        set("enable_trt_overlap", "true".into());
    }
    let start = Line::new("python3 scripts/launch_triton_server.py")
        .flag("--world_size", resolved.world_size())
        .flag("--model_repo", "/path/to/model_repository")
        .text();
    let steps = vec![
        Step::file("Parameters of the model's configuration", Language::Protobuf, "tensorrt_llm/config.pbtxt", text),
        Step::shell("Start the server", start),
    ];
    Recipe { key: "triton", title: "Serve with Triton", steps, notes: Vec::new() }
}
