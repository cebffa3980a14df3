//! The address of the page is its configuration: the deployment stands in the fragment, which no server sees.

use super::dom::{listen, watch};
use super::{browser::Debounced, state::AppState};
use crate::formats::link;
use leptos::prelude::*;
use wasm_bindgen::JsValue;

/// While a slider is dragged the address waits for this many milliseconds; browsers limit how often it may change.
const REST: u64 = 250;
/// The address of the whole page as it is.
pub fn of(state: AppState) -> String {
    let origin = window().location().origin().unwrap_or_default();
    format!("{origin}{}", with_query(state, &["units"]))
}

/// The path, of the query what says how the page looks and is named here, and the deployment.
fn with_query(state: AppState, kept: &[&str]) -> String {
    let location = window().location();
    let (path, query) = (location.pathname().unwrap_or_default(), location.search().unwrap_or_default());
    let options = query.trim_start_matches('?').split('&');
    let options = options.filter(|option| kept.contains(&option.split('=').next().unwrap_or_default()));
    let query = options.collect::<Vec<&str>>().join("&");
    format!("{path}{}{query}{}", if query.is_empty() { "" } else { "?" }, fragment(state))
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
    let address = with_query(state, &link::VIEW_OPTIONS);
    if let Ok(history) = window().history() {
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&address));
    }
    // `frame.js` tells the page around a frame.
    if let Ok(event) = web_sys::Event::new("configurationchange") {
        let _ = window().dispatch_event(&event);
    }
}
