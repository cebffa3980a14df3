//! The differences between two deployments.

use super::Fullest;
use crate::deployment::{Deployment, DeploymentError, SETTINGS};
use crate::memory::{Contributor, Verdict, estimate};
use crate::units::{Bytes, Units, signed};
use serde::Serialize;

/// Two deployments side by side, on the fullest GPU of each.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The fullest GPU of the pinned deployment.
    pub pinned: Fullest,
    /// The fullest GPU of the current deployment.
    pub current: Fullest,
    /// The settings that differ.
    pub settings: Vec<SettingDifference>,
}

/// A setting with different values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SettingDifference {
    /// The link key.
    pub key: &'static str,
    /// The value in the pinned deployment; TensorRT-LLM's default if unset.
    pub pinned: String,
    /// The value in the current deployment; TensorRT-LLM's default if unset.
    pub current: String,
}

/// A row of the comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Difference {
    /// The contributor; `None` for the free memory.
    pub contributor: Option<Contributor>,
    /// The size in the pinned deployment.
    pub pinned: Bytes,
    /// The size in the current deployment.
    pub current: Bytes,
}

impl Difference {
    /// Current minus pinned, in bytes.
    pub fn bytes(self) -> i128 {
        i128::from(self.current.0) - i128::from(self.pinned.0)
    }

    /// Current minus pinned, with its sign: `+1.25 GiB`, `−12.00 MiB`, or `±0`.
    pub fn text(self, units: Units) -> String {
        signed(self.current.0, self.pinned.0, |bytes| Bytes(bytes).display(units).to_string())
    }
}

/// Compares two deployments.
///
/// # Errors
/// If a deployment is impossible. The error names the side.
pub fn compare(pinned: &Deployment, current: &Deployment) -> Result<Comparison, (Side, DeploymentError)> {
    let fullest = |deployment: &Deployment, side: Side| {
        let report = estimate(deployment).map_err(|problems| (side, problems))?;
        Fullest::of(&report).ok_or((side, DeploymentError(Vec::new())))
    };
    Ok(Comparison {
        pinned: fullest(pinned, Side::Pinned)?,
        current: fullest(current, Side::Current)?,
        settings: settings(pinned, current),
    })
}

/// One of two deployments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The pinned deployment.
    Pinned,
    /// The deployment compared with it.
    Current,
}

/// The settings that differ, with their given or resolved values.
fn settings(pinned: &Deployment, current: &Deployment) -> Vec<SettingDifference> {
    let resolved = (pinned.resolve().ok(), current.resolve().ok());
    let differing = SETTINGS
        .iter()
        .filter(|setting| setting.counts(pinned) || setting.counts(current))
        .filter(|setting| !setting.is_alike(pinned, current));
    differing
        .map(|setting| SettingDifference {
            key: setting.key,
            pinned: setting.settled(pinned, resolved.0.as_ref()),
            current: setting.settled(current, resolved.1.as_ref()),
        })
        .filter(|setting| setting.pinned != setting.current)
        .collect()
}

impl Comparison {
    /// A row for each contributor and one for the free memory.
    pub fn differences(&self) -> Vec<Difference> {
        let of = |contributor: Contributor| Difference {
            contributor: Some(contributor),
            pinned: self.pinned.rank.figure(contributor).bytes,
            current: self.current.rank.figure(contributor).bytes,
        };
        let free = Difference { contributor: None, pinned: self.pinned.rank.free, current: self.current.rank.free };
        Contributor::ALL.into_iter().map(of).chain([free]).collect()
    }

    /// The verdicts, pinned first.
    pub fn verdicts(&self) -> [&Verdict; 2] {
        [&self.pinned.verdict, &self.current.verdict]
    }
}

/// As JSON: the differing settings, a difference per contributor in bytes, tokens and verdicts.
impl Serialize for Comparison {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Row {
            contributor: &'static str,
            pinned: Bytes,
            current: Bytes,
            difference: i64,
        }
        #[derive(Serialize)]
        struct Pair<T> {
            pinned: T,
            current: T,
        }
        #[derive(Serialize)]
        struct Shape<'a> {
            settings: &'a [SettingDifference],
            contributors: Vec<Row>,
            kv_tokens: Pair<u64>,
            max_sequences: Pair<u64>,
            verdict: Pair<&'static str>,
        }
        let row = |row: Difference| Row {
            contributor: row.contributor.map_or("free", Contributor::key),
            pinned: row.pinned,
            current: row.current,
            difference: i64::try_from(row.bytes()).unwrap_or(if row.bytes() < 0 { i64::MIN } else { i64::MAX }),
        };
        let (pinned, current) = (&self.pinned, &self.current);
        Shape {
            settings: &self.settings,
            contributors: self.differences().into_iter().map(row).collect(),
            kv_tokens: Pair { pinned: pinned.kv_cache.tokens, current: current.kv_cache.tokens },
            max_sequences: Pair { pinned: pinned.kv_cache.max_sequences, current: current.kv_cache.max_sequences },
            verdict: Pair { pinned: pinned.verdict.key(), current: current.verdict.key() },
        }
        .serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deployment::{BuildLimits, Parallelism, Precision, QuantAlgo};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn differences_are_those_of_the_two_estimates() {
        let pinned = Deployment {
            limits: BuildLimits { max_seq_len: Some(4096), ..BuildLimits::default() },
            ..Deployment::engine()
        };
        let current = Deployment {
            precision: Precision { quant_algo: Some(QuantAlgo::Fp8), ..pinned.precision },
            limits: BuildLimits { max_batch_size: Some(64), ..pinned.limits },
            ..pinned.clone()
        };
        let comparison = compare(&pinned, &current).unwrap();
        let keys: Vec<&str> = comparison.settings.iter().map(|setting| setting.key).collect();
        assert_eq!(keys, ["quant_algo", "max_batch_size"]);
        assert_eq!((comparison.settings[1].pinned.as_str(), comparison.settings[1].current.as_str()), ("2048", "64"));
        let weights = comparison.differences()[0];
        let alone = |deployment: &Deployment| estimate(deployment).unwrap().ranks[0].figure(Contributor::Weights).bytes;
        assert_eq!((weights.pinned, weights.current), (alone(&pinned), alone(&current)));
        assert!(weights.bytes() < 0 && weights.text(Units::Binary).starts_with('−'));
        let sum: i128 = comparison.differences().iter().map(|row| row.bytes()).sum();
        assert_eq!(sum, 0, "both fill the same GPU, so the differences cancel out");
    }

    #[test]
    fn equal_deployments_do_not_differ() {
        let deployment = Deployment::engine();
        let comparison = compare(&deployment, &deployment).unwrap();
        assert!(comparison.settings.is_empty());
        assert!(comparison.differences().iter().all(|row| row.text(Units::Binary) == "±0"));
    }

    #[test]
    fn the_impossible_side_is_named() {
        let impossible =
            Deployment { parallel: Parallelism { tp_size: 3, ..Parallelism::default() }, ..Deployment::engine() };
        assert_eq!(compare(&impossible, &Deployment::engine()).unwrap_err().0, Side::Pinned);
        assert_eq!(compare(&Deployment::engine(), &impossible).unwrap_err().0, Side::Current);
    }
}
