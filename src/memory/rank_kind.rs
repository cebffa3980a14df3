//! Kinds of ranks: ranks that use their memory in the same way.

use super::rank::{Rank, RankRanges};
use super::report::Report;

/// Ranks that use their memory in the same way, also if their numbers are not consecutive.
#[derive(Debug, Clone, PartialEq)]
pub struct RankKind<'a> {
    /// The first of them. All of them have its figures.
    pub first: &'a Rank,
    /// All of them, in the order of their numbers.
    pub ranks: Vec<&'a Rank>,
}

impl RankKind<'_> {
    /// The name: "GPU 0", "GPU 1–3, 5–7", or "GPU 1–7, 9–15 and 46 more" if it would be long.
    pub fn label(&self) -> String {
        self.ranks.iter().map(|rank| rank.rank).collect::<RankRanges>().to_string()
    }
}

impl Report {
    /// The kinds of ranks, fullest first. Of equally full kinds, the one with the lower rank comes
    /// first.
    pub fn kinds(&self) -> Vec<RankKind<'_>> {
        let mut kinds: Vec<RankKind> = Vec::new();
        for rank in &self.ranks {
            // Most ranks are like the one before them.
            match kinds.iter_mut().rev().find(|kind| kind.first.is_like(rank)) {
                Some(kind) => kind.ranks.push(rank),
                None => kinds.push(RankKind { first: rank, ranks: vec![rank] }),
            }
        }
        // Inserted in order: a sort of the standard library enlarges the page's program.
        let mut fullest_first: Vec<RankKind> = Vec::with_capacity(kinds.len());
        for kind in kinds {
            let used = kind.first.used();
            let place = fullest_first.partition_point(|fuller| fuller.first.used() >= used);
            fullest_first.insert(place, kind);
        }
        fullest_first
    }
}

#[cfg(test)]
mod tests {
    use crate::deployment::{Deployment, Parallelism};
    use crate::memory::{Rank, Report, estimate};
    use crate::units::Bytes;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    /// A report of ranks that hold the given GiB more weights than the default deployment.
    fn report(more: &[u64]) -> Report {
        let mut report = estimate(&Deployment::engine()).unwrap();
        let rank = report.ranks[0].clone();
        report.ranks = (0..).zip(more).map(|(number, _)| Rank { rank: number, ..rank.clone() }).collect();
        for (rank, more) in report.ranks.iter_mut().zip(more) {
            rank.contributors[0].bytes += Bytes(more << 30);
        }
        report
    }

    fn kinds(report: &Report) -> Vec<(String, usize)> {
        report.kinds().into_iter().map(|kind| (kind.label(), kind.ranks.len())).collect()
    }

    #[test]
    fn equal_ranks_are_one_kind_and_the_fullest_kind_is_first() {
        assert_eq!(kinds(&report(&[0])), [("GPU 0".to_string(), 1)]);
        assert_eq!(kinds(&report(&[0, 0, 0])), [("GPU 0–2".to_string(), 3)]);
        let (first, last) = (("GPU 1–3, 5–7".to_string(), 6), ("GPU 4".to_string(), 1));
        assert_eq!(kinds(&report(&[1, 2, 2, 2, 0, 2, 2, 2])), [first, ("GPU 0".to_string(), 1), last]);
    }

    #[test]
    fn every_rank_of_a_pipeline_is_in_one_kind() {
        let parallel = Parallelism { tp_size: 8, pp_size: 8, ..Parallelism::default() };
        let report = estimate(&Deployment { parallel, ..Deployment::engine() }).unwrap();
        let kinds = report.kinds();
        let mut ranks: Vec<u64> = kinds.iter().flat_map(|kind| &kind.ranks).map(|rank| rank.rank).collect();
        ranks.sort_unstable();
        assert_eq!(ranks, (0..64).collect::<Vec<u64>>());
        assert!(kinds.windows(2).all(|pair| pair[0].first.used() >= pair[1].first.used()));
        assert!(kinds.iter().all(|kind| kind.ranks.iter().all(|rank| rank.is_like(kind.first))));
        for (at, kind) in kinds.iter().enumerate() {
            assert!(kinds[at + 1..].iter().all(|other| !other.first.is_like(kind.first)));
        }
    }
}
