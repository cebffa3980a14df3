//! The program beside the page, as WebAssembly in a worker: it takes `[number, question]` and gives `[number, answer]`.

use trtllm_memory::answers::answer;
use wasm_bindgen::prelude::*;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

fn main() {
    let Ok(scope) = js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>() else {
        return;
    };
    let page = scope.clone();
    let answered = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        let asked = js_sys::Array::from(&event.data());
        let text = answer(&asked.get(1).as_string().unwrap_or_default());
        let _ = page.post_message(&js_sys::Array::of2(&asked.get(0), &JsValue::from_str(&text)));
    });
    scope.set_onmessage(Some(answered.as_ref().unchecked_ref()));
    answered.forget();
    // What was asked before this program stood has waited for this word.
    let _ = scope.post_message(&JsValue::NULL);
}
