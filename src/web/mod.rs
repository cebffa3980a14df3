//! The page: a Leptos front end over the library.
//!
//! * [`state`] has the signals. The deployment is one signal of [`state::AppState`]; everything
//!   else on the page is derived from it.
//! * [`components`] has the views, one component a file. They contain no formulas.
//! * [`browser`] wraps the browser's interfaces that Leptos has no name for, and the workers.

mod browser;
#[expect(unreachable_pub, reason = "`#[component]` makes the props of a component as visible as its function")]
mod components;
mod state;

use leptos::mount::mount_to;
use leptos::prelude::*;

/// Mounts the page in place of the loading view of `index.html`.
pub fn start() {
    browser::failure::report_panics();
    let Some(root) = browser::by_id("app") else {
        return;
    };
    root.set_inner_html("");
    mount_to(root, || view! { <components::App/> }).forget();
}
