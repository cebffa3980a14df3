//! Predictions over measurements: a dot for each, on two logarithmic axes.

use super::draw::{Canvas, rgb};
use super::plot::{BELOW, Failure, LEFT, MARGIN, plotted, style_axes};
use super::{Size, Theme};
use crate::memory::Contributor;
use crate::units::Units;
use plotters::prelude::*;

/// Space to the left of the plot, for the title and labels such as "512 MiB".
const BEFORE: u32 = LEFT + 16;
/// Space above and to the right of the plot, so that dots and labels at its edge are not cut off.
const EDGE: u32 = 28;
/// The least distance between ticks, in pixels.
const DISTANCE: u32 = 64;
/// The radius of a dot.
const RADIUS: i32 = 4;
/// The error of a logarithm of a whole power.
const ROUNDING: f64 = 1e-9;

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
    let size = size.limited();
    let size = Size { width: size.width.max(160), height: size.height.max(120) };
    let (svg, dots) = plotted(size, |canvas| draw(canvas, points, size, theme, Axis(units)));
    Scatter { svg, dots }
}

/// A logarithmic axis: powers of two in binary units, powers of ten in decimal units.
#[derive(Debug, Clone, Copy)]
struct Axis(Units);

impl Axis {
    /// The ratio of two neighboring ticks, and the base of the numbers in their labels.
    fn steps(self) -> (f64, f64) {
        match self.0 {
            Units::Binary => (32.0, 1024.0),
            Units::Decimal => (10.0, 1000.0),
        }
    }

    /// The ticks around some sizes.
    fn ticks(self, sizes: impl Iterator<Item = f64>) -> Vec<f64> {
        let (step, _) = self.steps();
        let (low, high) = sizes.fold((f64::MAX, f64::MIN), |(low, high), size| (low.min(size), high.max(size)));
        let (low, high) = if low > high { (step, step) } else { (low, high) };
        let first = (low.ln() / step.ln() + ROUNDING).floor() as i32;
        let last = (high.ln() / step.ln() - ROUNDING).ceil() as i32;
        (first..=last.max(first + 1)).map(|exponent| step.powi(exponent)).collect()
    }

    /// The label of a tick: "32 MiB" for a power of two, "100 MB" for a power of ten.
    fn label(self, bytes: f64) -> String {
        let (step, base) = self.steps();
        let units = match self.0 {
            Units::Binary => ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"],
            Units::Decimal => ["B", "kB", "MB", "GB", "TB", "PB", "EB"],
        };
        let place = (bytes.ln() / base.ln() + ROUNDING).floor().max(0.0) as usize;
        match units.get(place) {
            Some(unit) => format!("{} {unit}", (bytes / base.powi(place as i32)).round()),
            None => format!("{step}^{} B", (bytes.ln() / step.ln()).round()),
        }
    }
}

fn draw(canvas: &Canvas<'_>, points: &[Point], size: Size, theme: &Theme, axis: Axis) -> Result<Vec<Dot>, Failure> {
    let is_drawn = |point: &Point| [point.predicted, point.measured].iter().all(|bytes| bytes.ln().is_finite());
    let drawn: Vec<(usize, &Point)> = points.iter().enumerate().filter(|(_, point)| is_drawn(point)).collect();
    let ticks = axis.ticks(drawn.iter().flat_map(|(_, point)| [point.predicted, point.measured]));
    let (first, last) = (ticks[0], ticks[ticks.len() - 1]);
    let room = (size.width.min(size.height).saturating_sub(BEFORE + EDGE) / DISTANCE).max(1) as usize;
    let shown: Vec<f64> = ticks.iter().copied().step_by((ticks.len() - 1).div_ceil(room).max(1)).collect();
    let range = || (first..last).log_scale().base(axis.steps().0).with_key_points(shown.clone());
    let mut chart = ChartBuilder::on(canvas)
        .margin_top(EDGE)
        .margin_right(EDGE)
        .margin_bottom(MARGIN)
        .x_label_area_size(BELOW - MARGIN)
        .y_label_area_size(BEFORE)
        .build_cartesian_2d(range(), range())?;
    let label = |bytes: &f64| axis.label(*bytes);
    let mut mesh = chart.configure_mesh();
    style_axes(&mut mesh, size, theme);
    mesh.x_label_formatter(&label).y_label_formatter(&label).x_desc("measured").y_desc("predicted").draw()?;
    chart.draw_series([PathElement::new(vec![(first, first), (last, last)], rgb(theme.faint))])?;
    chart.draw_series(drawn.iter().flat_map(|(_, point)| {
        let (middle, color) = ((point.measured, point.predicted), rgb(theme.contributor(point.contributor)));
        let paper = rgb(theme.paper);
        [Circle::new(middle, RADIUS + 1, paper.filled()), Circle::new(middle, RADIUS, color.filled())]
    }))?;
    let located = |(point, of): &(usize, &Point)| {
        let (x, y) = chart.backend_coord(&(of.measured, of.predicted));
        Dot { point: *point, x: x.max(0) as u32, y: y.max(0) as u32 }
    };
    Ok(drawn.iter().map(located).collect())
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
        let square = Size { width: 320 + BEFORE + EDGE, height: 320 + BELOW + EDGE };
        let drawn = scatter(&some(), square, &Theme::DARK, Units::Binary);
        assert_eq!(drawn.dots.len(), 6);
        for (dot, point) in drawn.dots.iter().zip(some()) {
            let above = f64::from(EDGE + 320 - dot.y) - f64::from(dot.x - BEFORE);
            let error = point.predicted / point.measured - 1.0;
            assert!(if error == 0.0 { above.abs() <= 1.0 } else { above * error >= 0.0 }, "{point:?}: {above}");
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
