//! A stacked bar: an element of plotters whose segments a pointer can hit.

use super::draw::{Font, rgb};
use super::stack::{Hit, stack};
use super::svg::{Escaped, Hex, Svg, Written};
use super::words::{Word, Words};
use super::{Segment, Theme};
use crate::units::{Bytes, Units, grouped_decimal};
use plotters::element::{Drawable, PointCollection};
use plotters::style::Color as _;
use plotters_backend::BackendCoord;

/// The width of the paper between two segments, in pixels.
const GAP: u32 = 1;
/// The space between the edges of a segment and its name, in pixels.
const PADDING: u32 = 10;
/// The least percentage of the bar for a name, and for a size beside the name.
const LEAST_PERCENT: (u64, u64) = (6, 10);
/// The least height for a name.
const LEAST_HEIGHT: u32 = 20;
/// The radius of the corners of a bar.
const RADIUS: u32 = 4;
/// The font of sizes inside a segment.
const SIZE: Font = Font { size: 12.5, is_bold: false };

/// A segment with its texts.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub segment: Segment,
    pub bytes: f64,
    /// The name inside the segment.
    pub name: &'static str,
    /// The size inside the segment, without a unit.
    pub size: String,
    /// The accessible name.
    pub label: String,
}

impl Part {
    /// A segment of a GPU with `total` memory. `place` names the bar: "GPU 0".
    pub(super) fn new(
        segment: Segment,
        bytes: Bytes,
        total: Bytes,
        name: &'static str,
        place: &str,
        units: Units,
    ) -> Part {
        let size = grouped_decimal(bytes.giga(units), 2);
        let percent = bytes.share_of(total) * 100.0;
        let share = if percent < 0.5 { "< 1".to_string() } else { grouped_decimal(percent, 0) };
        let label = format!("{name}, {place}: {size} {}, {share} %", units.giga());
        Part { segment, bytes: bytes.0 as f64, name, size, label }
    }
}

/// The direction from the base of a bar to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Right,
    Up,
}

/// A bar between two corners of a chart: one at its base, the other at its end.
pub(super) struct StackedBar<'t, C> {
    pub corners: [C; 2],
    /// The number of the bar in the picture.
    pub index: usize,
    pub parts: &'t [Part],
    pub direction: Direction,
    /// The x of a line through the bar, in pixels of the picture.
    pub line: Option<u32>,
    pub theme: &'t Theme,
}

/// The boxes of a bar's segments, between two corners in pixels.
pub(super) fn boxes(index: usize, parts: &[Part], direction: Direction, corners: [BackendCoord; 2]) -> Vec<Hit> {
    let [base, end] = corners;
    let (left, top) = (base.0.min(end.0).max(0).unsigned_abs(), base.1.min(end.1).max(0).unsigned_abs());
    let (width, height) = (base.0.abs_diff(end.0), base.1.abs_diff(end.1));
    let length = if direction == Direction::Right { width } else { height };
    let sizes: Vec<f64> = parts.iter().map(|part| part.bytes).collect();
    let mut start = 0;
    let mut hits = Vec::with_capacity(parts.len());
    for (Part { segment, .. }, pixels) in parts.iter().zip(stack(&sizes, length)) {
        // Where a bar is too short for its segments, the last ones have no room.
        let pixels = pixels.min(length - start);
        hits.push(match direction {
            Direction::Right => Hit { bar: index, segment: *segment, x: left + start, y: top, width: pixels, height },
            Direction::Up => {
                let y = top + height - start - pixels;
                Hit { bar: index, segment: *segment, x: left, y, width, height: pixels }
            }
        });
        start += pixels;
    }
    hits
}

impl<'a, C> PointCollection<'a, C> for &'a StackedBar<'_, C> {
    type Point = &'a C;
    type IntoIter = &'a [C; 2];

    fn point_iter(self) -> &'a [C; 2] {
        &self.corners
    }
}

impl<C> Drawable<Svg<'_>> for StackedBar<'_, C> {
    fn draw<I: Iterator<Item = BackendCoord>>(&self, mut corners: I, svg: &mut Svg, _: (u32, u32)) -> Written {
        let (Some(base), Some(end)) = (corners.next(), corners.next()) else {
            return Ok(());
        };
        let hits = boxes(self.index, self.parts, self.direction, [base, end]);
        for (at, (hit, part)) in hits.iter().zip(self.parts).enumerate() {
            self.draw_segment(svg, hit, part, at)?;
        }
        if self.direction == Direction::Right {
            round(svg, &hits, self.theme)?;
            for (hit, part) in hits.iter().zip(self.parts) {
                self.draw_name(svg, hit, part, base.0.abs_diff(end.0))?;
            }
        }
        Ok(())
    }
}

impl<C> StackedBar<'_, C> {
    fn draw_segment(&self, svg: &mut Svg, hit: &Hit, part: &Part, at: usize) -> Written {
        let Hit { bar, segment, mut x, mut y, mut width, mut height } = *hit;
        if at > 0 {
            match self.direction {
                Direction::Right => (x, width) = (x + GAP, width.saturating_sub(GAP)),
                Direction::Up => (y, height) = (y, height.saturating_sub(GAP)),
            }
        }
        let (key, tab_index) = (segment.key(), if bar == 0 && at == 0 { 0 } else { -1 });
        let (fill, label) = (Hex(rgb(self.theme.segment(segment)).to_backend_color()), Escaped(&part.label));
        svg.element(format_args!(
            "<rect class=\"segment\" data-bar=\"{bar}\" data-segment=\"{key}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" \
             height=\"{height}\" fill=\"{fill}\" tabindex=\"{tab_index}\" role=\"img\" aria-label=\"{label}\"/>"
        ))
    }

    /// Writes the name of a segment into it if it has room, and the size if it has room for both.
    fn draw_name(&self, svg: &mut Svg, hit: &Hit, part: &Part, length: u32) -> Written {
        let Some(color) = self.theme.name_on(hit.segment) else {
            return Ok(());
        };
        let is_free = hit.segment == Segment::Free;
        let percent = u64::from(hit.width) * 100 / u64::from(length.max(1));
        if hit.height < LEAST_HEIGHT || percent < LEAST_PERCENT.0 {
            return Ok(());
        }
        let first = Word { text: part.name, font: if is_free { Font::TEXT } else { Font::BOLD }, color };
        let size = Word { text: &part.size, font: SIZE, color };
        let second = (!is_free && percent >= LEAST_PERCENT.1).then_some(size);
        let y = (hit.y + hit.height / 2) as i32;
        // Before or after the line at the capacity, with both texts or the name alone.
        let places = [second, None].into_iter().flat_map(|second| {
            let words = move |from: u32| Words { at: ((from + PADDING) as i32, y), class: "name", first, second };
            [Some(hit.x), self.line.filter(|line| (hit.x..hit.x + hit.width).contains(line))]
                .into_iter()
                .flatten()
                .map(words)
        });
        let fits = |words: &Words| {
            let (from, to) = (words.at.0.unsigned_abs() - PADDING, words.at.0.unsigned_abs() + words.width() + PADDING);
            let is_crossed = self.line.is_some_and(|line| from < line && line < to);
            to <= hit.x + hit.width && !is_crossed
        };
        let found = places.into_iter().find(fits);
        found.map_or(Ok(()), |words| words.write(svg, words.at))
    }
}

/// Rounds the outer corners of a bar with paper. A clip path would need a name that no other
/// picture of the page has, and would cut off the frame of a focused segment.
fn round(svg: &mut Svg, hits: &[Hit], theme: &Theme) -> Written {
    let (Some(first), Some(last)) = (hits.first(), hits.last()) else {
        return Ok(());
    };
    let (left, right, top, bottom) = (first.x, last.x + last.width, first.y, first.y + first.height);
    let r = RADIUS.min(first.height / 2);
    let fill = Hex(rgb(theme.paper).to_backend_color());
    svg.element(format_args!(
        "<path d=\"M{left} {top}h{r}a{r} {r} 0 0 0-{r} {r}zM{right} {top}v{r}a{r} {r} 0 0 0-{r}-{r}zM{right} \
         {bottom}h-{r}a{r} {r} 0 0 0 {r}-{r}zM{left} {bottom}v-{r}a{r} {r} 0 0 0 {r} {r}z\" fill=\"{fill}\" \
         pointer-events=\"none\"/>"
    ))
}
