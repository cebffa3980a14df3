//! A text input for a number.

use super::field::control_attributes;
use crate::deployment::{Input, Setting};
use crate::web::state::{SettingState, readable};
use leptos::prelude::*;
use web_sys::HtmlInputElement;

/// Formats a value, or the absence of one.
pub(super) fn spoken(setting: &Setting, value: String) -> String {
    if value.is_empty() { "none".to_string() } else { readable(setting, value) }
}

/// A text input. It keeps invalid text as typed, and shows the resolved value if it is empty.
/// A click selects everything, so that typing replaces the number.
#[component]
pub(super) fn NumberBox(setting: SettingState) -> impl IntoView {
    let row = setting.setting;
    let mode = match row.input {
        Input::Text => "text",
        _ => "decimal",
    };
    let is_fresh = StoredValue::new(false);
    let select = move |event: web_sys::MouseEvent| {
        if is_fresh.get_value() {
            event_target::<HtmlInputElement>(&event).select();
            is_fresh.set_value(false);
        }
    };
    view! {
        <input
            class="control figure"
            type="text"
            inputmode=mode
            spellcheck="false"
            {..control_attributes(setting, "")}
            placeholder=Signal::derive(move || spoken(row, setting.effective()))
            prop:value=Signal::derive(move || setting.text())
            on:focus=move |_| is_fresh.set_value(true)
            on:click=select
            on:input=move |event| {
                is_fresh.set_value(false);
                setting.app.edit(row, event_target_value(&event));
            }
            on:change=move |_| setting.app.settle(row)
        />
    }
}
