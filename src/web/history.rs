//! Undo and redo: the deployments that were, in their order.

use super::browser::Debounced;
use super::dom::{El, el, key, listen, target, watch};
use super::state::AppState;
use crate::deployment::Deployment;
use leptos::prelude::*;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlInputElement, KeyboardEvent};

/// The maximum time in milliseconds between changes of one step. All changes while a pointer is
/// down are one step too.
const REST: u32 = 400;
/// Older steps are forgotten.
const MOST_STEPS: usize = 200;

/// What the buttons lead to, as it is kept in [`AppState::steps`].
const BACK: usize = 1;
const FORWARDS: usize = 2;

thread_local! {
    static STEPS: RefCell<Steps> = RefCell::default();
}

/// The steps that were taken, and where among them the page is.
#[derive(Default)]
struct Steps {
    all: Vec<Deployment>,
    at: usize,
}

impl Steps {
    /// Records the current deployment as a new step unless it equals the last. Discards undone
    /// steps.
    fn record(&mut self, now: &Deployment) {
        if self.all.get(self.at) == Some(now) {
            return;
        }
        self.all.truncate(self.at + 1);
        self.all.push(now.clone());
        if self.all.len() > MOST_STEPS {
            self.all.remove(0);
        }
        self.at = self.all.len() - 1;
    }

    /// Where a step back or forwards leads.
    fn next(&self, forwards: bool) -> Option<usize> {
        if forwards { Some(self.at + 1).filter(|at| *at < self.all.len()) } else { self.at.checked_sub(1) }
    }
}

/// Records what happens to the deployment, and listens to the keys.
pub(super) fn follow(state: AppState) {
    let (rest, down) = (Debounced::new(REST), Rc::new(Cell::new(false)));
    for (event, is_down) in [("pointerdown", true), ("pointerup", false), ("pointercancel", false)] {
        let down = down.clone();
        listen(&window(), event, move |_| down.set(is_down));
    }
    let started = Cell::new(false);
    watch(move || {
        state.deployment.track();
        if started.get() {
            tell(state);
            record_later(state, rest.clone(), down.clone());
        } else {
            started.set(true);
            record(state);
        }
    });
    listen(&window(), "keydown", move |event| {
        if let Some(forwards) = asked(&event) {
            event.prevent_default();
            step(state, forwards);
        }
    });
}

fn record(state: AppState) {
    STEPS.with_borrow_mut(|steps| state.deployment.with_untracked(|now| steps.record(now)));
    tell(state);
}

/// Says what the buttons lead to; what isn't recorded yet can be undone too.
fn tell(state: AppState) {
    let leads = STEPS.with_borrow(|steps| {
        let unrecorded = state.deployment.with_untracked(|now| steps.all.get(steps.at) != Some(now));
        let back = if unrecorded || steps.next(false).is_some() { BACK } else { 0 };
        back + if steps.next(true).is_some() { FORWARDS } else { 0 }
    });
    state.steps.renew(leads);
}

fn record_later(state: AppState, rest: Debounced, down: Rc<Cell<bool>>) {
    let again = rest.clone();
    rest.call(move || if down.get() { record_later(state, again, down) } else { record(state) });
}

fn step(state: AppState, forwards: bool) {
    record(state);
    let deployment = STEPS.with_borrow_mut(|steps| {
        steps.at = steps.next(forwards)?;
        steps.all.get(steps.at).cloned()
    });
    if let Some(deployment) = deployment {
        state.open(deployment);
        tell(state);
    }
}

/// Whether keys ask for a step, and in which direction. Fields with text have their own.
fn asked(event: &Event) -> Option<bool> {
    let keys = event.dyn_ref::<KeyboardEvent>()?;
    if !(keys.ctrl_key() || keys.meta_key()) || keys.alt_key() || target(event).is_some_and(|focused| is_text(&focused))
    {
        return None;
    }
    match (key(event).to_ascii_lowercase().as_str(), keys.shift_key()) {
        ("z", false) => Some(false),
        ("z", true) | ("y", false) => Some(true),
        _ => None,
    }
}

fn is_text(element: &web_sys::Element) -> bool {
    let without = ["range", "checkbox", "radio", "file"];
    match element.dyn_ref::<HtmlInputElement>() {
        Some(input) => !without.contains(&input.type_().as_str()),
        None => element.tag_name() == "TEXTAREA",
    }
}

/// The two buttons.
pub(super) fn buttons(state: AppState) -> [El; 2] {
    [(BACK, "Undo", "↶", "Ctrl+Z"), (FORWARDS, "Redo", "↷", "Ctrl+Shift+Z")].map(|(way, name, sign, keys)| {
        el("button")
            .class("button step")
            .attr("type", "button")
            .attr("aria-label", name)
            .attr("title", &format!("{name} ({keys})"))
            .text(sign)
            .live_bool("aria-disabled", move || state.steps.get() & way == 0)
            .on("click", move |_| step(state, way == FORWARDS))
    })
}
