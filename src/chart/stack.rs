//! The segments of a bar, end to end in whole pixels.

use super::Segment;

/// The least length of a segment: one visible pixel and one of gap.
const LEAST: u32 = 2;

/// The box of a segment, in pixels of the SVG's `viewBox`. The boxes of a bar touch but do not
/// overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// The index of the bar.
    pub bar: usize,
    /// The segment.
    pub segment: Segment,
    /// Left edge.
    pub x: u32,
    /// Upper edge.
    pub y: u32,
    /// The horizontal size.
    pub width: u32,
    /// The vertical size.
    pub height: u32,
}

/// Divides `length` pixels among sizes in bytes. Small ones are widened until they are visible, at
/// the expense of the longest ones.
pub(super) fn stack(sizes: &[f64], length: u32) -> Vec<u32> {
    let scale = f64::from(length) / sizes.iter().sum::<f64>().max(1.0);
    let (mut bytes, mut end) = (0.0, 0);
    let mut lengths: Vec<u32> = Vec::with_capacity(sizes.len());
    for size in sizes {
        bytes += size;
        let next = (bytes * scale).round() as u32;
        lengths.push(next - end);
        end = next;
    }
    widen(&mut lengths);
    lengths
}

fn widen(lengths: &mut [u32]) {
    let mut owed = 0;
    for length in lengths.iter_mut() {
        owed += LEAST.saturating_sub(*length);
        *length = LEAST.max(*length);
    }
    while owed > 0 {
        let Some(longest) = lengths.iter_mut().max().filter(|longest| **longest > LEAST) else {
            return;
        };
        let given = owed.min(*longest - LEAST);
        *longest -= given;
        owed -= given;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn lengths_are_as_their_sizes_and_fill_the_bar() {
        assert_eq!(stack(&[1.0, 1.0, 2.0], 400), [100, 100, 200]);
        assert_eq!(stack(&[1.0, 1.0, 1.0], 100).iter().sum::<u32>(), 100);
        assert!(stack(&[], 100).is_empty());
    }

    #[test]
    fn the_longest_gives_pixels_to_what_would_be_invisible() {
        assert_eq!(stack(&[1.0, 1e9, 1.0], 100), [2, 96, 2]);
        // Too short for all: each is still visible.
        assert_eq!(stack(&[1.0, 1.0, 1.0], 3), [2, 2, 2]);
    }
}
