//! Whether it fits, in one sentence.

use crate::web::browser::{self, Debounced};
use crate::web::state::AppState;
use leptos::prelude::*;

/// The verdict is read out once it has stood for this many milliseconds, and not at every move of a slider.
const REST: u64 = 1000;

/// The verdict, what is left, and what is wrong where the figures are those of an earlier deployment.
#[component]
pub fn Verdict() -> impl IntoView {
    let state = expect_context::<AppState>();
    let key = state.sound(|sound| sound.report.verdict.key());
    let word = state.sound(|sound| sound.report.headline());
    let sentence = state.sound(|sound| sound.report.sentence());
    let detail = state.sound(|sound| sound.report.detail());
    let wrong = Memo::new(move |_| state.wrong_fields());
    let below = move || {
        if wrong.with(Vec::is_empty) {
            return detail.get().into_any();
        }
        let fields = wrong.get().into_iter().map(|key| view! { <FieldLink key/> " " }).collect_view();
        view! { <span class="stale">"Shown is the last deployment that was sound. See "{fields}</span> }.into_any()
    };
    view! {
        <section id="verdict" class="verdict" aria-label="Verdict" data-verdict=move || key.get()>
            <h2><span class="verdict-word">{move || word.get()}</span> " " {move || sentence.get()}</h2>
            <p>{below}</p>
        </section>
        <Announcement/>
    }
}

/// The name of a field, which leads there.
#[component]
pub fn FieldLink(key: &'static str) -> impl IntoView {
    view! { <button type="button" class="link key" on:click=move |_| browser::focus(key)>{key}</button> }
}

/// The verdict for screen readers.
#[component]
fn Announcement() -> impl IntoView {
    let state = expect_context::<AppState>();
    let verdict = state.sound(|sound| format!("{} {}", sound.report.headline(), sound.report.sentence()));
    let announced = RwSignal::new(String::new());
    let resting = Debounced::new(REST);
    Effect::new(move |opened: Option<()>| {
        let verdict = verdict.get();
        if opened.is_some() {
            resting.call(move || announced.set(verdict));
        }
    });
    view! { <p class="visually-hidden" role="status">{move || announced.get()}</p> }
}
