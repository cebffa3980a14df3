//! On or off.

use super::choice::Select;
use super::field::{described_by, invalid};
use crate::deployment::Field;
use crate::web::state::AppState;
use leptos::prelude::*;

/// On or off.
#[component]
pub fn Switch(field: &'static Field) -> impl IntoView {
    let state = expect_context::<AppState>();
    let value = state.value(field);
    let set = move |event| state.choose(field, if event_target_checked(&event) { "true" } else { "false" });
    view! {
        <input
            type="checkbox"
            id=field.key
            name=field.key
            aria-describedby=described_by(state, field)
            aria-invalid=invalid(state, field)
            prop:checked=move || value.with(|value| value == "true")
            on:change=set
        />
    }
}

/// On, off, or what TensorRT-LLM makes of it.
#[component]
pub fn Auto(field: &'static Field) -> impl IntoView {
    let state = expect_context::<AppState>();
    let effective = state.effective(field);
    let auto = move || format!("auto ({})", effective.get());
    let options = vec![
        (String::new(), auto.into_any()),
        ("true".to_string(), "true".into_any()),
        ("false".to_string(), "false".into_any()),
    ];
    view! { <Select field options/> }
}
