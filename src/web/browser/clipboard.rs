//! The browser's clipboard.

use leptos::prelude::window;
use wasm_bindgen::prelude::*;

/// Writes text to the clipboard and calls `done` with whether it succeeded. A page without a secure
/// origin has no clipboard.
pub(in crate::web) fn copy(text: &str, done: impl Fn(bool) + 'static) {
    let navigator = window().navigator();
    let clipboard = js_sys::Reflect::get(&navigator, &JsValue::from_str("clipboard"));
    if !clipboard.is_ok_and(|clipboard| clipboard.is_object()) {
        return done(false);
    }
    // The promise resolves to nothing, or rejects with an error. One closure serves both, because a
    // closure that is never called would keep its captures forever.
    let answered = Closure::once_into_js(move |answer: JsValue| done(answer.is_undefined()));
    let promise = navigator.clipboard().write_text(text);
    let then = js_sys::Reflect::get(&promise, &JsValue::from_str("then"));
    if let Some(then) = then.ok().and_then(|then| then.dyn_into::<js_sys::Function>().ok()) {
        let _ = then.call2(&promise, &answered, &answered);
    }
}
