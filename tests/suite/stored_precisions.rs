//! Deployments in the precision of their repository: the defaults of a link of version 2.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use trtllm_memory::deployment::QuantAlgo;
use trtllm_memory::link;
use trtllm_memory::memory::{Contributor, Report, estimate};

/// The report of a link of version 2; panics if the link or the deployment is invalid.
fn report(link: &str) -> Report {
    let decoded = link::decode(&format!("v=2&{link}"));
    assert_eq!(decoded.problems, [], "{link}");
    estimate(&decoded.deployment).unwrap_or_else(|problems| panic!("{link}: {problems}"))
}

/// The weights of the fullest GPU in bytes.
fn weights(report: &Report) -> f64 {
    let bytes = report.ranks.iter().map(|rank| rank.figure(Contributor::Weights).bytes.0);
    bytes.max().unwrap_or_default() as f64
}

fn gib(bytes: f64) -> f64 {
    bytes / f64::from(1 << 30)
}

/// Asserts that a value is within `share` of the expected one.
fn near(value: f64, expected: f64, share: f64, what: &str) {
    assert!((value / expected - 1.0).abs() <= share, "{what}: {value}, not {expected}");
}

/// Bytes of gpt-oss in memory. MXFP4 takes 17 bytes for 32 values; the experts' 2880 rows and
/// columns are padded to 2944. Attention, embedding, head and router are in 16 bit.
fn gpt_oss(layers: f64, experts: f64) -> f64 {
    let (hidden, padded, vocab) = (2880.0, 2944.0, 201_088.0);
    let of_experts = layers * experts * (3.0 * padded * padded * 17.0 / 32.0);
    let attention = layers * hidden * (2.0 * 64.0 * 64.0 + 2.0 * 8.0 * 64.0) * 2.0;
    of_experts + attention + layers * experts * hidden * 2.0 + 2.0 * vocab * hidden * 2.0
}

#[test]
fn gpt_oss_runs_in_mxfp4_on_one_h100() {
    for (model, (layers, experts), expected) in
        [("openai/gpt-oss-120b", (36.0, 128.0), 63.4), ("openai/gpt-oss-20b", (24.0, 32.0), 13.25)]
    {
        let report = report(&format!("model={model}"));
        assert!(report.verdict.fits(), "{model}: {:?}", report.verdict);
        near(gib(weights(&report)), expected, 0.002, model);
        // The expected size has no biases.
        near(weights(&report), gpt_oss(layers, experts), 0.004, model);
    }
}

/// The activations' type depends on the GPU, the stored weights don't.
#[test]
fn mxfp4_has_larger_activations_on_hopper() {
    let of = |gpu: &str| link::decode(&format!("v=2&model=openai/gpt-oss-120b&gpu={gpu}")).deployment;
    assert_eq!((of("h100").quant_algo(), of("b200").quant_algo()), (QuantAlgo::W4A16Mxfp4, QuantAlgo::W4A8Mxfp4Mxfp8));
    let stated = link::decode("v=1&model=openai/gpt-oss-120b&gpu=h100&backend=pytorch&quant_algo=auto").deployment;
    assert_eq!(stated, of("h100"));
}

/// Bytes of DeepSeek R1 on each of eight GPUs. A value takes one byte, and 128 · 128 values a scale
/// of four. The compressions of attention and the embedding are whole on each GPU; embedding, head
/// and router are in 16 bit, as is the expansion of keys and values, which is converted.
fn deepseek_r1() -> f64 {
    let (hidden, expert, heads) = (7168.0, 2048.0, 128.0);
    let experts = 58.0 * 257.0 * 3.0 * hidden * expert;
    let dense = 3.0 * 3.0 * hidden * 18_432.0;
    let expansion = 61.0 * 512.0 * heads * 256.0;
    let queries_and_output = 61.0 * (1536.0 * heads * 192.0 + heads * 128.0 * hidden);
    let whole = 61.0 * hidden * (1536.0 + 576.0);
    let scaled = (experts + dense + queries_and_output) / 8.0 + whole;
    let vocab = 129_280.0 * hidden * 2.0;
    scaled * (1.0 + 4.0 / 16_384.0) + expansion * 2.0 / 8.0 + vocab * 9.0 / 8.0 + 58.0 * 256.0 * hidden * 2.0
}

/// A token has 61 · (512 + 64) values of two bytes in the KV cache.
#[test]
fn deepseek_r1_runs_in_fp8_on_eight_h200() {
    let report = report("model=deepseek-ai/DeepSeek-R1&gpu=h200&tp_size=8");
    assert!(report.verdict.fits(), "{:?}", report.verdict);
    near(gib(weights(&report)), 80.86, 0.001, "weights");
    near(weights(&report), deepseek_r1(), 0.002, "weights");
    assert_eq!(report.kv_cache.bytes_per_token, 70_272.0);
    near(report.kv_cache.tokens as f64, 708_992.0, 0.01, "tokens");
}

/// Published sizes of repositories that hold the text model alone, in bytes.
const PUBLISHED: [(&str, f64); 9] = [
    // The list of files on Hugging Face, in GiB to three digits.
    ("nvidia/Qwen3-8B-FP8", 8.788 * 1_073_741_824.0),
    ("nvidia/Qwen3-8B-NVFP4", 5.958 * 1_073_741_824.0),
    ("nvidia/Qwen3-32B-NVFP4", 19.247 * 1_073_741_824.0),
    ("nvidia/Phi-4-reasoning-plus-NVFP4", 9.056 * 1_073_741_824.0),
    ("RedHatAI/Qwen3-Coder-Next-NVFP4", 44.3 * 1_073_741_824.0),
    // The README of hf-mem, which sums the tensors of the repository.
    ("MiniMaxAI/MiniMax-M2", 230_121_630_720.0),
    // The headers of the safetensors files, in GiB to two digits.
    ("microsoft/phi-4", 27.31 * 1_073_741_824.0),
    ("mistralai/Mixtral-8x7B-v0.1", 86.99 * 1_073_741_824.0),
    ("Qwen/Qwen2.5-72B-Instruct", 135.43 * 1_073_741_824.0),
];

#[test]
fn weights_take_the_published_size_of_their_repository() {
    for (model, expected) in PUBLISHED {
        near(weights(&report(&format!("model={model}&gpu=b300"))), expected, 0.01, model);
    }
}

/// NVIDIA's files of Qwen3 8B ask for an FP8 KV cache, Qwen's don't: 36 layers with keys and values
/// of 8 heads of 128 values.
#[test]
fn the_kv_cache_has_the_type_that_the_files_ask_for() {
    let bytes = |link: &str| report(link).kv_cache.bytes_per_token;
    let values = 36.0 * 2.0 * 8.0 * 128.0;
    assert_eq!(bytes("model=nvidia/Qwen3-8B-FP8"), values);
    assert_eq!(bytes("model=Qwen/Qwen3-8B-FP8"), 2.0 * values);
    assert_eq!(bytes("model=nvidia/Qwen3-8B-FP8&kv_cache_dtype=bf16"), 2.0 * values);
}

/// A repository in another precision needs a conversion, which a note says.
#[test]
fn another_precision_than_the_stored_one_is_noted() {
    let note = |link: &str| {
        let resolved = link::decode(&format!("v=2&{link}")).deployment.resolve().unwrap();
        resolved.notes.iter().find(|note| note.field == "quant_algo").map(|note| note.message.to_string())
    };
    assert_eq!(note("model=openai/gpt-oss-120b"), None);
    assert_eq!(note("model=nvidia/Qwen3-8B-FP8&quant_algo=FP8"), None);
    let converted = note("model=nvidia/Qwen3-8B-FP8&quant_algo=NO_QUANT").unwrap();
    assert!(converted.contains("16 bit") && converted.contains("FP8"), "{converted}");
}
