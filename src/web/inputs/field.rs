//! The surroundings of a control: name, phase, reset to the default, help and messages.

use crate::deployment::{Deployment, Setting};
use crate::web::browser;
use crate::web::dom::{El, el};
use crate::web::state::{AppState, SettingState};

/// A group's heading, with how many of its fields differ from their defaults.
pub(crate) fn head(state: AppState, label: &str, fields: Vec<&'static Setting>) -> [El; 2] {
    let count = move || match state.count(&fields, |standing| standing.differs) {
        0 => String::new(),
        changed => format!("{changed} changed"),
    };
    [el("h2").class("group-name").text(label), el("span").class("changed").live_text(count)]
}

/// Sets several fields to their defaults, where one differs.
pub(crate) fn reset_all(state: AppState, label: &str, name: &str, fields: Vec<&'static Setting>) -> El {
    let all = fields.clone();
    let differs = move || state.count(&fields, |standing| standing.differs) > 0;
    el("button")
        .class("link reset-all")
        .attr("type", "button")
        .attr("aria-label", name)
        .text(label)
        .live_flag("hidden", move || !differs())
        .on("click", move |_| all.iter().for_each(|field| state.reset(field)))
}

/// A field whose control is beside its name. It shows its phase if its group does not.
pub(crate) fn row(setting: SettingState, marked: bool, controls: Vec<El>) -> El {
    let field = setting.field;
    let mark = marked.then(|| el("span").class("mark moment").text(field.phase.label()));
    let name = el("div").class("name").child(label(field).class("key")).children(mark);
    let row = el("div").class("field row").attr("data-field", field.key).child(name).child(reset(setting));
    let row = row.children(controls).children(messages(setting));
    lockable(setting, row.live_flag("hidden", move || !setting.is_shown()))
}

/// A field whose control is as wide as the column; its group's heading names it.
pub(crate) fn stacked(setting: SettingState, controls: Vec<El>) -> El {
    let field = setting.field;
    let stacked = el("div").class("field stacked").attr("data-field", field.key);
    let named = stacked.child(label(field).class("visually-hidden"));
    lockable(setting, named.children(controls).children(messages(setting)))
}

/// A field whose controls are disabled while it is locked. Elements that appear beside a slider
/// must not be children of the `fieldset` itself: Chromium would lay out the slider again and end a
/// drag.
fn lockable(setting: SettingState, field: El) -> El {
    let (key, locked) = (setting.field.key, setting.state.view.locked);
    let is_locked = move || locked.with(|locked| locked.iter().any(|locked| locked == key));
    el("fieldset").class("lock").attr("role", "presentation").live_flag("disabled", is_locked).child(field)
}

fn label(field: &'static Setting) -> El {
    el("label").attr("for", field.key).text(field.key)
}

/// Back to the default, where a field differs from it.
fn reset(setting: SettingState) -> El {
    let field = setting.field;
    let name = format!("reset {}", field.key);
    // What a model of one's own must say has no default to go back to.
    let default = field.write(&Deployment::default());
    let can = setting.state.deployment.with_untracked(|deployment| field.with(deployment, &default).is_ok());
    el("button")
        .class("reset")
        .attr("type", "button")
        .attr("aria-label", &name)
        .attr("title", &name)
        .text("×")
        .live_flag("hidden", move || !can || !setting.is_changed())
        .on("click", move |_| {
            setting.state.reset(field);
            browser::focus(field.key);
        })
}

/// Help, notes and problems.
fn messages(setting: SettingState) -> [El; 3] {
    let field = setting.field;
    let line = |what: &str| el("p").class(what).id(&format!("{}_{what}", field.key));
    let problem = line("problem")
        .live_text(move || setting.problem().unwrap_or_default())
        .live_flag("hidden", move || setting.problem().is_none());
    let note = line("note")
        .live_text(move || setting.note())
        .live_flag("hidden", move || setting.note().is_empty() || setting.problem().is_some());
    let help = line("help")
        .live_text(move || setting.state.view.help(field.key))
        .live_flag("hidden", move || setting.state.view.helped.with(|helped| helped != field.key));
    [problem, note, help]
}

/// A control's id and name, and what assistive technology should know of it besides its label.
pub(crate) fn described(setting: SettingState, control: El, more: &'static str) -> El {
    let key = setting.field.key;
    let by = move || {
        let problem = if setting.problem().is_some() { format!("{key}_problem ") } else { String::new() };
        let note = if setting.note().is_empty() { String::new() } else { format!("{key}_note ") };
        Some(format!("{problem}{note}{key}_help{more}"))
    };
    control
        .id(key)
        .attr("name", key)
        .live_attr("aria-describedby", by)
        .live_attr("aria-invalid", move || setting.problem().map(|_| "true".into()))
}
