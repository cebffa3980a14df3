//! The stages of start-up at which a deployment can run out of memory.

use serde::Serialize;

/// When a deployment that does not fit fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The weights don't fit beside the CUDA context.
    LoadWeights,
    /// The execution context doesn't fit.
    CreateContext,
    /// Runtime and decoder buffers don't fit.
    AllocateBuffers,
    /// Workspaces and CUDA graphs don't fit (PyTorch backend).
    WarmUp,
    /// A step of the most tokens doesn't fit (PyTorch backend).
    Profile,
    /// The cache of LoRA adapters can't hold one of the largest rank.
    HoldOneAdapter,
    /// The KV cache that was asked for doesn't fit.
    AllocateKvCache,
    /// The KV cache can't hold one sequence of the greatest length.
    HoldOneSequence,
    /// What the first steps allocate doesn't fit beside the KV cache.
    RunFirstSteps,
    /// A runtime without in-flight batching can't hold all sequences of the batch.
    HoldWholeBatch,
}

impl Stage {
    /// What fails, as the rest of a sentence that starts with "Fails".
    pub fn text(self) -> &'static str {
        match self {
            Stage::LoadWeights => "loading the weights",
            Stage::CreateContext => "creating the execution context",
            Stage::AllocateBuffers => "allocating runtime and decoder buffers",
            Stage::WarmUp => "warming up and capturing CUDA graphs",
            Stage::Profile => "profiling a step of max_num_tokens",
            Stage::HoldOneAdapter => "making room for one LoRA adapter of max_lora_rank",
            Stage::AllocateKvCache => "allocating the KV cache",
            Stage::HoldOneSequence => "holding one sequence of max_seq_len in the KV cache",
            Stage::RunFirstSteps => "allocating what the first steps need beside the KV cache",
            Stage::HoldWholeBatch => {
                "holding the whole batch in the KV cache (\"Can't allocate new blocks. No free blocks left.\")"
            }
        }
    }
}
