//! The cost of a change, in words.

use crate::deployment::Deployment;
use crate::units::grouped;

/// The cost of a change, as a sentence.
pub(super) fn cost(key: &str, to: &str, from: &Deployment, changed: &Deployment) -> String {
    let tokens = || to.parse::<u64>().map_or_else(|_| to.to_string(), grouped);
    let more = match changed.world_size().saturating_sub(from.world_size()) {
        1 => "One more GPU".to_string(),
        more => format!("{more} more GPUs"),
    };
    match key {
        "max_tokens" => "The KV cache holds no more tokens than that.".into(),
        "free_gpu_memory_fraction" => "Less memory stays free for later allocations.".into(),
        "other_memory_gib" => "Other processes must leave the GPU.".into(),
        "cuda_graph_cache_size" => "Steps of less common sizes are launched kernel by kernel.".into(),
        "lora_device_cache_fraction" => "Fewer adapters stay on the GPU at once.".into(),
        "context_fmha" | "remove_input_padding" => "It costs nothing and is faster.".into(),
        "multiple_profiles" => "Kernels are tuned for a single range of sizes.".into(),
        "gather_context_logits" => "Logits of the prompt are not returned.".into(),
        "max_num_tokens" => {
            format!(
                "A step has at most {} tokens: longer prompts are split over several steps, or rejected without \
                 chunked prefill.",
                tokens()
            )
        }
        "max_batch_size" => format!("At most {} requests run in a batch; others wait.", tokens()),
        "max_beam_width" => format!("Beam search has at most {} beams.", tokens()),
        "max_input_len" => format!("Prompts have at most {} tokens.", tokens()),
        "max_seq_len" => format!("Prompt and output together have at most {} tokens.", tokens()),
        "use_parallel_embedding" => "Looking up embeddings needs an all-reduce.".into(),
        "kv_cache_dtype" => format!("Keys and values are stored in {to}, which can reduce accuracy."),
        "quant_algo" => format!("It needs a checkpoint quantized to {to}, which can reduce accuracy."),
        "tp_size" => format!("{more}, and an all-reduce among {to} GPUs in every layer."),
        "pp_size" => format!("{more}; adds latency: {to} pipeline stages."),
        "gpu" => format!("{} × {} instead of {}.", changed.world_size(), changed.gpu.name, from.gpu.name),
        _ => String::new(),
    }
}
