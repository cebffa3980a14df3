//! Settings with named values; the names are TensorRT-LLM's.

use super::InvalidValue;
use crate::units::joined;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

/// Declares an enum whose values have names: TensorRT-LLM's, which links use too.
macro_rules! named_values {
    ($(#[$attribute:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$doc])* $variant),+ }

        impl $name {
            /// Every value.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];
            /// The names of all values, in the same order.
            pub const NAMES: &'static [&'static str] = &[$($text),+];

            /// Returns the name.
            pub fn name(self) -> &'static str {
                $name::NAMES[self as usize]
            }

        }

        /// Parses the name, ignoring case.
        impl FromStr for $name {
            type Err = InvalidValue;

            fn from_str(text: &str) -> Result<$name, InvalidValue> {
                let named = |value: &$name| value.name().eq_ignore_ascii_case(text);
                $name::ALL.iter().copied().find(named).ok_or_else(|| InvalidValue::not_one_of(text, $name::NAMES))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

named_values! {
    /// The backend of TensorRT-LLM that runs the model.
    #[derive(Default)]
    Backend {
        /// An engine built by `trtllm-build`.
        #[default]
        TensorRt = "tensorrt",
        /// The PyTorch backend, which runs the checkpoint itself.
        Pytorch = "pytorch",
    }
}

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
        /// FP4 weights as in NVFP4 with FP8 activations; PyTorch backend only.
        W4A8Nvfp4Fp8 = "W4A8_NVFP4_FP8",
        /// MXFP4 experts, a scale per 32 values; PyTorch backend only.
        W4A16Mxfp4 = "W4A16_MXFP4",
        /// MXFP4 experts with MXFP8 activations; PyTorch backend only.
        W4A8Mxfp4Mxfp8 = "W4A8_MXFP4_MXFP8",
        /// MXFP4 experts with FP8 activations; PyTorch backend only.
        W4A8Mxfp4Fp8 = "W4A8_MXFP4_FP8",
    }
}

impl QuantAlgo {
    /// Whether the experts are MXFP4 and all other weights 16-bit.
    pub fn is_mxfp4(self) -> bool {
        matches!(self, QuantAlgo::W4A16Mxfp4 | QuantAlgo::W4A8Mxfp4Mxfp8 | QuantAlgo::W4A8Mxfp4Fp8)
    }

    /// Whether weights are FP4 with an FP8 scale per 16 values.
    pub fn is_nvfp4(self) -> bool {
        matches!(self, QuantAlgo::Nvfp4 | QuantAlgo::W4A8Nvfp4Fp8)
    }

    /// Whether only the PyTorch backend supports it.
    pub fn needs_pytorch(self) -> bool {
        self.is_mxfp4() || self == QuantAlgo::W4A8Nvfp4Fp8
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
            QuantAlgo::Nvfp4 | QuantAlgo::W4A8Nvfp4Fp8 => Some(16),
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

named_values! {
    /// The layout of the KV cache (`KVCacheType`).
    #[derive(Default)]
    KvCacheType {
        /// A pool of blocks.
        #[default]
        Paged = "paged",
        /// One tensor per layer, sized for the largest batch at its full length.
        Continuous = "continuous",
    }
}

named_values! {
    /// The method that drafts tokens in an engine (`trtllm-build --speculative_decoding_mode`).
    #[derive(Default)]
    SpeculativeDecodingMode {
        /// No speculative decoding.
        #[default]
        None = "none",
        /// A separate draft model, whose tokens this engine verifies.
        DraftTokensExternal = "draft_tokens_external",
        /// Medusa heads.
        Medusa = "medusa",
        /// Lookahead decoding, with n-grams of the sequence itself.
        LookaheadDecoding = "lookahead_decoding",
        /// ReDrafter's recurrent drafter.
        ExplicitDraftTokens = "explicit_draft_tokens",
        /// EAGLE layers.
        Eagle = "eagle",
    }
}

impl SpeculativeDecodingMode {
    /// Whether the engine itself drafts, so that the decoder receives several tokens per sequence
    /// at once.
    pub fn predicts_draft_tokens(self) -> bool {
        !matches!(self, SpeculativeDecodingMode::None | SpeculativeDecodingMode::DraftTokensExternal)
    }
}

named_values! {
    /// The method that drafts tokens in the PyTorch backend (`speculative_config.decoding_type`).
    #[derive(Default)]
    DecodingType {
        /// No speculative decoding.
        #[default]
        None = "none",
        /// The model's own layers for multi-token prediction.
        Mtp = "MTP",
        /// An Eagle3 draft of one layer.
        Eagle3 = "Eagle3",
        /// N-grams of the sequence itself.
        NGram = "NGram",
    }
}

named_values! {
    /// The kernels of the expert layers (`moe_config.backend`).
    #[derive(Default)]
    MoeBackend {
        /// TensorRT-LLM's choice for the model and the GPU.
        #[default]
        Auto = "AUTO",
        /// CUTLASS grouped GEMMs.
        Cutlass = "CUTLASS",
        /// TensorRT-LLM's generated kernels.
        Trtllm = "TRTLLM",
        /// CuTe DSL kernels.
        CuteDsl = "CUTEDSL",
        /// DeepGEMM, for FP8 block scales.
        DeepGemm = "DEEPGEMM",
        /// CUTLASS with all-to-all communication between many ranks.
        WideEp = "WIDEEP",
        /// Triton kernels.
        Triton = "TRITON",
        /// Plain PyTorch.
        Vanilla = "VANILLA",
    }
}

named_values! {
    /// The all-reduce strategy, which sums the results of the ranks (`allreduce_strategy`).
    #[derive(Default)]
    AllreduceStrategy {
        /// TensorRT-LLM's choice for each message size.
        #[default]
        Auto = "AUTO",
        /// NCCL's all-reduce.
        Nccl = "NCCL",
        /// NCCL with buffers that all ranks register.
        NcclSymmetric = "NCCL_SYMMETRIC",
        /// Custom kernels with user buffers.
        UserBuffers = "UB",
        /// The custom kernel for small messages.
        MinLatency = "MINLATENCY",
        /// The custom kernel in one phase: each rank sums the whole message.
        OneShot = "ONESHOT",
        /// The custom kernel in two phases: each rank sums a share of the message.
        TwoShot = "TWOSHOT",
        /// All-reduce in FP8.
        LowPrecision = "LOWPRECISION",
        /// Multicast in an NVLink domain of several nodes.
        Mnnvl = "MNNVL",
        /// The strategy that is fastest in a benchmark at start.
        AutoTune = "AUTOTUNE",
    }
}

named_values! {
    /// The program that runs the engine.
    #[derive(Default)]
    Runtime {
        /// The executor, with in-flight batching.
        #[default]
        Executor = "executor",
        /// The C++ session without in-flight batching (deprecated).
        GptSession = "gpt_session",
        /// The Python session (deprecated).
        PySession = "py_session",
    }
}

named_values! {
    /// The program that starts the ranks.
    #[derive(Default)]
    Launcher {
        /// A Python process: the LLM API, trtllm-serve, trtllm-bench, run.py.
        #[default]
        Python = "python",
        /// mpirun with a C++ program.
        Mpi = "mpi",
        /// Triton in leader mode: a server process per rank, each of which sees every GPU.
        Triton = "triton",
    }
}

named_values! {
    /// The operating system.
    #[derive(Default)]
    OperatingSystem {
        /// Linux.
        #[default]
        Linux = "linux",
        /// Windows.
        Windows = "windows",
    }
}

named_values! {
    /// A module that a LoRA adapter modifies (`--lora_target_modules`).
    LoraModule {
        /// Fused query, key and value projections.
        AttnQkv = "attn_qkv",
        /// Query projection.
        AttnQ = "attn_q",
        /// Key projection.
        AttnK = "attn_k",
        /// Value projection.
        AttnV = "attn_v",
        /// Output projection of the attention.
        AttnDense = "attn_dense",
        /// First projection of the MLP.
        MlpHTo4h = "mlp_h_to_4h",
        /// Gate projection of the MLP.
        MlpGate = "mlp_gate",
        /// Fused gate and first projection of the MLP.
        MlpGateUp = "mlp_gate_up",
        /// Output projection of the MLP.
        Mlp4hToH = "mlp_4h_to_h",
        /// First projection of the experts.
        MoeHTo4h = "moe_h_to_4h",
        /// Gate projection of the experts.
        MoeGate = "moe_gate",
        /// Output projection of the experts.
        Moe4hToH = "moe_4h_to_h",
        /// The router of the experts.
        MoeRouter = "moe_router",
    }
}

/// The modules that LoRA adapters modify, without duplicates and in the order of [`LoraModule`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoraModules(pub Vec<LoraModule>);

impl Deref for LoraModules {
    type Target = [LoraModule];
    fn deref(&self) -> &[LoraModule] {
        &self.0
    }
}

/// Parses names separated by commas or spaces; an empty text is an empty list.
impl FromStr for LoraModules {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<LoraModules, InvalidValue> {
        let names = text.split([',', ' ']).filter(|name| !name.is_empty());
        let unknown = |name| {
            let known = LoraModule::NAMES.join(", ");
            InvalidValue::new(format!("must be a list of {known}; found \"{name}\""))
        };
        names.map(|name| name.parse().map_err(|_| unknown(name))).collect()
    }
}

impl FromIterator<LoraModule> for LoraModules {
    fn from_iter<I: IntoIterator<Item = LoraModule>>(modules: I) -> LoraModules {
        LoraModules(modules.into_iter().collect::<BTreeSet<_>>().into_iter().collect())
    }
}

impl fmt::Display for LoraModules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&joined(&self.0, ","))
    }
}

/// The sizes of lookahead decoding (`LookaheadDecodingConfig`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LookaheadConfig {
    /// Number of parallel lookahead branches.
    pub window: u64,
    /// Number of tokens in an n-gram.
    pub ngram: u64,
    /// Number of n-grams verified at once.
    pub verification_set: u64,
}

impl LookaheadConfig {
    /// The maximum of each size.
    const MOST: u64 = 64;

    /// Returns the sizes unchanged if each is in range.
    ///
    /// # Errors
    /// If a size is out of range. The message contains an example.
    pub(crate) fn check(self) -> Result<LookaheadConfig, InvalidValue> {
        let sizes = [self.window, self.ngram, self.verification_set];
        let sound = sizes.iter().all(|size| (1..=LookaheadConfig::MOST).contains(size));
        if sound { Ok(self) } else { Err(not_lookahead()) }
    }

    /// Returns the number of draft tokens per step: (n = 1 ? 0 : n − 2) + (w − 1 + g) · (n − 1).
    pub fn draft_tokens(self) -> u64 {
        let LookaheadConfig { window, ngram, verification_set } = self;
        ngram.saturating_sub(2) + (window - 1 + verification_set) * (ngram - 1)
    }
}

fn not_lookahead() -> InvalidValue {
    InvalidValue::new(format!("must be three whole numbers from 1 to {}, such as 4,3,4", LookaheadConfig::MOST))
}

/// Parses a text such as `4,3,4`.
impl FromStr for LookaheadConfig {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<LookaheadConfig, InvalidValue> {
        let numbers = text.trim_matches(['[', ']', '(', ')']).split(',');
        let sizes: Vec<u64> = numbers
            .filter_map(|number| number.trim().parse().ok())
            .filter(|size| (1..=LookaheadConfig::MOST).contains(size))
            .collect();
        match sizes[..] {
            [window, ngram, verification_set] => Ok(LookaheadConfig { window, ngram, verification_set }),
            _ => Err(not_lookahead()),
        }
    }
}

/// Returns TensorRT-LLM's default sizes.
impl Default for LookaheadConfig {
    fn default() -> LookaheadConfig {
        LookaheadConfig { window: 4, ngram: 3, verification_set: 4 }
    }
}

impl fmt::Display for LookaheadConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{},{}", self.window, self.ngram, self.verification_set)
    }
}
