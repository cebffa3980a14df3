//! The description of a segment under the pointer or the focus.

use super::figures::{large, share};
use crate::chart::{Drawing, Segment};
use crate::protocol::Request;
use crate::web::browser::by_id;
use crate::web::browser::worker::Channel;
use crate::web::state::AppState;
use leptos::prelude::*;
use std::sync::Arc;

/// The width in pixels, as in the style sheet.
const WIDTH: i32 = 288;
/// The pixels between the tooltip and its segment.
const GAP: i32 = 8;

/// The texts and the position of a tooltip.
#[derive(Debug, Clone, PartialEq)]
struct Shown {
    title: String,
    sizes: String,
    left: i32,
    top: i32,
}

/// The size, the share and the formula of the segment.
#[component]
pub(super) fn Tooltip(drawing: Memo<Option<Arc<Drawing>>>) -> impl IntoView {
    let app = AppState::from_context();
    let formula = RwSignal::new(String::new());
    let channel = Channel::new(move |answer| formula.set(answer.unwrap_or_default().to_string()));
    let shown = Memo::new(move |_| drawing.with(|drawing| shown(app, drawing.as_deref()?)));
    Effect::new(move || {
        formula.set(String::new());
        let Some(pointed) = app.view.pointed.get() else {
            return;
        };
        let rank = drawing.with(|drawing| Some(drawing.as_ref()?.bars.get(pointed.bar?)?.shows));
        match (pointed.segment, rank, app.settled_valid()) {
            (Segment::Contributor(contributor), Some(rank), Some(valid)) => {
                let deployment = valid.deployment.clone();
                channel.ask(&Request::Formula { deployment, contributor, rank });
            }
            (Segment::Free, Some(_), _) => formula.set("capacity − everything else".into()),
            _ => {}
        }
    });
    let text = move |read: fn(&Shown) -> String| {
        Signal::derive(move || shown.with(|shown| shown.as_ref().map(read).unwrap_or_default()))
    };
    view! {
        <div
            role="tooltip"
            class="tooltip"
            hidden=Signal::derive(move || shown.with(Option::is_none))
            style:left=text(|shown| format!("{}px", shown.left))
            style:top=text(|shown| format!("{}px", shown.top))
        >
            <p class="tooltip-title">{text(|shown| shown.title.clone())}</p>
            <p>{text(|shown| shown.sizes.clone())}</p>
            <p class="formula">{Signal::derive(move || formula.get())}</p>
        </div>
    }
}

fn shown(app: AppState, drawing: &Drawing) -> Option<Shown> {
    let pointed = app.view.pointed.get()?;
    let bar = drawing.bars.get(pointed.bar?)?;
    let (units, valid) = (app.view.units.get(), app.valid.get()?);
    let rank = valid.report.ranks.iter().find(|rank| rank.rank == bar.shows)?;
    let bytes = pointed.segment.bytes(rank);
    let exact = if bytes.giga(units) < 1.0 { format!(" ({})", bytes.display(units)) } else { String::new() };
    let (left, top) = place(pointed.segment.key(), pointed.bar?)?;
    Some(Shown {
        title: format!("{}, {}", pointed.segment.label_in(&valid.report), bar.label),
        sizes: format!("{}{exact}, {} of {}", large(bytes, units), share(bytes, rank.total), large(rank.total, units)),
        left,
        top,
    })
}

/// The position below a segment, within the sides of the chart, in pixels from its corner.
fn place(segment: &str, bar: usize) -> Option<(i32, i32)> {
    let chart = by_id("chart")?;
    let selector = format!("[data-bar=\"{bar}\"][data-segment=\"{segment}\"]");
    let segment = chart.query_selector(&selector).ok()??.get_bounding_client_rect();
    let chart = chart.get_bounding_client_rect();
    let middle = (segment.left() + segment.width() / 2.0 - chart.left()) as i32;
    let left = (middle - WIDTH / 2).min(chart.width() as i32 - WIDTH).max(0);
    Some((left, (segment.bottom() - chart.top()) as i32 + GAP))
}
