//! The styles and helpers of the charts with axes.

use super::draw::{Canvas, Font, rgb};
use super::svg::Svg;
use super::{Color, Size, Theme};
use crate::units::{grouped, shortest};
use plotters::chart::MeshStyle;
use plotters::coord::ranged1d::ValueFormatter;
use plotters::coord::types::RangedCoordf64;
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::text_anchor::Pos;
use std::fmt;

/// The length of the tick marks. Labels have twice this distance from their axis.
const TICK: i32 = 4;
/// The height of the labels and the title below a plot, with the margin, in pixels.
pub(super) const BELOW: u32 = 44;
/// Space below the title of an axis, for letters that reach below the line.
pub(super) const MARGIN: u32 = 4;
/// The width of the labels and the title to the left of a plot, in pixels.
pub(super) const LEFT: u32 = 60;
/// The least distance between the ticks of a vertical and of a horizontal axis, in pixels.
const DISTANCES: (u32, u32) = (28, 56);
/// The lengths of a dash and of the gap after it.
const DASH: (i32, i32) = (6, 4);

/// The error of a drawing.
pub(super) type Failure = DrawingAreaErrorKind<fmt::Error>;
/// A chart whose vertical axis is linear.
pub(super) type Chart<'c, 'a, X, Y = RangedCoordf64> = ChartContext<'c, Svg<'a>, Cartesian2d<X, Y>>;

/// Draws a picture. Returns it with what `draw` returns, the positions in it.
pub(super) fn plotted<T: Default>(
    size: Size,
    draw: impl for<'a> FnOnce(&Canvas<'a>) -> Result<T, Failure>,
) -> (String, T) {
    named_plot(size, None, draw)
}

/// Draws a picture, with a name for screen readers if it is used on its own.
pub(super) fn named_plot<T: Default>(
    size: Size,
    name: Option<&str>,
    draw: impl for<'a> FnOnce(&Canvas<'a>) -> Result<T, Failure>,
) -> (String, T) {
    let mut svg = String::new();
    let canvas = Svg::new(&mut svg, size, name).into_drawing_area();
    let drawn = draw(&canvas).and_then(|places| canvas.present().map(|()| places));
    drop(canvas);
    // Writing to a string does not fail; if it did, no picture would be better than half of one.
    drawn.map_or_else(|_| (String::new(), T::default()), |places| (svg, places))
}

/// The style of a label.
pub(super) fn text_style(color: Color) -> TextStyle<'static> {
    Font::SMALL.style(color, Pos::default())
}

/// The width of a text of that style, in pixels.
pub(super) fn width_of(text: &str) -> u32 {
    Font::SMALL.width(text)
}

/// The style of axes and of their labels: thin lines in the color of the grid.
pub(super) fn style_axes<'c, 'b, 'a, X, Y>(mesh: &mut MeshStyle<'c, 'b, X, Y, Svg<'a>>, size: Size, theme: &Theme)
where
    X: Ranged + ValueFormatter<X::ValueType>,
    Y: Ranged + ValueFormatter<Y::ValueType>,
{
    let (rows, columns) = (size.height / DISTANCES.0, size.width / DISTANCES.1);
    mesh.max_light_lines(0)
        .x_labels(columns.max(2) as usize)
        .y_labels(rows.max(2) as usize)
        .set_all_tick_mark_size(TICK)
        .label_style(text_style(theme.faint))
        .axis_desc_style(text_style(theme.faint))
        .axis_style(rgb(theme.grid))
        .bold_line_style(rgb(theme.grid));
}

/// A dashed line between two points of a chart.
pub(super) fn dashed<C: Clone>(ends: [C; 2], color: Color) -> DashedPathElement<std::array::IntoIter<C, 2>, i32> {
    DashedPathElement::new(ends, DASH.0, DASH.1, rgb(color))
}

/// The powers of two between two numbers, no more than a horizontal or vertical axis of `length`
/// pixels has room for.
pub(super) fn powers_of_two(from: f64, to: f64, length: u32, is_vertical: bool) -> Vec<f64> {
    let (first, last) = (from.max(f64::MIN_POSITIVE).log2().ceil() as i32, to.max(from).log2().floor() as i32);
    let distance = if is_vertical { DISTANCES.0 } else { DISTANCES.1 };
    let room = (length / distance).max(1) as i32;
    let every = ((last - first) / room + 1).max(1);
    (first..=last).step_by(every as usize).map(|exponent| 2f64.powi(exponent)).collect()
}

/// The label of a number on an axis.
pub(super) fn tick(number: f64) -> String {
    match number {
        whole if whole.fract() == 0.0 && whole >= 0.0 => grouped(whole as u64),
        other => shortest((other * 1000.0).round() / 1000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn powers_of_two_have_room_for_their_labels() {
        assert_eq!(powers_of_two(1.0, 16.0, 400, false), [1.0, 2.0, 4.0, 8.0, 16.0]);
        assert_eq!(powers_of_two(3.0, 131_072.0, 240, false), [4.0, 64.0, 1024.0, 16_384.0]);
        assert!(powers_of_two(5.0, 7.0, 400, true).is_empty());
    }

    #[test]
    fn ticks_are_plain_numbers() {
        assert_eq!([0.0, 0.1 + 0.2, 1.5, 2000.0].map(tick), ["0", "0.3", "1.5", "2,000"]);
    }
}
