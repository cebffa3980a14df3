//! Advice: the single changes that make a deployment fit, or that free memory which it wastes.

mod cost;

use super::load::fits;
use super::precisions::{self, SMALLER_CACHE, smaller_weights};
use super::range::Bound;
use super::solve::{limit_reason, solve};
use super::{Load, NumericSetting, most_fixed};
use crate::deployment::{
    Backend, Deployment, DeploymentError, Input, KvCacheDtype, Phase, Precision, QuantAlgo, Resolved, Setting, setting,
};
use crate::gpu::gpus;
use crate::memory::{Report, estimate};
use crate::units::{Bytes, Units};
use cost::cost;
use serde::{Serialize, Serializer};

/// One change, with its saving and its cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Recommendation {
    /// The setting's link key.
    pub key: &'static str,
    /// The current value; TensorRT-LLM's default if unset.
    pub from: String,
    /// The recommended value.
    pub to: String,
    /// The phase in which the change is made. A change that needs more GPUs is one of the hardware.
    pub phase: Phase,
    /// Memory that the change frees on the fullest GPU. The KV cache is excluded, because it takes
    /// the rest.
    pub saves: Bytes,
    /// Capacity of the KV cache in tokens, before and after the change.
    pub kv_tokens: (u64, u64),
    /// Number of GPUs, before and after the change.
    pub gpus: (u64, u64),
    /// The cost of the change, as a sentence.
    pub cost: String,
    /// Whether it is uncertain that the changed deployment fits, given the bands of the figures.
    pub uncertain: bool,
    /// The deployment with only this change.
    pub deployment: Deployment,
}

/// The recommended changes of a deployment.
#[derive(Debug, Clone, PartialEq)]
pub struct Recommendations {
    /// Whether the deployment fits and runs the load unchanged.
    pub fits: bool,
    /// If the deployment does not fit: every single change that helps. If it does: limits that are
    /// larger than needed. The least disruptive come first: run time, then build, then hardware;
    /// within a phase those with fewer GPUs, then in the order of `SETTINGS`.
    pub changes: Vec<Recommendation>,
    /// The load that the limits were compared with.
    pub load: Load,
}

/// Input and output tokens of an average chat request, with which limits are compared if no load is
/// given.
const TYPICAL: (u64, u64) = (1024, 1024);
/// The smallest saving that is worth a rebuild, as a share of the GPU's memory.
const WORTH_A_REBUILD: f64 = 0.005;

/// The single changes that make a deployment fit and run `load`; if it already does, those that
/// free memory which it wastes.
///
/// # Errors
/// If the deployment is impossible.
pub fn advise(deployment: &Deployment, load: Option<Load>) -> Result<Recommendations, DeploymentError> {
    let resolved = deployment.resolve()?;
    let (report, held) = fits(&resolved, load);
    let current = Current { deployment, resolved: &resolved, report: &report };
    let measure = load.unwrap_or_else(|| typical(&resolved, &report));
    let mut changes = if held.is_ok() { current.oversized(measure) } else { current.remedies(load) };
    changes.sort_by_key(|change| (rank(change.phase), change.gpus.1, order(change.key)));
    Ok(Recommendations { fits: held.is_ok(), changes, load: measure })
}

/// As many average sequences as the KV cache holds.
fn typical(resolved: &Resolved, report: &Report) -> Load {
    let input_len = TYPICAL.0.min((resolved.limits.max_seq_len / 2).max(1));
    let output_len = TYPICAL.1.min(resolved.limits.max_seq_len.saturating_sub(input_len));
    Load { concurrency: report.kv_cache.held(input_len, output_len).max(1), input_len, output_len }
}

/// The order of the phases: run time, build, hardware.
fn rank(phase: Phase) -> u8 {
    match phase {
        Phase::Runtime => 0,
        Phase::Build => 1,
        Phase::Hardware => 2,
    }
}

/// The settings that may be recommended to change, the least disruptive first.
const SETTINGS: [&str; 20] = [
    "max_tokens",
    "free_gpu_memory_fraction",
    "other_memory_gib",
    "cuda_graph_cache_size",
    "lora_device_cache_fraction",
    "context_fmha",
    "remove_input_padding",
    "multiple_profiles",
    "gather_context_logits",
    "max_num_tokens",
    "max_batch_size",
    "max_beam_width",
    "max_input_len",
    "max_seq_len",
    "use_parallel_embedding",
    "kv_cache_dtype",
    "quant_algo",
    "tp_size",
    "pp_size",
    "gpu",
];

/// The phase in which `setting` is changed. A change that needs more GPUs is one of the hardware.
fn phase(setting: &Setting, from: &Deployment, changed: &Deployment) -> Phase {
    if changed.world_size() > from.world_size() { Phase::Hardware } else { setting.phase_in(from) }
}

/// The order of a change of the setting `key` among others, by its phase.
pub(super) fn disruption(key: &str, from: &Deployment, changed: &Deployment) -> u8 {
    rank(setting(key).map_or(Phase::Hardware, |setting| phase(setting, from, changed)))
}

fn order(key: &str) -> usize {
    SETTINGS.iter().position(|known| *known == key).unwrap_or(SETTINGS.len())
}

/// The unchanged deployment.
struct Current<'a> {
    deployment: &'a Deployment,
    resolved: &'a Resolved,
    report: &'a Report,
}

impl Current<'_> {
    /// The single changes that make the deployment fit and run the load.
    fn remedies(&self, load: Option<Load>) -> Vec<Recommendation> {
        let helps = |changed: &Deployment| limit_reason(changed, load).is_none();
        SETTINGS.iter().filter_map(|key| self.remedy(setting(key)?, load, &helps)).collect()
    }

    /// The smallest change of one setting that helps.
    fn remedy(
        &self,
        setting: &'static Setting,
        load: Option<Load>,
        helps: &dyn Fn(&Deployment) -> bool,
    ) -> Option<Recommendation> {
        if !setting.counts(self.deployment) {
            return None;
        }
        let texts = match setting.input {
            Input::Gpu => self.larger_gpus(),
            Input::Choice(_) => self.smaller_types(setting.key),
            Input::Toggle => leaner(setting.key).map(String::from).into_iter().collect(),
            _ => self.nearest(setting, load).into_iter().collect(),
        };
        let (text, changed) = texts.into_iter().find_map(|text| {
            let changed = setting.with(self.deployment, &text).ok()?;
            (changed != *self.deployment && helps(&changed)).then_some((text, changed))
        })?;
        self.recommendation(setting, text, changed)
    }

    /// Limits that are larger than the load needs, and so waste memory.
    fn oversized(&self, load: Load) -> Vec<Recommendation> {
        let resolved = self.resolved;
        let batch = load.concurrency.div_ceil(resolved.parallel.pp_size.max(1)).max(1);
        let (chunked, drafts) = match resolved.backend {
            Backend::TensorRt => (resolved.given.engine.enable_chunked_context, resolved.engine.drafts.tokens),
            Backend::Pytorch => (resolved.given.pytorch.enable_chunked_prefill, resolved.pytorch.max_draft_len),
        };
        let steps = if chunked { 0 } else { load.input_len };
        let in_a_step = resolved.limits.max_beam_width.saturating_mul(1 + drafts).saturating_mul(batch);
        let needed = [
            ("max_batch_size", resolved.limits.max_batch_size, batch),
            ("max_seq_len", resolved.limits.max_seq_len, load.sequence()),
            ("max_num_tokens", resolved.limits.max_num_tokens, steps.max(in_a_step).max(STEP_TOKENS)),
        ];
        let worth = Bytes((resolved.machine.gpu_memory.0 as f64 * WORTH_A_REBUILD) as u64);
        needed
            .into_iter()
            .filter(|(_, built, needed)| built > needed)
            .filter_map(|(key, _, needed)| {
                let setting = setting(key)?;
                let changed = setting.with(self.deployment, &needed.to_string()).ok()?;
                self.recommendation(setting, needed.to_string(), changed)
            })
            .filter(|change| change.saves > worth)
            .collect()
    }

    fn recommendation(&self, setting: &'static Setting, to: String, changed: Deployment) -> Option<Recommendation> {
        let report = estimate(&changed).ok()?;
        let uncertain = report.verdict.key() == "fits_uncertain";
        Some(Recommendation {
            key: setting.key,
            from: setting.settled(self.deployment, Some(self.resolved)),
            cost: cost(setting.key, &to, self.deployment, &changed),
            to,
            phase: phase(setting, self.deployment, &changed),
            saves: most_fixed(self.report) - most_fixed(&report),
            kv_tokens: (self.report.kv_cache.tokens, report.kv_cache.tokens),
            gpus: (self.deployment.world_size(), changed.world_size()),
            uncertain,
            deployment: changed,
        })
    }

    /// The feasible value of a numeric setting that is nearest to the current one.
    fn nearest(&self, setting: &'static Setting, load: Option<Load>) -> Option<String> {
        let numeric = NumericSetting::of(setting)?;
        let limits = solve(self.deployment, setting.key, load).ok()?;
        let today = numeric.today(self.deployment, self.resolved).map(|notch| numeric.value(notch));
        let distance = |end: &Bound| today.map_or(0.0, |today| (today - end.value).abs());
        let ends = [limits.largest?, limits.smallest?];
        ends.into_iter().min_by(|a, b| distance(a).total_cmp(&distance(b))).map(|end| end.text)
    }

    /// Smaller types than the current one.
    fn smaller_types(&self, key: &str) -> Vec<String> {
        match key {
            "quant_algo" => {
                let weights = |quant_algo: Option<QuantAlgo>| {
                    let changed = Deployment {
                        precision: Precision { quant_algo, ..self.deployment.precision },
                        ..self.deployment.clone()
                    };
                    estimate(&changed).ok().map(|report| most_fixed(&report))
                };
                let today = most_fixed(self.report);
                let smaller = smaller_weights(&self.deployment.model)
                    .iter()
                    .filter(|algo| weights(**algo).is_some_and(|bytes| bytes < today));
                smaller.map(|algo| precisions::text(*algo)).collect()
            }
            "kv_cache_dtype" => {
                let smaller = |dtype: &KvCacheDtype| {
                    crate::deployment::KvType::Quantized(*dtype).bytes()
                        < self.resolved.precision.kv_cache_dtype.bytes()
                };
                let has =
                    |dtype: &KvCacheDtype| self.resolved.backend == Backend::Pytorch || *dtype != KvCacheDtype::Nvfp4;
                SMALLER_CACHE.into_iter().filter(smaller).filter(has).map(|dtype| dtype.to_string()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// GPUs with more memory, the smallest first; of equally large ones those with the same
    /// interconnect first.
    fn larger_gpus(&self) -> Vec<String> {
        let own = &self.deployment.gpu;
        let mut larger: Vec<_> = gpus().iter().filter(|gpu| gpu.memory > self.resolved.machine.gpu_memory).collect();
        larger.sort_by_key(|gpu| (gpu.memory, gpu.link != own.link));
        larger.into_iter().map(|gpu| gpu.id.to_string()).collect()
    }
}

/// The lowest recommended `max_num_tokens`: a step of fewer tokens underuses the GPU.
const STEP_TOKENS: u64 = 2048;

/// The value of a toggle that takes less memory.
fn leaner(key: &str) -> Option<&'static str> {
    match key {
        "context_fmha" | "remove_input_padding" | "use_parallel_embedding" => Some("true"),
        "multiple_profiles" | "gather_context_logits" => Some("false"),
        _ => None,
    }
}

impl Recommendation {
    /// The change in sentences: setting and value, saving and cost.
    pub fn sentence(&self, units: Units) -> String {
        let Recommendation { key, from, to, saves, cost, .. } = self;
        let freed = match *saves {
            Bytes::ZERO => String::new(),
            saves => format!(" It frees {} on each GPU.", saves.display(units)),
        };
        let from = if from.is_empty() { String::new() } else { format!(" instead of {from}") };
        format!("Set {key} to {to}{from}.{freed} {cost}")
    }
}

/// The JSON of a [`Recommendation`].
#[derive(Serialize)]
struct RecommendationJson<'a> {
    key: &'a str,
    from: &'a str,
    to: &'a str,
    phase: &'static str,
    saves: Bytes,
    kv_tokens: u64,
    kv_tokens_today: u64,
    gpus: u64,
    cost: &'a str,
    sentence: String,
    uncertain: bool,
    deployment: &'a Deployment,
}

impl Recommendation {
    /// The change as JSON, with its sentence in `units` and the settings of the changed deployment
    /// that differ from the defaults.
    pub fn json(&self, units: Units) -> impl Serialize {
        RecommendationJson {
            key: self.key,
            from: &self.from,
            to: &self.to,
            phase: match self.phase {
                Phase::Runtime => "run",
                Phase::Build => "build",
                Phase::Hardware => "hardware",
            },
            saves: self.saves,
            kv_tokens: self.kv_tokens.1,
            kv_tokens_today: self.kv_tokens.0,
            gpus: self.gpus.1,
            cost: &self.cost,
            sentence: self.sentence(units),
            uncertain: self.uncertain,
            deployment: &self.deployment,
        }
    }
}

/// As JSON, see [`Recommendation::json`].
impl Serialize for Recommendation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.json(Units::Binary).serialize(serializer)
    }
}

#[cfg(test)]
mod tests;
