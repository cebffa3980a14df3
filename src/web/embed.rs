//! The embedded page: by default the verdict, one bar and the most important settings.
//!
//! `frame.js` parses the query of the address, reports its errors, and exchanges messages with the
//! embedding page.

use super::address;
use super::browser::looks;
use super::dom::{El, Place, el, live_all};
use super::inputs::{control, form, ticks};
use super::results::chart::chart;
use super::results::figures::{figures, large, swatch};
use super::results::verdict::verdict;
use super::results::warnings::warnings;
use super::state::{AppState, Sound};
use super::theme::Appearance;
use crate::chart::Segment;
use crate::deployment::setting;
use crate::link::DEFAULT_KNOBS;
use crate::memory::Rank;
use crate::units::Units;

/// Whether the address asks for this page.
pub(super) fn is_compact() -> bool {
    looks("data-embed").as_deref() == Some("compact")
}

/// The compact page.
pub(super) fn embedded(state: AppState, appearance: Appearance) -> El {
    let shown = looks("data-show").unwrap_or_default();
    let shows = |part: &str| shown.split(' ').any(|shown| shown == part);
    let summary = move || {
        state.sound(|sound| {
            let plan = &sound.plan;
            format!("{} · {} · {} × {}", plan.model.name, plan.precision.quant_algo, plan.world_size(), plan.gpu.name)
        })
    };
    let knobs = || {
        ticks::follow(state);
        let keys = looks("data-knobs").unwrap_or_else(|| DEFAULT_KNOBS.join(" "));
        form("knobs").children(keys.split(' ').filter_map(setting).map(|field| control(state, field, false)))
    };
    // The table says what the colours are; without it a line does.
    let legend = || {
        let mut places = Vec::new();
        let items = Segment::ALL.map(|segment| item(appearance, segment, &mut places));
        live_all(places, move || {
            state.sound(|sound| {
                sound.report.kv_limiting_rank().map(|rank| said(sound, rank, state.view.units)).unwrap_or_default()
            })
        });
        el("ul").class("legend").children(items)
    };
    let picture = || [chart(state, appearance, || true)].into_iter().chain((!shows("table")).then(legend));
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
        .children(shows("verdict").then(|| verdict(state)).into_iter().flatten())
        .children(shows("chart").then(picture).into_iter().flatten())
        .children(shows("table").then(|| figures(state, appearance)))
        .children(shows("knobs").then(knobs))
        .child(foot)
}

/// A segment in the legend. Adds the places of what [`said`] says of it.
fn item(appearance: Appearance, segment: Segment, places: &mut Vec<Place>) -> El {
    let item = el("li").attr("data-contributor", segment.key());
    let (label, size) = (el("span"), el("span"));
    places.push(item.attr_place("data-bytes"));
    places.push(label.text_place());
    places.push(size.text_place());
    item.child(swatch(appearance, segment)).child(label).text(" ").child(size)
}

/// The texts of the legend about the rank that limits the KV cache, which the bar shows.
fn said(sound: &Sound, rank: &Rank, units: Units) -> Vec<Option<String>> {
    let mut said = Vec::new();
    for segment in Segment::ALL {
        let bytes = segment.bytes(rank);
        said.push(Some(bytes.0.to_string()));
        said.push(Some(segment.label_in(&sound.report).to_string()));
        said.push(Some(large(bytes, units)));
    }
    said
}
