//! The assignment of lines to ranks. Some lines name their rank; others are interleaved lines of
//! several ranks without names.

use super::events::EventKind;
use super::rank_reading::RankReading;

/// The position of a line in the start-up of a rank; `None` for lines without a fixed position.
pub(super) const fn stage(kind: EventKind) -> Option<u8> {
    Some(match kind {
        EventKind::EngineFile | EventKind::TorchCheckpoint => 1,
        EventKind::EngineOnGpu => 2,
        EventKind::ExecutionContext => 3,
        EventKind::AllEnginesOnGpu => 4,
        EventKind::RuntimeBuffers => 5,
        EventKind::DecoderBuffers => 6,
        EventKind::FreeMemory => 7,
        EventKind::PrimaryBlocks => 8,
        EventKind::SecondaryBlocks => 9,
        EventKind::PagesPerSequence => 10,
        EventKind::TokensPerBlock => 11,
        EventKind::KvCache => 12,
        EventKind::KvTokens => 13,
        _ => return None,
    })
}

/// Whether a rank may repeat a line at one stage: once per profile, or once per window.
const fn repeats(kind: EventKind) -> bool {
    matches!(kind, EventKind::AllEnginesOnGpu | EventKind::PagesPerSequence | EventKind::SecondaryBlocks)
}

/// The ranks, as far as their lines distinguish them.
#[derive(Debug, Default)]
pub(super) struct Tracks {
    pub(super) ranks: Vec<RankReading>,
    stages: Vec<u8>,
    /// The number of ranks that the log states.
    pub(super) stated: Option<u64>,
    /// Whether the log is of the PyTorch backend, which allocates a KV cache twice.
    pub(super) pytorch: bool,
}

/// The largest number of ranks. Lines of further ranks are ignored.
const MOST: usize = 1024;

impl Tracks {
    /// Assigns a line of this kind to a rank and returns the rank's index.
    pub(super) fn assign(&mut self, kind: EventKind, rank: Option<u64>) -> Option<usize> {
        let at = match (rank, stage(kind)) {
            (Some(rank), _) => self.named(rank),
            (None, None) if self.ranks.is_empty() => self.open(None)?,
            (None, None) => self.latest(),
            (None, Some(stage)) => self.follow(kind, stage)?,
        };
        if let Some(stage) = stage(kind)
            && let Some(last) = self.stages.get_mut(at)
        {
            *last = stage;
        }
        (at < self.ranks.len()).then_some(at)
    }

    fn open(&mut self, rank: Option<u64>) -> Option<usize> {
        if self.ranks.len() >= MOST {
            return None;
        }
        self.ranks.push(RankReading { rank, ..RankReading::default() });
        self.stages.push(0);
        Some(self.ranks.len() - 1)
    }

    fn named(&mut self, rank: u64) -> usize {
        if let Some(at) = self.ranks.iter().position(|known| known.rank == Some(rank)) {
            return at;
        }
        // Earlier lines had no name, so the first unnamed rank may be this one.
        if self.pytorch
            && let Some(at) = self.ranks.iter().position(|known| known.rank.is_none())
        {
            self.ranks[at].rank = Some(rank);
            return at;
        }
        self.open(Some(rank)).unwrap_or(0)
    }

    fn latest(&self) -> usize {
        let most = self.stages.iter().max().copied().unwrap_or(0);
        self.stages.iter().position(|stage| *stage == most).unwrap_or(0)
    }

    /// The rank whose last line is the nearest before this one in start-up; a new rank if there is
    /// none.
    fn follow(&mut self, kind: EventKind, stage: u8) -> Option<usize> {
        let among = |stages: &[u8], before: &dyn Fn(u8) -> bool| {
            let candidates = stages.iter().enumerate().filter(|(_, last)| before(**last));
            candidates.max_by_key(|(at, last)| (**last, usize::MAX - at)).map(|(at, _)| at)
        };
        let nearest = among(&self.stages, &|last| last < stage)
            .or_else(|| among(&self.stages, &|last| last == stage).filter(|_| repeats(kind)));
        if let Some(at) = nearest {
            return Some(at);
        }
        let count = self.ranks.len() as u64;
        if self.pytorch && count >= self.stated.unwrap_or(1).max(1) {
            // All ranks have begun their second allocation; the first of those furthest along
            // continues.
            let most = self.stages.iter().max().copied().unwrap_or(0);
            return self.stages.iter().position(|last| *last == most);
        }
        self.open(None)
    }
}
