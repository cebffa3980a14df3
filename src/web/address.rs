//! The address of the page, which contains the deployment in its fragment. Servers do not receive
//! the fragment.

use super::browser::Debounced;
use super::dom::{listen, watch};
use super::lists;
use super::state::{AppState, Sound};
use super::worker::Answers;
use crate::deployment::Deployment;
use crate::export::summary;
use crate::link;
use crate::protocol::Request;
use leptos::prelude::*;
use std::cell::Cell;
use wasm_bindgen::JsValue;
use web_sys::Element;

/// The delay of address updates in milliseconds while a slider is dragged; browsers limit their
/// rate.
const REST: u32 = 250;

/// The address of the whole page as it is.
pub(super) fn of(state: AppState) -> String {
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

/// Opens the link in the address, now and whenever it changes. Keeps the address, the title and the
/// description up to date.
pub(super) fn follow(state: AppState) {
    let names = Names::of_the_page();
    read(state);
    let writing = Debounced::new(REST);
    for event in ["hashchange", "popstate"] {
        let (writing, names) = (writing.clone(), names.clone());
        listen(&window(), event, move |_| {
            read(state);
            let names = names.clone();
            writing.call(move || names.follow(state));
        });
    }
    let opened = Cell::new(false);
    watch(move || {
        state.deployment.track();
        state.pinned.track();
        // What was opened stays in the address as it was written, and what was wrong in it with it.
        if !opened.get() {
            opened.set(true);
            return names.follow(state);
        }
        let names = names.clone();
        writing.call(move || {
            write(state);
            names.follow(state);
            tell();
        });
    });
}

/// Opens the link in the address. If parts of it are invalid, the worker repairs or reports them.
fn read(state: AppState) {
    let href = window().location().href().unwrap_or_default();
    let (decoded, understood) = open(state, &href);
    state.warnings.set(Vec::new());
    // Only a link that was not written here ends so, whether it is understood or not.
    if understood && !href.ends_with(|c: char| c.is_ascii_punctuation()) {
        return;
    }
    if !understood && lists::are_awaited(state, move || read(state)) {
        return;
    }
    let request = Request::RepairLink { text: href.clone() };
    let answers = Answers::new(move |answer| {
        let opened = state.deployment.with_untracked(|now| *now == decoded);
        if !opened || window().location().href().is_ok_and(|now| now != href) {
            return;
        }
        let (mended, warnings) = match answer {
            Some(answer) => answer.split_once('\n').unwrap_or((answer, "")),
            None => (&*href, "The address was not understood in full."),
        };
        open(state, mended);
        state.warnings.set(warnings.lines().map(String::from).collect());
    });
    answers.ask(&request);
}

/// Opens a link without repair. Returns the opened deployment, and whether the link was valid.
fn open(state: AppState, link: &str) -> (Deployment, bool) {
    let (decoded, pinned) = (link::decode(link), link::pinned(link));
    let link = if pinned.is_some() { link.to_string() } else { String::new() };
    if state.pinned.with_untracked(|now| *now != link) {
        state.pinned.set(link);
    }
    if state.deployment.with_untracked(|now| *now != decoded.deployment) {
        state.open(decoded.deployment.clone());
    }
    let problems = decoded.problems.iter().chain(pinned.iter().flat_map(|pinned| &pinned.problems));
    (decoded.deployment, problems.count() == 0)
}

fn write(state: AppState) {
    let address = with_query(state, &link::VIEW_OPTIONS);
    if let Ok(history) = window().history() {
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&address));
    }
}

/// Says that address and title are new; `frame.js` tells the page around a frame.
fn tell() {
    if let Ok(event) = web_sys::Event::new("configurationchange") {
        let _ = window().dispatch_event(&event);
    }
}

/// The page's own title and description, which stand while nothing differs from the defaults.
#[derive(Clone)]
struct Names {
    title: String,
    description: Option<Element>,
    described: String,
}

impl Names {
    fn of_the_page() -> Names {
        let description = document().query_selector("meta[name=description]").ok().flatten();
        let described = description.as_ref().and_then(|meta| meta.get_attribute("content")).unwrap_or_default();
        Names { title: document().title(), description, described }
    }

    /// Says in title and description what is shown.
    fn follow(&self, state: AppState) {
        let (title, described) = if fragment(state).is_empty() {
            (self.title.clone(), self.described.clone())
        } else {
            untrack(|| {
                state.sound(|Sound { plan, report, .. }| {
                    let subject = summary::subject(plan);
                    let title = format!("{subject} · {} — {}", summary::outcome(report), self.title);
                    (title, format!("{subject}. {} {}", report.headline(), report.sentence(state.view.units)))
                })
            })
        };
        document().set_title(&title);
        if let Some(meta) = &self.description {
            let _ = meta.set_attribute("content", &described);
        }
    }
}
