//! The drawing backend of plotters: SVG, with the few shapes that the charts have.
//!
//! plotters' own SVG backend formats opacities as `f64`. The standard library prints up to a
//! thousand digits exactly, and the page would have to load the code for that. This backend writes
//! whole pixels only, so that the bytes are the same on every target.

use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind, FontTransform,
};
use std::fmt::{self, Display, Write};

/// The width of a letter, in multiples of the font size: digits and most letters are narrower.
const LETTER: f64 = 0.58;

/// An SVG document under construction.
pub(super) struct Svg<'a> {
    text: &'a mut String,
    size: (u32, u32),
    ended: bool,
}

type Written = Result<(), DrawingErrorKind<fmt::Error>>;

impl<'a> Svg<'a> {
    /// A picture of this size in pixels, written to `text`.
    pub(super) fn new(text: &'a mut String, (width, height): (u32, u32)) -> Svg<'a> {
        let _ = writeln!(
            text,
            "<svg width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
             xmlns=\"http://www.w3.org/2000/svg\">"
        );
        Svg { text, size: (width, height), ended: false }
    }

    fn write(&mut self, what: fmt::Arguments) -> Written {
        self.text.write_fmt(what).map_err(DrawingErrorKind::DrawingError)
    }

    fn points(&mut self, points: impl IntoIterator<Item = BackendCoord>) -> Written {
        points.into_iter().try_for_each(|(x, y)| self.write(format_args!("{x},{y} ")))
    }
}

/// A color in SVG notation. Every shape of a chart is opaque.
struct Hex(BackendColor);

impl Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (red, green, blue) = self.0.rgb;
        write!(f, "#{red:02X}{green:02X}{blue:02X}")
    }
}

/// A text, escaped for markup.
struct Escaped<'a>(&'a str);

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

/// The paint of a shape.
struct Paint {
    color: Hex,
    filled: bool,
}

impl Display for Paint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Paint { color, filled } = self;
        match filled {
            true => write!(f, r#"opacity="1" fill="{color}" stroke="none""#),
            false => write!(f, r#"opacity="1" fill="none" stroke="{color}""#),
        }
    }
}

fn paint(style: &impl BackendStyle, filled: bool) -> Paint {
    Paint { color: Hex(style.color()), filled }
}

impl DrawingBackend for Svg<'_> {
    type ErrorType = fmt::Error;

    fn get_size(&self) -> (u32, u32) {
        self.size
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

    fn draw_rect<S: BackendStyle>(
        &mut self,
        (left, top): BackendCoord,
        (right, bottom): BackendCoord,
        style: &S,
        fill: bool,
    ) -> Written {
        let (width, height, paint) = (right - left, bottom - top, paint(style, fill));
        self.write(format_args!("<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" {paint}/>\n"))
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Written {
        let (color, width) = (Hex(style.color()), style.stroke_width());
        self.write(format_args!(
            "<polyline fill=\"none\" opacity=\"1\" stroke=\"{color}\" stroke-width=\"{width}\" points=\""
        ))?;
        self.points(path)?;
        self.write(format_args!("\"/>\n"))
    }

    fn draw_circle<S: BackendStyle>(&mut self, (x, y): BackendCoord, r: u32, style: &S, fill: bool) -> Written {
        let (paint, width) = (paint(style, fill), style.stroke_width());
        self.write(format_args!("<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\" {paint} stroke-width=\"{width}\"/>\n"))
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Written {
        self.write(format_args!("<polygon opacity=\"1\" fill=\"{}\" points=\"", Hex(style.color())))?;
        self.points(path)?;
        self.write(format_args!("\"/>\n"))
    }

    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        style: &S,
    ) -> Result<(u32, u32), DrawingErrorKind<fmt::Error>> {
        let (letters, size) = (text.chars().count() as f64, style.size());
        Ok(((letters * size * LETTER).ceil() as u32, size.ceil() as u32))
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, (x, y): BackendCoord) -> Written {
        if text.is_empty() {
            return Ok(());
        }
        let anchor = match style.anchor().h_pos {
            HPos::Left => "start",
            HPos::Right => "end",
            HPos::Center => "middle",
        };
        let dy = match style.anchor().v_pos {
            VPos::Top => "0.76em",
            VPos::Center => "0.5ex",
            VPos::Bottom => "-0.5ex",
        };
        let (family, size, color) = (style.family(), style.size() as u32, Hex(style.color()));
        self.write(format_args!(
            "<text x=\"{x}\" y=\"{y}\" dy=\"{dy}\" text-anchor=\"{anchor}\" font-family=\"{}\" font-size=\"{size}\" \
             opacity=\"1\" fill=\"{color}\"",
            family.as_str()
        ))?;
        let turned = match style.transform() {
            FontTransform::None => None,
            FontTransform::Rotate90 => Some(90),
            FontTransform::Rotate180 => Some(180),
            FontTransform::Rotate270 => Some(270),
        };
        if let Some(degrees) = turned {
            self.write(format_args!(" transform=\"rotate({degrees}, {x}, {y})\""))?;
        }
        self.write(format_args!(">\n{}\n</text>\n", Escaped(text)))
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
}

#[cfg(test)]
impl TextElement {
    /// Upper bound of its width.
    pub(super) fn width(&self) -> f64 {
        self.content.chars().count() as f64 * 12.0 * LETTER
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
        anchor: attribute(tag, "text-anchor"),
    };
    tags.map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::draw::{drawing, write};
    use crate::chart::model::Label;
    use crate::chart::{Color, Size};
    use plotters::prelude::*;
    use plotters::style::Color as _;
    use plotters::style::text_anchor::Pos;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn each_shape_is_one_line_of_svg() {
        let svg = drawing(Size { width: 30, height: 20 }, |canvas| {
            canvas.draw(&Rectangle::new([(1, 2), (4, 8)], RED.filled()))?;
            canvas.draw(&Rectangle::new([(1, 2), (4, 8)], RED))?;
            canvas.draw(&Circle::new((5, 6), 3, BLUE.filled()))?;
            canvas.draw(&PathElement::new([(0, 1), (2, 3)], BLACK))?;
            canvas.draw(&Polygon::new([(0, 1), (2, 3), (4, 5)], WHITE.filled()))
        });
        let lines = [
            r##"<svg width="30" height="20" viewBox="0 0 30 20" xmlns="http://www.w3.org/2000/svg">"##,
            r##"<rect x="1" y="2" width="3" height="6" opacity="1" fill="#FF0000" stroke="none"/>"##,
            r##"<rect x="1" y="2" width="3" height="6" opacity="1" fill="none" stroke="#FF0000"/>"##,
            r##"<circle cx="5" cy="6" r="3" opacity="1" fill="#0000FF" stroke="none" stroke-width="1"/>"##,
            r##"<polyline fill="none" opacity="1" stroke="#000000" stroke-width="1" points="0,1 2,3 "/>"##,
            r##"<polygon opacity="1" fill="#FFFFFF" points="0,1 2,3 4,5 "/>"##,
            "</svg>",
        ];
        assert_eq!(svg.lines().collect::<Vec<_>>(), lines);
    }

    #[test]
    fn a_text_is_no_markup() {
        let label = Label { x: 3, y: 4, text: "<b>\"R&D's\"</b>".into() };
        let svg = drawing(Size { width: 30, height: 20 }, |canvas| {
            write(canvas, &label, Pos::new(HPos::Right, VPos::Top), Color(0x12_34_56))
        });
        let start = "<text x=\"3\" y=\"4\" dy=\"0.76em\" text-anchor=\"end\" font-family=\"sans-serif\" \
                     font-size=\"12\" opacity=\"1\" fill=\"#123456\">";
        assert!(svg.contains(&format!("{start}\n&lt;b&gt;&quot;R&amp;D&apos;s&quot;&lt;/b&gt;\n</text>\n")), "{svg}");
    }
}
