//! The canvas of a picture, and the styles of its texts.

use super::Color;
use super::svg::Svg;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::Color as _;
use plotters::style::text_anchor::Pos;

pub(super) type Canvas<'a> = DrawingArea<Svg<'a>, Shift>;

/// A color of plotters.
pub(super) fn rgb(color: Color) -> RGBColor {
    let (red, green, blue) = color.rgb();
    RGBColor(red, green, blue)
}

/// The font of a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Font {
    pub size: f64,
    pub is_bold: bool,
}

impl Font {
    /// Notes and axes.
    pub(super) const SMALL: Font = Font { size: 12.0, is_bold: false };
    /// The capacity on an axis.
    pub(super) const SMALL_BOLD: Font = Font { size: 12.0, is_bold: true };
    /// Names.
    pub(super) const TEXT: Font = Font { size: 13.0, is_bold: false };
    /// Names that stand out.
    pub(super) const BOLD: Font = Font { size: 13.0, is_bold: true };

    /// The style of a text at an anchor.
    pub(super) fn style(self, color: Color, anchor: Pos) -> TextStyle<'static> {
        let style = if self.is_bold { FontStyle::Bold } else { FontStyle::Normal };
        let font = TextStyle::from((FontFamily::SansSerif, self.size, style));
        TextStyle { color: rgb(color).to_backend_color(), pos: anchor, ..font }
    }

    /// Upper bound of the width of a text.
    pub(super) fn width(self, text: &str) -> u32 {
        super::font::text_width(text, self.size, self.is_bold)
    }
}
