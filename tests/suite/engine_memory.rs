//! Weights of engines, sizes of engine files, and execution contexts, compared with the printed
//! figures of public logs.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::support::resolved;
use trtllm_memory::deployment::Resolved;
use trtllm_memory::testing::{Inputs, activations, activations_law, engine_file_size, weights, weights_law};

const MIB: f64 = 1_048_576.0;
/// A tenth of a percent, the permitted error of laws that are exact on logs.
const EXACT: f64 = 0.001;

fn of(link: &str, law: impl Fn(&Inputs<f64>) -> f64) -> f64 {
    law(&Inputs::new(&resolved(link), 0))
}

/// "TensorRT-managed allocation … GPU n (MiB)", which is truncated, or "Total Weights Memory", in
/// MiB.
const WEIGHTS: &[(&str, &str, f64)] = &[
    ("TensorRT-LLM, docs/source/reference/memory.md", DOCUMENTATION, 6678.0),
    ("TensorRT-LLM 0.12, docs: trtllm-bench overview, FP8 (the figures are GPT-J's)", GPT_J, 6166.0),
    ("public README of Llama 3 with 0.8, and two engines of the same", LLAMA_3_BY_0_8, 15316.508),
    ("public guide to Baichuan-13B with 0.6", BAICHUAN, 25300.79),
    ("NVIDIA/TensorRT-LLM issue 1188", QWEN_INT8, 869.0),
    ("NVIDIA/TensorRT-LLM issue 3636", LLAMA_CONTEXT_LOGITS, 15380.0),
    (
        "tensorrtllm_backend issues 576 and 577, AWQ",
        "model=meta-llama/Meta-Llama-3-8B&tp_size=2&quant_algo=W4A16_AWQ&trtllm_version=0.12",
        2723.0,
    ),
    ("NVIDIA/TensorRT-LLM issue 1397", MISTRAL_BY_0_9, 13812.508),
    ("public notebook: a million tokens with 0.12", GRADIENT, 5093.0078),
    (
        "tensorrtllm_backend issue 685",
        "model=deepseek-ai/DeepSeek-R1-Distill-Qwen-32B&gpu=a100-80gb&max_batch_size=1&trtllm_version=0.16",
        62556.0,
    ),
    ("public trtllm-bench results of 0.16", LLAMA_70B_FP8, 8727.0),
    ("public build notes of GPT-2 with 0.20", GPT_2, 310.979),
    (
        "NVIDIA/TensorRT-LLM issue 772: bytes that were asked for",
        "model=Qwen/Qwen-72B&gpu=rtx-4090&tp_size=4&quant_algo=W8A16&trtllm_version=0.8",
        19618.96,
    ),
    ("public notes: Qwen2.5-7B with 1.2, peak of the build", QWEN_AWQ, 5306.0),
];

/// "Loaded engine size", in MiB.
const FILES: &[(&str, f64)] = &[
    (DOCUMENTATION, 6695.0),
    (GPT_J, 6214.0),
    (LLAMA_3_BY_0_8, 15320.0),
    (QWEN_INT8, 875.0),
    (LLAMA_CONTEXT_LOGITS, 15388.0),
    (QWEN_BENCH, 7992.0),
    (LLAMA_PAIR, 8231.0),
    (LLAMA_70B_FP8, 8925.0),
    // NVIDIA/TensorRT-LLM issue 4028: a tied LM head is stored once.
    (
        "model=openai-community/gpt2&dtype=float16&max_batch_size=64&max_num_tokens=384&max_seq_len=384\
         &trtllm_version=0.21",
        240.0,
    ),
    // Engines on Hugging Face, whose sizes are given in 10^9 bytes: Mixtral on two and on eight
    // ranks, Llama 3.1 on two, Llama 3 70B in AWQ, Llama 2 7B with SmoothQuant.
    ("model=mistralai/Mixtral-8x7B-v0.1&tp_size=2&dtype=float16&trtllm_version=0.8", 46.8e9 / MIB),
    ("model=mistralai/Mixtral-8x7B-v0.1&tp_size=8&dtype=float16&trtllm_version=0.8", 11.9e9 / MIB),
    ("model=meta-llama/Llama-3.1-8B-Instruct&tp_size=2&trtllm_version=0.13", 8.63e9 / MIB),
    (
        "model=meta-llama/Meta-Llama-3-70B-Instruct&gpu=a100-80gb&quant_algo=W4A16_AWQ&kv_cache_dtype=int8\
         &trtllm_version=0.12",
        39.5e9 / MIB,
    ),
    (
        "model=meta-llama/Llama-2-7b-hf&gpu=a100-80gb&quant_algo=W8A8_SQ_PER_TENSOR_PLUGIN&kv_cache_dtype=int8\
         &trtllm_version=0.8",
        7.01e9 / MIB,
    ),
];

/// "Allocated n MiB for execution context memory" or "Total Activation Memory", in MiB, with the
/// permitted error.
const CONTEXTS: &[(&str, &str, f64, f64)] = &[
    ("NVIDIA/TensorRT-LLM issue 1188", QWEN_INT8, 773.51, EXACT),
    (
        "issue 1188, for one sequence",
        "model=Qwen/Qwen2.5-Coder-0.5B-Instruct&gpu=a10&quant_algo=W8A16&max_seq_len=32768&max_batch_size=1\
         &max_num_tokens=512&trtllm_version=0.14&dtype=float16",
        43.26,
        EXACT,
    ),
    (
        "public README of 0.17 on Windows, 1.5B",
        "model=deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B&gpu=rtx-4090&quant_algo=W4A16&trtllm_version=0.17",
        921.51,
        EXACT,
    ),
    (
        "public README of 0.17 on Windows, 7B",
        "model=deepseek-ai/DeepSeek-R1-Distill-Qwen-7B&gpu=rtx-4090&quant_algo=W4A16&trtllm_version=0.17",
        1298.01,
        EXACT,
    ),
    ("NVIDIA/TensorRT-LLM issue 3636: logits of the prompts kept", LLAMA_CONTEXT_LOGITS, 37812.51, EXACT),
    ("NVIDIA/TensorRT-LLM issue 2785", QWEN_BENCH, 1379.01, EXACT),
    ("tensorrtllm_backend issue 577", LLAMA_PAIR, 480.04, EXACT),
    ("NVIDIA/TensorRT-LLM issue 1397", MISTRAL_BY_0_9, 2976.0039, EXACT),
    ("public README of Llama 3 with 0.8, without the GEMM plugin", LLAMA_3_BY_0_8, 1728.0034, EXACT),
    ("public guide to Baichuan-13B with 0.6", BAICHUAN, 6016.0029, EXACT),
    ("public notebook: a million tokens with 0.12", GRADIENT, 218.6455, EXACT),
    ("public build notes of GPT-2 with 0.20", GPT_2, 480.1020, EXACT),
    (
        "the same for twice as much",
        "model=openai-community/gpt2&gpu=a100-80gb&dtype=float16&max_batch_size=128&max_num_tokens=65536\
         &max_seq_len=4096&trtllm_version=0.20",
        960.1934,
        EXACT,
    ),
    (
        "NVIDIA/TensorRT-LLM issue 1716",
        "model=huggyllama/llama-7b&max_batch_size=128&max_num_tokens=131072&max_seq_len=1536&trtllm_version=0.11",
        10304.0,
        EXACT,
    ),
    // The source rounds to 10^6 bytes.
    ("public notes: Qwen2.5-7B with 1.2", QWEN_AWQ, 262e6 / MIB, 0.002),
    (
        "the same for 512 tokens: generation's workspace",
        "model=Qwen/Qwen2.5-7B-Instruct&gpu=rtx-3090&quant_algo=W4A16_AWQ&dtype=float16&max_batch_size=1\
         &max_seq_len=512&trtllm_version=1.2",
        91e6 / MIB,
        0.006,
    ),
    (
        "public benchmark notes of 0.11",
        "model=meta-llama/Llama-2-7b-chat-hf&quant_algo=FP8&kv_cache_dtype=fp8&trtllm_version=0.11",
        1112.0,
        EXACT,
    ),
    ("public trtllm-bench results of 0.16", LLAMA_70B_FP8, 1013.01, EXACT),
    (
        "TensorRT-LLM, docs/source/reference/memory.md; the reason for the difference is unknown",
        DOCUMENTATION,
        1134.01,
        0.02,
    ),
    ("TensorRT-LLM 0.12, docs: trtllm-bench overview", GPT_J, 928.77, 0.02),
    (
        "NVIDIA/TensorRT-LLM issue 2810: the first of several profiles",
        "model=meta-llama/Llama-3.1-70B-Instruct&tp_size=4&quant_algo=FP8&kv_cache_dtype=fp8&max_batch_size=512\
         &max_num_tokens=64&multiple_profiles=true&trtllm_version=0.17",
        182.9433,
        0.01,
    ),
    ("NVIDIA/TensorRT-LLM issue 2683", DEEPSEEK, 2265.58, EXACT),
    // The figure is exact without paged context FMHA; the source does not state this setting.
    (
        "public run notes of Qwen1.5-MoE with 1.2",
        "model=Qwen/Qwen1.5-MoE-A2.7B&gpu=rtx-4080&quant_algo=W4A16&dtype=float16&max_batch_size=4&max_num_tokens=512\
         &max_seq_len=256&use_paged_context_fmha=false&trtllm_version=1.2",
        55.03,
        EXACT,
    ),
];

const DOCUMENTATION: &str = "model=meta-llama/Llama-2-7b-hf&quant_algo=FP8&kv_cache_dtype=fp8&max_batch_size=256\
                             &max_num_tokens=8192&max_seq_len=2048&tokens_per_block=64&gemm_plugin=false\
                             &trtllm_version=0.13";
const GPT_J: &str = "model=EleutherAI/gpt-j-6b&quant_algo=FP8&kv_cache_dtype=fp8&dtype=float16&max_batch_size=4096\
                     &max_num_tokens=8192&max_seq_len=4098&multiple_profiles=true&gemm_plugin=false\
                     &trtllm_version=0.12";
const LLAMA_3_BY_0_8: &str = "model=meta-llama/Meta-Llama-3-8B&max_batch_size=64&max_num_tokens=12288&max_seq_len=2048\
                              &gemm_plugin=false&trtllm_version=0.8";
const BAICHUAN: &str =
    "model=baichuan-inc/Baichuan-13B-Chat&max_batch_size=64&max_num_tokens=65536&dtype=float16&trtllm_version=0.8";
const QWEN_INT8: &str = "model=Qwen/Qwen2.5-Coder-0.5B-Instruct&gpu=a10&quant_algo=W8A16&max_seq_len=32768\
                         &trtllm_version=0.14&dtype=float16";
const LLAMA_CONTEXT_LOGITS: &str = "model=meta-llama/Llama-3.1-8B-Instruct&dtype=float16&max_num_tokens=128000\
                                    &max_batch_size=64&gather_context_logits=true&gather_generation_logits=true\
                                    &logits_dtype=float16&trtllm_version=0.18";
const MISTRAL_BY_0_9: &str = "model=mistralai/Mistral-7B-v0.1&dtype=float16&kv_cache_dtype=int8&max_batch_size=32\
                              &max_num_tokens=32768&trtllm_version=0.9";
const GRADIENT: &str = "model=gradientai/Llama-3-8B-Instruct-Gradient-1048k&tp_size=4&dtype=float16\
                        &max_num_tokens=4096&max_seq_len=1048576&use_paged_context_fmha=true&trtllm_version=0.12";
const LLAMA_70B_FP8: &str = "model=meta-llama/Llama-3.1-70B-Instruct&tp_size=8&quant_algo=FP8&kv_cache_dtype=fp8\
                             &max_seq_len=25000&multiple_profiles=true&gemm_plugin=false&trtllm_version=0.16";
const GPT_2: &str = "model=openai-community/gpt2&gpu=a100-80gb&dtype=float16&max_batch_size=64&max_num_tokens=32768\
                     &max_seq_len=4096&trtllm_version=0.20";
const QWEN_BENCH: &str = "model=Qwen/Qwen1.5-7B&tp_size=2&gemm_plugin=false&trtllm_version=0.17";
const LLAMA_PAIR: &str = "model=meta-llama/Llama-3.1-8B&tp_size=2&max_batch_size=8&dtype=float16\
                          &use_paged_context_fmha=true&use_fused_mlp=false&trtllm_version=0.13";
const QWEN_AWQ: &str = "model=Qwen/Qwen2.5-7B-Instruct&gpu=rtx-3090&quant_algo=W4A16_AWQ&dtype=float16\
                        &max_batch_size=1&max_seq_len=2048&trtllm_version=1.2";
const DEEPSEEK: &str = "model=deepseek-ai/DeepSeek-V3&gpu=h20&tp_size=8&quant_algo=W4A16&max_batch_size=2\
                        &max_seq_len=4096&trtllm_version=0.17";

#[test]
fn weights_match_logs_to_a_mib() {
    for (source, link, printed) in WEIGHTS {
        let predicted = of(link, weights) / MIB;
        assert!((predicted - printed).abs() <= 1.0, "{source}: {predicted:.2} MiB, printed {printed}");
    }
}

#[test]
fn engine_files_are_predicted_within_half_a_percent() {
    for (link, printed) in FILES {
        let predicted = of(link, engine_file_size) / MIB;
        assert!((predicted / printed - 1.0).abs() <= 0.005, "{link}: {predicted:.1} MiB, printed {printed:.1}");
    }
}

#[test]
fn execution_contexts_match_logs() {
    for (source, link, printed, within) in CONTEXTS {
        let predicted = of(link, activations) / MIB;
        assert!((predicted / printed - 1.0).abs() <= *within, "{source}: {predicted:.3} MiB, printed {printed:.3}");
    }
}

#[test]
fn builds_that_print_bytes_are_predicted_to_the_byte() {
    assert_eq!(of(GPT_2, activations), 503_420_928.0);
    assert_eq!(of(GRADIENT, weights), 5_340_405_760.0);
}

#[test]
fn less_certain_figures_stay_inside_their_band() {
    let weighed = [
        (DEEPSEEK, 46523.0),
        ("model=Qwen/Qwen1.5-MoE-A2.7B&gpu=rtx-4080&quant_algo=W4A16&dtype=float16&trtllm_version=1.2", 7757.24),
        ("model=Qwen/Qwen2-72B-Instruct&gpu=a100-80gb&tp_size=2&quant_algo=W4A16_GPTQ&trtllm_version=0.11", 20911.0),
    ];
    for (link, printed) in weighed {
        let (law, predicted) = (weights_law(&resolved(link)), of(link, weights) / MIB);
        let band = predicted * (1.0 - law.below)..predicted * (1.0 + law.above);
        assert!(band.contains(&printed), "{link}: {band:?}, printed {printed}");
    }
    for (link, printed) in [(DOCUMENTATION, 1134.01), (GPT_J, 928.77)] {
        let (law, predicted) = (activations_law(&resolved(link)), of(link, activations) / MIB);
        let band = predicted * (1.0 - law.below)..predicted * (1.0 + law.above);
        assert!(band.contains(&printed), "{link}: {band:?}, printed {printed}");
    }
}

#[test]
fn zero_points_of_gptq_take_no_memory() {
    // Public notes of 0.17 on Windows: GPTQ takes 0.092 GiB more than INT4 weight-only; zero points
    // would double the difference.
    let engine = |algo: &str| {
        of(
            &format!(
                "model=deepseek-ai/DeepSeek-R1-Distill-Qwen-7B&gpu=rtx-4090&quant_algo={algo}&trtllm_version=0.17"
            ),
            weights,
        )
    };
    let more = (engine("W4A16_GPTQ") - engine("W4A16")) / (1u64 << 30) as f64;
    assert!((more - 0.092).abs() < 0.002, "{more}");
}

#[test]
fn only_the_last_stage_has_logits() {
    let resolved =
        resolved("model=meta-llama/Llama-3.1-8B&pp_size=2&max_batch_size=2048&max_num_tokens=2048&use_fused_mlp=false");
    let [first, last] = [0, 1].map(|stage| activations(&Inputs::<f64>::new(&resolved, stage)));
    let logits = 2.0 * 2048.0 * 128_256.0;
    assert!(last - first > logits * 0.8 && last - first < logits, "{first} {last}");
}

#[test]
fn activations_grow_with_adapters_beams_and_draft_tokens() {
    let context = |more: &str| of(&format!("model=meta-llama/Llama-3.1-8B&use_fused_mlp=false&{more}"), activations);
    let small = context("max_batch_size=64&max_num_tokens=2048");
    // An adapter of rank 8 fits in the cuBLAS workspace. An adapter of rank 512 on queries, keys
    // and values takes 16 partial products.
    assert_eq!(context("max_batch_size=64&max_num_tokens=2048&max_lora_rank=8"), small);
    let adapters = "max_batch_size=64&max_lora_rank=512&lora_target_modules=attn_q,attn_k,attn_v";
    let workspace = 16.0 * 8192.0 * 3.0 * 512.0 * 4.0 + 8192.0 * 3.0 * 512.0 * 2.0 + 64.0 * 3.0 * 112.0;
    let columns = 2.0 * 8192.0 * 14336.0;
    assert_eq!(context(adapters) - context("max_batch_size=64"), workspace - columns);
    // Beams count as sequences, draft tokens as additional rows of logits.
    let beams = context("max_batch_size=64&max_num_tokens=2048&max_beam_width=4");
    assert_eq!(beams, context("max_batch_size=256&max_num_tokens=2048"));
    let drafts =
        "max_batch_size=64&max_num_tokens=2048&speculative_decoding_mode=draft_tokens_external&max_draft_len=7";
    assert_eq!(context(drafts) - small, 2.0 * 512.0 * 128_256.0 - 2.0 * 2048.0 * 14336.0);
}

#[test]
fn an_engine_for_all_requests_takes_almost_sixteen_times_the_micro_batch() {
    // TensorRT-LLM, docs/source/reference/memory.md: four stages with 16 micro-batches of 2,
    // compared with an engine for all 32 requests.
    let stage = |batch: u64| {
        let link = format!(
            "model=meta-llama/Llama-2-7b-hf&pp_size=4&use_fused_mlp=false&remove_input_padding=false\
             &max_input_len=2048&max_batch_size={batch}"
        );
        of(&link, activations)
    };
    let times = stage(32) / stage(2);
    assert!((15.0..=16.0).contains(&times), "{times}");
}

/// The last of several stages stores the tied LM head again, because the first stage holds the
/// embedding table: 128,256 rows of 2048 values for Llama 3.2 1B. A single stage stores it once
/// from 0.21 on.
#[test]
fn a_tied_head_is_stored_again_on_another_stage() {
    let link = "model=meta-llama/Llama-3.2-1B&trtllm_version=0.21";
    let (one, two) = (resolved(link), resolved(&format!("{link}&pp_size=2")));
    let stage = |resolved: &Resolved, stage| weights(&Inputs::<f64>::new(resolved, stage));
    let more = stage(&two, 0) + stage(&two, 1) - stage(&one, 0);
    let head = 128_256.0 * 2048.0 * 2.0;
    // Each stage also has a table of rotations: 131,072 positions of 64 values in 32 bits.
    let table = 131_072.0 * 64.0 * 4.0;
    assert!((more - head - table).abs() < 1000.0, "{more} {head} {table}");
}
