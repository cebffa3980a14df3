//! A whole number that is usually one of a few.

use super::number::NumberBox;
use crate::web::state::SettingState;
use leptos::prelude::*;

/// The usual values as buttons, and a text input for any other.
#[component]
pub(super) fn Steps(setting: SettingState, usual: &'static [u64]) -> impl IntoView {
    let button = move |number: &u64| {
        let (text, pressed) = (number.to_string(), number.to_string());
        let label = format!("{} {text}", setting.setting.key);
        view! {
            <button
                type="button"
                aria-label=label
                aria-pressed=Signal::derive(move || setting.has_value(&pressed).to_string())
                on:click={
                    let text = text.clone();
                    move |_| {
                        setting.app.choose(setting.setting, &text);
                    }
                }
            >
                {text.clone()}
            </button>
        }
    };
    view! {
        <span class="steps">
            <span class="segments">{usual.iter().map(button).collect_view()}</span>
            <NumberBox setting/>
        </span>
    }
}
