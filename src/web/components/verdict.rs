//! The verdict: whether the deployment fits, or why it is not possible.

use crate::web::browser::debounced;
use crate::web::state::AppState;
use leptos::prelude::*;

/// The delay in milliseconds before a new verdict is announced, so that slider moves do not repeat
/// it.
const ANNOUNCED_AFTER: f64 = 1000.0;

/// The verdict, and its announcement by screen readers.
#[component]
pub(super) fn Verdict() -> impl IntoView {
    let app = AppState::from_context();
    let verdict = app.verdict;
    let revision = Memo::new(move |before: Option<&u64>| {
        verdict.track();
        before.map_or(0, |before| before + 1)
    });
    let rested = debounced(revision, ANNOUNCED_AFTER);
    // The verdict of a page that opens is read as part of the page.
    let announced = Signal::derive(move || match rested.get() {
        0 => String::new(),
        _ => verdict.with_untracked(|verdict| format!("{} {}", verdict.headline, verdict.sentence)),
    });
    let headline = Signal::derive(move || verdict.with(|verdict| verdict.headline.clone()));
    view! {
        <section
            id="verdict"
            class="verdict"
            aria-label="Verdict"
            tabindex="-1"
            data-verdict=Signal::derive(move || verdict.with(|verdict| verdict.key))
        >
            <h2>
                <span class="verdict-word">{headline}</span>
                " "
                <span>{Signal::derive(move || verdict.with(|verdict| verdict.sentence.clone()))}</span>
            </h2>
            <p>{Signal::derive(move || verdict.with(|verdict| verdict.detail.clone()))}</p>
        </section>
        <p class="visually-hidden" role="status">{announced}</p>
    }
}
