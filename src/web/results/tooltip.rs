//! What a segment of the chart says when it is pointed at.

use super::chart::figure;
use super::figures::{gib, share};
use super::why::explanation;
use crate::chart::{Drawing, Hit, Segment};
use crate::units::GIB;
use crate::web::dom::{El, el};
use crate::web::state::AppState;
use leptos::prelude::*;
use std::sync::Arc;

/// The width of the tooltip; `chart.css` has the same number.
const WIDTH: u32 = 288;
/// Pixels between the tooltip and the edge of what it belongs to.
const GAP: u32 = 8;
/// A segment below this height leaves room for the tooltip above it.
const ROOM: u32 = 150;

struct Told {
    title: String,
    figures: String,
    formula: String,
    left: u32,
    top: u32,
    above: bool,
}

/// The size, the share and the formula of the segment that is pointed at.
pub fn tooltip(state: AppState, drawing: Memo<Option<Arc<Drawing>>>) -> El {
    el("div").live_children(move || {
        let told = drawing.with(|drawing| tell(state, drawing.as_deref()?));
        told.map(show).into_iter().collect()
    })
}

fn show(told: Told) -> El {
    let Told { title, figures, formula, left, top, above } = told;
    el("div")
        .attr("role", "tooltip")
        .class(if above { "tooltip above" } else { "tooltip" })
        .live_style("left", move || format!("{left}px"))
        .live_style("top", move || format!("{top}px"))
        .child(el("p").class("tooltip-title").text(&title))
        .child(el("p").text(&figures))
        .child(el("p").class("formula").text(&formula))
}

fn tell(state: AppState, drawing: &Drawing) -> Option<Told> {
    let pointed = state.view.pointed.get()?;
    let bar = pointed.bar?;
    let hit = drawing.hits.iter().find(|hit| hit.bar == bar && hit.segment == pointed.segment)?;
    let sound = state.last_sound()?;
    let (bytes, total) = figure(drawing, &sound.report, hit)?;
    let shown = drawing.bars.get(bar)?;
    let exact = if bytes.0 < GIB { format!(" ({bytes})") } else { String::new() };
    let formula = match hit.segment {
        Segment::Contributor(contributor) => explanation(&sound.deployment, shown.shows, contributor)?.formula,
        Segment::Free => "capacity − everything else".to_string(),
    };
    let place = place(hit, drawing);
    Some(Told {
        title: format!("{}, {}", hit.segment.label(), shown.label),
        figures: format!("{}{exact}, {} of {}", gib(bytes), share(bytes, total), gib(total)),
        formula,
        ..place
    })
}

/// Above the segment where there is room, else in or below it, and never beyond the picture's sides.
fn place(hit: &Hit, drawing: &Drawing) -> Told {
    let width = drawing.hits.iter().map(|hit| hit.x + hit.width).max().unwrap_or(0);
    let middle = hit.x + hit.width / 2;
    let left = middle.saturating_sub(WIDTH / 2).min(width.saturating_sub(WIDTH));
    let above = hit.y >= ROOM;
    let top = if above { hit.y - GAP } else { hit.y + hit.height.min(3 * GAP) + GAP };
    Told { title: String::new(), figures: String::new(), formula: String::new(), left, top, above }
}
