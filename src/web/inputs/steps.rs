//! A whole number that is usually one of a few.

use super::number::text_input;
use crate::deployment::Field;
use crate::web::dom::{El, el};
use crate::web::state::AppState;

/// The usual values as buttons, and a field for any other.
pub fn steps(state: AppState, field: &'static Field, usual: &'static [u64]) -> El {
    let buttons = usual.iter().map(|number| {
        let text = number.to_string();
        let chosen = text.clone();
        el("button")
            .attr("type", "button")
            .attr("aria-label", &format!("{} {text}", field.key))
            .text(&text)
            .live_bool("aria-pressed", move || state.value(field) == chosen)
            .on("click", move |_| state.choose(field, &text))
    });
    let buttons = el("span").class("segments").children(buttons);
    el("span").class("steps").child(buttons).child(text_input(state, field))
}
