//! `trtllm-build`.

use super::shell::Line;
use super::{CHECKPOINT_DIR, ENGINE_DIR};
use crate::architecture::Dtype;
use crate::deployment::{Behavior, Deployment, KvCacheType, Resolved, SpeculativeDecodingMode};

/// The command that builds the engine (`tensorrt_llm/commands/build.py`,
/// `tensorrt_llm/plugin/plugin.py`).
pub(super) fn command(deployment: &Deployment, resolved: &Resolved) -> String {
    let switch = |on: bool| if on { "enable" } else { "disable" };
    let mut line = Line::new("trtllm-build")
        .flag("--checkpoint_dir", CHECKPOINT_DIR)
        .flag("--output_dir", ENGINE_DIR)
        .flag("--max_batch_size", resolved.limits.max_batch_size)
        .flag("--max_num_tokens", resolved.limits.max_num_tokens);
    line = if resolved.version.has(Behavior::BuildTakesMaxSeqLen) {
        line.flag("--max_seq_len", resolved.limits.max_seq_len).flag_if(
            deployment.engine.max_input_len.is_some(),
            "--max_input_len",
            resolved.limits.max_input_len,
        )
    } else {
        line.flag("--max_input_len", resolved.limits.max_input_len)
            .flag("--max_output_len", resolved.limits.max_seq_len.saturating_sub(resolved.limits.max_input_len).max(1))
    };
    line = line
        .flag_if(resolved.limits.max_beam_width > 1, "--max_beam_width", resolved.limits.max_beam_width)
        .flag("--gemm_plugin", gemm_plugin(resolved))
        .flag_if(
            deployment.kv_cache.tokens_per_block.is_some(),
            "--tokens_per_block",
            resolved.kv_cache.tokens_per_block,
        )
        .flag_if(!resolved.given.engine.plugins.remove_input_padding, "--remove_input_padding", switch(false))
        .flag_if(!resolved.engine.context_fmha, "--context_fmha", switch(false));
    if resolved.engine.context_fmha {
        line = line.flag("--use_paged_context_fmha", switch(resolved.engine.use_paged_context_fmha));
        let counts = resolved.engine.use_fp8_context_fmha || deployment.engine.plugins.use_fp8_context_fmha.is_some();
        line = line.flag_if(counts, "--use_fp8_context_fmha", switch(resolved.engine.use_fp8_context_fmha));
    }
    line = match resolved.given.engine.kv_cache_type {
        KvCacheType::Paged => line,
        KvCacheType::Continuous if resolved.version.has(Behavior::BuildTakesKvCacheType) => {
            line.flag("--kv_cache_type", KvCacheType::Continuous)
        }
        KvCacheType::Continuous => line.flag("--paged_kv_cache", switch(false)),
    };
    let fused = deployment.engine.plugins.use_fused_mlp.filter(|_| resolved.version.has(Behavior::FusedMlpTakesAValue));
    line = line
        .optional("--use_fused_mlp", fused.map(switch))
        .flag_if(resolved.given.engine.plugins.multiple_profiles, "--multiple_profiles", switch(true))
        .flag_if(resolved.given.engine.plugins.streamingllm, "--streamingllm", switch(true))
        .switch_if(resolved.given.engine.gather_context_logits, "--gather_context_logits")
        .switch_if(resolved.given.engine.gather_generation_logits, "--gather_generation_logits")
        .optional("--logits_dtype", deployment.engine.logits_dtype.filter(|dtype| *dtype != Dtype::Bfloat16));
    if resolved.given.engine.speculative_decoding_mode != SpeculativeDecodingMode::None {
        line = line
            .flag("--speculative_decoding_mode", resolved.given.engine.speculative_decoding_mode)
            .flag("--max_draft_len", resolved.engine.drafts.tokens);
    }
    if resolved.given.engine.max_lora_rank > 0 {
        line = line
            .flag("--lora_plugin", plugin_type(resolved))
            .flag("--max_lora_rank", resolved.given.engine.max_lora_rank);
        let modules = resolved.engine.lora_target_modules.iter().map(|module| module.name());
        line = modules.fold(line.switch_if(true, "--lora_target_modules"), Line::value);
    }
    line.flag_if(
        resolved.given.engine.max_prompt_embedding_table_size > 0,
        "--max_prompt_embedding_table_size",
        resolved.given.engine.max_prompt_embedding_table_size,
    )
    .flag_if(resolved.world_size() > 1, "--workers", resolved.world_size().min(resolved.machine.gpus_per_node))
    .text()
}

fn gemm_plugin(resolved: &Resolved) -> &'static str {
    if resolved.given.engine.plugins.gemm_plugin { plugin_type(resolved) } else { "disable" }
}

/// The type of a plugin. The first versions have no `auto`.
fn plugin_type(resolved: &Resolved) -> &'static str {
    if resolved.version.has(Behavior::PluginsTakeAuto) { "auto" } else { resolved.precision.dtype.name() }
}
