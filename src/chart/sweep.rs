//! The memory of the fullest GPU over the values of a setting: columns over a few sizes, areas over
//! a range of numbers, horizontal bars for names.

use super::draw::{Canvas, rgb};
use super::memory_axis::{MemoryAxis, Part};
use super::plot::{
    BELOW, Chart, Failure, LEFT, MARGIN, dashed, plotted, powers_of_two, style_axes, text_style, tick, width_of,
};
use super::svg::Svg;
use super::{Size, Theme};
use crate::deployment::{Input, setting};
use crate::explore::sweep::Sweep;
use crate::memory::Rank;
use crate::units::grouped;
use plotters::coord::ranged1d::{AsRangedCoord, ValueFormatter};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Space above the plot, for the sizes that exceed it.
const TOP: u32 = 24;
/// Space to the right of the plot.
const RIGHT: u32 = 16;
/// The most values that are columns if a setting has no list of sizes.
const MOST_COLUMNS: usize = 12;
/// The radius of the dot at the deployment's own value, and that of the mark on a size beyond the
/// plot.
const RADII: (i32, i32) = (4, 5);
/// Space between two labels.
const LABEL_GAP: u32 = 4;
/// The thickness of the line below the values that fit.
const THICK: u32 = 4;

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
    /// The size of the canvas. Its height depends on the number of bars.
    pub size: Size,
    /// A box for each value, in their order. Boxes touch but do not overlap.
    pub targets: Vec<Target>,
}

/// Draws a sweep: a column for each of a few sizes, areas over a range of numbers, horizontal bars
/// for names. A dashed line marks the capacity. The values that fit have a shaded background above
/// a thick line, and the deployment's own value has a dot. A size beyond the axis has an arrow with
/// the size. `title` names the setting.
///
/// ```
/// use trtllm_memory::chart::{self, MemoryAxis, Shown, Size, Theme};
/// use trtllm_memory::{deployment::Deployment, explore::sweep::sweep, units::Units};
/// let sweep = sweep(&Deployment::engine(), "tp_size", None, 0).unwrap();
/// let axis = MemoryAxis::of([&sweep], Shown::Everything, Units::Binary);
/// let size = Size { width: 400, height: 240 };
/// let drawing = chart::sweep(&sweep, "Tensor parallel", &axis, size, &Theme::LIGHT);
/// assert!(drawing.svg.contains("\nTensor parallel\n") && drawing.svg.contains("\nGiB\n"));
/// assert_eq!(drawing.targets.len(), sweep.points.len());
/// ```
pub fn sweep(sweep: &Sweep, title: &str, axis: &MemoryAxis, size: Size, theme: &Theme) -> SweepDrawing {
    if sweep.names {
        return super::rows::sweep_rows(sweep, axis, size.width, theme);
    }
    let size = size.limited();
    let size = Size { width: size.width.max(160), height: size.height.max(120) };
    let plot = Plot { sweep, title, axis, size, theme };
    let (svg, targets) = plotted(size, |canvas| match sweep.points.len() {
        0 => Ok(Vec::new()),
        _ if plot.is_discrete() => plot.columns(canvas),
        _ => plot.areas(canvas),
    });
    SweepDrawing { svg, size, targets }
}

/// A chart over numbers.
struct Plot<'p> {
    sweep: &'p Sweep,
    title: &'p str,
    axis: &'p MemoryAxis,
    size: Size,
    theme: &'p Theme,
}

impl Plot<'_> {
    /// Whether the values are separate sizes, between which there are no others.
    fn is_discrete(&self) -> bool {
        let is_listed = setting(self.sweep.key).is_some_and(|row| matches!(row.input, Input::Steps { .. }));
        is_listed || self.sweep.points.len() <= MOST_COLUMNS
    }

    fn builder<'c, 'a, 's>(&self, canvas: &'c Canvas<'a>) -> ChartBuilder<'c, 's, Svg<'a>> {
        let mut builder = ChartBuilder::on(canvas);
        builder
            .margin_top(TOP)
            .margin_right(RIGHT)
            .margin_bottom(MARGIN)
            .x_label_area_size(BELOW - MARGIN)
            .y_label_area_size(LEFT);
        builder
    }

    fn width(&self) -> u32 {
        self.size.width - LEFT - RIGHT
    }

    fn ranks(&self) -> impl Iterator<Item = (usize, &Rank)> {
        let ranks = self.sweep.points.iter().map(|point| point.outcome.as_ref().ok().map(|fullest| &fullest.rank));
        ranks.enumerate().filter_map(|(at, rank)| Some((at, rank?)))
    }

    fn text(&self, at: usize) -> String {
        let text = &self.sweep.points[at].text;
        text.parse::<u64>().map_or_else(|_| text.clone(), grouped)
    }

    /// A column for each value.
    fn columns(&self, canvas: &Canvas<'_>) -> Result<Vec<Target>, Failure> {
        let count = self.sweep.points.len();
        let mut chart =
            self.builder(canvas).build_cartesian_2d((0..count - 1).into_segmented(), 0.0..self.axis.end())?;
        let pitch = self.width() / count as u32;
        let widest = (0..count).map(|at| width_of(&self.text(at)) + LABEL_GAP).max().unwrap_or(1);
        let every = widest.div_ceil(pitch.max(1)).max(1);
        let label = |value: &SegmentValue<usize>| match value {
            SegmentValue::CenterOf(at) | SegmentValue::Exact(at) if at % every as usize == 0 => self.text(*at),
            _ => String::new(),
        };
        let edge = |at: usize| if at < count { SegmentValue::Exact(at) } else { SegmentValue::Last };
        self.shade(&mut chart, edge)?;
        let mut mesh = chart.configure_mesh();
        style_axes(&mut mesh, self.size, self.theme);
        // plotters can't look for no light lines among whole numbers; without a mesh none is drawn.
        mesh.disable_x_mesh().x_max_light_lines(1).x_labels(count + 1).x_label_formatter(&label);
        mesh.y_label_formatter(&|giga| tick(*giga)).x_desc(self.title).y_desc(self.axis.title()).draw()?;
        let margin = (pitch / 6).clamp(1, 24);
        for (at, rank) in self.ranks() {
            let columns = self.axis.stack(rank).into_iter().map(|part| {
                let (low, high) = (self.axis.clamp(part.low), self.axis.clamp(part.high));
                let color = rgb(self.theme.contributor(part.contributor));
                let mut column = Rectangle::new([(edge(at), low), (edge(at + 1), high)], color.filled());
                column.set_margin(0, 0, margin, margin);
                column
            });
            chart.draw_series(columns)?;
        }
        self.marks(canvas, &chart, edge, SegmentValue::CenterOf)
    }

    /// Areas over a range of numbers.
    fn areas(&self, canvas: &Canvas<'_>) -> Result<Vec<Target>, Failure> {
        let values: Vec<f64> = self.sweep.points.iter().map(|point| point.value).collect();
        let (Some(first), Some(last)) = (values.first().copied(), values.last().copied()) else {
            return Ok(Vec::new());
        };
        if !self.sweep.logarithmic {
            let range = if last > first { first..last } else { first..first + 1.0 };
            let middle = |a: f64, b: f64| a.midpoint(b);
            return self.areas_on(canvas, range, &values, middle, &|value| tick(*value));
        }
        // A logarithmic axis has no zero. It lies half a doubling before the smallest other value.
        let least = values.iter().copied().filter(|value| *value > 0.0).fold(f64::INFINITY, f64::min);
        let zero = least / 2.0;
        let places: Vec<f64> = values.iter().map(|value| value.max(zero)).collect();
        let mut ticks = powers_of_two(least, last, self.width(), false);
        if first == 0.0 {
            ticks.insert(0, zero);
        }
        let range = (places[0]..last).log_scale().base(2.0).with_key_points(ticks);
        let label = |value: &f64| if *value < least { "0".into() } else { tick(*value) };
        self.areas_on(canvas, range, &places, |a, b| (a * b).sqrt(), &label)
    }

    /// Areas on a horizontal axis. `middle` is the point halfway between two values on it.
    fn areas_on<X>(
        &self,
        canvas: &Canvas<'_>,
        range: X,
        places: &[f64],
        middle: impl Fn(f64, f64) -> f64,
        label: &dyn Fn(&f64) -> String,
    ) -> Result<Vec<Target>, Failure>
    where
        X: AsRangedCoord<Value = f64>,
        X::CoordDescType: ValueFormatter<f64>,
    {
        let mut chart = self.builder(canvas).build_cartesian_2d(range, 0.0..self.axis.end())?;
        let ends = chart.x_range();
        let edge = |at: usize| match at {
            0 => ends.start,
            at if at < places.len() => middle(places[at - 1], places[at]),
            _ => ends.end,
        };
        self.shade(&mut chart, edge)?;
        let mut mesh = chart.configure_mesh();
        style_axes(&mut mesh, self.size, self.theme);
        mesh.disable_x_mesh().x_label_formatter(label);
        mesh.y_label_formatter(&|giga| tick(*giga)).x_desc(self.title).y_desc(self.axis.title()).draw()?;
        let stacks: Vec<_> = self.ranks().map(|(at, rank)| (places[at], self.axis.stack(rank))).collect();
        // A single value has no width of its own.
        let stacks = match &stacks[..] {
            [(_, stack)] => vec![(ends.start, stack.clone()), (ends.end, stack.clone())],
            _ => stacks,
        };
        for (index, contributor) in self.axis.shown().contributors().enumerate() {
            let side = |pick: fn(&Part) -> f64| {
                stacks.iter().map(move |(x, stack)| (*x, self.axis.clamp(pick(&stack[index]))))
            };
            if stacks.iter().any(|(_, stack)| stack[index].high > stack[index].low) {
                let mut corners: Vec<(f64, f64)> = side(|part| part.high).collect();
                corners.extend(side(|part| part.low).rev());
                chart.draw_series([Polygon::new(corners, rgb(self.theme.contributor(contributor)).filled())])?;
            }
        }
        self.marks(canvas, &chart, edge, |at| places[at])
    }

    /// Shades the columns of the values that fit. `edge` is the left edge of a value's column.
    fn shade<X: Ranged>(
        &self,
        chart: &mut Chart<'_, '_, X>,
        edge: impl Fn(usize) -> X::ValueType,
    ) -> Result<(), Failure> {
        let shaded = self.sweep.feasible().into_iter().map(|(first, last)| {
            Rectangle::new([(edge(first), 0.0), (edge(last + 1), self.axis.end())], rgb(self.theme.free).filled())
        });
        chart.draw_series(shaded)?;
        Ok(())
    }

    /// Draws the marks over the data. Returns the columns of the values.
    fn marks<X: Ranged>(
        &self,
        canvas: &Canvas<'_>,
        chart: &Chart<'_, '_, X>,
        edge: impl Fn(usize) -> X::ValueType,
        center: impl Fn(usize) -> X::ValueType,
    ) -> Result<Vec<Target>, Failure> {
        let (count, end, ink) = (self.sweep.points.len(), self.axis.end(), rgb(self.theme.ink));
        let x = |place: X::ValueType| chart.backend_coord(&(place, 0.0)).0;
        let y = |giga: f64| chart.backend_coord(&(edge(0), giga)).1;
        let (top, base) = (y(end), y(0.0));
        let (edges, centers): (Vec<i32>, Vec<i32>) =
            ((0..=count).map(|at| x(edge(at))).collect(), (0..count).map(|at| x(center(at))).collect());
        let capacity = y(self.axis.clamp(self.axis.giga(self.sweep.capacity().0 as f64)));
        // The marks have sizes in pixels, so they are drawn on the canvas.
        if capacity > top {
            canvas.draw(&dashed([(edges[0], capacity), (edges[count], capacity)], self.theme.ink))?;
        }
        for (first, last) in self.sweep.feasible() {
            let below = base + (THICK / 2) as i32;
            let ends = vec![(edges[first], below), (edges[last + 1], below)];
            canvas.draw(&PathElement::new(ends, ink.stroke_width(THICK)))?;
        }
        if let Some(today) = self.sweep.today {
            canvas.draw(&Circle::new((centers[today], base), RADII.0, ink.filled()))?;
        }
        let style = text_style(self.theme.ink).pos(Pos::new(HPos::Center, VPos::Bottom));
        let mut free = 0;
        for (value, rank) in self.beyond() {
            let (middle, text) = (centers[value], tick(self.axis.used(rank).round()));
            canvas.draw(&TriangleMarker::new((middle, top), RADII.1, ink.filled()))?;
            let half = width_of(&text).div_ceil(2) as i32;
            if middle - half >= free && middle + half <= self.size.width as i32 {
                canvas.draw_text(&text, &style, (middle, top - 2 * RADII.1))?;
                free = middle + half + LABEL_GAP as i32;
            }
        }
        let target = |point: usize| Target {
            point,
            x: edges[point].max(0) as u32,
            y: top.max(0) as u32,
            width: (edges[point + 1] - edges[point]).max(0) as u32,
            height: (base - top).max(0) as u32,
        };
        Ok((0..count).map(target).collect())
    }

    /// The values beyond the axis: each column, and of the areas the largest of each run.
    fn beyond(&self) -> Vec<(usize, &Rank)> {
        let beyond: Vec<(usize, &Rank)> = self.ranks().filter(|(_, rank)| self.axis.exceeds(rank)).collect();
        if self.is_discrete() {
            return beyond;
        }
        let runs = beyond.chunk_by(|(before, _), (after, _)| before + 1 == *after);
        let used = |(_, rank): &(usize, &Rank)| self.axis.used(rank);
        runs.filter_map(|run| run.iter().copied().max_by(|a, b| used(a).total_cmp(&used(b)))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::memory_axis::Shown;
    use crate::chart::svg::texts;
    use crate::deployment::Deployment;
    use crate::explore::sweep::{named, sweep as over};
    use crate::link;
    use crate::units::Units;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const SIZE: Size = Size { width: 400, height: 260 };

    fn drawn(link: &str, key: &str, shown: Shown) -> (Sweep, SweepDrawing) {
        let sweep = over(&link::decode(&format!("v=1&{link}")).deployment, key, None, 33).unwrap();
        let axis = MemoryAxis::of([&sweep], shown, Units::Binary);
        let drawing = super::sweep(&sweep, key, &axis, SIZE, &Theme::LIGHT);
        (sweep, drawing)
    }

    /// The rectangles of a color: left, upper edge, width, height.
    fn boxes(svg: &str, color: crate::chart::Color) -> Vec<[i64; 4]> {
        let fill = format!("fill=\"{}\"", color.to_string().to_uppercase());
        let number = |line: &str, name: &str| -> i64 {
            let rest = line.split_once(&format!(" {name}=\"")).unwrap().1;
            rest[..rest.find('"').unwrap()].parse().unwrap()
        };
        let rectangles = svg.lines().filter(|line| line.starts_with("<rect") && line.contains(&fill));
        rectangles.map(|line| ["x", "y", "width", "height"].map(|name| number(line, name))).collect()
    }

    #[test]
    fn the_targets_of_the_values_cover_the_plot_in_their_order() {
        for key in ["tp_size", "max_batch_size", "free_gpu_memory_fraction", "max_num_tokens"] {
            let (sweep, drawing) = drawn("", key, Shown::Everything);
            assert_eq!(drawing.targets.len(), sweep.points.len());
            for pair in drawing.targets.windows(2) {
                assert_eq!(pair[0].x + pair[0].width, pair[1].x, "{key}");
                assert_eq!(pair[1].point, pair[0].point + 1);
            }
            let (first, last) = (drawing.targets[0], drawing.targets[sweep.points.len() - 1]);
            assert!(first.x.abs_diff(LEFT) <= 1 && (last.x + last.width).abs_diff(SIZE.width - RIGHT) <= 1, "{key}");
        }
    }

    #[test]
    fn sizes_are_separate_columns_as_high_as_their_bytes() {
        let (sweep, drawing) = drawn("model=llama-3.1-8b", "tp_size", Shown::WithoutKvCache);
        let columns = boxes(&drawing.svg, Theme::LIGHT.contributors[0]);
        assert_eq!(columns.len(), sweep.points.len());
        assert!(!drawing.svg.contains("<polygon"));
        assert!(columns.windows(2).all(|pair| pair[0][0] + pair[0][2] < pair[1][0]), "columns touch");
        let weights = |at: usize| sweep.points[at].outcome.as_ref().unwrap().rank.contributors[0].bytes.0 as f64;
        let (high, low) = (columns[0][3] as f64, columns[3][3] as f64);
        assert!((high / low - weights(0) / weights(3)).abs() < 0.5, "{high} {low}");
    }

    #[test]
    fn every_column_has_its_value_below_it() {
        let (sweep, drawing) = drawn("model=llama-3.3-70b", "pp_size", Shown::Everything);
        let base = f64::from(SIZE.height - BELOW);
        let below: Vec<String> =
            texts(&drawing.svg).into_iter().filter(|text| text.y > base).map(|text| text.content).collect();
        for point in &sweep.points {
            assert!(below.contains(&point.text), "{} in {below:?}", point.text);
        }
        assert!(below.contains(&"pp_size".to_string()));
    }

    #[test]
    fn a_size_beyond_the_axis_has_an_arrow_with_the_size() {
        let (sweep, drawing) = drawn("model=llama-3.3-70b&gpu=l4", "tp_size", Shown::Everything);
        let used = sweep.points[0].outcome.as_ref().unwrap().rank.used().gib();
        assert!(used > 100.0);
        let written = tick(used.round());
        let mark = texts(&drawing.svg).into_iter().find(|text| text.content == written).unwrap();
        assert!(mark.y < f64::from(TOP));
        assert!(drawing.svg.contains("<polygon"), "no arrow");
    }

    #[test]
    fn labels_of_an_axis_never_touch() {
        for key in ["tp_size", "pp_size", "max_batch_size", "max_seq_len", "max_num_tokens"] {
            let (_, drawing) = drawn("", key, Shown::Everything);
            let mut labels = texts(&drawing.svg);
            labels.retain(|text| text.y > f64::from(SIZE.height - BELOW) && text.content != key);
            labels.sort_by(|a, b| a.x.total_cmp(&b.x));
            assert!(labels.len() > 3, "{key}");
            assert!(labels.windows(2).all(|pair| pair[0].left() + pair[0].width() < pair[1].left()), "{labels:?}");
        }
    }

    #[test]
    fn sweeps_that_are_compared_have_one_scale() {
        let deployment = link::decode("v=1&model=llama-3.3-70b&tp_size=4&gpu=h200").deployment;
        let sweeps = ["tp_size", "pp_size"].map(|key| over(&deployment, key, None, 33).unwrap());
        let axis = MemoryAxis::of(&sweeps, Shown::WithoutKvCache, Units::Binary);
        let color = Theme::LIGHT.contributors[0];
        let heights = sweeps.each_ref().map(|swept| {
            let columns = boxes(&super::sweep(swept, "", &axis, SIZE, &Theme::LIGHT).svg, color);
            columns[swept.today.unwrap()][3]
        });
        assert_eq!(heights[0], heights[1]);
    }

    #[test]
    fn names_are_text() {
        let mut sweep = named(&Deployment::engine(), "gpu", &["h200"]).unwrap();
        sweep.points[0].text = "<script>".into();
        let axis = MemoryAxis::of([&sweep], Shown::Everything, Units::Binary);
        assert!(!super::sweep(&sweep, "<script>", &axis, SIZE, &Theme::DARK).svg.contains("<script"));
    }

    #[test]
    fn any_sweep_is_drawn_at_any_size() {
        let deployment = Deployment::engine();
        let none = Sweep { key: "tp_size", names: false, logarithmic: false, points: Vec::new(), today: None };
        let mut sweeps = vec![none];
        for key in ["tp_size", "max_batch_size", "free_gpu_memory_fraction", "max_gpu_total_bytes"] {
            sweeps.push(over(&deployment, key, None, 33).unwrap());
        }
        sweeps.push(over(&deployment, "max_num_tokens", Some((8192.0, 8192.0)), 2).unwrap());
        for swept in &sweeps {
            for shown in Shown::ALL {
                let axis = MemoryAxis::of([swept], shown, Units::Decimal);
                for width in [0, 160, 333, u32::MAX] {
                    let drawing = super::sweep(swept, "title", &axis, Size { width, height: width }, &Theme::LIGHT);
                    assert!(drawing.svg.starts_with("<svg ") && drawing.svg.ends_with("</svg>\n"));
                    assert_eq!(drawing.targets.len(), swept.points.len());
                }
            }
        }
    }
}
