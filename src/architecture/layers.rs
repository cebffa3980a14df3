//! Sets of layers, such as those with attention, with experts or with a sliding window.

use serde::{Deserialize, Serialize};
use std::ops::{BitAnd, BitOr, Range};

const WORD: u32 = u64::BITS;

/// A set of layer indices below [`LayerSet::LIMIT`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LayerSet([u64; 4]);

impl LayerSet {
    /// The largest possible number of layers, twice that of the deepest known model.
    pub const LIMIT: u32 = 4 * WORD;

    /// No layer.
    pub const NONE: LayerSet = LayerSet([0; 4]);

    /// The layers of `range`, without those from [`LayerSet::LIMIT`] on.
    pub fn range(range: Range<u32>) -> LayerSet {
        Self::below(range.end).without(Self::below(range.start))
    }

    /// The layers before `end`.
    fn below(end: u32) -> LayerSet {
        LayerSet(std::array::from_fn(|word| Self::word_below(end, word)))
    }

    /// The layers before `end` in one word.
    fn word_below(end: u32, word: usize) -> u64 {
        match end.saturating_sub(word as u32 * WORD) {
            layers @ ..WORD => (1 << layers) - 1,
            _ => u64::MAX,
        }
    }

    /// The first `layers` layers.
    pub fn first(layers: u32) -> LayerSet {
        Self::range(0..layers)
    }

    /// The layers of `range` whose index modulo `period` is `remainder`; none if `period` is 0.
    pub fn every(period: u32, remainder: u32, range: Range<u32>) -> LayerSet {
        Self::range(range).iter().filter(|layer| layer.checked_rem(period) == Some(remainder)).collect()
    }

    /// Whether `layer` is in the set.
    pub fn contains(&self, layer: u32) -> bool {
        self.0.get((layer / WORD) as usize).is_some_and(|word| word >> (layer % WORD) & 1 == 1)
    }

    /// The number of layers.
    pub fn len(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        *self == Self::NONE
    }

    /// The first layer of the set; `None` if the set is empty.
    pub fn min(&self) -> Option<u32> {
        let word = self.0.iter().position(|word| *word != 0)?;
        Some(word as u32 * WORD + self.0[word].trailing_zeros())
    }

    /// The number of layers of `range` in the set.
    pub fn count_in(&self, range: Range<u32>) -> u32 {
        // Only the words that overlap the range: most models need one or two.
        let words = (range.start / WORD) as usize..(range.end.min(Self::LIMIT).div_ceil(WORD)) as usize;
        let inside = |word: usize| Self::word_below(range.end, word) & !Self::word_below(range.start, word);
        words.map(|word| (self.0[word] & inside(word)).count_ones()).sum()
    }

    /// The layers of this set that are not in `other`.
    pub fn without(self, other: LayerSet) -> LayerSet {
        LayerSet(std::array::from_fn(|word| self.0[word] & !other.0[word]))
    }

    /// The layers in ascending order.
    pub fn iter(self) -> impl Iterator<Item = u32> {
        (0..Self::LIMIT).filter(move |&layer| self.contains(layer))
    }
}

impl BitAnd for LayerSet {
    type Output = LayerSet;
    fn bitand(self, other: LayerSet) -> LayerSet {
        LayerSet(std::array::from_fn(|word| self.0[word] & other.0[word]))
    }
}

impl BitOr for LayerSet {
    type Output = LayerSet;
    fn bitor(self, other: LayerSet) -> LayerSet {
        LayerSet(std::array::from_fn(|word| self.0[word] | other.0[word]))
    }
}

impl FromIterator<u32> for LayerSet {
    fn from_iter<I: IntoIterator<Item = u32>>(layers: I) -> LayerSet {
        let mut set = LayerSet::NONE;
        for layer in layers {
            if let Some(word) = set.0.get_mut((layer / WORD) as usize) {
                *word |= 1 << (layer % WORD);
            }
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn layers_of_a_stage_are_counted() {
        let experts = LayerSet::range(3..61);
        assert_eq!(experts.len(), 58);
        assert_eq!(experts.count_in(0..16), 13);
        assert_eq!(experts.count_in(45..61), 16);
        assert_eq!(LayerSet::first(200).count_in(60..130), 70);
        assert_eq!((LayerSet::first(256).count_in(250..u32::MAX), LayerSet::first(9).count_in(300..400)), (6, 0));
        assert!(!experts.contains(2) && experts.contains(3) && !experts.contains(61));
        assert_eq!((experts.min(), LayerSet::range(200..203).min(), LayerSet::NONE.min()), (Some(3), Some(200), None));
        assert_eq!(LayerSet::range(60..130).iter().collect::<Vec<u32>>(), (60..130).collect::<Vec<u32>>());
        assert!(LayerSet::range(std::ops::Range { start: 5, end: 3 }).is_empty());
    }

    #[test]
    fn periodic_layers_keep_their_phase() {
        let interleaved = LayerSet::every(2, 1, 0..48);
        assert_eq!((interleaved.len(), interleaved.contains(0), interleaved.contains(47)), (24, false, true));
        let local = LayerSet::first(62).without(LayerSet::every(6, 5, 0..62));
        assert_eq!(local.len(), 52);
        assert!(LayerSet::every(0, 0, 0..8).is_empty());
    }

    #[test]
    fn layers_beyond_the_limit_are_left_out() {
        assert_eq!(LayerSet::first(u32::MAX).len(), LayerSet::LIMIT);
        assert!(!LayerSet::first(4).contains(u32::MAX));
    }
}
