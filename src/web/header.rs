//! The bar at the top: what this is, the version, presets, and sharing.

use super::browser;
use super::dom::{El, el, target, value};
use super::history::buttons;
use super::inputs::choice::{choice, switch};
use super::lists;
use super::share::share;
use super::state::{AppState, SettingState};
use super::theme::Appearance;
use crate::deployment::{
    presets::{Preset, presets},
    setting,
};
use wasm_bindgen::JsCast;

/// What people call the backends, in the order of their names in links.
const BACKENDS: [&str; 2] = ["TensorRT engine", "PyTorch"];

/// The bar at the top.
pub(super) fn header(state: AppState, appearance: Appearance) -> El {
    let version = setting("trtllm_version").map(|version| {
        let label = el("label").class("header-label").attr("for", version.key).text("version");
        [label, choice(SettingState::new(state, version))]
    });
    let backend = setting("backend").map(|backend| switch(SettingState::new(state, backend), &BACKENDS));
    let theme = el("button")
        .class("button theme")
        .attr("type", "button")
        .live_text(move || if appearance.is_dark() { "Light" } else { "Dark" }.into())
        .on("click", move |_| appearance.toggle());
    let choices = el("div")
        .class("header-choices")
        .children(backend)
        .children(version.into_iter().flatten())
        .child(preset_menu(state));
    let actions =
        el("div").class("header-actions").children(buttons(state)).child(theme).child(share(state, appearance));
    let skip = el("button").class("skip button").attr("type", "button").text("Skip to the answer");
    el("header")
        .class("header")
        .child(skip.on("click", |_| browser::focus("verdict")))
        .child(el("h1").class("brand").text("TensorRT-LLM memory"))
        .child(choices)
        .child(actions)
}

/// The menu of presets. It returns to its title, because the user may change the chosen deployment.
fn preset_menu(state: AppState) -> El {
    let options = move || {
        let mut options = vec![el("option").attr("value", "").text("Start from…")];
        let option =
            |preset: &Preset| el("option").attr("value", preset.name).attr("title", preset.about).text(preset.name);
        options.extend(presets().iter().map(option));
        options.extend(lists::notice(state));
        options
    };
    el("select").class("control presets").attr("aria-label", "Start from an example").live_children(options).on(
        "change",
        move |event| {
            let name = value(&event);
            if let Some(preset) = presets().iter().find(|preset| preset.name == name) {
                state.warnings.set(Vec::new());
                lists::open(state, preset.link);
            }
            if let Some(menu) = target(&event).and_then(|menu| menu.dyn_into::<web_sys::HtmlSelectElement>().ok()) {
                menu.set_value("");
            }
        },
    )
}
