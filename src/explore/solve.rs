//! How far: the values of a setting at which a deployment still fits, with all others as they are.

use super::load::fits;
use super::{Knob, Load};
use crate::deployment::{Deployment, DeploymentError, InvalidSetting};
use crate::memory::{Limit, Stage};
use serde::{Serialize, Serializer};

/// Notches that are tried before the limit between two of them is narrowed down.
const PROBES: usize = 49;

/// What stands against the next value.
#[derive(Debug, Clone, PartialEq)]
pub enum LimitReason {
    /// The deployment would fail at this stage of start-up.
    Memory(Stage),
    /// It would no longer run the load.
    Load(Limit),
    /// TensorRT-LLM, the model or the GPU can't do it.
    Impossible(InvalidSetting),
}

impl LimitReason {
    /// The key in JSON: the stage, the limit that the load meets, or the setting that is impossible.
    pub fn key(&self) -> &'static str {
        match self {
            LimitReason::Memory(Stage::LoadWeights) => "weights",
            LimitReason::Memory(Stage::CreateContext) => "activations",
            LimitReason::Memory(Stage::AllocateBuffers) => "buffers",
            LimitReason::Memory(Stage::HoldOneAdapter) => "lora_adapter",
            LimitReason::Memory(Stage::AllocateKvCache) => "kv_cache",
            LimitReason::Memory(Stage::HoldOneSequence) => "one_sequence",
            LimitReason::Memory(Stage::RunFirstSteps) => "first_steps",
            LimitReason::Memory(Stage::HoldWholeBatch) => "whole_batch",
            LimitReason::Memory(Stage::WarmUp) => "warm_up",
            LimitReason::Memory(Stage::Profile) => "profile",
            LimitReason::Load(limit) => limit.key(),
            LimitReason::Impossible(problem) => problem.field,
        }
    }

    /// What would happen at the next value, as a sentence without its subject.
    pub fn text(&self) -> String {
        match self {
            LimitReason::Memory(stage) => format!("fails when {}", stage.text()),
            LimitReason::Load(limit) => format!("no longer runs the load: {} bounds it", limit.text()),
            LimitReason::Impossible(problem) => format!("is impossible: {}", problem.message),
        }
    }
}

/// One end of the values that fit.
#[derive(Debug, Clone, PartialEq)]
pub struct Bound {
    /// The last value that fits.
    pub value: f64,
    /// The value as a link writes it.
    pub text: String,
    /// The next value, and what stands against it; `None` where the setting itself ends.
    pub next: Option<(String, LimitReason)>,
}

/// The values of a setting at which a deployment fits, or runs a load.
#[derive(Debug, Clone, PartialEq)]
pub struct FeasibleRange {
    /// The setting's link key.
    pub key: &'static str,
    /// Today's value as a link writes it, settled by TensorRT-LLM where nothing was chosen.
    pub today: Option<String>,
    /// Whether today's value fits.
    pub fits: bool,
    /// The smallest value that fits; `None` where none does.
    pub smallest: Option<Bound>,
    /// The largest value that fits; `None` where none does.
    pub largest: Option<Bound>,
    /// Where no value fits: what stands against today's.
    pub never: Option<LimitReason>,
}

impl FeasibleRange {
    /// The end that a person asks for: the largest value that fits, or the smallest where larger values always fit.
    pub fn limit(&self) -> Option<&Bound> {
        let bounded = |end: &&Bound| end.next.is_some();
        self.largest.as_ref().filter(bounded).or(self.smallest.as_ref().filter(bounded)).or(self.largest.as_ref())
    }

    /// Whether the limit is a largest value.
    pub fn is_largest(&self) -> bool {
        match (self.limit(), &self.largest) {
            (Some(limit), Some(largest)) => std::ptr::eq(limit, largest),
            _ => true,
        }
    }

    /// What stands against the value beyond the limit, or against every value.
    pub fn binding(&self) -> Option<&LimitReason> {
        match self.limit() {
            Some(limit) => limit.next.as_ref().map(|(_, stop)| stop),
            None => self.never.as_ref(),
        }
    }
}

/// The limits of the setting `key`, beyond which the deployment no longer fits or, where a load is given, no longer runs it.
///
/// Where the values that fit have gaps, the limits are those around today's value, or around the smallest value that fits where
/// today's does not.
///
/// # Errors
/// If there is no such setting or it is no number, or if the deployment is impossible whatever its value.
/// ```
/// use trtllm_memory::{explore::solve::solve, link};
/// let deployment = link::decode("gpu=l4&max_seq_len=8192").deployment;
/// let limits = solve(&deployment, "max_batch_size", None).unwrap();
/// assert_eq!(limits.limit().unwrap().text, "1679");
/// assert_eq!(limits.binding().unwrap().key(), "one_sequence");
/// ```
pub fn solve(deployment: &Deployment, key: &str, load: Option<Load>) -> Result<FeasibleRange, InvalidSetting> {
    let knob = Knob::find(key).ok_or_else(|| InvalidSetting::new("for", key, "is not a setting that is a number"))?;
    let try_at = |notch: u64| attempt(deployment, knob, notch, load);
    let today = deployment.resolve().ok().and_then(|resolved| knob.today(deployment, &resolved));
    let (from, to) = knob.bounds();
    let listed = knob.listed(deployment, from, to);
    let mut probes = match &listed {
        Some(notches) => notches.clone(),
        None => knob.spread(from, to, PROBES),
    };
    if let Some(Err(place)) = today.map(|today| probes.binary_search(&today)) {
        probes.insert(place, today.unwrap_or(from));
    }
    let tried: Vec<Option<LimitReason>> = probes.iter().map(|notch| try_at(*notch)).collect();
    let today_at = today.and_then(|today| probes.binary_search(&today).ok());
    let inside = today_at.filter(|at| tried[*at].is_none()).or_else(|| tried.iter().position(Option::is_none));
    let mut limits = FeasibleRange {
        key: knob.field.key,
        today: today.map(|today| knob.text(today)),
        fits: today_at.map_or_else(|| stop(deployment, load).is_none(), |at| tried[at].is_none()),
        smallest: None,
        largest: None,
        never: None,
    };
    let Some(inside) = inside else {
        let stops = || today_at.and_then(|at| tried[at].as_ref()).into_iter().chain(tried.iter().flatten());
        let possible = stops().find(|stop| !matches!(stop, LimitReason::Impossible(_)));
        return match possible.or_else(|| stops().next()).cloned() {
            Some(LimitReason::Impossible(problem)) => Err(problem),
            stop => Ok(FeasibleRange { never: stop, ..limits }),
        };
    };
    let search = Search { knob, narrows: listed.is_none(), probes: &probes, tried: &tried, try_at: &try_at };
    limits.largest = Some(search.end(inside, tried.len() - 1));
    limits.smallest = Some(search.end(inside, 0));
    Ok(limits)
}

/// What has been tried, and how to try more.
struct Search<'a> {
    knob: Knob,
    /// Whether there are values between the probes.
    narrows: bool,
    probes: &'a [u64],
    tried: &'a [Option<LimitReason>],
    try_at: &'a dyn Fn(u64) -> Option<LimitReason>,
}

impl Search<'_> {
    /// The last notch that fits on the way from the probe `inside` to the probe `last`.
    fn end(&self, inside: usize, last: usize) -> Bound {
        let towards = |at: usize| if last > inside { at + 1 } else { at.saturating_sub(1) };
        let mut at = inside;
        while at != last && self.tried[towards(at)].is_none() {
            at = towards(at);
        }
        let (fits, mut beyond) = (self.probes[at], None);
        if at == last {
            return self.ending(fits, None);
        }
        let mut good = fits;
        let mut bad = self.probes[towards(at)];
        while self.narrows && good.abs_diff(bad) > 1 {
            let middle = good.midpoint(bad);
            match (self.try_at)(middle) {
                None => good = middle,
                stop => (bad, beyond) = (middle, stop),
            }
        }
        let stop = beyond.or_else(|| self.tried[towards(at)].clone());
        self.ending(good, stop.map(|stop| (bad, stop)))
    }

    fn ending(&self, good: u64, next: Option<(u64, LimitReason)>) -> Bound {
        Bound {
            value: self.knob.value(good),
            text: self.knob.text(good),
            next: next.map(|(bad, stop)| (self.knob.text(bad), stop)),
        }
    }
}

/// What stands against the knob at `notch`; `None` where it fits and runs the load.
fn attempt(deployment: &Deployment, knob: Knob, notch: u64, load: Option<Load>) -> Option<LimitReason> {
    let changed = match knob.set(deployment, notch) {
        Ok(changed) => changed,
        Err(problem) => return Some(LimitReason::Impossible(problem)),
    };
    stop(&changed, load)
}

/// What stands against a deployment; `None` where it fits and runs the load.
pub(super) fn stop(deployment: &Deployment, load: Option<Load>) -> Option<LimitReason> {
    let resolved = match deployment.resolve() {
        Ok(resolved) => resolved,
        Err(DeploymentError(problems)) => return problems.into_iter().next().map(LimitReason::Impossible),
    };
    let (report, held) = fits(&resolved, load);
    match (held, report.verdict) {
        (Ok(()), _) => None,
        (Err(_), crate::memory::Verdict::Fails { stage, .. }) => Some(LimitReason::Memory(stage)),
        (Err(limit), _) => limit.map(LimitReason::Load),
    }
}

/// As JSON: `key`, `limit`, `binding` and both ends.
impl Serialize for FeasibleRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Shape<'a> {
            key: &'a str,
            today: Option<serde_json::Number>,
            fits: bool,
            limit: Option<serde_json::Number>,
            /// `largest` or `smallest`; null where nothing fits.
            kind: Option<&'static str>,
            binding: Option<&'static str>,
            binding_detail: Option<String>,
            next: Option<serde_json::Number>,
            smallest: Option<serde_json::Number>,
            largest: Option<serde_json::Number>,
        }
        let number = |text: &str| text.parse::<serde_json::Number>().ok();
        let limit = self.limit();
        Shape {
            key: self.key,
            today: self.today.as_deref().and_then(number),
            fits: self.fits,
            limit: limit.and_then(|end| number(&end.text)),
            kind: limit.map(|_| if self.is_largest() { "largest" } else { "smallest" }),
            binding: self.binding().map(LimitReason::key),
            binding_detail: self.binding().map(LimitReason::text),
            next: limit.and_then(|end| number(&end.next.as_ref()?.0)),
            smallest: self.smallest.as_ref().and_then(|end| number(&end.text)),
            largest: self.largest.as_ref().and_then(|end| number(&end.text)),
        }
        .serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deployment::{BuildLimits, Precision, QuantAlgo, field};
    use crate::memory::estimate;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn fits_at(deployment: &Deployment, key: &str, text: &str) -> bool {
        let changed = field(key).unwrap().with(deployment, text).unwrap();
        estimate(&changed).is_ok_and(|report| report.verdict.fits())
    }

    #[test]
    fn a_limit_fits_and_the_next_value_does_not() {
        let fitting = Deployment {
            limits: BuildLimits { max_seq_len: Some(4096), max_batch_size: Some(64), ..BuildLimits::default() },
            ..Deployment::default()
        };
        let failing =
            Deployment { model: crate::architecture::find("llama-3.3-70b").unwrap().into(), ..fitting.clone() };
        let mut found = 0;
        for deployment in [fitting, failing] {
            for knob in Knob::all(&deployment) {
                let key = knob.field.key;
                let limits = solve(&deployment, key, None).unwrap();
                for end in [&limits.smallest, &limits.largest].into_iter().flatten() {
                    assert!(fits_at(&deployment, key, &end.text), "{key}={}", end.text);
                    if let Some((next, _)) = &end.next {
                        found += 1;
                        assert!(!fits_at(&deployment, key, next), "{key}={next}");
                    }
                }
            }
        }
        assert!(found > 8, "{found}");
    }

    #[test]
    fn the_limit_of_the_batch_is_where_its_buffers_no_longer_fit() {
        let deployment = Deployment {
            limits: BuildLimits { max_seq_len: Some(4096), ..BuildLimits::default() },
            ..Deployment::default()
        };
        let limits = solve(&deployment, "max_batch_size", None).unwrap();
        let limit = limits.limit().unwrap();
        assert!(limits.is_largest() && limits.fits && limit.value > 2048.0, "{limits:?}");
        let (next, stop) = limit.next.as_ref().unwrap();
        assert_eq!(next.parse::<f64>().unwrap(), limit.value + 1.0);
        assert!(matches!(stop, LimitReason::Memory(_)));
    }

    #[test]
    fn a_model_that_is_too_large_has_a_smallest_number_of_ranks() {
        let deployment = Deployment {
            model: crate::architecture::find("llama-3.3-70b").unwrap().into(),
            limits: BuildLimits { max_seq_len: Some(8192), max_batch_size: Some(64), ..BuildLimits::default() },
            ..Deployment::default()
        };
        let limits = solve(&deployment, "tp_size", None).unwrap();
        assert!(!limits.fits && !limits.is_largest());
        let limit = limits.limit().unwrap();
        assert_eq!((limit.text.as_str(), limits.binding().unwrap().key()), ("2", "weights"));
        assert!(solve(&deployment, "max_num_tokens", None).unwrap().limit().is_none());
        let smaller =
            Deployment { precision: Precision { quant_algo: QuantAlgo::Fp8, ..deployment.precision }, ..deployment };
        assert!(solve(&smaller, "tp_size", None).unwrap().fits);
    }

    #[test]
    fn a_load_bounds_more_tightly_than_memory() {
        let deployment = Deployment {
            limits: BuildLimits { max_seq_len: Some(4096), max_batch_size: Some(64), ..BuildLimits::default() },
            ..Deployment::default()
        };
        let load = Load { concurrency: 64, input_len: 2000, output_len: 1000 };
        let limits = solve(&deployment, "max_batch_size", Some(load)).unwrap();
        assert_eq!(limits.smallest.as_ref().unwrap().text, "64");
        assert_eq!(limits.smallest.unwrap().next.unwrap().1, LimitReason::Load(Limit::MaxBatchSize));
        let length = solve(&deployment, "max_seq_len", Some(load)).unwrap();
        assert_eq!(length.smallest.unwrap().text, "3000");
    }

    #[test]
    fn what_is_no_number_or_impossible_is_an_error() {
        assert!(solve(&Deployment::default(), "model", None).is_err());
        let impossible = Deployment {
            precision: Precision { quant_algo: QuantAlgo::Nvfp4, ..Precision::default() },
            ..Deployment::default()
        };
        assert_eq!(solve(&impossible, "max_batch_size", None).unwrap_err().field, "quant_algo");
    }
}
