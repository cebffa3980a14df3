//! A model, found by typing a part of its name.

use super::checkpoint::{BackendNote, CheckpointChip};
use super::field::control_attributes;
use crate::architecture::{self, Architecture, Attention, Suggestion};
use crate::protocol::PanelId;
use crate::units::grouped;
use crate::web::browser::{self, closest};
use crate::web::components::help::HelpText;
use crate::web::components::summaries::{parameter_count, parameters};
use crate::web::state::{SettingState, Tab};
use leptos::html::Ul;
use leptos::prelude::*;
use maud::{Markup, html};
use web_sys::{Element, HtmlInputElement, KeyboardEvent, MouseEvent};

/// The most models that are listed for a typed text.
const MOST: usize = 60;
/// The id of the dimensions below the control.
const DIMENSIONS: &str = "model_dimensions";
/// The ids of what describes the control: its dimensions, and why it has its backend.
const DESCRIBED_BY: &str = "model_dimensions backend_note";
/// The id of the list.
const LIST: &str = "model_list";

/// The start of an option's id, before its number.
const OPTION: &str = "model_option_";

fn option_id(number: usize) -> String {
    format!("{OPTION}{number}")
}

/// A search in the catalogue.
#[derive(Clone, Copy)]
struct Search {
    setting: SettingState,
    /// The typed text; `None` while the control shows the model.
    typed: RwSignal<Option<String>>,
    is_open: RwSignal<bool>,
    /// The option that Enter takes, counted from 1; 0 if there is none.
    active: RwSignal<usize>,
}

impl Search {
    fn new(setting: SettingState) -> Search {
        Search { setting, typed: RwSignal::new(None), is_open: RwSignal::new(false), active: RwSignal::new(0) }
    }

    fn found(self) -> Vec<Suggestion> {
        self.typed.with(|typed| architecture::suggest(typed.as_deref().unwrap_or_default()))
    }

    /// Whether the list is that of a typed text, and not the whole catalogue.
    fn is_filtered(self) -> bool {
        self.typed.with(|typed| typed.as_ref().is_some_and(|typed| !typed.is_empty()))
    }

    /// The most models that the list shows.
    fn most(self) -> usize {
        if self.is_filtered() { MOST } else { usize::MAX }
    }

    fn show(self) {
        self.active.set(0);
        self.is_open.set(true);
    }

    fn close(self) {
        self.is_open.set(false);
        self.active.set(0);
        self.typed.set(None);
    }

    fn choose(self, model: &'static Architecture) {
        self.setting.app.choose(self.setting.setting, &model.name);
        self.close();
    }

    /// Takes the option that was clicked, or opens the import of a model that is not in the list.
    fn click(self, event: &MouseEvent) {
        if closest(event, "[data-import]").is_some() {
            self.close();
            return self.setting.app.view.open_tab(Tab(PanelId::File));
        }
        let option = closest(event, "[role=option]").map(|option| option.id()).unwrap_or_default();
        let number = option.strip_prefix(OPTION).and_then(|number| number.parse::<usize>().ok());
        let found = untrack(|| self.found());
        if let Some(suggestion) = number.and_then(|number| found.get(number.checked_sub(1)?)) {
            self.choose(suggestion.model);
        }
    }

    /// Moves to the next or the previous option, and around the ends.
    fn step(self, forwards: bool) {
        if !self.is_open.get_untracked() {
            self.show();
        }
        let count = untrack(|| self.found().len().min(self.most()));
        let next = match (self.active.get_untracked(), forwards) {
            (at, true) if at < count => at + 1,
            (_, true) => 1.min(count),
            (0 | 1, false) => count,
            (at, false) => at - 1,
        };
        self.active.set(next);
        request_animation_frame(move || {
            if let Some(option) = browser::by_id(&option_id(next)) {
                browser::reveal(&option);
            }
        });
    }

    /// Takes the active option, or the first one of a typed text.
    fn accept(self) {
        let (active, is_typing) = (self.active.get_untracked(), self.typed.with_untracked(Option::is_some));
        let found = untrack(|| self.found());
        let model = found.get(active.saturating_sub(1)).map(|suggestion| suggestion.model);
        if let Some(model) = model.filter(|_| is_typing || active > 0) {
            self.choose(model);
        }
    }

    fn key_down(self, event: &KeyboardEvent) {
        match event.key().as_str() {
            "ArrowDown" => self.step(true),
            "ArrowUp" => self.step(false),
            "Enter" => self.accept(),
            "Escape" if self.is_open.get_untracked() => self.close(),
            _ => return,
        }
        event.prevent_default();
    }

    /// Takes a complete name. A part of one stays as typed, with a message.
    fn leave(self) {
        if let Some(typed) = self.typed.get_untracked() {
            self.setting.app.edit(self.setting.setting, typed);
            self.setting.app.settle(self.setting.setting);
        }
        self.close();
    }
}

/// A combobox over the catalogue, and the dimensions of the chosen model.
#[component]
pub(super) fn ModelField(setting: SettingState) -> impl IntoView {
    let search = Search::new(setting);
    let select = |event: web_sys::FocusEvent| event_target::<HtmlInputElement>(&event).select();
    let active = Signal::derive(move || Some(search.active.get()).filter(|at| *at > 0).map(option_id));
    let text = Signal::derive(move || search.typed.get().unwrap_or_else(|| setting.text()));
    let shown = Signal::derive(move || setting.app.with_valid(|valid| dimensions(&valid.deployment.model)));
    let list = NodeRef::<Ul>::new();
    let markup = Memo::new(move |_| if search.is_open.get() { options(search).into_string() } else { String::new() });
    // One effect, so that an option exists before it is marked.
    Effect::new(move |shown: Option<String>| {
        let (markup, active) = (markup.get(), search.active.get());
        if let Some(list) = list.get() {
            if shown.as_ref() != Some(&markup) {
                list.set_inner_html(&markup);
            }
            mark(&list, active);
        }
        markup
    });
    view! {
        <div class="combobox">
            <input
                class="control"
                type="text"
                role="combobox"
                spellcheck="false"
                autocapitalize="off"
                {..control_attributes(setting, DESCRIBED_BY)}
                aria-autocomplete="list"
                aria-controls=LIST
                aria-expanded=Signal::derive(move || search.is_open.get().to_string())
                aria-activedescendant=active
                prop:value=text
                on:focus=select
                on:click=move |_| search.show()
                on:input=move |event| {
                    search.typed.set(Some(event_target_value(&event)));
                    search.show();
                }
                on:keydown=move |event| search.key_down(&event)
                on:blur=move |_| search.leave()
            />
            <ul
                class="listbox"
                role="listbox"
                id=LIST
                node_ref=list
                aria-label="Models"
                hidden=Signal::derive(move || !search.is_open.get())
                // The control keeps the focus.
                on:mousedown=|event| event.prevent_default()
                on:click=move |event| search.click(&event)
            ></ul>
        </div>
        <HelpText setting/>
        <CheckpointChip/>
        <BackendNote/>
        <p class="note facts" id=DIMENSIONS>{shown}</p>
    }
}

/// Marks the option with this number as active.
fn mark(list: &Element, active: usize) {
    if let Ok(Some(before)) = list.query_selector(".active") {
        let _ = before.class_list().remove_1("active");
    }
    if let Some(option) = browser::by_id(&option_id(active)) {
        let _ = option.class_list().add_1("active");
    }
}

/// The options of the list: by family while nothing is typed. They are markup and not views, which
/// hold each element once more for every attribute: the whole catalogue would take thousands of
/// handles, whose table never shrinks.
fn options(search: Search) -> Markup {
    let app = search.setting.app;
    let is_typing = search.is_filtered();
    let found = search.found();
    let count = found.len();
    let chosen = app.deployment.with_untracked(|deployment| deployment.model.name.clone());
    let missing = app.view.catalogue_notice.get();
    let last = match count {
        _ if !missing.is_empty() => Some(missing),
        all if is_typing && all > MOST => Some(format!("{} more: type more of the name", all - MOST)),
        _ => None,
    };
    let starts_family = |at: usize| !is_typing && (at == 0 || found[at - 1].family != found[at].family);
    html! {
        @for (index, suggestion) in found.iter().take(search.most()).enumerate() {
            @if starts_family(index) {
                li.family role="presentation" { (suggestion.family) }
            }
            (option(suggestion, index + 1, suggestion.model.name == chosen))
        }
        @if let Some(last) = last {
            li.note role="option" aria-disabled="true" aria-selected="false" { (last) }
        }
        @if count == 0 {
            li.note role="option" aria-selected="false" data-import {
                "No such model. Paste its config.json under Import."
            }
        }
    }
}

/// A model of the list, with the reason why it matches if its name does not say so. A quantized
/// version has its precision in place of the parameters, which are those of its model.
fn option(Suggestion { model, matched, .. }: &Suggestion, number: usize, is_chosen: bool) -> Markup {
    let is_version = model.checkpoint.base.is_some();
    let fact = if is_version { model.checkpoint.label() } else { parameters(model) };
    html! {
        li role="option" id=(option_id(number)) aria-selected=(is_chosen) {
            span.option-name {
                (model.name)
                @if let Some(alias) = matched { " " span.option-alias { "also " (alias) } }
            }
            span.option-size { (fact) }
        }
    }
}

/// The dimensions that memory depends on.
fn dimensions(model: &Architecture) -> String {
    let heads = model.attention.heads();
    let attention = match model.attention {
        Attention::Latent { .. } => format!("{heads} heads, latent KV"),
        Attention::Grouped { kv_heads, .. } => format!("{heads} heads, {kv_heads} KV heads"),
    };
    let experts =
        model.moe.map_or_else(String::new, |moe| format!(" · {} experts, {} a token", moe.experts, moe.top_k));
    let tower = match model.tower {
        0 => String::new(),
        tower => format!(" · vision tower of {}", parameter_count(tower)),
    };
    let (layers, hidden) = (model.layers, grouped(model.hidden));
    format!("{} parameters · {layers} layers · hidden {hidden} · {attention}{experts}{tower}", parameters(model))
}
