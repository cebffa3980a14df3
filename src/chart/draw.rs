//! Draws a laid-out picture as SVG, through plotters.

use super::model::{Area, Hit, Label, Model};
use super::svg::Svg;
use super::{Color, Drawing, Size, Theme};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::Color as _;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// The font size in pixels.
const FONT_SIZE: f64 = 12.0;

pub(super) type Canvas<'a> = DrawingArea<Svg<'a>, Shift>;
pub(super) type Drawn<'a> = Result<(), DrawingAreaErrorKind<<Svg<'a> as DrawingBackend>::ErrorType>>;

/// Draws a picture.
pub(super) fn draw_model(model: Model, theme: &Theme) -> Drawing {
    let svg = drawing(model.size, |canvas| draw(canvas, &model, theme));
    Drawing { svg, hits: model.hits, bars: model.bars, capacity: model.capacity }
}

/// The height of a row of the legend, and the side of its swatches, in pixels.
const LEGEND_ROW: u32 = 20;
const SWATCH: u32 = 10;
/// Upper bound of the width of a letter, in pixels.
const LETTER: u32 = 7;

/// Draws a picture on paper, with a title, the capacity, and a legend of `names` below it.
pub(super) fn draw_poster(
    model: &Model,
    names: &[(Color, &str)],
    title: &str,
    capacity: &str,
    theme: &Theme,
) -> String {
    let (size, mut legend, mut x, mut y) = (model.size, Vec::new(), SWATCH, model.size.height + LEGEND_ROW);
    for (color, name) in names {
        let width = 3 * SWATCH + name.chars().count() as u32 * LETTER;
        if x + width > size.width {
            (x, y) = (SWATCH, y + LEGEND_ROW);
        }
        legend.push((*color, Label { x, y, text: (*name).to_string() }));
        x += width;
    }
    let paper = Size { height: y + 2 * LEGEND_ROW, ..size };
    named_drawing(paper, Some(title), |canvas| {
        fill(canvas, Area { x: 0, y: 0, width: paper.width, height: paper.height }, theme.paper)?;
        draw(canvas, model, theme)?;
        for (color, Label { x, y, text }) in &legend {
            fill(canvas, Area { x: *x, y: y - SWATCH / 2, width: SWATCH, height: SWATCH }, *color)?;
            let label = Label { x: x + SWATCH + SWATCH / 2, y: *y, text: text.clone() };
            write(canvas, &label, Pos::new(HPos::Left, VPos::Center), theme.ink)?;
        }
        let title = Label { x: SWATCH, y: y + LEGEND_ROW, text: title.to_string() };
        write(canvas, &title, Pos::new(HPos::Left, VPos::Center), theme.faint)?;
        let capacity =
            Label { x: size.width - SWATCH, y: model.capacity.saturating_sub(2), text: capacity.to_string() };
        write(canvas, &capacity, Pos::new(HPos::Right, VPos::Bottom), theme.faint)
    })
}

/// The SVG that `draw` draws.
pub(super) fn drawing(size: Size, draw: impl for<'a> Fn(&Canvas<'a>) -> Drawn<'a>) -> String {
    named_drawing(size, None, draw)
}

/// The SVG that `draw` draws, with a name for screen readers if it is used on its own.
fn named_drawing(size: Size, name: Option<&str>, draw: impl for<'a> Fn(&Canvas<'a>) -> Drawn<'a>) -> String {
    let mut svg = String::new();
    let canvas = Svg::new(&mut svg, size, name).into_drawing_area();
    let drawn = draw(&canvas).and_then(|()| canvas.present());
    drop(canvas);
    if drawn.is_err() {
        // Writing to a string does not fail; if it did, no picture would be better than half of
        // one.
        svg.clear();
    }
    svg
}

fn draw<'a>(canvas: &Canvas<'a>, model: &Model, theme: &Theme) -> Drawn<'a> {
    for line in &model.grid {
        fill(canvas, *line, theme.grid)?;
    }
    for Hit { segment, x, y, width, height, .. } in model.hits.iter().copied() {
        fill(canvas, Area { x, y, width, height }, theme.segment(segment))?;
    }
    for gap in &model.gaps {
        fill(canvas, *gap, theme.paper)?;
    }
    for dash in &model.dashes {
        fill(canvas, *dash, theme.ink)?;
    }
    for label in &model.tick_labels {
        write(canvas, label, Pos::new(HPos::Right, VPos::Center), theme.faint)?;
    }
    for label in &model.bar_labels {
        write(canvas, label, Pos::new(HPos::Center, VPos::Top), theme.faint)?;
    }
    Ok(())
}

pub(super) fn fill<'a>(canvas: &Canvas<'a>, area: Area, color: Color) -> Drawn<'a> {
    let (x, y) = (area.x as i32, area.y as i32);
    let corners = [(x, y), (x + area.width as i32, y + area.height as i32)];
    canvas.draw(&Rectangle::new(corners, rgb(color).filled()))
}

pub(super) fn write<'a>(canvas: &Canvas<'a>, label: &Label, anchor: Pos, color: Color) -> Drawn<'a> {
    let color = rgb(color);
    let style = TextStyle::from((FontFamily::SansSerif, FONT_SIZE)).color(&color).pos(anchor);
    canvas.draw_text(&label.text, &style, (label.x as i32, label.y as i32))
}

pub(super) fn rgb(color: Color) -> RGBColor {
    let (red, green, blue) = color.rgb();
    RGBColor(red, green, blue)
}
