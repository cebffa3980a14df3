//! The memory of a rank over the phases of its start: a column for each phase.

use super::draw::{Canvas, Font, rgb};
use super::hatched::{Hatched, box_of};
use super::plot::{Chart, Failure, dashed, plotted, text_style, tick};
use super::stack::Hit;
use super::stacked_bar::{Direction, Part, StackedBar, boxes};
use super::{Segment, Size, Theme};
use crate::memory::{StartPhase, StartUp};
use crate::units::{Bytes, Units, grouped_decimal};
use plotters::coord::ranged1d::SegmentedCoord;
use plotters::coord::types::{RangedCoordf64, RangedCoordusize};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Space above the plot, for the labels of the capacity and of missing memory.
const TOP: u32 = 22;
/// Space below the plot: the name of a phase, and its total.
const BOTTOM: u32 = 40;
/// The distance of a total from the plot.
const TOTAL: i32 = 23;
/// Half the space between two columns.
const MARGIN: i32 = 2;
/// The length of a tick, which is invisible. Labels have twice this distance from the plot.
const TICK: i32 = 4;
/// The height of the label of the capacity, with its space.
const LABEL_HEIGHT: i32 = 19;
/// The least distance between two ticks.
const TICK_DISTANCE: u32 = 40;

/// A drawn start. Positions are in pixels of the SVG's `viewBox`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartUpDrawing {
    /// The picture, as [`Drawing::svg`](super::Drawing::svg).
    pub svg: String,
    /// A box for each segment, phase by phase, each column from its base to its end. The bar of a
    /// box is the index of its phase. Temporary memory is the last box of its phase.
    pub hits: Vec<Hit>,
    /// The y of the GPU's capacity.
    pub capacity: u32,
}

/// Draws a column for each phase of a start, with an axis in `units` and a dashed line at the GPU's
/// capacity. Temporary memory is hatched. A phase that exceeds the capacity has a red outline, and
/// the missing memory above it; later phases are never reached, and stay empty. The picture has at
/// least 240 × 120 pixels.
///
/// ```
/// use trtllm_memory::chart::{self, Size, Theme};
/// use trtllm_memory::{Bytes, Contributor, memory::{StartPhase, StartUp}, units::Units};
/// let held = vec![(Contributor::Weights, Bytes::from_gib(32.0))];
/// let weights = StartPhase { name: "weights", held, temporary: None, missing: Bytes::ZERO };
/// let start = StartUp { capacity: Bytes::from_gib(80.0), phases: vec![weights] };
/// let size = Size { width: 360, height: 240 };
/// let drawing = chart::start_up(&start, size, &Theme::LIGHT, Units::Binary);
/// assert!(drawing.svg.contains("data-segment=\"weights\""));
/// ```
pub fn start_up(start: &StartUp, size: Size, theme: &Theme, units: Units) -> StartUpDrawing {
    let size = size.limited();
    let size = Size { width: size.width.max(240), height: size.height.max(120) };
    let columns: Vec<Column> = start.phases.iter().map(|phase| Column::new(phase, start.capacity, units)).collect();
    let plot = Plot { columns, capacity: start.capacity.giga(units), theme, units };
    let (svg, (hits, capacity)) = plotted(size, |canvas| plot.draw(canvas, size));
    StartUpDrawing { svg, hits, capacity }
}

/// A phase with the texts of its segments.
struct Column<'s> {
    phase: &'s StartPhase,
    parts: Vec<Part>,
    /// The end of what the phase keeps and of all its memory, in GiB or GB.
    held: f64,
    total: f64,
    temporary_label: String,
}

impl<'s> Column<'s> {
    fn new(phase: &'s StartPhase, capacity: Bytes, units: Units) -> Column<'s> {
        let part = |segment: Segment, bytes: Bytes, name| Part::new(segment, bytes, capacity, name, phase.name, units);
        let parts: Vec<Part> = phase
            .held
            .iter()
            .filter(|(_, bytes)| bytes.0 > 0)
            .map(|(contributor, bytes)| part(Segment::Contributor(*contributor), *bytes, contributor.label()))
            .collect();
        let held = parts.iter().map(|part| part.bytes).sum::<f64>() / units.giga_bytes();
        let (more, temporary_label) = phase.temporary.as_ref().map_or((0.0, String::new()), |temporary| {
            let segment = Segment::Contributor(temporary.contributor);
            (temporary.bytes.giga(units), part(segment, temporary.bytes, temporary.name).label)
        });
        Column { phase, parts, held, total: held + more, temporary_label }
    }
}

type Phases<'c, 'a> = Chart<'c, 'a, SegmentedCoord<RangedCoordusize>, RangedCoordf64>;
/// A position in the plot.
type At = (SegmentValue<usize>, f64);

struct Plot<'s> {
    columns: Vec<Column<'s>>,
    /// In GiB or GB.
    capacity: f64,
    theme: &'s Theme,
    units: Units,
}

impl<'s> Plot<'s> {
    /// The phases that the start reaches: it ends in the first one that exceeds the capacity.
    fn reached(&self) -> &[Column<'s>] {
        let fails = self.columns.iter().position(|column| column.phase.missing > Bytes::ZERO);
        &self.columns[..fails.map_or(self.columns.len(), |index| index + 1)]
    }

    /// The largest size on the axis.
    fn end(&self) -> f64 {
        let end = self.reached().iter().map(|column| column.total).fold(self.capacity, f64::max);
        if end > 0.0 { end } else { 1.0 }
    }

    /// Draws the picture. Returns the boxes of the segments and the capacity's y.
    fn draw(&self, canvas: &Canvas, size: Size) -> Result<(Vec<Hit>, u32), Failure> {
        let (end, theme) = (self.end(), self.theme);
        let rows = ((size.height - TOP - BOTTOM) / TICK_DISTANCE).max(1) as usize + 1;
        // Ticks are round numbers below the end of the axis: none has a longer label.
        let left = Font::SMALL.width(&tick(end.trunc())) as i32 + 2 * TICK + 4;
        let last = self.columns.len().saturating_sub(1);
        let mut chart = ChartBuilder::on(canvas)
            .margin_top(TOP)
            .y_label_area_size(left)
            .x_label_area_size(BOTTOM)
            .build_cartesian_2d((0..last).into_segmented(), 0.0..end)?;
        let name = |at: &SegmentValue<usize>| match at {
            SegmentValue::CenterOf(at) => self.columns.get(*at).map_or("", |column| column.phase.name).to_string(),
            _ => String::new(),
        };
        chart
            .configure_mesh()
            .disable_x_mesh()
            .bold_line_style(rgb(theme.grid))
            .light_line_style(TRANSPARENT)
            .axis_style(TRANSPARENT)
            .set_all_tick_mark_size(TICK)
            .x_labels(last + 1)
            .x_label_style(text_style(theme.ink))
            .x_label_formatter(&name)
            .y_labels(rows)
            .y_label_style(text_style(theme.faint))
            .y_label_formatter(&|giga| tick(*giga))
            .draw()?;
        let mut hits = Vec::new();
        for (index, column) in self.reached().iter().enumerate() {
            hits.extend(self.draw_column(canvas, &mut chart, index, column)?);
        }
        let y = chart.backend_coord(&(SegmentValue::Exact(0), self.capacity)).1;
        self.draw_capacity(canvas, &mut chart, y)?;
        Ok((hits, y.max(0).unsigned_abs()))
    }

    /// Draws a phase: its segments, its temporary memory and its texts.
    fn draw_column(
        &self,
        canvas: &Canvas,
        chart: &mut Phases<'_, '_>,
        index: usize,
        column: &Column,
    ) -> Result<Vec<Hit>, Failure> {
        let (theme, phase) = (self.theme, column.phase);
        let end = |at: usize| if at < self.columns.len() { SegmentValue::Exact(at) } else { SegmentValue::Last };
        let inside = |chart: &Phases<'_, '_>, from: f64, to: f64| {
            let (left, right): (At, At) = ((SegmentValue::Exact(index), from), (end(index + 1), to));
            let ((left, base), (right, top)) = (chart.backend_coord(&left), chart.backend_coord(&right));
            [(left + MARGIN, base), (right - MARGIN, top)]
        };
        let corners = inside(chart, 0.0, column.held);
        let parts = &column.parts;
        canvas.draw(&StackedBar { corners, index, parts, direction: Direction::Up, line: None, theme })?;
        let mut hits = boxes(index, parts, Direction::Up, corners);
        let corners = inside(chart, column.held, column.total);
        let whole = [inside(chart, 0.0, 0.0)[0], corners[1]];
        let middle = (corners[0].0 + corners[1].0) / 2;
        let above = Pos::new(HPos::Center, VPos::Bottom);
        if let Some(temporary) = &phase.temporary {
            let segment = Segment::Contributor(temporary.contributor);
            canvas.draw(&Hatched { corners, index, segment, label: &column.temporary_label, theme })?;
            hits.push(box_of(index, segment, corners));
            let is_free = phase.missing == Bytes::ZERO;
            if is_free {
                let style = Font::SMALL.style(theme.faint, above);
                canvas.draw_text(temporary.name, &style, (middle, corners[1].1 - 4))?;
            }
        }
        if phase.missing > Bytes::ZERO {
            let outline = ShapeStyle { stroke_width: 2, ..rgb(theme.bad).into() };
            canvas.draw(&Rectangle::new(whole, outline))?;
            let text = format!("{} missing", grouped_decimal(phase.missing.giga(self.units), 1));
            canvas.draw_text(&text, &Font::SMALL_BOLD.style(theme.bad, above), (middle, corners[1].1 - 4))?;
        }
        let total = Font::SMALL.style(theme.faint, Pos::new(HPos::Center, VPos::Top));
        canvas.draw_text(&grouped_decimal(column.total, 1), &total, (middle, whole[0].1 + TOTAL))?;
        Ok(hits)
    }

    /// Draws the capacity as a dashed line with a label above it: at its right end, or at its left
    /// end if a column on the right exceeds it.
    fn draw_capacity(&self, canvas: &Canvas, chart: &mut Phases<'_, '_>, y: i32) -> Result<(), Failure> {
        let ends = [SegmentValue::Exact(0), SegmentValue::Last].map(|end| (end, self.capacity));
        let [left, right] = ends.clone().map(|end| chart.backend_coord(&end).0);
        chart.draw_series([dashed(ends, self.theme.ink)])?;
        let text = format!("capacity {}", grouped_decimal(self.capacity, 2));
        let width = Font::SMALL_BOLD.width(&text) as i32;
        let last = self.columns.len().saturating_sub(2);
        let is_free = self.reached().iter().skip(last).all(|column| column.total <= self.capacity);
        let (anchor, x, start) = match is_free {
            true => (HPos::Right, right, right - width),
            false => (HPos::Left, left, left),
        };
        let ground = [(start, y - LABEL_HEIGHT), (start + width, y - 1)];
        canvas.draw(&Rectangle::new(ground, rgb(self.theme.paper).filled()))?;
        let style = Font::SMALL_BOLD.style(self.theme.ink, Pos::new(anchor, VPos::Bottom));
        canvas.draw_text(&text, &style, (x, y - 4))
    }
}
