//! Settings with numeric values, and the values that are worth trying.

use crate::deployment::{Deployment, Input, InvalidSetting, Resolved, SETTINGS, Setting, setting};

/// A setting with numeric values.
///
/// Values are counted in notches, the smallest steps between two values: 1 for whole numbers, 0.001
/// for fractions, 0.01 GiB for sizes.
#[derive(Debug, Clone, Copy)]
pub struct NumericSetting {
    /// The setting.
    pub row: &'static Setting,
    /// Notches per unit.
    per_unit: f64,
    /// The smallest and the largest notch.
    bounds: (u64, u64),
    /// The largest notch of a chart.
    reach: u64,
    /// Whether only some of the values are possible, such as those that divide a model evenly.
    listed: bool,
}

/// The largest size on a chart, in GiB.
const REACH_GIB: u64 = 512;
/// The largest permitted size, in GiB.
const MOST_GIB: u64 = 16_384;
/// Numbers of ranks and block sizes above [`SMALL_STEPS`] that are worth trying.
const LARGER_STEPS: [u64; 12] = [20, 24, 28, 32, 40, 48, 56, 64, 72, 128, 256, 512];
/// If only some values are possible, every number up to this is tried.
const SMALL_STEPS: u64 = 16;

impl NumericSetting {
    /// Whether the value `today` is no limit, as 0 is for some settings.
    pub fn is_unlimited(self, today: Option<&str>) -> bool {
        self.row.key == "max_gpu_total_bytes" && today == Some("0")
    }

    /// The numeric setting in this row of the table; `None` if its values are not numbers.
    pub fn of(setting: &'static Setting) -> Option<NumericSetting> {
        let numeric = |per_unit: f64, bounds: (u64, u64), reach: u64, listed: bool| {
            Some(NumericSetting { row: setting, per_unit, bounds, reach, listed })
        };
        match setting.input {
            Input::Whole { min, max, slider_max } => numeric(1.0, (min, max), slider_max, false),
            Input::Steps { usual, max } => numeric(1.0, (1, max), usual.iter().copied().max().unwrap_or(max), true),
            Input::Fraction => numeric(1000.0, (1, 999), 999, false),
            Input::Gib => numeric(100.0, (1, MOST_GIB * 100), REACH_GIB * 100, false),
            Input::Model | Input::Gpu | Input::Choice(_) | Input::Toggle | Input::Text => None,
        }
    }

    /// The numeric setting with this link key.
    pub fn find(key: &str) -> Option<NumericSetting> {
        NumericSetting::of(setting(key)?)
    }

    /// Every numeric setting that applies to the deployment, in the order of the table.
    pub fn all(deployment: &Deployment) -> impl Iterator<Item = NumericSetting> {
        SETTINGS.iter().filter(|setting| setting.counts(deployment)).filter_map(NumericSetting::of)
    }

    /// The value of a notch.
    pub fn value(self, notch: u64) -> f64 {
        notch as f64 / self.per_unit
    }

    /// The value of a notch, formatted as in a link.
    pub fn text(self, notch: u64) -> String {
        self.value(notch).to_string()
    }

    /// The notch nearest to a value, within the bounds.
    pub fn notch(self, value: f64) -> u64 {
        ((value * self.per_unit).round() as u64).clamp(self.bounds.0, self.bounds.1)
    }

    /// The notch of the deployment's current value, or of TensorRT-LLM's default if unset.
    pub fn today(self, deployment: &Deployment, resolved: &Resolved) -> Option<u64> {
        self.row.number(deployment, resolved).map(|value| self.notch(value))
    }

    /// The smallest and the largest notch.
    pub fn bounds(self) -> (u64, u64) {
        self.bounds
    }

    /// The smallest and the largest notch of a chart, which includes the current value.
    pub fn reach(self, today: Option<u64>) -> (u64, u64) {
        (self.bounds.0, self.reach.max(today.unwrap_or(0)))
    }

    /// The deployment with this setting at `notch`.
    ///
    /// # Errors
    /// If the setting can't have that value.
    pub fn set(self, deployment: &Deployment, notch: u64) -> Result<Deployment, InvalidSetting> {
        self.row.with(deployment, &self.text(notch))
    }

    /// Numbers of ranks and block sizes within the bounds that are worth trying.
    pub(super) fn steps(self) -> Vec<u64> {
        let steps = (1..=SMALL_STEPS).chain(LARGER_STEPS).chain([1024]);
        steps.filter(|notch| (self.bounds.0..=self.bounds.1).contains(notch)).collect()
    }

    /// The possible notches between two, if they are few; `None` if most are possible.
    pub(super) fn listed(self, deployment: &Deployment, from: u64, to: u64) -> Option<Vec<u64>> {
        if !self.listed {
            return None;
        }
        let possible = |notch: &u64| self.set(deployment, *notch).is_ok_and(|changed| changed.resolve().is_ok());
        Some(self.steps().into_iter().filter(|notch| (from..=to).contains(notch)).filter(possible).collect())
    }

    /// Whether a range is best sampled in equal ratios.
    pub(super) fn is_wide(self, from: u64, to: u64) -> bool {
        self.row.input != Input::Fraction && to / from.max(1) >= 16
    }

    /// At most `points` notches from one to another, both included: in equal steps, or in equal
    /// ratios if the range is wide.
    pub(super) fn spread(self, from: u64, to: u64, points: usize) -> Vec<u64> {
        let steps = points.max(2) as u64 - 1;
        let wide = self.is_wide(from, to);
        let at = |step: u64| {
            let share = step as f64 / steps as f64;
            let (from, to) = (from as f64, to as f64);
            let value =
                if wide { from.max(1.0) * (to / from.max(1.0)).powf(share) } else { from + (to - from) * share };
            value.round() as u64
        };
        let mut notches: Vec<u64> = (0..=steps).map(at).map(|notch| notch.clamp(from, to.max(from))).collect();
        if from == 0 {
            notches.insert(0, 0);
        }
        notches.dedup();
        notches
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn every_setting_with_numbers_is_numeric() {
        let numbers = SETTINGS.iter().filter(|setting| setting.is_number()).count();
        assert_eq!(SETTINGS.iter().filter_map(NumericSetting::of).count(), numbers);
        assert!(NumericSetting::find("model").is_none() && NumericSetting::find("colour").is_none());
    }

    #[test]
    fn every_notch_survives_formatting_and_parsing() {
        let deployment = Deployment::engine();
        for setting in SETTINGS.iter().filter_map(NumericSetting::of) {
            let (from, to) = setting.reach(None);
            for notch in setting.spread(from, to, 9) {
                let changed = setting.set(&deployment, notch).unwrap();
                let read: f64 = setting.row.write(&changed).parse().unwrap();
                assert_eq!(setting.notch(read), notch, "{}", setting.row.key);
            }
        }
    }

    #[test]
    fn spreads_start_and_end_where_they_should() {
        let tokens = NumericSetting::find("max_num_tokens").unwrap();
        assert_eq!(tokens.spread(1, 16, 5), [1, 2, 4, 8, 16]);
        let fraction = NumericSetting::find("free_gpu_memory_fraction").unwrap();
        assert_eq!(fraction.spread(100, 900, 5), [100, 300, 500, 700, 900]);
        assert_eq!(tokens.spread(7, 7, 5), [7]);
    }

    #[test]
    fn numbers_of_ranks_divide_the_model() {
        let tp = NumericSetting::find("tp_size").unwrap();
        assert_eq!(tp.listed(&Deployment::engine(), 1, 64).unwrap(), [1, 2, 4, 8, 16, 32]);
    }
}
