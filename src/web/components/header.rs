//! The bar at the top: backend, version, examples, import, history, theme, export and sharing.

use super::inputs::{BackendSwitch, VersionChoice};
use super::share::Share;
use crate::deployment::presets::presets;
use crate::protocol::PanelId;
use crate::web::browser;
use crate::web::state::{AppState, Direction, Place, Tab, catalogue_notice, open_link};
use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// The bar at the top.
#[component]
pub(super) fn Header() -> impl IntoView {
    let app = AppState::from_context();
    let skip = move |_| {
        app.view.place.set(Place::Memory);
        if let Some(verdict) = browser::by_id("verdict") {
            browser::focus(&verdict);
        }
    };
    let import = move |_| {
        app.view.open_tab(Tab(PanelId::File));
        browser::after_paint(|| {
            if let Some(panel) = browser::by_id(PanelId::File.name()) {
                browser::reveal(&panel);
            }
        });
    };
    let is_impossible = Signal::derive(move || app.problems.with(|problems| !problems.is_empty()));
    let theme = Signal::derive(move || if app.appearance.is_dark() { "Switch to light" } else { "Switch to dark" });
    let sign = Signal::derive(move || if app.appearance.is_dark() { "☀" } else { "☾" });
    view! {
        <header class="header">
            <button class="skip button" type="button" on:click=skip>"Skip to the answer"</button>
            <h1 class="brand"><span class="logo" aria-hidden="true"></span>"TensorRT-LLM memory"</h1>
            <div class="header-choices">
                <BackendSwitch/>
                <VersionChoice/>
                <Presets/>
            </div>
            <button class="pastebox" type="button" on:click=import>
                <b>"Paste or drop"</b>
                <span>" a log, model file or config"</span>
            </button>
            <div class="header-actions">
                <HistoryButton direction=Direction::Undo name="Undo" sign="↶" keys="Ctrl+Z"/>
                <HistoryButton direction=Direction::Redo name="Redo" sign="↷" keys="Ctrl+Shift+Z"/>
                <button
                    class="button icon theme"
                    type="button"
                    aria-label=theme
                    title=theme
                    on:click=move |_| app.appearance.toggle()
                >
                    {sign}
                </button>
                <button
                    class="button export"
                    type="button"
                    disabled=is_impossible
                    on:click=move |_| app.view.open_tab(Tab(PanelId::Export))
                >
                    "Export"
                </button>
                <Share/>
            </div>
        </header>
    }
}

#[component]
fn HistoryButton(direction: Direction, name: &'static str, sign: &'static str, keys: &'static str) -> impl IntoView {
    let app = AppState::from_context();
    view! {
        <button
            class="button icon step"
            type="button"
            aria-label=name
            title=format!("{name} ({keys})")
            aria-disabled=Signal::derive(move || (!app.history.can(direction)).to_string())
            on:click=move |_| app.history.step(app, direction)
        >
            {sign}
        </button>
    }
}

/// The menu of presets. It returns to its title, because the user may change the opened deployment.
#[component]
fn Presets() -> impl IntoView {
    let app = AppState::from_context();
    let options = move || {
        let notice = catalogue_notice(app).map(|notice| view! { <option disabled>{notice}</option> });
        let presets = presets().iter();
        let options =
            presets.map(|preset| view! { <option value=preset.name title=preset.about>{preset.name}</option> });
        (options.collect_view(), notice)
    };
    let open = move |event: web_sys::Event| {
        let name = event_target_value(&event);
        if let Some(preset) = presets().iter().find(|preset| preset.name == name) {
            app.warnings.set(Vec::new());
            open_link(app, preset.link);
        }
        if let Some(menu) = event.target().and_then(|menu| menu.dyn_into::<web_sys::HtmlSelectElement>().ok()) {
            menu.set_value("");
        }
    };
    view! {
        <select class="control presets" aria-label="Start from an example" on:change=open>
            <option value="">"Start from…"</option>
            {options}
        </select>
    }
}
