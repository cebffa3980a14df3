//! The memory of a rank over the phases of its start.
//!
//! The phases are the stages of the verdict in the order of the backend, so that the first phase
//! that exceeds the GPU is the one in which the verdict fails. Each phase keeps the memory of those
//! before it: the KV cache is sized to leave room for the activations of a step, and torch's pool
//! keeps memory that was freed.
//!
//! The overhead is divided by its own parts. CUDA graphs of warm-up belong to the buffers; masks,
//! adapters and recurrent states to the KV cache, before which they are reserved last; the
//! allocations of the first steps to serving. No law divides the rest by time: CUDA context,
//! libraries, communication and other processes. It counts from the first phase on.

use super::backend::BackendModel;
use super::contributor::Contributor;
use super::rank::Rank;
use super::report::Report;
use super::stage::Stage;
use crate::deployment::Resolved;
use crate::units::Bytes;

/// The memory of a rank over the phases of its start.
#[derive(Debug, Clone, PartialEq)]
pub struct StartUp {
    /// The total memory of the GPU.
    pub capacity: Bytes,
    /// The phases, in the order of time.
    pub phases: Vec<StartPhase>,
}

/// A phase of the start, at its fullest moment.
#[derive(Debug, Clone, PartialEq)]
pub struct StartPhase {
    /// The name, which is the [`Stage::phase`] of the stages in it. In order: "weights", "buffers",
    /// "profiling", "KV cache", "serving" with the PyTorch backend; "weights", "context",
    /// "buffers", "KV cache", "serving" with an engine, whose `GptSession` allocates its buffers
    /// after the KV cache.
    pub name: &'static str,
    /// Memory that each contributor holds at the end of the phase, in the order of
    /// [`Contributor::ALL`], without zeros.
    pub held: Vec<(Contributor, Bytes)>,
    /// Memory that the phase needs for a moment and frees again: the "trial run" of the profiling
    /// pass, whose KV cache is temporary.
    pub temporary: Option<Temporary>,
    /// Memory by which the phase exceeds the GPU; zero if it fits.
    pub missing: Bytes,
}

/// Memory that a phase needs for a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Temporary {
    /// The name shown to users.
    pub name: &'static str,
    /// The contributor that it belongs to.
    pub contributor: Contributor,
    /// The size.
    pub bytes: Bytes,
}

impl StartPhase {
    /// The memory in use at the fullest moment: all that is held, and the temporary memory.
    pub fn total(&self) -> Bytes {
        let held: Bytes = self.held.iter().map(|(_, bytes)| *bytes).sum();
        held + self.temporary.map_or(Bytes::ZERO, |temporary| temporary.bytes)
    }
}

/// Returns the memory of `rank`, one of the ranks of `report`, over the phases of its start.
///
/// The last phase holds all memory that the rank uses.
///
/// ```
/// use trtllm_memory::{link, memory::{estimate, start_up}};
/// let deployment = link::decode("model=Qwen/Qwen3-32B&tp_size=2&backend=pytorch").deployment;
/// let (resolved, report) = (deployment.resolve().unwrap(), estimate(&deployment).unwrap());
/// let start = start_up(&resolved, &report, &report.ranks[0]);
/// let names: Vec<&str> = start.phases.iter().map(|phase| phase.name).collect();
/// assert_eq!(names, ["weights", "buffers", "profiling", "KV cache", "serving"]);
/// assert_eq!(start.phases[4].total(), report.ranks[0].used());
/// ```
pub fn start_up(resolved: &Resolved, report: &Report, rank: &Rank) -> StartUp {
    let mut held = [Bytes::ZERO; 6];
    let last = (Stage::RunFirstSteps, [].as_slice());
    let phases = resolved.backend.stages(resolved).into_iter().chain([last]).map(|(stage, contributors)| {
        for contributor in contributors {
            held[*contributor as usize] = rank.figure(*contributor).bytes;
        }
        held[Contributor::Overhead as usize] += overhead_of(stage, rank);
        let some = Contributor::ALL.into_iter().zip(held).filter(|(_, bytes)| *bytes > Bytes::ZERO);
        let phase = StartPhase { name: stage.phase(), held: some.collect(), temporary: None, missing: Bytes::ZERO };
        let total = phase.total();
        let temporary = (stage == Stage::Profile).then(|| trial_run(resolved, report, rank, rank.total - total));
        StartPhase { temporary: temporary.flatten(), missing: total - rank.total, ..phase }
    });
    StartUp { capacity: rank.total, phases: phases.collect() }
}

/// The temporary KV cache of the profiling pass, in bytes: its tokens times the bytes of a token in
/// the rank's KV cache. It never exceeds `room`: TensorRT-LLM lowers it to the memory that is free
/// (`_torch/pyexecutor/_util.py` _get_token_num_for_estimation).
fn trial_run(resolved: &Resolved, report: &Report, rank: &Rank, room: Bytes) -> Option<Temporary> {
    let (cache, tokens) = (rank.figure(Contributor::KvCache).bytes, report.kv_cache.tokens);
    let each = cache.0 as f64 / tokens.max(1) as f64;
    let bytes = Bytes::rounded(resolved.backend.trial_tokens(resolved) as f64 * each).min(room);
    (bytes > Bytes::ZERO).then_some(Temporary { name: "trial run", contributor: Contributor::KvCache, bytes })
}

/// The part of the overhead that `stage` allocates on `rank`.
pub(super) fn overhead_of(stage: Stage, rank: &Rank) -> Bytes {
    match stage {
        Stage::LoadWeights => {
            let later = rank.graphs_of_warm_up + rank.reserved + rank.after_kv_cache;
            rank.figure(Contributor::Overhead).bytes - later
        }
        Stage::WarmUp => rank.graphs_of_warm_up,
        Stage::AllocateKvCache => rank.reserved,
        Stage::RunFirstSteps => rank.after_kv_cache,
        _ => Bytes::ZERO,
    }
}
