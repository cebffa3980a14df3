//! The ranks that share a bar.

use super::{Segment, stacked_bar::Part};
use crate::memory::{Rank, RankKind, Report};
use crate::units::Units;

/// The most bars.
const MOST: usize = 8;

/// A bar, and the ranks that it represents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// The number of ranks that it represents.
    pub count: usize,
    /// The rank whose figures it shows: the fullest of them.
    pub shows: u64,
    /// Whether all of them use their memory in the same way.
    pub alike: bool,
    /// Its name in a sentence: "GPU 0", "GPU 1–6", "each of 8 GPUs alike", "fullest of 56 more
    /// GPUs".
    pub label: String,
}

impl Bar {
    /// The bar of a single rank.
    pub(super) fn of(rank: &Rank) -> Bar {
        Bar { count: 1, shows: rank.rank, alike: true, label: format!("GPU {}", rank.rank) }
    }

    /// The bar of a kind of rank. `is_only` tells whether there is no other kind.
    fn of_kind(kind: &RankKind, is_only: bool) -> Bar {
        let count = kind.ranks.len();
        let label = if is_only && count > 1 { format!("each of {count} GPUs alike") } else { kind.label() };
        Bar { count, shows: kind.first.rank, alike: true, label }
    }
}

/// The bars of a report, fullest first, each with the rank that it shows. If there are many kinds
/// of ranks, the last bar represents all those that have no bar of their own.
pub(super) fn bars(report: &Report) -> Vec<(Bar, &Rank)> {
    let kinds = report.kinds();
    let own = if kinds.len() > MOST { MOST - 1 } else { kinds.len() };
    let (own, merged) = kinds.split_at(own);
    let mut bars: Vec<(Bar, &Rank)> = own.iter().map(|kind| (Bar::of_kind(kind, own.len() == 1), kind.first)).collect();
    if let Some(fullest) = merged.first() {
        let count = merged.iter().map(|kind| kind.ranks.len()).sum();
        let label = format!("fullest of {count} more GPUs");
        bars.push((Bar { count, shows: fullest.first.rank, alike: false, label }, fullest.first));
    }
    bars
}

/// The segments of a rank's bar that take memory, from the base to the end.
pub(super) fn parts(report: &Report, rank: &Rank, bar: &Bar, units: Units) -> Vec<Part> {
    let sizes = Segment::ALL.into_iter().map(|segment| (segment, segment.bytes(rank)));
    sizes
        .filter(|(_, bytes)| bytes.0 > 0)
        .map(|(segment, bytes)| Part::new(segment, bytes, rank.total, segment.label_in(report), &bar.label, units))
        .collect()
}

/// The memory of a rank in `units`, free memory included, without saturation.
pub(super) fn giga(rank: &Rank, units: Units) -> f64 {
    Segment::ALL.into_iter().map(|segment| segment.bytes(rank).0 as f64).sum::<f64>() / units.giga_bytes()
}
