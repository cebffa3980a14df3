//! The page: components over the library, on Leptos' reactive graph.
//!
//! The deployment is one signal in `state::AppState`; everything else on the page is derived from
//! it. Components contain no formulas, and the library contains no components.

mod address;
mod browser;
mod clipboard;
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
mod worker;

use dom::{El, el};
use leptos::mount::mount_to;
use leptos::prelude::*;
use state::AppState;
use std::time::Duration;
use theme::Appearance;
use web_sys::HtmlElement;

/// Mounts the page in place of the loading view of `index.html`. Each part is a separate task, so
/// that the browser stays responsive.
pub fn start() {
    failure::tell_panics();
    let Some(root) = browser::by_id("app") else {
        return;
    };
    // The view is empty, because `dom` makes the elements; the mount is their owner.
    mount_to(root.clone(), move || {
        let owner = Owner::current().unwrap_or_default();
        soon(owner.clone(), move || {
            let (state, appearance) = follow();
            soon(owner, move || show(root, state, appearance));
        });
    })
    .forget();
}

/// What the page follows from, as the address has it.
fn follow() -> (AppState, Appearance) {
    let state = AppState::new();
    lists::follow(state);
    address::follow(state);
    history::follow(state);
    (state, Appearance::new())
}

/// Shows the header, and the picture beside the place of the inputs; or the compact page.
fn show(root: HtmlElement, state: AppState, appearance: Appearance) {
    let owner = Owner::current().unwrap_or_default();
    let (form, results) = (inputs::form("inputs"), el("div").class("results"));
    let (shown, later): (_, &[Part]) = if embed::is_compact() {
        (vec![embed::embedded(state, appearance)], &[])
    } else {
        let columns = el("main").class("columns").child(form.clone());
        let columns = columns.child(results::picture(results.clone(), state, appearance));
        (vec![header::header(state, appearance), columns], &LATER)
    };
    root.set_inner_html("");
    for part in shown {
        let _ = root.append_child(&part.0);
    }
    let page = Page { root, owner, state, appearance, results, form, advanced: el("details").class("advanced") };
    // The first chart needs its width from the first layout and does not wait for the other parts.
    browser::before_paint(Box::new(move || page.add(later)));
}

/// The page while parts of it are still to come.
struct Page {
    root: HtmlElement,
    owner: Owner,
    state: AppState,
    appearance: Appearance,
    results: El,
    form: El,
    advanced: El,
}

/// A part of the page that is made after the first picture.
type Part = fn(&Page);

/// These parts take about as long as each other.
const LATER: [Part; 5] = [
    |page| results::details(&page.results, page.state, page.appearance),
    |page| inputs::first(&page.form, page.state),
    |page| inputs::others(&page.form, page.state),
    |page| inputs::advanced(&page.form, &page.advanced, page.state),
    |page| inputs::last(&page.form, &page.advanced, page.state),
];

impl Page {
    /// Makes each part in a task of its own; then everything can be used.
    fn add(self, parts: &'static [Part]) {
        let Some((part, others)) = parts.split_first() else {
            return self.ready();
        };
        soon(self.owner.clone(), move || {
            part(&self);
            self.add(others);
        });
    }

    /// Says that everything can be used, and asks the worker for what is told only then.
    fn ready(self) {
        browser::before_paint(Box::new(move || {
            let _ = self.root.set_attribute("data-ready", "true");
            self.state.view.learn();
        }));
    }
}

/// Runs something in the next task.
fn soon(owner: Owner, run: impl FnOnce() + 'static) {
    browser::later(Box::new(move || owner.with(run)), Duration::ZERO);
}
