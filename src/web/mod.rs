//! The page: Leptos components over the library.
//!
//! The deployment is one signal in [`state::AppState`]; everything else that is shown is a memo of it. The components know
//! no formulas and the library knows no components.

mod address;
mod browser;
mod embed;
mod failure;
mod header;
mod inputs;
mod results;
mod share;
mod state;
mod theme;
mod view;

use leptos::mount::mount_to;
use leptos::prelude::*;
use state::AppState;

/// Mounts the page in place of what `index.html` shows while this program loads.
pub fn start() {
    failure::show_panics();
    let Some(root) = browser::by_id("app") else {
        return;
    };
    root.set_inner_html("");
    let shown = root.clone();
    mount_to(root, App).forget();
    // The first chart needs the width that the first layout gives it.
    request_animation_frame(move || {
        request_animation_frame(move || {
            let _ = shown.set_attribute("data-ready", "true");
        });
    });
}

/// The whole page, or the compact one that other pages embed.
#[component]
fn App() -> impl IntoView {
    let state = AppState::new();
    provide_context(state);
    provide_context(theme::Appearance::new());
    address::follow(state);
    if address::is_embedded() { embed::Embedded().into_any() } else { Page().into_any() }
}

/// Inputs on one side, the answer on the other.
#[component]
fn Page() -> impl IntoView {
    view! {
        <header::Header />
        <main class="columns">
            <inputs::Inputs />
            <results::Results />
        </main>
    }
}
