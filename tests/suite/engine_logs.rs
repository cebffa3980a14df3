//! Predictions compared with the printed figures of public logs of TensorRT engines.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::support::report;
use trtllm_memory::memory::Contributor;

/// A figure of a log in MiB, with the permitted error as a fraction of it.
struct Printed {
    contributor: Contributor,
    mib: f64,
    within: f64,
}

struct Log {
    source: &'static str,
    link: &'static str,
    printed: &'static [Printed],
}

const fn weights(mib: f64, within: f64) -> Printed {
    Printed { contributor: Contributor::Weights, mib, within }
}

const fn activations(mib: f64, within: f64) -> Printed {
    Printed { contributor: Contributor::Activations, mib, within }
}

const fn runtime_buffers(mib: f64, within: f64) -> Printed {
    Printed { contributor: Contributor::RuntimeBuffers, mib, within }
}

const fn decoder_buffers(mib: f64, within: f64) -> Printed {
    Printed { contributor: Contributor::DecoderBuffers, mib, within }
}

/// Half a unit of the last printed digit of a figure of several hundred MiB.
const DIGIT: f64 = 0.0003;

const LOGS: &[Log] = &[
    Log {
        source: "TensorRT-LLM, docs/source/reference/memory.md: example log",
        link: "model=meta-llama/Llama-2-7b-hf&quant_algo=FP8&kv_cache_dtype=fp8&max_batch_size=256&max_num_tokens=8192\
               &max_seq_len=2048&tokens_per_block=64&trtllm_version=0.13",
        printed: &[
            weights(6678.0, DIGIT),
            activations(1134.01, 0.02),
            runtime_buffers(43.29, DIGIT),
            decoder_buffers(180.30, DIGIT),
        ],
    },
    Log {
        source: "NVIDIA/TensorRT-LLM issue 1188, comment of 2024-11-21",
        link: "model=Qwen/Qwen2.5-Coder-0.5B-Instruct&gpu=a10&quant_algo=W8A16&max_seq_len=32768&trtllm_version=0.14\
               &dtype=float16",
        printed: &[
            weights(869.0, 0.0006),
            activations(773.51, DIGIT),
            runtime_buffers(2723.84, 0.002),
            decoder_buffers(5898.24, 0.001),
        ],
    },
    Log {
        source: "NVIDIA/TensorRT-LLM issue 1188: the same engine for one sequence",
        link: "model=Qwen/Qwen2.5-Coder-0.5B-Instruct&gpu=a10&quant_algo=W8A16&max_seq_len=32768&max_batch_size=1\
               &max_num_tokens=512&trtllm_version=0.14&dtype=float16",
        printed: &[activations(43.26, DIGIT)],
    },
    Log {
        source: "public README of TensorRT-LLM 0.17.0.post1 on Windows: 1.5B",
        link: "model=deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B&gpu=rtx-4090&quant_algo=W4A16&trtllm_version=0.17",
        printed: &[activations(921.51, DIGIT)],
    },
    Log {
        source: "public README of TensorRT-LLM 0.17.0.post1 on Windows: 7B",
        link: "model=deepseek-ai/DeepSeek-R1-Distill-Qwen-7B&gpu=rtx-4090&quant_algo=W4A16&trtllm_version=0.17",
        printed: &[activations(1298.01, DIGIT)],
    },
    Log {
        source: "NVIDIA/TensorRT-LLM issue 2785: trtllm-bench of 0.17",
        link: "model=Qwen/Qwen1.5-7B&tp_size=2&trtllm_version=0.17",
        printed: &[weights(7992.0, 0.003), activations(1379.01, DIGIT)],
    },
    Log {
        source: "triton-inference-server/tensorrtllm_backend issue 577: 0.13.0.dev2024081300, a week before \
                 use_fused_mlp became the default",
        link: "model=meta-llama/Llama-3.1-8B&tp_size=2&max_batch_size=8&dtype=float16&use_fused_mlp=false\
               &trtllm_version=0.13",
        printed: &[weights(8231.0, 0.001), activations(480.04, DIGIT)],
    },
    Log {
        source: "NVIDIA/TensorRT-LLM issue 3636: weights of Llama 3.1 8B in 0.18",
        link: "model=meta-llama/Llama-3.1-8B-Instruct&trtllm_version=0.18",
        printed: &[weights(15380.0, DIGIT)],
    },
    Log {
        source: "triton-inference-server/tensorrtllm_backend issue 685",
        link: "model=deepseek-ai/DeepSeek-R1-Distill-Qwen-32B&gpu=a100-80gb&max_batch_size=1&trtllm_version=0.16",
        printed: &[weights(62556.0, DIGIT)],
    },
    Log {
        source: "triton-inference-server/tensorrtllm_backend issue 576: AWQ with the embedding sharded",
        link: "model=meta-llama/Meta-Llama-3-8B&tp_size=2&quant_algo=W4A16_AWQ&max_batch_size=8&max_num_tokens=4096\
               &max_seq_len=8000&trtllm_version=0.12",
        printed: &[runtime_buffers(3.44, 0.002), decoder_buffers(15.05, 0.0005)],
    },
    Log {
        source: "NVIDIA/TensorRT-LLM issue 1716: LLaMA 7B, 128 prompts of 1024",
        link: "model=huggyllama/llama-7b&max_batch_size=128&max_num_tokens=131072&max_seq_len=1536&trtllm_version=0.11",
        printed: &[activations(10304.0, DIGIT)],
    },
    Log {
        source: "public trtllm-bench results of 0.16: Llama 3.1 70B on eight H100",
        link: "model=meta-llama/Llama-3.1-70B-Instruct&tp_size=8&quant_algo=FP8&kv_cache_dtype=fp8&max_seq_len=25000\
               &trtllm_version=0.16",
        printed: &[
            weights(8727.0, DIGIT),
            activations(1013.01, DIGIT),
            runtime_buffers(1669.12, 0.004),
            decoder_buffers(3379.2, 0.002),
        ],
    },
    Log {
        source: "public build notes of GPT-2 in 0.20, before logProbs left the runtime buffers",
        link: "model=openai-community/gpt2&gpu=a100-80gb&dtype=float16&max_batch_size=64&max_num_tokens=32768\
               &max_seq_len=4096&trtllm_version=0.19",
        printed: &[weights(310.98, DIGIT), activations(480.10, DIGIT)],
    },
];

#[test]
fn every_printed_figure_is_predicted() {
    let mut missed = Vec::new();
    for log in LOGS {
        let report = report(log.link);
        for printed in log.printed {
            let predicted = report.ranks[0].figure(printed.contributor).bytes.mib();
            let error = predicted / printed.mib - 1.0;
            if error.abs() > printed.within {
                missed.push(format!(
                    "{}: {} {predicted:.2} MiB, printed {:.2} ({:+.3} %)",
                    log.source,
                    printed.contributor.key(),
                    printed.mib,
                    error * 100.0
                ));
            }
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn the_kv_cache_of_the_documentation_is_predicted_exactly() {
    let report = report(&format!("{}&free_memory_gib=70.48&gpu_memory_gib=79.10", LOGS[0].link));
    assert_eq!(report.kv_cache.blocks, 4060);
    assert_eq!(report.kv_cache.tokens, 259_840);
    assert_eq!(report.kv_cache.pages_per_sequence, 32);
    assert_eq!(report.ranks[0].figure(Contributor::KvCache).bytes.to_string(), "63.44 GiB");
}

#[test]
fn the_kv_cache_of_eight_ranks_is_predicted() {
    let report = report(&format!("{}&free_memory_gib=57.87&gpu_memory_gib=79.10", LOGS[11].link));
    // The printed 57.87 GiB is rounded to a hundredth, which corresponds to 7 blocks.
    assert!(report.kv_cache.blocks.abs_diff(42_668) <= 7, "{} blocks", report.kv_cache.blocks);
    assert_eq!(report.kv_cache.pages_per_sequence, 391);
}
