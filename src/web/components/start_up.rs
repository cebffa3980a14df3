//! The memory of a rank over the phases of its start.

use super::picture::Picture;
use super::pointing::{explain, key_down, point, pointed_key, segment_at};
use crate::chart::{self, Size};
use crate::memory::start_up;
use crate::web::state::{AppState, Pointed};
use leptos::prelude::*;
use web_sys::Event;

/// The height in pixels, as in the style sheet.
const HEIGHT: u32 = 252;

/// The start-up as stacked bars, one for each phase.
#[component]
pub(super) fn StartUp() -> impl IntoView {
    let app = AppState::from_context();
    let width = RwSignal::new(0);
    let svg = Signal::derive(move || {
        let (width, units, colors) = (width.get(), app.view.units.get(), app.appearance.colors());
        let kind = app.view.kind.get();
        let valid = app.valid.get().filter(|_| width > 0);
        valid.map_or_else(String::new, |valid| {
            valid.shown_rank(kind).map_or_else(String::new, |rank| {
                let start = start_up(&valid.resolved, &valid.report, rank);
                chart::start_up(&start, Size { width, height: HEIGHT }, colors, units).svg
            })
        })
    });
    let whose = Signal::derive(move || {
        let (units, kind) = (app.view.units.get(), app.view.kind.get());
        let rank = app.with_valid(|valid| valid.shown_rank(kind).map_or(0, |rank| rank.rank));
        let is_one = app.with_valid(|valid| valid.report.ranks.len() < 2);
        if is_one {
            format!("{} in use, phase by phase", units.giga())
        } else {
            format!("{} in use on GPU {rank}", units.giga())
        }
    });
    // A bar of this picture is a phase, and not a bar of the chart.
    let follow = move |event: &Event| point(app, segment_at(event).map(|pointed| Pointed { bar: None, ..pointed }));
    view! {
        <figure
            id="start-up"
            class="start-up"
            role="group"
            aria-label="Memory in use, phase by phase of the start"
            data-pointed=Signal::derive(move || pointed_key(app))
            on:pointerover=move |event| follow(&event)
            on:pointerleave=move |_| point(app, None)
            on:focusin=move |event| follow(&event)
            on:focusout=move |_| point(app, None)
            on:click=move |event| explain(app, &event)
            on:keydown=move |event| key_down(app, &event)
        >
            <figcaption>
                <b>"Start-up"</b>
                " "
                <span class="faint">{whose}</span>
            </figcaption>
            <Picture svg width/>
        </figure>
    }
}
