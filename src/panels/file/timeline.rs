//! The memory lines of a log in chronological order, as a filling bar.

use super::super::widgets::roving;
use super::size;
use crate::chart::Theme;
use crate::log::{Entry, EventKind, ExplainedLog, RankReading};
use crate::memory::Contributor;
use crate::units::{Bytes, grouped};
use maud::{Markup, html};

/// The most lines shown.
const MOST: usize = 60;
/// The length of a bar in SVG units.
const LENGTH: f64 = 1000.0;
/// The height of a bar in SVG units.
const HEIGHT: u32 = 10;

/// A line, and the memory that it adds.
struct Step<'a> {
    entry: &'a Entry,
    /// The memory in use before it, in chronological order.
    before: Vec<(Contributor, u64)>,
    /// The memory that it adds, and the contributor.
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
    let mut held: Vec<(Contributor, u64)> = Vec::new();
    let mut steps = Vec::new();
    for entry in sized {
        // The log may print a contributor several times. The last line counts.
        let said = counted(entry, rank).filter(|(contributor, _)| last[*contributor as usize] == Some(entry.line));
        let adds = said.or_else(|| outside(entry, sum(&held)));
        steps.push(Step { entry, before: held.clone(), adds });
        held.extend(adds);
    }
    steps
}

fn sum<'a>(parts: impl IntoIterator<Item = &'a (Contributor, u64)>) -> u64 {
    parts.into_iter().fold(0, |sum, (_, bytes)| sum.saturating_add(*bytes))
}

/// The memory that a line adds, if its contributor's size was read from this line.
fn counted(entry: &Entry, rank: &RankReading) -> Option<(Contributor, u64)> {
    let contributor = entry.event.kind.contributor()?;
    let (size, kind) = rank.measured[contributor as usize]?;
    if kind != entry.event.kind || entry.event.size.map(|size| size.bytes) != Some(size.bytes) {
        return None;
    }
    let outside = rank.outside_at_peak().filter(|_| contributor == Contributor::Overhead);
    Some((contributor, outside.unwrap_or(size).bytes.0))
}

/// The memory outside every line, which a line with the free memory shows.
fn outside(entry: &Entry, used: u64) -> Option<(Contributor, u64)> {
    let (left, total) =
        entry.event.size.zip(entry.event.other).filter(|_| entry.event.kind == EventKind::FreeMemory)?;
    let more = total.bytes.0.checked_sub(left.bytes.0)?.checked_sub(used)?;
    Some((Contributor::Overhead, more))
}

/// Returns the bar of a rank, with a row for each line that has a size.
pub(super) fn timeline(log: &ExplainedLog, at: usize, theme: &Theme) -> Markup {
    let steps = steps(log, at);
    let total = log.reading.ranks.get(at).and_then(|rank| rank.total).map(|size| size.bytes.0);
    let held = steps.last().map_or(0, |step| sum(step.before.iter().chain(&step.adds)));
    let whole = total.unwrap_or(0).max(held).max(1) as f64;
    let of = total.map_or_else(String::new, |total| format!(" of {}", Bytes(total).display(log.units)));
    let idle = format!("In log order. Bars: cumulative memory{of}.");
    html! {
        ol.timeline aria-label="Memory lines in log order" data-roving {
            @for (index, step) in steps.iter().take(MOST).enumerate() {
                li data-line=(step.entry.line) data-tip=(step.entry.text) tabindex=(roving(index)) {
                    span.line-number { (step.entry.line) }
                    span.step-name { (step.entry.event.kind.label()) }
                    span.step-size {
                        @if let Some(printed) = step.entry.event.size { (size(printed.bytes, log.units)) }
                    }
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

/// Memory from earlier lines is paler.
fn bar(step: &Step, whole: f64, theme: &Theme) -> Markup {
    let at = |bytes: u64| (bytes as f64 / whole * LENGTH).round() as u32;
    let mut end = 0_u64;
    let parts = step.before.iter().map(|part| (part, "0.35")).chain(step.adds.iter().map(|part| (part, "1")));
    html! {
        svg.step-bar viewBox={ "0 0 " (LENGTH as u32) " " (HEIGHT) } preserveAspectRatio="none" aria-hidden="true" {
            rect width=(LENGTH as u32) height=(HEIGHT) fill=(theme.free) {}
            @for ((contributor, bytes), opacity) in parts {
                @let start = at(end);
                @let () = end = end.saturating_add(*bytes);
                // Small sizes are visible too.
                rect x=(start) width=(at(end).saturating_sub(start).max(3)) height=(HEIGHT)
                    fill=(theme.contributor(*contributor)) opacity=(opacity) {}
            }
        }
    }
}
