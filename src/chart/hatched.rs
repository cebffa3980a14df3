//! A hatched box with a dashed outline: an element of plotters for temporary memory.

use super::draw::rgb;
use super::stack::Hit;
use super::svg::{Escaped, Hex, Svg, Written};
use super::{Segment, Theme};
use plotters::element::{Drawable, PointCollection};
use plotters::style::Color as _;
use plotters_backend::BackendCoord;
use std::fmt::Write;

/// The distance between two stripes, in pixels.
const DISTANCE: i32 = 5;

/// A hatched box between two opposite corners of a chart.
pub(super) struct Hatched<'t, C> {
    pub corners: [C; 2],
    /// The number of its bar in the picture.
    pub index: usize,
    pub segment: Segment,
    /// The accessible name.
    pub label: &'t str,
    pub theme: &'t Theme,
}

/// The box between two opposite corners in pixels.
pub(super) fn box_of(index: usize, segment: Segment, corners: [BackendCoord; 2]) -> Hit {
    let [a, b] = corners;
    let (x, y) = (a.0.min(b.0).max(0).unsigned_abs(), a.1.min(b.1).max(0).unsigned_abs());
    Hit { bar: index, segment, x, y, width: a.0.abs_diff(b.0), height: a.1.abs_diff(b.1) }
}

impl<'a, C> PointCollection<'a, C> for &'a Hatched<'_, C> {
    type Point = &'a C;
    type IntoIter = &'a [C; 2];

    fn point_iter(self) -> &'a [C; 2] {
        &self.corners
    }
}

impl<C> Drawable<Svg<'_>> for Hatched<'_, C> {
    fn draw<I: Iterator<Item = BackendCoord>>(&self, mut corners: I, svg: &mut Svg, _: (u32, u32)) -> Written {
        let (Some(a), Some(b)) = (corners.next(), corners.next()) else {
            return Ok(());
        };
        let hit = box_of(self.index, self.segment, [a, b]);
        let Hit { bar, x, y, width, height, .. } = hit;
        let hex = |color| Hex(rgb(color).to_backend_color());
        let (key, label) = (self.segment.key(), Escaped(self.label));
        let (fill, line) = (hex(self.theme.paper), hex(self.theme.faint));
        svg.element(format_args!(
            "<rect class=\"segment\" data-bar=\"{bar}\" data-segment=\"{key}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" \
             height=\"{height}\" fill=\"{fill}\" tabindex=\"-1\" role=\"img\" aria-label=\"{label}\"/>"
        ))?;
        svg.element(format_args!(
            "<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\" pointer-events=\"none\"/>",
            stripes(&hit),
            hex(self.theme.segment(self.segment))
        ))?;
        // Half a pixel inside, so that the line covers whole pixels.
        let (width, height) = (width.saturating_sub(1), height.saturating_sub(1));
        svg.element(format_args!(
            "<path d=\"M{x}.5 {y}.5h{width}v{height}h-{width}z\" fill=\"none\" stroke=\"{line}\" \
             stroke-dasharray=\"3 2\" pointer-events=\"none\"/>"
        ))
    }
}

/// Diagonal lines, cut off at the edges of a box. A pattern of SVG would need a name that no other
/// picture of the page has.
fn stripes(hit: &Hit) -> String {
    let (left, top) = (hit.x as i32, hit.y as i32);
    let (width, height) = (hit.width as i32, hit.height as i32);
    let mut path = String::new();
    // A stripe rises to the right, from the left or lower edge to the upper or right edge.
    for sum in (DISTANCE..width + height).step_by(DISTANCE as usize) {
        let (from_x, from_y) = if sum <= height { (0, sum) } else { (sum - height, height) };
        let (to_x, to_y) = if sum <= width { (sum, 0) } else { (width, sum - width) };
        let _ = write!(path, "M{} {}L{} {}", left + from_x, top + from_y, left + to_x, top + to_y);
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn stripes_rise_to_the_right_and_stay_in_their_box() {
        let hit = Hit { bar: 0, segment: Segment::Free, x: 10, y: 20, width: 12, height: 6 };
        assert_eq!(stripes(&hit), "M10 25L15 20M14 26L20 20M19 26L22 23");
        assert_eq!(stripes(&Hit { width: 2, height: 2, ..hit }), "");
    }
}
