//! Predictions over measurements: a dot for each, on two logarithmic axes.

use super::draw::{Canvas, Drawn, drawing, fill, rgb, write};
use super::model::{Area, Label};
use super::{Size, Theme};
use crate::memory::Contributor;
use crate::units::Units;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Space to the left of the plot, for the ticks.
const LEFT: u32 = 56;
/// Space below the plot, for the ticks.
const BOTTOM: u32 = 28;
/// Space above and to the right of the plot, so that dots at its edge are not cut off.
const EDGE: u32 = 8;
/// Space between a tick's label and the plot.
const LABEL_GAP: u32 = 8;
/// The radius of a dot.
const RADIUS: i32 = 4;

/// A predicted and a measured size, in bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// The contributor of the memory.
    pub contributor: Contributor,
    /// The predicted size.
    pub predicted: f64,
    /// The measured size.
    pub measured: f64,
}

/// The position of a point's dot, in pixels of the SVG's `viewBox`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dot {
    /// The index of the point.
    pub point: usize,
    /// Its horizontal position.
    pub x: u32,
    /// Its vertical position.
    pub y: u32,
}

/// A drawn comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scatter {
    /// The picture, as [`Drawing::svg`](super::Drawing::svg).
    pub svg: String,
    /// The dots, in the order of their points. A point without a logarithm has none.
    pub dots: Vec<Dot>,
}

/// Draws a dot for each point, with the measured size to the right and the predicted size upwards,
/// in the color of its contributor. On the diagonal both are equal. The picture has at least 160 ×
/// 120 pixels.
///
/// ```
/// use trtllm_memory::{chart::{self, Point, Size, Theme}, memory::Contributor, units::Units};
/// let point = Point { contributor: Contributor::Weights, predicted: 8e9, measured: 8e9 };
/// let size = Size { width: 320, height: 320 };
/// let scatter = chart::scatter(&[point], size, &Theme::LIGHT, Units::Binary);
/// assert!(scatter.svg.contains("<circle"));
/// ```
pub fn scatter(points: &[Point], size: Size, theme: &Theme, units: Units) -> Scatter {
    let axis = Axis(units);
    let size = size.limited();
    let size = Size { width: size.width.max(160), height: size.height.max(120) };
    let is_drawn =
        |point: &Point| [point.predicted, point.measured].iter().all(|bytes| axis.exponent(*bytes).is_some());
    let drawn = points.iter().enumerate().filter(|(_, point)| is_drawn(point));
    let exponents =
        drawn.clone().flat_map(|(_, point)| [point.predicted, point.measured]).filter_map(|bytes| axis.exponent(bytes));
    let (low, high) = exponents.fold((f64::MAX, f64::MIN), |(low, high), one| (low.min(one), high.max(one)));
    let ends = if low > high { (axis.logarithm(1e6), axis.logarithm(1e6)) } else { (low, high) };
    let plot = Plot::new(size, axis, ends);
    let dots: Vec<Dot> = drawn
        .map(|(index, point)| Dot { point: index, x: plot.x(point.measured), y: plot.y(point.predicted) })
        .collect();
    let svg = drawing(size, |canvas| draw(canvas, &plot, points, &dots, theme));
    Scatter { svg, dots }
}

/// A logarithmic axis: powers of two in binary units, powers of ten in decimal units.
#[derive(Debug, Clone, Copy)]
struct Axis(Units);

impl Axis {
    /// The logarithm of a size; `None` if it is not finite.
    fn exponent(self, bytes: f64) -> Option<f64> {
        Some(self.logarithm(bytes)).filter(|exponent| exponent.is_finite())
    }

    fn logarithm(self, bytes: f64) -> f64 {
        match self.0 {
            Units::Binary => bytes.log2(),
            Units::Decimal => bytes.log10(),
        }
    }

    /// The difference of the exponents of two ticks.
    fn step(self) -> i32 {
        match self.0 {
            Units::Binary => 5,
            Units::Decimal => 1,
        }
    }

    /// The label of a tick: "32 MiB" for a power of two, "100 MB" for a power of ten.
    fn label(self, exponent: i32) -> String {
        let exponent = exponent.max(0) as u32;
        let (base, units, power): (u32, _, _) = match self.0 {
            Units::Binary => (2, ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"], 10),
            Units::Decimal => (10, ["B", "kB", "MB", "GB", "TB", "PB", "EB"], 3),
        };
        match units.get((exponent / power) as usize) {
            Some(unit) => format!("{} {unit}", base.pow(exponent % power)),
            None => format!("{base}^{exponent} B"),
        }
    }
}

/// The two axes.
struct Plot {
    size: Size,
    axis: Axis,
    /// The exponents of the first and the last tick.
    ends: (i32, i32),
}

impl Plot {
    fn new(size: Size, axis: Axis, (low, high): (f64, f64)) -> Plot {
        let step = axis.step();
        let first = (low as i32).div_euclid(step) * step;
        let last = (high.ceil() as i32 + step - 1).div_euclid(step) * step;
        Plot { size, axis, ends: (first, last.max(first + step)) }
    }

    fn width(&self) -> u32 {
        self.size.width - LEFT - EDGE
    }

    fn height(&self) -> u32 {
        self.size.height - BOTTOM - EDGE
    }

    /// The relative position of an exponent on an axis.
    fn share(&self, exponent: f64) -> f64 {
        let (first, last) = (f64::from(self.ends.0), f64::from(self.ends.1));
        ((exponent - first) / (last - first)).clamp(0.0, 1.0)
    }

    fn right(&self, exponent: f64) -> u32 {
        LEFT + (self.share(exponent) * f64::from(self.width())).round() as u32
    }

    fn down(&self, exponent: f64) -> u32 {
        EDGE + self.height() - (self.share(exponent) * f64::from(self.height())).round() as u32
    }

    fn x(&self, bytes: f64) -> u32 {
        self.right(self.axis.logarithm(bytes))
    }

    fn y(&self, bytes: f64) -> u32 {
        self.down(self.axis.logarithm(bytes))
    }

    /// The exponents with a tick: no more than the shorter axis has room for.
    fn ticks(&self) -> impl Iterator<Item = i32> {
        let (first, last) = self.ends;
        let room = (self.width() / 56).min(self.height() / 24).max(1);
        let step = self.axis.step();
        let every = ((last - first) / step).unsigned_abs().div_ceil(room).max(1) * step.unsigned_abs();
        (first..=last).step_by(every as usize)
    }
}

fn draw<'a>(canvas: &Canvas<'a>, plot: &Plot, points: &[Point], dots: &[Dot], theme: &Theme) -> Drawn<'a> {
    let base = EDGE + plot.height();
    for exponent in plot.ticks() {
        let (x, y) = (plot.right(f64::from(exponent)), plot.down(f64::from(exponent)));
        fill(canvas, Area { x: LEFT, y, width: plot.width(), height: 1 }, theme.grid)?;
        fill(canvas, Area { x, y: EDGE, width: 1, height: plot.height() }, theme.grid)?;
        let text = plot.axis.label(exponent);
        let row = Label { x: LEFT - LABEL_GAP, y, text: text.clone() };
        write(canvas, &row, Pos::new(HPos::Right, VPos::Center), theme.faint)?;
        // The last label ends at the edge of the picture.
        let last = x + EDGE >= plot.size.width;
        let column = Label { x: if last { plot.size.width } else { x }, y: base + LABEL_GAP, text };
        let anchor = if last { HPos::Right } else { HPos::Center };
        write(canvas, &column, Pos::new(anchor, VPos::Top), theme.faint)?;
    }
    let corner = |x: u32, y: u32| (x as i32, y as i32);
    let ends = vec![corner(LEFT, base), corner(LEFT + plot.width(), EDGE)];
    canvas.draw(&PathElement::new(ends, rgb(theme.faint)))?;
    for dot in dots {
        let middle = corner(dot.x, dot.y);
        let color = points.get(dot.point).map_or(theme.ink, |point| theme.contributor(point.contributor));
        canvas.draw(&Circle::new(middle, RADIUS + 1, rgb(theme.paper).filled()))?;
        canvas.draw(&Circle::new(middle, RADIUS, rgb(color).filled()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{GIB, MIB};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const SIZE: Size = Size { width: 360, height: 320 };

    fn point(contributor: Contributor, measured: f64, error: f64) -> Point {
        Point { contributor, measured, predicted: measured * (1.0 + error) }
    }

    fn some() -> Vec<Point> {
        let gib = GIB as f64;
        vec![
            point(Contributor::Weights, 15.0 * gib, 0.0),
            point(Contributor::Activations, 0.9 * gib, 0.02),
            point(Contributor::RuntimeBuffers, 43.3 * MIB as f64, 0.0),
            point(Contributor::DecoderBuffers, 3.3 * gib, -0.5),
            point(Contributor::KvCache, 63.4 * gib, 0.01),
            point(Contributor::Overhead, 0.8 * gib, 1.0),
        ]
    }

    #[test]
    fn six_points_look_as_they_did() {
        assert_eq!(
            scatter(&some(), SIZE, &Theme::LIGHT, Units::Binary).svg,
            include_str!("../../tests/fixtures/scatter.svg")
        );
    }

    #[test]
    fn a_dot_stands_on_the_diagonal_above_it_or_below_it() {
        let square = Size { width: 320 + LEFT + EDGE, height: 320 + BOTTOM + EDGE };
        let drawn = scatter(&some(), square, &Theme::DARK, Units::Binary);
        assert_eq!(drawn.dots.len(), 6);
        for (dot, point) in drawn.dots.iter().zip(some()) {
            let above = f64::from(EDGE + 320 - dot.y) - f64::from(dot.x - LEFT);
            let error = point.predicted / point.measured - 1.0;
            assert!(if error == 0.0 { above == 0.0 } else { above * error >= 0.0 }, "{point:?}: {above}");
        }
    }

    #[test]
    fn axes_end_with_round_sizes_and_name_them() {
        let svg = scatter(&some(), SIZE, &Theme::LIGHT, Units::Binary).svg;
        for label in ["32 MiB", "1 GiB", "32 GiB", "1 TiB"] {
            assert_eq!(svg.matches(&format!("\n{label}\n")).count(), 2, "{label}");
        }
    }

    #[test]
    fn axes_have_round_sizes_in_decimal_units_too() {
        let svg = scatter(&some(), SIZE, &Theme::LIGHT, Units::Decimal).svg;
        for label in ["10 MB", "1 GB", "100 GB"] {
            assert_eq!(svg.matches(&format!("\n{label}\n")).count(), 2, "{label}");
        }
    }

    #[test]
    fn anything_is_drawn_at_any_size() {
        let absurd = [0.0, -1.0, 1e-300, 1e300, f64::NAN, f64::INFINITY].map(|bytes| Point {
            contributor: Contributor::Weights,
            predicted: bytes,
            measured: 1.0,
        });
        for points in [&[][..], &some(), &absurd] {
            for width in [0, 160, 333, 2000, u32::MAX] {
                let size = Size { width, height: width / 2 };
                let Scatter { svg, dots } = scatter(points, size, &Theme::LIGHT, Units::Binary);
                assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n") && !svg.contains("NaN"));
                let size = size.limited();
                assert!(dots.iter().all(|dot| dot.x <= size.width.max(160) && dot.y <= size.height.max(120)));
            }
        }
        let drawn: Vec<usize> =
            scatter(&absurd, SIZE, &Theme::LIGHT, Units::Binary).dots.iter().map(|dot| dot.point).collect();
        assert_eq!(drawn, [2, 3]);
    }
}
