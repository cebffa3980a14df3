//! The ranks that share a bar.

use crate::memory::{Rank, RankRange, Report};
use std::ops::RangeInclusive;

/// The most ranks that each have a bar of their own.
const MOST_UNFOLDED: usize = 8;
/// Upper bound of the width of a letter in a label, in pixels.
const LETTER: usize = 7;
/// Pixels between two labels.
const LABEL_GAP: usize = 8;

/// A bar, and the ranks that it represents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// The ranks that it represents.
    pub ranks: RangeInclusive<u64>,
    /// The rank whose figures it shows: the one that uses the most memory.
    pub shows: u64,
    /// Whether all of them use their memory in the same way.
    pub alike: bool,
    /// Its name: "GPU 0", "GPU 0–3".
    pub label: String,
}

impl Bar {
    /// The bar of consecutive ranks, and the rank that it shows; `None` if there are no ranks.
    pub(super) fn of(ranks: &[Rank]) -> Option<(Bar, &Rank)> {
        let first = ranks.first()?;
        let range = RankRange::of(ranks)?;
        let shows = Rank::most_used(ranks)?;
        let bar = Bar {
            ranks: range.first..=range.last,
            shows: shows.rank,
            alike: ranks.iter().all(|rank| rank.is_like(first)),
            label: range.to_string(),
        };
        Some((bar, shows))
    }
}

/// Bars, each with the rank that it shows, and their labels on the axis.
pub(super) struct Bars<'a> {
    pub bars: Vec<(Bar, &'a Rank)>,
    /// Labels on the axis, without "GPU" if there is no room for it.
    pub labels: Vec<String>,
}

impl<'a> Bars<'a> {
    /// The bars of a report that fit on an axis of `width` pixels.
    pub(super) fn new(report: &'a Report, width: u32) -> Bars<'a> {
        let each: Vec<&[Rank]> = report.ranks.chunks(1).collect();
        let runs = report.alike();
        if each.len() <= MOST_UNFOLDED && fit(&each, width, true) {
            return Bars::of(&each, true);
        }
        if fit(&runs, width, true) {
            return Bars::of(&runs, true);
        }
        let most = runs.len().min((width as usize / (LETTER + LABEL_GAP)).max(1));
        let merged = (1..=most).rev().map(|count| merged(&report.ranks, &runs, count));
        let groups = merged.into_iter().find(|groups| fit(groups, width, false));
        Bars::of(&groups.unwrap_or_else(|| vec![&report.ranks]), false)
    }

    fn of(groups: &[&'a [Rank]], named: bool) -> Bars<'a> {
        let bars: Vec<(Bar, &Rank)> = groups.iter().filter_map(|ranks| Bar::of(ranks)).collect();
        let ranges = groups.iter().filter_map(|ranks| RankRange::of(ranks));
        let labels = ranges.map(|range| if named { range.to_string() } else { range.numbers() }).collect();
        Bars { bars, labels }
    }
}

/// Whether the labels fit side by side without touching.
fn fit(groups: &[&[Rank]], width: u32, named: bool) -> bool {
    let name = if named { "GPU ".len() } else { 0 };
    let ranges = groups.iter().filter_map(|ranks| RankRange::of(ranks));
    let letters = ranges.map(|range| name + range.numbers().chars().count()).max().unwrap_or(0);
    groups.len() * (letters * LETTER + LABEL_GAP) <= width as usize
}

/// Merges consecutive runs of `ranks` until at most `count` are left.
fn merged<'a>(ranks: &'a [Rank], runs: &[&'a [Rank]], count: usize) -> Vec<&'a [Rank]> {
    let mut rest = ranks;
    let mut groups = Vec::with_capacity(count);
    for runs in runs.chunks(runs.len().div_ceil(count).max(1)) {
        let (group, after) = rest.split_at(runs.iter().map(|run| run.len()).sum());
        groups.push(group);
        rest = after;
    }
    groups
}
