//! The compact page that other pages embed: the verdict, one bar, and the knobs that matter most.

use super::address;
use super::dom::{El, el};
use super::inputs::{control, form, ticks};
use super::results::chart::chart;
use super::results::figures::{gib, swatch};
use super::results::verdict::verdict;
use super::results::warnings::warnings;
use super::state::AppState;
use super::theme::Appearance;
use crate::chart::Segment;
use crate::deployment::field;
use leptos::prelude::*;

/// The knobs that are shown.
const KNOBS: [&str; 3] = ["max_batch_size", "max_num_tokens", "free_gpu_memory_fraction"];

/// The compact page.
pub fn embedded(state: AppState, appearance: Appearance) -> El {
    ticks::follow(state);
    let summary = move || {
        state.sound(|sound| {
            let plan = &sound.plan;
            format!("{} · {} · {} × {}", plan.model.name, plan.quant_algo, plan.world_size(), plan.gpu.name)
        })
    };
    let knobs = KNOBS.into_iter().filter_map(field).map(|field| control(state, field, false));
    let open = el("a").attr("target", "_blank").attr("rel", "noopener").text("Open in the calculator").live_attr(
        "href",
        move || {
            state.deployment.track();
            Some(address::of(state))
        },
    );
    let foot = el("p").class("embedded-foot").child(el("span").live_text(summary)).child(open);
    el("main")
        .class("embedded")
        .child(el("h1").class("visually-hidden").text("TensorRT-LLM memory"))
        .child(warnings(state))
        .children(verdict(state))
        .child(chart(state, appearance, || true))
        .child(
            el("ul").class("legend").children(Segment::ALL.into_iter().map(|segment| item(state, appearance, segment))),
        )
        .child(form("knobs").children(knobs))
        .child(foot)
}

/// A segment of the fullest rank, which is the one that the bar shows.
fn item(state: AppState, appearance: Appearance, segment: Segment) -> El {
    let bytes =
        move || state.sound(|sound| sound.report.tightest().map(|rank| segment.bytes(rank)).unwrap_or_default());
    el("li")
        .attr("data-contributor", segment.key())
        .live_attr("data-bytes", move || Some(bytes().0.to_string()))
        .child(swatch(appearance, segment))
        .child(el("span").live_text(move || state.sound(|sound| segment.label_in(&sound.report)).to_string()))
        .text(" ")
        .child(el("span").live_text(move || gib(bytes())))
}
