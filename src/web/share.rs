//! Copies the link of the deployment.

use super::{address, state::AppState};
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;

/// How far the copying got.
#[derive(Clone, PartialEq)]
enum Copied {
    /// Nothing was asked for.
    Idle,
    /// The link is on the clipboard.
    Done,
    /// The browser did not allow it; this is the link.
    Refused(String),
}

/// The button, and the link to copy by hand where the browser won't.
#[component]
pub fn Share() -> impl IntoView {
    let state = expect_context::<AppState>();
    let copied = RwSignal::new(Copied::Idle);
    let share = move |_| {
        let link = state.deployment.with_untracked(address::of);
        let refused = link.clone();
        copy(&link, move |done| {
            copied.set(if done { Copied::Done } else { Copied::Refused(refused.clone()) });
            if done {
                set_timeout(move || copied.set(Copied::Idle), std::time::Duration::from_secs(2));
            }
        });
    };
    let text = move || if copied.get() == Copied::Done { "Link copied" } else { "Share" };
    let by_hand = move || match copied.get() {
        Copied::Refused(link) => Some(view! { <ByHand link close=move || copied.set(Copied::Idle)/> }),
        _ => None,
    };
    view! {
        <button type="button" id="share" class="button accent" on:click=share>{text}</button>
        <span class="visually-hidden" role="status">{move || (copied.get() == Copied::Done).then_some("Link copied")}</span>
        {by_hand}
    }
}

/// The link in a field, selected.
#[component]
fn ByHand(link: String, close: impl Fn() + 'static) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    Effect::new(move |_| {
        if let Some(input) = input.get() {
            let _ = input.focus();
            input.select();
        }
    });
    view! {
        <div class="by-hand">
            <label for="link">"The browser doesn't let this page copy. This is the link:"</label>
            <input id="link" class="control" type="text" readonly node_ref=input prop:value=link/>
            <button type="button" class="button" on:click=move |_| close()>"Close"</button>
        </div>
    }
}

/// Writes to the clipboard and says whether that went well; a page without a secure origin has no clipboard.
fn copy(text: &str, done: impl Fn(bool) + Clone + 'static) {
    let navigator = window().navigator();
    let clipboard = js_sys::Reflect::get(&navigator, &JsValue::from_str("clipboard"));
    if !clipboard.is_ok_and(|clipboard| clipboard.is_object()) {
        return done(false);
    }
    let refused = done.clone();
    let copied = Closure::once_into_js(move || done(true));
    let failed = Closure::once_into_js(move || refused(false));
    let promise = navigator.clipboard().write_text(text);
    let then = js_sys::Reflect::get(&promise, &JsValue::from_str("then"));
    if let Some(then) = then.ok().and_then(|then| then.dyn_into::<js_sys::Function>().ok()) {
        let _ = then.call2(&promise, &copied, &failed);
    }
}
