//! The address of the page is its configuration: the deployment stands in the fragment, which no server sees.

use super::dom::{listen, watch};
use super::{browser::Debounced, state::AppState};
use crate::formats::link;
use leptos::prelude::*;
use wasm_bindgen::JsValue;

/// While a slider is dragged the address waits for this many milliseconds; browsers limit how often it may change.
const REST: u64 = 250;
/// Words of the query that say how the page looks, and stay in it.
const VIEW_OPTIONS: [&str; 2] = ["embed=", "theme="];

/// Whether the address asks for the compact page.
pub fn is_embedded() -> bool {
    let query = window().location().search().unwrap_or_default();
    query.trim_start_matches('?').split('&').any(|option| option == "embed=1")
}

/// The address of the whole page as it is.
pub fn of(state: AppState) -> String {
    let location = window().location();
    let (origin, path) = (location.origin().unwrap_or_default(), location.pathname().unwrap_or_default());
    format!("{origin}{path}{}", fragment(state))
}

fn fragment(state: AppState) -> String {
    let link = state.deployment.with_untracked(|deployment| state.link(deployment));
    if link.is_empty() { link } else { format!("#{link}") }
}

/// Opens what the address says, now and whenever it changes, and keeps the address up to date.
pub fn follow(state: AppState) {
    read(state);
    let writing = Debounced::new(REST);
    for event in ["hashchange", "popstate"] {
        let writing = writing.clone();
        listen(&window(), event, move |_| {
            writing.cancel();
            read(state);
        });
    }
    let opened = StoredValue::new(false);
    watch(move || {
        state.deployment.track();
        state.pinned.track();
        // What was opened stays in the address as it was written, and what was wrong in it with it.
        if opened.get_value() {
            writing.call(move || write(state));
        }
        opened.set_value(true);
    });
}

fn read(state: AppState) {
    let href = window().location().href().unwrap_or_default();
    let decoded = link::decode(&href);
    let pinned = if link::pinned(&href).is_some() { href } else { String::new() };
    if state.pinned.with_untracked(|now| *now != pinned) {
        state.pinned.set(pinned);
    }
    state.warnings.set(decoded.problems.into_iter().map(|problem| problem.message).collect());
    if state.deployment.with_untracked(|now| *now != decoded.deployment) {
        state.open(decoded.deployment);
    }
}

fn write(state: AppState) {
    let location = window().location();
    let (path, query) = (location.pathname().unwrap_or_default(), location.search().unwrap_or_default());
    let kept: Vec<&str> = query
        .trim_start_matches('?')
        .split('&')
        .filter(|option| VIEW_OPTIONS.iter().any(|known| option.starts_with(known)))
        .collect();
    let query = if kept.is_empty() { String::new() } else { format!("?{}", kept.join("&")) };
    let address = format!("{path}{query}{}", fragment(state));
    if let Ok(history) = window().history() {
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&address));
    }
}
