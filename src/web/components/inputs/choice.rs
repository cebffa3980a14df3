//! One of several names.

use super::field::control_attributes;
use crate::deployment::{Input, setting};
use crate::gpu;
use crate::web::components::help::HelpText;
use crate::web::state::{AppState, SettingState, catalogue_notice};
use leptos::prelude::*;

/// A name that leaves the choice to TensorRT-LLM.
const AUTO: &str = "auto";

/// The text of an automatic choice, with the value that it resolves to while it is chosen.
pub(super) fn automatic(setting: SettingState) -> String {
    let effective = setting.effective();
    let is_chosen = setting.has_value("") || setting.has_value(AUTO);
    if effective.is_empty() || !is_chosen { AUTO.to_string() } else { format!("{AUTO} ({effective})") }
}

/// A native list. `children` are its options.
#[component]
pub(super) fn Select(setting: SettingState, children: Children) -> impl IntoView {
    view! {
        <select
            class="control"
            {..control_attributes(setting, "")}
            on:change=move |event| {
                setting.app.choose(setting.setting, &event_target_value(&event));
            }
        >
            {children()}
        </select>
    }
}

/// One of the names of a setting.
#[component]
pub(super) fn Choice(setting: SettingState, names: &'static [&'static str]) -> impl IntoView {
    // An optional setting without the name `auto` has an empty value for it.
    let unset = (setting.setting.optional && !names.contains(&AUTO)).then_some("");
    let option = move |name: &'static str| {
        let text = move || if name.is_empty() || name == AUTO { automatic(setting) } else { name.to_string() };
        view! { <option value=name prop:selected=Signal::derive(move || setting.has_value(name))>{text}</option> }
    };
    view! { <Select setting>{unset.into_iter().chain(names.iter().copied()).map(option).collect_view()}</Select> }
}

/// A GPU of the catalogue.
#[component]
pub(super) fn GpuChoice(setting: SettingState) -> impl IntoView {
    let options = move || {
        let notice = catalogue_notice(setting.app).map(|notice| view! { <option disabled>{notice}</option> });
        let option = |gpu: &'static gpu::Gpu| {
            let text = format!("{} · {}", gpu.name, gpu.memory);
            let is_chosen = Signal::derive(move || setting.has_value(gpu.id));
            view! { <option value=gpu.id prop:selected=is_chosen>{text}</option> }
        };
        (gpu::gpus().iter().map(option).collect_view(), notice)
    };
    view! { <Select setting>{options}</Select> }
}

/// TensorRT-LLM's version, in the header.
#[component]
pub(crate) fn VersionChoice() -> impl IntoView {
    let version = setting("trtllm_version").map(|version| SettingState::new(AppState::from_context(), version));
    version.and_then(|setting| match setting.setting.input {
        Input::Choice(names) => Some(view! {
            <label class="header-label" for=setting.setting.key>"version"</label>
            <Choice setting names/>
            <HelpText setting/>
        }),
        _ => None,
    })
}
