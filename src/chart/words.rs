//! A text with a second text beside it: an element of plotters.
//!
//! The second text follows the first one in the markup, so that they have the same distance in
//! every font.

use super::Color;
use super::draw::{Font, rgb};
use super::svg::{Escaped, FontSize, Hex, Svg, Written};
use plotters::element::{Drawable, PointCollection};
use plotters::style::Color as _;
use plotters_backend::BackendCoord;

/// The distance of the second text, in pixels.
const GAP: u32 = 6;
/// A line break of the markup is a space of about this many pixels.
const SPACE: u32 = 3;

/// A text with its style.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word<'t> {
    pub text: &'t str,
    pub font: Font,
    pub color: Color,
}

/// Texts beside each other, from the left end of the first at its middle height.
pub(super) struct Words<'t> {
    pub at: BackendCoord,
    /// The class in the markup.
    pub class: &'static str,
    pub first: Word<'t>,
    pub second: Option<Word<'t>>,
}

impl Words<'_> {
    /// Upper bound of the width of both texts.
    pub(super) fn width(&self) -> u32 {
        let width = |word: Word| word.font.width(word.text);
        width(self.first) + self.second.map_or(0, |second| GAP + width(second))
    }

    /// Writes the texts at a position in pixels of the picture.
    pub(super) fn write(&self, svg: &mut Svg, (x, y): BackendCoord) -> Written {
        let (class, Word { text, font, color }) = (self.class, self.first);
        svg.element(format_args!(
            "<text class=\"{class}\" x=\"{x}\" y=\"{y}\" dy=\"0.35em\" {} pointer-events=\"none\" \
             aria-hidden=\"true\">\n{}",
            attributes(font, color),
            Escaped(text)
        ))?;
        if let Some(Word { text, font, color }) = self.second {
            let dx = GAP - SPACE;
            svg.element(format_args!("<tspan dx=\"{dx}\" {}>\n{}\n</tspan>", attributes(font, color), Escaped(text)))?;
        }
        svg.element(format_args!("</text>"))
    }
}

fn attributes(font: Font, color: Color) -> String {
    let (weight, fill) = (if font.is_bold { 600 } else { 400 }, Hex(rgb(color).to_backend_color()));
    format!("font-size=\"{}\" font-weight=\"{weight}\" fill=\"{fill}\"", FontSize(font.size))
}

impl<'a> PointCollection<'a, BackendCoord> for &'a Words<'_> {
    type Point = &'a BackendCoord;
    type IntoIter = std::iter::Once<&'a BackendCoord>;

    fn point_iter(self) -> Self::IntoIter {
        std::iter::once(&self.at)
    }
}

impl Drawable<Svg<'_>> for Words<'_> {
    fn draw<I: Iterator<Item = BackendCoord>>(&self, mut at: I, svg: &mut Svg, _: (u32, u32)) -> Written {
        at.next().map_or(Ok(()), |at| self.write(svg, at))
    }
}
