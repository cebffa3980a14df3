//! The choices of a deployment that are names, by TensorRT-LLM's own.

/// Declares an enum whose values have a name: the one TensorRT-LLM uses, which also stands in links.
macro_rules! named_values {
    ($(#[$attribute:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$doc])* $variant),+ }

        impl $name {
            /// Every value.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];
            /// The name of every value, in the same order.
            pub const NAMES: &'static [&'static str] = &[$($text),+];

            /// The name.
            pub fn name(self) -> &'static str {
                match self { $($name::$variant => $text),+ }
            }

            /// The value with this name, upper and lower case being alike.
            pub fn parse(text: &str) -> Option<$name> {
                $name::ALL.iter().copied().find(|value| value.name().eq_ignore_ascii_case(text))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

named_values! {
    /// How TensorRT-LLM runs the model.
    Backend {
        /// An engine built by `trtllm-build`.
        TensorRt = "tensorrt",
    }
}

named_values! {
    /// How the weights are quantized: TensorRT-LLM's `QuantAlgo` (`tensorrt_llm/quantization/mode.py`).
    QuantAlgo {
        /// Weights in `dtype`.
        None = "NO_QUANT",
        /// INT8 weight-only.
        W8A16 = "W8A16",
        /// INT4 weight-only.
        W4A16 = "W4A16",
        /// INT4 AWQ, groups of 128.
        W4A16Awq = "W4A16_AWQ",
        /// INT4 AWQ with FP8 activations.
        W4A8Awq = "W4A8_AWQ",
        /// INT4 GPTQ, groups of 128.
        W4A16Gptq = "W4A16_GPTQ",
        /// INT8 GPTQ, groups of 128.
        W8A16Gptq = "W8A16_GPTQ",
        /// SmoothQuant, a scale per channel.
        W8A8SqPerChannel = "W8A8_SQ_PER_CHANNEL",
        /// SmoothQuant plugin, one scale for weights and one for activations.
        W8A8SqPerTensorPlugin = "W8A8_SQ_PER_TENSOR_PLUGIN",
        /// SmoothQuant plugin, scales per channel and per token.
        W8A8SqPerChannelPerTokenPlugin = "W8A8_SQ_PER_CHANNEL_PER_TOKEN_PLUGIN",
        /// SmoothQuant plugin, scales per channel, one for activations.
        W8A8SqPerChannelPerTensorPlugin = "W8A8_SQ_PER_CHANNEL_PER_TENSOR_PLUGIN",
        /// SmoothQuant plugin, one scale for weights, per token for activations.
        W8A8SqPerTensorPerTokenPlugin = "W8A8_SQ_PER_TENSOR_PER_TOKEN_PLUGIN",
        /// QServe INT4 weights with INT8 activations, groups of 128.
        W4A8QservePerGroup = "W4A8_QSERVE_PER_GROUP",
        /// QServe INT4 weights with INT8 activations, a scale per channel.
        W4A8QservePerChannel = "W4A8_QSERVE_PER_CHANNEL",
        /// FP8, one scale per tensor.
        Fp8 = "FP8",
        /// FP8, scales per channel and per token.
        Fp8PerChannelPerToken = "FP8_PER_CHANNEL_PER_TOKEN",
        /// FP8, a scale per block of 128 × 128.
        Fp8BlockScales = "FP8_BLOCK_SCALES",
        /// FP4 with an FP8 scale per 16 values.
        Nvfp4 = "NVFP4",
    }
}

impl QuantAlgo {
    /// Whether linear layers multiply in FP8 with quantize and dequantize nodes.
    pub fn is_fp8_gemm(self) -> bool {
        matches!(self, QuantAlgo::Fp8 | QuantAlgo::Fp8PerChannelPerToken | QuantAlgo::Fp8BlockScales)
    }

    /// Whether the activations stay in 16 bit and only the weights are small.
    pub fn is_weight_only(self) -> bool {
        matches!(
            self,
            QuantAlgo::W8A16
                | QuantAlgo::W4A16
                | QuantAlgo::W4A16Awq
                | QuantAlgo::W4A8Awq
                | QuantAlgo::W4A16Gptq
                | QuantAlgo::W8A16Gptq
        )
    }

    /// Whether this is SmoothQuant.
    pub fn is_smooth_quant(self) -> bool {
        matches!(
            self,
            QuantAlgo::W8A8SqPerChannel
                | QuantAlgo::W8A8SqPerTensorPlugin
                | QuantAlgo::W8A8SqPerChannelPerTokenPlugin
                | QuantAlgo::W8A8SqPerChannelPerTensorPlugin
                | QuantAlgo::W8A8SqPerTensorPerTokenPlugin
        )
    }

    /// Values per scale along the input dimension, where the scheme has groups.
    pub fn group_size(self) -> Option<u64> {
        match self {
            QuantAlgo::W4A16Awq
            | QuantAlgo::W4A8Awq
            | QuantAlgo::W4A16Gptq
            | QuantAlgo::W8A16Gptq
            | QuantAlgo::W4A8QservePerGroup => Some(128),
            QuantAlgo::Fp8BlockScales => Some(128),
            QuantAlgo::Nvfp4 => Some(16),
            _ => None,
        }
    }
}

named_values! {
    /// The type of the KV cache's values.
    KvCacheDtype {
        /// The model's `dtype`.
        Auto = "auto",
        /// 16-bit floats.
        Fp16 = "fp16",
        /// 16-bit brain floats.
        Bf16 = "bf16",
        /// 8-bit floats.
        Fp8 = "fp8",
        /// 8-bit integers.
        Int8 = "int8",
        /// 4-bit floats with an 8-bit scale per 16 values.
        Nvfp4 = "nvfp4",
    }
}
