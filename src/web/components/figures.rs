//! The table of figures, which is also the legend of the charts.

use super::pointing::point;
use super::rank_columns::{Columns, RankCells, RankHeads, RankText};
use super::segmented::Segmented;
use super::summaries::summary;
use super::swatch::Swatch;
use crate::chart::Segment;
use crate::deployment::{Group, SETTINGS, Setting};
use crate::memory::Rank;
use crate::units::{Bytes, Units, grouped_decimal};
use crate::web::browser::root_attribute;
use crate::web::state::{AppState, Pointed, Valid};
use leptos::prelude::*;
use std::sync::Arc;

/// Formats a size in GiB or GB, to two decimals, with its unit.
pub(super) fn large(bytes: Bytes, units: Units) -> String {
    format!("{} {}", bytes.in_giga(units), units.giga())
}

/// Formats a share of the GPU's memory.
pub(super) fn share(bytes: Bytes, total: Bytes) -> String {
    let share = bytes.share_of(total) * 100.0;
    if bytes.0 > 0 && share < 0.5 { "< 1 %".to_string() } else { format!("{} %", grouped_decimal(share, 0)) }
}

/// Formats the likely range of a segment; empty if both ends look alike.
fn likely_range(segment: Segment, rank: &Rank, units: Units) -> String {
    let (bytes, band) = (segment.bytes(rank).0 as f64, segment.band(rank));
    let end = |bytes: f64| Bytes::rounded(bytes.max(0.0)).giga(units);
    let (low, high) = (end(bytes - band.below), end(bytes + band.above));
    let places = if high - low < 0.1 { 2 } else { 1 };
    let (low, high) = (grouped_decimal(low, places), grouped_decimal(high, places));
    if low == high { String::new() } else { format!("{low} – {high}") }
}

/// The sizes of the shown ranks.
#[component]
pub(super) fn Figures() -> impl IntoView {
    let app = AppState::from_context();
    let units = app.view.units;
    let columns = Columns::new(app);
    // A page that shows a read-only frame chooses its units too.
    let switch = match root_attribute("data-readonly") {
        Some(_) => units.get_untracked().giga().into_any(),
        None => view! { <UnitsSwitch/> }.into_any(),
    };
    let needed = move || {
        if app.with_valid(|valid| valid.report.verdict.fits()) { "nvidia-smi will show" } else { "Needed in all" }
    };
    let total: RankText = Arc::new(move |rank| rank.total.in_giga(units.get()));
    let used: RankText = Arc::new(move |rank| rank.used().in_giga(units.get()));
    let bound = Signal::derive(move || app.with_valid(|valid| upper_bound(valid, units.get())));
    view! {
        <section class="figures" aria-label="Figures">
            <table>
                <thead>
                    <tr>
                        <th scope="col" colspan="2">
                            {switch}
                        </th>
                        <RankHeads columns/>
                        <th scope="col" class="number range">"likely range"</th>
                        <th scope="col"><span class="visually-hidden">"explanation"</span></th>
                    </tr>
                </thead>
                <tbody>
                    {Segment::ALL.map(|segment| view! { <Row segment columns/> }).collect_view()}
                </tbody>
                <tfoot>
                    <tr class="capacity-line">
                        <th scope="row" colspan="2">"Capacity"</th>
                        <RankCells columns text=total/>
                        <td class="range"></td>
                        <td></td>
                    </tr>
                    <tr class="smi-line">
                        <th scope="row">{needed}</th>
                        <td class="what">"freed memory stays in the pool"</td>
                        <RankCells columns text=used/>
                        <td class="range"></td>
                        <td class="why"><WhyButton figure="nvidia_smi" label="nvidia-smi"/></td>
                    </tr>
                </tfoot>
            </table>
            <Calibration/>
            <p id="upper-bound" class="note">{bound}</p>
        </section>
    }
}

/// The choice of units.
#[component]
fn UnitsSwitch() -> impl IntoView {
    let units = AppState::from_context().view.units;
    let choose = Callback::new(move |name: &str| units.set(name.parse().unwrap_or_default()));
    view! {
        <Segmented
            name="units"
            label="Units of sizes"
            choices=Units::ALL.map(|units| (units.giga(), units.giga())).to_vec()
            value=Signal::derive(move || units.get().giga().to_string())
            on_choose=choose
        />
    }
}

/// The row of a segment.
#[component]
fn Row(segment: Segment, columns: Columns) -> impl IntoView {
    let app = AppState::from_context();
    let (units, pointed) = (app.view.units, app.view.pointed);
    let first = move || columns.first();
    let bytes = Signal::derive(move || first().map(|rank| segment.bytes(&rank).0.to_string()));
    let label = Signal::derive(move || app.with_valid(|valid| segment.label_in(&valid.report).to_string()));
    let what = Signal::derive(move || app.with_valid(|valid| summary(segment, valid, units.get())));
    let range = Signal::derive(move || first().map(|rank| likely_range(segment, &rank, units.get())));
    let is_scaled = Signal::derive(move || match segment {
        Segment::Contributor(contributor) => first().is_some_and(|rank| rank.figure(contributor).is_calibrated()),
        Segment::Free => false,
    });
    let is_explained = Signal::derive(move || app.view.explained.with(|key| key == segment.key()));
    let size: RankText = Arc::new(move |rank| segment.bytes(rank).in_giga(units.get()));
    let why = match segment {
        Segment::Contributor(contributor) => {
            Some(view! { <WhyButton figure=contributor.key() label=contributor.label()/> })
        }
        Segment::Free => None,
    };
    view! {
        <tr
            data-contributor=segment.key()
            data-bytes=bytes
            class:explained=is_explained
            class:pointed=Signal::derive(move || pointed.get().is_some_and(|pointed| pointed.segment == segment))
            on:pointerenter=move |_| point(app, Some(Pointed { segment, bar: None }))
            on:pointerleave=move |_| point(app, None)
        >
            <th scope="row">
                <Swatch segment/>
                <span>{label}</span>
                <span class="mark own" hidden=Signal::derive(move || !is_scaled.get())>"from your log"</span>
            </th>
            <td class="what">{what}</td>
            <RankCells columns text=size has_unit=true/>
            <td class="number range">{range}</td>
            <td class="why">{why}</td>
        </tr>
    }
}

/// Opens the explanation of a figure.
#[component]
fn WhyButton(figure: &'static str, label: &'static str) -> impl IntoView {
    let app = AppState::from_context();
    view! {
        <button
            class="link"
            type="button"
            data-why=figure
            aria-label=format!("why? {label}")
            on:click=move |_| app.view.explain(figure)
        >
            "why?"
        </button>
    }
}

/// Says that a log of the user scales figures, and removes the scale.
#[component]
fn Calibration() -> impl IntoView {
    let app = AppState::from_context();
    let settings: Vec<&'static Setting> =
        SETTINGS.iter().filter(|setting| setting.group == Group::Calibration).collect();
    let all = settings.clone();
    let is_set =
        Signal::derive(move || app.deployment.with(|deployment| all.iter().any(|setting| setting.counts(deployment))));
    view! {
        <p id="calibration" class="note" hidden=Signal::derive(move || !is_set.get())>
            "Figures marked “from your log” are the laws, scaled by what your log measured. "
            <button class="link" type="button" on:click=move |_| settings.iter().for_each(|setting| app.reset(setting))>
                "Remove"
            </button>
        </p>
    }
}

/// TensorRT-LLM's own estimate after a build; empty if nothing is built.
fn upper_bound(valid: &Valid, units: Units) -> String {
    let Some(bound) = valid.report.upper_bound.as_ref() else {
        return String::new();
    };
    let warns = if bound.exceeds_gpu { ", and it warns that the GPU has less" } else { "" };
    format!("trtllm-build's own estimate, with every sequence at its longest: {}{warns}.", large(bound.total(), units))
}
