//! The settings, in the groups of the page.

mod checkpoint;
mod choice;
mod control;
mod field;
mod group;
mod model;
mod number;
mod scale;
mod slider;
mod slider_limits;
mod steps;
mod switch;

pub(super) use choice::VersionChoice;
pub(super) use control::Control;
pub(super) use slider_limits::SliderLimits;
pub(super) use switch::BackendSwitch;

use crate::deployment::{Backend, Deployment, Group, Input, SETTINGS, Setting};
use crate::web::state::AppState;
use group::{ChangedCount, GroupView};
use leptos::prelude::*;

/// Settings that are in the header.
const IN_HEADER: [&str; 2] = ["trtllm_version", "backend"];

/// The settings of a group. A choice of one is none.
fn settings_of(group: Group) -> Vec<&'static Setting> {
    let is_choice = |setting: &&Setting| !matches!(setting.input, Input::Choice(names) if names.len() < 2);
    let is_here = |setting: &&Setting| setting.group == group && !IN_HEADER.contains(&setting.key);
    let settings = SETTINGS.iter().filter(is_here).filter(is_choice);
    // The length of a request is what people set first; links have another order.
    let (first, rest): (Vec<_>, Vec<_>) = settings.partition(|setting| setting.key == "max_seq_len");
    [first, rest].concat()
}

/// The form of all settings.
#[component]
pub(super) fn Inputs() -> impl IntoView {
    let app = AppState::from_context();
    let by_hand = || Group::ALL.into_iter().filter(|group| !group.comes_from_files());
    let common = settings_of(Group::Runtime).into_iter().filter(|setting| setting.is_common).collect::<Vec<_>>();
    let first = by_hand().filter(|group| !group.is_advanced());
    let advanced: Vec<Group> = by_hand().filter(|group| group.is_advanced()).collect();
    // Nothing is fixed before the start without an engine.
    let has_engine = Signal::derive(move || app.deployment.with(|deployment| deployment.backend == Backend::TensorRt));
    view! {
        <form
            class="form"
            class:engine=has_engine
            aria-label="Deployment"
            autocomplete="off"
            on:submit=|event| event.prevent_default()
        >
            <SliderLimits/>
            <Lock/>
            {first.map(|group| view! {
                <GroupView group settings=settings_of(group)/>
                {(group == Group::Model).then(|| view! { <Dimensions/> })}
            }).collect_view()}
            <GroupView group=Group::Runtime settings=common/>
            <Advanced groups=advanced/>
            <button
                class="link reset-all"
                type="button"
                hidden=Signal::derive(move || app.changed.with(Vec::is_empty))
                on:click=move |_| app.open(Deployment::default())
            >
                "Reset all settings"
            </button>
        </form>
    }
}

/// Says that settings are locked, and unlocks them.
#[component]
fn Lock() -> impl IntoView {
    let locked = AppState::from_context().view.locked;
    view! {
        <p id="locked" class="note" hidden=Signal::derive(move || locked.with(Vec::is_empty))>
            "The settings that your engine fixes are locked as it was built. "
            <button class="link" type="button" on:click=move |_| locked.set(Vec::new())>"Unlock"</button>
        </p>
    }
}

/// The settings that are seldom changed, created when they are first unfolded or changed.
#[component]
fn Advanced(groups: Vec<Group>) -> impl IntoView {
    let app = AppState::from_context();
    let rest = |group: Group| {
        let settings = settings_of(group).into_iter();
        settings.filter(move |setting| group != Group::Runtime || !setting.is_common).collect::<Vec<_>>()
    };
    let all: Vec<&'static Setting> = groups.iter().flat_map(|group| rest(*group)).collect();
    let counted = all.clone();
    let count = Signal::derive(move || {
        let counts = |deployment: &Deployment| counted.iter().filter(|setting| setting.counts(deployment)).count();
        format!("{} more", app.deployment.with(counts))
    });
    let is_open = app.view.advanced_is_open;
    // A print shows changed settings, folded or not.
    let is_changed = {
        let all = all.clone();
        move || app.changed.with(|changed| all.iter().any(|setting| changed.contains(&setting.key)))
    };
    let is_needed = Memo::new(move |before: Option<&bool>| before == Some(&true) || is_open.get() || is_changed());
    let toggle = move |event: web_sys::Event| {
        let details = event_target::<web_sys::HtmlElement>(&event);
        is_open.set(details.has_attribute("open"));
    };
    view! {
        <details class="advanced" prop:open=Signal::derive(move || is_open.get()) on:toggle=toggle>
            <summary>
                <h2 class="group-name">"Advanced"</h2>
                <ChangedCount settings=all/>
                <span class="mark">{count}</span>
            </summary>
            <Show when=move || is_needed.get()>
                {groups.iter().map(|group| view! { <GroupView group=*group settings=rest(*group)/> }).collect_view()}
            </Show>
        </details>
    }
}

/// The dimensions of a custom model, created when there first is one. They stay then: effects of
/// removed views are never freed.
#[component]
fn Dimensions() -> impl IntoView {
    let app = AppState::from_context();
    let is_custom = Memo::new(move |_| app.deployment.with(|deployment| deployment.model.is_custom()));
    let was_custom = Memo::new(move |before: Option<&bool>| before == Some(&true) || is_custom.get());
    let controls =
        || settings_of(Group::Dimensions).into_iter().map(|setting| view! { <Control setting/> }).collect_view();
    view! {
        <Show when=move || was_custom.get()>
            <details
                class="advanced"
                id="dimensions"
                hidden=Signal::derive(move || !is_custom.get())
            >
                <summary>
                    <h2 class="group-name">"Dimensions"</h2>
                    <ChangedCount settings=settings_of(Group::Dimensions)/>
                    <span class="mark"></span>
                </summary>
                <section class="group">{controls()}</section>
            </details>
        </Show>
    }
}
