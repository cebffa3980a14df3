//! Pointing at segments: the chart, the table and the start-up highlight the same contributor.

use crate::chart::Segment;
use crate::web::browser::{closest, rove, target};
use crate::web::state::{AppState, Pointed};
use leptos::prelude::*;
use web_sys::{Event, KeyboardEvent};

/// The segment that an event came from.
fn segment_at(event: &Event) -> Option<Pointed> {
    let element = closest(event, "[data-segment]")?;
    let key = element.get_attribute("data-segment")?;
    let segment = Segment::ALL.into_iter().find(|segment| segment.key() == key)?;
    Some(Pointed { segment, bar: element.get_attribute("data-bar").and_then(|bar| bar.parse().ok()) })
}

/// Marks what an event points at; `None` marks nothing.
pub(super) fn point(app: AppState, pointed: Option<Pointed>) {
    if app.view.pointed.get_untracked() != pointed {
        app.view.pointed.set(pointed);
    }
}

/// A picture of segments. Pointing at one marks its contributor, and a click or Enter explains it.
#[component]
pub(super) fn SegmentFigure(
    id: &'static str,
    class: &'static str,
    /// The accessible name.
    label: &'static str,
    /// Whether its bars are those of the chart, which have tooltips.
    #[prop(optional)]
    is_chart: bool,
    children: Children,
) -> impl IntoView {
    let app = AppState::from_context();
    let follow = move |event: &Event| {
        let bar = |pointed: &Pointed| pointed.bar.filter(|_| is_chart);
        point(app, segment_at(event).map(|pointed| Pointed { bar: bar(&pointed), ..pointed }));
    };
    view! {
        <figure
            id=id
            class=class
            role="group"
            aria-label=label
            data-pointed=Signal::derive(move || app.view.pointed.get().map(|pointed| pointed.segment.key()))
            on:pointerover=move |event| follow(&event)
            on:pointerleave=move |_| point(app, None)
            on:focusin=move |event| follow(&event)
            on:focusout=move |_| point(app, None)
            on:click=move |event| {
                follow(&event);
                explain(app, &event);
            }
            on:keydown=move |event| key_down(app, &event)
        >
            {children()}
        </figure>
    }
}

/// Explains the segment that an event came from.
fn explain(app: AppState, event: &Event) {
    if let Some(Pointed { segment: Segment::Contributor(contributor), .. }) = segment_at(event) {
        app.view.explained.set(contributor.key().to_string());
    }
}

/// Handles the keys of a focused segment: arrows move the focus, Enter explains, and Escape marks
/// nothing.
fn key_down(app: AppState, event: &KeyboardEvent) {
    let Some(segment) = target(event) else {
        return;
    };
    match event.key().as_str() {
        "Enter" | " " => explain(app, event),
        "Escape" => point(app, None),
        key if rove(&segment, key) => {}
        _ => return,
    }
    event.prevent_default();
}
