//! Repairs: changes with which a deployment that is impossible, or that doesn't fit, fits.
//!
//! A deployment that doesn't fit has the repairs that [`advise`](super::advise) recommends. For an
//! impossible one, each setting that is wrong is tried with its default and its other values, and
//! the deployment on other GPUs. A change may bring about another problem, such as a `moe_ep_size`
//! that doesn't divide the new `tp_size`; then both settings change.

use super::advise::{advise, disruption};
use super::precisions::{self, SMALLER_CACHE, smaller_weights};
use super::{Load, NumericSetting};
use crate::deployment::{Deployment, Input, InvalidSetting, SETTINGS, Setting, setting};
use crate::gpu::gpus;
use crate::memory::{Report, estimate_resolved};
use crate::units::grouped;
use form_urlencoded::Serializer;

/// A change with which a deployment is possible, and its result.
#[derive(Debug, Clone, PartialEq)]
pub struct Repair {
    /// The key of the setting that is wrong; of a deployment that doesn't fit, the setting that
    /// changes.
    pub field: &'static str,
    /// The keys of the settings that change, with the new values as text; an empty text unsets a
    /// setting. The first is the repair, the others follow from it.
    pub changes: Vec<(&'static str, String)>,
    /// The changed deployment.
    pub deployment: Deployment,
    /// Whether it fits and runs the load.
    pub fits: bool,
    /// Whether it is uncertain that it fits.
    pub uncertain: bool,
    /// Concurrent requests of the load, or without a load of `max_seq_len`.
    pub at_once: u64,
}

/// The largest number of repairs.
const MOST: usize = 4;
/// The largest number of values of one setting that become repairs.
const MOST_VALUES: usize = 2;
/// The largest number of possible values of one setting that are tried.
const MOST_TRIED: usize = 8;
/// The largest number of settings that change together.
const MOST_CHANGES: usize = 4;
/// Values that are tried before the nearest possible one is bisected.
const PROBES: usize = 25;

/// Returns the repairs of a deployment, at most four: those that fit first, then the least
/// disruptive first. Repairs that don't fit are left out if others do. A deployment that fits, and
/// runs the load if one is given, has none.
///
/// ```
/// use trtllm_memory::{explore::repair::repairs, link};
/// let gpt_oss = "model=openai/gpt-oss-120b&backend=pytorch&quant_algo=W4A8_MXFP4_MXFP8";
/// let repairs = repairs(&link::decode(gpt_oss).deployment, None);
/// assert_eq!(repairs[0].settings(), "quant_algo=auto");
/// assert_eq!(repairs[0].label(), "Weights as stored: MXFP4 experts");
/// assert_eq!(repairs[1].label(), "GPU: B200 180 GB");
/// ```
pub fn repairs(deployment: &Deployment, load: Option<Load>) -> Vec<Repair> {
    let mut found = match deployment.resolve() {
        Ok(_) => remedies(deployment, load),
        Err(problems) => corrections(deployment, &problems.0, load),
    };
    if found.iter().any(|repair| repair.fits) {
        found.retain(|repair| repair.fits);
    }
    found.truncate(MOST);
    found
}

/// The repairs of a deployment that is possible.
fn remedies(deployment: &Deployment, load: Option<Load>) -> Vec<Repair> {
    let Ok(advice) = advise(deployment, load) else { return Vec::new() };
    let changes = advice.changes.into_iter().filter(|_| !advice.fits);
    changes.filter_map(|change| Repair::new(change.key, change.key, deployment, change.deployment, load)).collect()
}

/// The repairs of an impossible deployment with these problems. The nearest value of each wrong
/// setting comes before the second nearest ones.
fn corrections(deployment: &Deployment, problems: &[InvalidSetting], load: Option<Load>) -> Vec<Repair> {
    let mut found: Vec<(usize, Repair)> = Vec::new();
    let is_wrong = |setting: &&Setting| problems.iter().any(|problem| problem.field == setting.key);
    for wrong in SETTINGS.iter().filter(is_wrong) {
        let values = candidates(deployment, wrong).into_iter().filter_map(|changed| possible(changed, &[wrong.key]));
        let values = values.filter_map(|changed| Repair::new(wrong.key, wrong.key, deployment, changed, load));
        let mut values: Vec<Repair> = values.take(MOST_TRIED).collect();
        values.sort_by_key(|repair| !repair.fits);
        let gpu = other_gpu(deployment, wrong.key, load);
        for (order, repair) in values.into_iter().take(MOST_VALUES).chain(gpu).enumerate() {
            if found.iter().all(|(_, known)| known.deployment != repair.deployment) {
                found.push((order, repair));
            }
        }
    }
    // A repair that changes more than another one, and all that the other changes, adds nothing.
    let changes: Vec<_> = found.iter().map(|(_, repair)| repair.changes.clone()).collect();
    let is_more = |more: &[_], other: &[_]| more.len() > other.len() && other.iter().all(|one| more.contains(one));
    found.retain(|(_, repair)| !changes.iter().any(|other| is_more(&repair.changes, other)));
    found.sort_by_key(|(order, repair)| {
        let first = repair.changes.first().map_or("", |(key, _)| *key);
        (!repair.fits, disruption(first, deployment, &repair.deployment), *order)
    });
    found.into_iter().map(|(_, repair)| repair).collect()
}

/// Completes a changed deployment to a possible one: corrects one problem after the other, each
/// with the first value that helps. `kept` are the keys of the settings that must stay as they are.
fn possible(deployment: Deployment, kept: &[&'static str]) -> Option<Deployment> {
    let Err(problems) = deployment.resolve() else { return Some(deployment) };
    let wrong = problems.0.first().and_then(|problem| setting(problem.field))?;
    if kept.contains(&wrong.key) || kept.len() == MOST_CHANGES {
        return None;
    }
    let kept: Vec<&'static str> = kept.iter().copied().chain([wrong.key]).collect();
    candidates(&deployment, wrong).into_iter().find_map(|changed| possible(changed, &kept))
}

/// The deployment with other values of a setting, the likeliest first.
fn candidates(deployment: &Deployment, wrong: &'static Setting) -> Vec<Deployment> {
    let default = wrong.write(&deployment.defaults());
    let texts: Vec<String> = match wrong.input {
        Input::Model | Input::Gpu => Vec::new(),
        Input::Choice(_) if wrong.key == "quant_algo" => {
            let mut choices = smaller_weights(&deployment.model).to_vec();
            choices.extend([None].into_iter().filter(|auto| !choices.contains(auto)).collect::<Vec<_>>());
            choices.into_iter().map(precisions::text).collect()
        }
        Input::Choice(_) if wrong.key == "kv_cache_dtype" => {
            std::iter::once(default).chain(SMALLER_CACHE.map(|dtype| dtype.to_string())).collect()
        }
        Input::Choice(names) => std::iter::once(default).chain(names.iter().map(|name| (*name).into())).collect(),
        Input::Toggle => vec!["true".into(), "false".into()],
        Input::Steps { .. } => {
            let steps = nearest_steps(deployment, wrong);
            steps.into_iter().chain([default]).collect()
        }
        Input::Whole { .. } | Input::Fraction | Input::Gib => {
            let unset = wrong.optional.then_some(default);
            nearest(deployment, wrong).into_iter().chain(unset).collect()
        }
        Input::Text => vec![default],
    };
    let changed = texts.into_iter().filter_map(|text| wrong.with(deployment, &text).ok());
    changed.filter(|changed| changed != deployment).collect()
}

/// The usual values of a setting, those of the nearest ratio to the given one first.
fn nearest_steps(deployment: &Deployment, wrong: &'static Setting) -> Vec<String> {
    let given = wrong.write(deployment).parse::<f64>().unwrap_or(1.0).max(1.0);
    let mut steps: Vec<u64> = NumericSetting::of(wrong).map(NumericSetting::steps).unwrap_or_default();
    steps.sort_by(|a, b| {
        let ratio = |step: u64| (step as f64 / given).ln().abs();
        ratio(*a).total_cmp(&ratio(*b))
    });
    steps.into_iter().map(|step| step.to_string()).collect()
}

/// The possible value that is nearest to the given one.
fn nearest(deployment: &Deployment, wrong: &'static Setting) -> Option<String> {
    let numeric = NumericSetting::of(wrong)?;
    let is_possible = |notch: u64| {
        let changed = numeric.set(deployment, notch);
        changed.is_ok_and(|changed| changed.resolve().map_or_else(|error| error.of(wrong.key).is_none(), |_| true))
    };
    let (from, to) = numeric.bounds();
    let given = numeric.notch(wrong.write(deployment).parse::<f64>().ok()?);
    if is_possible(given) {
        return Some(numeric.text(given));
    }
    let probes = numeric.spread(from, to, PROBES).into_iter().filter(|notch| is_possible(*notch));
    let (mut good, mut bad) = (probes.min_by_key(|notch| notch.abs_diff(given))?, given);
    while good.abs_diff(bad) > 1 {
        let middle = good.midpoint(bad);
        if is_possible(middle) {
            good = middle;
        } else {
            bad = middle;
        }
    }
    Some(numeric.text(good))
}

/// The same deployment on the nearest GPU of the catalogue on which it is possible; on the nearest
/// on which it fits if there is one. GPUs with the same interconnect are nearer than others.
fn other_gpu(deployment: &Deployment, field: &'static str, load: Option<Load>) -> Option<Repair> {
    let own = &deployment.gpu;
    let mut others: Vec<_> = gpus().iter().filter(|gpu| gpu.id != own.id).collect();
    others.sort_by_key(|gpu| (gpu.link != own.link, gpu.memory.0.abs_diff(own.memory.0)));
    let possible = others.into_iter().filter_map(|gpu| {
        let mut changed = setting("gpu")?.with(deployment, gpu.id).ok()?;
        // Sizes of the other GPU.
        (changed.machine.gpu_memory_gib, changed.machine.free_memory_gib) = (None, None);
        Repair::new(field, "gpu", deployment, changed, load)
    });
    let possible: Vec<Repair> = possible.collect();
    possible.iter().find(|repair| repair.fits).or_else(|| possible.first()).cloned()
}

/// Concurrent requests of the load; without a load those of `max_seq_len` that the KV cache holds
/// and the batch has room for.
fn at_once(report: &Report, slots: u64, load: Option<Load>) -> u64 {
    match load {
        Some(load) => report.kv_cache.concurrency(load.input_len, load.output_len).requests,
        None => report.kv_cache.max_sequences.min(slots),
    }
}

impl Repair {
    /// The repair that changes `deployment` to `changed`; `None` if that is impossible. The setting
    /// `first` is listed first.
    fn new(
        field: &'static str,
        first: &str,
        deployment: &Deployment,
        changed: Deployment,
        load: Option<Load>,
    ) -> Option<Repair> {
        let resolved = changed.resolve().ok()?;
        let report = estimate_resolved(&resolved);
        let differs = |setting: &&Setting| setting.write(&changed) != setting.write(deployment);
        let mut changes: Vec<(&'static str, String)> =
            SETTINGS.iter().filter(differs).map(|setting| (setting.key, setting.write(&changed))).collect();
        changes.sort_by_key(|(key, _)| *key != first);
        let held = load.is_none_or(|load| load.held_by(&report).is_ok());
        Some(Repair {
            field,
            changes,
            fits: report.verdict.fits() && held,
            uncertain: report.verdict.key() == "fits_uncertain",
            at_once: at_once(&report, resolved.max_num_sequences(), load),
            deployment: changed,
        })
    }

    /// The changes as pairs of a link, to be applied to the deployment by
    /// [`link::decode_onto`](crate::link::decode_onto).
    pub fn settings(&self) -> String {
        Serializer::new(String::new()).extend_pairs(&self.changes).finish()
    }

    /// The name of the repair: "FP8 KV cache", "GPU: B200 180 GB", "tp_size 64, moe_ep_size 64".
    pub fn label(&self) -> String {
        let one = |(key, text): &(&'static str, String)| match *key {
            "kv_cache_dtype" if text == "auto" => "KV cache: auto".into(),
            "kv_cache_dtype" => format!("{} KV cache", text.to_uppercase()),
            "quant_algo" if text == "auto" => {
                let label = self.deployment.model.checkpoint.label();
                format!("Weights as stored: {}", if label.is_empty() { "16 bit".to_string() } else { label })
            }
            "quant_algo" => format!("Weights: {text}"),
            "gpu" => format!("GPU: {}", self.deployment.gpu.name),
            key if text.is_empty() => format!("{key}: default"),
            key => format!("{key} {}", text.parse().map_or_else(|_| text.clone(), grouped)),
        };
        self.changes.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    /// The result: "fits, 64 at once".
    pub fn outcome(&self) -> String {
        let at_once = grouped(self.at_once);
        match (self.fits, self.uncertain) {
            (true, false) => format!("fits, {at_once} at once"),
            (true, true) => format!("may fit, {at_once} at once"),
            (false, _) => "possible, but does not fit".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link;
    use crate::memory::estimate;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn found(text: &str) -> Vec<Repair> {
        let deployment = link::decode(&format!("v=1&{text}")).deployment;
        let found = repairs(&deployment, None);
        assert!(!found.is_empty() && found.len() <= 4, "{text}: {found:?}");
        for repair in &found {
            let applied = link::decode_onto(deployment.clone(), &repair.settings());
            assert_eq!((&applied.deployment, applied.problems.len()), (&repair.deployment, 0), "{}", repair.settings());
            assert_eq!(estimate(&applied.deployment).unwrap().verdict.fits(), repair.fits);
        }
        found
    }

    fn settings(found: &[Repair]) -> Vec<String> {
        found.iter().map(Repair::settings).collect()
    }

    const GPT_OSS: &str = "model=openai/gpt-oss-120b&backend=pytorch";

    /// MXFP8 activations need Blackwell. On Hopper the same checkpoint runs with 16-bit ones.
    #[test]
    fn experts_in_mxfp4_run_on_hopper_with_16_bit_activations() {
        let found = found(&format!("{GPT_OSS}&quant_algo=W4A8_MXFP4_MXFP8"));
        assert_eq!(settings(&found)[..2], ["quant_algo=auto", "gpu=b200"]);
        assert_eq!((found[0].label().as_str(), found[0].field), ("Weights as stored: MXFP4 experts", "quant_algo"));
        assert_eq!((found[1].label().as_str(), found[1].field), ("GPU: B200 180 GB", "quant_algo"));
        assert!(found.iter().all(|repair| repair.fits && repair.outcome().starts_with("fits, ")));
    }

    /// 72 does not divide 128 heads: 64 and 128 do.
    #[test]
    fn a_tensor_parallel_size_becomes_the_nearest_possible_one() {
        let r1 = "model=deepseek-ai/DeepSeek-R1&gpu=gb200&tp_size=72&quant_algo=NVFP4&backend=pytorch";
        let plain = found(r1);
        assert_eq!(plain[0].settings(), "tp_size=64");
        assert!(settings(&plain).contains(&"tp_size=128".to_string()), "{:?}", settings(&plain));
        // The ranks of the experts and their slots follow.
        let wide = found(&format!(
            "{r1}&gpus_per_node=72&enable_attention_dp=true&moe_ep_size=72&moe_load_balancer_slots=288"
        ));
        let first = &wide[0];
        assert_eq!((first.deployment.parallel.tp_size, first.deployment.parallel.moe_ep_size), (64, Some(64)));
        assert_eq!(first.label(), "tp_size 64, moe_ep_size 64, moe_load_balancer_slots 256");
        assert_eq!(first.field, "tp_size");
    }

    #[test]
    fn a_model_too_large_in_16_bit_runs_as_its_checkpoint_is_stored() {
        let found = found("model=deepseek-ai/DeepSeek-R1&gpu=h200&tp_size=8&backend=pytorch");
        assert_eq!(found[0].settings(), "quant_algo=auto");
        assert_eq!(found[0].outcome(), format!("fits, {} at once", found[0].at_once));
        assert!(found.iter().all(|repair| repair.fits));
    }

    #[test]
    fn gpt_oss_in_16_bit_is_repaired_by_its_own_precision() {
        assert_eq!(found(GPT_OSS)[0].settings(), "quant_algo=auto");
    }

    #[test]
    fn several_problems_are_repaired_together() {
        let found = found("tp_size=3&kv_cache_dtype=nvfp4");
        let fields: Vec<&str> = found.iter().map(|repair| repair.field).collect();
        assert!(fields.contains(&"tp_size") || fields.contains(&"kv_cache_dtype"), "{fields:?}");
        assert!(found[0].changes.len() == 2, "{}", found[0].label());
    }

    #[test]
    fn numbers_beyond_a_limit_become_the_nearest_possible_ones() {
        let pages = found("tokens_per_block=48");
        assert_eq!(settings(&pages)[..2], ["tokens_per_block=64", "tokens_per_block=32"]);
        let stages = found("pp_size=40&backend=pytorch");
        assert_eq!(stages[0].settings(), "pp_size=32", "Llama 3.1 8B has 32 layers");
        let running = found("max_batch_size=64&runtime_max_batch_size=100&max_seq_len=8192");
        assert_eq!(running[0].settings(), "runtime_max_batch_size=64");
    }

    #[test]
    fn a_deployment_that_fits_needs_no_repair() {
        assert!(repairs(&Deployment::engine(), None).is_empty());
    }

    #[test]
    fn a_load_that_is_too_large_is_repaired_too() {
        let deployment = link::decode(
            "model=deepseek-ai/DeepSeek-R1&gpu=h200&tp_size=8&quant_algo=FP8_BLOCK_SCALES&backend=pytorch",
        );
        let load = Load { concurrency: 200, input_len: 3584, output_len: 512 };
        let found = repairs(&deployment.deployment, Some(load));
        let cache = found.iter().find(|repair| repair.settings() == "kv_cache_dtype=fp8").unwrap();
        assert_eq!(cache.label(), "FP8 KV cache");
        assert!(found.iter().all(|repair| repair.fits && repair.at_once >= 200), "{:?}", settings(&found));
    }
}
