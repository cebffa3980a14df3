//! The compact page that other pages embed: the verdict, one bar, and the knobs that matter most.

use super::address;
use super::inputs::control;
use super::results::chart::Chart;
use super::results::figures::{Swatch, gib};
use super::results::verdict::Verdict;
use super::results::warnings::Warnings;
use super::state::AppState;
use crate::chart::Segment;
use crate::deployment::field;
use leptos::prelude::*;

/// The knobs that are shown.
const KNOBS: [&str; 3] = ["max_batch_size", "max_num_tokens", "free_gpu_memory_fraction"];

/// The compact page.
#[component]
pub fn Embedded() -> impl IntoView {
    let state = expect_context::<AppState>();
    let summary = state.sound(|sound| {
        let plan = &sound.plan;
        format!("{} · {} · {} × {}", plan.model.name, plan.quant_algo, plan.world_size(), plan.gpu.name)
    });
    let link = move || state.deployment.with(address::of);
    view! {
        <main class="embedded">
            <h1 class="visually-hidden">"TensorRT-LLM memory"</h1>
            <Warnings/>
            <Verdict/>
            <Chart strip=true/>
            <ul class="legend">{Segment::ALL.into_iter().map(|segment| view! { <Item segment/> }).collect_view()}</ul>
            <form class="knobs" aria-label="Deployment" autocomplete="off" on:submit=|event| event.prevent_default()>
                {KNOBS.into_iter().filter_map(field).map(|field| control(field, false)).collect_view()}
            </form>
            <p class="embedded-foot">
                <span>{move || summary.get()}</span>
                <a href=link target="_blank" rel="noopener">"Open in the calculator"</a>
            </p>
        </main>
    }
}

/// A segment of the fullest rank, which is the one that the bar shows.
#[component]
fn Item(segment: Segment) -> impl IntoView {
    let state = expect_context::<AppState>();
    let bytes = state.sound(move |sound| sound.report.tightest().map(|rank| segment.bytes(rank)).unwrap_or_default());
    view! {
        <li data-contributor=segment.key() data-bytes=move || bytes.get().0>
            <Swatch segment/>{segment.label()}" "<span class="number">{move || gib(bytes.get())}</span>
        </li>
    }
}
