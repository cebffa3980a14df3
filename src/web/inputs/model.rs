//! A model, found by typing a part of its name.

use super::field::{described_by, invalid};
use crate::architecture::{self, Architecture, Attention};
use crate::deployment::Field;
use crate::units::{grouped, grouped_decimal};
use crate::web::browser;
use crate::web::state::AppState;
use leptos::ev::{FocusEvent, KeyboardEvent};
use leptos::prelude::*;

/// No more models are listed at once.
const MOST: usize = 40;
/// The id of the list.
const LIST: &str = "model_list";

fn option_id(index: usize) -> String {
    format!("model_option_{index}")
}

/// A combobox over the catalogue.
#[component]
pub fn Model(field: &'static Field) -> impl IntoView {
    let state = expect_context::<AppState>();
    let text = state.text(field);
    // What is typed; `None` while nothing is looked for.
    let typed = RwSignal::new(None::<String>);
    let open = RwSignal::new(false);
    let active = RwSignal::new(None::<usize>);
    let found = Memo::new(move |_| {
        let all = if open.get() { architecture::suggest(&typed.get().unwrap_or_default()) } else { Vec::new() };
        Found { more: all.len().saturating_sub(MOST), first: all.into_iter().take(MOST).collect() }
    });

    let close = move || {
        open.set(false);
        active.set(None);
        typed.set(None);
    };
    let choose = move |model: &'static Architecture| {
        state.choose(field, &model.name);
        close();
    };
    let show = move || {
        open.set(true);
        active.set(None);
    };
    let step = move |by: isize| {
        if !open.get_untracked() {
            show();
        }
        let count = found.with(|found| found.first.len()) as isize;
        if count > 0 {
            let next = active.get_untracked().map_or(if by > 0 { 0 } else { count - 1 }, |at| {
                (at as isize + by).rem_euclid(count) as usize as isize
            });
            active.set(Some(next as usize));
            if let Some(option) = browser::by_id(&option_id(next as usize)) {
                browser::reveal(&option);
            }
        }
    };
    let key_down = move |event: KeyboardEvent| match event.key().as_str() {
        "ArrowDown" => {
            event.prevent_default();
            step(1);
        }
        "ArrowUp" => {
            event.prevent_default();
            step(-1);
        }
        "Enter" => {
            event.prevent_default();
            let at = active.get_untracked().unwrap_or(0);
            let looked_for = typed.get_untracked().is_some() || active.get_untracked().is_some();
            if let Some(model) = found.with(|found| found.first.get(at).copied()).filter(|_| looked_for) {
                choose(model);
            }
        }
        "Escape" if open.get_untracked() => {
            event.prevent_default();
            state.settle(field);
            close();
        }
        _ => {}
    };
    // A name that is whole is taken; a part of one stays as typed, with a message.
    let leave = move |_| {
        if let Some(text) = typed.get_untracked() {
            state.edit(field, text);
            state.settle(field);
        }
        close();
    };
    let options = move || {
        let chosen = state.value(field).get_untracked();
        found.with(|found| {
            let options = found.first.iter().enumerate().map(|(index, model)| {
                let model: &'static Architecture = model;
                let selected = if model.name == chosen { "true" } else { "false" };
                view! {
                    <li
                        role="option"
                        id=option_id(index)
                        aria-selected=selected
                        class:active=move || active.get() == Some(index)
                        on:mousedown=|event| event.prevent_default()
                        on:click=move |_| choose(model)
                    >
                        <span class="option-name">{model.name.as_str()}</span>
                        <span class="option-size">{parameters(model)}</span>
                    </li>
                }
            });
            options.collect_view()
        })
    };
    let rest = move || {
        found.with(|found| match (found.first.len(), found.more) {
            (0, _) => "No model of the catalogue has such a name.".to_string(),
            (_, 0) => String::new(),
            (_, more) => format!("{more} more: type a part of the name"),
        })
    };
    let select_all = |event: FocusEvent| event_target::<web_sys::HtmlInputElement>(&event).select();
    let described = described_by(state, field);
    view! {
        <div class="combobox">
            <input
                class="control"
                type="text"
                role="combobox"
                id=field.key
                name=field.key
                spellcheck="false"
                autocapitalize="off"
                aria-autocomplete="list"
                aria-controls=LIST
                aria-expanded=move || if open.get() { "true" } else { "false" }
                aria-activedescendant=move || active.get().map(option_id)
                aria-describedby=move || format!("model_dimensions {}", described())
                aria-invalid=invalid(state, field)
                prop:value=move || typed.get().unwrap_or_else(|| text.get())
                on:focus=select_all
                on:click=move |_| show()
                on:input=move |event| {
                    typed.set(Some(event_target_value(&event)));
                    show();
                }
                on:keydown=key_down
                on:blur=leave
            />
            <div class="listbox" hidden=move || !open.get()>
                <ul role="listbox" id=LIST aria-label="Models">{options}</ul>
                <p class="note" hidden=move || rest().is_empty()>{rest}</p>
            </div>
        </div>
        <p class="note" id="model_dimensions">{state.sound(|sound| dimensions(sound.deployment.model))}</p>
    }
}

/// The models that the typed text may mean.
#[derive(PartialEq)]
struct Found {
    first: Vec<&'static Architecture>,
    more: usize,
}

fn parameters(model: &Architecture) -> String {
    let parameters = model.parameters() as f64;
    match parameters {
        billions if billions >= 1e9 => format!("{} B", grouped_decimal(billions / 1e9, 2)),
        millions => format!("{:.0} M", millions / 1e6),
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
