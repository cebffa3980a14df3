//! A model as SVG, through plotters.

use super::model::{Area, Hit, Label, Model};
use super::{Colour, Drawing, Size, Theme};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// plotters writes a font's size divided by 1.24: this gives `font-size="12"`.
const FONT_SIZE: f64 = 12.0 * 1.24;

pub(super) type Canvas<'a> = DrawingArea<SVGBackend<'a>, Shift>;
pub(super) type Drawn<'a> = Result<(), DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>>;

/// Draws a model.
pub(super) fn draw_model(model: Model, theme: &Theme) -> Drawing {
    let svg = drawing(model.size, |canvas| draw(canvas, &model, theme));
    Drawing { svg, hits: model.hits, bars: model.bars, capacity: model.capacity }
}

/// The SVG of a picture that `draw` draws.
pub(super) fn drawing(size: Size, draw: impl for<'a> Fn(&Canvas<'a>) -> Drawn<'a>) -> String {
    let mut svg = String::new();
    let canvas = SVGBackend::with_string(&mut svg, (size.width, size.height)).into_drawing_area();
    let drawn = draw(&canvas).and_then(|()| canvas.present());
    drop(canvas);
    if drawn.is_err() {
        // Writing into a text can't fail; were it to, no picture is better than half of one.
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

pub(super) fn fill<'a>(canvas: &Canvas<'a>, area: Area, colour: Colour) -> Drawn<'a> {
    let (x, y) = (area.x as i32, area.y as i32);
    let corners = [(x, y), (x + area.width as i32, y + area.height as i32)];
    canvas.draw(&Rectangle::new(corners, rgb(colour).filled()))
}

pub(super) fn write<'a>(canvas: &Canvas<'a>, label: &Label, anchor: Pos, colour: Colour) -> Drawn<'a> {
    let colour = rgb(colour);
    let style = TextStyle::from(("sans-serif", FONT_SIZE)).color(&colour).pos(anchor);
    canvas.draw_text(&label.text, &style, (label.x as i32, label.y as i32))
}

pub(super) fn rgb(colour: Colour) -> RGBColor {
    let (red, green, blue) = colour.rgb();
    RGBColor(red, green, blue)
}
