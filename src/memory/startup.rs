//! The memory of a rank over the phases of its start.

use super::contributor::Contributor;
use crate::units::Bytes;

/// The memory of a rank over the phases of its start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartUp {
    /// The memory of the GPU.
    pub capacity: Bytes,
    /// The phases, in their order.
    pub phases: Vec<StartPhase>,
}

/// A phase of the start, at its fullest moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartPhase {
    /// The name.
    pub name: &'static str,
    /// The memory of each contributor at the end of the phase, in the order of
    /// [`Contributor::ALL`], without zeros.
    pub held: Vec<(Contributor, Bytes)>,
    /// Memory that the phase needs for a moment and frees again.
    pub temporary: Option<Temporary>,
    /// The excess over the capacity; zero if the phase fits.
    pub missing: Bytes,
}

/// Memory that a phase needs for a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Temporary {
    /// The name.
    pub name: &'static str,
    /// The contributor to which it belongs.
    pub contributor: Contributor,
    /// The size.
    pub bytes: Bytes,
}

impl StartPhase {
    /// The memory in use at the fullest moment.
    pub fn total(&self) -> Bytes {
        let temporary = self.temporary.as_ref().map_or(Bytes::ZERO, |temporary| temporary.bytes);
        self.held.iter().map(|(_, bytes)| *bytes).sum::<Bytes>() + temporary
    }
}
