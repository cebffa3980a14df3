//! The list of models. The program holds the default one alone; the others are a file that `boot.js` loads: at once where the address may
//! name one of them, else after the first picture. It leaves the text, or what kept it away, at the root of the page.

use super::browser::by_id;
use super::dom::listen;
use super::state::AppState;
use crate::architecture::{DEFAULT_MODEL, is_whole, provide};
use crate::deployment::Deployment;
use crate::formats::link;
use std::cell::RefCell;
use wasm_bindgen::JsValue;
use web_sys::HtmlElement;

/// What is said before anything is known of the list.
const LOADING: &str = "The list of models is loading.";

/// What opens something again when the list is there, and the deployment that stands in its place until then.
type Waiting = (Deployment, Box<dyn Fn()>);

thread_local! {
    static WAITING: RefCell<Option<Waiting>> = RefCell::default();
}

/// Takes the list, or what is said in its place, now and whenever there is news of it.
pub fn follow(state: AppState) {
    if let Some(root) = by_id("app") {
        take(state, &root);
        let source = root.clone();
        listen(&root, "models", move |_| take(state, &source));
    }
}

fn take(state: AppState, root: &HtmlElement) {
    let said = |name| js_sys::Reflect::get(root, &JsValue::from_str(name)).ok().and_then(|said| said.as_string());
    let whole = is_whole() || said("models").is_some_and(provide);
    let news = match said("trouble") {
        _ if whole => String::new(),
        None => LOADING.into(),
        Some(trouble) => format!(
            "The list of models could not be loaded ({trouble}), so that only {DEFAULT_MODEL} is known. A click tries again."
        ),
    };
    let before = state.view.models.get_untracked();
    state.view.models.set(news);
    state.warnings.update(|warnings| warnings.retain(|warning| *warning != before));
    state.settle_model();
    if let Some((opened, again)) = WAITING.take()
        && state.deployment.with_untracked(|now| *now == opened)
    {
        again();
    }
}

/// Whether the list is still awaited. Then that is said, and `again` is called when there is news of it, unless the deployment is another
/// by then.
pub fn are_awaited(state: AppState, again: impl Fn() + 'static) -> bool {
    let awaited = !is_whole();
    if awaited {
        state.warnings.set(vec![state.view.models.get_untracked()]);
        WAITING.set(Some((state.deployment.get_untracked(), Box::new(again))));
    }
    awaited
}

/// Opens the deployment of a link that the calculator made.
pub fn open(state: AppState, link: &str) {
    let decoded = link::decode(link);
    state.open(decoded.deployment);
    let link = link.to_string();
    if !decoded.problems.is_empty() {
        are_awaited(state, move || open(state, &link));
    }
}
