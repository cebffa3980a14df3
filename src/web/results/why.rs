//! Why a figure is what it is: its formula, its inputs, how it is known, and the figures that it is made of.

use super::verdict::field_link;
use crate::deployment::field;
use crate::formats::link;
use crate::memory::Contributor;
use crate::web::answers::{Reply, follow};
use crate::web::dom::{El, el};
use crate::web::state::AppState;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// The question why a contributor of a rank has its size, in the last sound deployment.
pub fn question(state: AppState, contributor: Contributor, rank: u64) -> Option<String> {
    let sound = state.last_sound()?;
    Some(format!("explain?contributor={}&rank={rank}#{}", contributor.key(), link::encode(&sound.deployment)))
}

/// The explanation of the figure that was asked about.
pub fn why(state: AppState) -> El {
    let answer = follow(move || question(state, state.view.explained.get(), state.shown_rank()));
    el("div").id("explanation").class("explanation").live_children(move || {
        let Some(explained) = answer.get() else {
            return Vec::new();
        };
        if let Some(problem) = explained.maybe("problem") {
            return vec![el("p").text(&problem)];
        }
        let (label, size) = (explained.text("label"), explained.text("text"));
        let rank = explained.number("rank") as u64;
        let exact = format!(" of GPU {rank}, exactly {} B. {}", explained.text("bytes"), explained.text("meaning"));
        let title = el("strong").text(&format!("{label} {size}"));
        let title = el("p").class("explained").child(title).child(el("span").class("faint").text(&exact));
        [title].into_iter().chain(body(state, &explained, state.view.explained.get_untracked().key())).collect()
    })
}

/// The formula of a figure and what it names. `path` says where it stands in the tree.
fn body(state: AppState, explained: &Reply, path: &str) -> Vec<El> {
    let line = |class: &str, text: String| el("p").class(class).text(&text);
    let (formula, figures, inputs) = (explained.text("formula"), explained.text("figures"), explained.list("inputs"));
    let mut all = vec![line("formula", format!("= {formula}"))];
    if figures != formula {
        all.push(line("formula figures-line", format!("= {figures}")));
    }
    if !inputs.is_empty() {
        all.push(el("ul").class("symbols").children(inputs.iter().map(symbol)));
    }
    let parts = explained.list("parts");
    all.extend(parts.iter().enumerate().map(|(index, inner)| part(state, inner, format!("{path}/{index}"))));
    let band = explained.text("band");
    let ends = band.split_once(" to ").filter(|(low, high)| low != high);
    all.extend(ends.map(|(low, high)| line("evidence", format!("It lies between {low} and {high}."))));
    for (key, title) in [("evidence", "How it is known"), ("source", "Source")] {
        all.extend(explained.maybe(key).map(|known| line("evidence", format!("{title}: {known}."))));
    }
    all
}

/// An input of a formula: what it stands for, and where it comes from.
fn symbol(input: &Reply) -> El {
    let origin = el("span").class("origin");
    let origin = match field(&input.text("key")) {
        Some(field) => origin.child(field_link(field.key)),
        None => origin.text(&input.text("origin")),
    };
    let equation = el("span").class("formula").text(&format!("{} = {}", input.text("symbol"), input.text("value")));
    el("li").child(equation).child(el("span").class("symbol-meaning").text(&input.text("meaning"))).child(origin)
}

/// A figure that another is made of. What it says is made only when it is unfolded, and stays so while figures change.
fn part(state: AppState, explained: &Reply, path: String) -> El {
    let unfolded = state.view.unfolded;
    let details = el("details").attr("data-part", &path);
    let inside = unfolded.with(|open| open.contains(&path)).then(|| body(state, explained, &path));
    let details = if inside.is_some() { details.attr("open", "") } else { details };
    let summary = el("summary")
        .child(el("span").class("part-label").text(&explained.text("label")))
        .child(el("span").class("part-size").text(&explained.text("text")))
        .on("click", move |event| {
            event.prevent_default();
            unfolded.update(|open| match open.iter().position(|known| *known == path) {
                Some(known) => drop(open.swap_remove(known)),
                None => open.push(path.clone()),
            });
            refocus(&path);
        });
    details.child(summary).children(inside.into_iter().flatten())
}

/// The tree is made anew when a part unfolds; the focus stays with that part.
fn refocus(path: &str) {
    let selector = format!("[data-part=\"{path}\"] > summary");
    request_animation_frame(move || {
        let summary = document().query_selector(&selector).ok().flatten();
        if let Some(summary) = summary.and_then(|summary| summary.dyn_into::<web_sys::HtmlElement>().ok()) {
            let _ = summary.focus();
        }
    });
}
