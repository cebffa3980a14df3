//! Limits: the range of one setting at which a deployment still fits, with all other settings
//! unchanged.

use super::load::fits;
use super::range::{Bound, FeasibleRange, LimitReason};
use super::{Load, NumericSetting};
use crate::deployment::{Deployment, DeploymentError, InvalidSetting};
use crate::memory::Verdict;

/// Notches that are tried before the limit between two of them is bisected.
const PROBES: usize = 49;

/// The range of the setting `key` in which the deployment fits and, if a load is given, runs it.
///
/// If the feasible values have gaps, the range is that around the current value, or around the
/// smallest feasible value if the current one is not feasible.
///
/// # Errors
/// If there is no such setting or it is not numeric, or if the deployment is impossible at every
/// value.
/// ```
/// use trtllm_memory::{explore::solve::solve, link};
/// let deployment = link::decode("v=1&gpu=l4&max_seq_len=8192").deployment;
/// let limits = solve(&deployment, "max_batch_size", None).unwrap();
/// assert_eq!(limits.limit().unwrap().text, "1679");
/// assert_eq!(limits.binding().unwrap().key(), "one_sequence");
/// ```
pub fn solve(deployment: &Deployment, key: &str, load: Option<Load>) -> Result<FeasibleRange, InvalidSetting> {
    let setting =
        NumericSetting::find(key).ok_or_else(|| InvalidSetting::new("for", key, "is not a numeric setting"))?;
    let try_at = |notch: u64| attempt(deployment, setting, notch, load);
    let today = deployment.resolve().ok().and_then(|resolved| setting.today(deployment, &resolved));
    let (from, to) = setting.bounds();
    let listed = setting.listed(deployment, from, to);
    let mut probes = match &listed {
        Some(notches) => notches.clone(),
        None => setting.spread(from, to, PROBES),
    };
    if let Some(Err(index)) = today.map(|today| probes.binary_search(&today)) {
        probes.insert(index, today.unwrap_or(from));
    }
    let tried: Vec<Option<LimitReason>> = probes.iter().map(|notch| try_at(*notch)).collect();
    let current_index = today.and_then(|today| probes.binary_search(&today).ok());
    let start = current_index.filter(|at| tried[*at].is_none()).or_else(|| tried.iter().position(Option::is_none));
    let mut limits = FeasibleRange {
        key: setting.row.key,
        today: today.map(|today| setting.text(today)),
        fits: current_index.map_or_else(|| limit_reason(deployment, load).is_none(), |at| tried[at].is_none()),
        smallest: None,
        largest: None,
        never: None,
    };
    let Some(start) = start else {
        let reasons = || current_index.and_then(|at| tried[at].as_ref()).into_iter().chain(tried.iter().flatten());
        let possible = reasons().find(|reason| !matches!(reason, LimitReason::Impossible(_)));
        return match possible.or_else(|| reasons().next()).cloned() {
            Some(LimitReason::Impossible(error)) => Err(error),
            reason => Ok(FeasibleRange { never: reason, ..limits }),
        };
    };
    let probed = Probes { setting, narrows: listed.is_none(), probes: &probes, tried: &tried, try_at: &try_at };
    limits.largest = Some(probed.bound(start, tried.len() - 1));
    limits.smallest = Some(probed.bound(start, 0));
    Ok(limits)
}

/// The notches tried so far, with a way to try more.
struct Probes<'a> {
    setting: NumericSetting,
    /// Whether there are values between the probes.
    narrows: bool,
    probes: &'a [u64],
    tried: &'a [Option<LimitReason>],
    try_at: &'a dyn Fn(u64) -> Option<LimitReason>,
}

impl Probes<'_> {
    /// The last notch that fits on the way from the probe `start` to the probe `last`.
    fn bound(&self, start: usize, last: usize) -> Bound {
        let towards = |at: usize| if last > start { at + 1 } else { at.saturating_sub(1) };
        let mut at = start;
        while at != last && self.tried[towards(at)].is_none() {
            at = towards(at);
        }
        let (fits, mut beyond) = (self.probes[at], None);
        if at == last {
            return self.bound_at(fits, None);
        }
        let mut good = fits;
        let mut bad = self.probes[towards(at)];
        while self.narrows && good.abs_diff(bad) > 1 {
            let middle = good.midpoint(bad);
            match (self.try_at)(middle) {
                None => good = middle,
                reason => (bad, beyond) = (middle, reason),
            }
        }
        let reason = beyond.or_else(|| self.tried[towards(at)].clone());
        self.bound_at(good, reason.map(|reason| (bad, reason)))
    }

    fn bound_at(&self, good: u64, next: Option<(u64, LimitReason)>) -> Bound {
        Bound {
            value: self.setting.value(good),
            text: self.setting.text(good),
            next: next.map(|(bad, reason)| (self.setting.text(bad), reason)),
        }
    }
}

/// The reason why the setting is not feasible at `notch`; `None` if the deployment fits and runs
/// the load.
fn attempt(deployment: &Deployment, setting: NumericSetting, notch: u64, load: Option<Load>) -> Option<LimitReason> {
    let changed = match setting.set(deployment, notch) {
        Ok(changed) => changed,
        Err(error) => return Some(LimitReason::Impossible(error)),
    };
    limit_reason(&changed, load)
}

/// The reason why a deployment is not feasible; `None` if it fits and runs the load.
pub(super) fn limit_reason(deployment: &Deployment, load: Option<Load>) -> Option<LimitReason> {
    let resolved = match deployment.resolve() {
        Ok(resolved) => resolved,
        Err(DeploymentError(errors)) => return errors.into_iter().next().map(LimitReason::Impossible),
    };
    let (report, held) = fits(&resolved, load);
    match (held, report.verdict) {
        (Ok(()), _) => None,
        (Err(_), Verdict::Fails { stage, .. }) => Some(LimitReason::Memory(stage)),
        (Err(limit), _) => limit.map(LimitReason::Load),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deployment::{BuildLimits, Precision, QuantAlgo, setting};
    use crate::memory::{Limit, estimate};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn fits_at(deployment: &Deployment, key: &str, text: &str) -> bool {
        let changed = setting(key).unwrap().with(deployment, text).unwrap();
        estimate(&changed).is_ok_and(|report| report.verdict.fits())
    }

    #[test]
    fn a_limit_fits_and_the_next_value_does_not() {
        let fitting = Deployment {
            limits: BuildLimits { max_seq_len: Some(4096), max_batch_size: Some(64), ..BuildLimits::default() },
            ..Deployment::engine()
        };
        let failing =
            Deployment { model: crate::architecture::find("llama-3.3-70b").unwrap().into(), ..fitting.clone() };
        let mut found = 0;
        for deployment in [fitting, failing] {
            for setting in NumericSetting::all(&deployment) {
                let key = setting.row.key;
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
    fn the_batch_is_limited_by_its_buffers() {
        let deployment = Deployment {
            limits: BuildLimits { max_seq_len: Some(4096), ..BuildLimits::default() },
            ..Deployment::engine()
        };
        let limits = solve(&deployment, "max_batch_size", None).unwrap();
        let limit = limits.limit().unwrap();
        assert!(limits.is_largest() && limits.fits && limit.value > 2048.0, "{limits:?}");
        let (next, reason) = limit.next.as_ref().unwrap();
        assert_eq!(next.parse::<f64>().unwrap(), limit.value + 1.0);
        assert!(matches!(reason, LimitReason::Memory(_)));
    }

    #[test]
    fn a_model_that_is_too_large_has_a_smallest_number_of_ranks() {
        let deployment = Deployment {
            model: crate::architecture::find("llama-3.3-70b").unwrap().into(),
            limits: BuildLimits { max_seq_len: Some(8192), max_batch_size: Some(64), ..BuildLimits::default() },
            ..Deployment::engine()
        };
        let limits = solve(&deployment, "tp_size", None).unwrap();
        assert!(!limits.fits && !limits.is_largest());
        let limit = limits.limit().unwrap();
        assert_eq!((limit.text.as_str(), limits.binding().unwrap().key()), ("2", "weights"));
        assert!(solve(&deployment, "max_num_tokens", None).unwrap().limit().is_none());
        let smaller = Deployment {
            precision: Precision { quant_algo: Some(QuantAlgo::Fp8), ..deployment.precision },
            ..deployment
        };
        assert!(solve(&smaller, "tp_size", None).unwrap().fits);
    }

    #[test]
    fn a_load_bounds_more_tightly_than_memory() {
        let deployment = Deployment {
            limits: BuildLimits { max_seq_len: Some(4096), max_batch_size: Some(64), ..BuildLimits::default() },
            ..Deployment::engine()
        };
        let load = Load { concurrency: 64, input_len: 2000, output_len: 1000 };
        let limits = solve(&deployment, "max_batch_size", Some(load)).unwrap();
        assert_eq!(limits.smallest.as_ref().unwrap().text, "64");
        assert_eq!(limits.smallest.unwrap().next.unwrap().1, LimitReason::Load(Limit::MaxBatchSize));
        let length = solve(&deployment, "max_seq_len", Some(load)).unwrap();
        assert_eq!(length.smallest.unwrap().text, "3000");
    }

    #[test]
    fn settings_without_numbers_and_impossible_deployments_are_errors() {
        assert!(solve(&Deployment::engine(), "model", None).is_err());
        let impossible = Deployment {
            precision: Precision { quant_algo: Some(QuantAlgo::Nvfp4), ..Precision::default() },
            ..Deployment::engine()
        };
        assert_eq!(solve(&impossible, "max_batch_size", None).unwrap_err().field, "quant_algo");
    }
}
