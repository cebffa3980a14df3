//! A few deployments to start from, for jobs that people have.

/// A deployment with a name.
#[derive(Debug, PartialEq, Eq)]
pub struct Preset {
    /// What a person would call it.
    pub name: &'static str,
    /// The job, and why its limits are what they are; a sentence.
    pub about: &'static str,
    /// Its link.
    pub link: &'static str,
}

/// The presets, in the order in which they are shown.
pub static PRESETS: &[Preset] = &[
    Preset {
        name: "TensorRT-LLM's defaults",
        about: "Llama 3.1 8B on one H100 with every limit left alone, which is more than most jobs need.",
        link: "",
    },
    Preset {
        name: "The documentation's example",
        about: "Llama 2 7B in FP8 on one H100, as the log in TensorRT-LLM's memory documentation shows it.",
        link: "v=1&model=meta-llama/Llama-2-7b-hf&quant_algo=FP8&kv_cache_dtype=fp8&max_batch_size=256&max_num_tokens=8192&max_seq_len=2048&trtllm_version=0.13&tokens_per_block=64",
    },
    Preset {
        name: "A chat service",
        about: "Llama 3.3 70B in FP8 on four H100: many conversations at once, none longer than 8192 tokens.",
        link: "v=1&model=meta-llama/Llama-3.3-70B-Instruct&tp_size=4&quant_algo=FP8&kv_cache_dtype=fp8&max_batch_size=256&max_seq_len=8192",
    },
    Preset {
        name: "Long context",
        about: "Llama 3.1 8B on one H200: few sequences of up to 131,072 tokens, read in chunks of 8192.",
        link: "v=1&gpu=h200&quant_algo=FP8&kv_cache_dtype=fp8&max_batch_size=16&max_num_tokens=8192&max_seq_len=131072&enable_chunked_context=true",
    },
    Preset {
        name: "An offline batch",
        about: "Mixtral 8x7B on two H200: as many short sequences at once as the memory holds, and large steps.",
        link: "v=1&model=mistralai/Mixtral-8x7B-v0.1&gpu=h200&tp_size=2&max_batch_size=1024&max_num_tokens=16384&max_seq_len=2048",
    },
    Preset {
        name: "A small GPU",
        about: "Qwen 2.5 7B in 4 bit on one L4 of 24 GB: a few conversations of up to 4096 tokens.",
        link: "v=1&model=Qwen/Qwen2.5-7B-Instruct&gpu=l4&quant_algo=W4A16_AWQ&max_batch_size=32&max_num_tokens=4096&max_seq_len=4096",
    },
    Preset {
        name: "Speech recognition",
        about: "Whisper large v3 on one L4: eight recordings at once, four beams each.",
        link: "v=1&model=openai/whisper-large-v3&gpu=l4&max_batch_size=8&max_seq_len=114&max_input_len=14&max_beam_width=4&cross_kv_cache_fraction=0.75",
    },
    Preset {
        name: "A large mixture of experts, PyTorch backend",
        about: "DeepSeek R1 in NVFP4 on four GB200, experts divided among them, with multi-token prediction.",
        link: "v=1&model=deepseek-ai/DeepSeek-R1&gpu=gb200&tp_size=4&moe_ep_size=4&quant_algo=NVFP4&kv_cache_dtype=fp8&max_batch_size=32&max_num_tokens=8192&max_seq_len=10240&backend=pytorch&moe_backend=TRTLLM&decoding_type=MTP",
    },
    Preset {
        name: "An open-weight reasoner, PyTorch backend",
        about: "gpt-oss 120B in its own MXFP4 on one H200: long answers of up to 32,768 tokens.",
        link: "v=1&model=openai/gpt-oss-120b&gpu=h200&quant_algo=W4A16_MXFP4&max_seq_len=32768&backend=pytorch",
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::Load;
    use crate::formats::link;
    use crate::memory::estimate;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn every_preset_is_sound_and_fits_with_certainty() {
        for preset in PRESETS {
            let decoded = link::decode(preset.link);
            assert_eq!(decoded.problems, [], "{}", preset.name);
            assert_eq!(link::encode(&decoded.deployment), preset.link, "the link is the shortest");
            let report = estimate(&decoded.deployment).unwrap();
            assert_eq!(report.verdict.key(), "fits", "{}: {:?}", preset.name, report.verdict);
        }
    }

    #[test]
    fn presets_run_the_jobs_that_they_are_named_for() {
        for (name, concurrency, input_len, output_len) in [
            ("A chat service", 200, 2000, 500),
            ("Long context", 4, 120_000, 2000),
            ("An offline batch", 1000, 500, 200),
            ("A small GPU", 16, 3000, 1000),
        ] {
            let preset = PRESETS.iter().find(|preset| preset.name == name).unwrap();
            let report = estimate(&link::decode(preset.link).deployment).unwrap();
            assert_eq!(Load { concurrency, input_len, output_len }.held_by(&report), Ok(()), "{name}");
        }
    }
}
