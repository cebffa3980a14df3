//! A few deployments to start from.

/// A deployment with a name.
#[derive(Debug, PartialEq, Eq)]
pub struct Preset {
    /// What a person would call it.
    pub name: &'static str,
    /// Its link.
    pub link: &'static str,
}

/// The presets, in the order in which they are shown.
pub static PRESETS: &[Preset] = &[
    Preset { name: "Llama 3.1 8B on one H100", link: "" },
    Preset {
        name: "The documentation's example",
        link: "model=meta-llama/Llama-2-7b-hf&quant_algo=FP8&kv_cache_dtype=fp8&max_batch_size=256&max_num_tokens=8192&max_seq_len=2048&tokens_per_block=64&trtllm_version=0.13",
    },
    Preset {
        name: "Llama 3.3 70B in FP8 on four H100",
        link: "model=meta-llama/Llama-3.3-70B-Instruct&tp_size=4&quant_algo=FP8&kv_cache_dtype=fp8&max_seq_len=8192",
    },
    Preset {
        name: "Qwen2.5 7B in AWQ on one L4",
        link: "model=Qwen/Qwen2.5-7B-Instruct&gpu=l4&quant_algo=W4A16_AWQ&max_batch_size=64&max_seq_len=4096",
    },
    Preset {
        name: "Whisper large v3 on one L4",
        link: "model=openai/whisper-large-v3&gpu=l4&max_batch_size=8&max_beam_width=4&max_input_len=14&max_seq_len=114&cross_kv_cache_fraction=0.75",
    },
    Preset {
        name: "Mixtral 8x7B on two H200",
        link: "model=mistralai/Mixtral-8x7B-v0.1&gpu=h200&tp_size=2&max_batch_size=512",
    },
    Preset {
        name: "DeepSeek R1 in NVFP4 on four GB200, PyTorch backend",
        link: "model=deepseek-ai/DeepSeek-R1&gpu=gb200&tp_size=4&moe_ep_size=4&quant_algo=NVFP4&kv_cache_dtype=fp8&max_batch_size=32&max_num_tokens=8192&max_seq_len=10240&backend=pytorch&moe_backend=TRTLLM&decoding_type=MTP",
    },
    Preset {
        name: "gpt-oss 120B on one H200, PyTorch backend",
        link: "model=openai/gpt-oss-120b&gpu=h200&quant_algo=W4A16_MXFP4&max_seq_len=32768&backend=pytorch",
    },
];
