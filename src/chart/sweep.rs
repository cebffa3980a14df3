//! The memory of the fullest GPU over the values of a setting: areas over numbers, horizontal bars
//! for names.

use super::draw::{Canvas, Drawn, drawing, fill, rgb, write};
use super::model::{Area, Label, dashes};
use super::scale::Scale;
use super::stack::{Span, stack};
use super::{Size, Theme};
use crate::explore::sweep::{Point, Sweep};
use crate::memory::{Contributor, Rank};
use crate::units::{Units, grouped};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Space to the left of the plot, for the ticks.
const LEFT: u32 = 40;
/// Space to the right of the plot, so that the last label is not cut off.
const RIGHT: u32 = 16;
/// Space above the plot.
const TOP: u32 = 12;
/// Space below the plot, for the values.
const BOTTOM: u32 = 28;
/// Space between a label and the plot.
const LABEL_GAP: u32 = 8;
/// Upper bound of the width of a letter, in pixels.
const LETTER: u32 = 7;
/// The limit of the axis, in multiples of the capacity, for deployments that do not fit.
const MOST_CAPACITIES: f64 = 2.0;
/// The distance between horizontal bars, and the height of one, in pixels.
const ROW: (u32, u32) = (24, 14);
/// The radius of the dot that marks the deployment's own value.
const RADIUS: i32 = 4;

/// The box in which a pointer hits a value, in pixels of the SVG's `viewBox`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// The index of the value.
    pub point: usize,
    /// Left edge.
    pub x: u32,
    /// Upper edge.
    pub y: u32,
    /// The horizontal size.
    pub width: u32,
    /// The vertical size.
    pub height: u32,
}

/// A drawn sweep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SweepDrawing {
    /// The picture, as [`Drawing::svg`](super::Drawing::svg).
    pub svg: String,
    /// The size of the picture. Its height depends on the number of bars.
    pub size: Size,
    /// A box for each value, in their order. Boxes touch but do not overlap.
    pub targets: Vec<Target>,
}

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

/// Draws a sweep: stacked areas if its values are numbers, horizontal bars if they are names. A
/// dashed line marks the capacity. The values that fit have a shaded background above a thick line,
/// and the deployment's own value has a mark.
///
/// ```
/// use trtllm_memory::chart::{self, Size, Theme};
/// use trtllm_memory::{deployment::Deployment, explore::sweep::sweep, units::Units};
/// let sweep = sweep(&Deployment::default(), "tp_size", None, 0).unwrap();
/// let size = Size { width: 400, height: 240 };
/// let drawing = chart::sweep(&sweep, size, &Theme::LIGHT, Units::Binary);
/// assert!(drawing.svg.contains("<polygon"));
/// assert_eq!(drawing.targets.len(), sweep.points.len());
/// ```
pub fn sweep<'s>(sweep: &'s Sweep, size: Size, theme: &Theme, units: Units) -> SweepDrawing {
    if sweep.names {
        let row = |(at, point): (usize, &'s Point)| Row {
            label: &point.text,
            rank: point.outcome.as_ref().ok().map(|fullest| &fullest.rank),
            marked: sweep.today == Some(at),
        };
        let all: Vec<Row> = sweep.points.iter().enumerate().map(row).collect();
        return rows(&all, size.width, theme, units);
    }
    let size = size.limited();
    let plot = Plot::new(sweep, Size { width: size.width.max(160), height: size.height.max(120) }, units);
    let svg = drawing(plot.size, |canvas| plot.draw(canvas, sweep, theme));
    SweepDrawing { svg, size: plot.size, targets: plot.targets() }
}

/// Draws horizontal bars below each other on one scale, each with a dashed line at its own GPU's
/// capacity.
pub fn rows(rows: &[Row], width: u32, theme: &Theme, units: Units) -> SweepDrawing {
    let height = rows.len() as u32 * ROW.0 + BOTTOM;
    let size = Size { width: width.max(200), height }.limited();
    let letters = rows.iter().map(|row| row.label.chars().count() as u32).max().unwrap_or(0);
    let left = (letters * LETTER + 2 * LABEL_GAP).min(size.width / 2);
    let scale = Scale::new(most(rows.iter().filter_map(|row| row.rank)), size.width - left, units);
    let bars = Bars { rows, size, left, scale };
    let svg = drawing(size, |canvas| bars.draw(canvas, theme));
    let target = |point: usize| Target { point, x: 0, y: point as u32 * ROW.0, width: size.width, height: ROW.0 };
    SweepDrawing { svg, size, targets: (0..rows.len()).map(target).collect() }
}

/// The range of a scale in bytes: the capacity, and the usage beyond it up to a limit.
fn most<'a>(ranks: impl Iterator<Item = &'a Rank> + Clone) -> f64 {
    let capacity = ranks.clone().map(|rank| rank.total.0 as f64).fold(0.0, f64::max);
    let used = ranks.map(used).fold(0.0, f64::max);
    used.min(capacity * MOST_CAPACITIES).max(capacity)
}

/// The memory that a rank uses, without saturation.
fn used(rank: &Rank) -> f64 {
    Contributor::ALL.into_iter().map(|contributor| rank.figure(contributor).bytes.0 as f64).sum()
}

/// Areas over numbers.
struct Plot {
    size: Size,
    scale: Scale,
    /// The horizontal position of each value.
    places: Vec<u32>,
}

impl Plot {
    fn new(sweep: &Sweep, size: Size, units: Units) -> Plot {
        let ranks = sweep.points.iter().filter_map(|point| point.outcome.as_ref().ok()).map(|fullest| &fullest.rank);
        let scale = Scale::new(most(ranks), size.height - TOP - BOTTOM, units);
        let values: Vec<f64> = sweep.points.iter().map(|point| point.value).collect();
        // If there are few values, such as numbers of GPUs, they double. Zero lies half a doubling
        // before the smallest of the others.
        let doubling = sweep.logarithmic || values.windows(2).all(|pair| pair[1] >= pair[0] * 1.3);
        let least = values.iter().copied().filter(|value| *value > 0.0).fold(f64::INFINITY, f64::min);
        let position = |value: f64| if doubling { value.max(least / 2.0).ln() } else { value };
        let (first, last) =
            (values.first().copied().map_or(0.0, position), values.last().copied().map_or(0.0, position));
        let width = f64::from(size.width - LEFT - RIGHT);
        let place = |value: &f64| {
            let share = if last > first { (position(*value) - first) / (last - first) } else { 0.5 };
            LEFT + (share * width).round() as u32
        };
        Plot { size, scale, places: values.iter().map(place).collect() }
    }

    fn base(&self) -> u32 {
        self.size.height - BOTTOM
    }

    /// The vertical position of a size, no higher than the plot.
    fn y(&self, bytes: f64) -> u32 {
        let pixels = (bytes * self.scale.per_byte).round().min(f64::from(self.base() - TOP));
        self.base() - pixels as u32
    }

    /// The ends of a value's column, halfway to its neighbors.
    fn column(&self, point: usize) -> (u32, u32) {
        let here = self.places[point];
        let half = |other: Option<&u32>, end: u32| other.map_or(end, |other| here.midpoint(*other));
        let before = point.checked_sub(1).and_then(|before| self.places.get(before));
        (half(before, LEFT), half(self.places.get(point + 1), self.size.width - RIGHT))
    }

    fn targets(&self) -> Vec<Target> {
        let target = |point: usize| {
            let (from, to) = self.column(point);
            Target { point, x: from, y: TOP, width: to - from, height: self.base() - TOP }
        };
        (0..self.places.len()).map(target).collect()
    }

    fn draw<'a>(&self, canvas: &Canvas<'a>, sweep: &Sweep, theme: &Theme) -> Drawn<'a> {
        let (base, right) = (self.base(), self.size.width - RIGHT);
        let feasible: Vec<(u32, u32)> =
            sweep.feasible().into_iter().map(|(first, last)| (self.column(first).0, self.column(last).1)).collect();
        for (from, to) in &feasible {
            fill(canvas, Area { x: *from, y: TOP, width: to - from, height: base - TOP }, theme.free)?;
        }
        for tick in &self.scale.ticks {
            let y = base - tick.at;
            fill(canvas, Area { x: LEFT, y, width: right - LEFT, height: 1 }, theme.grid)?;
            let label = Label { x: LEFT - LABEL_GAP, y, text: tick.label.clone() };
            write(canvas, &label, Pos::new(HPos::Right, VPos::Center), theme.faint)?;
        }
        self.draw_areas(canvas, sweep, theme)?;
        let capacity = self.y(sweep.capacity().0 as f64);
        for (x, width) in dashes(LEFT, right) {
            fill(canvas, Area { x, y: capacity, width, height: 1 }, theme.ink)?;
        }
        for (from, to) in &feasible {
            fill(canvas, Area { x: *from, y: base, width: to - from, height: 3 }, theme.ink)?;
        }
        for label in self.labels(sweep) {
            write(canvas, &label, Pos::new(HPos::Center, VPos::Top), theme.faint)?;
        }
        if let Some(x) = sweep.today.and_then(|today| self.places.get(today)) {
            fill(canvas, Area { x: *x, y: 0, width: 1, height: base }, theme.ink)?;
            canvas.draw(&Circle::new((*x as i32, base as i32), RADIUS, rgb(theme.ink).filled()))?;
        }
        Ok(())
    }

    fn draw_areas<'a>(&self, canvas: &Canvas<'a>, sweep: &Sweep, theme: &Theme) -> Drawn<'a> {
        let columns: Vec<(u32, &Rank)> = self
            .places
            .iter()
            .zip(&sweep.points)
            .filter_map(|(x, point)| Some((*x, &point.outcome.as_ref().ok()?.rank)))
            .collect();
        // A single value has no width of its own.
        let columns = match columns[..] {
            [(_, rank)] => vec![(LEFT, rank), (self.size.width - RIGHT, rank)],
            _ => columns,
        };
        let mut below = vec![0.0; columns.len()];
        for contributor in Contributor::ALL {
            let above: Vec<f64> = below
                .iter()
                .zip(&columns)
                .map(|(below, (_, rank))| below + rank.figure(contributor).bytes.0 as f64)
                .collect();
            if above != below {
                let edge = |bytes: &[f64]| -> Vec<(i32, i32)> {
                    columns.iter().zip(bytes).map(|((x, _), bytes)| (*x as i32, self.y(*bytes) as i32)).collect()
                };
                let mut corners = edge(&above);
                corners.extend(edge(&below).into_iter().rev());
                canvas.draw(&Polygon::new(corners, rgb(theme.contributor(contributor)).filled()))?;
            }
            below = above;
        }
        Ok(())
    }

    /// The labels that fit below the plot: the first, the last, and those between that touch no
    /// other.
    fn labels(&self, sweep: &Sweep) -> Vec<Label> {
        let text = |at: usize| {
            let text = &sweep.points[at].text;
            text.parse::<u64>().map_or_else(|_| text.clone(), grouped)
        };
        let mut labels: Vec<(u32, Label)> = Vec::new();
        let last = self.places.len().saturating_sub(1);
        let round = |at: &usize| sweep.points[*at].value.log2().fract() == 0.0;
        // Powers of two have priority. On a logarithmic axis they are the only labels, for
        // readability.
        let others = (1..last).filter(|at| !sweep.logarithmic && !round(at));
        let between = (1..last).filter(round).chain(others);
        let ends = if last > 0 { vec![0, last] } else { vec![0] };
        for at in ends.into_iter().chain(between).filter(|at| *at < self.places.len()) {
            let text = text(at);
            let half = (text.len() as u32 * LETTER).div_ceil(2) + LABEL_GAP / 2;
            let x = self.places[at].clamp(half, self.size.width.saturating_sub(half).max(half));
            if labels.iter().all(|(other, label)| label.x.abs_diff(x) >= half + other) {
                labels.push((half, Label { x, y: self.base() + LABEL_GAP, text }));
            }
        }
        labels.into_iter().map(|(_, label)| label).collect()
    }
}

/// Horizontal bars.
struct Bars<'a> {
    rows: &'a [Row<'a>],
    size: Size,
    left: u32,
    scale: Scale,
}

impl Bars<'_> {
    /// The horizontal position at a distance from the axis, inside the picture.
    fn x(&self, pixels: u32) -> u32 {
        (self.left + pixels).min(self.size.width - 1)
    }

    fn draw<'a>(&self, canvas: &Canvas<'a>, theme: &Theme) -> Drawn<'a> {
        let base = self.rows.len() as u32 * ROW.0;
        for tick in &self.scale.ticks {
            let x = self.x(tick.at);
            fill(canvas, Area { x, y: 0, width: 1, height: base }, theme.grid)?;
            if x + LABEL_GAP < self.size.width {
                let label = Label { x, y: base + LABEL_GAP, text: tick.label.clone() };
                write(canvas, &label, Pos::new(HPos::Center, VPos::Top), theme.faint)?;
            }
        }
        for (at, row) in self.rows.iter().enumerate() {
            let (y, middle) = (at as u32 * ROW.0 + (ROW.0 - ROW.1) / 2, at as u32 * ROW.0 + ROW.0 / 2);
            let color = if row.marked { theme.ink } else { theme.faint };
            let label = Label { x: self.left - LABEL_GAP, y: middle, text: row.label.to_string() };
            write(canvas, &label, Pos::new(HPos::Right, VPos::Center), color)?;
            if row.marked {
                canvas.draw(&Circle::new((self.left as i32, middle as i32), RADIUS, rgb(theme.ink).filled()))?;
            }
            let Some(rank) = row.rank else {
                let label = Label { x: self.left + LABEL_GAP, y: middle, text: "impossible".into() };
                write(canvas, &label, Pos::new(HPos::Left, VPos::Center), theme.faint)?;
                continue;
            };
            for Span { segment, start, length } in stack(rank, self.scale.per_byte) {
                let (from, to) = (self.x(start), self.x(start.saturating_add(length)));
                if to > from {
                    fill(canvas, Area { x: from, y, width: to - from, height: ROW.1 }, theme.segment(segment))?;
                }
            }
            let capacity = self.x((rank.total.0 as f64 * self.scale.per_byte).round() as u32);
            for (from, height) in dashes(y - 3, y + ROW.1 + 3) {
                fill(canvas, Area { x: capacity, y: from, width: 1, height }, theme.ink)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deployment::Deployment;
    use crate::explore::sweep::{named, sweep as over};
    use crate::link;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const SIZE: Size = Size { width: 400, height: 240 };

    fn drawn(link: &str, key: &str) -> (Sweep, SweepDrawing) {
        let sweep = over(&link::decode(link).deployment, key, None, 33).unwrap();
        let drawing = super::sweep(&sweep, SIZE, &Theme::LIGHT, Units::Binary);
        (sweep, drawing)
    }

    #[test]
    fn the_columns_of_the_values_cover_the_plot_in_their_order() {
        for key in ["tp_size", "max_batch_size", "free_gpu_memory_fraction", "max_num_tokens"] {
            let (sweep, drawing) = drawn("", key);
            assert_eq!(drawing.targets.len(), sweep.points.len());
            for pair in drawing.targets.windows(2) {
                assert_eq!(pair[0].x + pair[0].width, pair[1].x, "{key}");
                assert!(pair[1].point == pair[0].point + 1);
            }
            let (first, last) = (drawing.targets[0], drawing.targets[sweep.points.len() - 1]);
            assert_eq!((first.x, last.x + last.width), (LEFT, SIZE.width - RIGHT));
        }
    }

    #[test]
    fn an_area_is_as_high_as_its_bytes_and_what_does_not_fit_stays_in_the_picture() {
        let (sweep, _) = drawn("model=llama-3.3-70b", "tp_size");
        let plot = Plot::new(&sweep, SIZE, Units::Binary);
        let capacity = sweep.capacity().0 as f64;
        assert_eq!(plot.y(0.0), plot.base());
        assert!(plot.y(capacity) < plot.y(capacity / 2.0));
        assert_eq!(plot.y(capacity * 1e9), TOP);
        let half = f64::from(plot.base() - plot.y(capacity / 2.0)) * 2.0;
        assert!((half - f64::from(plot.base() - plot.y(capacity))).abs() <= 2.0);
    }

    #[test]
    fn labels_never_touch_and_the_ends_have_theirs() {
        for key in ["tp_size", "max_batch_size", "max_seq_len"] {
            let (sweep, _) = drawn("", key);
            let mut labels = Plot::new(&sweep, SIZE, Units::Binary).labels(&sweep);
            labels.sort_by_key(|label| label.x);
            assert_eq!(labels[0].text, sweep.points[0].text);
            let half = |label: &Label| label.text.len() as u32 * LETTER / 2;
            assert!(
                labels.windows(2).all(|pair| pair[0].x + half(&pair[0]) < pair[1].x - half(&pair[1])),
                "{labels:?}"
            );
        }
    }

    #[test]
    fn names_are_rows_and_an_impossible_one_has_no_bar() {
        let (sweep, drawing) = drawn("gpu=a100", "quant_algo");
        assert_eq!(drawing.size.height, sweep.points.len() as u32 * ROW.0 + BOTTOM);
        let impossible = sweep.points.iter().filter(|point| point.outcome.is_err()).count();
        assert!(impossible > 0);
        assert_eq!(drawing.svg.matches("impossible").count(), impossible);
        assert!(drawing.targets.iter().all(|target| target.y + target.height <= drawing.size.height));
    }

    #[test]
    fn names_stand_there_as_text() {
        let mut sweep = named(&Deployment::default(), "gpu", &["h200"]).unwrap();
        sweep.points[0].text = "<script>".into();
        assert!(!super::sweep(&sweep, SIZE, &Theme::DARK, Units::Binary).svg.contains("<script"));
    }

    #[test]
    fn nothing_to_draw_is_drawn() {
        let sweep = Sweep { key: "tp_size", names: false, logarithmic: false, points: Vec::new(), today: None };
        assert!(super::sweep(&sweep, SIZE, &Theme::LIGHT, Units::Binary).targets.is_empty());
        assert!(rows(&[], 0, &Theme::LIGHT, Units::Binary).svg.starts_with("<svg"));
    }
}
