//! Whether it fits, in one sentence.

use crate::web::browser::{self, Debounced};
use crate::web::dom::{El, el, watch};
use crate::web::live::Live;
use crate::web::state::AppState;
use std::cell::Cell;

/// The delay in milliseconds before a new verdict is announced, so that slider moves do not repeat
/// it.
const REST: u32 = 1000;

/// The verdict and the free memory, or the errors if the figures are those of an earlier
/// deployment.
pub(crate) fn verdict(state: AppState) -> [El; 2] {
    let word = el("span").class("verdict-word").live_text(move || state.sound(|sound| sound.report.headline()).into());
    let sentence = el("span").live_text(move || state.sound(|sound| sound.report.sentence(state.view.units)));
    let detail = el("span")
        .live_text(move || state.sound(|sound| sound.report.detail(state.view.units)))
        .live_flag("hidden", move || !state.wrong_fields().is_empty());
    let stale = el("span").class("stale").live_children(move || match &state.wrong_fields()[..] {
        [] => Vec::new(),
        wrong => {
            let words = el("span").text("Shown is the last deployment that was sound. See");
            [words].into_iter().chain(wrong.iter().map(|key| field_link(key))).collect()
        }
    });
    let verdict = el("section")
        .id("verdict")
        .class("verdict")
        .attr("aria-label", "Verdict")
        .attr("tabindex", "-1")
        .live_attr("data-verdict", move || state.sound(|sound| Some(sound.report.verdict.key().into())))
        .child(el("h2").child(word).text(" ").child(sentence))
        .child(el("p").child(detail).child(stale));
    [verdict, announcement(state)]
}

/// The name of a field, which leads there.
pub(crate) fn field_link(key: &'static str) -> El {
    el("button").class("link key").attr("type", "button").text(key).on("click", move |_| browser::focus(key))
}

/// The verdict for screen readers.
fn announcement(state: AppState) -> El {
    let (announced, resting) = (Live::new(String::new()), Debounced::new(REST));
    let first = Cell::new(true);
    watch(move || {
        let verdict =
            state.sound(|sound| format!("{} {}", sound.report.headline(), sound.report.sentence(state.view.units)));
        if !first.replace(false) {
            resting.call(move || announced.set(verdict));
        }
    });
    el("p").class("visually-hidden").attr("role", "status").live_text(move || announced.get())
}
