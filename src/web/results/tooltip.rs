//! What a segment of the chart says when it is pointed at.

use super::chart::figure;
use super::figures::{gib, share};
use super::why::question;
use crate::chart::{Drawing, Hit, Segment};
use crate::units::GIB;
use crate::web::answers::{Reply, follow};
use crate::web::dom::{El, el};
use crate::web::state::AppState;
use crate::web::view::Pointed;
use leptos::prelude::*;
use std::sync::Arc;

/// The width of the tooltip; `chart.css` has the same number.
const WIDTH: u32 = 288;
/// Pixels between the tooltip and the edge of what it belongs to.
const GAP: u32 = 8;
/// A segment below this height leaves room for the tooltip above it.
const ROOM: u32 = 150;

/// Where the tooltip stands.
struct Place {
    left: u32,
    top: u32,
    above: bool,
}

/// The size, the share and the formula of the segment that is pointed at.
pub fn tooltip(state: AppState, drawing: Memo<Option<Arc<Drawing>>>) -> El {
    let formula = follow(move || {
        let Pointed { segment: Segment::Contributor(contributor), bar: Some(bar) } = state.view.pointed.get()? else {
            return None;
        };
        let rank = drawing.with(|drawing| Some(drawing.as_deref()?.bars.get(bar)?.shows))?;
        question(state, contributor, rank)
    });
    el("div").live_children(move || {
        let told = drawing.with(|drawing| tell(state, drawing.as_deref()?, formula));
        told.into_iter().collect()
    })
}

fn tell(state: AppState, drawing: &Drawing, formula: RwSignal<Option<Reply>, LocalStorage>) -> Option<El> {
    let pointed = state.view.pointed.get()?;
    let bar = pointed.bar?;
    let hit = drawing.hits.iter().find(|hit| hit.bar == bar && hit.segment == pointed.segment)?;
    let sound = state.last_sound()?;
    let (bytes, total) = figure(drawing, &sound.report, hit)?;
    let label = hit.segment.label_in(&sound.report);
    let exact = if bytes.0 < GIB { format!(" ({bytes})") } else { String::new() };
    let segment = hit.segment;
    // An answer may still be that of the segment before.
    let formula = move || match segment {
        Segment::Free => "capacity − everything else".to_string(),
        Segment::Contributor(_) => formula.with(|reply| {
            let reply = reply.as_ref().filter(|reply| reply.text("label") == label);
            reply.map(|reply| reply.text("formula")).unwrap_or_default()
        }),
    };
    let Place { left, top, above } = place(hit, drawing);
    let tooltip = el("div")
        .attr("role", "tooltip")
        .class(if above { "tooltip above" } else { "tooltip" })
        .live_style("left", move || format!("{left}px"))
        .live_style("top", move || format!("{top}px"))
        .child(el("p").class("tooltip-title").text(&format!("{label}, {}", drawing.bars.get(bar)?.label)))
        .child(el("p").text(&format!("{}{exact}, {} of {}", gib(bytes), share(bytes, total), gib(total))))
        .child(el("p").class("formula").live_text(formula));
    Some(tooltip)
}

/// Above the segment where there is room, else in or below it, and never beyond the picture's sides.
fn place(hit: &Hit, drawing: &Drawing) -> Place {
    let width = drawing.hits.iter().map(|hit| hit.x + hit.width).max().unwrap_or(0);
    let middle = hit.x + hit.width / 2;
    let left = middle.saturating_sub(WIDTH / 2).min(width.saturating_sub(WIDTH));
    let above = hit.y >= ROOM;
    let top = if above { hit.y - GAP } else { hit.y + hit.height.min(3 * GAP) + GAP };
    Place { left, top, above }
}
