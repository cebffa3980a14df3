//! A panel: the worker's answer for the current deployment, and the user's actions in it.
//!
//! The documentation of `src/panels/mod.rs` lists the attributes that the panel's HTML has.

use crate::deployment::Deployment;
use crate::protocol::{PanelId, PanelRequest, Request, View};
use crate::web::browser::clipboard::copy;
use crate::web::browser::worker::{self, Channel};
use crate::web::browser::{self, closest, files, target};
use crate::web::state::{AppState, change_settings, open_link};
use leptos::ev;
use leptos::html::Div;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use web_sys::{Blob, Element, Event, File, HtmlInputElement, KeyboardEvent};

/// The text in place of an answer if there is none.
const UNANSWERED: &str = "The background worker failed to start or stopped. Change a setting to retry.";

/// The user's choices in a panel.
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

    fn toggle(&mut self, part: String) {
        match self.unfolded.iter().position(|unfolded| *unfolded == part) {
            Some(place) => drop(self.unfolded.remove(place)),
            None => self.unfolded.push(part),
        }
    }
}

/// A panel of the worker, which is requested only while it is visible.
#[component]
pub(super) fn Panel<More>(
    panel: PanelId,
    /// Whether the panel follows the deployment.
    is_about_the_deployment: bool,
    /// Whether its answer takes so long that other panels would wait for it.
    #[prop(optional)]
    is_slow: bool,
    /// Options that the page adds to each request.
    more: More,
) -> impl IntoView
where
    More: Fn() -> Vec<(&'static str, String)> + Send + Sync + 'static,
{
    let app = AppState::from_context();
    let (options, width) = (RwSignal::new(Options::default()), RwSignal::new(0));
    let place = NodeRef::<Div>::new();
    browser::observe_width(place, width);
    let show = move |answer: Option<&str>| {
        if let Some(place) = place.get_untracked() {
            match answer {
                Some(html) => replace(&place, html),
                None => place.set_text_content(Some(UNANSWERED)),
            }
        }
    };
    let channel = if is_slow { Channel::slow(show) } else { Channel::new(show) };
    Effect::new(move || {
        // A hidden panel has no width.
        if width.get() == 0 {
            return channel.withdraw();
        }
        let valid = is_about_the_deployment.then(|| app.settled_valid()).flatten();
        if is_about_the_deployment && valid.is_none() {
            return;
        }
        let more = more().into_iter().map(|(name, value)| (name.to_string(), value));
        let options = options.get();
        let request = Request::Panel(PanelRequest {
            panel,
            deployment: valid.map_or_else(Deployment::default, |valid| valid.deployment.clone()),
            view: View { width: Some(width.get()), is_dark: app.appearance.is_dark(), units: app.view.units.get() },
            options: more.chain(options.chosen).collect(),
            unfolded: options.unfolded,
        });
        browser::after_paint(move || channel.ask(&request));
    });
    let drop_file = move |event: ev::DragEvent| {
        if closest(&event, "[data-give]").is_some() {
            event.prevent_default();
            let dropped = files::dropped(&event);
            spawn_local(async move { give_files(options, &files::files_of(dropped).await) });
        }
    };
    let accept_drop = |event: ev::DragEvent| {
        if closest(&event, "[data-give]").is_some() {
            event.prevent_default();
        }
    };
    let show_tip = move |event: &Event| {
        if let Some(place) = place.get_untracked() {
            tip(&place, event);
        }
    };
    view! {
        <div
            class="panel"
            node_ref=place
            on:click=move |event| click(app, options, &event)
            on:keydown=move |event| key_down(app, options, &event)
            on:pointerover=move |event| show_tip(&event)
            on:pointerleave=move |event| show_tip(&event)
            on:focusin=move |event| show_tip(&event)
            on:input=move |event| enter(options, &event)
            on:change=move |event| enter(options, &event)
            on:dragover=accept_drop
            on:drop=drop_file
            on:submit=|event| event.prevent_default()
        ></div>
    }
}

/// Replaces the contents of a panel. Keeps the focus, a pasted text, and a field that is being
/// typed in.
fn replace(place: &Element, html: &str) {
    let focused = document().active_element().filter(|element| place.contains(Some(element)));
    let again = focused.as_ref().and_then(selector);
    let textarea = || place.query_selector("textarea").ok().flatten();
    let pasted = textarea();
    place.set_inner_html(html);
    if let Some((pasted, empty)) = pasted.zip(textarea()) {
        let _ = empty.replace_with_with_node_1(&pasted);
    }
    let Some(found) = again.and_then(|selector| place.query_selector(&selector).ok().flatten()) else {
        return;
    };
    let typed = focused.filter(|element| element.tag_name() == "INPUT");
    browser::focus(&typed.inspect(|typed| drop(found.replace_with_with_node_1(typed))).unwrap_or(found));
}

/// A selector that finds an element again in the next answer.
fn selector(element: &Element) -> Option<String> {
    if !element.id().is_empty() {
        return Some(format!("[id=\"{}\"]", element.id()));
    }
    let part = element.parent_element().and_then(|parent| parent.get_attribute("data-part"));
    if let Some(part) = part.filter(|_| element.tag_name() == "SUMMARY") {
        return Some(format!("[data-part=\"{part}\"] > summary"));
    }
    const NAMES: [&str; 8] =
        ["data-ask", "data-take", "data-open", "data-field", "data-copy", "data-why", "data-part", "name"];
    NAMES.into_iter().find_map(|name| {
        let value = element.get_attribute(name)?;
        let value = value.replace('\\', "\\\\").replace('"', "\\\"");
        Some(format!("{}[{name}=\"{value}\"]", element.tag_name()))
    })
}

fn click(app: AppState, options: RwSignal<Options>, event: &Event) {
    let Some(clicked) = target(event) else {
        return;
    };
    let attribute = |name: &str| closest(event, &format!("[{name}]"))?.get_attribute(name);
    let element = |name: &str| attribute(name).and_then(|id| browser::by_id(&id));
    if closest(event, "summary, button[data-part]").is_some()
        && let Some(part) = attribute("data-part")
    {
        event.prevent_default();
        options.update(|options| options.toggle(part));
    } else if let Some(settings) = attribute("data-take") {
        change_settings(app, &settings);
        if let Some(keys) = attribute("data-lock") {
            app.view.locked.set(keys.split(' ').map(String::from).collect());
        }
    } else if let Some(deployment) = attribute("data-open") {
        open_link(app, &deployment);
    } else if let Some(pins) = attribute("data-pin") {
        app.pin(!pins.is_empty());
    } else if let Some(query) = attribute("data-ask") {
        options.update(|options| {
            for (name, value) in form_urlencoded::parse(query.as_bytes()) {
                options.set(&name, &value);
            }
        });
    } else if let Some(key) = attribute("data-why") {
        app.view.explain(&key);
    } else if let Some(key) = attribute("data-field") {
        app.view.focus_setting(&key);
    } else if let Some(text) = element("data-copy") {
        copy(&text.text_content().unwrap_or_default(), move |done| {
            clicked.set_text_content(Some(if done { "Copied" } else { "Not allowed: select the text instead" }));
        });
    } else if let Some((name, from)) = attribute("data-save").zip(element("data-from")) {
        files::save(&name, &from);
    }
}

/// Handles the keys of elements in `data-roving`.
fn key_down(app: AppState, options: RwSignal<Options>, event: &KeyboardEvent) {
    let Some(roving) = target(event).filter(|_| closest(event, "[data-roving] > *").is_some()) else {
        return;
    };
    match event.key().as_str() {
        "Enter" | " " => click(app, options, event),
        key if browser::rove(&roving, key) => {}
        _ => return,
    }
    event.prevent_default();
}

/// Shows the tip of the element under the pointer or the focus.
fn tip(place: &Element, event: &Event) {
    let Ok(Some(line)) = place.query_selector("[data-tips]") else {
        return;
    };
    let tip = closest(event, "[data-tip]").and_then(|pointed| pointed.get_attribute("data-tip"));
    let text = tip.or_else(|| line.get_attribute("data-tips")).unwrap_or_default();
    if line.text_content().as_ref() != Some(&text) {
        line.set_text_content(Some(&text));
    }
}

fn give_files(options: RwSignal<Options>, files: &[File]) {
    let name = match files {
        [] => return,
        [file] => file.name(),
        [first, others @ ..] => format!("{} and {} more", first.name(), others.len()),
    };
    give(options, files.iter().map(AsRef::<Blob>::as_ref), &name);
}

/// Gives the worker new files or a text. Earlier choices do not apply to them.
fn give<'a>(options: RwSignal<Options>, given: impl IntoIterator<Item = &'a Blob>, name: &str) {
    worker::give(given);
    options.set(Options { chosen: vec![("file".into(), name.into())], ..Options::default() });
}

/// Takes the value of a control in the panel.
fn enter(options: RwSignal<Options>, event: &Event) {
    let Some(control) = target(event) else {
        return;
    };
    if control.has_attribute("data-give") {
        let files = files::chosen(event);
        if files.is_empty()
            && event.type_() == "input"
            && let Some(text) = files::of_text(event)
        {
            give(options, [&text], "");
        }
        give_files(options, &files);
        return;
    }
    if let Some(name) = control.get_attribute("name") {
        let value = value_of(event);
        options.update(|options| options.set(&name, &value));
    }
}

/// The value of a control; for a checkbox, `true` or nothing.
fn value_of(event: &Event) -> String {
    let input = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
    match input.filter(|input| input.type_() == "checkbox") {
        Some(input) => if input.checked() { "true" } else { "" }.to_string(),
        None => event_target_value(event),
    }
}
