//! How the model's repository stores its weights, beside the precision that they run in.

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
