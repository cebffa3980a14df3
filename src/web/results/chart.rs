//! The chart: plotters' picture, and over it the boxes that the pointer and the focus find.

use super::segment::label;
use super::tooltip::tooltip;
use crate::chart::{self, Drawing, Hit, Segment, Size};
use crate::memory::Report;
use crate::units::Units;
use crate::web::browser::{self, Debounced};
use crate::web::dom::{self, El, el, key, svg, target, watch};
use crate::web::live::{Derived, Live};
use crate::web::state::AppState;
use crate::web::theme::Appearance;
use crate::web::view::Pointed;
use leptos::prelude::untrack;
use std::fmt::Write;
use std::sync::Arc;
use web_sys::{Element, Event};

/// The height of the lying bar.
const STRIP_HEIGHT: u32 = 24;

/// The delay in milliseconds after which the hit boxes follow the picture. A drag of a slider does
/// not need them, and they take as long as the picture.
const REST: u32 = 100;

/// A bar for each rank with the capacity as a line, or one lying bar of the rank that decides.
pub(crate) fn chart(
    state: AppState,
    appearance: Appearance,
    strip: impl Fn() -> bool + Copy + Send + Sync + 'static,
) -> El {
    let frame = el("div").class("chart-frame");
    let width = browser::width_of(&frame.0);
    let drawing = Derived::new(move |_| {
        let (width, strip, theme) = (width.get() as u32, strip(), appearance.colours());
        let sound = state.last_sound().filter(|_| width > 0)?;
        Some(Arc::new(if strip {
            chart::strip(&sound.report, Size { width, height: STRIP_HEIGHT }, theme, state.view.units)
        } else {
            chart::ranks(&sound.report, width, theme, state.view.units)
        }))
    });
    let drawn =
        move |read: fn(&Drawing) -> String| drawing.with(|drawing| drawing.as_deref().map(read).unwrap_or_default());
    let picture = el("div")
        .class("chart-picture")
        .attr("aria-hidden", "true")
        .live_markup(move || drawn(|drawing| drawing.svg.clone()));
    let height = move || drawing.with(|drawing| drawing.as_deref().map_or(1, |drawing| drawing.height));
    let view_box = move || format!("0 0 {} {}", width.get().max(1), height());
    let point = move |element: Option<Element>| {
        let pointed = element.and_then(|element| pointed(&element));
        if state.view.pointed.get_untracked() != pointed {
            state.view.pointed.set(pointed);
        }
    };
    let explain = move |element: Option<Element>| {
        point(element);
        if let Some(Pointed { segment: Segment::Contributor(contributor), .. }) = state.view.pointed.get_untracked() {
            state.view.explained.set(contributor);
        }
    };
    let key_down = move |event: Event| {
        let Some(target) = target(&event) else {
            return;
        };
        match key(&event).as_str() {
            "Enter" | " " => explain(Some(target)),
            "Escape" => state.view.pointed.set(None),
            key if dom::rove(&target, key) => {}
            _ => return,
        }
        event.prevent_default();
    };
    // How often the boxes have followed the picture; the first time at once.
    let (followed, resting) = (Live::new(0), Debounced::new(REST));
    watch(move || {
        let follow = move || followed.update(|times| *times += 1);
        if drawing.with(Option::is_some) && followed.get_untracked() == 0 { follow() } else { resting.call(follow) }
    });
    let boxes = svg("svg")
        .class("chart-boxes")
        .attr("role", "group")
        .attr("aria-label", "How the memory of each GPU is used")
        .live_attr("viewBox", move || Some(view_box()))
        .live_markup(move || {
            followed.track();
            untrack(|| {
                let sound = state.last_sound();
                drawing.with(|drawing| {
                    drawing
                        .as_deref()
                        .zip(sound)
                        .map_or_else(String::new, |(drawing, sound)| boxes(drawing, &sound.report, state.view.units))
                })
            })
        })
        .on("pointerover", move |event| point(segment_at(&event)))
        .on("pointerleave", move |_| state.view.pointed.set(None))
        .on("focusin", move |event| point(segment_at(&event)))
        .on("focusout", move |_| state.view.pointed.set(None))
        .on("click", move |event| explain(segment_at(&event)))
        .on("keydown", key_down);
    // Where ranks differ, the lying bar says whose it is.
    let whose = move || {
        if !strip() {
            return String::new();
        }
        state.sound(|sound| match sound.runs().len() {
            0 | 1 => String::new(),
            _ => sound
                .report
                .kv_limiting_rank()
                .map(|rank| format!("GPU {}, which has the least room", rank.rank))
                .unwrap_or_default(),
        })
    };
    let whose = el("figcaption").class("whose").live_text(whose).live_flag("hidden", move || !strip());
    el("figure")
        .id("chart")
        .class("chart")
        .live_class("strip", strip)
        .live_attr("data-pointed", move || state.view.pointed.get().map(|pointed| pointed.segment.key().into()))
        .child(frame.child(picture).child(boxes).child(tooltip(state, drawing)))
        .child(whose)
}

/// What a box in the chart stands for.
fn pointed(element: &Element) -> Option<Pointed> {
    let key = element.get_attribute("data-segment")?;
    let segment = Segment::ALL.into_iter().find(|segment| segment.key() == key)?;
    Some(Pointed { segment, bar: element.get_attribute("data-bar")?.parse().ok() })
}

fn segment_at(event: &Event) -> Option<Element> {
    target(event)?.closest("[data-segment]").ok().flatten()
}

/// Returns the hit boxes of all segments as SVG. Tab focuses the first; arrow keys move to the
/// others.
fn boxes(drawing: &Drawing, report: &Report, units: Units) -> String {
    let mut svg = String::new();
    for (index, hit) in drawing.hits.iter().enumerate() {
        let Hit { bar, segment, x, y, width, height } = *hit;
        let tab_index = if index == 0 { 0 } else { -1 };
        let (key, label) = (segment.key(), label(drawing, report, hit, units));
        let _ = writeln!(
            svg,
            "<rect data-bar=\"{bar}\" data-segment=\"{key}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" \
             tabindex=\"{tab_index}\" role=\"img\" aria-label=\"{label}\"/>"
        );
    }
    svg
}
