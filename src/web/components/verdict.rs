//! The verdict: whether the deployment fits, or why it is not possible.

use crate::web::browser::debounced;
use crate::web::state::{AppState, Problem};
use leptos::prelude::*;

/// The delay in milliseconds before a new verdict is announced, so that slider moves do not repeat
/// it.
const ANNOUNCED_AFTER: f64 = 1000.0;

/// The texts of a verdict.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Texts {
    /// `fits`, `fits_uncertain`, `fails` or `impossible`.
    pub key: &'static str,
    /// The first words, which have the colour.
    pub headline: String,
    /// The rest of the sentence.
    pub sentence: String,
    /// The limits.
    pub detail: String,
}

/// The verdict on the current settings.
pub(super) fn texts(app: AppState) -> Texts {
    let units = app.view.units.get();
    match app.problems.with(|problems| problems.first().cloned()) {
        Some(Problem { message, is_unreadable, .. }) => Texts {
            key: "impossible",
            headline: if is_unreadable { "Not understood:" } else { "Not possible:" }.into(),
            sentence: message,
            detail: "Nothing is estimated for these settings.".into(),
        },
        None => app.with_valid(|valid| Texts {
            key: valid.report.verdict.key(),
            headline: valid.report.headline().into(),
            sentence: valid.report.sentence(units),
            detail: valid.report.detail(units),
        }),
    }
}

/// The verdict, and its announcement by screen readers.
#[component]
pub(super) fn Verdict() -> impl IntoView {
    let app = AppState::from_context();
    let verdict = Memo::new(move |_| texts(app));
    let revision = Memo::new(move |before: Option<&u64>| {
        verdict.track();
        before.map_or(0, |before| before + 1)
    });
    let rested = debounced(revision, ANNOUNCED_AFTER);
    // The verdict of a page that opens is read as part of the page.
    let announced = Signal::derive(move || match rested.get() {
        0 => String::new(),
        _ => verdict.with_untracked(|texts| format!("{} {}", texts.headline, texts.sentence)),
    });
    view! {
        <section
            id="verdict"
            class="verdict"
            aria-label="Verdict"
            tabindex="-1"
            data-verdict=Signal::derive(move || verdict.with(|texts| texts.key))
        >
            <h2>
                <span class="verdict-word">{Signal::derive(move || verdict.with(|texts| texts.headline.clone()))}</span>
                " "
                <span>{Signal::derive(move || verdict.with(|texts| texts.sentence.clone()))}</span>
            </h2>
            <p>{Signal::derive(move || verdict.with(|texts| texts.detail.clone()))}</p>
        </section>
        <p class="visually-hidden" role="status">{announced}</p>
    }
}
