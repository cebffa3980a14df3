//! On or off.

use super::choice::{Select, automatic};
use super::field::control_attributes;
use crate::deployment::{Input, setting};
use crate::web::components::segmented::Segmented;
use crate::web::state::{AppState, SettingState};
use leptos::prelude::*;

/// A checkbox.
#[component]
pub(super) fn Switch(setting: SettingState) -> impl IntoView {
    view! {
        <input
            type="checkbox"
            {..control_attributes(setting, "")}
            prop:checked=Signal::derive(move || setting.has_value("true"))
            on:change=move |event| {
                let value = if event_target_checked(&event) { "true" } else { "false" };
                setting.app.choose(setting.setting, value);
            }
        />
    }
}

/// On, off, or TensorRT-LLM's choice.
#[component]
pub(super) fn AutoSwitch(setting: SettingState) -> impl IntoView {
    let fixed = ["true", "false"].map(|value| {
        view! { <option value=value prop:selected=Signal::derive(move || setting.has_value(value))>{value}</option> }
    });
    view! {
        <Select setting>
            <option value="" prop:selected=Signal::derive(move || setting.has_value(""))>
                {Signal::derive(move || automatic(setting))}
            </option>
            {fixed.collect_view()}
        </Select>
    }
}

/// The display names of the backends, in the order of the header.
const BACKENDS: [(&str, &str); 2] = [("pytorch", "PyTorch"), ("tensorrt", "TensorRT engine")];

/// The backend, in the header.
#[component]
pub(crate) fn BackendSwitch() -> impl IntoView {
    let app = AppState::from_context();
    let backend = setting("backend").map(|backend| SettingState::new(app, backend));
    backend.and_then(|setting| match setting.setting.input {
        Input::Choice(_) => Some(view! {
            <Segmented
                name="backend"
                label="backend"
                choices=BACKENDS.to_vec()
                value=Signal::derive(move || setting.value())
                on_choose=Callback::new(move |name: &str| {
                    app.choose(setting.setting, name);
                })
            />
        }),
        _ => None,
    })
}
