//! What surrounds a control: its name, when it is fixed, a way back to the default, help and messages.

use crate::deployment::{Deployment, Field};
use crate::web::state::AppState;
use leptos::prelude::*;

/// A group's heading, with how many of its fields differ from their defaults.
#[component]
pub fn Head(label: &'static str, fields: Vec<&'static Field>) -> impl IntoView {
    let state = expect_context::<AppState>();
    let default = Deployment::default();
    let defaults: Vec<_> = fields.into_iter().map(|field| (field, (field.write)(&default))).collect();
    let changed = Memo::new(move |_| {
        state
            .deployment
            .with(|deployment| defaults.iter().filter(|(field, text)| (field.write)(deployment) != *text).count())
    });
    let count = move || match changed.get() {
        0 => String::new(),
        changed => format!("{changed} changed"),
    };
    view! { <h2 class="group-name">{label}</h2> <span class="changed">{count}</span> }
}

/// A field whose control stands beside its name.
#[component]
pub fn Row(
    field: &'static Field,
    /// Whether to say when this field is fixed; else its group says it.
    marked: bool,
    /// Whether a slider takes the whole width below.
    #[prop(optional)]
    slider: bool,
    children: Children,
) -> impl IntoView {
    let mark = marked.then(|| view! { <span class="mark">{field.fixed.label()}</span> });
    view! {
        <div class="field row" class:with-slider=slider data-field=field.key>
            <label class="key" for=field.key>{field.key}</label>
            {mark}
            <Reset field/>
            {children()}
            <Messages field/>
        </div>
    }
}

/// A field whose control is as wide as the column; its group's heading names it.
#[component]
pub fn Stacked(field: &'static Field, children: Children) -> impl IntoView {
    view! {
        <div class="field stacked" data-field=field.key>
            <label class="visually-hidden" for=field.key>{field.key}</label>
            {children()}
            <Messages field/>
        </div>
    }
}

/// Back to the default, where a field differs from it.
#[component]
fn Reset(field: &'static Field) -> impl IntoView {
    let state = expect_context::<AppState>();
    let changed = state.is_changed(field);
    let name = format!("reset {}", field.key);
    view! {
        <Show when=move || changed.get()>
            <button type="button" class="reset" aria-label=name.clone() title=name.clone() on:click=move |_| {
                state.reset(field);
                crate::web::browser::focus(field.key);
            }>"×"</button>
        </Show>
    }
}

/// Help, notes and problems.
#[component]
fn Messages(field: &'static Field) -> impl IntoView {
    let state = expect_context::<AppState>();
    let (problem, note) = (state.problem(field), state.note(field));
    let id = |what: &str| format!("{}_{what}", field.key);
    let helped = Memo::new(move |_| state.view.helped.get() == Some(field.key));
    view! {
        <p class="problem" id=id("problem") hidden=move || problem.with(Option::is_none)>{move || problem.get()}</p>
        <p class="note" id=id("note") hidden=move || note.with(String::is_empty) || problem.with(Option::is_some)>{move || note.get()}</p>
        <p class="help" id=id("help") hidden=move || !helped.get()>{field.help}</p>
    }
}

/// The ids of what describes a field, for `aria-describedby`.
pub fn described_by(state: AppState, field: &'static Field) -> impl Fn() -> String + Clone {
    let (problem, note) = (state.problem(field), state.note(field));
    move || {
        let key = field.key;
        let problem = if problem.with(Option::is_some) { format!("{key}_problem ") } else { String::new() };
        let note = if note.with(String::is_empty) { String::new() } else { format!("{key}_note ") };
        format!("{problem}{note}{key}_help")
    }
}

/// Whether a field is wrong, for `aria-invalid`.
pub fn invalid(state: AppState, field: &'static Field) -> impl Fn() -> Option<&'static str> + Clone {
    let problem = state.problem(field);
    move || problem.with(Option::is_some).then_some("true")
}
