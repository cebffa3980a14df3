//! The layout of a picture, in whole pixels.

use super::bars::{Bar, Bars};
use super::scale::Scale;
use super::stack::{Span, stack};
use super::{Segment, Size};
use crate::memory::{Rank, Report};
use crate::units::Units;

/// Space above the plot, where the page writes the capacity.
const TOP: u32 = 20;
/// Space below the plot, for the ranks.
const BOTTOM: u32 = 28;
/// The least space to the left of the plot, for the ticks.
const LEFT: u32 = 40;
/// Upper bound of the width of a digit in a tick's label, in pixels.
const DIGIT: u32 = 7;
/// Space between a tick's label and the plot.
const LABEL_GAP: u32 = 8;
/// The greatest width of a bar.
const WIDEST_BAR: u32 = 96;
/// The lengths of a dash and of the gap after it.
const DASH: (u32, u32) = (6, 4);

/// The box of a segment. The boxes of a bar touch but do not overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// The index of the bar in [`Drawing::bars`](super::Drawing::bars).
    pub bar: usize,
    /// The segment.
    pub segment: Segment,
    /// Left edge.
    pub x: u32,
    /// Upper edge.
    pub y: u32,
    /// The horizontal size.
    pub width: u32,
    /// The vertical size.
    pub height: u32,
}

/// A filled box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Area {
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
}

/// A text, and the position of its end (ticks) or of its middle (bars).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Label {
    pub x: u32,
    pub y: u32,
    pub text: String,
}

/// A laid-out picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Model {
    pub size: Size,
    pub grid: Vec<Area>,
    pub hits: Vec<Hit>,
    /// The lines between the segments of a bar.
    pub gaps: Vec<Area>,
    /// The dashes of the line at the capacity.
    pub dashes: Vec<Area>,
    pub tick_labels: Vec<Label>,
    pub bar_labels: Vec<Label>,
    pub bars: Vec<Bar>,
    pub capacity: u32,
}

impl Model {
    /// Lays out vertical bars side by side.
    pub(super) fn ranks(report: &Report, size: Size, units: Units) -> Model {
        let capacity = report.ranks.iter().map(|rank| rank.total.0 as f64).fold(0.0, f64::max);
        let most = report.ranks.iter().map(bytes).fold(capacity, f64::max);
        let base = size.height.saturating_sub(BOTTOM).max(1);
        let height = base.saturating_sub(TOP).max(1);
        let scale = Scale::new(most, height, units);
        let digits = scale.ticks.iter().map(|tick| tick.label.len() as u32).max().unwrap_or(0);
        let left = (digits * DIGIT + 2 * LABEL_GAP).max(LEFT).min(size.width - 1);
        let width = size.width - left;

        let Bars { bars, labels } = Bars::new(report, width);
        let pitch = f64::from(width) / bars.len().max(1) as f64;
        let bar_width = ((pitch * 0.68) as u32).clamp(1, WIDEST_BAR);
        let middle = |bar: usize| left + ((bar as f64 + 0.5) * pitch) as u32;
        let mut hits = Vec::new();
        let mut gaps = Vec::new();
        for (bar, (_, rank)) in bars.iter().enumerate() {
            let x = middle(bar) - bar_width / 2;
            for (index, Span { segment, start, length }) in stack(rank, scale.per_byte).into_iter().enumerate() {
                let y = base.saturating_sub(start + length);
                hits.push(Hit { bar, segment, x, y, width: bar_width, height: base.saturating_sub(start) - y });
                if index > 0 {
                    gaps.push(Area { x, y: base.saturating_sub(start), width: bar_width, height: 1 });
                }
            }
        }
        let capacity = base - ((capacity * scale.per_byte).round() as u32).clamp(1, base);
        let across = |y: u32| Area { x: left, y, width, height: 1 };
        Model {
            size,
            grid: scale.ticks.iter().map(|tick| across(base - tick.at)).collect(),
            hits,
            gaps,
            dashes: dashes(left, size.width).map(|(x, width)| Area { x, width, ..across(capacity) }).collect(),
            tick_labels: scale
                .ticks
                .into_iter()
                .map(|tick| Label { x: left - LABEL_GAP, y: base - tick.at, text: tick.label })
                .collect(),
            bar_labels: labels
                .into_iter()
                .enumerate()
                .map(|(bar, text)| Label { x: middle(bar), y: base + LABEL_GAP, text })
                .collect(),
            bars: bars.into_iter().map(|(bar, _)| bar).collect(),
            capacity,
        }
    }

    /// Lays out one horizontal bar.
    pub(super) fn strip(report: &Report, size: Size) -> Model {
        let rank = report.kv_limiting_rank().or_else(|| report.most_used_rank());
        let (capacity, most) = rank.map_or((0.0, 0.0), |rank| (rank.total.0 as f64, bytes(rank)));
        let scale = f64::from(size.width) / capacity.max(most).max(1.0);
        let spans = rank.map_or_else(Vec::new, |rank| stack(rank, scale));
        let (y, height) = (0, size.height);
        let place = |span: &Span| {
            let x = span.start.min(size.width);
            Hit { bar: 0, segment: span.segment, x, y, width: span.length.min(size.width - x), height }
        };
        let gaps = spans.iter().skip(1).map(|span| Area { x: span.start - 1, y, width: 1, height });
        let gaps = gaps.collect();
        let capacity_x = ((capacity * scale).round() as u32).min(size.width);
        let line = |(y, height)| Area { x: capacity_x, y, width: 1, height };
        Model {
            size,
            grid: Vec::new(),
            hits: spans.iter().map(place).collect(),
            gaps,
            dashes: if capacity < most { dashes(0, size.height).map(line).collect() } else { Vec::new() },
            tick_labels: Vec::new(),
            bar_labels: Vec::new(),
            bars: rank.and_then(|rank| Bar::of(std::slice::from_ref(rank))).into_iter().map(|(bar, _)| bar).collect(),
            capacity: capacity_x,
        }
    }
}

/// The used and the free memory of a rank, without saturation.
fn bytes(rank: &Rank) -> f64 {
    Segment::ALL.into_iter().map(|segment| segment.bytes(rank).0 as f64).sum()
}

/// The starts and lengths of dashes.
pub(super) fn dashes(from: u32, to: u32) -> impl Iterator<Item = (u32, u32)> {
    let (dash, gap) = DASH;
    (from..to).step_by((dash + gap) as usize).map(move |start| (start, dash.min(to - start)))
}
