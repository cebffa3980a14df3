//! The memory of each kind of rank as a picture on its own.

use super::draw::{Font, rgb};
use super::plot::named_plot;
use super::ranks::Lanes;
use super::{Segment, Size, Theme};
use crate::deployment::Deployment;
use crate::memory::Report;
use crate::units::Units;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// The space around the picture.
const MARGIN: u32 = 16;
/// The height of a line of the title and of the legend.
const LINE: u32 = 20;
/// The side of a swatch.
const SWATCH: u32 = 10;
/// The space between two entries of the legend.
const ENTRY_GAP: u32 = 20;
/// The space between the chart and the title or the legend.
const SPACE: u32 = 8;

/// Draws the picture of [`ranks`](super::ranks()) for use on its own: on paper, with a title and a
/// legend.
pub fn poster(deployment: &Deployment, report: &Report, width: u32, theme: &Theme, units: Units) -> String {
    let (model, gpu) = (&deployment.model.name, deployment.gpu.name);
    let (precision, count) = (deployment.quant_algo(), deployment.world_size());
    let title = format!("{model}, {precision}, on {count} × {gpu}; {} of each GPU", units.giga());
    let lanes = Lanes::new(report, width.saturating_sub(2 * MARGIN), units);
    let width = lanes.size.width + 2 * MARGIN;
    let lines = wrapped(&title, lanes.size.width);
    let top = MARGIN + lines.len() as u32 * LINE + SPACE;
    let legend = legend(report, lanes.size.width);
    let legend_top = top + lanes.size.height + SPACE;
    let rows = legend.last().map_or(0, |entry| entry.row + 1);
    let size = Size { width, height: legend_top + rows * LINE + MARGIN };
    let draw = |canvas: &super::draw::Canvas| {
        canvas.fill(&rgb(theme.paper))?;
        let anchor = Pos::new(HPos::Left, VPos::Center);
        let middle = |line: u32| (line * LINE + LINE / 2) as i32;
        for (at, line) in lines.iter().enumerate() {
            let y = MARGIN as i32 + middle(at as u32);
            canvas.draw_text(line, &Font::BOLD.style(theme.ink, anchor), (MARGIN as i32, y))?;
        }
        let area = canvas.clone().shrink((MARGIN, top), (lanes.size.width + 1, lanes.size.height + 1));
        lanes.draw(&area, theme)?;
        for Entry { segment, name, x, row } in &legend {
            let (x, y) = ((MARGIN + x) as i32, legend_top as i32 + middle(*row));
            let half = SWATCH as i32 / 2;
            let swatch = [(x, y - half), (x + SWATCH as i32, y + half)];
            canvas.draw(&Rectangle::new(swatch, rgb(theme.segment(*segment)).filled()))?;
            let style = Font::SMALL.style(theme.ink, anchor);
            canvas.draw_text(name, &style, (x + SWATCH as i32 + half, y))?;
        }
        Ok(())
    };
    named_plot(size, Some(&title), draw).0
}

/// An entry of the legend, and its place.
struct Entry {
    segment: Segment,
    name: &'static str,
    x: u32,
    row: u32,
}

/// The legend in rows of at most `width` pixels.
fn legend(report: &Report, width: u32) -> Vec<Entry> {
    let (mut end, mut row) = (0, 0);
    let entries = Segment::ALL.into_iter().map(|segment| {
        let name = segment.label_in(report);
        let length = SWATCH + SWATCH / 2 + Font::SMALL.width(name);
        if end > 0 && end + length > width {
            (end, row) = (0, row + 1);
        }
        let entry = Entry { segment, name, x: end, row };
        end += length + ENTRY_GAP;
        entry
    });
    entries.collect()
}

/// Breaks a title between words into lines of at most `width` pixels.
fn wrapped(title: &str, width: u32) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in title.split(' ') {
        match lines.last_mut() {
            Some(line) if Font::BOLD.width(&format!("{line} {word}")) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_string()),
        }
    }
    lines
}
