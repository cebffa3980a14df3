//! The worker behind the page: says what `panels` says, beside the page's own thread.

use std::cell::RefCell;
use trtllm_memory::answer_about;
use wasm_bindgen::prelude::*;
use web_sys::{Blob, DedicatedWorkerGlobalScope, FileReaderSync, MessageEvent};

/// Of a larger file the beginning and the end are read, of this many bytes each: a log begins with its configuration and
/// ends with what went wrong.
const PART: f64 = 33_554_432.0;
/// A safetensors header isn't longer, in bytes.
const LONGEST_HEADER: f64 = 1e8;

fn main() {
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    let replies = scope.clone();
    // What was given last.
    let kept = RefCell::new(Vec::new());
    let react = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        if let Some(file) = event.data().dyn_ref::<Blob>() {
            kept.replace(read(file).unwrap_or_default());
            return;
        }
        // The number of the question, a line end, and the request.
        let question = event.data().as_string().unwrap_or_default();
        let (number, request) = question.split_once('\n').unwrap_or_default();
        let _ =
            replies.post_message(&JsValue::from_str(&format!("{number}\n{}", answer_about(request, &kept.borrow()))));
    });
    scope.set_onmessage(Some(react.into_js_value().unchecked_ref()));
    // What the page asked before this was not heard.
    let _ = scope.post_message(&JsValue::from_str("ready"));
}

/// What of a file is worth reading: all of it, of tensors the header, and of anything large its two ends.
fn read(file: &Blob) -> Option<Vec<u8>> {
    let reader = FileReaderSync::new().ok()?;
    let size = file.size();
    let part = |from: f64, to: f64| {
        let part = file.slice_with_f64_and_f64(from, to.min(size)).ok()?;
        reader.read_as_array_buffer(&part).ok().map(|bytes| js_sys::Uint8Array::new(&bytes).to_vec())
    };
    let start = part(0.0, 9.0)?;
    if let Some((length, b"{")) = start.split_first_chunk::<8>() {
        let length = u64::from_le_bytes(*length) as f64;
        if length <= LONGEST_HEADER {
            return part(0.0, 8.0 + length);
        }
    }
    if size <= 2.0 * PART {
        return part(0.0, size);
    }
    let mut ends = part(0.0, PART)?;
    ends.extend(part(size - PART, size)?);
    Some(ends)
}
