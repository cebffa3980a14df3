//! TensorRT-LLM's versions and their differences. Formulas query a [`Behavior`] by name and never
//! compare versions.

use super::{Backend, InvalidValue};
use crate::explanation_text::explanation_text;
use std::fmt;
use std::str::FromStr;

/// A minor version of TensorRT-LLM, such as 0.19.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// The major version number.
    pub major: u16,
    /// The minor version number.
    pub minor: u16,
}

const fn version(major: u16, minor: u16) -> Version {
    Version { major, minor }
}

impl Version {
    /// The names of the modelled versions.
    pub const NAMES: &'static [&'static str] = &[
        "0.8", "0.9", "0.10", "0.11", "0.12", "0.13", "0.14", "0.15", "0.16", "0.17", "0.18", "0.19", "0.20", "0.21",
        "1.0", "1.1", "1.2", "1.3",
    ];

    /// Returns the default version of a backend.
    pub fn default_of(backend: Backend) -> Version {
        match backend {
            Backend::TensorRt => version(0, 19),
            Backend::Pytorch => version(1, 2),
        }
    }

    /// Whether `fact` holds in this version.
    pub fn has(self, fact: Behavior) -> bool {
        let (from, until) = SPANS[fact as usize];
        from <= self && self <= until
    }

    /// Returns the default `tokens_per_block` of `trtllm-build` (`plugin/plugin.py`). Logs of 0.8
    /// print 128, logs of 0.11 to 0.16 print 64, logs of 0.20 and 1.2 print 32.
    pub fn default_tokens_per_block(self) -> u64 {
        if self.has(Behavior::BlocksOf32Tokens) {
            32
        } else if self.has(Behavior::BlocksOf128Tokens) {
            128
        } else {
            64
        }
    }

    /// Returns the default `max_batch_size` of `trtllm-build` (`builder.py`).
    pub fn default_max_batch_size(self) -> u64 {
        if self.has(Behavior::BuildsForBatchOf2048) { 2048 } else { 256 }
    }
}

/// Parses the name of a modelled version, ignoring a patch level or suffix: `0.17.0.post1` is 0.17.
impl FromStr for Version {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Version, InvalidValue> {
        let mut numbers = text.trim_start_matches(['v', 'V']).split('.').map(|number| number.parse().ok());
        numbers
            .next()
            .flatten()
            .zip(numbers.next().flatten())
            .map(|(major, minor)| version(major, minor))
            .filter(|version| Version::NAMES.contains(&version.to_string().as_str()))
            .ok_or_else(|| InvalidValue::not_one_of(text, Version::NAMES))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// A behaviour of TensorRT-LLM that depends on its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behavior {
    /// The decoder allocates float logits for draft tokens even without speculation
    /// (`mDraftLogits`).
    DecoderKeepsDraftLogits,
    /// The decoder buffers keep a GPU copy of the log probabilities.
    BuffersKeepLogProbs,
    /// The custom all-reduce workspace has Lamport buffers.
    AllReduceHasLamportBuffers,
    /// 16-bit gated MLPs fuse gate and up projections by default (`use_fused_mlp`).
    FusesMlpByDefault,
    /// The execution context is planned by TensorRT 9 instead of TensorRT 10.
    PlannedByTensorRt9,
    /// The engine contains a table of cosines and sines for every position.
    EngineHoldsRopeTable,
    /// The pair of cache indirections is in the decoder instead of the runtime buffers.
    DecoderHoldsCacheIndirection,
    /// The decoder has one more float row of the vocabulary per slot, and no cache indirection
    /// without beam search.
    DecoderKeepsAnotherRow,
    /// The custom all-reduce workspace fits messages of up to 64 MiB.
    LargeAllReduceBuffers,
    /// NCCL is older than 2.21: NVLink SHARP has buffers of 4 MiB per rank and channel.
    NcclHasLargeMulticastBuffers,
    /// NCCL is 2.25 or 2.26: NVLink SHARP has 32 channels on Blackwell.
    NcclHas32MulticastChannels,
    /// TensorRT-LLM has a PyTorch backend.
    HasPytorchBackend,
    /// The PyTorch backend rounds the number of KV-cache blocks up.
    TorchRoundsBlocksUp,
    /// The memory of the PyTorch backend's CUDA graphs is distinguishable from the libraries'.
    TorchGraphsCount,
    /// The PyTorch backend's attention workspace contains the queries of a step.
    TorchWorkspaceHoldsQueries,
    /// The PyTorch backend has another communicator besides that of the tensor-parallel ranks.
    TorchHasAnotherCommunicator,
    /// The PyTorch backend's KV cache has a layer per step of multi-token prediction.
    MtpCachesEveryStep,
    /// The PyTorch backend chooses the MoE kernels by model and GPU by default.
    ChoosesMoeBackend,
    /// The PyTorch backend loads the vision towers of the models of late 2025 and 2026: Qwen 3.5,
    /// Mistral Large 3, EXAONE 4.5.
    LoadsTowersOf2026,
    /// The PyTorch backend keeps recurrent states in the type that the configuration names.
    StatesFollowConfiguration,
    /// The PyTorch backend can leave vision and audio towers out (`disable_mm_encoder`).
    HasTextOnly,
    /// The PyTorch backend has a load balancer for experts.
    BalancesExperts,
    /// The load balancer supports gpt-oss.
    BalancesExpertsOfGptOss,
    /// The load balancer supports the models of 2026: DeepSeek V3.2, GLM-5, Nemotron-H and Qwen
    /// 3.5.
    BalancesExpertsOf2026,
    /// The PyTorch backend allocates its all-reduce workspace even if attention is data-parallel.
    AttentionDpKeepsAllReduce,
    /// The PyTorch backend's sampler stores stop words on the GPU.
    SamplerKeepsStopWords,
    /// The PyTorch backend loads the libraries of 1.0 and 1.1.
    TorchLibrariesOf1_0,
    /// The PyTorch backend loads the libraries of 1.2.
    TorchLibrariesOf1_2,
    /// The PyTorch backend loads the libraries of 1.3.
    TorchLibrariesOf1_3,
    /// Every rank has a CUDA context on every GPU of its node.
    ContextsOnEveryGpu,
    /// Pipeline stages may have different numbers of layers.
    SplitsLayersUnevenly,
    /// `tokens_per_block` is 128 by default.
    BlocksOf128Tokens,
    /// `tokens_per_block` is 32 by default.
    BlocksOf32Tokens,
    /// `max_batch_size` is 2048 by default.
    BuildsForBatchOf2048,
    /// ModelOpt's FP8 checkpoints have 16-bit logits.
    Fp8CheckpointsHave16BitLogits,
    /// A rank that Python starts creates a context on GPU 0 before it selects its own GPU.
    ContextsOnGpu0,
    /// The runtime copies cache indirections with three arrays of 64-bit numbers per slot.
    BatchesCacheIndirectionCopies,
    /// The runtime buffers contain a map from sequence slots to sorted slots on the GPU.
    RemapsSequenceSlots,
    /// Paged context FMHA is on by default.
    PagedContextFmhaByDefault,
    /// The fraction of the free memory limits the KV cache even if only `max_tokens` is set.
    FractionAlwaysBounds,
    /// Layers with the same attention window have their own pool of KV blocks.
    WindowsHavePools,
    /// The pools of several attention windows have equal sizes, and `max_tokens` does not apply to
    /// each.
    WindowPoolsAreEqual,
    /// A sequence longer than its attention window needs another block, and pages are counted for
    /// the whole sequence.
    WindowsSlideByBlocks,
    /// If the KV cache does not fit one sequence, `max_seq_len` is lowered instead of an error.
    ShrinksToOneSequence,
    /// Beam search with more than eight beams has its own kernels.
    WideBeamSearch,
    /// Self and cross KV cache share the bytes of one measurement. Before, each took its share of
    /// the blocks that were possible at its creation.
    CrossKvCacheSplitsBytes,
    /// The decoder's copy of the encoder's output has the size of the encoder's longest input
    /// instead of the decoder's longest prompt.
    EncoderBuffersFollowEncoder,
    /// Keys and values of cross attention have their own projection besides the one of queries,
    /// keys and values.
    ProjectsCrossKeysAlone,
    /// EAGLE's buffers contain the tensors of dynamic trees, even for static trees.
    EagleHasDynamicTrees,
    /// The block tables of the session without in-flight batching have a pointer for every layer.
    BlockPointersOfEveryLayer,
    /// FP8 context FMHA is on by default if weights and KV cache are FP8.
    Fp8ContextFmhaByDefault,
    /// `trtllm-build` accepts `max_seq_len` instead of `max_output_len`.
    BuildTakesMaxSeqLen,
    /// `trtllm-build` accepts `--kv_cache_type` instead of `--paged_kv_cache`.
    BuildTakesKvCacheType,
    /// Plugins of `trtllm-build` accept the type `auto`.
    PluginsTakeAuto,
    /// `--use_fused_mlp` of `trtllm-build` requires `enable` or `disable`.
    FusedMlpTakesAValue,
    /// TensorRT-LLM has `trtllm-serve`.
    HasServe,
    /// `trtllm-serve` and the LLM API run the PyTorch backend by default.
    PyTorchByDefault,
    /// `trtllm-serve` accepts its YAML file as `--config`.
    ServeTakesConfig,
    /// The LLM API's `KvCacheConfig` accepts `tokens_per_block`.
    KvCacheConfigTakesBlock,
    /// The examples of models are in `examples/models/core`.
    ExamplesOfModelsMoved,
    /// The attention plugin reserves the scratch of multi-block generation kernels in every engine.
    ReservesMultiBlock,
    /// The generation kernels' workspace has a second buffer of queries, for the conversion of
    /// outputs.
    ConvertsAttentionOutputs,
    /// The generation kernels' workspace fits the tokens of a generation step instead of all
    /// `max_num_tokens`.
    GenerationWorkspaceFollowsBatch,
    /// The MoE plugin's workspace contains the routing probabilities.
    MoePluginKeepsProbabilities,
    /// A tied embedding table and LM head is stored once.
    StoresTiedEmbeddingsOnce,
    /// Small tensors take 4 KiB of the execution context instead of 6 KiB.
    FewerSmallTensors,
    /// `run.py` limits the batch to the number of its prompts, independently of the engine.
    RunPyLimitsBatch,
}

/// The range of versions with a behaviour, and its source.
#[derive(Debug)]
pub struct BehaviorRange {
    /// The behaviour.
    pub fact: Behavior,
    /// The first version with it.
    pub from: Version,
    /// The last version with it.
    pub until: Version,
    /// The source of the range.
    pub source: &'static str,
}

const FIRST: Version = version(0, 0);
const LAST: Version = version(u16::MAX, 0);

/// The differences between versions.
pub static BEHAVIORS: &[BehaviorRange] = &[
    BehaviorRange {
        fact: Behavior::DecoderKeepsDraftLogits,
        from: FIRST,
        until: version(0, 13),
        source: explanation_text("decoder lines of logs of 0.12 and 0.13; absent from 0.14 on"),
    },
    BehaviorRange {
        fact: Behavior::BuffersKeepLogProbs,
        from: FIRST,
        until: version(0, 19),
        source: explanation_text(
            "cpp/tensorrt_llm/runtime: DecoderBuffers.logProbs; runtime lines of logs of 0.14 to 0.18",
        ),
    },
    BehaviorRange {
        fact: Behavior::PlannedByTensorRt9,
        from: FIRST,
        until: version(0, 10),
        source: explanation_text(
            "release notes; execution context sizes of builds with 0.6 to 0.9, compared with 0.11 and later",
        ),
    },
    BehaviorRange {
        fact: Behavior::EngineHoldsRopeTable,
        from: version(0, 11),
        until: LAST,
        source: explanation_text(
            "tensorrt_llm/layers/attention.py create_attention_const_params; engine sizes of 0.8 and 0.9 \
             do not include it",
        ),
    },
    BehaviorRange {
        fact: Behavior::DecoderHoldsCacheIndirection,
        from: version(0, 20),
        until: version(1, 1),
        source: explanation_text("cpp/tensorrt_llm/runtime/decoderState.cpp setupCacheIndirection"),
    },
    BehaviorRange {
        fact: Behavior::DecoderKeepsAnotherRow,
        from: version(1, 2),
        until: LAST,
        source: explanation_text("decoder line of a log of 1.2.1; the tensor is unknown"),
    },
    BehaviorRange {
        fact: Behavior::LargeAllReduceBuffers,
        from: version(1, 3),
        until: LAST,
        source: explanation_text(
            "cpp/tensorrt_llm/common/customAllReduceUtils.h: 16 and 8 MB in the strategy tables \
             of 1.0 to 1.2, 64 MiB later",
        ),
    },
    BehaviorRange {
        fact: Behavior::NcclHasLargeMulticastBuffers,
        from: FIRST,
        until: version(0, 10),
        source: explanation_text(
            "release notes: built on the PyTorch container 24.03 up to 0.10, with NCCL 2.20; NCCL's \
             src/transport/nvls.cc",
        ),
    },
    BehaviorRange {
        fact: Behavior::NcclHas32MulticastChannels,
        from: version(0, 17),
        until: version(0, 21),
        source: explanation_text("release notes: built on PyTorch containers 25.01 to 25.05, with NCCL 2.25 and 2.26"),
    },
    BehaviorRange {
        fact: Behavior::HasPytorchBackend,
        from: version(0, 17),
        until: LAST,
        source: explanation_text("release notes: experimental in 0.17, the default from 1.0 on"),
    },
    BehaviorRange {
        fact: Behavior::TorchRoundsBlocksUp,
        from: FIRST,
        until: version(1, 1),
        source: explanation_text(
            "tensorrt_llm/_torch/pyexecutor/resource_manager.py: 860308 tokens are 26885 blocks up to \
             1.1, 2851669 are 89114 from 1.2.0rc6 on",
        ),
    },
    BehaviorRange {
        fact: Behavior::TorchGraphsCount,
        from: version(1, 2),
        until: LAST,
        source: explanation_text(
            "memory outside torch in public logs: 13 graphs are not visible in 0.20; 14 to 25 MB per graph from \
             1.2.0rc6 on",
        ),
    },
    BehaviorRange {
        fact: Behavior::TorchWorkspaceHoldsQueries,
        from: version(1, 0),
        until: LAST,
        source: explanation_text(
            "cpp/tensorrt_llm/common/attentionOp.cpp; logged workspaces of 1.2; memory inside torch in logs \
             of 0.20 does not grow with max_num_tokens",
        ),
    },
    BehaviorRange {
        fact: Behavior::TorchHasAnotherCommunicator,
        from: FIRST,
        until: version(0, 21),
        source: explanation_text(
            "memory outside torch of Llama 3.1 8B with 0.20: on two H100, 415 MiB more than on one H100 with one \
             communicator",
        ),
    },
    BehaviorRange {
        fact: Behavior::MtpCachesEveryStep,
        from: FIRST,
        until: version(1, 2),
        source: explanation_text("tensorrt_llm/_torch/speculative/utils.py get_num_spec_layers"),
    },
    BehaviorRange {
        fact: Behavior::ChoosesMoeBackend,
        from: version(1, 3),
        until: LAST,
        source: explanation_text("tensorrt_llm/llmapi/llm_args.py MoeConfig.backend: CUTLASS up to 1.2, AUTO later"),
    },
    BehaviorRange {
        fact: Behavior::LoadsTowersOf2026,
        from: version(1, 3),
        until: LAST,
        source: explanation_text("NVIDIA/TensorRT-LLM pull request 15249: 0.86 GiB more from 1.3.0rc21 on"),
    },
    BehaviorRange {
        fact: Behavior::StatesFollowConfiguration,
        from: version(1, 3),
        until: LAST,
        source: explanation_text("tensorrt_llm/_torch/pyexecutor/config_utils.py resolve_ssm_cache_dtype"),
    },
    BehaviorRange {
        fact: Behavior::HasTextOnly,
        from: version(1, 3),
        until: LAST,
        source: explanation_text("tensorrt_llm/llmapi/llm_args.py TorchLlmArgs.disable_mm_encoder"),
    },
    BehaviorRange {
        fact: Behavior::BalancesExperts,
        from: version(0, 21),
        until: LAST,
        source: explanation_text("NVIDIA/TensorRT-LLM pull request 4615, May 2025: the static load balancer"),
    },
    BehaviorRange {
        fact: Behavior::BalancesExpertsOfGptOss,
        from: version(1, 2),
        until: LAST,
        source: explanation_text("moe_load_balancer.py moe_model_arch_list; pull request 8886, November 2025"),
    },
    BehaviorRange {
        fact: Behavior::BalancesExpertsOf2026,
        from: version(1, 3),
        until: LAST,
        source: explanation_text("moe_load_balancer.py moe_model_arch_list: revisions of late 2025 and of 2026"),
    },
    BehaviorRange {
        fact: Behavior::AttentionDpKeepsAllReduce,
        from: FIRST,
        until: version(1, 2),
        source: explanation_text(
            "memory outside torch with attention data parallelism: room for it in 1.2.0rc6, none for 8 GiB on 32 \
             ranks in 1.3",
        ),
    },
    BehaviorRange {
        fact: Behavior::SamplerKeepsStopWords,
        from: version(1, 2),
        until: LAST,
        source: explanation_text("tensorrt_llm/_torch/pyexecutor/sampler.py TorchSampler"),
    },
    BehaviorRange {
        fact: Behavior::TorchLibrariesOf1_0,
        from: version(1, 0),
        until: version(1, 1),
        source: explanation_text("a public log of 1.1.0 on RTX 6000 Ada"),
    },
    BehaviorRange {
        fact: Behavior::TorchLibrariesOf1_2,
        from: version(1, 2),
        until: version(1, 2),
        source: explanation_text("public logs of 1.2.0rc6 on B200, with as much memory as those of 1.3"),
    },
    BehaviorRange {
        fact: Behavior::TorchLibrariesOf1_3,
        from: version(1, 3),
        until: LAST,
        source: explanation_text("public logs of 1.3.0rc10 on B300 and of 1.3 on GB200"),
    },
    BehaviorRange {
        fact: Behavior::ContextsOnEveryGpu,
        from: FIRST,
        until: version(0, 10),
        source: explanation_text(
            "NVIDIA/TensorRT-LLM issue 1604: eight contexts on every GPU; runtime/ipcUtils.cpp setPeerAccess",
        ),
    },
    BehaviorRange {
        fact: Behavior::SplitsLayersUnevenly,
        from: version(0, 21),
        until: LAST,
        source: explanation_text(
            "tensorrt_llm/mapping.py pp_layers and cpp/include/tensorrt_llm/runtime/modelConfig.h: an integer \
             division before pull request 4399 of May 2025, although the release notes of 0.11 announce uneven stages",
        ),
    },
    BehaviorRange {
        fact: Behavior::BlocksOf128Tokens,
        from: FIRST,
        until: version(0, 9),
        source: explanation_text("logs of 0.8 print 128"),
    },
    BehaviorRange {
        fact: Behavior::AllReduceHasLamportBuffers,
        from: version(0, 16),
        until: LAST,
        source: explanation_text("cpp/tensorrt_llm/runtime/ipcUtils.cpp"),
    },
    BehaviorRange {
        fact: Behavior::FusesMlpByDefault,
        from: version(0, 13),
        until: LAST,
        source: explanation_text(
            "release notes of 0.13: use_fused_mlp is True by default; tensorrt_llm/plugin/plugin.py; execution \
             context lines of logs of 0.17 and 0.18",
        ),
    },
    BehaviorRange {
        fact: Behavior::BlocksOf32Tokens,
        from: version(0, 19),
        until: LAST,
        source: explanation_text("tensorrt_llm/plugin/plugin.py; logs of 0.16 print 64, of 0.20 print 32"),
    },
    BehaviorRange {
        fact: Behavior::BuildsForBatchOf2048,
        from: version(0, 14),
        until: LAST,
        source: explanation_text(
            "release notes of 0.14: max_batch_size of trtllm-build is 2048 by default; pull request 2253, \
             0.14.0.dev2024092400",
        ),
    },
    BehaviorRange {
        fact: Behavior::Fp8CheckpointsHave16BitLogits,
        from: version(0, 14),
        until: LAST,
        source: explanation_text(
            "decoder lines: 32 bit in the documentation's example (0.13 or earlier), 16 bit in a log of 0.16",
        ),
    },
    BehaviorRange {
        fact: Behavior::ContextsOnGpu0,
        from: version(0, 11),
        until: version(0, 19),
        source: explanation_text(
            "NVIDIA/TensorRT-LLM issue 3058 and pull request 3764; available memory of rank 0 in a log of 0.16",
        ),
    },
    BehaviorRange {
        fact: Behavior::BatchesCacheIndirectionCopies,
        from: version(0, 14),
        until: LAST,
        source: explanation_text("cpp/tensorrt_llm/batch_manager/runtimeBuffers.cpp"),
    },
    BehaviorRange {
        fact: Behavior::Fp8ContextFmhaByDefault,
        from: version(0, 17),
        until: LAST,
        source: explanation_text("tensorrt_llm/plugin/plugin.py"),
    },
    BehaviorRange {
        fact: Behavior::RunPyLimitsBatch,
        from: version(0, 16),
        until: LAST,
        source: explanation_text(
            "tensorrt_llm/runtime/model_runner_cpp.py: ExecutorConfig(max_batch_size=…), absent in 0.12; \
             buffers in logs of 0.14 and 0.17",
        ),
    },
    BehaviorRange {
        fact: Behavior::PagedContextFmhaByDefault,
        from: version(0, 17),
        until: LAST,
        source: explanation_text("tensorrt_llm/plugin/plugin.py"),
    },
    BehaviorRange {
        fact: Behavior::BuildTakesMaxSeqLen,
        from: version(0, 11),
        until: LAST,
        source: explanation_text("release notes of 0.11: deprecated max_output_len and added max_seq_len"),
    },
    BehaviorRange {
        fact: Behavior::BuildTakesKvCacheType,
        from: version(0, 14),
        until: LAST,
        source: explanation_text("tensorrt_llm/commands/build.py; --paged_kv_cache still works but is deprecated"),
    },
    BehaviorRange {
        fact: Behavior::PluginsTakeAuto,
        from: version(0, 11),
        until: LAST,
        source: explanation_text("tensorrt_llm/plugin/plugin.py; revisions of early 2024 accept only types"),
    },
    BehaviorRange {
        fact: Behavior::FusedMlpTakesAValue,
        from: version(0, 14),
        until: LAST,
        source: explanation_text("tensorrt_llm/plugin/plugin.py cli_plugin_args; before, a plain switch of build.py"),
    },
    BehaviorRange {
        fact: Behavior::HasServe,
        from: version(0, 15),
        until: LAST,
        source: explanation_text("release notes of 0.15: added a trtllm-serve command"),
    },
    BehaviorRange {
        fact: Behavior::PyTorchByDefault,
        from: version(1, 0),
        until: LAST,
        source: explanation_text(
            "release notes of 1.0: the PyTorch-based architecture is the default; tensorrt_llm/_tensorrt_engine",
        ),
    },
    BehaviorRange {
        fact: Behavior::KvCacheConfigTakesBlock,
        from: version(1, 2),
        until: LAST,
        source: explanation_text("tensorrt_llm/llmapi/llm_args.py KvCacheConfig; absent in revisions of mid-2025"),
    },
    BehaviorRange {
        fact: Behavior::ServeTakesConfig,
        from: version(1, 2),
        until: LAST,
        source: explanation_text("tensorrt_llm/commands/serve.py: --config beside --extra_llm_api_options"),
    },
    BehaviorRange {
        fact: Behavior::ExamplesOfModelsMoved,
        from: version(0, 19),
        until: LAST,
        source: explanation_text("examples/models/core, in the repository since 0.19"),
    },
    BehaviorRange {
        fact: Behavior::ReservesMultiBlock,
        from: version(0, 13),
        until: LAST,
        source: explanation_text(
            "cpp/tensorrt_llm/kernels/xqaDispatcher.cpp; before, multi_block_mode was a build flag, off by \
             default; scratch of builds with 0.17 and 0.20 to the byte",
        ),
    },
    BehaviorRange {
        fact: Behavior::ConvertsAttentionOutputs,
        from: version(0, 17),
        until: LAST,
        source: explanation_text(
            "cpp/tensorrt_llm/kernels/xqaDispatcher.cpp getWorkspaceSize; scratch of builds with 0.17 and 0.20 to \
             the byte",
        ),
    },
    BehaviorRange {
        fact: Behavior::GenerationWorkspaceFollowsBatch,
        from: version(0, 21),
        until: LAST,
        source: explanation_text(
            "cpp/tensorrt_llm/common/attentionOp.cpp getWorkspaceSizeForGeneration; activations of a \
             build with 1.2.1; not yet in scratch of 0.20",
        ),
    },
    BehaviorRange {
        fact: Behavior::MoePluginKeepsProbabilities,
        from: FIRST,
        until: version(0, 17),
        source: explanation_text("cpp/tensorrt_llm/plugins/mixtureOfExperts setupWorkspace"),
    },
    BehaviorRange {
        fact: Behavior::FewerSmallTensors,
        from: FIRST,
        until: version(0, 12),
        source: explanation_text(
            "activation sizes without the blocks: 3 to 5 KiB in five builds with 0.6 to 0.12, 6 KiB in two with 0.20",
        ),
    },
    BehaviorRange {
        fact: Behavior::StoresTiedEmbeddingsOnce,
        from: version(0, 21),
        until: LAST,
        source: explanation_text("engine sizes: stored twice in logs of 0.14 and 0.20, once in a log of 0.21"),
    },
    BehaviorRange {
        fact: Behavior::RemapsSequenceSlots,
        from: FIRST,
        until: version(1, 1),
        source: explanation_text(
            "cpp/tensorrt_llm/batch_manager/runtimeBuffers.cpp seqSlotRemappingDevice; runtime line of a log of 1.2.1",
        ),
    },
    BehaviorRange {
        fact: Behavior::FractionAlwaysBounds,
        from: version(0, 20),
        until: LAST,
        source: explanation_text(
            "cpp/tensorrt_llm/batch_manager/kvCacheManager.cpp calculateMaxNumBlocks, calculateFreeMemBytes",
        ),
    },
    BehaviorRange {
        fact: Behavior::WindowsHavePools,
        from: version(0, 20),
        until: LAST,
        source: explanation_text(
            "cpp/tensorrt_llm/batch_manager/kvCacheManager.cpp groupLayersByWindowSize, calculateWindowSizeToShare",
        ),
    },
    BehaviorRange {
        fact: Behavior::WindowPoolsAreEqual,
        from: version(1, 0),
        until: LAST,
        source: explanation_text(
            "cpp/tensorrt_llm/batch_manager/kvCacheManager.cpp calculateWindowSizeToShare, TRTLLM_WINDOW_SIZE_SHARES",
        ),
    },
    BehaviorRange {
        fact: Behavior::WindowsSlideByBlocks,
        from: version(1, 0),
        until: LAST,
        source: explanation_text("cpp/tensorrt_llm/batch_manager/kvCacheManager.cpp kSWAExtraBlock"),
    },
    BehaviorRange {
        fact: Behavior::ShrinksToOneSequence,
        from: version(0, 17),
        until: LAST,
        source: explanation_text(
            "cpp/tensorrt_llm/batch_manager/trtGptModelInflightBatching.cpp clampWindowSizesToFitAtLeastOneSequence",
        ),
    },
    BehaviorRange {
        fact: Behavior::WideBeamSearch,
        from: version(0, 16),
        until: LAST,
        source: explanation_text("cpp/tensorrt_llm/layers/beamSearchLayer.cu"),
    },
    BehaviorRange {
        fact: Behavior::CrossKvCacheSplitsBytes,
        from: version(0, 20),
        until: LAST,
        source: explanation_text(
            "cpp/tensorrt_llm/batch_manager/trtGptModelInflightBatching.cpp createKvCacheManager; blocks of \
             both pools in a log of 0.13 or 0.14",
        ),
    },
    BehaviorRange {
        fact: Behavior::EncoderBuffersFollowEncoder,
        from: version(0, 19),
        until: LAST,
        source: explanation_text(
            "cpp/tensorrt_llm/batch_manager/encoderBuffers.cpp setMaxBufferSizes; runtime line of a log of 0.15",
        ),
    },
    BehaviorRange {
        fact: Behavior::ProjectsCrossKeysAlone,
        from: version(0, 17),
        until: LAST,
        source: explanation_text(
            "tensorrt_llm/models/modeling_utils.py optimize_cross_qkv, absent in a T5 engine of 0.13 or 0.14; the \
             version is that of the attention.py with it",
        ),
    },
    BehaviorRange {
        fact: Behavior::EagleHasDynamicTrees,
        from: version(0, 18),
        until: LAST,
        source: explanation_text("cpp/tensorrt_llm/runtime/eagleBuffers.cpp use_dynamic_tree"),
    },
    BehaviorRange {
        fact: Behavior::BlockPointersOfEveryLayer,
        from: FIRST,
        until: version(0, 10),
        source: explanation_text("cpp/tensorrt_llm/runtime/transformerBuffers.cpp"),
    },
];

/// The first and last version of each behaviour, indexed by its discriminant.
static SPANS: [(Version, Version); BEHAVIORS.len()] = {
    let mut spans = [(LAST, FIRST); BEHAVIORS.len()];
    let mut row = 0;
    while row < BEHAVIORS.len() {
        spans[BEHAVIORS[row].fact as usize] = (BEHAVIORS[row].from, BEHAVIORS[row].until);
        row += 1;
    }
    spans
};

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn versions_are_read_with_patch_levels_and_suffixes() {
        assert_eq!("0.17.0.post1".parse(), Ok(version(0, 17)));
        assert_eq!("v0.19".parse(), Ok(version(0, 19)));
        for unknown in ["0.99", "next", "0", ""] {
            let error = unknown.parse::<Version>().unwrap_err();
            assert_eq!(error.to_string(), InvalidValue::not_one_of(unknown, Version::NAMES).to_string());
        }
    }

    #[test]
    fn every_fact_has_one_row() {
        let mut numbers: Vec<usize> = BEHAVIORS.iter().map(|change| change.fact as usize).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..BEHAVIORS.len()).collect::<Vec<_>>());
    }

    #[test]
    fn facts_hold_in_their_versions_only() {
        assert!(version(0, 13).has(Behavior::DecoderKeepsDraftLogits));
        assert!(!version(0, 14).has(Behavior::DecoderKeepsDraftLogits));
        assert!(version(0, 16).has(Behavior::AllReduceHasLamportBuffers));
        assert!(!version(0, 15).has(Behavior::AllReduceHasLamportBuffers));
        assert!(version(0, 13).has(Behavior::FusesMlpByDefault) && !version(0, 12).has(Behavior::FusesMlpByDefault));
        assert_eq!([13, 14].map(|minor| version(0, minor).default_max_batch_size()), [256, 2048]);
    }
}
