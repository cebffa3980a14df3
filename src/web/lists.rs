//! The lists of models, GPUs and presets. The program contains only the default of each; `boot.js`
//! loads the others. It loads them at once if the address may name one, otherwise after the first
//! picture. It leaves their texts, or the error, at the root of the page.

use super::browser::by_id;
use super::dom::{El, el, listen};
use super::state::AppState;
use crate::architecture::{self, DEFAULT_MODEL};
use crate::deployment::{Deployment, presets};
use crate::gpu::{self, DEFAULT_GPU};
use crate::link;
use std::cell::RefCell;
use wasm_bindgen::JsValue;
use web_sys::HtmlElement;

/// What is said before anything is known of the lists.
const LOADING: &str = "The lists of models, GPUs and examples are loading.";

/// What is done again when the lists are there, and the deployment that stands until then.
type Waiting = (Deployment, Box<dyn Fn()>);

thread_local! {
    static WAITING: RefCell<Option<Waiting>> = RefCell::default();
}

/// Takes the lists, or what is said in their place, now and whenever there is news of them.
pub(super) fn follow(state: AppState) {
    if let Some(root) = by_id("app") {
        take(state, &root);
        let source = root.clone();
        listen(&root, "lists", move |_| take(state, &source));
    }
}

fn are_whole() -> bool {
    architecture::is_whole() && gpu::is_whole() && presets::is_whole()
}

fn take(state: AppState, root: &HtmlElement) {
    let said = |name| js_sys::Reflect::get(root, &JsValue::from_str(name)).ok().and_then(|said| said.as_string());
    let known = |lists: String| {
        let mut lists = lists.leak().split('\u{c}');
        [architecture::provide, gpu::provide, presets::provide].iter().all(|list| lists.next().is_some_and(list))
    };
    let whole = are_whole() || said("lists").is_some_and(known);
    let news = match said("trouble") {
        _ if whole => String::new(),
        None => LOADING.into(),
        Some(trouble) => format!(
            "The lists of models, GPUs and examples could not be loaded ({trouble}), so that only \
             {DEFAULT_MODEL} and {DEFAULT_GPU} are known. A click tries again."
        ),
    };
    let before = state.view.lists.get_untracked();
    state.view.lists.renew(news);
    state.warnings.update(|warnings| warnings.retain(|warning| *warning != before));
    state.settle_model();
    if let Some((opened, again)) = WAITING.take()
        && state.deployment.with_untracked(|now| *now == opened)
    {
        again();
    }
}

/// Whether the lists are still loading. If so, this reports it and calls `again` once they are
/// loaded or have failed, unless the deployment has changed.
pub(super) fn are_awaited(state: AppState, again: impl Fn() + 'static) -> bool {
    let awaited = !are_whole();
    if awaited {
        state.warnings.set(vec![state.view.lists.get_untracked()]);
        WAITING.set(Some((state.deployment.get_untracked(), Box::new(again))));
    }
    awaited
}

/// What a menu says in place of what the lists would add to it.
pub(super) fn notice(state: AppState) -> Option<El> {
    let news = state.view.lists.get();
    (!news.is_empty()).then(|| el("option").attr("disabled", "").text(&news))
}

/// Opens the deployment of a link that the calculator made.
pub(super) fn open(state: AppState, link: &str) {
    let decoded = link::decode(link);
    state.open(decoded.deployment);
    let link = link.to_string();
    if !decoded.problems.is_empty() {
        are_awaited(state, move || open(state, &link));
    }
}

/// Changes the settings that pairs name, as a link writes them.
pub(super) fn change(state: AppState, settings: &str) {
    let understood = state.take(settings);
    let settings = settings.to_string();
    if !understood {
        are_awaited(state, move || change(state, &settings));
    }
}
