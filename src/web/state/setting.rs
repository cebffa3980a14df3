//! A setting with everything that its control shows.

use super::AppState;
use crate::deployment::{Input, Setting};
use crate::units::grouped;
use leptos::prelude::*;

/// What the control of a setting shows.
#[derive(Debug, Clone, Default, PartialEq)]
struct Shown {
    text: String,
    value: String,
    effective: String,
    problem: Option<String>,
    note: String,
    is_changed: bool,
    counts: bool,
}

/// A setting on the page.
#[derive(Clone, Copy)]
pub(in crate::web) struct SettingState {
    /// The row of the table of settings.
    pub setting: &'static Setting,
    /// The state of the page.
    pub app: AppState,
    shown: Memo<Shown>,
}

impl SettingState {
    /// The state of a setting.
    pub(in crate::web) fn new(app: AppState, setting: &'static Setting) -> SettingState {
        let shown = Memo::new(move |_| shown(app, setting));
        SettingState { setting, app, shown }
    }

    /// The text of the control: the text as typed, or the value.
    pub(in crate::web) fn text(self) -> String {
        self.shown.with(|shown| shown.text.clone())
    }

    /// The value, without a text that is being typed.
    pub(in crate::web) fn value(self) -> String {
        self.shown.with(|shown| shown.value.clone())
    }

    /// Whether the value is this text.
    pub(in crate::web) fn has_value(self, value: &str) -> bool {
        self.shown.with(|shown| shown.value == value)
    }

    /// The value as TensorRT-LLM resolves it; empty if it does not resolve to one.
    pub(in crate::web) fn effective(self) -> String {
        self.shown.with(|shown| shown.effective.clone())
    }

    /// The error of the text or the value.
    pub(in crate::web) fn problem(self) -> Option<String> {
        self.shown.with(|shown| shown.problem.clone())
    }

    /// Notes on corrections and consequences.
    pub(in crate::web) fn note(self) -> String {
        self.shown.with(|shown| shown.note.clone())
    }

    /// Whether it differs from its default.
    pub(in crate::web) fn is_changed(self) -> bool {
        self.shown.with(|shown| shown.is_changed)
    }

    /// Whether it has an effect, or was set, so that it can be reset.
    pub(in crate::web) fn is_shown(self) -> bool {
        self.shown.with(|shown| shown.counts || shown.is_changed)
    }

    /// Whether a built engine fixes it.
    pub(in crate::web) fn is_locked(self) -> bool {
        self.app.view.locked.with(|locked| locked.iter().any(|key| key == self.setting.key))
    }

    /// Whether its default is a valid value: the dimensions of a custom model have none.
    pub(in crate::web) fn has_default(self) -> bool {
        self.app.deployment.with_untracked(|deployment| {
            let default = self.setting.write(&deployment.defaults());
            self.setting.with(deployment, &default).is_ok()
        })
    }

    /// The help text, once the worker has sent it.
    pub(in crate::web) fn help(self) -> String {
        self.app.view.help(self.setting.key)
    }
}

fn shown(app: AppState, setting: &Setting) -> Shown {
    let (value, counts, belongs) = app.deployment.with(|deployment| {
        (setting.write(deployment), setting.counts(deployment), setting.flows.has(deployment.backend))
    });
    let (typed, unreadable) = app.drafts.with(|drafts| {
        let draft = drafts.iter().find(|draft| draft.key == setting.key);
        (draft.map(|draft| draft.text.clone()), draft.and_then(|draft| draft.problem.clone()))
    });
    app.evaluation.with(|evaluation| Shown {
        text: typed.unwrap_or_else(|| readable(setting, value.clone())),
        effective: evaluation.valid.as_ref().map(|valid| (setting.effective)(&valid.resolved)).unwrap_or_default(),
        problem: unreadable.or_else(|| evaluation.problem(setting)),
        note: evaluation.note(setting),
        is_changed: belongs && app.changed.with(|changed| changed.contains(&setting.key)),
        counts,
        value,
    })
}

/// Formats a value for reading: whole numbers in groups of three digits.
pub(in crate::web) fn readable(setting: &Setting, text: String) -> String {
    match (setting.input, text.parse::<u64>()) {
        (Input::Whole { .. } | Input::Steps { .. }, Ok(number)) => grouped(number),
        _ => text,
    }
}
