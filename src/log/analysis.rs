//! The comparison of a log with the laws: each measured size with its prediction, and the diagnosis
//! of a failure.

use super::diagnosis::{Diagnosis, diagnose};
use super::events::EventKind;
use super::infer::{Inferred, infer};
use super::rank_reading::RankReading;
use super::reader::LogReading;
use crate::deployment::{Backend, Calibrated, Deployment, Machine, QuantAlgo, Resolved};
use crate::explore::advise::{Recommendations, advise};
use crate::link;
use crate::memory::weights_outside_torch;
use crate::memory::{Contributor, Figure, Report, estimate, estimate_resolved};
use crate::text::capitalized;
use crate::units::{Bytes, Units};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// A measured size and its prediction.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The contributor.
    #[serde(serialize_with = "key")]
    pub contributor: Contributor,
    /// The size in the log.
    pub measured: Bytes,
    /// The prediction.
    pub predicted: Bytes,
    /// Lower end of the prediction's uncertainty band.
    pub low: Bytes,
    /// Upper end of the prediction's uncertainty band.
    pub high: Bytes,
    /// Whether the measured size is within the prediction's band, extended by the rounding of the
    /// log.
    pub inside: bool,
    /// Settings that the prediction depends on and that the log neither states nor implies. They
    /// have their defaults.
    pub assumed: Vec<&'static str>,
    /// The meaning of the figure in the log, and a possible cause of the difference. One or two
    /// sentences.
    pub note: String,
}

fn key<S: Serializer>(contributor: &Contributor, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(contributor.key())
}

/// The comparisons of a rank.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RankComparison {
    /// The index of the rank in the reading.
    pub rank: usize,
    /// The measured sizes.
    pub rows: Vec<Comparison>,
    /// Memory that no line counts: the total minus the available memory and minus the sizes of all
    /// lines.
    pub outside: Option<Bytes>,
}

/// A log with its analysis.
#[derive(Debug, Clone, PartialEq)]
pub struct ExplainedLog {
    /// The log.
    pub reading: LogReading,
    /// The deployment, as far as the log states or implies it.
    pub deployment: Deployment,
    /// Settings that the log implies.
    pub inferred: Vec<Inferred>,
    /// Key and value of settings in the log that the deployment can't have.
    pub refused: Vec<(&'static str, String)>,
    /// Measured and predicted sizes; empty if too little of the deployment is known.
    pub comparisons: Vec<RankComparison>,
    /// The reason why a start or a step failed; `None` without a failure.
    pub diagnosis: Option<Diagnosis>,
    /// The units of the sizes in its texts.
    pub units: Units,
}

/// Whether the log states or implies the model. Without a model nothing can be compared.
fn knows_model(inferred: &[Inferred]) -> bool {
    inferred.iter().any(|inferred| inferred.key == "model")
}

/// Analyses a log.
/// ```
/// use trtllm_memory::log;
/// let text = b"[TensorRT-LLM][INFO] Loaded engine size: 6695 MiB
/// [TensorRT-LLM][INFO] Memory usage when calculating max tokens in paged kv cache: \
///     total: 79.10 GiB, available: 70.48 GiB
/// [TensorRT-LLM][INFO] Number of tokens per block: 64.";
/// let explained = log::explain(log::read(text));
/// assert!(explained.diagnosis.is_none());
/// let block = explained.inferred.iter().find(|inferred| inferred.key == "tokens_per_block");
/// assert_eq!(block.unwrap().value, "64");
/// ```
pub fn explain(reading: LogReading) -> ExplainedLog {
    explain_in(reading, Units::Binary)
}

/// The same as [`explain`], with the sizes of its texts in `units`.
pub fn explain_in(reading: LogReading, units: Units) -> ExplainedLog {
    let inference = infer(&reading, units);
    let (deployment, inferred, refused) = (inference.deployment, inference.inferred, inference.refused);
    let resolved = if knows_model(&inferred) { deployment.resolve().ok() } else { None };
    let report = resolved.as_ref().map(estimate_resolved);
    let comparisons = match (&resolved, &report) {
        (Some(resolved), Some(report)) => reading
            .ranks
            .iter()
            .enumerate()
            .map(|(at, rank)| compare(at, rank, &reading, resolved, &deployment, &inferred, report))
            .collect(),
        _ => Vec::new(),
    };
    let diagnosis = diagnose(&reading, report.as_ref(), units);
    ExplainedLog { reading, deployment, inferred, refused, comparisons, diagnosis, units }
}

fn compare(
    at: usize,
    rank: &RankReading,
    reading: &LogReading,
    resolved: &Resolved,
    deployment: &Deployment,
    inferred: &[Inferred],
    report: &Report,
) -> RankComparison {
    let number = rank.rank.unwrap_or(0).min(report.ranks.len().saturating_sub(1) as u64) as usize;
    let mut rows = Vec::new();
    let Some(predicted) = report.ranks.get(number) else { return RankComparison { rank: at, rows, outside: None } };
    let outside = outside(rank, reading);
    // Weights that the log counts outside torch.
    let balanced = weights_outside_torch(resolved, predicted.pp_rank);
    for contributor in Contributor::ALL {
        let figure = predicted.figure(contributor);
        let measured = match contributor {
            Contributor::Overhead if !reading.is_pytorch() => outside.map(|bytes| (bytes, Bytes::ZERO, None)),
            Contributor::Overhead => {
                rank.outside_at_peak().map(|size| (size.bytes, size.rounding, Some(EventKind::TorchOutsidePeak)))
            }
            _ => rank.measured[contributor as usize].map(|(size, kind)| (size.bytes, size.rounding, Some(kind))),
        };
        let Some((measured, rounding, kind)) = measured else { continue };
        // Without the free memory the size of the KV cache does not test the laws.
        if contributor == Contributor::KvCache && rank.available.is_none() && deployment.kv_cache.max_tokens.is_none() {
            continue;
        }
        // A PyTorch log that ends early shows only the temporary pool that existed while the peak
        // was measured.
        let temporary = rank.temporary_kv_cache.filter(|_| contributor == Contributor::KvCache);
        if temporary
            .is_some_and(|size| size.bytes == measured || measured < Bytes(size.bytes.0.saturating_mul(11) / 10))
        {
            continue;
        }
        let assumed: Vec<&'static str> = needs(contributor)
            .iter()
            .copied()
            .filter(|key| reading.setting(key).is_none() && !inferred.iter().any(|inferred| inferred.key == *key))
            .collect();
        let figure = match contributor {
            Contributor::KvCache => kv_figure(rank, reading, deployment, number).unwrap_or(*figure),
            // The line counts everything that remains inside torch.
            Contributor::Weights if kind == Some(EventKind::TorchInside) => {
                let weights = Figure {
                    bytes: figure.bytes - balanced,
                    low: figure.low - balanced,
                    high: figure.high - balanced,
                    ..*figure
                };
                let more = [Contributor::RuntimeBuffers, Contributor::DecoderBuffers];
                more.into_iter().map(|more| predicted.figure(more)).fold(weights, |sum, more| Figure {
                    bytes: sum.bytes + more.bytes,
                    low: sum.low + more.low,
                    high: sum.high + more.high,
                    ..sum
                })
            }
            Contributor::Overhead if kind == Some(EventKind::TorchOutsidePeak) => Figure {
                bytes: figure.bytes + balanced,
                low: figure.low + balanced,
                high: figure.high + balanced,
                ..*figure
            },
            _ => *figure,
        };
        // A line truncated to whole MiB may hide almost one MiB.
        let slack = rounding.0.max(if kind == Some(EventKind::AllEnginesOnGpu) { 2 << 20 } else { 0 });
        let low = figure.low.0.min(figure.bytes.0).saturating_sub(slack);
        let high = figure
            .high
            .0
            .max(figure.bytes.0)
            .saturating_add(slack)
            .max(if kind == Some(EventKind::EngineFile) { figure.high.0 / 1000 * 1006 } else { 0 });
        let inside = (low..=high).contains(&measured.0);
        rows.push(Comparison {
            contributor,
            measured,
            predicted: figure.bytes,
            low: figure.low,
            high: figure.high,
            inside,
            note: note(contributor, kind, inside, &assumed, resolved),
            assumed,
        });
    }
    RankComparison { rank: at, rows, outside }
}

/// The KV cache predicted from the free memory in the log. It tests only the law of the KV cache,
/// not those of the other contributors.
fn kv_figure(rank: &RankReading, reading: &LogReading, deployment: &Deployment, number: usize) -> Option<Figure> {
    let least = reading
        .ranks
        .iter()
        .filter_map(|rank| rank.available)
        .map(|size| size.bytes)
        .min()
        .or(rank.available.map(|size| size.bytes))?;
    if reading.is_pytorch() {
        return None;
    }
    let pinned = Deployment {
        machine: Machine { free_memory_gib: Some(least.gib()), ..deployment.machine },
        ..deployment.clone()
    };
    estimate(&pinned).ok()?.ranks.get(number).map(|rank| *rank.figure(Contributor::KvCache))
}

/// Memory of the TensorRT backend that no line counts.
fn outside(rank: &RankReading, reading: &LogReading) -> Option<Bytes> {
    if reading.is_pytorch() {
        return None;
    }
    let used = rank.total?.bytes.0.checked_sub(rank.available?.bytes.0)?;
    let lines =
        [Contributor::Weights, Contributor::Activations, Contributor::RuntimeBuffers, Contributor::DecoderBuffers];
    let counted: Option<u64> = lines.iter().map(|contributor| rank.size(*contributor).map(|size| size.bytes.0)).sum();
    used.checked_sub(counted?).map(Bytes)
}

/// The settings that a prediction depends on.
const fn needs(contributor: Contributor) -> &'static [&'static str] {
    match contributor {
        Contributor::Activations => &["max_batch_size", "max_num_tokens"],
        Contributor::RuntimeBuffers => &["max_batch_size", "max_num_tokens", "max_seq_len"],
        Contributor::DecoderBuffers => &["max_batch_size", "max_seq_len"],
        Contributor::Weights | Contributor::KvCache | Contributor::Overhead => &[],
    }
}

fn note(
    contributor: Contributor,
    kind: Option<EventKind>,
    inside: bool,
    assumed: &[&str],
    resolved: &Resolved,
) -> String {
    let meaning = match (contributor, kind) {
        (Contributor::Overhead, None) => {
            "Memory that no line counts: CUDA context, loaded code, communication, other processes".to_string()
        }
        (_, Some(kind)) => capitalized(kind.counts()),
        (_, None) => contributor.meaning().trim_end_matches('.').to_string(),
    };
    if inside {
        return format!("{meaning}.");
    }
    if !assumed.is_empty() {
        return format!(
            "{meaning}. The log does not state {}; the prediction is for the default.",
            assumed.join(" and ")
        );
    }
    if resolved.backend == Backend::Pytorch {
        let cause = match contributor {
            Contributor::Weights => "modules that stay in 16 bits, another moe_ep_size, or outputs of CUDA graphs",
            Contributor::Activations | Contributor::Overhead => {
                "torch's allocator, whose cached segments may count as outside; the sum of the two lines is more \
                 reliable than each"
            }
            _ => "the free memory, which the other differences affect",
        };
        return format!("{meaning}. The difference may come from {cause}.");
    }
    let cause = match contributor {
        Contributor::Weights if resolved.precision.quant_algo != QuantAlgo::None => {
            "another quant_algo, or layers that stay in 16 bits"
        }
        Contributor::Weights => {
            "another dtype, a shared embedding table, or a checkpoint with more than the language model"
        }
        Contributor::Activations => "build limits that the log does not show, several profiles, or a plugin setting",
        Contributor::RuntimeBuffers => "another logits_dtype, gathered logits, or a version whose buffers differ",
        Contributor::DecoderBuffers => "another logits_dtype, speculative decoding, or a version whose decoder differs",
        Contributor::KvCache => "max_tokens or free_gpu_memory_fraction, if the log does not state them",
        Contributor::Overhead => "several profiles, a second engine, other processes, or another GPU",
    };
    format!("{meaning}. The difference may come from {cause}.")
}

/// As JSON, including the reading.
impl Serialize for ExplainedLog {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Configuration<'a>(&'a LogReading);
        impl Serialize for Configuration<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(None)?;
                for setting in &self.0.configuration {
                    map.serialize_entry(setting.key, &setting.value)?;
                }
                map.end()
            }
        }
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("lines", &self.reading.lines)?;
        map.serialize_entry("ranks", &self.reading.ranks)?;
        map.serialize_entry("configuration", &Configuration(&self.reading))?;
        map.serialize_entry("inferred", &self.inferred)?;
        map.serialize_entry("link", &link::encode(&self.deployment))?;
        map.serialize_entry("comparisons", &self.comparisons)?;
        map.serialize_entry("diagnosis", &self.diagnosis)?;
        let advice = self
            .advice()
            .map(|advice| advice.changes.iter().map(|change| change.sentence(self.units)).collect::<Vec<_>>());
        map.serialize_entry("advice", &advice.unwrap_or_default())?;
        map.serialize_entry("timeline", &self.reading.timeline)?;
        map.serialize_entry("unread_lines", &self.reading.unread)?;
        map.serialize_entry("unread_count", &self.reading.unread_count)?;
        map.end()
    }
}

impl ExplainedLog {
    /// Whether the log states or implies the model. Without a model nothing is predicted.
    pub fn knows_model(&self) -> bool {
        knows_model(&self.inferred)
    }

    /// Advice for the deployment in the log; `None` without a failure or without a known model.
    pub fn advice(&self) -> Option<Recommendations> {
        let applies = self.diagnosis.is_some() && self.knows_model();
        if applies { advise(&self.deployment, None).ok() } else { None }
    }

    /// Calibrates a deployment by the sizes that the log measured: activations, buffers and
    /// overhead. A size is skipped if the log omits settings that its prediction depends on, or if
    /// it differs so much from the law that it must be something else.
    ///
    /// Each calibration is a setting with its own link key; an empty value resets it.
    pub fn calibrate(&self, deployment: &mut Deployment) {
        let of = |contributor: Contributor| {
            let rows = self.comparisons.iter().flat_map(|rank| &rank.rows);
            let known = rows.filter(|row| row.contributor == contributor && row.assumed.is_empty());
            // The rank with the largest usage must fit.
            let row = known.max_by_key(|row| row.measured)?;
            Calibrated::new(row.measured, row.predicted)
        };
        deployment.calibration.activations = of(Contributor::Activations);
        deployment.calibration.runtime_buffers = of(Contributor::RuntimeBuffers);
        deployment.calibration.decoder_buffers = of(Contributor::DecoderBuffers);
        deployment.calibration.overhead = of(Contributor::Overhead);
    }
}
