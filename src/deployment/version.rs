//! TensorRT-LLM's versions, and what changed between them. Formulas ask for a [`Behavior`] by its name and never
//! compare versions.

use super::{Backend, InvalidValue};
use crate::explanation_text::explanation_text;
use std::fmt;
use std::str::FromStr;

/// A minor version of TensorRT-LLM, such as 0.19.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// The number before the point.
    pub major: u16,
    /// The number after it.
    pub minor: u16,
}

const fn version(major: u16, minor: u16) -> Version {
    Version { major, minor }
}

impl Version {
    /// The names of the versions that are modelled.
    pub const NAMES: &'static [&'static str] = &[
        "0.8", "0.9", "0.10", "0.11", "0.12", "0.13", "0.14", "0.15", "0.16", "0.17", "0.18", "0.19", "0.20", "0.21",
        "1.0", "1.1", "1.2", "1.3",
    ];

    /// The version that is assumed where none is chosen.
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

    /// The `tokens_per_block` that `trtllm-build` uses unless told otherwise (`plugin/plugin.py`; logs of 0.8 print 128, of 0.11 to 0.16
    /// 64, of 0.20 and 1.2 32).
    pub fn default_tokens_per_block(self) -> u64 {
        if self.has(Behavior::BlocksOf32Tokens) {
            32
        } else if self.has(Behavior::BlocksOf128Tokens) {
            128
        } else {
            64
        }
    }

    /// The `max_batch_size` that `trtllm-build` uses unless told otherwise (`builder.py`).
    pub fn default_max_batch_size(self) -> u64 {
        if self.has(Behavior::BuildsForBatchOf2048) { 2048 } else { 256 }
    }
}

/// Parses the name of a modelled version; a patch level or suffix is ignored (`0.17.0.post1` is 0.17).
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

/// Something that holds in some versions and not in others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behavior {
    /// The decoder allocates float logits for draft tokens even without speculation (`mDraftLogits`).
    DecoderKeepsDraftLogits,
    /// The decoder buffers keep a GPU copy of the log probabilities.
    BuffersKeepLogProbs,
    /// The custom all-reduce workspace has Lamport buffers.
    AllReduceHasLamportBuffers,
    /// 16-bit gated MLPs multiply gate and up in one GEMM unless told otherwise (`use_fused_mlp`).
    FusesMlpByDefault,
    /// TensorRT 9 plans the execution context, not TensorRT 10.
    PlannedByTensorRt9,
    /// The engine holds a table of cosines and sines for every position.
    EngineHoldsRopeTable,
    /// The decoder, not the runtime buffers, holds the pair of cache indirections.
    DecoderHoldsCacheIndirection,
    /// The decoder keeps one more float row of the vocabulary for each slot, and no cache indirection without beam search.
    DecoderKeepsAnotherRow,
    /// The custom all-reduce workspace holds messages of up to 64 MiB.
    LargeAllReduceBuffers,
    /// NCCL is older than 2.21: NVLink SHARP has buffers of 4 MiB for each rank and channel.
    NcclHasLargeMulticastBuffers,
    /// NCCL is 2.25 or 2.26: NVLink SHARP has 32 channels on Blackwell.
    NcclHas32MulticastChannels,
    /// There is a PyTorch backend.
    HasPytorchBackend,
    /// The PyTorch backend rounds the blocks of the KV cache up.
    TorchRoundsBlocksUp,
    /// CUDA graphs of the PyTorch backend take memory that can be told apart from the libraries'.
    TorchGraphsCount,
    /// The PyTorch backend's attention workspace holds the queries of a step.
    TorchWorkspaceHoldsQueries,
    /// The PyTorch backend has another communicator beside that of the tensor-parallel ranks.
    TorchHasAnotherCommunicator,
    /// The PyTorch backend's KV cache has a layer for each step of multi-token prediction.
    MtpCachesEveryStep,
    /// The PyTorch backend chooses the MoE kernels by model and GPU unless told otherwise.
    ChoosesMoeBackend,
    /// The PyTorch backend balances the load of experts.
    BalancesExperts,
    /// Its load balancer knows gpt-oss.
    BalancesExpertsOfGptOss,
    /// Its load balancer knows the models of 2026: DeepSeek V3.2, GLM-5, Nemotron-H and Qwen 3.5.
    BalancesExpertsOf2026,
    /// The PyTorch backend allocates its all-reduce workspace also where attention is data-parallel.
    AttentionDpKeepsAllReduce,
    /// The PyTorch backend's sampler keeps stop words on the GPU.
    SamplerKeepsStopWords,
    /// The PyTorch backend loads the code of 1.0 and 1.1.
    TorchLibrariesOf1_0,
    /// The PyTorch backend loads the code of 1.2.
    TorchLibrariesOf1_2,
    /// The PyTorch backend loads the code of 1.3.
    TorchLibrariesOf1_3,
    /// Every rank has a CUDA context on every GPU of its machine.
    ContextsOnEveryGpu,
    /// Pipeline stages may hold different numbers of layers.
    SplitsLayersUnevenly,
    /// `tokens_per_block` is 128 by default.
    BlocksOf128Tokens,
    /// `tokens_per_block` is 32 by default.
    BlocksOf32Tokens,
    /// `max_batch_size` is 2048 by default.
    BuildsForBatchOf2048,
    /// Checkpoints that ModelOpt quantizes to FP8 have 16-bit logits.
    Fp8CheckpointsHave16BitLogits,
    /// A process that Python starts touches GPU 0 before it selects its own.
    ContextsOnGpu0,
    /// The runtime copies KV-cache block indirections with three arrays of 64-bit numbers per slot.
    BatchesCacheIndirectionCopies,
    /// The runtime buffers map the slots of sequences to sorted ones on the GPU.
    RemapsSequenceSlots,
    /// Paged context FMHA is on unless told otherwise.
    PagedContextFmhaByDefault,
    /// The fraction of the free memory bounds the KV cache also where only `max_tokens` is given.
    FractionAlwaysBounds,
    /// Layers that look back equally far have a pool of KV blocks of their own.
    WindowsHavePools,
    /// The pools of several attention windows are equally large, and `max_tokens` doesn't count for
    /// each.
    WindowPoolsAreEqual,
    /// A sequence that outgrows its attention window needs another block, and pages are counted for the whole sequence.
    WindowsSlideByBlocks,
    /// Where the KV cache can't hold one sequence, `max_seq_len` is lowered, instead of an error.
    ShrinksToOneSequence,
    /// Beam search of more than eight beams has kernels of its own.
    WideBeamSearch,
    /// Self and cross KV cache share the bytes of one measurement; before, each took its share of the blocks that were possible when it
    /// was made.
    CrossKvCacheSplitsBytes,
    /// The decoder's copy of the encoder's output is as large as the encoder's longest input, not as its own prompt.
    EncoderBuffersFollowEncoder,
    /// Keys and values of cross attention have a projection of their own, beside the one of queries, keys and values.
    ProjectsCrossKeysAlone,
    /// EAGLE's buffers have the tensors of dynamic trees, also for static ones.
    EagleHasDynamicTrees,
    /// The block tables of the session without in-flight batching hold a pointer for every layer.
    BlockPointersOfEveryLayer,
    /// FP8 context FMHA is on unless told otherwise, where weights and KV cache are FP8.
    Fp8ContextFmhaByDefault,
    /// `trtllm-build` takes the longest sequence as `max_seq_len`, not as `max_input_len` and `max_output_len`.
    BuildTakesMaxSeqLen,
    /// `trtllm-build` takes `--kv_cache_type` in place of `--paged_kv_cache`.
    BuildTakesKvCacheType,
    /// Plugins of `trtllm-build` take `auto` for a type.
    PluginsTakeAuto,
    /// `--use_fused_mlp` of `trtllm-build` takes `enable` or `disable`.
    FusedMlpTakesAValue,
    /// There is `trtllm-serve`.
    HasServe,
    /// `trtllm-serve` and the LLM API run the PyTorch backend unless told otherwise.
    PyTorchByDefault,
    /// `trtllm-serve` takes its YAML as `--config`.
    ServeTakesConfig,
    /// The LLM API's `KvCacheConfig` takes `tokens_per_block`.
    KvCacheConfigTakesBlock,
    /// Examples of models stand in `examples/models/core`.
    ExamplesOfModelsMoved,
    /// The attention plugin reserves the scratch of multi-block generation kernels in every engine.
    ReservesMultiBlock,
    /// The generation kernels' workspace has a second buffer of queries, for the conversion of outputs.
    ConvertsAttentionOutputs,
    /// The generation kernels' workspace holds the tokens that a generation step can have, not all of `max_num_tokens`.
    GenerationWorkspaceFollowsBatch,
    /// The MoE plugin keeps the routing probabilities in its workspace.
    MoePluginKeepsProbabilities,
    /// An LM head that is the embedding table is stored once.
    StoresTiedEmbeddingsOnce,
    /// Small tensors take 4 KiB of the execution context, not 6.
    FewerSmallTensors,
    /// `run.py` runs no more sequences than it has prompts, whatever the engine was built for.
    RunPyLimitsBatch,
}

/// From which version until which a fact holds, and where that was read.
#[derive(Debug)]
pub struct BehaviorRange {
    /// What holds.
    pub fact: Behavior,
    /// The first version.
    pub from: Version,
    /// The last version.
    pub until: Version,
    /// Where it was read.
    pub source: &'static str,
}

const FIRST: Version = version(0, 0);
const LAST: Version = version(u16::MAX, 0);

/// What changed between versions.
pub static BEHAVIORS: &[BehaviorRange] = &[
    BehaviorRange {
        fact: Behavior::DecoderKeepsDraftLogits,
        from: FIRST,
        until: version(0, 13),
        source: explanation_text("decoder lines of logs from 0.12 and 0.13, absent from 0.14 on"),
    },
    BehaviorRange {
        fact: Behavior::BuffersKeepLogProbs,
        from: FIRST,
        until: version(0, 19),
        source: explanation_text(
            "cpp/tensorrt_llm/runtime: DecoderBuffers.logProbs; runtime lines of logs from 0.14 to 0.18",
        ),
    },
    BehaviorRange {
        fact: Behavior::PlannedByTensorRt9,
        from: FIRST,
        until: version(0, 10),
        source: explanation_text(
            "release notes; execution context sizes of builds with 0.6 to 0.9 against those with 0.11 and later",
        ),
    },
    BehaviorRange {
        fact: Behavior::EngineHoldsRopeTable,
        from: version(0, 11),
        until: LAST,
        source: explanation_text(
            "tensorrt_llm/layers/attention.py create_attention_const_params; engine sizes of 0.8 and 0.9 are without it",
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
        source: explanation_text("decoder line of a log of 1.2.1; which tensor it is isn't known"),
    },
    BehaviorRange {
        fact: Behavior::LargeAllReduceBuffers,
        from: version(1, 3),
        until: LAST,
        source: explanation_text(
            "cpp/tensorrt_llm/common/customAllReduceUtils.h: 16 and 8 MB beside the strategy tables of 1.0 to 1.2, 64 MiB later",
        ),
    },
    BehaviorRange {
        fact: Behavior::NcclHasLargeMulticastBuffers,
        from: FIRST,
        until: version(0, 10),
        source: explanation_text(
            "release notes: built on the PyTorch container 24.03 to 0.10, that is NCCL 2.20; NCCL's src/transport/nvls.cc",
        ),
    },
    BehaviorRange {
        fact: Behavior::NcclHas32MulticastChannels,
        from: version(0, 17),
        until: version(0, 21),
        source: explanation_text(
            "release notes: built on PyTorch containers 25.01 to 25.05, that is NCCL 2.25 and 2.26",
        ),
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
            "tensorrt_llm/_torch/pyexecutor/resource_manager.py: 860308 tokens are 26885 blocks to 1.1, 2851669 are 89114 from 1.2.0rc6 on",
        ),
    },
    BehaviorRange {
        fact: Behavior::TorchGraphsCount,
        from: version(1, 2),
        until: LAST,
        source: explanation_text(
            "outside torch in public logs: no trace of 13 graphs in 0.20, 14 to 25 MB a graph from 1.2.0rc6 on",
        ),
    },
    BehaviorRange {
        fact: Behavior::TorchWorkspaceHoldsQueries,
        from: version(1, 0),
        until: LAST,
        source: explanation_text(
            "cpp/tensorrt_llm/common/attentionOp.cpp; logged workspaces of 1.2; inside torch in logs of 0.20 doesn't grow with max_num_tokens",
        ),
    },
    BehaviorRange {
        fact: Behavior::TorchHasAnotherCommunicator,
        from: FIRST,
        until: version(0, 21),
        source: explanation_text(
            "outside torch of Llama 3.1 8B with 0.20 on two H100 against one: 415 MiB more than one communicator",
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
        source: explanation_text("tensorrt_llm/llmapi/llm_args.py MoeConfig.backend: CUTLASS to 1.2, AUTO later"),
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
        source: explanation_text("moe_load_balancer.py moe_model_arch_list: copies of late 2025 against those of 2026"),
    },
    BehaviorRange {
        fact: Behavior::AttentionDpKeepsAllReduce,
        from: FIRST,
        until: version(1, 2),
        source: explanation_text(
            "outside torch with attention data parallelism: room for it in 1.2.0rc6, none for 8 GiB on 32 ranks in 1.3",
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
        source: explanation_text("public logs of 1.2.0rc6 on B200, which need as much as those of 1.3"),
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
            "tensorrt_llm/mapping.py pp_layers and cpp/include/tensorrt_llm/runtime/modelConfig.h: a division without its rest before pull request 4399 of May 2025, although the release notes of 0.11 announce uneven stages",
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
            "release notes of 0.13: use_fused_mlp is True by default; tensorrt_llm/plugin/plugin.py; execution context lines of logs from 0.17 and 0.18",
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
            "release notes of 0.14: max_batch_size of trtllm-build is 2048 by default; pull request 2253, 0.14.0.dev2024092400",
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
            "tensorrt_llm/runtime/model_runner_cpp.py: ExecutorConfig(max_batch_size=…), absent in 0.12; buffers of logs from 0.14 and 0.17",
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
        source: explanation_text("tensorrt_llm/commands/build.py; --paged_kv_cache still works, as deprecated"),
    },
    BehaviorRange {
        fact: Behavior::PluginsTakeAuto,
        from: version(0, 11),
        until: LAST,
        source: explanation_text("tensorrt_llm/plugin/plugin.py; the copies of early 2024 know types alone"),
    },
    BehaviorRange {
        fact: Behavior::FusedMlpTakesAValue,
        from: version(0, 14),
        until: LAST,
        source: explanation_text("tensorrt_llm/plugin/plugin.py cli_plugin_args; a plain switch of build.py before"),
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
        source: explanation_text(
            "tensorrt_llm/llmapi/llm_args.py KvCacheConfig; the copies of mid-2025 are without it",
        ),
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
        source: explanation_text("examples/models/core in the repository since 0.19"),
    },
    BehaviorRange {
        fact: Behavior::ReservesMultiBlock,
        from: version(0, 13),
        until: LAST,
        source: explanation_text(
            "cpp/tensorrt_llm/kernels/xqaDispatcher.cpp; multi_block_mode was a build flag, off by default, before; scratch of builds with 0.17 and 0.20 to the byte",
        ),
    },
    BehaviorRange {
        fact: Behavior::ConvertsAttentionOutputs,
        from: version(0, 17),
        until: LAST,
        source: explanation_text(
            "cpp/tensorrt_llm/kernels/xqaDispatcher.cpp getWorkspaceSize; scratch of builds with 0.17 and 0.20 to the byte",
        ),
    },
    BehaviorRange {
        fact: Behavior::GenerationWorkspaceFollowsBatch,
        from: version(0, 21),
        until: LAST,
        source: explanation_text(
            "cpp/tensorrt_llm/common/attentionOp.cpp getWorkspaceSizeForGeneration; activations of a build with 1.2.1, not yet in scratch of 0.20",
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
            "activation sizes beyond the blocks: 3 to 5 KiB in five builds with 0.6 to 0.12, 6 KiB in two with 0.20",
        ),
    },
    BehaviorRange {
        fact: Behavior::StoresTiedEmbeddingsOnce,
        from: version(0, 21),
        until: LAST,
        source: explanation_text("engine sizes: twice in logs of 0.14 and 0.20, once in one of 0.21"),
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
            "cpp/tensorrt_llm/batch_manager/trtGptModelInflightBatching.cpp createKvCacheManager; blocks of both pools in a log of 0.13 or 0.14",
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
            "tensorrt_llm/models/modeling_utils.py optimize_cross_qkv, absent in a T5 engine of 0.13 or 0.14; the version is that of attention.py with it",
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

/// The first and last version of each fact, at its own number.
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
