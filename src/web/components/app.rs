//! The root of the page.

use super::embedded::{Embedded, is_compact};
use super::help::HelpState;
use super::page::Page;
use crate::web::state::AppState;
use leptos::prelude::*;

/// The whole page, or the compact page in a frame.
#[component]
pub(crate) fn App() -> impl IntoView {
    provide_context(AppState::new());
    provide_context(HelpState::new());
    if is_compact() { view! { <Embedded/> }.into_any() } else { view! { <Page/> }.into_any() }
}
