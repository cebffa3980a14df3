//! The bar at the top: what this is, the version, presets, and sharing.

use super::inputs::choice::Choice;
use super::share::Share;
use super::state::AppState;
use super::theme::Appearance;
use crate::deployment::{field, presets::PRESETS};
use crate::formats::link;
use leptos::prelude::*;

/// The bar at the top.
#[component]
pub fn Header() -> impl IntoView {
    let appearance = expect_context::<Appearance>();
    view! {
        <header class="header">
            <h1 class="brand">"TensorRT-LLM memory"</h1>
            <div class="header-choices">
                {field("trtllm_version").map(|version| view! {
                    <label class="header-label" for="trtllm_version">"version"</label>
                    <Choice field=version/>
                })}
                <Presets/>
            </div>
            <div class="header-actions">
                <button type="button" class="button" on:click=move |_| appearance.toggle()>
                    {move || if appearance.is_dark() { "Light" } else { "Dark" }}
                </button>
                <Share/>
            </div>
        </header>
    }
}

/// Deployments to start from. The menu goes back to its title, because what is chosen may be changed at once.
#[component]
fn Presets() -> impl IntoView {
    let state = expect_context::<AppState>();
    let open = move |event| {
        if let Some(preset) = event_target_value(&event).parse::<usize>().ok().and_then(|index| PRESETS.get(index)) {
            state.warnings.set(Vec::new());
            state.open(link::decode(preset.link).deployment);
        }
        event_target::<web_sys::HtmlSelectElement>(&event).set_value("");
    };
    view! {
        <select class="control presets" aria-label="Start from an example" on:change=open>
            <option value="" selected>"Start from…"</option>
            {PRESETS.iter().enumerate().map(|(index, preset)| view! { <option value=index>{preset.name}</option> }).collect_view()}
        </select>
    }
}
