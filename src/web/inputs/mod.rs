//! The inputs, grouped as a person thinks of them.

pub(super) mod choice;
pub(super) mod field;
pub(super) mod model;
pub(super) mod number;
mod scale;
mod steps;
pub(super) mod ticks;
mod toggle;

use super::browser::before_paint;
use super::dom::{El, el, fill_once, listen, target};
use super::state::{AppState, SettingState};
use crate::deployment::{Backend, Group, Input, Phase, SETTINGS, Setting};
use field::{head, reset_all, row, stacked};
use leptos::prelude::*;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Fields that have their place in the header.
const IN_HEADER: [&str; 2] = ["trtllm_version", "backend"];

/// The fields of a group. A choice of one is none.
fn fields(group: Group) -> Vec<&'static Setting> {
    let is_choice = |field: &&Setting| !matches!(field.input, Input::Choice(names) if names.len() < 2);
    let here = |field: &&Setting| field.group == group && !IN_HEADER.contains(&field.key);
    SETTINGS.iter().filter(here).filter(is_choice).collect()
}

/// The groups that are filled in by hand: those that few people change, and the others.
fn groups() -> (Vec<Group>, Vec<Group>) {
    Group::ALL.into_iter().filter(|group| !group.comes_from_files()).partition(|group| group.is_advanced())
}

/// So many groups are made at once, of those that stand open and of those that are folded away.
const AT_ONCE: usize = 3;

/// Adds the first inputs, but for those of the header.
pub(super) fn first(form: &El, state: AppState) {
    help_follows_focus(state);
    ticks::follow(state);
    // Without an engine nothing is fixed before the start.
    let engine = move || state.deployment.with(|deployment| deployment.backend == Backend::TensorRt);
    let form = form.clone().live_class("engine", engine).child(lock(state));
    add(form, state, groups().1.iter().take(AT_ONCE));
}

/// Adds the others that aren't folded away.
pub(super) fn others(form: &El, state: AppState) {
    add(form.clone(), state, groups().1.iter().skip(AT_ONCE));
}

/// Adds what few people change, folded away.
pub(super) fn advanced(form: &El, folded: &El, state: AppState) {
    let (more, _) = groups();
    let all: Vec<&Setting> = more.iter().flat_map(|group| fields(*group)).collect();
    let counting = all.clone();
    let count = move || format!("{} more", state.count(&counting, |standing| standing.counts));
    let summary = el("summary").children(head(state, "Advanced", all)).child(el("span").class("mark").live_text(count));
    form.clone().child(add(folded.clone().child(summary), state, more.iter().take(AT_ONCE)));
}

/// Adds the others of them, and the way back from everything.
pub(super) fn last(form: &El, folded: &El, state: AppState) {
    add(folded.clone(), state, groups().0.iter().skip(AT_ONCE));
    form.clone().child(reset_all(state, "Reset all settings", "Reset all settings", SETTINGS.iter().collect()));
}

fn add<'a>(place: El, state: AppState, groups: impl Iterator<Item = &'a Group>) -> El {
    place.children(groups.flat_map(|of| {
        let own = (*of == Group::Model).then(|| dimensions(state));
        std::iter::once(group(state, *of)).chain(own)
    }))
}

/// Says that fields are locked, and frees them.
fn lock(state: AppState) -> El {
    let locked = state.view.locked;
    let free =
        el("button").class("link").attr("type", "button").text("Unlock").on("click", move |_| locked.set(Vec::new()));
    let words = "What is fixed in your engine is locked as it was built. ";
    let note = el("p").id("locked").class("note").text(words).child(free);
    note.live_flag("hidden", move || locked.with(Vec::is_empty))
}

/// The dimensions of a model of one's own, folded; made when there first is one.
fn dimensions(state: AppState) -> El {
    let is_custom = move || state.deployment.with(|deployment| deployment.model.is_custom());
    let place = el("details").class("advanced").id("dimensions").live_flag("hidden", move || !is_custom());
    fill_once(&place, is_custom, move || {
        let fields = fields(Group::Dimensions);
        let controls: Vec<El> = fields.iter().map(|field| control(state, field, false)).collect();
        let summary = el("summary").children(head(state, "Dimensions", fields)).child(el("span").class("mark"));
        vec![summary, el("section").class("group").children(controls)]
    });
    place
}

/// A form that is sent nowhere.
pub(super) fn form(class: &str) -> El {
    el("form")
        .class(class)
        .attr("aria-label", "Deployment")
        .attr("autocomplete", "off")
        .on("submit", |event| event.prevent_default())
}

fn group(state: AppState, group: Group) -> El {
    let fields = fields(group);
    let moments = moments(&fields);
    let marked = moments.len() > 1;
    let mark = if let [moment] = moments[..] { group_mark(moment) } else { "" };
    let shown = fields.clone();
    let applies = move || state.count(&shown, |standing| standing.counts) > 0;
    let controls: Vec<El> = fields.iter().map(|field| control(state, field, marked)).collect();
    let reset = reset_all(state, "reset", &format!("reset {}", group.label()), fields.clone());
    let head = el("div").class("group-head").children(head(state, group.label(), fields)).child(reset);
    let head = head.child(el("span").class("mark moment").text(mark));
    el("section").class("group").live_flag("hidden", move || !applies()).child(head).children(controls)
}

/// Returns the phases of the settings of a group, except for hardware, which is obvious.
fn moments(fields: &[&'static Setting]) -> Vec<Phase> {
    let mut moments = Vec::new();
    for field in fields.iter().filter(|field| field.flows.has(Backend::TensorRt)) {
        if field.phase != Phase::Hardware && !moments.contains(&field.phase) {
            moments.push(field.phase);
        }
    }
    moments
}

fn group_mark(phase: Phase) -> &'static str {
    match phase {
        Phase::Build => "fixed in the engine",
        other => other.label(),
    }
}

/// A setting with the control that its kind asks for.
pub(super) fn control(state: AppState, field: &'static Setting, marked: bool) -> El {
    let setting = SettingState::new(state, field);
    let row = |controls: Vec<El>| row(setting, marked, controls);
    match field.input {
        Input::Model => stacked(setting, model::model(setting)),
        Input::Gpu => stacked(setting, vec![choice::gpus(setting)]),
        Input::Choice(_) => row(vec![choice::choice(setting)]),
        Input::Steps { usual, .. } => row(vec![steps::steps(setting, usual)]),
        Input::Whole { .. } | Input::Fraction | Input::Gib | Input::Text => row(number::number(setting)),
        Input::Toggle if field.optional => row(vec![toggle::auto_or(setting)]),
        Input::Toggle => row(vec![toggle::switch(setting)]),
    }
}

/// Shows the help of the focused field. The help does not change while a pointer is down, so that
/// nothing moves under a finger.
fn help_follows_focus(state: AppState) {
    let (down, waiting) = (Rc::new(Cell::new(false)), Rc::new(RefCell::new(None::<String>)));
    let helped = state.view.helped;
    let pressed = down.clone();
    listen(&window(), "pointerdown", move |_| pressed.set(true));
    let (pressed, next) = (down.clone(), waiting.clone());
    listen(&window(), "focusin", move |event| {
        let field = target(&event).and_then(|focused| focused.closest(".field").ok().flatten());
        let key = field.and_then(|field| field.get_attribute("data-field")).unwrap_or_default();
        if pressed.get() { *next.borrow_mut() = Some(key) } else { helped.set(key) }
    });
    for event in ["pointerup", "pointercancel"] {
        let (pressed, next) = (down.clone(), waiting.clone());
        listen(&window(), event, move |_| {
            pressed.set(false);
            let next = next.clone();
            // The click that belongs to this pointer comes first.
            before_paint(Box::new(move || {
                if let Some(key) = next.take() {
                    helped.set(key);
                }
            }));
        });
    }
}
