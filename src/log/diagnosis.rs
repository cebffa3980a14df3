//! The diagnosis of a log that ends out of memory: the stage, the allocation, the missing memory
//! and the rank.

use super::events::EventKind;
use super::reader::{Entry, LogReading};
use crate::memory::{Contributor, Report, Verdict};
use crate::units::{Bytes, Units};
use serde::Serialize;

/// The stage at which memory ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureStage {
    /// While the engine was built.
    Build,
    /// While the weights were loaded.
    LoadWeights,
    /// When the execution context was created.
    CreateContext,
    /// When runtime and decoder buffers were allocated.
    AllocateBuffers,
    /// While the PyTorch backend measured its peak.
    Profile,
    /// When the KV cache was allocated.
    AllocateKvCache,
    /// After the KV cache was allocated: CUDA graphs, warm-up, requests.
    AfterStart,
    /// When a batch needed more blocks than the KV cache has.
    Schedule,
}

impl FailureStage {
    /// The words after "ran out of memory".
    pub const fn label(self) -> &'static str {
        match self {
            FailureStage::Build => "while the engine was built",
            FailureStage::LoadWeights => "while the weights were loaded",
            FailureStage::CreateContext => "when the execution context was created",
            FailureStage::AllocateBuffers => "when the runtime's buffers were allocated",
            FailureStage::Profile => "while the peak was measured, before the KV cache was sized",
            FailureStage::AllocateKvCache => "when the KV cache was allocated",
            FailureStage::AfterStart => "after the KV cache was allocated: in warm-up, CUDA graphs or a request",
            FailureStage::Schedule => "when a batch needed more KV cache blocks than there are",
        }
    }
}

/// The reason why a start or a step failed. Advice is derived from the deployment in the log.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Diagnosis {
    /// The stage.
    pub stage: FailureStage,
    /// The line with the failure.
    pub line: u64,
    /// The text of the line. It is untrusted text of the file, to be shown only as text.
    pub text: String,
    /// The rank, if the log states or implies it.
    pub rank: Option<u64>,
    /// The requested size.
    pub requested: Option<Bytes>,
    /// The free memory.
    pub free: Option<Bytes>,
    /// The missing memory: measured if both sizes are known, otherwise predicted.
    pub missing: Option<Bytes>,
    /// Whether `missing` is a prediction.
    pub predicted: bool,
    /// A summary in one or two sentences.
    pub sentence: String,
}

/// The cause of a failure; `None` if the log shows none. Sizes in its sentence are in `units`.
pub(super) fn diagnose(reading: &LogReading, report: Option<&Report>, units: Units) -> Option<Diagnosis> {
    let failed = |entry: &&Entry| {
        matches!(entry.event.kind, EventKind::OutOfMemory | EventKind::NoWorkspace | EventKind::NoFreeBlocks)
    };
    let failures: Vec<&Entry> = reading.timeline.iter().filter(failed).collect();
    // The first failure is where it began, but one with figures is more informative.
    let failure = failures.iter().find(|entry| entry.event.size.is_some()).or(failures.first())?;
    let stage = stage(reading, failure);
    let rank = failure.event.rank.or_else(|| tightest(reading));
    let (requested, free) = (failure.event.size.map(|size| size.bytes), failure.event.other.map(|size| size.bytes));
    let free = free.or_else(|| free_before_kv_cache(reading, stage));
    let measured = requested.zip(free).and_then(|(requested, free)| requested.0.checked_sub(free.0)).map(Bytes);
    let predicted_shortage = report.and_then(|report| match report.verdict {
        Verdict::Fails { short, .. } => Some(short),
        Verdict::Fits { .. } => None,
    });
    let missing = measured.or(predicted_shortage);
    let predicted = measured.is_none() && missing.is_some();
    let mut diagnosis = Diagnosis {
        stage,
        line: failure.line,
        text: failure.text.clone(),
        rank,
        requested,
        free,
        missing,
        predicted,
        sentence: String::new(),
    };
    diagnosis.sentence = sentence(&diagnosis, units);
    Some(diagnosis)
}

fn stage(reading: &LogReading, failure: &Entry) -> FailureStage {
    match failure.event.kind {
        EventKind::NoWorkspace => return FailureStage::Build,
        EventKind::NoFreeBlocks => return FailureStage::Schedule,
        _ => {}
    }
    let before = |kinds: &[EventKind]| {
        reading.timeline.iter().any(|entry| entry.line <= failure.line && kinds.contains(&entry.event.kind))
    };
    let torch = reading.is_pytorch();
    if before(&[EventKind::KvCache, EventKind::KvTokens]) && (!torch || before(&[EventKind::TorchPeak])) {
        FailureStage::AfterStart
    } else if before(&[EventKind::FreeMemory, EventKind::TorchPeak]) {
        FailureStage::AllocateKvCache
    } else if torch && before(&[EventKind::KvCache, EventKind::TorchInside]) {
        FailureStage::Profile
    } else if before(&[EventKind::ExecutionContext]) {
        FailureStage::AllocateBuffers
    } else if before(&[EventKind::BuilderActivations, EventKind::BuilderScratch])
        || failure.text.contains("Requested amount")
    {
        FailureStage::Build
    } else if before(&[EventKind::EngineOnGpu, EventKind::AllEnginesOnGpu]) {
        FailureStage::CreateContext
    } else {
        FailureStage::LoadWeights
    }
}

/// The rank with the least available memory.
fn tightest(reading: &LogReading) -> Option<u64> {
    let known = reading.ranks.iter().filter(|rank| rank.available.is_some());
    known.min_by_key(|rank| rank.available.map(|size| size.bytes)).and_then(|rank| rank.rank)
}

fn free_before_kv_cache(reading: &LogReading, stage: FailureStage) -> Option<Bytes> {
    if stage != FailureStage::AllocateKvCache || reading.is_pytorch() {
        return None;
    }
    reading.ranks.iter().filter_map(|rank| rank.available).map(|size| size.bytes).min()
}

fn sentence(diagnosis: &Diagnosis, units: Units) -> String {
    let text = |bytes: Option<Bytes>| bytes.map(|bytes| bytes.display(units));
    let on = diagnosis.rank.map_or_else(String::new, |rank| format!(" on rank {rank}"));
    let mut sentence = format!("Ran out of memory{on} {}.", diagnosis.stage.label());
    if diagnosis.stage == FailureStage::Schedule {
        sentence = format!("Can't continue{on}, because the KV cache has no free block left.");
    }
    match (text(diagnosis.requested), text(diagnosis.free)) {
        (Some(requested), Some(free)) => sentence += &format!(" An allocation of {requested} failed with {free} free."),
        (Some(requested), None) => sentence += &format!(" An allocation of {requested} failed."),
        (None, Some(free)) => sentence += &format!(" {free} was free."),
        (None, None) => {}
    }
    match text(diagnosis.missing) {
        Some(missing) if diagnosis.predicted => {
            sentence += &format!(" {missing} is missing according to the prediction.")
        }
        Some(missing) => sentence += &format!(" {missing} was missing."),
        None => {}
    }
    sentence
}

impl FailureStage {
    /// The contributor that the stage allocates; `None` if there is no single one.
    pub const fn contributor(self) -> Option<Contributor> {
        match self {
            FailureStage::LoadWeights => Some(Contributor::Weights),
            FailureStage::CreateContext | FailureStage::Profile => Some(Contributor::Activations),
            FailureStage::AllocateBuffers => Some(Contributor::RuntimeBuffers),
            FailureStage::AllocateKvCache | FailureStage::Schedule => Some(Contributor::KvCache),
            FailureStage::Build | FailureStage::AfterStart => None,
        }
    }
}
