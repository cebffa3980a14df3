//! Horizontal bars below each other on one scale, each with its own label.

use super::draw::{Canvas, rgb};
use super::memory_axis::{MemoryAxis, Shown};
use super::plot::{BELOW, Failure, MARGIN, dashed, plotted, style_axes, text_style, tick, width_of};
use super::{Size, SweepDrawing, Target, Theme};
use crate::explore::sweep::{Point, Sweep};
use crate::memory::Rank;
use crate::units::Units;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Space between a label and the plot.
const LABEL_GAP: u32 = 8;
/// Space to the right of the plot, for the sizes that exceed it.
const RIGHT: u32 = 40;
/// The distance between bars, and the height of one, in pixels.
const ROW: (u32, u32) = (24, 14);
/// The distance between bars if each has its label above it.
const TALL_ROW: u32 = 40;
/// Labels that are wider than this share of the picture are above their bars.
const WIDEST_LABELS: f64 = 0.55;
/// The radius of the dot at the marked bar, and that of the mark on a size beyond the plot.
const RADII: (i32, i32) = (4, 5);

/// A horizontal bar.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// The label before it.
    pub label: &'a str,
    /// The GPU that it shows; `None` if the value is impossible.
    pub rank: Option<&'a Rank>,
    /// Whether it is the deployment's own value.
    pub marked: bool,
}

/// Draws horizontal bars below each other on one scale, each with a dashed line at its own GPU's
/// capacity.
pub fn rows(rows: &[Row], width: u32, theme: &Theme, units: Units) -> SweepDrawing {
    let axis = MemoryAxis::with(rows.iter().filter_map(|row| row.rank), Shown::Everything, units);
    Bars { rows, axis, theme }.drawn(width)
}

/// Draws the bars of a sweep over names.
pub(super) fn sweep_rows<'s>(sweep: &'s Sweep, axis: &MemoryAxis, width: u32, theme: &Theme) -> SweepDrawing {
    let row = |(at, point): (usize, &'s Point)| Row {
        label: &point.text,
        rank: point.outcome.as_ref().ok().map(|fullest| &fullest.rank),
        marked: sweep.today == Some(at),
    };
    let all: Vec<Row> = sweep.points.iter().enumerate().map(row).collect();
    Bars { rows: &all, axis: *axis, theme }.drawn(width)
}

struct Bars<'b> {
    rows: &'b [Row<'b>],
    axis: MemoryAxis,
    theme: &'b Theme,
}

impl Bars<'_> {
    fn drawn(&self, width: u32) -> SweepDrawing {
        let width = width.clamp(200, 8192);
        let widest = self.rows.iter().map(|row| width_of(row.label)).max().unwrap_or(0);
        let before = Some(widest + 2 * LABEL_GAP);
        let before = before.filter(|before| f64::from(*before) <= f64::from(width) * WIDEST_LABELS);
        let pitch = if before.is_some() { ROW.0 } else { TALL_ROW };
        let size = Size { width, height: self.rows.len() as u32 * pitch + BELOW }.limited();
        let svg = match self.rows.len() {
            0 => plotted(size, |_| Ok(())).0,
            _ => plotted(size, |canvas| self.draw(canvas, size, before, pitch)).0,
        };
        let target = |point: usize| Target { point, x: 0, y: point as u32 * pitch, width: size.width, height: pitch };
        SweepDrawing { svg, size, targets: (0..self.rows.len()).map(target).collect() }
    }

    /// Draws the bars `pitch` pixels apart: with `before` pixels for the labels, or with each label
    /// above its bar.
    fn draw(&self, canvas: &Canvas<'_>, size: Size, before: Option<u32>, pitch: u32) -> Result<(), Failure> {
        let (rows, end, ink) = (self.rows, self.axis.end(), rgb(self.theme.ink));
        let mut chart = ChartBuilder::on(canvas)
            .margin_right(RIGHT)
            .margin_bottom(MARGIN)
            .x_label_area_size(BELOW - MARGIN)
            .y_label_area_size(before.unwrap_or(RADII.0.unsigned_abs()))
            .build_cartesian_2d(0.0..end, (0..rows.len() - 1).into_segmented())?;
        // The vertical axis counts upwards, the rows downwards.
        let row_at = |at: usize| rows.len() - 1 - at;
        let edge = |at: usize| if at < rows.len() { SegmentValue::Exact(at) } else { SegmentValue::Last };
        let label = |value: &SegmentValue<usize>| match value {
            SegmentValue::CenterOf(at) if before.is_some() => rows[row_at(*at)].label.to_string(),
            _ => String::new(),
        };
        let mut mesh = chart.configure_mesh();
        style_axes(&mut mesh, size, self.theme);
        // plotters can't look for no light lines among whole numbers; without a mesh none is drawn.
        mesh.disable_y_mesh().y_max_light_lines(1).y_labels(rows.len() + 1).y_label_formatter(&label);
        mesh.x_label_formatter(&|giga| tick(*giga)).x_desc(self.axis.title()).draw()?;
        for (at, row) in (0..rows.len()).map(|at| (at, &rows[row_at(at)])) {
            // The bar is at the bottom of its row.
            let upper = (pitch - ROW.0) as i32;
            let middle = |giga: f64| {
                let (x, y) = chart.backend_coord(&(giga, SegmentValue::CenterOf(at)));
                (x, y + upper / 2)
            };
            if before.is_none() {
                let (_, y) = middle(0.0);
                let style = text_style(self.theme.faint).pos(Pos::new(HPos::Left, VPos::Center));
                canvas.draw_text(row.label, &style, (0, y - (ROW.0 + ROW.1) as i32 / 2 + 2))?;
            }
            if row.marked {
                canvas.draw(&Circle::new(middle(0.0), RADII.0, ink.filled()))?;
            }
            let after = |text: &str, color, (x, y): (i32, i32)| {
                let style = text_style(color).pos(Pos::new(HPos::Left, VPos::Center));
                canvas.draw_text(text, &style, (x + LABEL_GAP as i32, y))
            };
            let Some(rank) = row.rank else {
                after("impossible", self.theme.faint, middle(0.0))?;
                continue;
            };
            let bar = |low: f64, high: f64, color| {
                let corners = [(self.axis.clamp(low), edge(at)), (self.axis.clamp(high), edge(at + 1))];
                let mut bar = Rectangle::new(corners, rgb(color).filled());
                let space = (ROW.0 - ROW.1) / 2;
                bar.set_margin(upper as u32 + space, space, 0, 0);
                bar
            };
            let (used, capacity) = (self.axis.used(rank), self.axis.giga(rank.total.0 as f64));
            if used < capacity && self.axis.shown() == Shown::Everything {
                chart.plotting_area().draw(&bar(used, capacity, self.theme.free))?;
            }
            for part in self.axis.stack(rank) {
                chart.plotting_area().draw(&bar(part.low, part.high, self.theme.contributor(part.contributor)))?;
            }
            let half = (ROW.0 / 2) as i32 - 2;
            if capacity <= end {
                let (x, y) = middle(capacity);
                canvas.draw(&dashed([(x, y - half), (x, y + half)], self.theme.ink))?;
            }
            if used > end {
                let (x, y) = middle(end);
                let tip = vec![(x, y - RADII.1), (x + RADII.1, y), (x, y + RADII.1)];
                canvas.draw(&Polygon::new(tip, ink.filled()))?;
                after(&tick(used.round()), self.theme.ink, (x, y))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::svg::texts;
    use crate::explore::sweep::sweep;
    use crate::link;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn drawn(link: &str, key: &str, width: u32) -> (Sweep, SweepDrawing) {
        let sweep = sweep(&link::decode(&format!("v=1&{link}")).deployment, key, None, 33).unwrap();
        let axis = MemoryAxis::of([&sweep], Shown::Everything, Units::Binary);
        let drawing = sweep_rows(&sweep, &axis, width, &Theme::LIGHT);
        (sweep, drawing)
    }

    #[test]
    fn every_name_has_a_whole_label_and_an_impossible_one_no_bar() {
        for width in [328, 468, 720] {
            let (sweep, drawing) = drawn("gpu=a100", "quant_algo", width);
            let texts = texts(&drawing.svg);
            for point in &sweep.points {
                let label = texts.iter().find(|text| text.content == point.text).unwrap();
                assert!(label.left() >= 0.0, "{} at {width}", point.text);
            }
            let impossible = sweep.points.iter().filter(|point| point.outcome.is_err()).count();
            assert!(impossible > 0);
            assert_eq!(texts.iter().filter(|text| text.content == "impossible").count(), impossible);
            assert!(drawing.targets.iter().all(|target| target.y + target.height <= drawing.size.height));
        }
    }

    #[test]
    fn a_size_beyond_the_axis_is_written_beside_its_bar() {
        let (sweep, drawing) = drawn("model=llama-3.3-70b&tp_size=1&gpu=l4", "quant_algo", 720);
        let used = sweep.points[0].outcome.as_ref().unwrap().rank.used();
        assert!(used.gib() > 44.0);
        let written = tick(used.gib().round());
        assert!(texts(&drawing.svg).iter().any(|text| text.content == written), "no {written}");
    }

    #[test]
    fn no_rows_are_an_empty_picture() {
        assert!(rows(&[], 0, &Theme::LIGHT, Units::Binary).svg.starts_with("<svg"));
    }
}
