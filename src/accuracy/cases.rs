//! The comparison of predictions with measurements.

use super::{Exclusion, Measured, Measurement, Printed, Unknown};
use crate::deployment::{Backend, Deployment, Machine};
use crate::memory::weights_outside_torch;
use crate::memory::{Contributor, Report, estimate};
use crate::units::Bytes;

/// A kind of figure that is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Compared {
    /// The engine's tensors.
    Weights,
    /// The memory that torch holds after warm-up: weights, runtime and decoder buffers (PyTorch
    /// backend).
    InsideTorch,
    /// The execution context.
    Activations,
    /// The runtime's buffers.
    RuntimeBuffers,
    /// The decoder's buffers.
    DecoderBuffers,
    /// The total memory less the free memory less every line of the log.
    Overhead,
    /// Blocks of the KV cache, predicted from the free memory that the log printed.
    KvCacheBlocks,
    /// Tokens that the KV cache holds, predicted from the configuration alone.
    KvCacheTokens,
    /// The size of the KV cache, predicted from the configuration alone.
    KvCacheBytes,
}

impl Compared {
    /// All kinds, in the order of reports.
    pub const ALL: [Compared; 9] = [
        Compared::Weights,
        Compared::InsideTorch,
        Compared::Activations,
        Compared::RuntimeBuffers,
        Compared::DecoderBuffers,
        Compared::Overhead,
        Compared::KvCacheBlocks,
        Compared::KvCacheTokens,
        Compared::KvCacheBytes,
    ];

    /// The key in JSON.
    pub fn key(self) -> &'static str {
        match self {
            Compared::Weights => "weights",
            Compared::InsideTorch => "inside_torch",
            Compared::Activations => "activations",
            Compared::RuntimeBuffers => "runtime_buffers",
            Compared::DecoderBuffers => "decoder_buffers",
            Compared::Overhead => "overhead",
            Compared::KvCacheBlocks => "kv_cache_blocks",
            Compared::KvCacheTokens => "kv_cache_tokens",
            Compared::KvCacheBytes => "kv_cache_bytes",
        }
    }

    /// The name for people.
    pub fn label(self) -> &'static str {
        match self {
            Compared::Weights => "Weights",
            Compared::InsideTorch => "Inside torch, weights and buffers",
            Compared::Activations => "Activations",
            Compared::RuntimeBuffers => "Runtime buffers",
            Compared::DecoderBuffers => "Decoder buffers",
            Compared::Overhead => "CUDA, NCCL, libraries",
            Compared::KvCacheBlocks => "KV blocks, given the free memory",
            Compared::KvCacheTokens => "KV tokens, end to end",
            Compared::KvCacheBytes => "KV cache, end to end",
        }
    }

    /// The contributor that it measures, or the nearest one.
    pub fn contributor(self) -> Contributor {
        match self {
            Compared::Weights => Contributor::Weights,
            Compared::Activations | Compared::InsideTorch => Contributor::Activations,
            Compared::RuntimeBuffers => Contributor::RuntimeBuffers,
            Compared::DecoderBuffers => Contributor::DecoderBuffers,
            Compared::Overhead => Contributor::Overhead,
            Compared::KvCacheBlocks | Compared::KvCacheTokens | Compared::KvCacheBytes => Contributor::KvCache,
        }
    }

    /// Whether the figure is a number of bytes; otherwise it counts blocks, tokens or sequences.
    pub fn is_bytes(self) -> bool {
        self != Compared::KvCacheBlocks && self != Compared::KvCacheTokens
    }
}

/// A prediction and a measurement of the same figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// The measurement's name.
    pub id: String,
    /// The publication.
    pub source: String,
    /// `tensorrt` or `pytorch`.
    pub backend: String,
    /// The kind of figure.
    pub contributor: Compared,
    /// The prediction, in bytes or as a count.
    pub predicted: f64,
    /// The printed figure, in bytes or as a count.
    pub measured: f64,
    /// The printed figure with the numbers that have the same digits.
    pub printed: Printed,
    /// `predicted / measured - 1`. The blocks are predicted from a free memory that was rounded for
    /// the log, which leaves a range of counts. `predicted` is the count in it nearest to
    /// `measured`.
    pub error: f64,
    /// Whether the prediction, printed to the same digits, equals the measurement.
    pub exact: bool,
    /// The configuration.
    pub deployment: Deployment,
}

/// A figure that is not compared.
#[derive(Debug, Clone, PartialEq)]
pub struct LeftOut {
    /// The measurement's name.
    pub id: String,
    /// The kind of figure; `None` if the measurement has no figure or is malformed.
    pub contributor: Option<Compared>,
    /// The reason.
    pub reason: Exclusion,
}

/// The comparison of some measurements.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Comparison {
    /// The figures that were compared.
    pub cases: Vec<Case>,
    /// The figures that were left out.
    pub left_out: Vec<LeftOut>,
}

impl Comparison {
    /// The cases of one kind.
    pub fn of(&self, contributor: Compared) -> impl Iterator<Item = &Case> {
        self.cases.iter().filter(move |case| case.contributor == contributor)
    }
}

/// Predictions that differ by less than this fraction count as equal: their printed digits are the
/// same.
const ALIKE: f64 = 1e-4;

/// A prediction, with its bounds if an input was rounded.
#[derive(Clone, Copy)]
struct Prediction {
    value: f64,
    low: f64,
    high: f64,
}

impl Prediction {
    fn of(value: f64) -> Prediction {
        Prediction { value, low: value, high: value }
    }

    fn is_like(&self, other: &Prediction) -> bool {
        (self.value - other.value).abs() <= self.value.abs() * ALIKE
    }
}

/// Compares each figure of a measurement if all settings that its law needs are known.
pub fn compare(measurement: &Measurement) -> Comparison {
    let mut comparison = Comparison::default();
    for contributor in Compared::ALL {
        let figure = match figure(contributor, &measurement.measured) {
            Figure::Absent => continue,
            Figure::Partial(reason) => Err(Exclusion::Incomplete(reason)),
            Figure::Printed(printed) => Ok(printed),
        };
        match figure.and_then(|printed| case(contributor, measurement, printed)) {
            Ok(case) => comparison.cases.push(case),
            Err(reason) => {
                comparison.left_out.push(LeftOut { id: measurement.id.clone(), contributor: Some(contributor), reason })
            }
        }
    }
    if comparison.cases.is_empty() && comparison.left_out.is_empty() {
        comparison.left_out.push(LeftOut {
            id: measurement.id.clone(),
            contributor: None,
            reason: Exclusion::NoFigure,
        });
    }
    comparison
}

/// Compares the measurements of several files. A figure that several files have counts once.
pub fn compare_all<'a>(files: impl IntoIterator<Item = &'a [Measurement]>) -> Comparison {
    let mut all = Comparison::default();
    for file in files {
        let mut of_file: Vec<Comparison> = file.iter().map(compare).collect();
        for comparison in &mut of_file {
            let (known, new): (Vec<Case>, Vec<Case>) =
                comparison.cases.drain(..).partition(|case| all.cases.iter().any(|other| same(case, other)));
            comparison.cases = new;
            comparison.left_out.extend(known.into_iter().map(|case| LeftOut {
                id: case.id,
                contributor: Some(case.contributor),
                reason: Exclusion::Duplicate,
            }));
        }
        for comparison in of_file {
            all.cases.extend(comparison.cases);
            all.left_out.extend(comparison.left_out);
        }
    }
    all
}

/// Whether two cases of different files are the same measurement.
fn same(case: &Case, other: &Case) -> bool {
    let alike = |a: f64, b: f64| (a - b).abs() <= a.abs() * ALIKE / 2.0;
    case.contributor == other.contributor
        && (case.id == other.id || (alike(case.measured, other.measured) && alike(case.predicted, other.predicted)))
}

enum Figure {
    /// Not measured.
    Absent,
    /// Measured, but without a figure that the comparison needs.
    Partial(&'static str),
    /// Measured.
    Printed(Printed),
}

/// The measured figure of a kind.
fn figure(contributor: Compared, measured: &Measured) -> Figure {
    let found = |printed: Option<Printed>| printed.map_or(Figure::Absent, Figure::Printed);
    match contributor {
        Compared::Weights => found(measured.weights),
        Compared::InsideTorch => found(measured.inside_torch),
        Compared::Activations => found(measured.activations),
        Compared::RuntimeBuffers => found(measured.runtime_buffers),
        Compared::DecoderBuffers => found(measured.decoder_buffers),
        Compared::Overhead => overhead(measured),
        Compared::KvCacheBlocks => match (measured.blocks, measured.available) {
            (Some(_), None) => Figure::Partial("the free memory is not known"),
            (blocks, _) => found(blocks),
        },
        Compared::KvCacheTokens => found(measured.sequences.or(measured.kv_tokens)),
        Compared::KvCacheBytes => found(measured.kv_bytes),
    }
}

/// The used memory at the sizing of the KV cache, less the lines of the log.
fn overhead(measured: &Measured) -> Figure {
    let (Some(total), Some(available)) = (measured.total, measured.available) else {
        return Figure::Absent;
    };
    let lines = [measured.weights, measured.activations, measured.runtime_buffers, measured.decoder_buffers];
    let [Some(weights), Some(activations), Some(runtime), Some(decoder)] = lines else {
        return Figure::Partial("some of the log's lines are not known");
    };
    let lines = [available, weights, activations, runtime, decoder];
    Figure::Printed(Printed {
        value: total.value - lines.iter().map(|line| line.value).sum::<f64>(),
        low: total.low - lines.iter().map(|line| line.high).sum::<f64>(),
        high: total.high - lines.iter().map(|line| line.low).sum::<f64>(),
    })
}

/// Makes the case of a figure.
///
/// # Errors
/// With the reason if the figure cannot be compared.
fn case(contributor: Compared, measurement: &Measurement, printed: Printed) -> Result<Case, Exclusion> {
    let deployment = measurement.deployment.as_ref().map_err(Exclusion::clone)?;
    if let Some((_, reason)) = measurement.withheld.iter().find(|(withheld, _)| *withheld == contributor) {
        return Err(reason.clone());
    }
    if !(printed.value > 0.0 && printed.value.is_finite()) {
        return Err(Exclusion::NotPositive);
    }
    let measured = &measurement.measured;
    let prediction = predict(contributor, deployment, measured)?;
    let matters = |unknown: &&Unknown| {
        let mut variants = unknown.variants(deployment).filter_map(|d| predict(contributor, &d, measured).ok());
        variants.any(|variant| !variant.is_like(&prediction))
    };
    let needed: Vec<String> = measurement.unknown.iter().filter(matters).map(Unknown::describe).collect();
    if !needed.is_empty() {
        return Err(Exclusion::UnknownSettings(needed.join(", ")));
    }
    let nearest = printed.value.clamp(prediction.low, prediction.high);
    let by_interval = contributor == Compared::KvCacheBlocks;
    let predicted = if by_interval { nearest } else { prediction.value };
    Ok(Case {
        id: measurement.id.clone(),
        source: measurement.source.clone(),
        backend: measurement.backend.clone(),
        contributor,
        predicted,
        measured: printed.value,
        printed,
        error: predicted / printed.value - 1.0,
        exact: printed.covers(predicted),
        deployment: deployment.clone(),
    })
}

/// Predicts a figure. The prediction uses the measured free memory for the blocks, and no measured
/// figure otherwise.
fn predict(contributor: Compared, deployment: &Deployment, measured: &Measured) -> Result<Prediction, Exclusion> {
    if contributor == Compared::KvCacheBlocks
        && let Some(free) = measured.available
    {
        let blocks = |bytes: f64| {
            let gib = Bytes(bytes.max(1.0) as u64).gib();
            let total = measured.total.map_or(deployment.gpu_memory().gib(), |total| Bytes(total.high as u64).gib());
            let gpu_memory_gib = Some(total.max(gib));
            let report = estimate(&Deployment {
                machine: Machine { free_memory_gib: Some(gib), gpu_memory_gib, ..deployment.machine },
                ..deployment.clone()
            })?;
            Ok::<f64, Exclusion>(report.kv_cache.blocks as f64)
        };
        return Ok(Prediction { value: blocks(free.value)?, low: blocks(free.low)?, high: blocks(free.high)? });
    }
    let report = estimate(deployment)?;
    let rank = report.ranks.first().ok_or(Exclusion::NoRank)?;
    let bytes = |contributor| rank.figure(contributor).bytes.0 as f64;
    let value = match contributor {
        Compared::Weights => bytes(Contributor::Weights),
        Compared::InsideTorch => {
            let outside = deployment.resolve().map_or(Bytes::ZERO, |resolved| weights_outside_torch(&resolved, 0));
            bytes(Contributor::Weights) - outside.0 as f64
                + bytes(Contributor::RuntimeBuffers)
                + bytes(Contributor::DecoderBuffers)
        }
        Compared::Activations => bytes(Contributor::Activations),
        Compared::RuntimeBuffers => bytes(Contributor::RuntimeBuffers),
        Compared::DecoderBuffers => bytes(Contributor::DecoderBuffers),
        Compared::Overhead => overhead_before_the_kv_cache(&report)?,
        Compared::KvCacheBlocks => report.kv_cache.blocks as f64,
        Compared::KvCacheTokens if measured.sequences.is_some() => report.kv_cache.max_sequences as f64,
        Compared::KvCacheTokens => report.kv_cache.tokens as f64,
        // The profiling lines print the room on this rank alone; ranks of other stages may have
        // less.
        Compared::KvCacheBytes if deployment.backend == Backend::Pytorch && deployment.parallel.pp_size > 1 => {
            rank.available.0 as f64
                * deployment.resolve().map_or(1.0, |resolved| resolved.kv_cache.free_gpu_memory_fraction.unwrap_or(1.0))
        }
        Compared::KvCacheBytes => bytes(Contributor::KvCache),
    };
    Ok(Prediction::of(value))
}

/// The overhead at the sizing of the KV cache, on the rank with the least memory left.
/// Later allocations are not part of a log's difference.
fn overhead_before_the_kv_cache(report: &Report) -> Result<f64, Exclusion> {
    let rank = report.kv_limiting_rank().ok_or(Exclusion::NoRank)?;
    if rank.available == Bytes::ZERO {
        return Err(Exclusion::NoKvCache);
    }
    let lines =
        [Contributor::Weights, Contributor::Activations, Contributor::RuntimeBuffers, Contributor::DecoderBuffers];
    let lines: Bytes = lines.into_iter().map(|contributor| rank.figure(contributor).bytes).sum();
    Ok((rank.total - rank.available - lines).0 as f64)
}
