//! The memory of each kind of rank: horizontal bars below each other, on one axis.

use super::bars::{Bar, bars, giga, parts};
use super::draw::{Canvas, Font, rgb};
use super::plot::{Chart, Failure, dashed, plotted, tick};
use super::stack::Hit;
use super::stacked_bar::{Direction, Part, StackedBar, boxes};
use super::words::{Word, Words};
use super::{Drawing, Size, Theme};
use crate::memory::{Rank, Report};
use crate::text::capitalized;
use crate::units::{Units, grouped_decimal};
use plotters::coord::types::{RangedCoordf64, RangedCoordi32};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// The height of a bar: the only one, the fullest of several, and the others.
const HEIGHTS: (u32, u32, u32) = (48, 42, 22);
/// The space between two bars.
const GAP: u32 = 8;
/// The width of the names to the left of the bars, with the space between them.
const NAMES: (u32, u32) = (92, 12);
/// The least width of a picture with names to the left of the bars. In a narrower one they are
/// above the bars.
const LEAST_WIDTH_FOR_NAMES: u32 = 560;
/// The height of a name above a bar.
const NAME_HEIGHT: u32 = 20;
/// The space by which the line at the capacity is longer than a bar, at both ends.
const LINE_END: i32 = 2;
/// The space between the last bar and the axis, and the height of the axis.
const AXIS: (u32, u32) = (2, 22);
/// The length of a tick. Labels have twice this distance from the axis.
const TICK: i32 = 3;
/// The most ticks, and the least distance between two of them.
const TICKS: (u32, u32) = (6, 64);
/// The least space between the label of the capacity and that of a tick. Wide fonts use it up.
const LABEL_GAP: i32 = 20;

/// Draws a horizontal bar for each kind of rank, the fullest first, with an axis in `units` that
/// ends at the GPU's capacity. If a bar exceeds the capacity, a dashed line marks it.
///
/// The height follows from the number of bars. If there are more than eight kinds of ranks, the
/// last bar shows the fullest rank of those that have no bar of their own. Segments have `class`
/// `segment`, `data-bar` and `data-segment`; a name is written into a segment only if it fits.
///
/// ```
/// use trtllm_memory::chart::{self, Theme};
/// use trtllm_memory::{link, memory::estimate, units::Units};
/// let report = estimate(&link::decode("pp_size=2").deployment).unwrap();
/// let drawing = chart::ranks(&report, 640, &Theme::LIGHT, Units::Binary);
/// assert!(drawing.svg.starts_with("<svg width=\"640\" height=\"96\" viewBox=\"0 0 640 96\""));
/// assert_eq!(drawing.bars[0].label, "GPU 1");
/// ```
pub fn ranks(report: &Report, width: u32, theme: &Theme, units: Units) -> Drawing {
    let lanes = Lanes::new(report, width, units);
    let (svg, (hits, capacity)) = plotted(lanes.size, |canvas| lanes.draw(canvas, theme));
    let bars = lanes.lanes.into_iter().map(|lane| lane.bar).collect();
    Drawing { svg, height: lanes.size.height, hits, bars, capacity }
}

/// A bar with its texts and its place in the plot.
struct Lane<'r> {
    bar: Bar,
    rank: &'r Rank,
    parts: Vec<Part>,
    name: String,
    note: String,
    /// The upper edge and the height of the bar.
    y: u32,
    height: u32,
}

/// Where the names of the bars are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    None,
    Left,
    Above,
}

/// The bars of a report, laid out for a width.
pub(super) struct Lanes<'r> {
    lanes: Vec<Lane<'r>>,
    names: Names,
    units: Units,
    pub(super) size: Size,
}

impl<'r> Lanes<'r> {
    pub(super) fn new(report: &'r Report, width: u32, units: Units) -> Lanes<'r> {
        let width = Size { width, height: 0 }.limited().width;
        let bars = bars(report);
        let names = match bars.len() {
            0 | 1 => Names::None,
            _ if width >= LEAST_WIDTH_FOR_NAMES => Names::Left,
            _ => Names::Above,
        };
        let room = if names == Names::Left { NAMES.0 } else { width };
        let (single, fullest, other) = HEIGHTS;
        let mut end = 0;
        let lane = |(at, (bar, rank)): (usize, (Bar, &'r Rank))| {
            let gap = if at > 0 { GAP } else { 0 };
            let y = end + gap + if names == Names::Above { NAME_HEIGHT } else { 0 };
            let height = match (names, at) {
                (Names::None, _) => single,
                (_, 0) => fullest,
                _ => other,
            };
            end = y + height;
            let font = if at == 0 { Font::BOLD } else { Font::TEXT };
            Lane {
                parts: parts(report, rank, &bar, units),
                name: name(&bar, font, room),
                note: note(&bar, at == 0),
                bar,
                rank,
                y,
                height,
            }
        };
        let lanes = bars.into_iter().enumerate().map(lane).collect();
        Lanes { lanes, names, units, size: Size { width, height: end + AXIS.0 + AXIS.1 } }
    }

    /// The left edge of the bars.
    fn left(&self) -> u32 {
        if self.names == Names::Left { NAMES.0 + NAMES.1 } else { 0 }
    }

    /// Draws the bars on a canvas of their size. Returns their boxes and the capacity's x, in
    /// pixels of the whole picture.
    pub(super) fn draw(&self, canvas: &Canvas, theme: &Theme) -> Result<(Vec<Hit>, u32), Failure> {
        let giga_bytes = self.units.giga_bytes();
        let capacity = self.lanes.iter().map(|lane| lane.rank.total.0 as f64).fold(0.0, f64::max) / giga_bytes;
        let end = self.lanes.iter().map(|lane| giga(lane.rank, self.units)).fold(capacity, f64::max);
        let end = if end > 0.0 { end } else { 1.0 };
        let plot_height = (self.size.height - AXIS.1) as i32;
        // Bars differ in height: the vertical coordinate is a pixel, counted downwards.
        let mut chart = ChartBuilder::on(canvas)
            .margin_left(self.left())
            .x_label_area_size(AXIS.1)
            .build_cartesian_2d(0.0..end, plot_height..0)?;
        let [left, right] = [0.0, end].map(|giga| chart.backend_coord(&(giga, 0)).0);
        let x = |giga: f64| left + (giga / end * f64::from(right - left)).round() as i32;
        let label = CapacityLabel::new(capacity, self.units, x(capacity), (left, right), end > capacity);
        let tick_label = |giga: &f64| {
            let text = tick(*giga);
            if label.touches(x(*giga), Font::SMALL.width(&text) as i32) { String::new() } else { text }
        };
        let ticks = ((right - left).unsigned_abs() / TICKS.1).clamp(1, TICKS.0) + 1;
        chart
            .configure_mesh()
            .disable_mesh()
            .disable_y_axis()
            .axis_style(rgb(theme.grid))
            .label_style(Font::SMALL.style(theme.faint, Pos::default()))
            .x_labels(ticks as usize)
            .x_label_formatter(&tick_label)
            .set_all_tick_mark_size(TICK)
            .draw()?;
        let corners =
            |lane: &Lane| [(0.0, lane.y as i32), (giga(lane.rank, self.units), (lane.y + lane.height) as i32)];
        let line = (end > capacity).then_some(x(capacity).max(0).unsigned_abs());
        for (index, lane) in self.lanes.iter().enumerate() {
            let (corners, parts, direction) = (corners(lane), &lane.parts, Direction::Right);
            chart.draw_series([StackedBar { corners, index, parts, direction, line, theme }])?;
            if end > capacity {
                let ends = [lane.y as i32 - LINE_END, (lane.y + lane.height) as i32 + LINE_END];
                draw_capacity(&mut chart, capacity, ends, theme)?;
            }
        }
        label.draw(canvas, (canvas.get_base_pixel().0, plot_height), theme)?;
        for (at, lane) in self.lanes.iter().enumerate() {
            self.draw_name(canvas, lane, at == 0, theme)?;
        }
        let hits = self.lanes.iter().enumerate().flat_map(|(index, lane)| {
            boxes(index, &lane.parts, Direction::Right, corners(lane).map(|corner| chart.backend_coord(&corner)))
        });
        Ok((hits.collect(), x(capacity).max(0).unsigned_abs()))
    }

    /// Writes the name of a bar, and its note.
    fn draw_name(&self, canvas: &Canvas, lane: &Lane, is_fullest: bool, theme: &Theme) -> Result<(), Failure> {
        let font = if is_fullest { Font::BOLD } else { Font::TEXT };
        let name = Word { text: &lane.name, font, color: theme.ink };
        let note = Word { text: &lane.note, font: Font::SMALL, color: theme.faint };
        let (top, middle) = (lane.y as i32, (lane.y + lane.height / 2) as i32);
        let words = |first, second, y| Words { at: (0, y), class: "bar-name", first, second };
        match self.names {
            Names::None => Ok(()),
            Names::Left if is_fullest => {
                canvas.draw(&words(name, None, middle - 8))?;
                canvas.draw(&words(note, None, middle + 9))
            }
            Names::Left => canvas.draw(&words(name, None, middle)),
            Names::Above => {
                let note = Some(note).filter(|note| !note.text.is_empty());
                canvas.draw(&words(name, note, top - NAME_HEIGHT as i32 / 2 - 1))
            }
        }
    }
}

/// The name of a bar in at most `room` pixels.
fn name(bar: &Bar, font: Font, room: u32) -> String {
    let short = match bar.alike {
        true => format!("{} GPUs", bar.count),
        false => format!("Fullest of {}", bar.count),
    };
    let full = capitalized(&bar.label);
    if font.width(&full) <= room { full } else { short }
}

/// Draws the capacity as a dashed line between two heights.
pub(super) fn draw_capacity(
    chart: &mut Chart<'_, '_, RangedCoordf64, RangedCoordi32>,
    capacity: f64,
    [from, to]: [i32; 2],
    theme: &Theme,
) -> Result<(), Failure> {
    // On a ground of paper, because the segments have dark and light colors.
    let plot = chart.plotting_area().strip_coord_spec();
    let x = chart.backend_coord(&(capacity, 0)).0 - plot.get_base_pixel().0;
    plot.draw(&Rectangle::new([(x - 1, from), (x + 2, to)], rgb(theme.paper).filled()))?;
    chart.draw_series([dashed([(capacity, from), (capacity, to)], theme.ink)])?;
    Ok(())
}

/// The note beside the name of a bar.
fn note(bar: &Bar, is_fullest: bool) -> String {
    match (bar.count, is_fullest) {
        (1, true) => "fullest".into(),
        (count, true) => format!("{count} alike, fullest"),
        (count, false) if count > 1 && bar.alike => format!("{count} alike"),
        _ => String::new(),
    }
}

/// The capacity as a label of the axis.
struct CapacityLabel {
    text: String,
    /// The left and the right end in pixels of the whole picture.
    ends: (i32, i32),
    /// The end at which the text is anchored, so that it is not cut off in a wider font.
    anchor: HPos,
}

impl CapacityLabel {
    /// A label that ends at the capacity, or has it in its middle if bars exceed it.
    fn new(giga: f64, units: Units, x: i32, (left, right): (i32, i32), is_exceeded: bool) -> CapacityLabel {
        let text = format!("{} {} capacity", grouped_decimal(giga, 2), units.giga());
        let width = Font::SMALL_BOLD.width(&text) as i32;
        let start = if is_exceeded { x - width / 2 } else { x - width };
        let start = start.min(right - width).max(left);
        let anchor = match start {
            start if start + width == right => HPos::Right,
            start if start == left => HPos::Left,
            _ => HPos::Center,
        };
        CapacityLabel { text, ends: (start, start + width), anchor }
    }

    /// Whether it would touch a label of a tick.
    fn touches(&self, middle: i32, width: i32) -> bool {
        let half = width / 2 + LABEL_GAP;
        middle + half > self.ends.0 && middle - half < self.ends.1
    }

    /// Writes it on paper, so that it can be read on any ground. `origin` is the x of the canvas
    /// in the picture, and the y of the axis on the canvas.
    fn draw(&self, canvas: &Canvas, origin: (i32, i32), theme: &Theme) -> Result<(), Failure> {
        let (x, y) = origin;
        let (start, end) = (self.ends.0 - x, self.ends.1 - x);
        let ground = [(start, y + TICK), (end, y + AXIS.1 as i32)];
        canvas.draw(&Rectangle::new(ground, rgb(theme.paper).filled()))?;
        let x = match self.anchor {
            HPos::Left => start,
            HPos::Center => i32::midpoint(start, end),
            HPos::Right => end,
        };
        let style = Font::SMALL_BOLD.style(theme.ink, Pos::new(self.anchor, VPos::Top));
        // The labels of the ticks are in an area of their own, which starts a pixel lower.
        canvas.draw_text(&self.text, &style, (x, y + 1 + 2 * TICK))
    }
}
