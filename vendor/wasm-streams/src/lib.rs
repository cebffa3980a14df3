//! Stands in for `wasm-streams`, by which Leptos' server functions send and receive streams.
//!
//! A static site has no server and so no server functions, but the real crate's classes are exported from every page that
//! links it, with all that they use: seven kilobytes to load. Here are the names that `server_fn` compiles against, and every
//! stream is empty.

use futures_util::stream::{self, Empty};
use wasm_bindgen::JsValue;

/// A stream of the browser.
#[derive(Debug)]
pub struct ReadableStream(web_sys::ReadableStream);

impl ReadableStream {
    /// A stream of the browser with nothing in it.
    pub fn from_stream<S>(_: S) -> ReadableStream {
        ReadableStream(wasm_bindgen::JsCast::unchecked_into(JsValue::NULL))
    }

    /// The given stream.
    pub fn from_raw(raw: web_sys::ReadableStream) -> ReadableStream {
        ReadableStream(raw)
    }

    /// The browser's own.
    pub fn into_raw(self) -> web_sys::ReadableStream {
        self.0
    }

    /// Nothing.
    pub fn into_stream(self) -> Empty<Result<JsValue, JsValue>> {
        stream::empty()
    }
}
