//! The drawing backend of plotters: SVG.
//!
//! plotters' own SVG backend knows no attributes for a pointer, no patterns and no dashes, and it
//! asks the document for the width of a text. The bytes of this backend are the same on every
//! target: it writes whole pixels, and measures texts by fixed letter widths.
//!
//! A coordinate is the edge between two pixels. A picture of 400 pixels has 401 edges, so that
//! [`DrawingBackend::get_size`] is one more than the `width` of the SVG. An axis-parallel line of
//! width 1 covers the pixels to the right of or below its edge.

use super::Size;
use super::font::text_width;
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind, FontStyle,
    FontTransform,
};
use std::fmt::{self, Display, Write};

/// An SVG document under construction.
pub(super) struct Svg<'a> {
    text: &'a mut String,
    size: Size,
    ended: bool,
}

/// The result of drawing.
pub(super) type Written = Result<(), DrawingErrorKind<fmt::Error>>;

impl<'a> Svg<'a> {
    /// A picture of this size in pixels, written to `text`. A picture with a name is an image for
    /// screen readers; the others are described by the page.
    pub(super) fn new(text: &'a mut String, size: Size, name: Option<&str>) -> Svg<'a> {
        let Size { width, height } = size;
        let _ = write!(
            text,
            "<svg width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
             xmlns=\"http://www.w3.org/2000/svg\" font-family=\"sans-serif\""
        );
        if let Some(name) = name {
            let _ = write!(text, " role=\"img\" aria-label=\"{}\"", Escaped(name));
        }
        text.push_str(">\n");
        Svg { text, size, ended: false }
    }

    /// Adds an element that plotters does not know. It is one line of markup.
    pub(super) fn element(&mut self, markup: fmt::Arguments) -> Written {
        self.write(markup)?;
        self.write(format_args!("\n"))
    }

    fn write(&mut self, markup: fmt::Arguments) -> Written {
        self.text.write_fmt(markup).map_err(DrawingErrorKind::DrawingError)
    }

    fn points(&mut self, points: &[BackendCoord]) -> Written {
        points.iter().try_for_each(|(x, y)| self.write(format_args!("{x},{y} ")))
    }
}

/// A color in SVG notation.
pub(super) struct Hex(pub BackendColor);

impl Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (red, green, blue) = self.0.rgb;
        write!(f, "#{red:02X}{green:02X}{blue:02X}")
    }
}

/// A text, escaped for markup.
pub(super) struct Escaped<'a>(pub &'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '&' => f.write_str("&amp;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&apos;"),
            other => f.write_char(other),
        })
    }
}

/// A font size in pixels with at most one decimal. The standard library's text of an `f64` would
/// add its tables to the page.
pub(super) struct FontSize(pub f64);

impl Display for FontSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = (self.0 * 10.0).round() as u32;
        match tenths % 10 {
            0 => write!(f, "{}", tenths / 10),
            part => write!(f, "{}.{part}", tenths / 10),
        }
    }
}

/// The paint of a shape, filled or as an outline.
struct Paint<'s, S> {
    style: &'s S,
    filled: bool,
}

impl<S: BackendStyle> Display for Paint<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let color = Hex(self.style.color());
        match (self.filled, self.style.stroke_width()) {
            (true, _) => write!(f, "fill=\"{color}\""),
            (false, 1) => write!(f, "fill=\"none\" stroke=\"{color}\""),
            (false, width) => write!(f, "fill=\"none\" stroke=\"{color}\" stroke-width=\"{width}\""),
        }
    }
}

/// Whether a shape is invisible. plotters also draws the grid lines that a chart turned off, with a
/// transparent color. Every other color is opaque.
fn is_transparent(style: &impl BackendStyle) -> bool {
    style.color().alpha == 0.0
}

/// The weight of bold texts.
fn is_bold<S: BackendTextStyle>(style: &S) -> bool {
    matches!(style.style(), FontStyle::Bold)
}

/// The angle of a text that is not horizontal.
fn degrees(transform: FontTransform) -> Option<u32> {
    match transform {
        FontTransform::None => None,
        FontTransform::Rotate90 => Some(90),
        FontTransform::Rotate180 => Some(180),
        FontTransform::Rotate270 => Some(270),
    }
}

impl DrawingBackend for Svg<'_> {
    type ErrorType = fmt::Error;

    fn get_size(&self) -> (u32, u32) {
        (self.size.width + 1, self.size.height + 1)
    }

    fn ensure_prepared(&mut self) -> Written {
        Ok(())
    }

    fn present(&mut self) -> Written {
        if std::mem::replace(&mut self.ended, true) { Ok(()) } else { self.write(format_args!("</svg>\n")) }
    }

    fn draw_pixel(&mut self, at: BackendCoord, color: BackendColor) -> Written {
        self.draw_rect(at, (at.0 + 1, at.1 + 1), &color, true)
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Written {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S, filled: bool) -> Written {
        if is_transparent(style) {
            return Ok(());
        }
        // An axis may run from the right to the left or upwards.
        let (x, y) = (from.0.min(to.0), from.1.min(to.1));
        let (width, height) = (from.0.abs_diff(to.0), from.1.abs_diff(to.1));
        let paint = Paint { style, filled };
        self.element(format_args!("<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" {paint}/>"))
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Written {
        if is_transparent(style) {
            return Ok(());
        }
        let points: Vec<BackendCoord> = path.into_iter().collect();
        if let ([from, to], 1) = (&points[..], style.stroke_width()) {
            // A stroke on an edge would be blurred over the pixels on both of its sides.
            if from.0 == to.0 {
                return self.draw_rect(*from, (to.0 + 1, to.1), style, true);
            }
            if from.1 == to.1 {
                return self.draw_rect(*from, (to.0, to.1 + 1), style, true);
            }
        }
        self.write(format_args!("<polyline {} points=\"", Paint { style, filled: false }))?;
        self.points(&points)?;
        self.element(format_args!("\"/>"))
    }

    fn draw_circle<S: BackendStyle>(&mut self, (x, y): BackendCoord, r: u32, style: &S, filled: bool) -> Written {
        if is_transparent(style) {
            return Ok(());
        }
        self.element(format_args!("<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\" {}/>", Paint { style, filled }))
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Written {
        if is_transparent(style) {
            return Ok(());
        }
        let points: Vec<BackendCoord> = path.into_iter().collect();
        self.write(format_args!("<polygon {} points=\"", Paint { style, filled: true }))?;
        self.points(&points)?;
        self.element(format_args!("\"/>"))
    }

    /// Writes a text that no pointer hits and no screen reader reads. A centered text that would
    /// be cut off at a side of the picture starts or ends there.
    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, (x, y): BackendCoord) -> Written {
        if text.is_empty() || style.color().alpha == 0.0 {
            return Ok(());
        }
        let (size, bold) = (style.size(), is_bold(style));
        let is_turned = degrees(style.transform()).is_some();
        let (half, right) = (text_width(text, size, bold).div_ceil(2) as i32, self.size.width as i32);
        let (x, anchor) = match style.anchor().h_pos {
            HPos::Left => (x, "start"),
            HPos::Right => (x, "end"),
            HPos::Center if is_turned => (x, "middle"),
            HPos::Center if x < half => (0, "start"),
            HPos::Center if x + half > right => (right, "end"),
            HPos::Center => (x, "middle"),
        };
        let dy = match style.anchor().v_pos {
            VPos::Top => "0.76em",
            VPos::Center => "0.35em",
            VPos::Bottom => "-0.24em",
        };
        let (weight, fill) = (if bold { " font-weight=\"600\"" } else { "" }, Hex(style.color()));
        self.write(format_args!(
            "<text x=\"{x}\" y=\"{y}\" dy=\"{dy}\" text-anchor=\"{anchor}\" font-size=\"{}\"{weight} fill=\"{fill}\"",
            FontSize(size)
        ))?;
        if let Some(degrees) = degrees(style.transform()) {
            self.write(format_args!(" transform=\"rotate({degrees}, {x}, {y})\""))?;
        }
        self.element(format_args!(" pointer-events=\"none\" aria-hidden=\"true\">\n{}\n</text>", Escaped(text)))
    }

    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        style: &S,
    ) -> Result<(u32, u32), DrawingErrorKind<fmt::Error>> {
        Ok((text_width(text, style.size(), is_bold(style)), style.size().ceil() as u32))
    }
}

/// A text of a picture.
#[cfg(test)]
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TextElement {
    pub content: String,
    pub x: f64,
    pub y: f64,
    anchor: String,
    size: f64,
    is_bold: bool,
}

#[cfg(test)]
impl TextElement {
    /// Upper bound of its width.
    pub(super) fn width(&self) -> f64 {
        f64::from(text_width(&self.content, self.size, self.is_bold))
    }

    /// The position of its left edge.
    pub(super) fn left(&self) -> f64 {
        match self.anchor.as_str() {
            "start" => self.x,
            "end" => self.x - self.width(),
            _ => self.x - self.width() / 2.0,
        }
    }
}

/// Returns the horizontal texts of a picture.
#[cfg(test)]
pub(super) fn texts(svg: &str) -> Vec<TextElement> {
    let attribute = |tag: &str, name: &str| {
        let rest = tag.split_once(&format!(" {name}=\"")).unwrap().1;
        rest[..rest.find('"').unwrap()].to_string()
    };
    let lines: Vec<&str> = svg.lines().collect();
    let tags = lines.iter().enumerate().filter(|(_, line)| line.starts_with("<text") && !line.contains("transform="));
    let read = |(at, tag): (usize, &&str)| TextElement {
        content: lines[at + 1].to_string(),
        x: attribute(tag, "x").parse().unwrap(),
        y: attribute(tag, "y").parse().unwrap(),
        anchor: if tag.contains("text-anchor") { attribute(tag, "text-anchor") } else { "start".into() },
        size: attribute(tag, "font-size").parse().unwrap(),
        is_bold: tag.contains("font-weight"),
    };
    tags.map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::draw::Canvas;
    use crate::chart::plot::{Failure, plotted};
    use plotters::prelude::*;
    use plotters::style::RGBAColor;
    use plotters::style::text_anchor::Pos;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const SIZE: Size = Size { width: 30, height: 20 };

    fn drawing(size: Size, draw: impl for<'a> Fn(&Canvas<'a>) -> Result<(), Failure>) -> String {
        plotted(size, draw).0
    }

    #[test]
    fn each_shape_is_one_line_of_svg() {
        let svg = drawing(SIZE, |canvas| {
            canvas.draw(&Rectangle::new([(1, 2), (4, 8)], RED.filled()))?;
            canvas.draw(&Rectangle::new([(4, 8), (1, 2)], RED))?;
            canvas.draw(&Circle::new((5, 6), 3, BLUE.filled()))?;
            canvas.draw(&PathElement::new([(0, 1), (2, 3)], ShapeStyle { stroke_width: 2, ..BLACK.into() }))?;
            canvas.draw(&Polygon::new([(0, 1), (2, 3), (4, 5)], WHITE.filled()))
        });
        let lines = [
            "<svg width=\"30\" height=\"20\" viewBox=\"0 0 30 20\" xmlns=\"http://www.w3.org/2000/svg\" \
             font-family=\"sans-serif\">",
            r##"<rect x="1" y="2" width="3" height="6" fill="#FF0000"/>"##,
            r##"<rect x="1" y="2" width="3" height="6" fill="none" stroke="#FF0000"/>"##,
            r##"<circle cx="5" cy="6" r="3" fill="#0000FF"/>"##,
            r##"<polyline fill="none" stroke="#000000" stroke-width="2" points="0,1 2,3 "/>"##,
            r##"<polygon fill="#FFFFFF" points="0,1 2,3 4,5 "/>"##,
            "</svg>",
        ];
        assert_eq!(svg.lines().collect::<Vec<_>>(), lines);
    }

    #[test]
    fn a_straight_line_covers_whole_pixels_up_to_the_edge_of_the_picture() {
        let svg = drawing(SIZE, |canvas| {
            canvas.draw(&PathElement::new([(0, 4), (30, 4)], BLACK))?;
            canvas.draw(&PathElement::new([(7, 20), (7, 0)], BLACK))
        });
        assert!(svg.contains(r##"<rect x="0" y="4" width="30" height="1" fill="#000000"/>"##), "{svg}");
        assert!(svg.contains(r##"<rect x="7" y="0" width="1" height="20" fill="#000000"/>"##), "{svg}");
    }

    #[test]
    fn transparent_shapes_and_empty_texts_are_left_out() {
        let clear = RGBAColor(1, 2, 3, 0.0);
        let svg = drawing(SIZE, |canvas| {
            canvas.draw(&Rectangle::new([(1, 2), (4, 8)], clear.filled()))?;
            canvas.draw(&PathElement::new([(0, 1), (2, 3)], clear))?;
            canvas.draw(&Circle::new((5, 6), 3, clear))?;
            canvas.draw_text("", &TextStyle::from((FontFamily::SansSerif, 12.0)), (1, 1))
        });
        assert_eq!(svg.lines().count(), 2, "{svg}");
    }

    fn text(text: &str, size: f64, at: (i32, i32), horizontal: HPos) -> String {
        let style = TextStyle::from((FontFamily::SansSerif, size, FontStyle::Bold));
        let style = style.color(&BLUE).pos(Pos::new(horizontal, VPos::Top));
        drawing(SIZE, |canvas| canvas.draw_text(text, &style, at))
    }

    #[test]
    fn a_text_is_no_markup() {
        let start = "<text x=\"3\" y=\"4\" dy=\"0.76em\" text-anchor=\"end\" font-size=\"12.5\" \
                     font-weight=\"600\" fill=\"#0000FF\" pointer-events=\"none\" aria-hidden=\"true\">";
        let svg = text("<b>\"R&D's\"</b>", 12.5, (3, 4), HPos::Right);
        assert!(svg.contains(&format!("{start}\n&lt;b&gt;&quot;R&amp;D&apos;s&quot;&lt;/b&gt;\n</text>\n")), "{svg}");
    }

    #[test]
    fn a_centered_text_stays_inside_the_picture() {
        assert!(
            text("0", 12.0, (0, 4), HPos::Center).contains("<text x=\"0\" y=\"4\" dy=\"0.76em\" text-anchor=\"start\"")
        );
        assert!(text("0", 12.0, (30, 4), HPos::Center).contains("x=\"30\" y=\"4\" dy=\"0.76em\" text-anchor=\"end\""));
        assert!(
            text("0", 12.0, (15, 4), HPos::Center).contains("x=\"15\" y=\"4\" dy=\"0.76em\" text-anchor=\"middle\"")
        );
    }
}
