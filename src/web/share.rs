//! Copies the link of the deployment.

use super::dom::{El, el, key};
use super::{address, browser, state::AppState};
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::HtmlInputElement;

/// The button, and the link to copy by hand where the browser won't.
pub fn share(state: AppState) -> El {
    // Whether the link is on the clipboard, and the link where the browser did not allow that.
    let (copied, refused) = (RwSignal::new(false), RwSignal::new(String::new()));
    let copy_link = move |_| {
        let link = address::of(state);
        copy(&link.clone(), move |done| {
            copied.set(done);
            refused.set(if done { String::new() } else { link.clone() });
            set_timeout(move || copied.set(false), std::time::Duration::from_secs(2));
        });
    };
    let text = move |idle: &str| if copied.get() { "Link copied" } else { idle }.to_string();
    let button = el("button")
        .id("share")
        .class("button accent")
        .attr("type", "button")
        .live_text(move || text("Share"))
        .on("click", copy_link);
    let announced = el("span").class("visually-hidden").attr("role", "status").live_text(move || text(""));
    let by_hand = el("div").live_children(move || match refused.get() {
        none if none.is_empty() => Vec::new(),
        link => vec![by_hand(&link, move || refused.set(String::new()))],
    });
    el("div").class("share").child(button).child(announced).child(by_hand)
}

/// The link in a field, selected.
fn by_hand(link: &str, close: impl Fn() + Clone + 'static) -> El {
    let close = move || {
        close();
        browser::focus("share");
    };
    let escape = close.clone();
    let input = el("input").id("link").class("control").attr("type", "text").attr("readonly", "").attr("value", link);
    if let Some(input) = input.0.dyn_ref::<HtmlInputElement>().cloned() {
        request_animation_frame(move || {
            let _ = input.focus();
            input.select();
        });
    }
    let message = "The browser doesn't let this page copy. This is the link:";
    el("div")
        .class("by-hand")
        .on("keydown", move |event| {
            if key(&event) == "Escape" {
                escape();
            }
        })
        .child(el("label").attr("for", "link").text(message))
        .child(input)
        .child(el("button").class("button").attr("type", "button").text("Close").on("click", move |_| close()))
}

/// Writes to the clipboard and says whether that went well; a page without a secure origin has no clipboard.
pub fn copy(text: &str, done: impl Fn(bool) + Clone + 'static) {
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
