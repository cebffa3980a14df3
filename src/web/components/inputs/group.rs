//! A group of settings.

use super::control::Control;
use crate::deployment::{Backend, Group, Phase, Setting};
use crate::web::state::AppState;
use leptos::prelude::*;

/// A heading, with the number of changed settings and a way to reset them, and the controls.
#[component]
pub(super) fn GroupView(group: Group, settings: Vec<&'static Setting>) -> impl IntoView {
    let app = AppState::from_context();
    let phases = phases(&settings);
    let shows_phase = phases.len() > 1;
    let phase = if let [phase] = phases[..] { phase_of_group(phase) } else { "" };
    let counted = settings.clone();
    let counts = move || app.deployment.with(|deployment| counted.iter().any(|setting| setting.counts(deployment)));
    let resettable = settings.clone();
    let reset = move |_| resettable.iter().for_each(|setting| app.reset(setting));
    let is_changed = changed_in(app, settings.clone());
    let controls = settings.iter().map(|setting| view! { <Control setting shows_phase/> }).collect_view();
    view! {
        <section class="group" hidden=Signal::derive(move || !counts())>
            <div class="group-head">
                <h2 class="group-name">{group.label()}</h2>
                <ChangedCount settings/>
                <button
                    class="link reset-all"
                    type="button"
                    aria-label=format!("reset {}", group.label())
                    hidden=Signal::derive(move || is_changed() == 0)
                    on:click=reset
                >
                    "reset"
                </button>
                <span class="mark moment">{phase}</span>
            </div>
            {controls}
        </section>
    }
}

/// The number of settings that differ from their defaults.
fn changed_in(app: AppState, settings: Vec<&'static Setting>) -> impl Fn() -> usize + Clone {
    move || app.changed.with(|changed| settings.iter().filter(|setting| changed.contains(&setting.key)).count())
}

/// Says how many settings differ from their defaults.
#[component]
pub(super) fn ChangedCount(settings: Vec<&'static Setting>) -> impl IntoView {
    let count = changed_in(AppState::from_context(), settings);
    let text = Signal::derive(move || match count() {
        0 => String::new(),
        changed => format!("{changed} changed"),
    });
    view! { <span class="changed">{text}</span> }
}

/// The phases of the settings of a group, except for hardware, which is obvious.
fn phases(settings: &[&'static Setting]) -> Vec<Phase> {
    let mut phases = Vec::new();
    for setting in settings.iter().filter(|setting| setting.flows.has(Backend::TensorRt)) {
        if setting.phase != Phase::Hardware && !phases.contains(&setting.phase) {
            phases.push(setting.phase);
        }
    }
    phases
}

fn phase_of_group(phase: Phase) -> &'static str {
    match phase {
        Phase::Build => "fixed in the engine",
        other => other.label(),
    }
}
