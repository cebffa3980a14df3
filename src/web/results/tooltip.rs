//! What a segment of the chart says when it is pointed at.

use super::figures::{large, share};
use super::segment::figure;
use crate::chart::{Drawing, Hit, Segment};
use crate::protocol::Request;
use crate::web::dom::{El, el, watch};
use crate::web::live::{Derived, Live};
use crate::web::state::AppState;
use crate::web::worker::Answers;
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
    left: u32,
    top: u32,
    above: bool,
}

/// The size, the share and the formula of the segment that is pointed at.
pub(super) fn tooltip(state: AppState, drawing: Derived<Option<Arc<Drawing>>>) -> El {
    let formula = Live::new(String::new());
    let answers = Answers::new(move |answer| formula.set(answer.unwrap_or_default().to_string()));
    watch(move || {
        formula.set(String::new());
        match drawing.with(|drawing| question(state, drawing.as_deref()?)) {
            Some(Question::Formula(request)) => answers.ask(&request),
            Some(Question::Rest) => formula.set("capacity − everything else".into()),
            None => {}
        }
    });
    el("div").live_children(move || {
        let told = drawing.with(|drawing| tell(state, drawing.as_deref()?));
        told.map(|told| show(told, formula)).into_iter().collect()
    })
}

/// What to ask about the segment that is pointed at.
enum Question {
    /// The formula of a contributor.
    Formula(Box<Request>),
    /// What is left.
    Rest,
}

fn question(state: AppState, drawing: &Drawing) -> Option<Question> {
    let pointed = state.view.pointed.get()?;
    let bar = drawing.bars.get(pointed.bar?)?;
    let Segment::Contributor(contributor) = pointed.segment else {
        return Some(Question::Rest);
    };
    let deployment = state.last_sound()?.deployment.clone();
    Some(Question::Formula(Box::new(Request::Formula { deployment, contributor, rank: bar.shows })))
}

fn show(told: Told, formula: Live<String>) -> El {
    let Told { title, figures, left, top, above } = told;
    el("div")
        .attr("role", "tooltip")
        .class(if above { "tooltip above" } else { "tooltip" })
        .live_style("left", move || format!("{left}px"))
        .live_style("top", move || format!("{top}px"))
        .child(el("p").class("tooltip-title").text(&title))
        .child(el("p").text(&figures))
        .child(el("p").class("formula").live_text(move || formula.get()))
}

fn tell(state: AppState, drawing: &Drawing) -> Option<Told> {
    let pointed = state.view.pointed.get()?;
    let bar = pointed.bar?;
    let hit = drawing.hits.iter().find(|hit| hit.bar == bar && hit.segment == pointed.segment)?;
    let sound = state.last_sound()?;
    let (bytes, total) = figure(drawing, &sound.report, hit)?;
    let shown = drawing.bars.get(bar)?;
    let units = state.view.units;
    let exact = if bytes.giga(units) < 1.0 { format!(" ({})", bytes.display(units)) } else { String::new() };
    let place = place(hit, drawing);
    Some(Told {
        title: format!("{}, {}", hit.segment.label_in(&sound.report), shown.label),
        figures: format!("{}{exact}, {} of {}", large(bytes, units), share(bytes, total), large(total, units)),
        ..place
    })
}

/// Places the tooltip above the segment if it fits, else in or below it, within the picture's
/// sides.
fn place(hit: &Hit, drawing: &Drawing) -> Told {
    let width = drawing.hits.iter().map(|hit| hit.x + hit.width).max().unwrap_or(0);
    let middle = hit.x + hit.width / 2;
    let left = middle.saturating_sub(WIDTH / 2).min(width.saturating_sub(WIDTH));
    let above = hit.y >= ROOM;
    let top = if above { hit.y - GAP } else { hit.y + hit.height.min(3 * GAP) + GAP };
    Told { title: String::new(), figures: String::new(), left, top, above }
}
