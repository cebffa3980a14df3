//! The segments of a bar.

use crate::memory::{Band, Contributor, Rank, Report};
use crate::units::Bytes;

/// A segment of a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Segment {
    /// Memory that a contributor uses.
    Contributor(Contributor),
    /// Free memory.
    Free,
}

impl Segment {
    /// Every segment, from the base of a bar to its end.
    pub const ALL: [Segment; 7] = [
        Segment::Contributor(Contributor::Weights),
        Segment::Contributor(Contributor::Activations),
        Segment::Contributor(Contributor::RuntimeBuffers),
        Segment::Contributor(Contributor::DecoderBuffers),
        Segment::Contributor(Contributor::KvCache),
        Segment::Contributor(Contributor::Overhead),
        Segment::Free,
    ];

    /// The key of the contributor, or `free`.
    pub fn key(self) -> &'static str {
        match self {
            Segment::Contributor(contributor) => contributor.key(),
            Segment::Free => "free",
        }
    }

    /// Its name.
    pub fn label(self) -> &'static str {
        match self {
            Segment::Contributor(contributor) => contributor.label(),
            Segment::Free => "Free",
        }
    }

    /// Its name in a report.
    pub fn label_in(self, report: &Report) -> &'static str {
        match self {
            Segment::Contributor(contributor) => report.label(contributor),
            Segment::Free => self.label(),
        }
    }

    /// The uncertainty of its size on a rank.
    pub fn band(self, rank: &Rank) -> Band {
        match self {
            Segment::Contributor(contributor) => rank.figure(contributor).band(),
            Segment::Free => rank.free_band(),
        }
    }

    /// Its size on a rank.
    pub fn bytes(self, rank: &Rank) -> Bytes {
        match self {
            Segment::Contributor(contributor) => rank.figure(contributor).bytes,
            Segment::Free => rank.free,
        }
    }
}
