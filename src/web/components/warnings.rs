//! The parts of a link that were not understood.

use crate::web::state::AppState;
use leptos::prelude::*;

/// Lists the ignored parts of the link.
#[component]
pub(super) fn Warnings() -> impl IntoView {
    let warnings = AppState::from_context().warnings;
    let items = move || warnings.get().into_iter().map(|warning| view! { <li>{warning}</li> }).collect_view();
    view! {
        <div
            id="link-warnings"
            class="warnings"
            role="status"
            hidden=Signal::derive(move || warnings.with(Vec::is_empty))
        >
            <div>
                <p>"The link was not understood in full; the rest of it holds."</p>
                <ul>{items}</ul>
            </div>
            <button class="button" type="button" on:click=move |_| warnings.set(Vec::new())>"Dismiss"</button>
        </div>
    }
}
