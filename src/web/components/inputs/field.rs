//! The surroundings of a control: name, key, phase, help, reset and messages.

use crate::web::browser;
use crate::web::components::help::Help;
use crate::web::state::SettingState;
use leptos::attr::Attribute;
use leptos::prelude::*;

/// A setting with its control. A wide control is below the name of its group, which names it.
#[component]
pub(super) fn Field(setting: SettingState, is_wide: bool, shows_phase: bool, children: Children) -> impl IntoView {
    let row = setting.setting;
    let reset_label = format!("reset {}", row.key);
    let can_reset = setting.has_default();
    let reset = move |_| {
        setting.app.reset(row);
        if let Some(control) = browser::by_id(row.key) {
            browser::focus(&control);
        }
    };
    let phase = shows_phase.then(|| view! { <span class="mark moment">{row.phase.label()}</span> });
    let name = if is_wide {
        view! { <label class="visually-hidden" for=row.key>{row.name}</label> }.into_any()
    } else {
        view! {
            <div class="name">
                <label for=row.key>{row.name}</label>
                <Help setting/>
                <span class="key">{row.key}</span>
                <button
                    class="reset"
                    type="button"
                    aria-label=reset_label.clone()
                    title=reset_label
                    hidden=Signal::derive(move || !can_reset || !setting.is_changed())
                    on:click=reset
                >
                    "×"
                </button>
                {phase}
            </div>
        }
        .into_any()
    };
    let has_note = move || !setting.note().is_empty() && setting.problem().is_none();
    view! {
        // Elements that appear beside a slider must not be children of the `fieldset` itself:
        // Chromium would lay out the slider again and end a drag.
        <fieldset class="lock" role="presentation" disabled=Signal::derive(move || setting.is_locked())>
            <div
                class=if is_wide { "field stacked" } else { "field row" }
                class:set=Signal::derive(move || setting.is_changed())
                class:wrong=Signal::derive(move || setting.problem().is_some())
                data-field=row.key
                hidden=Signal::derive(move || !setting.is_shown())
            >
                {name}
                {children()}
                <p
                    class="problem"
                    id=format!("{}_problem", row.key)
                    hidden=Signal::derive(move || setting.problem().is_none())
                >
                    {Signal::derive(move || setting.problem().unwrap_or_default())}
                </p>
                <p class="note" id=format!("{}_note", row.key) hidden=Signal::derive(move || !has_note())>
                    {Signal::derive(move || setting.note())}
                </p>
            </div>
        </fieldset>
    }
}

/// The attributes that every control has: its id and name, and what describes it. `more` are ids of
/// further descriptions.
pub(super) fn control_attributes(setting: SettingState, more: &'static str) -> impl Attribute {
    let key = setting.setting.key;
    let described_by = Signal::derive(move || {
        let problem = if setting.problem().is_some() { format!("{key}_problem ") } else { String::new() };
        let note = if setting.note().is_empty() { String::new() } else { format!("{key}_note ") };
        format!("{problem}{note}{key}_help {more}").trim_end().to_string()
    });
    let is_invalid = Signal::derive(move || setting.problem().map(|_| "true"));
    view! { <{..} id=key name=key aria-describedby=described_by aria-invalid=is_invalid/> }
}
