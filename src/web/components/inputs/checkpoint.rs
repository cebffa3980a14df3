//! What the model brings: how its repository stores its weights, and the only backend that serves
//! it.

use crate::web::state::AppState;
use leptos::prelude::*;

/// A line below the model: whether the weights run as they are stored.
#[component]
pub(super) fn CheckpointChip() -> impl IntoView {
    let app = AppState::from_context();
    let text = Signal::derive(move || app.with_valid(|valid| valid.resolved.checkpoint_text()));
    let is_converted = Signal::derive(move || app.with_valid(|valid| !valid.resolved.runs_as_stored()));
    view! { <p class="checkpoint" class:converted=is_converted>{text}</p> }
}

/// A line below the model: why it has this backend, if only one serves it. The backend itself is in
/// the header, far from the model that brings it.
#[component]
pub(super) fn BackendNote() -> impl IntoView {
    let app = AppState::from_context();
    let text = Memo::new(move |_| {
        app.with_valid(|valid| {
            let notes = valid.report.notes.iter();
            let messages = notes.filter(|note| note.field == "backend").map(|note| note.message.clone());
            messages.collect::<Vec<String>>().join(" ")
        })
    });
    let is_empty = Signal::derive(move || text.with(String::is_empty));
    view! { <p class="note" id="backend_note" hidden=is_empty>{text}</p> }
}
