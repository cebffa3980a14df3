//! The positions of a slider.

/// Parts of a doubling.
const PARTS: u64 = 8;

/// The whole numbers at which a slider stops: all small numbers, then eight per doubling, so that
/// steps feel alike.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scale(Vec<u64>);

impl Scale {
    /// From `min` to `max`.
    pub(super) fn new(min: u64, max: u64) -> Scale {
        let mut stops = vec![min];
        let mut octave = 1;
        while octave < max {
            for part in 0..PARTS {
                let stop = octave + octave * part / PARTS;
                if stops.last().is_some_and(|last| *last < stop) && stop < max {
                    stops.push(stop);
                }
            }
            octave *= 2;
        }
        if stops.last().is_some_and(|last| *last < max) {
            stops.push(max);
        }
        Scale(stops)
    }

    /// The last position; the first is 0.
    pub(super) fn last(&self) -> usize {
        self.0.len() - 1
    }

    /// The position nearest to a number.
    pub(super) fn position(&self, number: u64) -> usize {
        let above = self.0.partition_point(|stop| *stop < number).min(self.last());
        let below = above.saturating_sub(1);
        if self.0[above].abs_diff(number) <= self.0[below].abs_diff(number) { above } else { below }
    }

    /// The number at a position.
    pub(super) fn number(&self, position: usize) -> u64 {
        self.0[position.min(self.last())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stops_rise_from_the_smallest_to_the_largest() {
        for (min, max) in [(0, 64), (1, 8), (1, 4096), (1, 131_072), (1, 1 << 20), (1, 4_194_304), (4, 4), (1, 100)] {
            let scale = Scale::new(min, max);
            assert!(scale.0.is_sorted_by(|a, b| a < b), "{max}");
            assert_eq!((scale.number(0), scale.number(scale.last())), (min, max));
        }
    }

    #[test]
    fn usual_numbers_are_stops() {
        let scale = Scale::new(1, 1 << 20);
        for number in [1, 2, 3, 7, 64, 256, 1536, 8192, 131_072] {
            assert_eq!(scale.number(scale.position(number)), number);
        }
        assert_eq!(scale.number(scale.position(8200)), 8192);
        assert_eq!(scale.position(u64::MAX), scale.last());
    }
}
