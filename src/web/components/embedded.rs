//! The embedded page: by default the verdict, one bar and the most important settings.
//!
//! `frame.js` parses the query of the address, reports its errors, and exchanges messages with the
//! embedding page.

use super::bars::Bars;
use super::figures::{Figures, large};
use super::help::HelpPopover;
use super::inputs::{Control, SliderLimits};
use super::last_valid::LastValid;
use super::stage;
use super::swatch::Swatch;
use super::verdict::Verdict;
use super::warnings::Warnings;
use crate::chart::Segment;
use crate::deployment::setting;
use crate::link::DEFAULT_KNOBS;
use crate::units::{Bytes, Units};
use crate::web::browser::root_attribute;
use crate::web::state::{AppState, page_address};
use leptos::prelude::*;

/// Whether the address asks for this page.
pub(super) fn is_compact() -> bool {
    root_attribute("data-embed").as_deref() == Some("compact")
}

/// The compact page.
#[component]
pub(super) fn Embedded() -> impl IntoView {
    let app = AppState::from_context();
    let parts = root_attribute("data-show").unwrap_or_default();
    let shows = |part: &str| parts.split(' ').any(|shown| shown == part);
    let subject = Signal::derive(move || {
        app.with_valid(|valid| {
            let resolved = &valid.resolved;
            let (model, precision) = (&resolved.model.name, resolved.precision.quant_algo);
            format!("{model} · {precision} · {} × {}", resolved.world_size(), resolved.gpu.name)
        })
    });
    let address = Signal::derive(move || {
        app.deployment.track();
        page_address(app)
    });
    stage::complete_at_once();
    view! {
        <main class="embedded">
            <h1 class="visually-hidden">"TensorRT-LLM memory"</h1>
            <Warnings/>
            {shows("verdict").then(|| view! { <Verdict/><LastValid/> })}
            {shows("chart").then(|| view! { <Bars/> })}
            // The table names the colours; without it a line does.
            {(shows("chart") && !shows("table")).then(|| view! { <Legend/> })}
            {shows("table").then(|| view! { <Figures/> })}
            {shows("knobs").then(|| view! { <Knobs/> })}
            <p class="embedded-foot">
                <span>{subject}</span>
                <a target="_blank" rel="noopener" href=address>"Open in the calculator"</a>
            </p>
        </main>
        <HelpPopover/>
    }
}

/// The sizes of the rank that limits the KV cache, with their colours.
#[component]
fn Legend() -> impl IntoView {
    let app = AppState::from_context();
    let item = |segment: Segment| {
        let size = move |read: fn(Bytes, Units) -> String| {
            let units = app.view.units.get();
            app.with_valid(|valid| {
                valid.report.kv_limiting_rank().map(|rank| read(segment.bytes(rank), units)).unwrap_or_default()
            })
        };
        let label = Signal::derive(move || app.with_valid(|valid| segment.label_in(&valid.report).to_string()));
        view! {
            <li data-contributor=segment.key() data-bytes=Signal::derive(move || size(|bytes, _| bytes.0.to_string()))>
                <Swatch segment/>
                <span>{label}</span>
                " "
                <span class="number">{move || size(large)}</span>
            </li>
        }
    };
    view! { <ul class="legend">{Segment::ALL.map(item).collect_view()}</ul> }
}

/// The settings that the address names.
#[component]
fn Knobs() -> impl IntoView {
    let keys = root_attribute("data-knobs").unwrap_or_else(|| DEFAULT_KNOBS.join(" "));
    let controls = keys.split(' ').filter_map(setting).map(|setting| view! { <Control setting/> });
    view! {
        <form class="knobs" aria-label="Deployment" autocomplete="off" on:submit=|event| event.prevent_default()>
            <SliderLimits/>
            {controls.collect_view()}
        </form>
    }
}
