//! The browser's interfaces that Leptos has no name for.

pub(super) mod clipboard;
pub(super) mod failure;
pub(super) mod files;
pub(super) mod worker;

use leptos::html::Div;
use leptos::prelude::*;
use leptos_use::{signal_debounced, use_resize_observer};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, Storage};

/// The time after which a page counts as one that is not painted.
const UNPAINTED: Duration = Duration::from_millis(200);
/// The width, in pixels, of what an old browser cannot measure: that of a small phone.
const NARROWEST: u32 = 288;

/// The element with this id.
pub(super) fn by_id(id: &str) -> Option<HtmlElement> {
    document().get_element_by_id(id)?.dyn_into().ok()
}

/// Returns an option of the page's appearance. `boot.js` and `frame.js` read it from the address
/// and store it at the root element.
pub(super) fn root_attribute(name: &str) -> Option<String> {
    document().document_element()?.get_attribute(name)
}

/// The storage that this site keeps between visits, if the browser permits it.
pub(super) fn storage() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

/// Runs `run` after the next paint. A browser does not paint hidden pages and frames out of sight;
/// there it runs after a while.
pub(super) fn after_paint(run: impl FnOnce() + 'static) {
    let waiting = Rc::new(Cell::new(Some(run)));
    let start = move || {
        if let Some(run) = waiting.take() {
            run();
        }
    };
    let start_late = start.clone();
    request_animation_frame(move || set_timeout(start, Duration::ZERO));
    set_timeout(start_late, UNPAINTED);
}

/// Follows a number of changes once `rest` milliseconds have passed without another change.
pub(super) fn debounced(revision: Memo<u64>, rest: f64) -> Signal<u64> {
    signal_debounced(revision, rest)
}

/// Keeps `width` up to date with the width of an element in whole CSS pixels; zero while it is
/// hidden.
pub(super) fn observe_width(element: NodeRef<Div>, width: RwSignal<u32>) {
    let observer = use_resize_observer(element, move |entries, _| {
        let now = entries.first().map_or(0, |entry| entry.content_rect().width() as u32);
        if width.get_untracked() != now {
            width.set(now);
        }
    });
    if !observer.is_supported.get_untracked() {
        width.set(NARROWEST);
    }
}

/// Moves the focus to an element, which may be part of a picture.
pub(super) fn focus(element: &Element) {
    let _ = element.unchecked_ref::<HtmlElement>().focus();
}

/// Scrolls the nearest scroll container as little as necessary to show an element.
pub(super) fn reveal(element: &Element) {
    let options = web_sys::ScrollIntoViewOptions::new();
    options.set_block(web_sys::ScrollLogicalPosition::Nearest);
    element.scroll_into_view_with_scroll_into_view_options(&options);
}

/// The element that an event came from.
pub(super) fn target(event: &web_sys::Event) -> Option<Element> {
    event.target()?.dyn_into().ok()
}

/// The nearest ancestor of an event's target that matches `selector`, or the target itself.
pub(super) fn closest(event: &web_sys::Event, selector: &str) -> Option<Element> {
    target(event)?.closest(selector).ok().flatten()
}

/// Moves the focus and the tab stop from an element to a sibling if `key` is an arrow key. Returns
/// whether it is one.
pub(super) fn rove(from: &Element, key: &str) -> bool {
    let by = match key {
        "ArrowUp" | "ArrowRight" => 1,
        "ArrowDown" | "ArrowLeft" => -1,
        _ => return false,
    };
    let Some(stops) = from.parent_element().and_then(|parent| parent.query_selector_all(":scope > [tabindex]").ok())
    else {
        return false;
    };
    let stops: Vec<Element> = (0..stops.length()).filter_map(|at| stops.get(at)?.dyn_into().ok()).collect();
    let here = stops.iter().position(|stop| stop == from).unwrap_or(0) as isize;
    if let Some(next) = stops.get((here + by).rem_euclid(stops.len().max(1) as isize) as usize) {
        let _ = from.set_attribute("tabindex", "-1");
        let _ = next.set_attribute("tabindex", "0");
        focus(next);
    }
    true
}
