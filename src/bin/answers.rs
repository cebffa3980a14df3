//! The worker behind the page: says what [`trtllm_memory::panels`] says, beside the page's own thread.

use trtllm_memory::panels::answer;
use wasm_bindgen::prelude::*;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

fn main() {
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    let replies = scope.clone();
    let react = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        // The number of the question, a line end, and the request.
        let question = event.data().as_string().unwrap_or_default();
        let (number, request) = question.split_once('\n').unwrap_or_default();
        let _ = replies.post_message(&JsValue::from_str(&format!("{number}\n{}", answer(request))));
    });
    scope.set_onmessage(Some(react.into_js_value().unchecked_ref()));
    // What the page asked before this was not heard.
    let _ = scope.post_message(&JsValue::from_str("ready"));
}
