//! Runtime and decoder buffers of TensorRT engines.
//!
//! Figures of public logs are matched to the printed digit. Modes without a public log are compared
//! with figures calculated by hand from the sources.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::support::{deployment, report};
use trtllm_memory::architecture::{Architecture, LayerSet, Recurrence, RecurrenceKind, find};
use trtllm_memory::deployment::{BuildLimits, Deployment};
use trtllm_memory::memory::{Contributor, Report, estimate, explain};
use trtllm_memory::units::{GIB, KIB, MIB};

fn report_of(deployment: &Deployment) -> Report {
    estimate(deployment).unwrap_or_else(|problems| panic!("{problems}"))
}

fn bytes(report: &Report, contributor: Contributor) -> f64 {
    report.ranks[0].figure(contributor).bytes.0 as f64
}

/// Formats a size like TensorRT-LLM: two decimals of the largest binary unit below it.
fn printed(bytes: f64) -> String {
    let (unit, name) = match bytes as u64 {
        GIB.. => (GIB, "GB"),
        MIB.. => (MIB, "MB"),
        KIB.. => (KIB, "KB"),
        _ => (1, "B"),
    };
    format!("{:.2} {name}", bytes / unit as f64)
}

/// The settings of a log and its lines "… GPU memory for runtime buffers" and "… for decoder".
struct Log {
    source: &'static str,
    link: &'static str,
    runtime: &'static str,
    decoder: &'static str,
}

const LOGS: &[Log] = &[
    Log {
        source: "TensorRT-LLM, docs/source/reference/memory.md: example log",
        link: "model=meta-llama/Llama-2-7b-hf&quant_algo=FP8&kv_cache_dtype=fp8&max_batch_size=256&max_num_tokens=8192\
               &max_seq_len=2048&trtllm_version=0.13",
        runtime: "43.29 MB",
        decoder: "180.30 MB",
    },
    Log {
        source: "TensorRT-LLM, benchmarks/Suite.md of 2024-07: trtllm-bench with GPT-J's dimensions",
        link: "model=EleutherAI/gpt-j-6b&quant_algo=FP8&kv_cache_dtype=fp8&max_batch_size=4096&max_num_tokens=8192\
               &max_seq_len=4098&trtllm_version=0.12",
        runtime: "1.14 GB",
        decoder: "4.35 GB",
    },
    Log {
        source: "NVIDIA/TensorRT-LLM issue 1188, comment of 2024-11-21",
        link: "model=Qwen/Qwen2.5-Coder-0.5B-Instruct&gpu=a10&quant_algo=W8A16&max_seq_len=32768&trtllm_version=0.14\
               &dtype=float16",
        runtime: "2.66 GB",
        decoder: "5.76 GB",
    },
    Log {
        source: "NVIDIA/TensorRT-LLM issue 2789: the draft engine, one prompt",
        link: "model=Qwen/Qwen2.5-1.5B-Instruct&gpu=a100-80gb&max_batch_size=4&runtime_max_batch_size=1\
               &gather_generation_logits=true&max_seq_len=4800&max_num_tokens=8192&trtllm_version=0.17",
        runtime: "9.41 MB",
        decoder: "2.45 MB",
    },
    Log {
        source: "NVIDIA/TensorRT-LLM issue 2789: the target engine, which checks ten draft tokens",
        link: "model=Qwen/Qwen2.5-14B-Instruct&gpu=a100-80gb&max_batch_size=4&runtime_max_batch_size=1\
               &gather_generation_logits=true&speculative_decoding_mode=draft_tokens_external&max_draft_len=10\
               &max_seq_len=4800&max_num_tokens=8192&trtllm_version=0.17",
        runtime: "15.80 MB",
        decoder: "25.16 MB",
    },
    Log {
        source: "NVIDIA/TensorRT-LLM issue 3636: 16-bit logits, those of generated tokens gathered",
        link: "model=meta-llama/Llama-3.1-8B-Instruct&logits_dtype=float16&gather_generation_logits=true\
               &max_batch_size=64&runtime_max_batch_size=1&max_seq_len=131072&max_num_tokens=128000\
               &trtllm_version=0.18",
        runtime: "7.40 MB",
        decoder: "3.27 MB",
    },
    Log {
        source: "public trtllm-bench results of 0.16: Llama 3.1 70B on eight H100",
        link: "model=meta-llama/Llama-3.1-70B-Instruct&tp_size=8&quant_algo=FP8&kv_cache_dtype=fp8&max_batch_size=2048\
               &max_num_tokens=8192&max_seq_len=25000&trtllm_version=0.16",
        runtime: "1.63 GB",
        decoder: "3.30 GB",
    },
    Log {
        source: "triton-inference-server/tensorrtllm_backend issue 576",
        link: "model=meta-llama/Meta-Llama-3-8B&tp_size=2&quant_algo=W4A16_AWQ&max_batch_size=8&max_num_tokens=4096\
               &max_seq_len=8000&trtllm_version=0.12",
        runtime: "3.44 MB",
        decoder: "15.05 MB",
    },
    Log {
        source: "public run of Qwen1.5-MoE-A2.7B with 1.2.1 on an RTX 4060 Ti",
        link: "model=Qwen/Qwen1.5-MoE-A2.7B&gpu=rtx-4090&quant_algo=W4A16&dtype=float16&max_batch_size=4\
               &runtime_max_batch_size=1&max_num_tokens=512&max_seq_len=256&trtllm_version=1.2",
        runtime: "598.56 KB",
        decoder: "2.96 MB",
    },
];

#[test]
fn printed_buffers_are_matched_to_the_digit() {
    let mut missed = Vec::new();
    for log in LOGS {
        let report = report(log.link);
        for (contributor, line) in
            [(Contributor::RuntimeBuffers, log.runtime), (Contributor::DecoderBuffers, log.decoder)]
        {
            let predicted = printed(bytes(&report, contributor));
            if predicted != line {
                missed.push(format!("{}: {} {predicted}, printed {line}", log.source, contributor.key()));
            }
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

/// The printed blocks follow from the printed memory, which is rounded to a hundredth of a GiB.
#[test]
fn printed_blocks_follow_from_printed_memory() {
    let cases = [
        (LOGS[0].link, "tokens_per_block=64", 70.48, 4060, 32),
        (LOGS[1].link, "tokens_per_block=64&free_gpu_memory_fraction=0.99", 63.62, 4607, 65),
        (LOGS[6].link, "tokens_per_block=64", 57.87, 42_668, 391),
        (LOGS[7].link, "tokens_per_block=64", 74.69, 17_210, 125),
        (LOGS[8].link, "tokens_per_block=32", 7.20, 1107, 8),
    ];
    for (link, more, free, blocks, pages) in cases {
        let kv = |free: f64| report(&format!("{link}&{more}&free_memory_gib={free}")).kv_cache;
        let (low, high) = (kv(free - 0.005).blocks, kv(free + 0.005).blocks);
        assert!(low <= blocks && blocks <= high, "{link}: {low}..{high} blocks, printed {blocks}");
        assert_eq!(kv(free).pages_per_sequence, pages, "{link}");
    }
}

/// Bytes per slot: the difference between batches of 64 and 32, divided by 32.
fn of_a_slot(link: &str, contributor: Contributor) -> f64 {
    let at = |batch: u64| bytes(&report(&format!("{link}&max_batch_size={batch}")), contributor);
    (at(64) - at(32)) / 32.0
}

const VICUNA: &str = "model=lmsys/vicuna-7b-v1.5&trtllm_version=0.20&max_seq_len=2048";

fn close(mib: f64, expected: f64, within: f64) {
    assert!((mib / expected - 1.0).abs() < within, "{mib} MiB, calculated by hand {expected}");
}

#[test]
fn medusa_keeps_the_logits_of_its_heads() {
    let link = format!("{VICUNA}&speculative_decoding_mode=medusa&num_medusa_heads=4&max_draft_len=63");
    let (vocab, tokens) = (32_000.0, 64.0);
    let runtime = of_a_slot(&link, Contributor::RuntimeBuffers) / MIB as f64;
    close(runtime, 4.0 * vocab * tokens * 5.0 / MIB as f64, 0.002);
    let decoder = of_a_slot(&link, Contributor::DecoderBuffers);
    let closed = 8.0 * vocab * tokens + 4.0 * vocab + 65_536.0 * tokens + (16.0 + 8.0) * 2048.0;
    close(decoder / MIB as f64, closed / MIB as f64, 0.002);
}

#[test]
fn lookahead_keeps_logits_of_every_token() {
    let link = "model=meta-llama/Llama-3.1-8B&trtllm_version=0.18&max_seq_len=2048\
                &speculative_decoding_mode=lookahead_decoding";
    let row = 4.0 * 128_256.0;
    close(of_a_slot(link, Contributor::RuntimeBuffers) / MIB as f64, (16.0 * row + 24.0 * 2048.0) / MIB as f64, 0.001);
    let decoder = 2.0 * 16.0 * row + row + 64.0 * 16.0 + 16.0 * 2048.0;
    close(of_a_slot(link, Contributor::DecoderBuffers) / MIB as f64, decoder / MIB as f64, 0.001);
}

#[test]
fn trees_of_eagle_are_small_compared_with_its_logits() {
    let link = |version: &str| {
        format!(
            "model=meta-llama/Llama-3.1-8B&trtllm_version={version}&max_seq_len=2048&speculative_decoding_mode=eagle\
             &max_draft_len=63&num_eagle_layers=4"
        )
    };
    let row = 4.0 * 128_256.0;
    let runtime = of_a_slot(&link("0.18"), Contributor::RuntimeBuffers);
    let trees = runtime - 64.0 * row - 24.0 * 2048.0;
    assert!((195_000.0..205_000.0 + 2000.0).contains(&trees), "{trees} bytes of trees per slot");
    let before = of_a_slot(&link("0.16"), Contributor::RuntimeBuffers);
    assert_eq!(runtime - before, 8.0 * 63.0 + 12.0 * 4.0 * 63.0 * 63.0);
}

#[test]
fn redrafter_keeps_probabilities_of_every_draft() {
    let link = format!(
        "{VICUNA}&speculative_decoding_mode=explicit_draft_tokens&redrafter_num_beams=5&redrafter_draft_len_per_beam=5"
    );
    let slot = of_a_slot(&link, Contributor::RuntimeBuffers) + of_a_slot(&link, Contributor::DecoderBuffers);
    close(slot / MIB as f64, 9.4, 0.02);
}

#[test]
fn wide_beams_use_a_different_scratch_buffer() {
    let scratch = |batch: u64, beams: u64, model: &str, version: &str| {
        let link = format!(
            "model={model}&max_batch_size={batch}&max_beam_width={beams}&max_seq_len=512&trtllm_version={version}"
        );
        let explained = explain(&deployment(&link), 0).unwrap();
        let decoder = explained.iter().find(|(contributor, _)| *contributor == Contributor::DecoderBuffers);
        let part = decoder.unwrap().1.parts.iter().find(|part| part.label == "scratch of beam search").unwrap();
        part.value / MIB as f64
    };
    close(scratch(8, 16, "meta-llama/Llama-3.1-8B", "0.18"), 9.0, 0.006);
    close(scratch(64, 16, "meta-llama/Llama-3.1-8B", "0.18"), 71.6, 0.001);
    close(scratch(16, 64, "meta-llama/Llama-2-7b-hf", "0.18"), 27.6, 0.002);
    close(scratch(16, 64, "meta-llama/Llama-2-7b-hf", "0.15"), 129.0, 0.001);
}

#[test]
fn a_prompt_table_takes_its_rows_and_a_counter() {
    let plain = "model=meta-llama/Llama-2-7b-hf&max_batch_size=8&max_seq_len=2048";
    let table = format!("{plain}&max_prompt_embedding_table_size=4608");
    let more = bytes(&report(&table), Contributor::RuntimeBuffers) - bytes(&report(plain), Contributor::RuntimeBuffers);
    assert_eq!(more, 36.0 * MIB as f64 + 4.0);
}

#[test]
fn masks_of_guided_decoding_are_named() {
    let masked = "model=meta-llama/Llama-3.1-8B&max_batch_size=256&guided_decoding=true";
    let explained = explain(&deployment(masked), 0).unwrap();
    let overhead = &explained.iter().find(|(contributor, _)| *contributor == Contributor::Overhead).unwrap().1;
    let masks = overhead.parts.iter().find(|part| part.label == "masks of guided decoding").unwrap();
    close(masks.value / MIB as f64, 3.92, 0.01);
    assert_eq!(report(masked).label(Contributor::Overhead), "CUDA, NCCL, libraries and more");
    assert_eq!(report("").label(Contributor::Overhead), "CUDA, NCCL, libraries");
    // 50,257 tokens of GPT-2 are 1571 words of 32 bits, the last one partly used.
    let odd = explain(&deployment("model=openai-community/gpt2&max_batch_size=64&guided_decoding=true"), 0).unwrap();
    let overhead = &odd[Contributor::Overhead as usize].1;
    let masks = overhead.parts.iter().find(|part| part.label == "masks of guided decoding").unwrap();
    assert_eq!(masks.value, 64.0 * (1571.0 * 4.0 + 16.0));
}

/// A model with the dimensions of the recurrent layers of Mamba-2.8B.
fn mamba() -> &'static Architecture {
    let mut model = find("meta-llama/Llama-2-7b-hf").unwrap().clone();
    (model.layers, model.hidden) = (64, 2560);
    model.attention_layers = LayerSet::NONE;
    model.mlp.layers = LayerSet::NONE;
    model.recurrence = Some(Recurrence {
        kind: RecurrenceKind::Mamba2,
        layers: LayerSet::first(64),
        groups: 0,
        state: 16,
        heads: 80,
        head_dim: 64,
        convolution: 4,
        wide_state: false,
    });
    Box::leak(Box::new(model))
}

#[test]
fn recurrent_states_are_allocated_for_every_slot() {
    let slots = 256;
    let deployment = Deployment {
        model: mamba().into(),
        limits: BuildLimits { max_batch_size: Some(slots), ..deployment("dtype=float16").limits },
        ..deployment("dtype=float16")
    };
    let explained = explain(&deployment, 0).unwrap();
    let overhead = &explained.iter().find(|(contributor, _)| *contributor == Contributor::Overhead).unwrap().1;
    let states = overhead.parts.iter().find(|part| part.label == "recurrent states").unwrap();
    assert_eq!(states.value / slots as f64, 20.0 * MIB as f64 + 1.875 * MIB as f64);
    let report = report_of(&deployment);
    assert!(report.kv_cache.windows.is_empty(), "without attention layers there is no pool");
    // Prompts and generation cannot share a step. Therefore there are two sets of buffers, each
    // with the ids of all tokens of a step.
    let tokens = |most: u64| {
        report_of(&Deployment {
            limits: BuildLimits { max_num_tokens: Some(most), ..deployment.limits },
            ..deployment.clone()
        })
    };
    let more = bytes(&tokens(16_384), Contributor::RuntimeBuffers) - bytes(&tokens(8192), Contributor::RuntimeBuffers);
    assert_eq!(more, 2.0 * 8192.0 * 4.0);
}

/// A stage without an LM head holds hidden states instead of logits and has no decoder.
#[test]
fn only_the_last_stage_has_logits_and_a_decoder() {
    let report =
        report("model=meta-llama/Llama-2-7b-hf&pp_size=4&max_batch_size=8&max_seq_len=2048&trtllm_version=0.18");
    let [first, .., last] = &report.ranks[..] else { panic!("four ranks") };
    assert_eq!(first.figure(Contributor::DecoderBuffers).bytes.0, 0);
    assert!(last.figure(Contributor::DecoderBuffers).bytes.0 > 32 * 4 * 32_000 * 4);
    let logits = 4 * 4 * 8 * 32_000;
    let more = last.figure(Contributor::RuntimeBuffers).bytes - first.figure(Contributor::RuntimeBuffers).bytes;
    assert_eq!(more.0, logits, "logits of four micro-batches");
    let hidden = 4 * 2 * 8192 * 4096;
    assert!(first.figure(Contributor::RuntimeBuffers).bytes.0 > hidden, "hidden states of four micro-batches");
}

#[test]
fn overlap_doubles_the_buffer_sets_but_not_the_slots() {
    let link = "model=meta-llama/Llama-2-7b-hf&max_batch_size=64&max_seq_len=2048&trtllm_version=0.17";
    let (one, two) = (report(link), report(&format!("{link}&enable_trt_overlap=true")));
    let more = bytes(&two, Contributor::RuntimeBuffers) - bytes(&one, Contributor::RuntimeBuffers);
    let set = 64.0 * (4.0 * 32_000.0 + 4.0 * 2048.0 + 8.0 + 4.0 + 40.0 + 8.0) + 4.0 * 8192.0;
    assert_eq!(more, set);
    assert_eq!(bytes(&two, Contributor::DecoderBuffers), bytes(&one, Contributor::DecoderBuffers));
}
