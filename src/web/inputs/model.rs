//! A model, found by typing a part of its name.

use super::field::described;
use crate::architecture::{self, Architecture, Attention, ModelRef};
use crate::units::{grouped, grouped_decimal};
use crate::web::browser;
use crate::web::dom::{self, El, el, target, value};
use crate::web::live::Live;
use crate::web::state::SettingState;
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlInputElement};

/// No more models are listed at once.
const MOST: usize = 40;
/// The id of the list.
const LIST: &str = "model_list";

fn option_id(number: usize) -> String {
    format!("model_option_{number}")
}

/// What is looked for in the catalogue.
#[derive(Clone, Copy)]
struct Search {
    setting: SettingState,
    /// Whether something is typed; else the field shows the model.
    typing: Live<bool>,
    typed: Live<String>,
    open: Live<bool>,
    /// The option that Enter would take, counted from 1; 0 where there is none.
    active: Live<usize>,
}

impl Search {
    /// The models that the typed text may mean.
    fn found(self) -> Vec<&'static Architecture> {
        architecture::suggest(&self.typed.get()).into_iter().map(|suggestion| suggestion.model).collect()
    }

    fn show(self) {
        self.active.set(0);
        self.open.set(true);
    }

    fn close(self) {
        self.open.set(false);
        self.active.set(0);
        self.typing.set(false);
        self.typed.set(String::new());
    }

    fn choose(self, model: &'static Architecture) {
        self.setting.state.choose(self.setting.field, &model.name);
        self.close();
    }

    /// Moves to the next option or to the one before, and around the ends.
    fn step(self, forwards: bool) {
        if !self.open.get_untracked() {
            self.show();
        }
        let count = self.found().len().min(MOST);
        let next = match (self.active.get_untracked(), forwards) {
            (at, true) if at < count => at + 1,
            (_, true) => 1.min(count),
            (0 | 1, false) => count,
            (at, false) => at - 1,
        };
        self.active.set(next);
        if let Some(option) = browser::by_id(&option_id(next)) {
            browser::reveal(&option);
        }
    }

    /// Takes the active option, or the first of what was typed for.
    fn accept(self) {
        let (active, typing) = (self.active.get_untracked(), self.typing.get_untracked());
        let model = self.found().get(active.saturating_sub(1)).copied();
        if let Some(model) = model.filter(|_| typing || active > 0) {
            self.choose(model);
        }
    }

    fn key_down(self, event: &Event) {
        match dom::key(event).as_str() {
            "ArrowDown" => self.step(true),
            "ArrowUp" => self.step(false),
            "Enter" => self.accept(),
            "Escape" if self.open.get_untracked() => self.close(),
            _ => return,
        }
        event.prevent_default();
    }

    /// A name that is whole is taken; a part of one stays as typed, with a message.
    fn leave(self) {
        if self.typing.get_untracked() {
            self.setting.state.edit(self.setting.field, self.typed.get_untracked());
            self.setting.state.settle(self.setting.field);
        }
        self.close();
    }

    fn options(self) -> Vec<El> {
        if !self.open.get() {
            return Vec::new();
        }
        let found = self.found();
        let chosen = self.setting.state.deployment.with_untracked(|deployment| deployment.model.clone());
        let option = |(index, model): (usize, &&'static Architecture)| {
            let (model, number) = (*model, index + 1);
            el("li")
                .attr("role", "option")
                .id(&option_id(number))
                .attr("aria-selected", if chosen == ModelRef::from(model) { "true" } else { "false" })
                .child(el("span").class("option-name").text(&model.name))
                .child(el("span").class("option-size").text(&parameters(model)))
                .live_class("active", move || self.active.get() == number)
                // The field keeps the focus.
                .on("mousedown", |event| event.prevent_default())
                .on("click", move |_| self.choose(model))
        };
        let mut options: Vec<El> = found.iter().take(MOST).enumerate().map(option).collect();
        let unlisted = self.setting.state.view.lists.get();
        let rest = match found.len() {
            _ if !unlisted.is_empty() => Some(unlisted),
            0 => Some("No model of the catalogue has such a name.".to_string()),
            all if all > MOST => Some(format!("{} more: type a part of the name", all - MOST)),
            _ => None,
        };
        options.extend(
            rest.map(|rest| el("li").class("note").attr("role", "option").attr("aria-disabled", "true").text(&rest)),
        );
        options
    }
}

/// A combobox over the catalogue, and the dimensions of the chosen model.
pub(crate) fn model(setting: SettingState) -> Vec<El> {
    let search = Search {
        setting,
        typing: Live::new(false),
        typed: Live::new(String::new()),
        open: Live::new(false),
        active: Live::new(0),
    };
    let input = el("input")
        .class("control")
        .attr("type", "text")
        .attr("role", "combobox")
        .attr("spellcheck", "false")
        .attr("autocapitalize", "off")
        .attr("aria-autocomplete", "list")
        .attr("aria-controls", LIST)
        .live_bool("aria-expanded", move || search.open.get())
        .live_attr("aria-activedescendant", move || Some(search.active.get()).filter(|at| *at > 0).map(option_id))
        .live_value(move || if search.typing.get() { search.typed.get() } else { setting.text() })
        .on("focus", |event| {
            if let Some(input) = target(&event).and_then(|input| input.dyn_into::<HtmlInputElement>().ok()) {
                input.select();
            }
        })
        .on("click", move |_| search.show())
        .on("input", move |event| {
            search.typed.set(value(&event));
            search.typing.set(true);
            search.show();
        })
        .on("keydown", move |event| search.key_down(&event))
        .on("blur", move |_| search.leave());
    let list = el("ul").class("listbox").attr("role", "listbox").id(LIST).attr("aria-label", "Models");
    let list = list.live_children(move || search.options()).live_flag("hidden", move || !search.open.get());
    let shown = move || setting.state.sound(|sound| dimensions(&sound.deployment.model));
    vec![
        el("div").class("combobox").child(described(setting, input, " model_dimensions")).child(list),
        el("p").class("note").id("model_dimensions").live_text(shown),
    ]
}

fn parameters(model: &Architecture) -> String {
    let parameters = model.parameters() as f64;
    match parameters {
        billions if billions >= 1e9 => format!("{} B", grouped_decimal(billions / 1e9, 2)),
        millions => format!("{} M", grouped_decimal(millions / 1e6, 0)),
    }
}

/// The dimensions that memory depends on, in one line.
fn dimensions(model: &Architecture) -> String {
    let heads = model.attention.heads();
    let attention = match model.attention {
        Attention::Latent { .. } => format!("{heads} heads, latent KV"),
        Attention::Grouped { kv_heads, .. } => format!("{heads} heads, {kv_heads} KV heads"),
    };
    let experts =
        model.moe.map_or_else(String::new, |moe| format!(" · {} experts, {} a token", moe.experts, moe.top_k));
    let (layers, hidden) = (model.layers, grouped(model.hidden));
    format!("{} parameters · {layers} layers · hidden {hidden} · {attention}{experts}", parameters(model))
}
