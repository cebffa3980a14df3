//! On or off.

use super::choice::{auto, select};
use super::field::described;
use crate::deployment::Field;
use crate::web::dom::{El, el, target};
use crate::web::state::AppState;
use wasm_bindgen::JsCast;

/// On or off.
pub fn switch(state: AppState, field: &'static Field) -> El {
    described(state, field, el("input").attr("type", "checkbox"), "")
        .live_checked(move || state.value(field) == "true")
        .on("change", move |event| {
            let input = target(&event).and_then(|input| input.dyn_into::<web_sys::HtmlInputElement>().ok());
            let on = input.is_some_and(|input| input.checked());
            state.choose(field, if on { "true" } else { "false" });
        })
}

/// On, off, or what TensorRT-LLM makes of it.
pub fn auto_or(state: AppState, field: &'static Field) -> El {
    let automatic = el("option").attr("value", "").live_text(move || auto(&state.effective(field)));
    let fixed = ["true", "false"].map(|value| el("option").attr("value", value).text(value));
    select(state, field, [automatic].into_iter().chain(fixed))
}
