//! What TensorRT-LLM corrects or refuses when it builds and runs an engine.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use trtllm_memory::deployment::{DeploymentError, Resolved};
use trtllm_memory::link;

fn try_plan(link: &str) -> Result<Resolved, DeploymentError> {
    let decoded = link::decode(link);
    assert!(decoded.problems.is_empty(), "{link}: {:?}", decoded.problems);
    decoded.deployment.resolve()
}

fn resolved(link: &str) -> Resolved {
    try_plan(link).unwrap_or_else(|problems| panic!("{link}: {problems}"))
}

fn has_note(resolved: &Resolved, field: &str, words: &str) -> bool {
    resolved.notes.iter().any(|note| note.field == field && note.message.contains(words))
}

fn problem(link: &str, field: &str) -> String {
    let problems = try_plan(link).expect_err(link);
    problems.of(field).unwrap_or_else(|| panic!("{link}: {problems}")).message.clone()
}

#[test]
fn max_num_tokens_is_checked_in_trtllm_builds_order() {
    let lowered = resolved("model=meta-llama/Llama-3.1-8B&max_batch_size=1&max_seq_len=2048");
    assert_eq!(lowered.limits.max_num_tokens, 2048);
    assert!(has_note(&lowered, "max_num_tokens", "Lowered to 2,048"));
    // First down to all tokens, then up to the longest prompt.
    let raised = resolved("model=meta-llama/Llama-3.1-8B&context_fmha=false&max_num_tokens=100&max_input_len=512");
    assert_eq!(raised.limits.max_num_tokens, 512);
    let block = resolved("model=meta-llama/Llama-3.1-8B&max_num_tokens=4&tokens_per_block=32");
    assert_eq!(block.limits.max_num_tokens, 32);
    assert!(has_note(&block, "max_num_tokens", "enable_chunked_context"));
    let padded =
        resolved("model=meta-llama/Llama-3.1-8B&remove_input_padding=false&max_batch_size=16&max_input_len=512");
    assert_eq!(padded.limits.max_num_tokens, 16 * 512);
    assert!(has_note(&resolved("max_num_tokens=65536"), "max_num_tokens", "16,384"));
}

#[test]
fn drafts_lengthen_sequences_and_steps() {
    let external = resolved(
        "speculative_decoding_mode=draft_tokens_external&max_draft_len=10&max_seq_len=4096&max_batch_size=1024",
    );
    assert_eq!((external.limits.max_seq_len, external.limits.max_num_tokens), (4106, 1024 * 11));
    assert!(has_note(&external, "max_num_tokens", "max_draft_len"));
    // EAGLE's steps are added to its drafts.
    let eagle = resolved(
        "speculative_decoding_mode=eagle&max_draft_len=63&num_eagle_layers=4&max_seq_len=2048&max_batch_size=8",
    );
    assert_eq!((eagle.limits.max_seq_len, eagle.limits.max_num_tokens), (2048 + 63 + 4, 8192));
}

#[test]
fn max_seq_len_is_deduced_and_bounds_prompts() {
    let deduced = resolved("model=meta-llama/Llama-3.1-8B");
    assert_eq!(deduced.limits.max_seq_len, 131_072);
    let long = resolved("model=meta-llama/Llama-2-7b-hf&max_seq_len=8192");
    assert!(has_note(&long, "max_seq_len", "4,096"));
    let prompt = resolved("model=meta-llama/Llama-2-7b-hf&max_input_len=8192&context_fmha=false");
    assert_eq!(prompt.limits.max_input_len, 4096);
    assert!(has_note(&prompt, "max_input_len", "Lowered"));
    assert!(has_note(&resolved("max_input_len=2048"), "max_input_len", "Ignored"));
}

#[test]
fn a_prompt_longer_than_the_sequence_is_refused() {
    let message = problem("max_seq_len=1024&max_input_len=2048", "max_input_len");
    assert!(message.contains("2,048") && message.contains("1,024"), "{message}");
}

#[test]
fn paged_and_fp8_context_fmha_correct_each_other() {
    let fmha = |link: &str| {
        let resolved = resolved(link);
        (resolved.engine.use_paged_context_fmha, resolved.engine.use_fp8_context_fmha)
    };
    assert_eq!(fmha(""), (true, false));
    assert_eq!(fmha("quant_algo=FP8"), (true, false), "through a 16-bit cache");
    assert_eq!(fmha("quant_algo=FP8&kv_cache_dtype=fp8"), (true, true));
    assert_eq!(fmha("quant_algo=FP8&kv_cache_dtype=fp8&use_fp8_context_fmha=false"), (true, true), "paged needs it");
    assert_eq!(fmha("quant_algo=FP8&use_paged_context_fmha=false"), (false, true));
    assert_eq!(fmha("kv_cache_dtype=fp8"), (false, false), "16-bit weights over an FP8 cache");
    assert_eq!(fmha("gpu=a100-80gb&kv_cache_dtype=int8"), (false, false));
    assert_eq!(fmha("streamingllm=true"), (false, false));
    assert_eq!(fmha("quant_algo=FP8&kv_cache_dtype=fp8&context_fmha=false"), (false, false));
    assert!(has_note(&resolved("kv_cache_dtype=fp8"), "use_paged_context_fmha", "Turned off"));
    assert!(has_note(&resolved("use_fp8_context_fmha=true"), "use_fp8_context_fmha", "quant_algo"));
}

#[test]
fn cards_without_a_kernel_attend_without_context_fmha() {
    let t4 = resolved("model=Qwen/Qwen2-0.5B&gpu=t4&max_batch_size=8");
    assert!(!t4.engine.context_fmha && has_note(&t4, "context_fmha", "no kernel"));
    assert!(resolved("model=Qwen/Qwen2-0.5B&gpu=l4").engine.context_fmha);
    assert!(!resolved("model=microsoft/Phi-3-mini-128k-instruct&gpu=b200").engine.context_fmha);
    assert!(resolved("model=microsoft/Phi-3-mini-128k-instruct&gpu=h100-sxm").engine.context_fmha);
}

#[test]
fn the_runtime_stays_within_what_was_built() {
    assert!(problem("max_batch_size=64&runtime_max_batch_size=65", "runtime_max_batch_size").contains("64"));
    assert!(problem("runtime_max_num_tokens=9000", "runtime_max_num_tokens").contains("8,192"));
    let within = resolved("max_batch_size=64&runtime_max_batch_size=64&runtime_max_num_tokens=1024");
    assert_eq!((within.limits.runtime_max_batch_size, within.limits.runtime_max_num_tokens), (64, 1024));
}

#[test]
fn what_can_not_be_built_is_refused_at_its_field() {
    for algo in [
        "W8A16",
        "W4A16",
        "W4A16_AWQ",
        "W4A16_GPTQ",
        "W8A8_SQ_PER_CHANNEL",
        "W4A8_QSERVE_PER_GROUP",
        "FP8_PER_CHANNEL_PER_TOKEN",
    ] {
        assert!(problem(&format!("gpu=b200&quant_algo={algo}"), "quant_algo").contains("10.0"));
    }
    assert!(try_plan("gpu=rtx-5090&quant_algo=W4A16_AWQ&max_seq_len=4096").is_ok(), "consumer Blackwell can");
    problem("gpu=b200&kv_cache_dtype=int8", "kv_cache_dtype");
    problem("gpu=a100-80gb&quant_algo=FP8", "quant_algo");
    problem("speculative_decoding_mode=medusa&max_beam_width=2", "max_beam_width");
    problem("speculative_decoding_mode=lookahead_decoding&max_draft_len=8", "max_draft_len");
    problem("model=mistralai/Mixtral-8x7B-v0.1&tp_size=4&moe_tp_size=2&moe_ep_size=4", "moe_ep_size");
    problem("model=meta-llama/Llama-3.1-8B&tp_size=3", "tp_size");
}
