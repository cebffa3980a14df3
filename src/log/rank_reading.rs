//! The figures of one rank in a log.

use super::events::{Event, EventKind};
use super::scan::Size;
use crate::memory::Contributor;
use crate::units::Bytes;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// The figures in the lines of a rank.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RankReading {
    /// The number of the rank, as stated in a line or assigned by order.
    pub rank: Option<u64>,
    /// Whether a line states the number; otherwise it was assigned by order.
    pub stated: bool,
    /// Sizes in the order of [`Contributor::ALL`], with the kinds of line that they come from.
    pub measured: [Option<(Size, EventKind)>; 6],
    /// The size of the engine file.
    pub engine_file: Option<Size>,
    /// Total memory of the GPU.
    pub total: Option<Size>,
    /// Free memory when the KV cache is sized.
    pub available: Option<Size>,
    /// Blocks of the KV cache.
    pub blocks: Option<u64>,
    /// Tokens per block.
    pub tokens_per_block: Option<u64>,
    /// Tokens of the KV cache.
    pub tokens: Option<u64>,
    /// Blocks of the longest sequence.
    pub pages_per_sequence: Option<u64>,
    /// PyTorch backend: peak of the profiling run.
    pub peak: Option<Size>,
    /// PyTorch backend: the KV cache that existed while the peak was measured.
    pub temporary_kv_cache: Option<Size>,
    /// PyTorch backend: memory outside torch after warm-up.
    pub outside_torch: Option<Size>,
    /// PyTorch backend: bytes per token in the KV cache.
    pub kv_bytes_per_token: Option<f64>,
}

impl RankReading {
    /// The measured size of a contributor.
    pub fn size(&self, contributor: Contributor) -> Option<Size> {
        self.measured[contributor as usize].map(|(size, _)| size)
    }

    /// Bytes per token in the KV cache, with their rounding: as printed, or the pool's size divided
    /// by its tokens.
    pub fn bytes_per_token(&self) -> Option<(f64, f64)> {
        if let Some(bytes) = self.kv_bytes_per_token {
            return Some((bytes, 0.0));
        }
        let (size, tokens) = (self.size(Contributor::KvCache)?, self.tokens.filter(|tokens| *tokens > 0)?);
        Some((size.bytes.0 as f64 / tokens as f64, size.rounding.0 as f64 / tokens as f64))
    }

    /// PyTorch backend: memory outside torch at the peak, without the temporary KV cache that the
    /// line counts.
    pub fn outside_at_peak(&self) -> Option<Size> {
        let (all, _) =
            self.measured[Contributor::Overhead as usize].filter(|(_, kind)| *kind == EventKind::TorchOutsidePeak)?;
        let temporary = self.temporary_kv_cache.map_or(Bytes::ZERO, |size| size.bytes);
        Some(Size { bytes: all.bytes.saturating_sub(temporary), ..all })
    }

    /// Sets the size of a contributor, unless a line with a better figure set it.
    fn set_size(&mut self, kind: EventKind, size: Size) {
        let Some(contributor) = kind.contributor() else { return };
        let priority = |kind: EventKind| match kind {
            EventKind::EngineOnGpu | EventKind::ExecutionContext | EventKind::TorchInside => 3,
            EventKind::AllEnginesOnGpu => 2,
            EventKind::BuilderWeights | EventKind::BuilderActivations | EventKind::TorchOutsidePeak => 1,
            _ => 0,
        };
        let known = &mut self.measured[contributor as usize];
        if known.is_none_or(|(_, before)| priority(kind) >= priority(before)) {
            *known = Some((size, kind));
        }
    }

    /// Adds the figures of an event.
    pub(super) fn add(&mut self, event: &Event) {
        match event.kind {
            EventKind::EngineFile => self.engine_file = event.size,
            EventKind::FreeMemory => (self.available, self.total) = (event.size, event.other.or(self.total)),
            EventKind::PrimaryBlocks => self.blocks = event.count,
            EventKind::TokensPerBlock => self.tokens_per_block = event.count,
            EventKind::KvTokens => {
                self.tokens = event.count;
                self.pages_per_sequence = event.fact("pages").map(|pages| pages as u64).or(self.pages_per_sequence);
            }
            EventKind::KvCache => self.tokens = event.count.or(self.tokens),
            EventKind::PagesPerSequence => {
                self.pages_per_sequence = event.count;
                self.tokens_per_block = event.fact("tokens_per_block").map(|n| n as u64).or(self.tokens_per_block);
                self.blocks = event.fact("primary").map(|n| n as u64).or(self.blocks);
            }
            EventKind::TorchPeak => {
                self.peak = event.size;
                self.total = event.other.or(self.total);
                self.kv_bytes_per_token = event.fact("per_token");
                self.temporary_kv_cache = event.fact("temporary").map(|bytes| Size::exact(bytes as u64));
                self.available = event.fact("available").map(|bytes| Size::exact(bytes as u64));
            }
            EventKind::TorchOutside => self.outside_torch = event.size,
            _ => {}
        }
        if event.kind == EventKind::LibraryInit {
            return;
        }
        if let Some(size) = event.size {
            self.set_size(event.kind, size);
        }
    }

    /// Completes the figures by combining the lines of this rank.
    pub(super) fn complete(&mut self) {
        // The line counts all engines of the process.
        if let (Some((all, EventKind::AllEnginesOnGpu)), Some(own)) = (self.measured[0], self.engine_file)
            && all.bytes.0 as f64 > own.bytes.0 as f64 * 1.05
        {
            self.measured[0] = Some((own, EventKind::EngineFile));
        }
        if let (Some(tokens), Some(block)) = (self.tokens, self.tokens_per_block.filter(|block| *block > 0)) {
            let blocks = tokens / block;
            self.blocks = Some(blocks).filter(|_| tokens.is_multiple_of(block)).or(self.blocks);
        } else if let (Some(tokens), Some(blocks), None) =
            (self.tokens, self.blocks.filter(|n| *n > 0), self.tokens_per_block)
        {
            self.tokens_per_block = Some(tokens / blocks).filter(|_| tokens.is_multiple_of(blocks));
        }
    }
}

/// As an object: sizes in bytes, by the keys of the contributors.
impl Serialize for RankReading {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Measured<'a>(&'a RankReading);
        impl Serialize for Measured<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(None)?;
                for contributor in Contributor::ALL {
                    map.serialize_entry(contributor.key(), &self.0.size(contributor))?;
                }
                map.end()
            }
        }
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("rank", &self.rank)?;
        map.serialize_entry("rank_stated", &self.stated)?;
        map.serialize_entry("measured", &Measured(self))?;
        map.serialize_entry("engine_file", &self.engine_file)?;
        map.serialize_entry("total", &self.total)?;
        map.serialize_entry("available", &self.available)?;
        map.serialize_entry("blocks", &self.blocks)?;
        map.serialize_entry("tokens_per_block", &self.tokens_per_block)?;
        map.serialize_entry("tokens", &self.tokens)?;
        map.serialize_entry("pages_per_sequence", &self.pages_per_sequence)?;
        map.serialize_entry("peak", &self.peak)?;
        map.serialize_entry("outside_torch", &self.outside_torch)?;
        map.end()
    }
}
