//! Why a figure is what it is: its formula, its inputs, how it is known, and the figures that it is made of.

use super::figures::gib;
use super::verdict::field_link;
use crate::deployment::Deployment;
use crate::memory::{Contributor, Explanation, Input, explain};
use crate::units::{Bytes, grouped};
use crate::web::dom::{El, el};
use crate::web::state::AppState;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// The explanation of a contributor on a rank.
pub fn explanation(deployment: &Deployment, rank: u64, contributor: Contributor) -> Option<Explanation> {
    let all = explain(deployment, rank).ok()?;
    all.into_iter().find(|(explained, _)| *explained == contributor).map(|(_, explanation)| explanation)
}

/// The explanation of the figure that was asked about.
pub fn why(state: AppState) -> El {
    el("div").id("explanation").class("explanation").live_children(move || {
        let (contributor, rank) = (state.view.explained.get(), state.shown_rank());
        let explained = state.last_sound().and_then(|sound| explanation(&sound.deployment, rank, contributor));
        let Some(explained) = explained else {
            return Vec::new();
        };
        let bytes = Bytes(explained.value.round() as u64);
        let exact = format!(" of GPU {rank}, exactly {} B. {}", grouped(bytes.0), contributor.meaning());
        let title = el("strong").text(&format!("{} {}", explained.label, gib(bytes)));
        let title = el("p").class("explained").child(title).child(el("span").class("faint").text(&exact));
        [title].into_iter().chain(body(state, &explained, contributor.key())).collect()
    })
}

/// The formula of a figure and what it names. `path` says where it stands in the tree.
fn body(state: AppState, explained: &Explanation, path: &str) -> Vec<El> {
    let Explanation { formula, figures, inputs, evidence, source, parts, .. } = explained;
    let line = |class: &str, text: String| el("p").class(class).text(&text);
    let mut all = vec![line("formula", format!("= {formula}"))];
    if figures != formula {
        all.push(line("formula figures-line", format!("= {figures}")));
    }
    if !inputs.is_empty() {
        all.push(el("ul").class("symbols").children(inputs.iter().map(symbol)));
    }
    all.extend(parts.iter().enumerate().map(|(index, inner)| part(state, inner, format!("{path}/{index}"))));
    all.extend(evidence.as_ref().map(|evidence| line("evidence", format!("How it is known: {evidence}."))));
    all.extend(source.map(|source| line("evidence", format!("Source: {source}."))));
    all
}

/// An input of a formula: what it stands for, and where it comes from.
fn symbol(input: &Input) -> El {
    let origin = el("span").class("origin");
    let origin = match input.key {
        Some(key) => origin.child(field_link(key)),
        None => origin.text(&input.origin),
    };
    let equation = el("span").class("formula").text(&format!("{} = {}", input.symbol, input.value));
    el("li").child(equation).child(el("span").class("symbol-meaning").text(input.meaning)).child(origin)
}

/// A figure that another is made of. What it says is made only when it is unfolded, and stays so while figures change.
fn part(state: AppState, explained: &Explanation, path: String) -> El {
    let unfolded = state.view.unfolded;
    let details = el("details").attr("data-part", &path);
    let inside = unfolded.with(|open| open.contains(&path)).then(|| body(state, explained, &path));
    let details = if inside.is_some() { details.attr("open", "") } else { details };
    let summary = el("summary")
        .child(el("span").class("part-label").text(&explained.label))
        .child(el("span").class("part-size").text(&explained.text))
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
