//! The inputs, grouped as a person thinks of them.

pub mod choice;
pub mod field;
pub mod model;
pub mod number;
mod scale;
mod steps;
mod toggle;

use super::dom::{El, el, listen, target};
use super::state::AppState;
use crate::deployment::{FIELDS, Field, Fixed, Group, Input};
use field::{head, row, stacked};
use leptos::prelude::*;

/// A field that has its place in the header.
const IN_HEADER: &str = "trtllm_version";

/// The fields of a group. A choice of one is none.
fn fields(group: Group) -> Vec<&'static Field> {
    let is_choice = |field: &&Field| !matches!(field.input, Input::Choice(names) if names.len() < 2);
    let here = |field: &&Field| field.group == group && field.key != IN_HEADER;
    FIELDS.iter().filter(here).filter(is_choice).collect()
}

/// Every input but those of the header. What few people change is folded away.
pub fn inputs(state: AppState) -> El {
    help_follows_focus(state);
    let (more, first): (Vec<Group>, Vec<Group>) = Group::ALL.into_iter().partition(|group| group.is_advanced());
    let count: usize = more.iter().map(|group| fields(*group).len()).sum();
    let all = more.iter().flat_map(|group| fields(*group)).collect();
    let summary = el("summary")
        .children(head(state, "Advanced", all))
        .child(el("span").class("mark").text(&format!("{count} more")));
    let advanced = el("details").class("advanced").child(summary).children(more.into_iter().map(|of| group(state, of)));
    form("inputs").children(first.into_iter().map(|of| group(state, of))).child(advanced)
}

/// A form that is sent nowhere.
pub fn form(class: &str) -> El {
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
    let controls: Vec<El> = fields.iter().map(|field| control(state, field, marked)).collect();
    let head = el("div").class("group-head").children(head(state, group.label(), fields));
    el("section").class("group").child(head.child(el("span").class("mark").text(mark))).children(controls)
}

/// When the settings of a group are fixed. The hardware says so by itself.
fn moments(fields: &[&'static Field]) -> Vec<Fixed> {
    let mut moments = Vec::new();
    for field in fields {
        if field.fixed != Fixed::Hardware && !moments.contains(&field.fixed) {
            moments.push(field.fixed);
        }
    }
    moments
}

fn group_mark(fixed: Fixed) -> &'static str {
    match fixed {
        Fixed::Build => "fixed in the engine",
        other => other.label(),
    }
}

/// A setting with the control that its kind asks for.
pub fn control(state: AppState, field: &'static Field, marked: bool) -> El {
    let row = |controls: Vec<El>| row(state, field, marked, controls);
    match field.input {
        Input::Model => stacked(state, field, model::model(state, field)),
        Input::Gpu => stacked(state, field, vec![choice::gpus(state, field)]),
        Input::Choice(_) => row(vec![choice::choice(state, field)]),
        Input::Steps { usual, .. } => row(vec![steps::steps(state, field, usual)]),
        Input::Whole { .. } | Input::Fraction | Input::Gib | Input::Text => row(number::number(state, field)),
        Input::Toggle if field.optional => row(vec![toggle::auto_or(state, field)]),
        Input::Toggle => row(vec![toggle::switch(state, field)]),
    }
}

/// Shows the help of the field that has the focus. While a pointer is down the help stays where it is, so that nothing moves away
/// under a finger.
fn help_follows_focus(state: AppState) {
    let (down, waiting) = (StoredValue::new(false), StoredValue::new(None));
    let helped = state.view.helped;
    listen(&window(), "pointerdown", move |_| down.set_value(true));
    listen(&window(), "focusin", move |event| {
        let field = target(&event).and_then(|focused| focused.closest(".field").ok().flatten());
        let key = field.and_then(|field| field.get_attribute("data-field"));
        let key = key.and_then(|key| crate::deployment::field(&key)).map(|field| field.key);
        if down.get_value() { waiting.set_value(Some(key)) } else { helped.set(key) }
    });
    for event in ["pointerup", "pointercancel"] {
        listen(&window(), event, move |_| {
            down.set_value(false);
            // The click that belongs to this pointer comes first.
            request_animation_frame(move || {
                if let Some(key) = waiting.get_value() {
                    waiting.set_value(None);
                    helped.set(key);
                }
            });
        });
    }
}
