//! Corrections and refusals of TensorRT-LLM when it builds and runs an engine.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::support::{deployment, resolved};
use trtllm_memory::deployment::{DeploymentError, Resolved};

fn try_plan(link: &str) -> Result<Resolved, DeploymentError> {
    deployment(link).resolve()
}

fn has_note(resolved: &Resolved, field: &str, words: &str) -> bool {
    resolved.notes.iter().any(|note| note.field == field && note.message.contains(words))
}

fn problem(link: &str, field: &str) -> String {
    let problems = try_plan(link).expect_err(link);
    problems.of(field).unwrap_or_else(|| panic!("{link}: {problems}")).message.clone()
}

#[test]
fn max_num_tokens_is_corrected_in_the_order_of_trtllm_build() {
    let lowered = resolved("model=meta-llama/Llama-3.1-8B&max_batch_size=1&max_seq_len=2048");
    assert_eq!(lowered.limits.max_num_tokens, 2048);
    assert!(has_note(&lowered, "max_num_tokens", "Lowered to 2,048"));
    // Lowered to the tokens of all sequences first, then raised to the longest prompt.
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
fn draft_tokens_lengthen_sequences_and_steps() {
    let external = resolved(
        "speculative_decoding_mode=draft_tokens_external&max_draft_len=10&max_seq_len=4096&max_batch_size=1024",
    );
    assert_eq!((external.limits.max_seq_len, external.limits.max_num_tokens), (4106, 1024 * 11));
    assert!(has_note(&external, "max_num_tokens", "max_draft_len"));
    // EAGLE adds its layers to the draft tokens.
    let eagle = resolved(
        "speculative_decoding_mode=eagle&max_draft_len=63&num_eagle_layers=4&max_seq_len=2048&max_batch_size=8",
    );
    assert_eq!((eagle.limits.max_seq_len, eagle.limits.max_num_tokens), (2048 + 63 + 4, 8192));
}

#[test]
fn max_seq_len_is_deduced_and_limits_prompts() {
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
    assert_eq!(fmha("quant_algo=FP8"), (true, false), "the cache is 16-bit");
    assert_eq!(fmha("quant_algo=FP8&kv_cache_dtype=fp8"), (true, true));
    assert_eq!(
        fmha("quant_algo=FP8&kv_cache_dtype=fp8&use_fp8_context_fmha=false"),
        (true, true),
        "paged context FMHA requires FP8 context FMHA here"
    );
    assert_eq!(fmha("quant_algo=FP8&use_paged_context_fmha=false"), (false, true));
    assert_eq!(fmha("kv_cache_dtype=fp8"), (false, false), "16-bit weights with an FP8 cache");
    assert_eq!(fmha("gpu=a100-80gb&kv_cache_dtype=int8"), (false, false));
    assert_eq!(fmha("streamingllm=true"), (false, false));
    assert_eq!(fmha("quant_algo=FP8&kv_cache_dtype=fp8&context_fmha=false"), (false, false));
    assert!(has_note(&resolved("kv_cache_dtype=fp8"), "use_paged_context_fmha", "Turned off"));
    assert!(has_note(&resolved("use_fp8_context_fmha=true"), "use_fp8_context_fmha", "quant_algo"));
}

#[test]
fn gpus_without_a_kernel_turn_context_fmha_off() {
    let t4 = resolved("model=Qwen/Qwen2-0.5B&gpu=t4&max_batch_size=8");
    assert!(!t4.engine.context_fmha && has_note(&t4, "context_fmha", "no kernel"));
    assert!(resolved("model=Qwen/Qwen2-0.5B&gpu=l4").engine.context_fmha);
    assert!(!resolved("model=microsoft/Phi-3-mini-128k-instruct&gpu=b200").engine.context_fmha);
    assert!(resolved("model=microsoft/Phi-3-mini-128k-instruct&gpu=h100-sxm").engine.context_fmha);
}

#[test]
fn runtime_limits_stay_within_build_limits() {
    assert!(problem("max_batch_size=64&runtime_max_batch_size=65", "runtime_max_batch_size").contains("64"));
    assert!(problem("runtime_max_num_tokens=9000", "runtime_max_num_tokens").contains("8,192"));
    let within = resolved("max_batch_size=64&runtime_max_batch_size=64&runtime_max_num_tokens=1024");
    assert_eq!((within.limits.runtime_max_batch_size, within.limits.runtime_max_num_tokens), (64, 1024));
}

/// Lengths and batches that are impossible on a GPU of any size. `MicroBatchConfig` in
/// `gptSession.cpp` checks `genBatchSize <= maxBatchSize`. Whisper's encoder has 1500 positions of
/// two frames each.
#[test]
fn impossible_lengths_are_refused_with_the_permitted_range() {
    for (link, field, right) in [
        ("sink_token_length=4294967296&max_seq_len=100", "sink_token_length", "below 100"),
        ("sink_token_length=100&max_seq_len=100", "sink_token_length", "below 100"),
        ("sink_token_length=64&max_attention_window=1024,64", "sink_token_length", "below 64"),
        ("runtime=gpt_session&max_batch_size=8&gen_micro_batch_size=9", "gen_micro_batch_size", "8"),
        (
            "backend=pytorch&decoding_type=NGram&max_seq_len=100&max_draft_len=100",
            "max_draft_len",
            "below max_seq_len, 100",
        ),
        ("model=openai/whisper-large-v3&max_encoder_input_len=3001", "max_encoder_input_len", "at most 3,000"),
    ] {
        let message = problem(link, field);
        assert!(message.contains(right), "{link}: {message}");
    }
    for link in [
        "sink_token_length=99&max_seq_len=100",
        "sink_token_length=63&max_attention_window=1024,64",
        "runtime=gpt_session&max_batch_size=8&gen_micro_batch_size=8",
        "max_batch_size=8&gen_micro_batch_size=9",
        "backend=pytorch&decoding_type=NGram&max_seq_len=100&max_draft_len=99",
        "backend=pytorch&max_seq_len=100&max_draft_len=100",
        "speculative_decoding_mode=draft_tokens_external&max_seq_len=100&max_draft_len=100",
        "model=openai/whisper-large-v3&max_encoder_input_len=3000",
    ] {
        assert!(try_plan(link).is_ok(), "{link}: {:?}", try_plan(link));
    }
}

#[test]
fn unsupported_builds_are_refused_at_their_field() {
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
    assert!(try_plan("gpu=rtx-5090&quant_algo=W4A16_AWQ&max_seq_len=4096").is_ok(), "consumer Blackwell supports it");
    problem("gpu=b200&kv_cache_dtype=int8", "kv_cache_dtype");
    problem("gpu=a100-80gb&quant_algo=FP8", "quant_algo");
    problem("speculative_decoding_mode=medusa&max_beam_width=2", "max_beam_width");
    problem("speculative_decoding_mode=lookahead_decoding&max_draft_len=8", "max_draft_len");
    problem("model=mistralai/Mixtral-8x7B-v0.1&tp_size=4&moe_tp_size=2&moe_ep_size=4", "moe_ep_size");
    problem("model=meta-llama/Llama-3.1-8B&tp_size=3", "tp_size");
}

/// GPT-2 has 50,257 tokens. The LM head is padded to a multiple of two, the ranks that share it.
/// The runtime's logits are padded to a multiple of all four ranks.
#[test]
fn the_runtime_pads_the_vocabulary_to_all_ranks() {
    let resolved = resolved("model=openai-community/gpt2&tp_size=2&pp_size=2");
    assert_eq!((resolved.padded_vocab(), resolved.runtime_vocab()), (50_258, 50_260));
}

/// `models/enc_dec/model.py` builds a decoder for the prompts or the beams of the whole batch,
/// depending on the larger number of tokens.
#[test]
fn a_decoder_with_an_encoder_is_sized_for_prompts_or_beams() {
    let tokens =
        |limits: &str| resolved(&format!("model=openai/whisper-large-v3&max_batch_size=8&{limits}")).engine_tokens();
    assert_eq!(tokens("max_input_len=1&max_beam_width=4"), 8 * 4);
    assert_eq!(tokens("max_input_len=14&max_beam_width=4"), 8 * 14);
}

/// Tries each precision on the last compute capability without it and on the first with it:
/// T4 7.5, RTX 3090 8.6, L40S 8.9, H100 9.0, B200 10.0.
#[test]
fn precisions_require_their_compute_capability() {
    for (setting, field, without, with) in [
        ("quant_algo=FP8", "quant_algo", "rtx-3090", "l40s"),
        ("quant_algo=W4A8_AWQ", "quant_algo", "rtx-3090", "l40s"),
        ("backend=pytorch&quant_algo=FP8_BLOCK_SCALES", "quant_algo", "l40s", "h100-sxm"),
        ("backend=pytorch&model=openai/gpt-oss-20b&quant_algo=W4A16_MXFP4", "quant_algo", "l40s", "h100-sxm"),
        ("quant_algo=NVFP4", "quant_algo", "h100-sxm", "b200"),
        ("kv_cache_dtype=fp8", "kv_cache_dtype", "rtx-3090", "l40s"),
        ("backend=pytorch&kv_cache_dtype=nvfp4", "kv_cache_dtype", "h100-sxm", "b200"),
        ("dtype=bfloat16", "dtype", "t4", "a100-80gb"),
        ("kv_cache_dtype=bf16", "kv_cache_dtype", "t4", "a100-80gb"),
    ] {
        problem(&format!("{setting}&gpu={without}"), field);
        assert!(try_plan(&format!("{setting}&gpu={with}")).is_ok(), "{setting} on {with}");
    }
}
