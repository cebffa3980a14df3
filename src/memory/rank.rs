//! The memory of one rank, and names for ranges of ranks.

use super::band::Band;
use super::contributor::Contributor;
use super::law::Law;
use crate::deployment::Resolved;
use crate::units::Bytes;
use serde::{Serialize, Serializer};
use std::cmp::Reverse;
use std::fmt::{Display, Formatter};

/// A size with its uncertainty band and its law.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figure {
    /// The likely size.
    pub bytes: Bytes,
    /// Lower end of the uncertainty band.
    pub low: Bytes,
    /// Upper end of the uncertainty band.
    pub high: Bytes,
    /// The law behind it.
    pub law: &'static Law,
}

impl Figure {
    /// A figure with the band of its law.
    pub fn of(law: &'static Law, bytes: f64) -> Figure {
        Figure::new(law, bytes, law.band(bytes))
    }

    /// A figure with a band of its own.
    pub fn new(law: &'static Law, bytes: f64, band: Band) -> Figure {
        Figure::between(law, [bytes - band.below, bytes, bytes + band.above])
    }

    /// A figure with the given low, likely and high sizes.
    pub fn between(law: &'static Law, sizes: [f64; 3]) -> Figure {
        let [low, bytes, high] = sizes.map(Bytes::rounded);
        Figure { bytes, low, high, law }
    }

    /// Whether the user's log calibrates the figure.
    pub fn is_calibrated(&self) -> bool {
        std::ptr::eq(self.law, &super::calibrated::LAW)
    }

    /// The uncertainty band.
    pub fn band(&self) -> Band {
        Band { below: (self.bytes - self.low).0 as f64, above: (self.high - self.bytes).0 as f64 }
    }
}

/// The memory of one rank's GPU.
#[derive(Debug, Clone, PartialEq)]
pub struct Rank {
    /// The number of the rank, which is also the number of its GPU.
    pub rank: u64,
    /// The position among the ranks that share its layers.
    pub tp_rank: u64,
    /// The pipeline stage.
    pub pp_rank: u64,
    /// The contributors, in the order of [`Contributor::ALL`].
    pub contributors: [Figure; 6],
    /// Total memory of the GPU.
    pub total: Bytes,
    /// Free memory just before the KV cache is sized.
    pub available: Bytes,
    /// Uncertainty band of [`available`](Rank::available). It covers the memory in use and the
    /// total memory of the GPU.
    pub available_band: Band,
    /// Memory that stays free; zero if the deployment fails.
    pub free: Bytes,
    /// The part of the overhead that warm-up takes for CUDA graphs, before the KV cache.
    pub graphs_of_warm_up: Bytes,
    /// The part of the overhead that is reserved last before the KV cache: masks, adapters,
    /// recurrent states.
    pub reserved: Bytes,
    /// The part of the overhead that is allocated after the KV cache.
    pub after_kv_cache: Bytes,
    /// Uncertainty band of [`after_kv_cache`](Rank::after_kv_cache).
    pub after_kv_cache_band: Band,
}

impl Rank {
    /// The figure of `contributor`.
    pub fn figure(&self, contributor: Contributor) -> &Figure {
        &self.contributors[contributor as usize]
    }

    /// The same rank with another number.
    pub(super) fn numbered(self, resolved: &Resolved, number: u64) -> Rank {
        Rank {
            rank: number,
            tp_rank: number % resolved.parallel.tp_size,
            pp_rank: number / resolved.parallel.tp_size,
            ..self
        }
    }

    /// The memory in use: the sum of all contributors.
    pub fn used(&self) -> Bytes {
        self.contributors.iter().map(|figure| figure.bytes).sum()
    }

    /// The memory in use, KV cache excluded.
    pub fn used_without_kv_cache(&self) -> Bytes {
        self.used() - self.figure(Contributor::KvCache).bytes
    }

    /// The rank with the least free memory; of several the one that uses the most memory, then the
    /// first. `None` if there are no ranks.
    pub fn least_free(ranks: &[Rank]) -> Option<&Rank> {
        ranks.iter().min_by_key(|rank| (rank.free, Reverse(rank.used())))
    }

    /// The rank that uses the most memory; the first of several. `None` if there are no ranks.
    pub fn most_used(ranks: &[Rank]) -> Option<&Rank> {
        ranks.iter().min_by_key(|rank| Reverse(rank.used()))
    }

    /// Whether all contributors of both ranks are equal.
    pub fn is_like(&self, other: &Rank) -> bool {
        self.contributors == other.contributors
    }

    /// Uncertainty of all memory except the KV cache, on the wider side.
    pub fn uncertainty(&self) -> Bytes {
        Bytes(self.available_band.widest() as u64)
    }

    /// Uncertainty band of [`Rank::free`].
    ///
    /// The KV cache takes its fraction of the available memory, which compensates for most
    /// deviations of the other figures. If `max_tokens` limits the KV cache, nothing is
    /// compensated.
    pub fn free_band(&self) -> Band {
        let cache = self.figure(Contributor::KvCache).band();
        let rest = |fixed: f64, cache: f64| (fixed - cache).abs();
        let left = Band {
            below: rest(self.available_band.below, cache.below),
            above: rest(self.available_band.above, cache.above),
        };
        Band::of_sum([left, self.after_kv_cache_band.of_rest()])
    }

    /// Whether the memory may be insufficient, given the uncertainty.
    pub fn may_exceed(&self) -> bool {
        self.free_band().below > self.free.0 as f64
    }
}

/// Serializes the bytes of each contributor under its key, and the low and high ends under `bands`.
impl Serialize for Rank {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let mut map = serializer.serialize_map(None)?;
        for (key, number) in [("rank", self.rank), ("tp_rank", self.tp_rank), ("pp_rank", self.pp_rank)] {
            map.serialize_entry(key, &number)?;
        }
        for contributor in Contributor::ALL {
            map.serialize_entry(contributor.key(), &self.figure(contributor).bytes)?;
        }
        for (key, bytes) in
            [("free", self.free), ("used", self.used()), ("total", self.total), ("available", self.available)]
        {
            map.serialize_entry(key, &bytes)?;
        }
        map.serialize_entry("bands", &Bands(&self.contributors))?;
        map.end()
    }
}

/// The low and high ends of each contributor's band, under its key.
struct Bands<'a>(&'a [Figure; 6]);

impl Serialize for Bands<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let figures = Contributor::ALL.into_iter().zip(self.0);
        serializer.collect_map(figures.map(|(contributor, figure)| (contributor.key(), [figure.low, figure.high])))
    }
}

/// A range of consecutive ranks, displayed as "GPU 3" or "GPU 0–3".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RankRange {
    /// The first rank.
    pub first: u64,
    /// The last rank, not less than `first`.
    pub last: u64,
}

impl RankRange {
    /// The range of consecutive `ranks`; `None` if there are none.
    pub fn of(ranks: &[Rank]) -> Option<RankRange> {
        Some(RankRange { first: ranks.first()?.rank, last: ranks.last()?.rank })
    }

    /// The numbers without "GPU": "3" or "0–3".
    pub fn numbers(self) -> String {
        let RankRange { first, last } = self;
        if first == last { first.to_string() } else { format!("{first}–{last}") }
    }
}

impl Display for RankRange {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "GPU {}", self.numbers())
    }
}

/// The largest number of ranges that [`RankRanges`] displays.
const MAX_RANGES: usize = 3;

/// A set of ranks, displayed as "GPU 0–3, 8". Many ranges are abbreviated, with the number of the
/// other ranks: "GPU 0, 8 and 126 more".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RankRanges(Vec<RankRange>);

/// Collects rank numbers in ascending order.
impl FromIterator<u64> for RankRanges {
    fn from_iter<I: IntoIterator<Item = u64>>(ranks: I) -> RankRanges {
        let mut ranges: Vec<RankRange> = Vec::new();
        for rank in ranks {
            match ranges.last_mut() {
                Some(range) if range.last + 1 == rank => range.last = rank,
                _ => ranges.push(RankRange { first: rank, last: rank }),
            }
        }
        RankRanges(ranges)
    }
}

impl Display for RankRanges {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let shown = if self.0.len() > MAX_RANGES { MAX_RANGES - 1 } else { self.0.len() };
        let numbers: Vec<String> = self.0[..shown].iter().map(|range| range.numbers()).collect();
        write!(f, "GPU {}", numbers.join(", "))?;
        if shown < self.0.len() {
            let more: u64 = self.0[shown..].iter().map(|range| range.last - range.first + 1).sum();
            write!(f, " and {more} more")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn ranks_are_named_by_their_ranges() {
        let name = |ranks: &[u64]| ranks.iter().copied().collect::<RankRanges>().to_string();
        assert_eq!(name(&[0]), "GPU 0");
        assert_eq!(name(&[0, 1, 2, 3, 8]), "GPU 0–3, 8");
        assert_eq!(name(&[0, 2, 4]), "GPU 0, 2, 4");
        let first_of_nodes: Vec<u64> = (0..128).map(|node| node * 8).collect();
        assert_eq!(name(&first_of_nodes), "GPU 0, 8 and 126 more");
        let all_but_first_of_nodes = (0..64).filter(|rank| rank % 8 != 0).collect::<RankRanges>();
        assert_eq!(all_but_first_of_nodes.to_string(), "GPU 1–7, 9–15 and 42 more");
    }

    #[test]
    fn a_range_of_one_rank_is_its_number() {
        assert_eq!(RankRange { first: 3, last: 3 }.to_string(), "GPU 3");
        assert_eq!(RankRange { first: 0, last: 3 }.to_string(), "GPU 0–3");
    }
}
