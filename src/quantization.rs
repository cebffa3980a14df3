//! Number formats of quantized weights and of the KV cache, under TensorRT-LLM's names.

use crate::named_values::named_values;

named_values! {
    /// The quantization of the weights: TensorRT-LLM's `QuantAlgo`
    /// (`tensorrt_llm/quantization/mode.py`).
    #[derive(Default)]
    QuantAlgo {
        /// Weights in `dtype`.
        #[default]
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
        /// FP4 weights as in NVFP4 with 16-bit activations; PyTorch backend only.
        W4A16Nvfp4 = "W4A16_NVFP4",
        /// FP4 weights as in NVFP4 with FP8 activations; PyTorch backend only.
        W4A8Nvfp4Fp8 = "W4A8_NVFP4_FP8",
        /// MXFP4 experts, a scale per 32 values; PyTorch backend only.
        W4A16Mxfp4 = "W4A16_MXFP4",
        /// MXFP4 experts with MXFP8 activations; PyTorch backend only.
        W4A8Mxfp4Mxfp8 = "W4A8_MXFP4_MXFP8",
        /// MXFP4 experts with FP8 activations; PyTorch backend only.
        W4A8Mxfp4Fp8 = "W4A8_MXFP4_FP8",
        /// FP8 with a one-byte scale per 32 values; PyTorch backend only.
        Mxfp8 = "MXFP8",
    }
}

impl QuantAlgo {
    /// Whether the experts are MXFP4 and all other weights 16-bit.
    pub fn is_mxfp4(self) -> bool {
        matches!(self, QuantAlgo::W4A16Mxfp4 | QuantAlgo::W4A8Mxfp4Mxfp8 | QuantAlgo::W4A8Mxfp4Fp8)
    }

    /// Whether weights are FP4 with an FP8 scale per 16 values.
    pub fn is_nvfp4(self) -> bool {
        matches!(self, QuantAlgo::Nvfp4 | QuantAlgo::W4A8Nvfp4Fp8 | QuantAlgo::W4A16Nvfp4)
    }

    /// Whether only the PyTorch backend supports it.
    pub fn needs_pytorch(self) -> bool {
        self.is_mxfp4() || matches!(self, QuantAlgo::W4A8Nvfp4Fp8 | QuantAlgo::W4A16Nvfp4 | QuantAlgo::Mxfp8)
    }

    /// Whether it occurs in published checkpoints but no script of TensorRT-LLM makes it.
    pub fn is_only_published(self) -> bool {
        matches!(self, QuantAlgo::W4A16Nvfp4 | QuantAlgo::Mxfp8)
    }

    /// Whether ModelOpt's checkpoints of this kind have an FP8 KV cache (`hf_quant_config.json`
    /// kv_cache_quant_algo).
    pub fn has_fp8_kv_cache(self) -> bool {
        self == QuantAlgo::Fp8 || self.is_nvfp4()
    }

    /// Whether ModelOpt creates such checkpoints (`quantize.py`). It shards the embedding and
    /// writes 16-bit logits.
    pub fn is_made_by_modelopt(self) -> bool {
        matches!(self, QuantAlgo::Fp8 | QuantAlgo::W4A16Awq | QuantAlgo::W4A8Awq | QuantAlgo::Nvfp4)
    }

    /// Whether linear layers multiply in FP8 with quantize and dequantize nodes.
    pub fn is_fp8_gemm(self) -> bool {
        matches!(self, QuantAlgo::Fp8 | QuantAlgo::Fp8PerChannelPerToken | QuantAlgo::Fp8BlockScales)
    }

    /// Whether weights are integers with scales.
    pub fn is_integer(self) -> bool {
        self.is_weight_only()
            || self.is_smooth_quant()
            || matches!(self, QuantAlgo::W4A8QservePerGroup | QuantAlgo::W4A8QservePerChannel)
    }

    /// Returns the name that people use: `FP8 blocks`, `MXFP4`, `INT4`.
    pub fn label(self) -> &'static str {
        match self {
            QuantAlgo::None => "16 bit",
            QuantAlgo::W8A16 | QuantAlgo::W8A16Gptq => "INT8",
            QuantAlgo::W4A16 | QuantAlgo::W4A8QservePerGroup | QuantAlgo::W4A8QservePerChannel => "INT4",
            QuantAlgo::W4A16Awq | QuantAlgo::W4A8Awq => "INT4 AWQ",
            QuantAlgo::W4A16Gptq => "INT4 GPTQ",
            QuantAlgo::Fp8 | QuantAlgo::Fp8PerChannelPerToken => "FP8",
            QuantAlgo::Fp8BlockScales => "FP8 blocks",
            QuantAlgo::Mxfp8 => "MXFP8",
            nvfp4 if nvfp4.is_nvfp4() => "NVFP4",
            mxfp4 if mxfp4.is_mxfp4() => "MXFP4",
            _ => "INT8",
        }
    }

    /// Whether only the weights are quantized and activations stay 16-bit.
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

    /// Returns the number of values per scale along the input dimension; `None` without groups.
    pub fn group_size(self) -> Option<u64> {
        match self {
            QuantAlgo::W4A16Awq
            | QuantAlgo::W4A8Awq
            | QuantAlgo::W4A16Gptq
            | QuantAlgo::W8A16Gptq
            | QuantAlgo::W4A8QservePerGroup => Some(128),
            QuantAlgo::Fp8BlockScales => Some(128),
            QuantAlgo::Nvfp4 | QuantAlgo::W4A8Nvfp4Fp8 | QuantAlgo::W4A16Nvfp4 => Some(16),
            QuantAlgo::Mxfp8 => Some(32),
            _ => None,
        }
    }
}

named_values! {
    /// The type of the KV cache's values.
    #[derive(Default)]
    KvCacheDtype {
        /// The model's `dtype`.
        #[default]
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
