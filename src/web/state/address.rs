//! The address of the page, which contains the deployment in its fragment. Servers do not receive
//! the fragment.

use super::evaluation::Valid;
use super::{AppState, Place, Tab, catalogues};
use crate::deployment::Deployment;
use crate::export::summary;
use crate::link;
use crate::protocol::{PanelId, Request};
use crate::units::Units;
use crate::web::browser::worker::Channel;
use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsValue;
use web_sys::Element;

/// Returns the address of the whole page in its current state.
pub(in crate::web) fn page_address(state: AppState) -> String {
    let origin = window().location().origin().unwrap_or_default();
    format!("{origin}{}", path(state, &[]))
}

/// The path, the query options named in `kept`, the units, and the deployment.
fn path(state: AppState, kept: &[&str]) -> String {
    let location = window().location();
    let (path, query) = (location.pathname().unwrap_or_default(), location.search().unwrap_or_default());
    let options = query.trim_start_matches('?').split('&');
    let key = |option: &str| option.split('=').next().unwrap_or_default().to_string();
    let kept = options.filter(|option| kept.contains(&key(option).as_str()) && key(option) != "units");
    let units = (state.view.units.get_untracked() == Units::Decimal).then_some("units=GB");
    let query = kept.chain(units).collect::<Vec<&str>>().join("&");
    format!("{path}{}{query}{}", if query.is_empty() { "" } else { "?" }, fragment(state))
}

fn fragment(state: AppState) -> String {
    let link = state.deployment.with_untracked(|deployment| state.link(deployment));
    if link.is_empty() { link } else { format!("#{link}") }
}

/// The part of the state that the address contains.
#[derive(Clone, PartialEq)]
struct Addressed {
    deployment: Deployment,
    pinned: String,
    tab: Tab,
    units: Units,
}

impl Addressed {
    fn now(state: AppState) -> Addressed {
        Addressed {
            deployment: state.deployment.get_untracked(),
            pinned: state.pinned.get_untracked(),
            tab: state.view.tab.get_untracked(),
            units: state.view.units.get_untracked(),
        }
    }
}

/// Opens the link in the address, now and whenever it changes. Keeps the address, the title and the
/// description up to date.
pub(super) fn follow(state: AppState) {
    let names = Names::of_the_page();
    let link_repair = LinkRepair::new(state);
    link_repair.read();
    if !window().location().hash().unwrap_or_default().is_empty() && state.view.place.get_untracked() != Place::Panel {
        state.view.place.set(Place::Memory);
    }
    let opened = StoredValue::new(Some(Addressed::now(state)));
    let reread = move || {
        link_repair.read();
        opened.set_value(Some(Addressed::now(state)));
    };
    window_event_listener(ev::hashchange, move |_| reread());
    window_event_listener(ev::popstate, move |_| reread());
    Effect::new(move || {
        state.settled.track();
        state.pinned.track();
        state.view.tab.track();
        state.view.units.track();
        // An opened address stays as it was written, including its mistakes.
        if opened.with_value(|opened| *opened != Some(Addressed::now(state))) {
            opened.set_value(None);
            write(state);
        }
        names.with_value(|names| names.update(state));
        report();
    });
    Effect::new(move || {
        state.problems.track();
        names.with_value(|names| names.update(state));
    });
}

/// Opens the link in the address. If parts of it are invalid, the worker repairs or reports them.
#[derive(Clone, Copy)]
struct LinkRepair {
    state: AppState,
    channel: Channel,
    /// The address that the worker was asked about, and the deployment that it opened.
    asked: StoredValue<Option<(String, Deployment)>>,
}

impl LinkRepair {
    fn new(state: AppState) -> LinkRepair {
        let asked = StoredValue::new(None);
        LinkRepair { state, channel: Channel::new(move |answer| repair(state, asked, answer)), asked }
    }

    fn read(self) {
        let LinkRepair { state, channel, asked } = self;
        let href = window().location().href().unwrap_or_default();
        let (opened, is_valid) = open(state, &href);
        asked.set_value(None);
        state.warnings.set(Vec::new());
        // The page never writes such an end, so the link may have been damaged on its way.
        if is_valid && !href.ends_with(|c: char| c.is_ascii_punctuation()) {
            return;
        }
        if !is_valid && catalogues::are_awaited(state, move || self.read()) {
            return;
        }
        asked.set_value(Some((href.clone(), opened)));
        channel.ask(&Request::RepairLink { text: href });
    }
}

/// Opens a repaired link, unless the user went on in the meantime.
fn repair(state: AppState, asked: StoredValue<Option<(String, Deployment)>>, answer: Option<&str>) {
    let Some((href, opened)) = asked.get_value() else {
        return;
    };
    let is_open = state.deployment.with_untracked(|now| *now == opened);
    if !is_open || window().location().href().is_ok_and(|now| now != href) {
        return;
    }
    let (repaired, warnings) = match answer {
        Some(answer) => answer.split_once('\n').unwrap_or((answer, "")),
        None => (&*href, "The address was not understood in full."),
    };
    open(state, repaired);
    state.warnings.set(warnings.lines().map(String::from).collect());
}

/// Opens a link without repair. Returns the opened deployment, and whether the link was valid.
fn open(state: AppState, link: &str) -> (Deployment, bool) {
    let (decoded, pinned) = (link::decode(link), link::pinned(link));
    let pinned_link = if pinned.is_some() { link.to_string() } else { String::new() };
    if state.pinned.with_untracked(|now| *now != pinned_link) {
        state.pinned.set(pinned_link);
    }
    let tab = link::tab(link);
    let opened = tab.as_deref().and_then(PanelId::of_tab).map(Tab);
    if let Some(tab) = opened {
        state.view.open_tab(tab);
    }
    if state.deployment.with_untracked(|now| *now != decoded.deployment) {
        state.open(decoded.deployment.clone());
    }
    let problems = decoded.problems.iter().chain(pinned.iter().flat_map(|pinned| &pinned.problems));
    (decoded.deployment, problems.count() == 0 && opened.is_some() == tab.is_some())
}

fn write(state: AppState) {
    let address = path(state, &link::VIEW_OPTIONS);
    if let Ok(history) = window().history() {
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&address));
    }
}

/// Adds an entry to the browser's history, so that Back returns to the current deployment.
pub(super) fn push(state: AppState) {
    write(state);
    if let Ok(history) = window().history() {
        let _ = history.push_state_with_url(&JsValue::NULL, "", None);
    }
}

/// Reports a new address and title; `frame.js` sends them to the page around a frame.
fn report() {
    if let Ok(event) = web_sys::Event::new("configurationchange") {
        let _ = window().dispatch_event(&event);
    }
}

/// The title and the description of a page with the default deployment.
struct Names {
    title: String,
    description: Option<Element>,
    text: String,
}

impl Names {
    fn of_the_page() -> StoredValue<Names, LocalStorage> {
        let description = document().query_selector("meta[name=description]").ok().flatten();
        let text = description.as_ref().and_then(|meta| meta.get_attribute("content")).unwrap_or_default();
        StoredValue::new_local(Names { title: document().title(), description, text })
    }

    /// Updates title and description to the deployment.
    fn update(&self, state: AppState) {
        let (title, text) = untrack(|| self.texts(state));
        if document().title() != title {
            document().set_title(&title);
        }
        if let Some(meta) = &self.description {
            let _ = meta.set_attribute("content", &text);
        }
    }

    fn texts(&self, state: AppState) -> (String, String) {
        if state.deployment.with(link::encode).is_empty() {
            return (self.title.clone(), self.text.clone());
        }
        if let Some(problem) = state.problems.with(|problems| problems.first().cloned()) {
            return (format!("Not possible — {}", self.title), problem.message);
        }
        let units = state.view.units.get();
        state.with_valid(|Valid { resolved, report, .. }| {
            let subject = summary::subject(resolved);
            let title = format!("{subject} · {} — {}", summary::outcome(report), self.title);
            (title, format!("{subject}. {} {}", report.headline(), report.sentence(units)))
        })
    }
}
