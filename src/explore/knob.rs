//! A setting that is a number, and the values that are worth trying.

use crate::deployment::{Deployment, FIELDS, Field, Input, InvalidSetting, Resolved, field};

/// A setting that is a number. Its values are counted in notches, so that the next value is the next notch: whole numbers one by
/// one, fractions in thousandths, sizes in hundredths of a GiB.
#[derive(Debug, Clone, Copy)]
pub struct Knob {
    /// The setting.
    pub field: &'static Field,
    /// Notches of 1.
    per_unit: f64,
    /// The smallest and the largest notch.
    bounds: (u64, u64),
    /// The largest notch that a chart reaches.
    reach: u64,
    /// Whether only some values between are sound, as those that divide a model.
    listed: bool,
}

/// Sizes in GiB that a chart reaches.
const REACH_GIB: u64 = 512;
/// The largest size that may be entered, in GiB.
const MOST_GIB: u64 = 16_384;
/// Numbers of ranks and sizes of blocks beyond the first sixteen that are worth trying.
const LARGER_STEPS: [u64; 12] = [20, 24, 28, 32, 40, 48, 56, 64, 72, 128, 256, 512];
/// Numbers up to here are tried one by one where only some are sound.
const SMALL_STEPS: u64 = 16;

impl Knob {
    /// The knob of this setting; `None` where its values are no numbers.
    pub fn of(field: &'static Field) -> Option<Knob> {
        let knob = |per_unit: f64, bounds: (u64, u64), reach: u64, listed: bool| {
            Some(Knob { field, per_unit, bounds, reach, listed })
        };
        match field.input {
            Input::Whole { min, max, slider_max } => knob(1.0, (min, max), slider_max, false),
            Input::Steps { usual, max } => knob(1.0, (1, max), usual.iter().copied().max().unwrap_or(max), true),
            Input::Fraction => knob(1000.0, (1, 999), 999, false),
            Input::Gib => knob(100.0, (1, MOST_GIB * 100), REACH_GIB * 100, false),
            Input::Model | Input::Gpu | Input::Choice(_) | Input::Toggle | Input::Text => None,
        }
    }

    /// The knob with this link key.
    pub fn find(key: &str) -> Option<Knob> {
        Knob::of(field(key)?)
    }

    /// Every knob that has a meaning beside the deployment's other settings, in the order of the settings.
    pub fn all(deployment: &Deployment) -> impl Iterator<Item = Knob> {
        FIELDS.iter().filter(|field| field.counts(deployment)).filter_map(Knob::of)
    }

    /// The value of a notch.
    pub fn value(self, notch: u64) -> f64 {
        notch as f64 / self.per_unit
    }

    /// The value of a notch as a link writes it.
    pub fn text(self, notch: u64) -> String {
        self.value(notch).to_string()
    }

    /// The notch nearest to a value, between the bounds.
    pub fn notch(self, value: f64) -> u64 {
        ((value * self.per_unit).round() as u64).clamp(self.bounds.0, self.bounds.1)
    }

    /// Where the deployment stands today, settled by TensorRT-LLM where nothing was chosen.
    pub fn today(self, deployment: &Deployment, resolved: &Resolved) -> Option<u64> {
        self.field.number(deployment, resolved).map(|value| self.notch(value))
    }

    /// The smallest and the largest notch.
    pub fn bounds(self) -> (u64, u64) {
        self.bounds
    }

    /// The smallest and the largest notch of a chart, which shows today's too.
    pub fn reach(self, today: Option<u64>) -> (u64, u64) {
        (self.bounds.0, self.reach.max(today.unwrap_or(0)))
    }

    /// The deployment with this knob at `notch`.
    ///
    /// # Errors
    /// If the setting can't have that value.
    pub fn set(self, deployment: &Deployment, notch: u64) -> Result<Deployment, InvalidSetting> {
        self.field.with(deployment, &self.text(notch))
    }

    /// The sound notches between two, where only some are sound; `None` where most are.
    pub(super) fn listed(self, deployment: &Deployment, from: u64, to: u64) -> Option<Vec<u64>> {
        if !self.listed {
            return None;
        }
        let sound = |notch: &u64| self.set(deployment, *notch).is_ok_and(|changed| changed.resolve().is_ok());
        let steps = (1..=SMALL_STEPS).chain(LARGER_STEPS).chain([1024]);
        Some(steps.filter(|notch| (from..=to).contains(notch)).filter(sound).collect())
    }

    /// Whether a range is best walked in equal ratios.
    pub(super) fn is_wide(self, from: u64, to: u64) -> bool {
        self.field.input != Input::Fraction && to / from.max(1) >= 16
    }

    /// At most `points` notches from one to another, both included: in equal steps, or in equal ratios where the range is wide.
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
    fn every_number_among_the_settings_is_a_knob() {
        let numbers = FIELDS.iter().filter(|field| field.is_number()).count();
        assert_eq!(FIELDS.iter().filter_map(Knob::of).count(), numbers);
        assert!(Knob::find("model").is_none() && Knob::find("colour").is_none());
    }

    #[test]
    fn every_notch_is_a_text_that_its_setting_reads_back() {
        let deployment = Deployment::default();
        for knob in FIELDS.iter().filter_map(Knob::of) {
            let (from, to) = knob.reach(None);
            for notch in knob.spread(from, to, 9) {
                let changed = knob.set(&deployment, notch).unwrap();
                let read: f64 = knob.field.write(&changed).parse().unwrap();
                assert_eq!(knob.notch(read), notch, "{}", knob.field.key);
            }
        }
    }

    #[test]
    fn spreads_start_and_end_where_they_should() {
        let tokens = Knob::find("max_num_tokens").unwrap();
        assert_eq!(tokens.spread(1, 16, 5), [1, 2, 4, 8, 16]);
        let fraction = Knob::find("free_gpu_memory_fraction").unwrap();
        assert_eq!(fraction.spread(100, 900, 5), [100, 300, 500, 700, 900]);
        assert_eq!(tokens.spread(7, 7, 5), [7]);
    }

    #[test]
    fn ranks_are_those_that_divide_the_model() {
        let tp = Knob::find("tp_size").unwrap();
        assert_eq!(tp.listed(&Deployment::default(), 1, 64).unwrap(), [1, 2, 4, 8, 16, 32]);
    }
}
