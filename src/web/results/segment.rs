//! The text of a segment in the chart.

use super::figures::{large, share};
use crate::chart::{Drawing, Hit};
use crate::memory::Report;
use crate::units::{Bytes, Units};

/// The accessible name of a segment's box. It has no character that markup would have to escape.
pub(super) fn label(drawing: &Drawing, report: &Report, hit: &Hit, units: Units) -> String {
    let Some((bytes, total)) = figure(drawing, report, hit) else {
        return hit.segment.label().to_string();
    };
    let bar = drawing.bars.get(hit.bar).map_or("", |bar| bar.label.as_str());
    format!("{}, {bar}: {}, {}", hit.segment.label_in(report), large(bytes, units), share(bytes, total))
}

/// The size of a segment, and the total memory of its GPU.
pub(super) fn figure(drawing: &Drawing, report: &Report, hit: &Hit) -> Option<(Bytes, Bytes)> {
    let shows = drawing.bars.get(hit.bar)?.shows;
    let rank = report.ranks.iter().find(|rank| rank.rank == shows)?;
    Some((hit.segment.bytes(rank), rank.total))
}
