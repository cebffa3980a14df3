//! The stages of start-up in which a deployment can run out of memory.

use serde::Serialize;

/// The stage of start-up in which a deployment fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The weights don't fit next to the CUDA context.
    LoadWeights,
    /// The execution context doesn't fit.
    CreateContext,
    /// Runtime and decoder buffers don't fit.
    AllocateBuffers,
    /// Workspaces and CUDA graphs don't fit (PyTorch backend).
    WarmUp,
    /// The profiling pass of `max_num_tokens` tokens doesn't fit (PyTorch backend).
    Profile,
    /// The LoRA adapter cache can't hold one adapter of the largest rank.
    HoldOneAdapter,
    /// The requested KV cache doesn't fit.
    AllocateKvCache,
    /// The KV cache can't hold one sequence of the maximum length.
    HoldOneSequence,
    /// The allocations of the first steps don't fit.
    RunFirstSteps,
    /// A runtime without in-flight batching can't hold all sequences of the batch.
    HoldWholeBatch,
}

impl Stage {
    /// The phase of the start that the stage belongs to: the name of a
    /// [`StartPhase`](super::StartPhase).
    pub fn phase(self) -> &'static str {
        match self {
            Stage::LoadWeights => "weights",
            Stage::CreateContext => "context",
            Stage::AllocateBuffers | Stage::WarmUp => "buffers",
            Stage::Profile => "profiling",
            Stage::HoldOneAdapter | Stage::AllocateKvCache | Stage::HoldOneSequence | Stage::HoldWholeBatch => {
                "KV cache"
            }
            Stage::RunFirstSteps => "serving",
        }
    }

    /// The failing step, as the end of a sentence that starts with "It fails when".
    pub fn text(self) -> &'static str {
        match self {
            Stage::LoadWeights => "loading the weights",
            Stage::CreateContext => "creating the execution context",
            Stage::AllocateBuffers => "allocating runtime and decoder buffers",
            Stage::WarmUp => "warming up and capturing CUDA graphs",
            Stage::Profile => "profiling a step of max_num_tokens",
            Stage::HoldOneAdapter => "reserving memory for one LoRA adapter of max_lora_rank",
            Stage::AllocateKvCache => "allocating the KV cache",
            Stage::HoldOneSequence => "holding one full-length request (max_seq_len) in the KV cache",
            Stage::RunFirstSteps => "allocating the tensors of the first steps after the KV cache",
            Stage::HoldWholeBatch => {
                "holding the whole batch in the KV cache (\"Can't allocate new blocks. No free blocks left.\")"
            }
        }
    }
}
