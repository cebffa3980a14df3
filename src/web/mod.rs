//! The page: components over the library, on Leptos' reactive graph.
//!
//! The deployment is one signal in `state::AppState`; everything else that is shown is a memo of it. The components know
//! no formulas and the library knows no components.

mod address;
mod answers;
mod browser;
mod dom;
mod embed;
mod failure;
mod files;
mod header;
mod history;
mod inputs;
mod lists;
mod live;
mod panel;
mod results;
mod share;
mod state;
mod theme;
mod view;

use crate::units::Prefixes;
use dom::el;
use leptos::mount::mount_to;
use leptos::prelude::*;
use state::AppState;
use std::time::Duration;
use theme::Appearance;
use web_sys::HtmlElement;

/// Mounts the page in place of what `index.html` shows while this program loads.
pub fn start() {
    failure::tell_panics();
    let Some(root) = browser::by_id("app") else {
        return;
    };
    // The view is empty, because `dom` makes the elements; the mount is their owner.
    mount_to(root.clone(), move || {
        if let Some(units) = browser::looks("data-units").and_then(|unit| Prefixes::of(&unit)) {
            units.show();
        }
        let state = AppState::new();
        let appearance = Appearance::new();
        lists::follow(state);
        address::follow(state);
        history::follow(state);
        let (page, later) = if embed::is_compact() {
            (vec![embed::embedded(state, appearance)], vec![])
        } else {
            page(state, appearance)
        };
        root.set_inner_html("");
        for part in page {
            let _ = root.append_child(&part.0);
        }
        // The first chart needs the width that the first layout gives it, and the rest needn't keep it waiting.
        let (root, owner) = (root.clone(), Owner::current().unwrap_or_default());
        browser::after_paint(move || in_turn(owner, later.into_iter(), move || ready(state, root)));
    })
    .forget();
}

/// A part of the page that is made after the first picture.
type Part = Box<dyn FnOnce()>;

/// The header, and the picture beside the place of the inputs; and the parts that follow.
fn page(state: AppState, appearance: Appearance) -> (Vec<dom::El>, Vec<Part>) {
    let (form, results) = (inputs::form("inputs"), results::results(state, appearance));
    let columns = el("main").class("columns").child(form.clone()).child(results.clone());
    let folded = form.clone();
    let later: Vec<Part> = vec![
        Box::new(move || results::details(results, state, appearance)),
        Box::new(move || inputs::inputs(form, state)),
        Box::new(move || inputs::advanced(folded, state)),
    ];
    (vec![header::header(state, appearance), columns], later)
}

/// Makes each part in a task of its own, so that the browser is never kept from its user for long.
fn in_turn(owner: Owner, mut parts: std::vec::IntoIter<Part>, end: impl FnOnce() + 'static) {
    let Some(part) = parts.next() else {
        return end();
    };
    owner.with(part);
    set_timeout(move || in_turn(owner, parts, end), Duration::ZERO);
}

/// Says that everything can be used, and asks the worker for what is told only then.
fn ready(state: AppState, root: HtmlElement) {
    request_animation_frame(move || {
        let _ = root.set_attribute("data-ready", "true");
        state.view.learn();
    });
}
