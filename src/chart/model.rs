//! Where everything of a picture stands, in whole pixels.

use super::bars::{Bar, Bars, fullest};
use super::scale::Scale;
use super::stack::{Span, stack};
use super::{Segment, Size};
use crate::memory::{Rank, Report};

/// Room above the plot, where the page writes the capacity.
const TOP: u32 = 20;
/// Room below it, for the ranks.
const BOTTOM: u32 = 28;
/// Room left of it, for the ticks, at least.
const LEFT: u32 = 40;
/// Pixels of a digit in a tick's label, amply.
const DIGIT: u32 = 7;
/// Pixels between a tick's label and the plot.
const LABEL_GAP: u32 = 8;
/// A bar is no wider.
const WIDEST_BAR: u32 = 96;
/// Lengths of a dash and of the gap after it.
const DASH: (u32, u32) = (6, 4);

/// A segment's box. Boxes of a bar touch and never overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// The bar's place in [`Drawing::bars`](super::Drawing::bars).
    pub bar: usize,
    /// The segment.
    pub segment: Segment,
    /// Left edge.
    pub x: u32,
    /// Upper edge.
    pub y: u32,
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
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

/// A text and where it ends (a tick's) or has its middle (a bar's).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Label {
    pub x: u32,
    pub y: u32,
    pub text: String,
}

/// A picture before it is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Model {
    pub size: Size,
    pub grid: Vec<Area>,
    pub hits: Vec<Hit>,
    /// What parts the segments of a bar.
    pub gaps: Vec<Area>,
    /// The dashes of the capacity's line.
    pub dashes: Vec<Area>,
    pub tick_labels: Vec<Label>,
    pub bar_labels: Vec<Label>,
    pub bars: Vec<Bar>,
    pub capacity: u32,
}

impl Model {
    /// Upright bars side by side.
    pub(super) fn ranks(report: &Report, size: Size) -> Model {
        let capacity = report.ranks.iter().map(|rank| rank.total.0 as f64).fold(0.0, f64::max);
        let most = report.ranks.iter().map(bytes).fold(capacity, f64::max);
        let base = size.height.saturating_sub(BOTTOM).max(1);
        let height = base.saturating_sub(TOP).max(1);
        let scale = Scale::new(most, height);
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

    /// One lying bar.
    pub(super) fn strip(report: &Report, size: Size) -> Model {
        let rank = report.tightest().or_else(|| fullest(&report.ranks));
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

/// What a rank uses and what stays free, without saturating.
fn bytes(rank: &Rank) -> f64 {
    Segment::ALL.into_iter().map(|segment| segment.bytes(rank).0 as f64).sum()
}

/// Starts and lengths of dashes.
pub(super) fn dashes(from: u32, to: u32) -> impl Iterator<Item = (u32, u32)> {
    let (dash, gap) = DASH;
    (from..to).step_by((dash + gap) as usize).map(move |start| (start, dash.min(to - start)))
}
