//! One of several names.

use super::field::described;
use crate::deployment::{Field, Input};
use crate::gpu;
use crate::web::dom::{El, el, value};
use crate::web::state::AppState;

/// A name that leaves the choice to TensorRT-LLM.
const AUTO: &str = "auto";

/// One of the names of a field. `auto` says what it amounts to.
pub fn choice(state: AppState, field: &'static Field) -> El {
    let names = if let Input::Choice(names) = field.input { names } else { &[] };
    let options = names.iter().map(|name| {
        let option = el("option").attr("value", name);
        if *name == AUTO { option.live_text(move || auto(&state.effective(field))) } else { option.text(name) }
    });
    select(state, field, options)
}

/// The word for what is left to TensorRT-LLM, with what it makes of it.
pub fn auto(effective: &str) -> String {
    if effective.is_empty() { AUTO.to_string() } else { format!("{AUTO} ({effective})") }
}

/// A card of the catalogue.
pub fn gpus(state: AppState, field: &'static Field) -> El {
    let options = gpu::gpus()
        .iter()
        .map(|gpu| el("option").attr("value", gpu.id).text(&format!("{} · {}", gpu.name, gpu.memory)));
    select(state, field, options)
}

/// A native list of values.
pub fn select(state: AppState, field: &'static Field, options: impl Iterator<Item = El>) -> El {
    described(state, field, el("select").class("control").children(options), "")
        .live_value(move || state.value(field))
        .on("change", move |event| state.choose(field, &value(&event)))
}
