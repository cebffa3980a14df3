//! What surrounds a control: its name, when it is fixed, a way back to the default, help and messages.

use crate::deployment::{Deployment, Field};
use crate::web::browser;
use crate::web::dom::{El, el};
use crate::web::state::AppState;
use leptos::prelude::*;

/// A group's heading, with how many of its fields differ from their defaults.
pub fn head(state: AppState, label: &str, fields: Vec<&'static Field>) -> [El; 2] {
    let default = Deployment::default();
    let defaults: Vec<_> = fields.into_iter().map(|field| (field, (field.write)(&default))).collect();
    let count = move || {
        let differs = |deployment: &Deployment| {
            defaults.iter().filter(|(field, text)| (field.write)(deployment) != *text).count()
        };
        match state.deployment.with(differs) {
            0 => String::new(),
            changed => format!("{changed} changed"),
        }
    };
    [el("h2").class("group-name").text(label), el("span").class("changed").live_text(count)]
}

/// A field whose control stands beside its name. Where its group doesn't say when it is fixed, the field does.
pub fn row(state: AppState, field: &'static Field, marked: bool, controls: Vec<El>) -> El {
    let mark = marked.then(|| el("span").class("mark").text(field.fixed.label()));
    let name = el("div").class("name").child(label(field).class("key")).children(mark);
    let row = el("div").class("field row").attr("data-field", field.key).child(name).child(reset(state, field));
    let changed = state.is_changed(field);
    // One that has no meaning beside the others is not shown, unless it was set, so that it can be reset.
    let is_idle = move || !state.deployment.with(field.applies) && !changed();
    row.children(controls).children(messages(state, field)).live_flag("hidden", is_idle)
}

/// A field whose control is as wide as the column; its group's heading names it.
pub fn stacked(state: AppState, field: &'static Field, controls: Vec<El>) -> El {
    let stacked = el("div").class("field stacked").attr("data-field", field.key);
    stacked.child(label(field).class("visually-hidden")).children(controls).children(messages(state, field))
}

fn label(field: &'static Field) -> El {
    el("label").attr("for", field.key).text(field.key)
}

/// Back to the default, where a field differs from it.
fn reset(state: AppState, field: &'static Field) -> El {
    let name = format!("reset {}", field.key);
    let changed = state.is_changed(field);
    el("button")
        .class("reset")
        .attr("type", "button")
        .attr("aria-label", &name)
        .attr("title", &name)
        .text("×")
        .live_flag("hidden", move || !changed())
        .on("click", move |_| {
            state.reset(field);
            browser::focus(field.key);
        })
}

/// Help, notes and problems.
fn messages(state: AppState, field: &'static Field) -> [El; 3] {
    let line = |what: &str| el("p").class(what).id(&format!("{}_{what}", field.key));
    let problem = line("problem")
        .live_text(move || state.problem(field).unwrap_or_default())
        .live_flag("hidden", move || state.problem(field).is_none());
    let note = line("note")
        .live_text(move || state.note(field))
        .live_flag("hidden", move || state.note(field).is_empty() || state.problem(field).is_some());
    let help = line("help").text(field.help).live_flag("hidden", move || state.view.helped.get() != Some(field.key));
    [problem, note, help]
}

/// A control's id and name, and what assistive technology should know of it besides its label.
pub fn described(state: AppState, field: &'static Field, control: El, more: &'static str) -> El {
    let key = field.key;
    let by = move || {
        let problem = if state.problem(field).is_some() { format!("{key}_problem ") } else { String::new() };
        let note = if state.note(field).is_empty() { String::new() } else { format!("{key}_note ") };
        Some(format!("{problem}{note}{key}_help{more}"))
    };
    control
        .id(key)
        .attr("name", key)
        .live_attr("aria-describedby", by)
        .live_attr("aria-invalid", move || state.problem(field).map(|_| "true".into()))
}
