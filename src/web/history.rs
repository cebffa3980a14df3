//! Undo and redo: the deployments that were, in their order.

use super::browser::Debounced;
use super::dom::{El, el, key, listen, target, watch};
use super::state::AppState;
use crate::deployment::Deployment;
use leptos::prelude::*;
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlInputElement, KeyboardEvent};

/// Changes that follow each other within this many milliseconds are one step, and so is all that happens while a pointer is down.
const REST: u64 = 400;
/// Older steps are forgotten.
const MOST_STEPS: usize = 200;

/// The steps that were taken, and where among them the page is.
#[derive(Debug, Clone, Default)]
pub struct Steps {
    all: Vec<Deployment>,
    at: usize,
}

impl Steps {
    /// Takes the present deployment as a new step, unless it is the last one; what was undone before is forgotten.
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
pub fn follow(state: AppState) {
    let (rest, down) = (Debounced::new(REST), Rc::new(Cell::new(false)));
    for (event, is_down) in [("pointerdown", true), ("pointerup", false), ("pointercancel", false)] {
        let down = down.clone();
        listen(&window(), event, move |_| down.set(is_down));
    }
    let started = StoredValue::new(false);
    watch(move || {
        state.deployment.track();
        if started.get_value() {
            record_later(state, rest.clone(), down.clone());
        } else {
            started.set_value(true);
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
    state.steps.update(|steps| state.deployment.with_untracked(|now| steps.record(now)));
}

fn record_later(state: AppState, rest: Debounced, down: Rc<Cell<bool>>) {
    let again = rest.clone();
    rest.call(move || if down.get() { record_later(state, again, down) } else { record(state) });
}

fn step(state: AppState, forwards: bool) {
    record(state);
    let next = state.steps.with_untracked(|steps| steps.next(forwards));
    let Some(at) = next else {
        return;
    };
    state.steps.update(|steps| steps.at = at);
    if let Some(deployment) = state.steps.with_untracked(|steps| steps.all.get(at).cloned()) {
        state.open(deployment);
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
pub fn buttons(state: AppState) -> [El; 2] {
    [(false, "Undo", "↶", "Ctrl+Z"), (true, "Redo", "↷", "Ctrl+Shift+Z")].map(|(forwards, name, sign, keys)| {
        let leads = move || {
            let steps = state.steps.read();
            let unrecorded = !forwards && state.deployment.with(|now| steps.all.get(steps.at) != Some(now));
            unrecorded || steps.next(forwards).is_some()
        };
        el("button")
            .class("button step")
            .attr("type", "button")
            .attr("aria-label", name)
            .attr("title", &format!("{name} ({keys})"))
            .text(sign)
            .live_bool("aria-disabled", move || !leads())
            .on("click", move |_| step(state, forwards))
    })
}
