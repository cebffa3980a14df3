//! Inference of settings that a log omits and that its figures imply: model, quantization, batch
//! size, version, GPU.

use super::events::EventKind;
use super::rank_reading::RankReading;
use super::reader::LogReading;
use super::scan::Size;
use crate::architecture::{Architecture, Attention, ModelRef, find, models};
use crate::deployment::{
    Backend, BuildLimits, Deployment, KvCacheDtype, Parallelism, Precision, QuantAlgo, Version, setting,
};
use crate::gpu::gpus;
use crate::memory::{Contributor, Inputs, estimate, weights};
use crate::units::{Bytes, GIB, MIB, Units, grouped};
use serde::Serialize;

/// A setting that the log does not state, with the figures that imply it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Inferred {
    /// The link key.
    pub key: &'static str,
    /// The value, formatted as in a link.
    pub value: String,
    /// The figures that imply it, as a phrase.
    pub from: String,
}

/// A deployment that is being inferred.
pub(super) struct Inference<'a> {
    reading: &'a LogReading,
    rank: Option<&'a RankReading>,
    units: Units,
    pub deployment: Deployment,
    pub inferred: Vec<Inferred>,
    /// Settings of the log that the deployment can't have.
    pub refused: Vec<(&'static str, String)>,
}

/// Collects all settings that the log states or implies.
pub(super) fn infer(reading: &LogReading, units: Units) -> Inference<'_> {
    // If ranks differ, the one with the most lines is the most informative.
    let line_count =
        |rank: &&RankReading| rank.measured.iter().flatten().count() + usize::from(rank.available.is_some());
    let rank = reading.ranks.iter().rev().max_by_key(line_count);
    // A log without a line of TensorRT-LLM determines nothing, not even the backend.
    let deployment = if reading.is_empty() { Deployment::default() } else { Deployment::engine() };
    let mut inference = Inference { reading, rank, units, deployment, inferred: Vec::new(), refused: Vec::new() };
    inference.stated();
    inference.card();
    inference.ranks();
    inference.block_and_sequence();
    let version_known = reading.setting("trtllm_version").is_some();
    let versions = if version_known { Vec::new() } else { possible_versions(reading) };
    if let Some(latest) = versions.last() {
        inference.deployment.version = Some(*latest);
    }
    inference.model();
    inference.limits(&versions);
    inference.fraction();
    inference
}

impl Inference<'_> {
    /// Applies a setting. One that does not belong to the backend is refused, as a link would drop
    /// it.
    fn try_put(&mut self, key: &str, value: &str) -> bool {
        let field = setting(key).filter(|field| field.flows.has(self.deployment.backend));
        field.is_some_and(|field| field.read(&mut self.deployment, value).is_ok())
    }

    fn put(&mut self, key: &'static str, value: impl ToString, from: impl Into<String>) {
        let value = value.to_string();
        if self.try_put(key, &value) {
            self.inferred.push(Inferred { key, value, from: from.into() });
        }
    }

    fn stated(&mut self) {
        // The backend is first, because it determines which settings apply.
        let (backend, others): (Vec<_>, Vec<_>) =
            self.reading.configuration.iter().partition(|setting| setting.key == "backend");
        for setting in backend.into_iter().chain(others) {
            if setting.key != "model" && !self.try_put(setting.key, &setting.value) {
                self.refused.push((setting.key, setting.value.clone()));
            }
        }
        // The PyTorch backend runs a checkpoint as it is stored.
        if self.deployment.backend == Backend::Pytorch && self.reading.setting("quant_algo").is_none() {
            self.deployment.precision.quant_algo = None;
        }
    }

    /// Infers the GPU from the total memory that CUDA reports.
    fn card(&mut self) {
        let Some(total) = self.reading.ranks.iter().find_map(|rank| rank.total) else { return };
        let deviation = |memory: Bytes| (memory.0 as f64 / total.bytes.0 as f64 - 1.0).abs();
        // GPUs with equal memory can't be distinguished; the default GPU takes precedence.
        let usual = &*self.deployment.gpu;
        let nearest = gpus().iter().min_by(|a, b| deviation(a.memory).total_cmp(&deviation(b.memory)));
        let near = if deviation(usual.memory) < 0.005 { Some(usual) } else { nearest };
        if let Some(gpu) = near.filter(|gpu| deviation(gpu.memory) < 0.02) {
            let others = gpus().iter().filter(|other| deviation(other.memory) < 0.005).count();
            let doubt = if others > 1 { format!("; {others} GPUs have about as much") } else { String::new() };
            self.put("gpu", gpu.id, format!("total memory of {}{doubt}", total.bytes.display(self.units)));
        }
        self.put("gpu_memory_gib", format!("{:.2}", total.bytes.gib()), "the total memory in the log");
    }

    fn ranks(&mut self) {
        if self.reading.setting("tp_size").is_some() {
            return;
        }
        let Some(world) = self.reading.stated_ranks.filter(|ranks| *ranks > 1) else { return };
        let batch = self.reading.setting("max_batch_size").and_then(|batch| batch.parse::<u64>().ok());
        // maxNumSequences is max_batch_size times the number of stages.
        let stages = match (self.reading.sequences, batch) {
            (Some(sequences), Some(batch)) if batch > 0 && sequences.is_multiple_of(batch) => sequences / batch,
            _ => 1,
        };
        if stages > 1 && world.is_multiple_of(stages) {
            self.put("pp_size", stages, "maxNumSequences is this multiple of maxBatchSize");
            self.put("tp_size", world / stages, format!("{world} ranks in {stages} stages"));
        } else {
            self.put("tp_size", world, format!("{world} ranks, without a sign of pipeline stages"));
        }
    }

    fn block_and_sequence(&mut self) {
        let Some(rank) = self.rank else { return };
        if let Some(tokens) = rank.tokens_per_block {
            self.put("tokens_per_block", tokens, "the lines about the KV cache");
        }
        if self.reading.setting("max_seq_len").is_some() {
            return;
        }
        if let (Some(pages), Some(block)) =
            (rank.pages_per_sequence, rank.tokens_per_block.or(rank.tokens.zip(rank.blocks).map(|(t, b)| t / b.max(1))))
        {
            self.put(
                "max_seq_len",
                pages.saturating_mul(block),
                format!("{pages} blocks of {block} tokens for a sequence, which may be up to one block shorter"),
            );
        }
    }

    /// Infers the model: from its name, or else from weights, bytes per token and layers.
    fn model(&mut self) {
        let named = self.reading.setting("model").and_then(by_path);
        if let Some(model) = named {
            self.put("model", &model.name, "a name or a path in the log");
        }
        let Some(rank) = self.rank else { return };
        let weights = rank.measured[Contributor::Weights as usize];
        // The size of a small pool is rounded too coarsely.
        let per_token = rank.bytes_per_token().filter(|(bytes, half)| *bytes > 0.0 && half / bytes < 5e-3);
        let weights_alone = per_token.is_none() && named.is_none() && self.reading.layers.is_none();
        let quant_stated = self.reading.setting("quant_algo").is_some();
        let Some((size, kind)) = weights.filter(|(_, kind)| *kind != EventKind::TorchInside) else { return };
        let fits = |model: &ModelRef| {
            self.reading.layers.is_none_or(|layers| layers == model.layers)
                && named.is_none_or(|named| named.name == model.name)
        };
        let mut best: Option<(Badness, Guess)> = None;
        let mut count = 0_u32;
        // If the number of ranks is not known, their shares of the KV cache may determine it.
        let ranks_known = self.reading.stated_ranks.is_some() || self.reading.setting("tp_size").is_some();
        let sizes: &[u64] = if ranks_known || per_token.is_none() { &[0] } else { &[1, 2, 4, 8] };
        for tp_size in sizes.iter().map(|size| if *size == 0 { self.deployment.parallel.tp_size } else { *size }) {
            let as_stored = named.filter(|_| self.deployment.precision.quant_algo.is_none()).map(|_| None);
            let is_candidate = |model: &&Architecture| named.is_some() || model.checkpoint.base.is_none();
            for model in models().iter().filter(is_candidate).map(ModelRef::from).filter(fits) {
                let mut same_model = false;
                for choice in as_stored.into_iter().chain(QuantAlgo::ALL.iter().copied().map(Some)) {
                    if quant_stated && choice != self.deployment.precision.quant_algo {
                        continue;
                    }
                    let algo = choice.unwrap_or_else(|| model.checkpoint.precisions.main());
                    // Weights alone match too many combinations of model and quantization.
                    if (weights_alone && !matches!(algo, QuantAlgo::None | QuantAlgo::Fp8))
                        || (tp_size > 1 && !ranks_known && !COMMON.contains(&algo))
                    {
                        continue;
                    }
                    let Some(kv_cache_dtype) = cache_type(&model, tp_size, algo, per_token) else { continue };
                    let trial = Deployment {
                        model: model.clone(),
                        precision: Precision { quant_algo: choice, kv_cache_dtype, ..self.deployment.precision },
                        parallel: Parallelism { tp_size, ..self.deployment.parallel },
                        ..self.deployment.clone()
                    };
                    let Some(badness) = weight_badness(&trial, size, kind) else { continue };
                    same_model = true;
                    if best.as_ref().is_none_or(|(least, _)| badness < *least) {
                        best = Some((badness, (model.clone(), choice, kv_cache_dtype, tp_size)));
                    }
                }
                count += u32::from(same_model);
            }
            if best.is_some() {
                break;
            }
        }
        let Some((_, (model, algo, kv, tp_size))) = best else { return };
        if tp_size != self.deployment.parallel.tp_size {
            self.put("tp_size", tp_size, "weights and bytes per token are fractions of a model's");
        }
        let others =
            if count > 1 { format!("; {} other models of the catalogue match too", count - 1) } else { String::new() };
        let tokens = per_token.map_or_else(String::new, |(bytes, _)| {
            format!(" and {} bytes per token in the KV cache", grouped(bytes.round() as u64))
        });
        if named.is_none() {
            self.put("model", &model.name, format!("{} of weights{tokens}{others}", size.bytes.display(self.units)));
        }
        if let Some(algo) = algo.filter(|_| !quant_stated) {
            self.put("quant_algo", algo, format!("{} of weights", size.bytes.display(self.units)));
        }
        if per_token.is_some() && self.reading.setting("kv_cache_dtype").is_none_or(|dtype| dtype == "auto") {
            self.put("kv_cache_dtype", kv, "bytes per token in the KV cache");
        }
    }

    /// Infers `max_batch_size` from the decoder buffers, `max_num_tokens` from the runtime buffers,
    /// and the version that matches both.
    fn limits(&mut self, versions: &[Version]) {
        let size = |contributor| self.rank.and_then(|rank| rank.size(contributor));
        let (decoder, runtime) =
            (size(Contributor::DecoderBuffers).filter(|size| size.bytes.0 > 0), size(Contributor::RuntimeBuffers));
        let known = |key: &str| self.reading.setting(key).is_some();
        let (batch_known, tokens_known) = (known("max_batch_size"), known("max_num_tokens"));
        // Without a model the vocabulary is unknown, so the laws can't be inverted.
        let has_model = known("model") || self.inferred.iter().any(|inferred| inferred.key == "model");
        if !has_model || decoder.is_none() {
            return;
        }
        let mut best: Option<(f64, Deployment)> = None;
        let own = [self.deployment.version];
        let possible = versions.iter().copied().map(Some);
        for version in own.into_iter().filter(|_| versions.is_empty()).chain(possible) {
            let mut trial = Deployment { version, ..self.deployment.clone() };
            if !batch_known && let Some(decoder) = decoder {
                let with = |trial: &Deployment, batch| Deployment {
                    limits: BuildLimits { max_batch_size: Some(batch), ..trial.limits },
                    ..trial.clone()
                };
                let Some(batch) =
                    solve(decoder, 1 << 16, |batch| predict(&with(&trial, batch), Contributor::DecoderBuffers))
                else {
                    continue;
                };
                trial.limits.max_batch_size = Some(batch);
            }
            if !tokens_known && let Some(runtime) = runtime {
                let with = |tokens| Deployment {
                    limits: BuildLimits { max_num_tokens: Some(tokens), ..trial.limits },
                    ..trial.clone()
                };
                // Common values first: the line is rounded too coarsely to distinguish near values.
                let fits = |tokens| {
                    predict(&with(tokens), Contributor::RuntimeBuffers).is_some_and(|bytes| near(runtime, bytes))
                };
                let usual =
                    [8192, 2048, 4096, 16_384, 1024, 512, 32_768, 65_536].into_iter().find(|tokens| fits(*tokens));
                let solved = usual
                    .or_else(|| solve(runtime, 1 << 21, |tokens| predict(&with(tokens), Contributor::RuntimeBuffers)));
                trial.limits.max_num_tokens = solved.or(trial.limits.max_num_tokens);
            }
            let off = |contributor, size: Option<Size>| {
                let (Some(size), Some(bytes)) = (size, predict(&trial, contributor)) else { return 0.0 };
                (bytes / size.bytes.0.max(1) as f64 - 1.0).abs()
            };
            // Powers of two are likelier than other numbers.
            let odd = trial.limits.max_batch_size.map_or(0.0, |batch| if batch.is_power_of_two() { 0.0 } else { 1e-4 });
            let error = off(Contributor::DecoderBuffers, decoder) + off(Contributor::RuntimeBuffers, runtime) + odd;
            if best.as_ref().is_none_or(|(least, _)| error <= *least) {
                best = Some((error, trial));
            }
        }
        let Some((_, found)) = best else { return };
        if let Some(version) = found.version.filter(|_| !versions.is_empty()) {
            self.put(
                "trtllm_version",
                version,
                "the latest version with lines of this form and buffers of these sizes",
            );
        }
        if let (Some(batch), false, Some(decoder)) = (found.limits.max_batch_size, batch_known, decoder) {
            self.put("max_batch_size", batch, format!("{} of decoder buffers", decoder.bytes.display(self.units)));
        }
        if let (Some(tokens), false, Some(runtime)) = (found.limits.max_num_tokens, tokens_known, runtime) {
            self.put("max_num_tokens", tokens, format!("{} of runtime buffers", runtime.bytes.display(self.units)));
        }
    }

    /// Infers the fraction of the free memory that the KV cache took.
    fn fraction(&mut self) {
        let both = self
            .reading
            .timeline
            .iter()
            .rev()
            .find(|entry| entry.event.kind == EventKind::Setting && entry.event.fact("fraction").is_some());
        if let Some(both) = both {
            let fraction = both.event.fact("fraction").unwrap_or(0.0);
            self.put("free_gpu_memory_fraction", (fraction * 1e4).round() / 1e4, "stated in a line");
            if !self.reading.is_pytorch()
                && let Some(tokens) = both.event.count
            {
                self.put("max_tokens", tokens, "stated in a line");
            }
            return;
        }
        let Some(rank) = self.rank.filter(|_| !self.reading.is_pytorch()) else { return };
        let least = self.reading.ranks.iter().filter_map(|rank| rank.available).map(|size| size.bytes.0).min();
        if let (Some(cache), Some(free)) = (rank.size(Contributor::KvCache), least.filter(|free| *free > GIB)) {
            let share = cache.bytes.0 as f64 / free as f64;
            let rounded = (share * 100.0).round() / 100.0;
            if (share - 0.9).abs() > 0.004 && (0.01..0.99).contains(&rounded) {
                self.put(
                    "free_gpu_memory_fraction",
                    rounded,
                    format!(
                        "the KV cache's {} of {}",
                        cache.bytes.display(self.units),
                        Bytes(free).display(self.units)
                    ),
                );
            }
        }
    }
}

/// The versions that write lines of this form.
fn possible_versions(reading: &LogReading) -> Vec<Version> {
    let has = |kind: EventKind| reading.timeline.iter().any(|entry| entry.event.kind == kind);
    let contains = |words: &str| reading.timeline.iter().any(|entry| entry.text.contains(words));
    let (first, last) = if contains("window size=") {
        ("0.20", "1.2")
    } else if has(EventKind::RuntimeBuffers) || has(EventKind::DecoderBuffers) || has(EventKind::PrimaryBlocks) {
        ("0.11", "0.19")
    } else if contains(". Allocating ") {
        ("0.10", "0.10")
    } else if has(EventKind::KvTokens) {
        ("0.8", "0.9")
    } else if contains("max tokens in paged KV cache (") {
        ("0.11", "0.21")
    } else {
        return Vec::new();
    };
    let known = Version::NAMES.iter().filter_map(|name| name.parse::<Version>().ok());
    let (first, last) = (first.parse::<Version>().ok(), last.parse::<Version>().ok());
    known.filter(|version| Some(*version) >= first && Some(*version) <= last).collect()
}

/// The catalogue model that a path names. Its components are tried from the last, each shortened at
/// its hyphens.
fn by_path(path: &str) -> Option<&'static crate::architecture::Architecture> {
    if let Some(model) = find(path) {
        return Some(model);
    }
    let parts: Vec<String> = path.split('/').map(|part| part.replace("--", "/").replace('_', "-")).collect();
    parts.iter().rev().find_map(|part| {
        let part = part.rsplit('/').next().unwrap_or(part);
        let mut name = part;
        loop {
            if name.contains('-')
                && let Some(model) = find(name)
            {
                return Some(model);
            }
            name = name.rsplit_once('-')?.0;
        }
    })
}

/// A model, its quantization, the type of its KV cache, and the number of ranks.
type Guess = (ModelRef, Option<QuantAlgo>, KvCacheDtype, u64);

/// The implausibility of a guess: the deviation of its weights, the rarity of its quantization, and
/// the distance from the middle of the printed interval.
type Badness = (u64, usize, u64);

/// The common quantizations, the most common first.
const COMMON: [QuantAlgo; 7] = [
    QuantAlgo::None,
    QuantAlgo::Fp8,
    QuantAlgo::Nvfp4,
    QuantAlgo::W4A16Awq,
    QuantAlgo::W8A16,
    QuantAlgo::W4A16,
    QuantAlgo::Fp8BlockScales,
];

/// The type of the KV cache with this many bytes per token.
fn cache_type(model: &ModelRef, tp_size: u64, algo: QuantAlgo, per_token: Option<(f64, f64)>) -> Option<KvCacheDtype> {
    let Some((bytes, half)) = per_token else { return Some(KvCacheDtype::Auto) };
    let values = match model.attention {
        Attention::Grouped { kv_heads, head_dim, .. } => 2 * kv_heads.div_ceil(tp_size.max(1)) * head_dim,
        Attention::Latent { kv_lora_rank, qk_rope_head_dim, .. } => kv_lora_rank + qk_rope_head_dim,
    };
    let values = values as f64 * f64::from(model.attention_layers.len());
    let has = |bytes_per_value: f64| (values * bytes_per_value - bytes).abs() <= half + bytes * 2e-4;
    let floats = algo.is_fp8_gemm() || matches!(algo, QuantAlgo::Nvfp4 | QuantAlgo::W4A8Awq);
    match () {
        () if has(2.0) => Some(KvCacheDtype::Auto),
        () if has(1.0) && floats => Some(KvCacheDtype::Fp8),
        () if has(1.0) => Some(KvCacheDtype::Int8),
        () => None,
    }
}

/// The implausibility of predicted weights given a printed figure; `None` if the figure can't be
/// theirs.
fn weight_badness(trial: &Deployment, size: Size, kind: EventKind) -> Option<Badness> {
    let resolved = trial.resolve().ok()?;
    let predicted = weights::weights(&Inputs::<f64>::new(&resolved, 0));
    let printed = size.bytes.0 as f64;
    let (low, high, slack) = match kind {
        // Truncated to whole MiB.
        EventKind::AllEnginesOnGpu | EventKind::EngineOnGpu => (printed, printed + MIB as f64, MIB as f64),
        EventKind::BuilderWeights => (printed, printed, printed * 2e-4),
        // The file contains slightly more than the weights.
        EventKind::EngineFile => (printed * 0.992, printed * 1.0005, 0.0),
        _ => (printed - size.rounding.0 as f64, printed + size.rounding.0 as f64, printed * 5e-3),
    };
    let outside = (low - predicted).max(predicted - high).max(0.0);
    let rarity = COMMON.iter().position(|algo| *algo == trial.quant_algo()).unwrap_or(COMMON.len());
    let middle = (predicted - (low + high) / 2.0).abs();
    (outside <= slack).then_some((outside as u64, rarity, middle as u64))
}

fn predict(deployment: &Deployment, contributor: Contributor) -> Option<f64> {
    let report = estimate(deployment).ok()?;
    report.ranks.last().map(|rank| rank.figure(contributor).bytes.0 as f64)
}

/// Whether a prediction matches a printed size, up to its rounding and the few bytes per slot by
/// which laws deviate.
fn near(size: Size, bytes: f64) -> bool {
    (bytes - size.bytes.0 as f64).abs() <= size.rounding.0 as f64 + bytes * 2e-4
}

/// The number up to `most` for which an increasing prediction matches the printed size. Of several
/// the one with the most factors of two is returned, because limits are usually round numbers.
fn solve(size: Size, most: u64, predict: impl Fn(u64) -> Option<f64>) -> Option<u64> {
    let slack = |bytes: f64| size.rounding.0 as f64 + bytes * 2e-4;
    let first = |reaches: &dyn Fn(f64) -> bool| {
        let (mut low, mut high) = (1, most);
        while low < high {
            let middle = low + (high - low) / 2;
            if reaches(predict(middle)?) { high = middle } else { low = middle + 1 }
        }
        Some(low)
    };
    let printed = size.bytes.0 as f64;
    let from = first(&|bytes| bytes + slack(bytes) >= printed)?;
    let to = first(&|bytes| bytes - slack(bytes) > printed)?;
    (from..to)
        .max_by_key(|number| (number.trailing_zeros(), u64::MAX - number))
        .filter(|number| predict(*number).is_some_and(|bytes| near(size, bytes)))
}
