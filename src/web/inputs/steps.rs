//! A whole number that is usually one of a few.

use super::number::TextInput;
use crate::deployment::Field;
use crate::web::state::AppState;
use leptos::prelude::*;

/// The usual values as buttons, and a field for any other.
#[component]
pub fn Steps(field: &'static Field, usual: &'static [u64]) -> impl IntoView {
    let state = expect_context::<AppState>();
    let value = state.value(field);
    let buttons = usual.iter().map(|number| {
        let text = number.to_string();
        let (shown, chosen) = (text.clone(), text.clone());
        let pressed = move || if value.with(|value| *value == chosen) { "true" } else { "false" };
        view! {
            <button
                type="button"
                aria-label=format!("{} {text}", field.key)
                aria-pressed=pressed
                on:click=move |_| state.choose(field, &text)
            >
                {shown}
            </button>
        }
    });
    view! {
        <span class="steps">
            <span class="segments">{buttons.collect_view()}</span>
            <TextInput field/>
        </span>
    }
}
