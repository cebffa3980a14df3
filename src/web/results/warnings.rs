//! What was not understood in a link.

use crate::web::state::AppState;
use leptos::prelude::*;

/// The parts of the link that were ignored.
#[component]
pub fn Warnings() -> impl IntoView {
    let state = expect_context::<AppState>();
    let warnings = state.warnings;
    let items = move || warnings.get().into_iter().map(|warning| view! { <li>{warning}</li> }).collect_view();
    view! {
        <div id="link-warnings" class="warnings" role="status" hidden=move || warnings.with(Vec::is_empty)>
            <div>
                <p>"The link was not understood in full; the rest of it holds."</p>
                <ul>{items}</ul>
            </div>
            <button type="button" class="button" on:click=move |_| warnings.set(Vec::new())>"Dismiss"</button>
        </div>
    }
}
