//! One of several names.

use super::field::{described_by, invalid};
use crate::deployment::{Field, Input};
use crate::gpu;
use crate::web::state::AppState;
use leptos::prelude::*;

/// A name that leaves the choice to TensorRT-LLM.
const AUTO: &str = "auto";

/// One of the names of a field. `auto` says what it amounts to.
#[component]
pub fn Choice(field: &'static Field) -> impl IntoView {
    let state = expect_context::<AppState>();
    let effective = state.effective(field);
    let names = if let Input::Choice(names) = field.input { names } else { &[] };
    let label = move |name: &'static str| {
        move || match effective.get() {
            settled if name == AUTO && !settled.is_empty() => format!("{AUTO} ({settled})"),
            _ => name.to_string(),
        }
    };
    let options = names.iter().map(|name| (name.to_string(), label(name).into_any())).collect();
    view! { <Select field options/> }
}

/// A card of the catalogue.
#[component]
pub fn Gpus(field: &'static Field) -> impl IntoView {
    let options = gpu::gpus().iter().map(|gpu| {
        let label = format!("{} · {:.2} GiB", gpu.name, gpu.memory.gib());
        (gpu.id.to_string(), label.into_any())
    });
    view! { <Select field options=options.collect()/> }
}

/// A native list of values with their labels.
#[component]
pub fn Select(field: &'static Field, options: Vec<(String, AnyView)>) -> impl IntoView {
    let state = expect_context::<AppState>();
    let value = state.value(field);
    let options = options.into_iter().map(|(name, label)| {
        let is_chosen = name.clone();
        view! { <option value=name prop:selected=move || value.with(|value| *value == is_chosen)>{label}</option> }
    });
    view! {
        <select
            class="control"
            id=field.key
            name=field.key
            aria-describedby=described_by(state, field)
            aria-invalid=invalid(state, field)
            on:change=move |event| state.choose(field, &event_target_value(&event))
        >
            {options.collect_view()}
        </select>
    }
}
