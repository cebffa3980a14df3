//! On or off.

use super::choice::{auto, select};
use super::field::described;
use crate::web::dom::{El, el, target};
use crate::web::state::SettingState;
use wasm_bindgen::JsCast;

/// On or off.
pub(super) fn switch(setting: SettingState) -> El {
    described(setting, el("input").attr("type", "checkbox"), "").live_checked(move || setting.value() == "true").on(
        "change",
        move |event| {
            let input = target(&event).and_then(|input| input.dyn_into::<web_sys::HtmlInputElement>().ok());
            let on = input.is_some_and(|input| input.checked());
            setting.state.choose(setting.field, if on { "true" } else { "false" });
        },
    )
}

/// On, off, or what TensorRT-LLM makes of it.
pub(super) fn auto_or(setting: SettingState) -> El {
    let automatic = el("option").attr("value", "").live_text(move || auto(&setting.effective()));
    let phase = ["true", "false"].map(|value| el("option").attr("value", value).text(value));
    select(setting, el("select").child(automatic).children(phase))
}
