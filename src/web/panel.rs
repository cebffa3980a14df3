//! A panel below the chart: the worker's answer for the current deployment, and the user's actions.
//!
//! The doc of `src/panels/mod.rs` lists the attributes that the panel's HTML has.

use super::browser;
use super::clipboard::copy;
use super::dom::{El, el, entered, focus, key, listen, rove, target, watch};
use super::files;
use super::lists;
use super::live::Live;
use super::state::{AppState, Sound};
use super::theme::Appearance;
use super::view::PanelSpec;
use super::worker::{self, Answers};
use crate::protocol::{PanelRequest, Request, View};
use leptos::prelude::*;
use std::cell::RefCell;
use std::sync::Arc;
use web_sys::{Blob, Element, Event, File};

/// In place of an answer when there is none.
const UNANSWERED: &str = "The background worker failed to start or stopped. Change a setting to retry.";

/// A panel asks about another deployment once that has rested for this many milliseconds.
const REST: u32 = 250;

/// What a person chose in a panel.
#[derive(Debug, Clone, Default, PartialEq)]
struct Options {
    chosen: Vec<(String, String)>,
    unfolded: Vec<String>,
}

impl Options {
    fn set(&mut self, name: &str, value: &str) {
        match self.chosen.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = value.to_string(),
            None => self.chosen.push((name.to_string(), value.to_string())),
        }
    }
}

/// The element of a panel, which asks only while it is visible. `more` are options that the page
/// adds to each request.
pub(super) fn panel(
    state: AppState,
    appearance: Appearance,
    spec: PanelSpec,
    more: impl Fn() -> Vec<(&'static str, String)> + 'static,
) -> El {
    let options = Live::new(Options::default());
    let place = el("div").class("panel");
    let width = browser::width_of(&place.0);
    let shown = place.0.clone();
    let take = move |answer: Option<&str>| match answer {
        Some(html) => replace(&shown, html),
        None => shown.set_text_content(Some(UNANSWERED)),
    };
    let answers = if spec.takes_long { Answers::slow(take) } else { Answers::new(take) };
    let (resting, asked_about) = (browser::Debounced::new(REST), RefCell::new(None::<Arc<Sound>>));
    watch(move || {
        // What is hidden has no width.
        if width.get() == 0 {
            return answers.withdraw();
        }
        let sound = if spec.is_about_the_deployment { state.last_sound() } else { None };
        if spec.is_about_the_deployment && sound.is_none() {
            return;
        }
        let (width, is_dark, more, options) = (width.get(), appearance.is_dark(), more(), options.get());
        let same = |before: &Option<Arc<Sound>>| before.is_none() || *before == sound;
        let is_at_rest = same(&asked_about.replace(sound.clone()));
        let ask = move || {
            let more = more.into_iter().map(|(name, value)| (name.to_string(), value));
            answers.ask(&Request::Panel(PanelRequest {
                panel: spec.panel,
                deployment: sound.map(|sound| sound.deployment.clone()).unwrap_or_default(),
                view: View { width: Some(width as u32), is_dark, units: state.view.units },
                options: more.chain(options.chosen).collect(),
                unfolded: options.unfolded,
            }));
        };
        // The picture doesn't wait for the question, and while a slider is dragged none is asked.
        if is_at_rest && !resting.is_waiting() {
            browser::after_paint(ask);
        } else {
            resting.call(ask);
        }
    });
    listen(&place.0, "click", move |event| click(state, options, &event));
    listen(&place.0, "keydown", move |event| {
        let Some(roving) = target(&event).filter(|target| target.closest("[data-roving] > *").ok().flatten().is_some())
        else {
            return;
        };
        match key(&event).as_str() {
            "Enter" | " " => click(state, options, &event),
            key if rove(&roving, key) => {}
            _ => return,
        }
        event.prevent_default();
    });
    for event in ["pointerover", "pointerleave", "focusin"] {
        let shown = place.0.clone();
        listen(&place.0, event, move |event| tell(&shown, &event));
    }
    for event in ["input", "change"] {
        listen(&place.0, event, move |event| enter(options, &event));
    }
    listen(&place.0, "dragover", |event| {
        if drop_place(&event).is_some() {
            event.prevent_default();
        }
    });
    listen(&place.0, "drop", move |event| {
        if let Some(file) = drop_place(&event).and_then(|_| files::dropped(&event)) {
            event.prevent_default();
            take_file(options, &file);
        }
    });
    listen(&place.0, "submit", |event| event.prevent_default());
    place
}

/// Replaces what a panel shows, and leaves the focus where it was.
fn replace(place: &Element, html: &str) {
    let focused = document().active_element().filter(|element| place.contains(Some(element)));
    let again = focused.as_ref().and_then(selector);
    let text = || place.query_selector("textarea").ok().flatten();
    let pasted = text();
    place.set_inner_html(html);
    // What was pasted stays there until something else is.
    if let Some((pasted, empty)) = pasted.zip(text()) {
        let _ = empty.replace_with_with_node_1(&pasted);
    }
    let Some(found) = again.and_then(|selector| place.query_selector(&selector).ok().flatten()) else {
        return;
    };
    // A field that is being typed in stays as it is, with its cursor.
    let typed = focused.filter(|element| element.tag_name() == "INPUT");
    focus(&typed.inspect(|typed| drop(found.replace_with_with_node_1(typed))).unwrap_or(found));
}

/// How to find an element again in the next answer.
fn selector(element: &Element) -> Option<String> {
    if !element.id().is_empty() {
        return Some(format!("[id=\"{}\"]", element.id()));
    }
    let part = element.parent_element().and_then(|parent| parent.get_attribute("data-part"));
    if let Some(part) = part.filter(|_| element.tag_name() == "SUMMARY") {
        return Some(format!("[data-part=\"{part}\"] > summary"));
    }
    ["data-ask", "data-take", "data-open", "data-field", "data-copy", "name"].into_iter().find_map(|name| {
        let value = element.get_attribute(name)?;
        let value = value.replace('\\', "\\\\").replace('"', "\\\"");
        Some(format!("{}[{name}=\"{value}\"]", element.tag_name()))
    })
}

fn click(state: AppState, options: Live<Options>, event: &Event) {
    let Some(clicked) = target(event) else {
        return;
    };
    let above = |name: &str| {
        let found = clicked.closest(&format!("[{name}]")).ok().flatten()?;
        found.get_attribute(name)
    };
    if clicked.closest("summary").ok().flatten().is_some()
        && let Some(part) = above("data-part")
    {
        event.prevent_default();
        options.update(|options| match options.unfolded.iter().position(|unfolded| *unfolded == part) {
            Some(place) => drop(options.unfolded.remove(place)),
            None => options.unfolded.push(part),
        });
    } else if let Some(settings) = above("data-take") {
        lists::change(state, &settings);
        if let Some(keys) = above("data-lock") {
            state.view.locked.set(keys.split(' ').map(String::from).collect());
        }
    } else if let Some(deployment) = above("data-open") {
        lists::open(state, &deployment);
    } else if let Some(pins) = above("data-pin") {
        state.pin(!pins.is_empty());
    } else if let Some(asked) = above("data-ask") {
        options.update(|options| {
            for (name, value) in form_urlencoded::parse(asked.as_bytes()) {
                options.set(&name, &value);
            }
        });
    } else if let Some(key) = above("data-field") {
        browser::focus(&key);
    } else if let Some(text) = above("data-copy").and_then(|id| browser::by_id(&id)) {
        let button = clicked.clone();
        copy(&text.text_content().unwrap_or_default(), move |done| {
            button.set_text_content(Some(if done { "Copied" } else { "Not allowed: select the text instead" }));
        });
    } else if let Some((name, from)) = above("data-save").zip(above("data-from").and_then(|id| browser::by_id(&id))) {
        files::save(&name, &from);
    }
}

/// Says what is pointed at, or what is said otherwise.
fn tell(place: &Element, event: &Event) {
    let Ok(Some(line)) = place.query_selector("[data-tips]") else {
        return;
    };
    let tip = target(event).and_then(|pointed| pointed.closest("[data-tip]").ok().flatten()?.get_attribute("data-tip"));
    let text = tip.or_else(|| line.get_attribute("data-tips")).unwrap_or_default();
    if line.text_content().as_ref() != Some(&text) {
        line.set_text_content(Some(&text));
    }
}

/// Where a file may be dropped.
fn drop_place(event: &Event) -> Option<Element> {
    target(event)?.closest("[data-give]").ok().flatten()
}

fn take_file(options: Live<Options>, file: &File) {
    give(options, file, &file.name());
}

/// Gives the worker something new, about which nothing is chosen yet.
fn give(options: Live<Options>, given: &Blob, name: &str) {
    worker::give(given);
    options.set(Options { chosen: vec![("file".into(), name.into())], ..Options::default() });
}

/// Takes what was entered into a control of the panel.
fn enter(options: Live<Options>, event: &Event) {
    let Some(control) = target(event) else {
        return;
    };
    if control.has_attribute("data-give") {
        if let Some(file) = files::chosen(event) {
            take_file(options, &file);
        } else if event.type_() == "input"
            && let Some(text) = files::of_text(event)
        {
            give(options, &text, "");
        }
        return;
    }
    let Some(name) = control.get_attribute("name") else {
        return;
    };
    let value = entered(event);
    options.update(|options| options.set(&name, &value));
}
