//! Pointing at segments: the chart, the table and the start-up highlight the same contributor.

use crate::chart::Segment;
use crate::web::browser::{closest, rove, target};
use crate::web::state::{AppState, Pointed};
use leptos::prelude::*;
use web_sys::{Event, KeyboardEvent};

/// The segment that an event came from.
pub(super) fn segment_at(event: &Event) -> Option<Pointed> {
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

/// The key of the marked segment, for `data-pointed`.
pub(super) fn pointed_key(app: AppState) -> Option<&'static str> {
    app.view.pointed.get().map(|pointed| pointed.segment.key())
}

/// Explains the segment that an event came from.
pub(super) fn explain(app: AppState, event: &Event) {
    if let Some(Pointed { segment: Segment::Contributor(contributor), .. }) = segment_at(event) {
        app.view.explained.set(contributor.key().to_string());
    }
}

/// Handles the keys of a focused segment: arrows move the focus, Enter explains, and Escape marks
/// nothing.
pub(super) fn key_down(app: AppState, event: &KeyboardEvent) {
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
