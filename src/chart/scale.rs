//! The axis: bytes to pixels, with ticks at round numbers.

use crate::units::{Units, grouped_decimal};

/// The range of the axis, relative to the larger of capacity and usage, so that the end of a bar is
/// visible.
const HEADROOM: f64 = 1.04;
/// The least distance between ticks, in pixels.
const TICK_DISTANCE: u32 = 40;

/// A tick of the axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tick {
    /// The distance from the origin of the axis, in pixels.
    pub at: u32,
    /// The size in GiB or GB.
    pub label: String,
}

/// An axis that starts at zero.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scale {
    /// Pixels per byte.
    pub per_byte: f64,
    /// The ticks, starting with zero.
    pub ticks: Vec<Tick>,
}

impl Scale {
    /// Returns an axis of `length` pixels with room for `most` bytes.
    pub(super) fn new(most: f64, length: u32, units: Units) -> Scale {
        let end = most.max(1.0) * HEADROOM / units.giga_bytes();
        let (step, places) = step(end, f64::from((length / TICK_DISTANCE).max(1)));
        let per_giga = f64::from(length) / end;
        let ticks = (0..=(end / step) as u32).map(|index| {
            let size = f64::from(index) * step;
            let label = if index == 0 { "0".into() } else { grouped_decimal(size, places) };
            Tick { at: (size * per_giga).round() as u32, label }
        });
        Scale { per_byte: per_giga / units.giga_bytes(), ticks: ticks.collect() }
    }
}

/// Returns the smallest of 1, 2, 5, 10, 20, … (and 0.5, 0.2, 0.1, …) that needs at most `most`
/// steps to `end`, and its decimal places.
fn step(end: f64, most: f64) -> (f64, usize) {
    let mut places = 10;
    let mut power = 1e-10;
    loop {
        for factor in [1.0, 2.0, 5.0] {
            if power * factor * most >= end {
                return (power * factor, places);
            }
        }
        power *= 10.0;
        if places > 0 {
            places -= 1;
            // Exact, unlike repeated products of a tenth.
            power = 1.0 / 10u64.pow(places as u32) as f64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::GIB;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn labels(gib: f64, length: u32) -> Vec<String> {
        Scale::new(gib * GIB as f64, length, Units::Binary).ticks.into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn ticks_are_round_numbers_from_zero() {
        assert_eq!(labels(79.18, 275), ["0", "20", "40", "60", "80"]);
        assert_eq!(labels(22.0, 275), ["0", "5", "10", "15", "20"]);
        assert_eq!(labels(1.1, 120), ["0", "0.5", "1.0"]);
        assert_eq!(labels(3000.0, 120), ["0", "2,000"]);
        assert_eq!(labels(0.0, 0), ["0"]);
    }

    #[test]
    fn ticks_stand_where_their_bytes_do() {
        let scale = Scale::new(80.0 * GIB as f64, 416, Units::Binary);
        let at: Vec<u32> = scale.ticks.iter().map(|tick| tick.at).collect();
        assert_eq!(at, [0, 50, 100, 150, 200, 250, 300, 350, 400]);
        assert_eq!((scale.per_byte * 80.0 * GIB as f64).round(), 400.0);
    }

    #[test]
    fn ticks_are_round_in_the_units_that_are_shown() {
        let scale = Scale::new(80e9, 416, Units::Decimal);
        assert_eq!((scale.per_byte * 80e9).round(), 400.0);
        assert_eq!(scale.ticks.last(), Some(&Tick { at: 400, label: "80".into() }));
    }

    #[test]
    fn absurd_sizes_have_an_axis_too() {
        for most in [1.0, u64::MAX as f64 * 7.0] {
            for length in [1, 300, 8192] {
                let scale = Scale::new(most, length, Units::Binary);
                assert!(scale.per_byte.is_finite() && scale.per_byte > 0.0);
                assert!((1..=210).contains(&scale.ticks.len()));
                assert!(scale.ticks.iter().all(|tick| tick.at <= length));
            }
        }
    }
}
