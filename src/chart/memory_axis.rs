//! The axis of sweeps: the memory that they show, and its range.

use crate::explore::sweep::Sweep;
use crate::memory::{Contributor, Rank};
use crate::units::Units;

/// The limit of an axis, in multiples of the capacity, for deployments that do not fit.
const MOST_CAPACITIES: f64 = 2.0;
/// The range of an axis, relative to the largest size on it, so that the end of a column is
/// visible.
const HEADROOM: f64 = 1.04;

/// The memory that a sweep shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Shown {
    /// Every contributor.
    #[default]
    Everything,
    /// Activations alone, which differ little beside the others.
    Activations,
    /// Every contributor but the KV cache, which takes what the others leave.
    WithoutKvCache,
}

impl Shown {
    /// Every choice.
    pub const ALL: [Shown; 3] = [Shown::Everything, Shown::Activations, Shown::WithoutKvCache];

    /// The key in a request.
    pub fn key(self) -> &'static str {
        match self {
            Shown::Everything => "everything",
            Shown::Activations => "activations",
            Shown::WithoutKvCache => "without_kv_cache",
        }
    }

    /// Its name.
    pub fn label(self) -> &'static str {
        match self {
            Shown::Everything => "everything",
            Shown::Activations => "activations",
            Shown::WithoutKvCache => "without KV cache",
        }
    }

    /// The contributors, from the bottom of a column to its top.
    pub fn contributors(self) -> impl Iterator<Item = Contributor> {
        Contributor::ALL.into_iter().filter(move |contributor| match self {
            Shown::Everything => true,
            Shown::Activations => *contributor == Contributor::Activations,
            Shown::WithoutKvCache => *contributor != Contributor::KvCache,
        })
    }
}

/// A part of a column, in GiB or GB.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Part {
    pub contributor: Contributor,
    pub low: f64,
    pub high: f64,
}

/// The axis of sweeps. Sweeps that are compared share one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MemoryAxis {
    shown: Shown,
    units: Units,
    /// The largest size on the axis, in GiB or GB.
    end: f64,
}

impl MemoryAxis {
    /// The axis that has room for sweeps, up to twice their capacity.
    pub fn of<'s>(sweeps: impl IntoIterator<Item = &'s Sweep>, shown: Shown, units: Units) -> MemoryAxis {
        let points = sweeps.into_iter().flat_map(|sweep| &sweep.points);
        MemoryAxis::with(points.filter_map(|point| Some(&point.outcome.as_ref().ok()?.rank)), shown, units)
    }

    /// The axis that has room for some GPUs, up to twice their capacity.
    pub(super) fn with<'s>(ranks: impl Iterator<Item = &'s Rank>, shown: Shown, units: Units) -> MemoryAxis {
        let axis = MemoryAxis { shown, units, end: 0.0 };
        let (used, capacity) = ranks.fold((0.0, 0.0), |(used, capacity): (f64, f64), rank| {
            (used.max(axis.used(rank)), capacity.max(axis.giga(rank.total.0 as f64)))
        });
        let least = if shown == Shown::Everything { capacity } else { 0.0 };
        let end = used.min(capacity * MOST_CAPACITIES).max(least) * HEADROOM;
        MemoryAxis { end: if end > 0.0 { end } else { 1.0 }, ..axis }
    }

    /// The unit, as the title of the axis.
    pub(super) fn title(&self) -> &'static str {
        self.units.giga()
    }

    /// The memory that is shown.
    pub(super) fn shown(&self) -> Shown {
        self.shown
    }

    /// The largest size on the axis.
    pub(super) fn end(&self) -> f64 {
        self.end
    }

    /// Bytes in the unit of the axis.
    pub(super) fn giga(&self, bytes: f64) -> f64 {
        bytes / self.units.giga_bytes()
    }

    /// A size, no larger than the axis.
    pub(super) fn clamp(&self, giga: f64) -> f64 {
        giga.min(self.end)
    }

    /// The memory of a GPU that is shown, without saturation.
    pub(super) fn used(&self, rank: &Rank) -> f64 {
        self.stack(rank).last().map_or(0.0, |part| part.high)
    }

    /// Whether a GPU uses more than the axis has room for.
    pub(super) fn exceeds(&self, rank: &Rank) -> bool {
        self.used(rank) > self.end
    }

    /// The parts of a GPU's column, from its bottom to its top.
    pub(super) fn stack(&self, rank: &Rank) -> Vec<Part> {
        let mut high = 0.0;
        let part = |contributor: Contributor| {
            let low = high;
            high += self.giga(rank.figure(contributor).bytes.0 as f64);
            Part { contributor, low, high }
        };
        self.shown.contributors().map(part).collect()
    }
}
