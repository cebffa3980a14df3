//! The catalogues of models, GPUs and presets. The program contains only the default row of each;
//! `boot.js` loads the files: at once if the address may name a row, otherwise after the first
//! picture. It leaves their texts, or the error, as properties of the page's root.

use super::AppState;
use crate::architecture::{self, DEFAULT_MODEL};
use crate::deployment::presets;
use crate::gpu::{self, DEFAULT_GPU};
use crate::link;
use crate::web::browser;
use leptos::ev;
use leptos::prelude::*;
use leptos_use::use_event_listener;
use wasm_bindgen::JsValue;
use web_sys::HtmlElement;

const LOADING: &str = "The lists of models, GPUs and examples are loading.";

/// Adds the catalogues when they are loaded, and reports errors.
pub(super) fn follow(state: AppState) {
    if let Some(root) = browser::by_id("app") {
        take(state, &root);
        let source = root.clone();
        let _ = use_event_listener(root, ev::Custom::<web_sys::Event>::new("lists"), move |_| take(state, &source));
    }
}

fn are_whole() -> bool {
    architecture::is_whole() && gpu::is_whole() && presets::is_whole()
}

fn take(state: AppState, root: &HtmlElement) {
    let property = |name| js_sys::Reflect::get(root, &JsValue::from_str(name)).ok().and_then(|value| value.as_string());
    let provide = |files: String| {
        let mut files = files.leak().split('\u{c}');
        [architecture::provide, gpu::provide, presets::provide].iter().all(|list| files.next().is_some_and(list))
    };
    let is_whole = are_whole() || property("lists").is_some_and(provide);
    let notice = match property("trouble") {
        _ if is_whole => String::new(),
        None => LOADING.into(),
        Some(trouble) => format!(
            "The lists of models, GPUs and examples could not be loaded ({trouble}), so that only \
             {DEFAULT_MODEL} and {DEFAULT_GPU} are known. A click tries again."
        ),
    };
    let before = state.view.catalogue_notice.get_untracked();
    // A second failure for the same reason is no news, and the warning stays.
    if before != notice {
        state.view.catalogue_notice.set(notice);
        state.warnings.update(|warnings| warnings.retain(|warning| *warning != before));
    }
    state.settle_model();
}

/// Whether the catalogues are incomplete. If so, this shows the reason as a warning, and calls
/// `again` once there is news, unless the deployment has changed.
pub(super) fn are_awaited(state: AppState, again: impl Fn() + 'static) -> bool {
    if are_whole() {
        return false;
    }
    let (notice, opened) = (state.view.catalogue_notice.get_untracked(), state.deployment.get_untracked());
    state.warnings.set(vec![notice]);
    Effect::new(move |waits: Option<bool>| {
        state.view.catalogue_notice.track();
        if waits == Some(true) && state.deployment.with_untracked(|now| *now == opened) {
            untrack(&again);
        }
        waits.is_none()
    });
    true
}

/// The notice that menus show in place of the missing rows; `None` if the catalogues are complete.
pub(in crate::web) fn catalogue_notice(state: AppState) -> Option<String> {
    Some(state.view.catalogue_notice.get()).filter(|notice| !notice.is_empty())
}

/// Opens the deployment of a link that the calculator made. The browser's Back returns from it.
pub(in crate::web) fn open_link(state: AppState, link: &str) {
    let decoded = link::decode(link);
    super::address::push(state);
    state.open(decoded.deployment);
    let link = link.to_string();
    if !decoded.problems.is_empty() {
        are_awaited(state, move || open_link(state, &link));
    }
}

/// Changes the settings that `settings` names, in the link format.
pub(in crate::web) fn change_settings(state: AppState, settings: &str) {
    let are_valid = state.choose_all(settings);
    let settings = settings.to_string();
    if !are_valid {
        are_awaited(state, move || change_settings(state, &settings));
    }
}
