//! What a change costs, in words.

use crate::deployment::Deployment;
use crate::units::grouped;

/// What a change costs.
pub(super) fn cost(key: &str, to: &str, from: &Deployment, changed: &Deployment) -> String {
    let tokens = || to.parse::<u64>().map_or_else(|_| to.to_string(), grouped);
    let more = match changed.world_size().saturating_sub(from.world_size()) {
        1 => "One more GPU".to_string(),
        more => format!("{more} more GPUs"),
    };
    match key {
        "max_tokens" => "The KV cache holds no more tokens than that.".into(),
        "free_gpu_memory_fraction" => "Less memory stays free for what comes later.".into(),
        "other_memory_gib" => "Other processes must leave the GPU.".into(),
        "cuda_graph_cache_size" => "Steps of rarer sizes are launched kernel by kernel.".into(),
        "lora_device_cache_fraction" => "Fewer adapters stay on the GPU at once.".into(),
        "context_fmha" | "remove_input_padding" => "Nothing: it is faster too.".into(),
        "multiple_profiles" => "Kernels are tuned for one range of sizes.".into(),
        "gather_context_logits" => "Logits of the prompt are not returned.".into(),
        "max_num_tokens" => {
            format!("A step reads at most {} tokens, so long prompts take more steps or none.", tokens())
        }
        "max_batch_size" => format!("At most {} sequences run in a batch; others wait.", tokens()),
        "max_beam_width" => format!("Beam search has at most {} beams.", tokens()),
        "max_input_len" => format!("Prompts have at most {} tokens.", tokens()),
        "max_seq_len" => format!("Prompt and output together have at most {} tokens.", tokens()),
        "use_parallel_embedding" => "A look-up of embeddings needs an all-reduce.".into(),
        "kv_cache_dtype" => format!("Keys and values are kept in {to}, which can cost accuracy."),
        "quant_algo" => format!("It needs a checkpoint quantized to {to}, which can cost accuracy."),
        "tp_size" => format!("{more}, and an all-reduce among {to} of them in every layer."),
        "pp_size" => format!("{more}, and a latency that {to} stages add to."),
        "gpu" => format!("{} × {} in place of {}.", changed.world_size(), changed.gpu.name, from.gpu.name),
        _ => String::new(),
    }
}
