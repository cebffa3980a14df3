//! Sweeps: the fullest GPU over the range of one setting.

use super::{Fullest, NumericSetting};
use crate::architecture::models;
use crate::deployment::{Deployment, DeploymentError, Input, InvalidSetting, setting};
use crate::gpu::gpus;
use crate::memory::{Contributor, estimate};
use crate::units::Bytes;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// The default number of points: enough for a smooth area.
pub const POINTS: usize = 65;
/// The largest number of points.
const MOST_POINTS: usize = 4097;

/// One value of the setting, and the resulting figures.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// The value as a number; for names the index in the list.
    pub value: f64,
    /// The value, formatted as in a link.
    pub text: String,
    /// The fullest GPU, or the reason why the value is impossible.
    pub outcome: Result<Fullest, ImpossibleValue>,
}

impl Point {
    /// Whether the deployment fits at this value.
    pub fn fits(&self) -> bool {
        self.outcome.as_ref().is_ok_and(|fullest| fullest.verdict.fits())
    }
}

/// The reason why a deployment can't have a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImpossibleValue {
    /// The setting does not accept the value.
    #[error("{}", .0.message)]
    Setting(InvalidSetting),
    /// The deployment is impossible with the value.
    #[error(transparent)]
    Deployment(#[from] DeploymentError),
    /// The deployment has no ranks.
    #[error("has no ranks")]
    NoRanks,
}

/// The fullest GPU over the values of one setting.
#[derive(Debug, Clone, PartialEq)]
pub struct Sweep {
    /// The setting's link key.
    pub key: &'static str,
    /// Whether the values are names, which a chart shows as bars.
    pub names: bool,
    /// Whether the values are spaced in equal ratios, so that a chart's axis should be logarithmic.
    pub logarithmic: bool,
    /// The values in their order. Impossible numbers are omitted; impossible names are kept with
    /// the reason.
    pub points: Vec<Point>,
    /// The index of the current value in `points`.
    pub today: Option<usize>,
}

impl Sweep {
    /// The runs of consecutive points that fit, as the indices of their first and last point.
    pub fn feasible(&self) -> Vec<(usize, usize)> {
        let mut runs: Vec<(usize, usize)> = Vec::new();
        for (at, _) in self.points.iter().enumerate().filter(|(_, point)| point.fits()) {
            match runs.last_mut() {
                Some((_, last)) if *last + 1 == at => *last = at,
                _ => runs.push((at, at)),
            }
        }
        runs
    }

    /// The capacity of a GPU; the largest one in a sweep over GPUs.
    pub fn capacity(&self) -> Bytes {
        let outcomes = self.points.iter().filter_map(|point| point.outcome.as_ref().ok());
        outcomes.map(|fullest| fullest.rank.total).max().unwrap_or_default()
    }
}

/// The sweep over the setting `key` in about `points` points, over the given range or over that of
/// its slider. A setting with names is swept over all of them, whatever the range.
///
/// # Errors
/// If there is no such setting, if it has no values to sweep over, if the range is empty, or if the
/// deployment is impossible at every value.
/// ```
/// use trtllm_memory::{explore::sweep::sweep, link};
/// let deployment = link::decode("gpu=h200").deployment;
/// let swept = sweep(&deployment, "max_num_tokens", Some((1024.0, 8192.0)), 4).unwrap();
/// assert_eq!(swept.points.first().unwrap().text, "1024");
/// assert!(swept.points.iter().all(|point| point.fits()));
/// ```
pub fn sweep(
    deployment: &Deployment,
    key: &str,
    range: Option<(f64, f64)>,
    points: usize,
) -> Result<Sweep, InvalidSetting> {
    let found = setting(key).ok_or_else(|| InvalidSetting::new("over", key, "is not a setting"))?;
    match NumericSetting::of(found) {
        Some(setting) => numbers(deployment, setting, range, points.clamp(2, MOST_POINTS)),
        None => named(deployment, key, &names(found.input)),
    }
}

/// The sweep over some names of a setting, such as a few GPUs.
///
/// # Errors
/// If there is no such setting, or if `names` is empty.
pub fn named(deployment: &Deployment, key: &str, names: &[&str]) -> Result<Sweep, InvalidSetting> {
    let setting = setting(key).ok_or_else(|| InvalidSetting::new("over", key, "is not a setting"))?;
    if names.is_empty() {
        return Err(InvalidSetting::new("over", key, "has no values to sweep over"));
    }
    let point = |(at, name): (usize, &&str)| Point {
        value: at as f64,
        text: (*name).to_string(),
        outcome: setting.with(deployment, name).map_err(ImpossibleValue::Setting).and_then(|changed| outcome(&changed)),
    };
    let points: Vec<Point> = names.iter().enumerate().map(point).collect();
    let is_today = |point: &Point| setting.with(deployment, &point.text).is_ok_and(|changed| changed == *deployment);
    let today = points.iter().position(is_today);
    Ok(Sweep { key: setting.key, names: true, logarithmic: false, points, today })
}

fn numbers(
    deployment: &Deployment,
    setting: NumericSetting,
    range: Option<(f64, f64)>,
    points: usize,
) -> Result<Sweep, InvalidSetting> {
    let key = setting.row.key;
    let today = deployment.resolve().ok().and_then(|resolved| setting.today(deployment, &resolved));
    let (from, to) = match range {
        Some((from, to)) if from <= to => (setting.notch(from), setting.notch(to)),
        Some((from, to)) => {
            return Err(InvalidSetting::new(
                key,
                format!("{from}..{to}"),
                "must be a range from the smaller to the larger value",
            ));
        }
        None => setting.reach(today),
    };
    let listed = setting.listed(deployment, from, to);
    let logarithmic = listed.is_none() && setting.is_wide(from, to);
    let mut notches = listed.unwrap_or_else(|| setting.spread(from, to, points));
    if let Some(today) = today.filter(|today| (from..=to).contains(today))
        && let Err(index) = notches.binary_search(&today)
    {
        notches.insert(index, today);
    }
    let mut first_error = None;
    let mut points = Vec::with_capacity(notches.len());
    let mut current = None;
    for notch in notches {
        match setting.set(deployment, notch).map_err(ImpossibleValue::Setting).and_then(|changed| outcome(&changed)) {
            Ok(fullest) => {
                if today == Some(notch) {
                    current = Some(points.len());
                }
                points.push(Point { value: setting.value(notch), text: setting.text(notch), outcome: Ok(fullest) });
            }
            Err(error) => first_error = first_error.or(Some((notch, error))),
        }
    }
    match first_error {
        Some((notch, error)) if points.is_empty() => {
            Err(InvalidSetting::new(key, setting.text(notch), error.to_string()))
        }
        _ => Ok(Sweep { key, names: false, logarithmic, points, today: current }),
    }
}

fn outcome(deployment: &Deployment) -> Result<Fullest, ImpossibleValue> {
    let report = estimate(deployment)?;
    Fullest::of(&report).ok_or(ImpossibleValue::NoRanks)
}

/// The values of a setting, if they are names.
fn names(input: Input) -> Vec<&'static str> {
    match input {
        Input::Choice(names) => names.to_vec(),
        Input::Gpu => gpus().iter().map(|gpu| gpu.id).collect(),
        Input::Model => models().iter().map(|model| model.name.as_str()).collect(),
        Input::Toggle => vec!["false", "true"],
        Input::Steps { .. } | Input::Whole { .. } | Input::Fraction | Input::Gib | Input::Text => Vec::new(),
    }
}

/// As JSON: bytes under each contributor's key, the free memory and the KV cache's tokens; or
/// `impossible` with the reason.
impl Serialize for Point {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self.text.parse::<f64>() {
            Ok(_) if self.value.fract() == 0.0 => map.serialize_entry("value", &(self.value as u64))?,
            Ok(number) => map.serialize_entry("value", &number)?,
            Err(_) => map.serialize_entry("value", &self.text)?,
        }
        match &self.outcome {
            Ok(fullest) => {
                map.serialize_entry("fits", &fullest.verdict.fits())?;
                map.serialize_entry("verdict", fullest.verdict.key())?;
                for contributor in Contributor::ALL {
                    map.serialize_entry(contributor.key(), &fullest.rank.figure(contributor).bytes)?;
                }
                map.serialize_entry("used", &fullest.rank.used())?;
                map.serialize_entry("free", &fullest.rank.free)?;
                map.serialize_entry("total", &fullest.rank.total)?;
                map.serialize_entry("rank", &fullest.rank.rank)?;
                map.serialize_entry("kv_tokens", &fullest.kv_cache.tokens)?;
                map.serialize_entry("max_sequences", &fullest.kv_cache.max_sequences)?;
            }
            Err(error) => {
                map.serialize_entry("fits", &false)?;
                map.serialize_entry("impossible", &error.to_string())?;
            }
        }
        map.end()
    }
}

impl Serialize for Sweep {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = |at: usize| self.points.get(at).map(|point| point.text.as_str());
        let feasible: Vec<[Option<&str>; 2]> =
            self.feasible().into_iter().map(|(first, last)| [text(first), text(last)]).collect();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("key", self.key)?;
        map.serialize_entry("today", &self.today.and_then(text))?;
        map.serialize_entry("capacity", &self.capacity())?;
        map.serialize_entry("feasible", &feasible)?;
        map.serialize_entry("points", &self.points)?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deployment::BuildLimits;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_sweep_agrees_with_an_estimate_at_each_value() {
        let deployment = Deployment {
            limits: BuildLimits { max_seq_len: Some(8192), ..BuildLimits::default() },
            ..Deployment::engine()
        };
        for key in ["max_num_tokens", "tp_size", "free_gpu_memory_fraction", "quant_algo", "gpu"] {
            let sweep = sweep(&deployment, key, None, 9).unwrap();
            for point in &sweep.points {
                let alone = setting(key).unwrap().with(&deployment, &point.text).ok().and_then(|d| estimate(&d).ok());
                assert_eq!(point.fits(), alone.as_ref().is_some_and(|report| report.verdict.fits()), "{key}");
                assert_eq!(point.outcome.is_ok(), alone.is_some());
                if let (Ok(fullest), Some(report)) = (&point.outcome, &alone) {
                    assert!(report.ranks.iter().all(|rank| rank.free >= fullest.rank.free));
                    assert_eq!(fullest.kv_cache, report.kv_cache);
                }
            }
            assert!(!sweep.points[sweep.today.unwrap()].text.is_empty());
        }
    }

    #[test]
    fn the_current_value_is_among_the_points_and_the_feasible_range_is_contiguous() {
        let deployment = Deployment {
            limits: BuildLimits { max_batch_size: Some(77), max_seq_len: Some(2048), ..BuildLimits::default() },
            ..Deployment::engine()
        };
        let sweep = sweep(&deployment, "max_batch_size", None, 17).unwrap();
        assert_eq!(sweep.points[sweep.today.unwrap()].text, "77");
        assert!(sweep.logarithmic);
        let feasible = sweep.feasible();
        assert_eq!(feasible.len(), 1);
        assert_eq!(feasible[0].0, 0);
        assert!(feasible[0].1 > sweep.today.unwrap());
    }

    #[test]
    fn impossible_names_have_a_reason_and_impossible_numbers_are_omitted() {
        let deployment = Deployment { gpu: crate::gpu::find("a100").unwrap().into(), ..Deployment::engine() };
        let precisions = sweep(&deployment, "quant_algo", None, 0).unwrap();
        let fp8 = precisions.points.iter().find(|point| point.text == "FP8").unwrap();
        assert!(fp8.outcome.as_ref().unwrap_err().to_string().contains("compute capability"));
        let ranks = sweep(&deployment, "tp_size", Some((1.0, 8.0)), 0).unwrap();
        let texts: Vec<&str> = ranks.points.iter().map(|point| point.text.as_str()).collect();
        assert_eq!(texts, ["1", "2", "4", "8"]);
    }

    #[test]
    fn settings_that_can_not_be_swept_are_errors() {
        let deployment = Deployment::engine();
        assert_eq!(sweep(&deployment, "colour", None, 9).unwrap_err().value, "colour");
        assert!(sweep(&deployment, "lora_target_modules", None, 9).is_err());
        assert!(sweep(&deployment, "max_batch_size", Some((9.0, 3.0)), 9).is_err());
    }
}
