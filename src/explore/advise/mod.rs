//! What to change: the single changes that make a deployment fit, or that free what it wastes.

mod cost;

use super::load::fits;
use super::solve::{Bound, solve, stop};
use super::{Knob, Load, most_fixed};
use crate::deployment::{
    Backend, Deployment, DeploymentError, Field, Input, KvCacheDtype, Phase, Precision, QuantAlgo, Resolved, field,
};
use crate::gpu::gpus;
use crate::memory::{Report, estimate};
use crate::units::{Bytes, Units};
use cost::cost;
use serde::{Serialize, Serializer};

/// One change and what it is worth.
#[derive(Debug, Clone, PartialEq)]
pub struct Advice {
    /// The setting's link key.
    pub key: &'static str,
    /// Its value today, settled by TensorRT-LLM where nothing was chosen.
    pub from: String,
    /// The value to give it.
    pub to: String,
    /// When the change is fixed: at run time, with a build, or with the hardware, as more GPUs are.
    pub phase: Phase,
    /// What this frees on the fullest GPU, KV cache apart, which takes what is left.
    pub saves: Bytes,
    /// Tokens that the KV cache holds today and would hold.
    pub kv_tokens: (u64, u64),
    /// GPUs today and then.
    pub gpus: (u64, u64),
    /// What it costs, as a sentence.
    pub cost: String,
    /// Whether the figures' uncertainty leaves it open that it fits.
    pub uncertain: bool,
    /// The deployment with this change alone.
    pub deployment: Deployment,
}

/// What a deployment should change.
#[derive(Debug, Clone, PartialEq)]
pub struct Advices {
    /// Whether it fits and runs the load as it is.
    pub fits: bool,
    /// Where it doesn't: every single change that helps. Where it does: what is oversized. The cheapest first: run time before build,
    /// build before hardware, and then what frees the most for what it costs.
    pub changes: Vec<Advice>,
    /// The load that limits were measured by.
    pub load: Load,
}

/// What a chat service sees on average: what limits are measured by where no load is given.
const TYPICAL: (u64, u64) = (1024, 1024);
/// Less than this is not worth a rebuild: a share of the GPU.
const WORTH_A_REBUILD: f64 = 0.005;

/// The single changes that make a deployment fit and run `load`, or where it does, those that free what it wastes.
///
/// # Errors
/// Every impossible setting of the deployment.
pub fn advise(deployment: &Deployment, load: Option<Load>) -> Result<Advices, DeploymentError> {
    let resolved = deployment.resolve()?;
    let (report, held) = fits(&resolved, load);
    let today = Today { deployment, resolved: &resolved, report: &report };
    let measure = load.unwrap_or_else(|| typical(&resolved, &report));
    let mut changes = if held.is_ok() { today.oversized(measure) } else { today.remedies(load) };
    changes.sort_by_key(|change| (rank(change.phase), change.gpus.1, order(change.key)));
    Ok(Advices { fits: held.is_ok(), changes, load: measure })
}

/// As many typical sequences as the KV cache holds.
fn typical(resolved: &Resolved, report: &Report) -> Load {
    let input_len = TYPICAL.0.min((resolved.limits.max_seq_len / 2).max(1));
    let output_len = TYPICAL.1.min(resolved.limits.max_seq_len.saturating_sub(input_len));
    Load { concurrency: report.kv_cache.held(input_len, output_len).max(1), input_len, output_len }
}

/// Run time before build, build before hardware.
fn rank(phase: Phase) -> u8 {
    match phase {
        Phase::Runtime => 0,
        Phase::Build => 1,
        Phase::Hardware => 2,
    }
}

/// The settings that advice is made of, the cheapest first.
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

fn order(key: &str) -> usize {
    SETTINGS.iter().position(|known| *known == key).unwrap_or(SETTINGS.len())
}

/// Precisions that halve or quarter the weights, the mildest first.
const SMALLER_WEIGHTS: [QuantAlgo; 4] = [QuantAlgo::Fp8, QuantAlgo::W8A16, QuantAlgo::W4A16Awq, QuantAlgo::Nvfp4];
/// Smaller types of the KV cache, the mildest first.
const SMALLER_CACHE: [KvCacheDtype; 3] = [KvCacheDtype::Fp8, KvCacheDtype::Int8, KvCacheDtype::Nvfp4];

/// The deployment as it is.
struct Today<'a> {
    deployment: &'a Deployment,
    resolved: &'a Resolved,
    report: &'a Report,
}

impl Today<'_> {
    /// The single changes that make it fit and run the load.
    fn remedies(&self, load: Option<Load>) -> Vec<Advice> {
        let helps = |changed: &Deployment| stop(changed, load).is_none();
        SETTINGS.iter().filter_map(|key| self.remedy(field(key)?, load, &helps)).collect()
    }

    /// The mildest change of one setting that helps.
    fn remedy(&self, field: &'static Field, load: Option<Load>, helps: &dyn Fn(&Deployment) -> bool) -> Option<Advice> {
        if !field.counts(self.deployment) {
            return None;
        }
        let texts = match field.input {
            Input::Gpu => self.larger_gpus(),
            Input::Choice(_) => self.smaller_types(field.key),
            Input::Toggle => leaner(field.key).map(String::from).into_iter().collect(),
            _ => self.nearest(field, load).into_iter().collect(),
        };
        let (text, changed) = texts.into_iter().find_map(|text| {
            let changed = field.with(self.deployment, &text).ok()?;
            (changed != *self.deployment && helps(&changed)).then_some((text, changed))
        })?;
        self.advice(field, text, changed)
    }

    /// Limits that are larger than the load needs and so take memory for nothing.
    fn oversized(&self, load: Load) -> Vec<Advice> {
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
                let field = field(key)?;
                let changed = field.with(self.deployment, &needed.to_string()).ok()?;
                self.advice(field, needed.to_string(), changed)
            })
            .filter(|advice| advice.saves > worth)
            .collect()
    }

    fn advice(&self, field: &'static Field, to: String, changed: Deployment) -> Option<Advice> {
        let report = estimate(&changed).ok()?;
        let uncertain = report.verdict.key() == "fits_uncertain";
        Some(Advice {
            key: field.key,
            from: field.settled(self.deployment, Some(self.resolved)),
            cost: cost(field.key, &to, self.deployment, &changed),
            to,
            phase: if changed.world_size() > self.deployment.world_size() {
                Phase::Hardware
            } else {
                field.phase_in(self.deployment)
            },
            saves: most_fixed(self.report) - most_fixed(&report),
            kv_tokens: (self.report.kv_cache.tokens, report.kv_cache.tokens),
            gpus: (self.deployment.world_size(), changed.world_size()),
            uncertain,
            deployment: changed,
        })
    }

    /// The value of a number that fits and is nearest to today's.
    fn nearest(&self, field: &'static Field, load: Option<Load>) -> Option<String> {
        let knob = Knob::of(field)?;
        let limits = solve(self.deployment, field.key, load).ok()?;
        let today = knob.today(self.deployment, self.resolved).map(|notch| knob.value(notch));
        let distance = |end: &Bound| today.map_or(0.0, |today| (today - end.value).abs());
        let ends = [limits.largest?, limits.smallest?];
        ends.into_iter().min_by(|a, b| distance(a).total_cmp(&distance(b))).map(|end| end.text)
    }

    /// Smaller types than today's.
    fn smaller_types(&self, key: &str) -> Vec<String> {
        match key {
            "quant_algo" => {
                let weights = |algo: QuantAlgo| {
                    let changed = Deployment {
                        precision: Precision { quant_algo: algo, ..self.deployment.precision },
                        ..self.deployment.clone()
                    };
                    estimate(&changed).ok().map(|report| most_fixed(&report))
                };
                let today = most_fixed(self.report);
                let smaller =
                    SMALLER_WEIGHTS.into_iter().filter(|algo| weights(*algo).is_some_and(|bytes| bytes < today));
                smaller.map(|algo| algo.to_string()).collect()
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

    /// GPUs with more memory, the smallest first; of equal ones those that are joined alike first.
    fn larger_gpus(&self) -> Vec<String> {
        let own = &self.deployment.gpu;
        let mut larger: Vec<_> = gpus().iter().filter(|gpu| gpu.memory > self.resolved.machine.gpu_memory).collect();
        larger.sort_by_key(|gpu| (gpu.memory, gpu.link != own.link));
        larger.into_iter().map(|gpu| gpu.id.to_string()).collect()
    }
}

/// A step of fewer tokens starves the GPU: what `max_num_tokens` is not lowered below without need.
const STEP_TOKENS: u64 = 2048;

/// What a switch should be to take less.
fn leaner(key: &str) -> Option<&'static str> {
    match key {
        "context_fmha" | "remove_input_padding" | "use_parallel_embedding" => Some("true"),
        "multiple_profiles" | "gather_context_logits" => Some("false"),
        _ => None,
    }
}

impl Advice {
    /// The change as a sentence: what to set to what, what it saves and what it costs.
    pub fn sentence(&self, units: Units) -> String {
        let Advice { key, from, to, saves, cost, .. } = self;
        let freed = match *saves {
            Bytes::ZERO => String::new(),
            saves => format!(" It frees {} on each GPU.", saves.display(units)),
        };
        let from = if from.is_empty() { String::new() } else { format!(" instead of {from}") };
        format!("Set {key} to {to}{from}.{freed} {cost}")
    }
}

/// The JSON of an [`Advice`].
#[derive(Serialize)]
struct AdviceJson<'a> {
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

impl Advice {
    /// The change as JSON, with its sentence in `units` and the settings of the changed deployment
    /// that differ from the defaults.
    pub fn json(&self, units: Units) -> impl Serialize {
        AdviceJson {
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

/// As JSON, see [`Advice::json`].
impl Serialize for Advice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.json(Units::Binary).serialize(serializer)
    }
}

#[cfg(test)]
mod tests;
