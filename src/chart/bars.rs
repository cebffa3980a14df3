//! Which ranks share a bar.

use crate::memory::{Rank, Report};
use std::ops::RangeInclusive;

/// More ranks than this never have a bar each.
const MOST_UNFOLDED: usize = 8;
/// Pixels of a letter in a label, amply.
const LETTER: usize = 7;
/// Pixels between two labels.
const LABEL_GAP: usize = 8;

/// A bar, and the ranks that it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// The ranks that it stands for.
    pub ranks: RangeInclusive<u64>,
    /// The rank whose figures it shows: the fullest of them.
    pub shows: u64,
    /// Whether all of them use their memory alike.
    pub alike: bool,
    /// What a person would call it: "GPU 0", "GPU 0–3".
    pub label: String,
}

impl Bar {
    /// The bar of neighbouring ranks, and the rank that it shows; `None` where there are none.
    pub(super) fn of(ranks: &[Rank]) -> Option<(Bar, &Rank)> {
        let (first, last) = (ranks.first()?, ranks.last()?);
        let shows = fullest(ranks)?;
        let bar = Bar {
            ranks: first.rank..=last.rank,
            shows: shows.rank,
            alike: ranks.iter().all(|rank| rank.is_like(first)),
            label: format!("GPU {}", numbers(ranks)),
        };
        Some((bar, shows))
    }
}

/// The rank that uses the most memory, the first of several.
pub(super) fn fullest(ranks: &[Rank]) -> Option<&Rank> {
    ranks.iter().rev().max_by_key(|rank| rank.used())
}

/// "0", or "0–3".
fn numbers(ranks: &[Rank]) -> String {
    match ranks {
        [] => String::new(),
        [one] => one.rank.to_string(),
        [first, .., last] => format!("{}–{}", first.rank, last.rank),
    }
}

/// Bars with the rank that each shows and its label on the axis.
pub(super) struct Bars<'a> {
    pub bars: Vec<(Bar, &'a Rank)>,
    /// Labels on the axis, without "GPU" where that leaves no room.
    pub labels: Vec<String>,
}

impl<'a> Bars<'a> {
    /// The bars of a report that an axis of `width` pixels has room for.
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
        let plain = groups.iter().map(|ranks| numbers(ranks));
        let labels = if named { plain.map(|numbers| format!("GPU {numbers}")).collect() } else { plain.collect() };
        Bars { bars, labels }
    }
}

/// Whether the labels stand side by side without touching.
fn fit(groups: &[&[Rank]], width: u32, named: bool) -> bool {
    let name = if named { "GPU ".len() } else { 0 };
    let letters = groups.iter().map(|ranks| name + numbers(ranks).chars().count()).max().unwrap_or(0);
    groups.len() * (letters * LETTER + LABEL_GAP) <= width as usize
}

/// Neighbouring runs of `ranks` put together, so that at most `count` are left.
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
