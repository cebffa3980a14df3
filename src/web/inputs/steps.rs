//! A whole number that is usually one of a few.

use super::number::text_input;
use crate::web::dom::{El, el};
use crate::web::state::SettingState;

/// The usual values as buttons, and a field for any other.
pub(super) fn steps(setting: SettingState, usual: &'static [u64]) -> El {
    let buttons = usual.iter().map(|number| {
        let text = number.to_string();
        let chosen = text.clone();
        el("button")
            .attr("type", "button")
            .attr("aria-label", &format!("{} {text}", setting.field.key))
            .text(&text)
            .live_bool("aria-pressed", move || setting.value() == chosen)
            .on("click", move |_| setting.state.choose(setting.field, &text))
    });
    let buttons = el("span").class("segments").children(buttons);
    el("span").class("steps").child(buttons).child(text_input(setting))
}
