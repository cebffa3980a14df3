//! The segments of a bar, end to end in whole pixels.

use super::Segment;
use crate::memory::Rank;

/// The least length of a segment: one visible pixel and one of gap.
const LEAST: u32 = 2;

/// The position of a segment along its bar, in pixels from the base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub segment: Segment,
    pub start: u32,
    pub length: u32,
}

/// Lays out the segments of a rank that take memory, at `scale` pixels per byte. Small segments are
/// widened until they are visible, at the expense of the longest ones.
pub(super) fn stack(rank: &Rank, scale: f64) -> Vec<Span> {
    let mut bytes = 0.0;
    let mut end = 0;
    let mut lengths: Vec<(Segment, u32)> = Vec::with_capacity(Segment::ALL.len());
    for segment in Segment::ALL {
        let size = segment.bytes(rank).0;
        if size > 0 {
            bytes += size as f64;
            let next = (bytes * scale).round() as u32;
            lengths.push((segment, next - end));
            end = next;
        }
    }
    widen(&mut lengths);
    let mut start = 0;
    let mut spans = Vec::with_capacity(lengths.len());
    for (segment, length) in lengths {
        spans.push(Span { segment, start, length });
        start += length;
    }
    spans
}

fn widen(lengths: &mut [(Segment, u32)]) {
    let mut owed = 0;
    for (_, length) in lengths.iter_mut() {
        owed += LEAST.saturating_sub(*length);
        *length = LEAST.max(*length);
    }
    while owed > 0 {
        let Some((_, longest)) = lengths.iter_mut().max_by_key(|(_, length)| *length).filter(|(_, l)| *l > LEAST)
        else {
            return;
        };
        let given = owed.min(*longest - LEAST);
        *longest -= given;
        owed -= given;
    }
}
