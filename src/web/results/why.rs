//! Why a figure is what it is: its formula, its inputs, how it is known, and the figures that it is made of.

use super::figures::gib;
use super::verdict::FieldLink;
use crate::deployment::Deployment;
use crate::memory::{Contributor, Explanation, Input, explain};
use crate::units::{Bytes, grouped};
use crate::web::state::AppState;
use leptos::prelude::*;

/// The explanation of a contributor on a rank.
pub fn explanation(deployment: &Deployment, rank: u64, contributor: Contributor) -> Option<Explanation> {
    let all = explain(deployment, rank).ok()?;
    all.into_iter().find(|(explained, _)| *explained == contributor).map(|(_, explanation)| explanation)
}

/// The explanation of the figure that was asked about.
#[component]
pub fn Why() -> impl IntoView {
    let state = expect_context::<AppState>();
    let explained = Memo::new(move |_| {
        let sound = state.last_sound()?;
        explanation(&sound.deployment, state.shown_rank(), state.view.explained.get())
    });
    let tree = move || {
        let contributor = state.view.explained.get();
        explained.get().map(|explanation| {
            let bytes = Bytes(explanation.value.round() as u64);
            view! {
                <p class="explained">
                    <strong>{explanation.label.clone()}" "{gib(bytes)}</strong>
                    <span class="faint">" of GPU "{state.shown_rank()}", exactly "{grouped(bytes.0)}" B. "{contributor.meaning()}</span>
                </p>
                {body(state, explanation, contributor.key().to_string())}
            }
        })
    };
    view! { <div id="explanation" class="explanation">{tree}</div> }
}

/// The formula of a figure and what it names.
fn body(state: AppState, explanation: Explanation, path: String) -> AnyView {
    let Explanation { formula, figures, inputs, evidence, source, parts, .. } = explanation;
    let with_figures = (figures != formula).then(|| view! { <p class="formula figures-line">"= "{figures}</p> });
    let inputs = (!inputs.is_empty()).then(|| {
        view! { <ul class="symbols">{inputs.into_iter().map(symbol).collect_view()}</ul> }
    });
    let known = evidence.map(|evidence| view! { <p class="evidence">"How it is known: "{evidence}"."</p> });
    let source = source.map(|source| view! { <p class="evidence">"Source: "{source}"."</p> });
    let parts = parts.into_iter().enumerate().map(|(index, inner)| part(state, inner, format!("{path}/{index}")));
    view! {
        <p class="formula">"= "{formula}</p>
        {with_figures}
        {inputs}
        {parts.collect_view()}
        {known}
        {source}
    }
    .into_any()
}

/// An input of a formula: what it stands for, and where it comes from.
fn symbol(input: Input) -> AnyView {
    let origin = match input.key {
        Some(key) => view! { <FieldLink key/> }.into_any(),
        None => input.origin.into_any(),
    };
    view! {
        <li>
            <span class="formula">{input.symbol}" = "{input.value}</span>
            <span class="symbol-meaning">{input.meaning}</span>
            <span class="origin">{origin}</span>
        </li>
    }
    .into_any()
}

/// A figure that another is made of. What it says is made only when it is unfolded, and stays so while figures change.
fn part(state: AppState, explanation: Explanation, path: String) -> AnyView {
    let unfolded = state.view.unfolded;
    let is_open = unfolded.with(|open| open.contains(&path));
    let (label, text) = (explanation.label.clone(), explanation.text.clone());
    let inside = is_open.then(|| body(state, explanation, path.clone()));
    let toggle = move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        unfolded.update(|open| {
            if !open.remove(&path) {
                open.insert(path.clone());
            }
        });
    };
    view! {
        <details prop:open=is_open>
            <summary on:click=toggle><span class="part-label">{label}</span><span class="part-size">{text}</span></summary>
            {inside}
        </details>
    }
    .into_any()
}
