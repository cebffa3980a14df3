//! One of several names.

use super::field::described;
use crate::deployment::Input;
use crate::gpu::{self, Gpu};
use crate::web::dom::{El, el, value};
use crate::web::lists;
use crate::web::state::SettingState;

/// A name that leaves the choice to TensorRT-LLM.
const AUTO: &str = "auto";

/// One of the names of a field. `auto` says what it amounts to.
pub(crate) fn choice(setting: SettingState) -> El {
    let field = setting.field;
    let names = if let Input::Choice(names) = field.input { names } else { &[] };
    let options = names.iter().map(|name| {
        let option = el("option").attr("value", name);
        if *name == AUTO { option.live_text(move || auto(&setting.effective())) } else { option.text(name) }
    });
    // What may be left to TensorRT-LLM and has no name for that is left to it by the empty value.
    let unsaid = (field.optional && !names.contains(&AUTO))
        .then(|| el("option").attr("value", "").live_text(move || auto(&setting.effective())));
    select(setting, el("select").children(unsaid.into_iter().chain(options)))
}

/// One of a few names, side by side. The names for people are those of `labels`, in the same order.
pub(crate) fn switch(setting: SettingState, labels: &[&str]) -> El {
    let field = setting.field;
    let names = if let Input::Choice(names) = field.input { names } else { &[] };
    let choices = names.iter().zip(labels).map(|(name, label)| {
        let radio = el("input")
            .attr("type", "radio")
            .attr("name", field.key)
            .attr("value", name)
            .live_checked(move || setting.value() == *name)
            .on("change", move |_| setting.state.choose(field, name));
        el("label").child(radio).text(label)
    });
    el("div")
        .id(field.key)
        .class("switch")
        .attr("role", "radiogroup")
        .attr("aria-label", field.key)
        .live_attr("title", move || Some(setting.state.view.help(field.key)))
        .children(choices)
}

/// The word for what is left to TensorRT-LLM, with what it makes of it.
pub(crate) fn auto(effective: &str) -> String {
    if effective.is_empty() { AUTO.to_string() } else { format!("{AUTO} ({effective})") }
}

/// A card of the catalogue.
pub(crate) fn gpus(setting: SettingState) -> El {
    let options = move || {
        let chosen = setting.state.deployment.with_untracked(|deployment| deployment.gpu.id);
        let option = |gpu: &Gpu| {
            let option = el("option").attr("value", gpu.id).text(&format!("{} · {}", gpu.name, gpu.memory));
            if gpu.id == chosen { option.attr("selected", "") } else { option }
        };
        let mut options: Vec<El> = gpu::gpus().iter().map(option).collect();
        options.extend(lists::notice(setting.state));
        options
    };
    select(setting, el("select").live_children(options))
}

/// A native list of values.
pub(crate) fn select(setting: SettingState, list: El) -> El {
    described(setting, list.class("control"), "")
        .live_value(move || setting.value())
        .on("change", move |event| setting.state.choose(setting.field, &value(&event)))
}
