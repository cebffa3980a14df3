//! Notes on the GPUs and processes of a deployment.

use crate::deployment::{Launcher, Note, OperatingSystem, Resolved, SpeculativeDecodingMode};
use crate::gpu::Link;

/// Share of the card's memory below which a given total is taken for that of a MIG slice.
const SLICE: f64 = 0.9;

/// Returns the notes on the GPUs and processes of a deployment.
pub(crate) fn notes(resolved: &Resolved) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut note = |field, message: &str| notes.push(Note { field, message: message.into() });
    if (resolved.machine.gpu_memory.0 as f64) < resolved.gpu.memory_low.0 as f64 * SLICE {
        note(
            "gpu_memory_gib",
            "A MIG slice has fewer multiprocessors than the whole GPU, so its CUDA context is smaller than \
             estimated here. \
             Slices can't access each other's memory, so tp_size must be 1.",
        );
    }
    if resolved.gpu.link == Link::Unified {
        note(
            "gpu",
            "CPU and GPU share one memory, and other programs use part of it. Set other_memory_gib to their memory.",
        );
    }
    if resolved.given.machine.os == OperatingSystem::Windows {
        note(
            "os",
            "Windows manages the GPU's memory and may hold 5 to 10 % of it. It still reports the full memory as \
             the total.",
        );
    }
    if resolved.given.machine.launcher == Launcher::Triton && resolved.world_size() > 1 {
        note(
            "launcher",
            "Every server process has a CUDA context and a pool of 64 MiB on every GPU that is visible to it. Use \
             --cuda-memory-pool-byte-size=<gpu>:0 or CUDA_VISIBLE_DEVICES to avoid that.",
        );
    }
    if resolved.given.engine.speculative_decoding_mode == SpeculativeDecodingMode::DraftTokensExternal {
        note(
            "speculative_decoding_mode",
            "The draft model's weights, activations and KV cache are not included. Set other_memory_gib to their size.",
        );
    }
    notes
}
