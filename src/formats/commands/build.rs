//! `trtllm-build`.

use super::shell::Line;
use super::{CHECKPOINT_DIR, ENGINE_DIR};
use crate::architecture::Dtype;
use crate::deployment::{Deployment, Fact, KvCacheType, Plan, SpeculativeDecodingMode};

/// The command that builds the engine (`tensorrt_llm/commands/build.py`, `tensorrt_llm/plugin/plugin.py`).
pub fn command(deployment: &Deployment, plan: &Plan) -> String {
    let switch = |on: bool| if on { "enable" } else { "disable" };
    let mut line = Line::new("trtllm-build")
        .flag("--checkpoint_dir", CHECKPOINT_DIR)
        .flag("--output_dir", ENGINE_DIR)
        .flag("--max_batch_size", plan.max_batch_size)
        .flag("--max_num_tokens", plan.max_num_tokens);
    line = if plan.version.has(Fact::BuildTakesMaxSeqLen) {
        line.flag("--max_seq_len", plan.max_seq_len).flag_if(
            deployment.max_input_len.is_some(),
            "--max_input_len",
            plan.max_input_len,
        )
    } else {
        line.flag("--max_input_len", plan.max_input_len)
            .flag("--max_output_len", plan.max_seq_len.saturating_sub(plan.max_input_len).max(1))
    };
    line = line
        .flag_if(plan.max_beam_width > 1, "--max_beam_width", plan.max_beam_width)
        .flag("--gemm_plugin", gemm_plugin(plan))
        .flag_if(deployment.tokens_per_block.is_some(), "--tokens_per_block", plan.tokens_per_block)
        .flag_if(!plan.remove_input_padding, "--remove_input_padding", switch(false))
        .flag_if(!plan.context_fmha, "--context_fmha", switch(false));
    if plan.context_fmha {
        line = line.flag("--use_paged_context_fmha", switch(plan.use_paged_context_fmha));
        let counts = plan.use_fp8_context_fmha || deployment.use_fp8_context_fmha.is_some();
        line = line.flag_if(counts, "--use_fp8_context_fmha", switch(plan.use_fp8_context_fmha));
    }
    line = match plan.kv_cache_type {
        KvCacheType::Paged => line,
        KvCacheType::Continuous if plan.version.has(Fact::BuildTakesKvCacheType) => {
            line.flag("--kv_cache_type", KvCacheType::Continuous)
        }
        KvCacheType::Continuous => line.flag("--paged_kv_cache", switch(false)),
    };
    let fused = deployment.use_fused_mlp.filter(|_| plan.version.has(Fact::FusedMlpTakesAValue));
    line = line
        .optional("--use_fused_mlp", fused.map(switch))
        .flag_if(plan.multiple_profiles, "--multiple_profiles", switch(true))
        .flag_if(plan.streamingllm, "--streamingllm", switch(true))
        .switch_if(plan.gather_context_logits, "--gather_context_logits")
        .switch_if(plan.gather_generation_logits, "--gather_generation_logits")
        .optional("--logits_dtype", deployment.logits_dtype.filter(|dtype| *dtype != Dtype::Bfloat16));
    if plan.speculative_decoding_mode != SpeculativeDecodingMode::None {
        line = line
            .flag("--speculative_decoding_mode", plan.speculative_decoding_mode)
            .flag("--max_draft_len", plan.max_draft_len);
    }
    if plan.max_lora_rank > 0 {
        line = line.flag("--lora_plugin", plugin_type(plan)).flag("--max_lora_rank", plan.max_lora_rank);
        let modules = plan.lora_target_modules.iter().map(|module| module.name());
        line = modules.fold(line.switch_if(true, "--lora_target_modules"), Line::value);
    }
    line.flag_if(
        plan.max_prompt_embedding_table_size > 0,
        "--max_prompt_embedding_table_size",
        plan.max_prompt_embedding_table_size,
    )
    .flag_if(plan.world_size() > 1, "--workers", plan.world_size().min(plan.gpus_per_node))
    .text()
}

fn gemm_plugin(plan: &Plan) -> &'static str {
    if plan.gemm_plugin { plugin_type(plan) } else { "disable" }
}

/// The type of a plugin: the first versions have no `auto`.
fn plugin_type(plan: &Plan) -> &'static str {
    if plan.version.has(Fact::PluginsTakeAuto) { "auto" } else { plan.dtype.name() }
}
