//! Settings with named values; the names are TensorRT-LLM's.

use crate::named_values::{InvalidValue, named_values};
use crate::units::joined;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

named_values! {
    /// The backend of TensorRT-LLM that runs the model.
    #[derive(Default)]
    Backend {
        /// An engine built by `trtllm-build`.
        TensorRt = "tensorrt",
        /// The PyTorch backend, which runs the checkpoint itself.
        #[default]
        Pytorch = "pytorch",
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
