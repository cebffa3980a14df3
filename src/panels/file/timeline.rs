//! The memory lines of a log in the order of time, as a bar that fills.

use super::size;
use crate::chart::{Colour, Theme};
use crate::formats::log::{Entry, ExplainedLog, Kind, RankReading};
use crate::memory::Contributor;
use crate::units::{Bytes, grouped};
use maud::{Markup, html};

/// No more lines are shown.
const MOST: usize = 60;
/// Units of a bar's length.
const LENGTH: f64 = 1000.0;
/// Units of its height.
const HEIGHT: u32 = 10;

/// A line, and what it adds.
struct Step<'a> {
    entry: &'a Entry,
    /// What the GPU held before.
    before: u64,
    /// What the line adds, and to which contributor.
    adds: Option<(Contributor, u64)>,
}

/// The lines of a rank.
fn steps(log: &ExplainedLog, at: usize) -> Vec<Step<'_>> {
    let Some(rank) = log.reading.ranks.get(at) else { return Vec::new() };
    let sized = log.reading.timeline.iter().filter(|entry| entry.rank == Some(at) && entry.event.size.is_some());
    let mut last: [Option<u64>; 6] = [None; 6];
    for entry in sized.clone() {
        if let Some((contributor, _)) = counted(entry, rank) {
            last[contributor as usize] = Some(entry.line);
        }
    }
    let mut used = 0_u64;
    let mut steps = Vec::new();
    for entry in sized {
        // A contributor may be said several times; the last counts.
        let said = counted(entry, rank).filter(|(contributor, _)| last[*contributor as usize] == Some(entry.line));
        let adds = said.or_else(|| outside(entry, used));
        steps.push(Step { entry, before: used, adds });
        used = used.saturating_add(adds.map_or(0, |(_, bytes)| bytes));
    }
    steps
}

/// What a line counts, where it is the one that its contributor's size was taken from.
fn counted(entry: &Entry, rank: &RankReading) -> Option<(Contributor, u64)> {
    let contributor = entry.event.kind.contributor()?;
    let (size, kind) = rank.measured[contributor as usize]?;
    if kind != entry.event.kind || entry.event.size.map(|size| size.bytes) != Some(size.bytes) {
        return None;
    }
    let outside = rank.outside_at_peak().filter(|_| contributor == Contributor::Overhead);
    Some((contributor, outside.unwrap_or(size).bytes.0))
}

/// What lies outside every line shows where the log says how much is left.
fn outside(entry: &Entry, used: u64) -> Option<(Contributor, u64)> {
    let (left, total) = entry.event.size.zip(entry.event.other).filter(|_| entry.event.kind == Kind::FreeMemory)?;
    let more = total.bytes.0.checked_sub(left.bytes.0)?.checked_sub(used)?;
    Some((Contributor::Overhead, more))
}

/// The bar of a rank, a row for each line that has a size.
pub fn timeline(log: &ExplainedLog, at: usize, theme: &Theme) -> Markup {
    let steps = steps(log, at);
    let total = log.reading.ranks.get(at).and_then(|rank| rank.total).map(|size| size.bytes.0);
    let held = steps.last().map_or(0, |step| step.before.saturating_add(step.adds.map_or(0, |(_, bytes)| bytes)));
    let whole = total.unwrap_or(0).max(held).max(1) as f64;
    let of = total.map_or_else(String::new, |total| format!(" of the {} of the GPU", Bytes(total)));
    let idle = format!("In the order of time. The bar is what the lines account for{of}.");
    html! {
        ol.timeline aria-label="Memory lines in the order of time" {
            @for step in steps.iter().take(MOST) {
                li data-line=(step.entry.line) data-tip=(step.entry.text) {
                    span.line-number { (step.entry.line) }
                    span.step-name { (step.entry.event.kind.label()) }
                    span.step-size { @if let Some(printed) = step.entry.event.size { (size(printed.bytes)) } }
                    (bar(step, whole, theme))
                }
            }
        }
        @if steps.len() > MOST {
            p.note { "and " (grouped((steps.len() - MOST) as u64)) " more lines" }
        }
        p.note data-tips=(idle) { (idle) }
    }
}

fn bar(step: &Step, whole: f64, theme: &Theme) -> Markup {
    let at = |bytes: u64| (bytes as f64 / whole * LENGTH).round() as u32;
    let before = at(step.before);
    let part = |x: u32, width: u32, colour: Colour| {
        html! { rect x=(x) y="0" width=(width) height=(HEIGHT) fill=(colour) {} }
    };
    html! {
        svg.step-bar viewBox={ "0 0 " (LENGTH as u32) " " (HEIGHT) } preserveAspectRatio="none" aria-hidden="true" {
            (part(0, LENGTH as u32, theme.free))
            (part(0, before, theme.grid))
            @if let Some((contributor, bytes)) = step.adds {
                // A little is seen too.
                (part(before, at(step.before.saturating_add(bytes)).saturating_sub(before).max(3), theme.contributor(contributor)))
            }
        }
    }
}
