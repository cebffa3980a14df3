//! What is worth knowing of a machine beside the figures.

use crate::deployment::{Launcher, Note, OperatingSystem, Resolved, SpeculativeDecodingMode};
use crate::gpu::Link;

/// Below this share of the card's memory, a total that was given is that of a slice.
const SLICE: f64 = 0.9;

/// Notes on a deployment's GPUs and processes.
pub fn notes(resolved: &Resolved) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut note = |field, message: &str| notes.push(Note { field, message: message.into() });
    if (resolved.machine.gpu_memory.0 as f64) < resolved.gpu.memory_low.0 as f64 * SLICE {
        note(
            "gpu_memory_gib",
            "A MIG slice has fewer multiprocessors than the card, so that its CUDA context is smaller than counted here; slices \
             don't reach each other's memory, so tp_size must be 1.",
        );
    }
    if resolved.gpu.link == Link::Unified {
        note(
            "gpu",
            "CPU and GPU share one memory: what other programs use lowers the free memory; give it as other_memory_gib.",
        );
    }
    if resolved.given.machine.os == OperatingSystem::Windows {
        note(
            "os",
            "Windows manages the GPU's memory and may hold 5 to 10 % of it; it reports all of the card's memory as the total.",
        );
    }
    if resolved.given.machine.launcher == Launcher::Triton && resolved.world_size() > 1 {
        note(
            "launcher",
            "Every server process has a CUDA context and a pool of 64 MiB on every GPU that it sees; \
             --cuda-memory-pool-byte-size=<gpu>:0 or CUDA_VISIBLE_DEVICES avoids that.",
        );
    }
    if resolved.given.engine.speculative_decoding_mode == SpeculativeDecodingMode::DraftTokensExternal {
        note(
            "speculative_decoding_mode",
            "The draft model's weights, activations and KV cache aren't counted; give them as other_memory_gib.",
        );
    }
    notes
}
