//! The inputs, grouped as a person thinks of them.

pub mod choice;
pub mod field;
pub mod model;
pub mod number;
mod scale;
mod steps;
mod toggle;

use super::state::AppState;
use crate::deployment::{FIELDS, Field, Fixed, Group, Input};
use field::{Head, Row, Stacked};
use leptos::ev;
use leptos::prelude::*;

/// A field that has its place in the header.
const IN_HEADER: &str = "trtllm_version";

/// The fields of a group. A choice of one is none.
fn fields(group: Group) -> Vec<&'static Field> {
    let is_choice = |field: &&Field| !matches!(field.input, Input::Choice(names) if names.len() < 2);
    let here = |field: &&Field| field.group == group && field.key != IN_HEADER;
    FIELDS.iter().filter(here).filter(is_choice).collect()
}

/// Every input but those of the header.
#[component]
pub fn Inputs() -> impl IntoView {
    help_follows_focus(expect_context());
    view! {
        <form class="inputs" aria-label="Deployment" autocomplete="off" on:submit=|event| event.prevent_default()>
            {Group::ALL.into_iter().map(group).collect_view()}
        </form>
    }
}

fn group(group: Group) -> AnyView {
    let fields = fields(group);
    let heading = view! { <Head label=group.label() fields=fields.clone()/> };
    if group == Group::Advanced {
        let count = format!("{} more", fields.len());
        return view! {
            <details class="group advanced">
                <summary>{heading}<span class="mark">{count}</span></summary>
                {fields.into_iter().map(|field| control(field, true)).collect_view()}
            </details>
        }
        .into_any();
    }
    let moments = moments(&fields);
    let marked = moments.len() > 1;
    let mark = if let [moment] = moments[..] { group_mark(moment) } else { "" };
    view! {
        <section class="group">
            <div class="group-head">{heading}<span class="mark">{mark}</span></div>
            {fields.into_iter().map(|field| control(field, marked)).collect_view()}
        </section>
    }
    .into_any()
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
pub fn control(field: &'static Field, marked: bool) -> AnyView {
    match field.input {
        Input::Model => view! { <Stacked field><model::Model field/></Stacked> }.into_any(),
        Input::Gpu => view! { <Stacked field><choice::Gpus field/></Stacked> }.into_any(),
        Input::Choice(_) => view! { <Row field marked><choice::Choice field/></Row> }.into_any(),
        Input::Steps { usual, .. } => view! { <Row field marked><steps::Steps field usual/></Row> }.into_any(),
        Input::Whole { .. } | Input::Fraction => {
            view! { <Row field marked slider=true><number::Number field/></Row> }.into_any()
        }
        Input::Gib => view! { <Row field marked><number::Number field/></Row> }.into_any(),
        Input::Toggle if field.optional => view! { <Row field marked><toggle::Auto field/></Row> }.into_any(),
        Input::Toggle => view! { <Row field marked><toggle::Switch field/></Row> }.into_any(),
    }
}

/// Shows the help of the field that has the focus. While a pointer is down the help stays where it is, so that nothing moves away
/// under a finger.
fn help_follows_focus(state: AppState) {
    let (down, waiting) = (StoredValue::new(false), StoredValue::new(None));
    let helped = state.view.helped;
    window_event_listener(ev::pointerdown, move |_| down.set_value(true));
    window_event_listener(ev::focusin, move |event| {
        let focused = event_target::<web_sys::Element>(&event);
        let field = focused.closest(".field").ok().flatten();
        let key = field.and_then(|field| field.get_attribute("data-field"));
        let key = key.and_then(|key| crate::deployment::field(&key)).map(|field| field.key);
        if down.get_value() { waiting.set_value(Some(key)) } else { helped.set(key) }
    });
    for event in ["pointerup", "pointercancel"] {
        window_event_listener_untyped(event, move |_| {
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
