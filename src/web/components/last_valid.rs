//! The strip above results that do not belong to the current settings.

use crate::export::summary;
use crate::web::state::{AppState, Direction};
use leptos::prelude::*;

/// Names the deployment that is shown in place of an invalid one, and returns to it.
#[component]
pub(super) fn LastValid() -> impl IntoView {
    let app = AppState::from_context();
    let is_shown = move || app.problems.with(|problems| !problems.is_empty());
    let label = move || if app.is_substitute() { "Nearest valid:" } else { "Last valid:" };
    let subject = Signal::derive(move || app.with_valid(|valid| summary::subject(&valid.resolved)));
    let go_back = move |_| {
        let valid = app.valid.with_untracked(|valid| valid.as_ref().map(|valid| valid.deployment.clone()));
        if let Some(deployment) = valid {
            app.open(deployment);
        }
    };
    view! {
        <div id="last-valid" class="last-valid" hidden=Signal::derive(move || !is_shown())>
            <p>
                <b>{label}</b>
                " "
                {subject}
                ". "
                <span class="faint">"Everything below belongs to it, not to the current settings."</span>
            </p>
            <button
                class="link"
                type="button"
                hidden=Signal::derive(move || !app.history.can(Direction::Undo))
                on:click=move |_| app.history.step(app, Direction::Undo)
            >
                "Undo"
            </button>
            <button class="link" type="button" on:click=go_back>"Go back to it"</button>
        </div>
    }
}
