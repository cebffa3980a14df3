//! Undo and redo of changes to the deployment.

use super::AppState;
use crate::deployment::Deployment;
use crate::web::browser;
use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement, KeyboardEvent};

/// The maximum number of steps; older ones are dropped.
const MOST_STEPS: usize = 200;

/// The recorded deployments, and the index of the current one.
#[derive(Default)]
struct Steps {
    all: Vec<Deployment>,
    at: usize,
}

impl Steps {
    /// Records a deployment as a new step unless it equals the current one. Drops undone steps.
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

    /// The index of the step before or after the current one.
    fn next(&self, direction: Direction) -> Option<usize> {
        match direction {
            Direction::Undo => self.at.checked_sub(1),
            Direction::Redo => Some(self.at + 1).filter(|at| *at < self.all.len()),
        }
    }
}

/// A direction in the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::web) enum Direction {
    /// To the step before.
    Undo,
    /// To the step after.
    Redo,
}

/// The history of the deployment.
#[derive(Clone, Copy)]
pub(in crate::web) struct History {
    deployment: RwSignal<Deployment>,
    steps: RwSignal<Steps>,
}

impl History {
    pub(super) fn new(deployment: RwSignal<Deployment>) -> History {
        History { deployment, steps: RwSignal::new(Steps::default()) }
    }

    /// Whether a step is possible. A change that is not recorded yet can be undone too.
    pub(in crate::web) fn can(self, direction: Direction) -> bool {
        let is_unrecorded =
            self.deployment.with(|now| self.steps.with(|steps| steps.all.get(steps.at).is_some_and(|at| at != now)));
        match direction {
            Direction::Undo if is_unrecorded => true,
            Direction::Redo if is_unrecorded => false,
            _ => self.steps.with(|steps| steps.next(direction).is_some()),
        }
    }

    fn record(self) {
        self.deployment.with_untracked(|now| {
            if self.steps.with_untracked(|steps| steps.all.get(steps.at) != Some(now)) {
                self.steps.update(|steps| steps.record(now));
            }
        });
    }

    /// Takes a step.
    pub(in crate::web) fn step(self, state: AppState, direction: Direction) {
        self.record();
        let Some(next) = self.steps.with_untracked(|steps| steps.next(direction)) else {
            return;
        };
        self.steps.update(|steps| steps.at = next);
        if let Some(deployment) = self.steps.with_untracked(|steps| steps.all.get(next).cloned()) {
            state.open(deployment);
        }
    }
}

/// Records the settled deployments, and handles the keys. All changes while a pointer is down are
/// one step.
pub(super) fn follow(state: AppState) {
    let is_down = RwSignal::new(false);
    window_event_listener(ev::pointerdown, move |_| is_down.set(true));
    window_event_listener(ev::pointerup, move |_| is_down.set(false));
    window_event_listener(ev::pointercancel, move |_| is_down.set(false));
    Effect::new(move || {
        state.settled.track();
        if !is_down.get() {
            state.history.record();
        }
    });
    window_event_listener(ev::keydown, move |event| {
        if let Some(direction) = direction_of(&event) {
            event.prevent_default();
            state.history.step(state, direction);
        }
    });
}

/// The direction that a key asks for. Text inputs have their own undo.
fn direction_of(event: &KeyboardEvent) -> Option<Direction> {
    let is_command = (event.ctrl_key() || event.meta_key()) && !event.alt_key();
    if !is_command || browser::target(event).is_some_and(|focused| is_text(&focused)) {
        return None;
    }
    match (event.key().to_ascii_lowercase().as_str(), event.shift_key()) {
        ("z", false) => Some(Direction::Undo),
        ("z", true) | ("y", false) => Some(Direction::Redo),
        _ => None,
    }
}

fn is_text(element: &Element) -> bool {
    let without_text = ["range", "checkbox", "radio", "file"];
    match element.dyn_ref::<HtmlInputElement>() {
        Some(input) => !without_text.contains(&input.type_().as_str()),
        None => element.tag_name() == "TEXTAREA",
    }
}
