//! The recipe for `examples/run.py`, the quickest test of an engine.

use super::shell::Line;
use super::{ENGINE_DIR, MODEL_DIR, Recipe, Step};
use crate::deployment::{Deployment, Resolved, Runtime};

/// The recipe (`examples/run.py`, `examples/utils.py`).
pub(super) fn recipe(deployment: &Deployment, resolved: &Resolved) -> Recipe {
    let world = resolved.world_size();
    let program = if world > 1 {
        format!("mpirun -n {world} --allow-run-as-root python3 examples/run.py")
    } else {
        "python3 examples/run.py".into()
    };
    let window: Vec<String> = deployment.kv_cache.max_attention_window.iter().map(u64::to_string).collect();
    let mut line = Line::new(program)
        .flag("--engine_dir", ENGINE_DIR)
        .flag("--tokenizer_dir", MODEL_DIR)
        .flag("--max_output_len", 64.min(resolved.limits.max_seq_len))
        .flag_if(resolved.limits.max_beam_width > 1, "--num_beams", resolved.limits.max_beam_width);
    if resolved.given.engine.runtime == Runtime::PySession {
        line = line.switch_if(true, "--use_py_session");
    } else {
        line = line
            .optional("--kv_cache_free_gpu_memory_fraction", resolved.kv_cache.free_gpu_memory_fraction)
            .optional("--max_tokens_in_paged_kv_cache", resolved.given.kv_cache.max_tokens)
            .switch_if(deployment.kv_cache.enable_block_reuse == Some(true), "--kv_cache_enable_block_reuse")
            .switch_if(deployment.engine.enable_chunked_context, "--enable_chunked_context");
    }
    if !window.is_empty() {
        line =
            window.iter().fold(line.switch_if(true, "--max_attention_window_size"), |line, tokens| line.value(tokens));
    }
    let line = line.flag_if(
        resolved.given.engine.sink_token_length > 0,
        "--sink_token_length",
        resolved.given.engine.sink_token_length,
    );
    let notes = vec!["run.py sizes its buffers for the prompts of this call, not for max_batch_size.".to_string()];
    Recipe {
        key: "run.py",
        title: "Try the engine with run.py",
        steps: vec![Step::shell("Generate", line.text())],
        notes,
    }
}
