//! What a print needs and the screen shows elsewhere: version, backend, address and date.

use crate::deployment::setting;
use crate::web::state::{AppState, page_address};
use leptos::ev;
use leptos::prelude::*;

/// Lines at the head of a print.
#[component]
pub(super) fn PrintHead() -> impl IntoView {
    let app = AppState::from_context();
    let lines = RwSignal::new((String::new(), String::new()));
    window_event_listener(ev::beforeprint, move |_| {
        let subject = app.with_valid(|valid| {
            let version =
                setting("trtllm_version").map(|version| version.settled(&valid.deployment, Some(&valid.resolved)));
            let version = version.unwrap_or_default();
            format!("TensorRT-LLM {version}, {} backend", valid.resolved.given.backend.name())
        });
        let date =
            String::from(js_sys::Date::new_0().to_locale_date_string("en-CA", &wasm_bindgen::JsValue::UNDEFINED));
        lines.set((format!("{subject} · calculator {} · {date}", env!("CARGO_PKG_VERSION")), page_address(app)));
    });
    view! {
        <div class="print-head">
            <p>{Signal::derive(move || lines.with(|(about, _)| about.clone()))}</p>
            <p class="print-address">{Signal::derive(move || lines.with(|(_, address)| address.clone()))}</p>
        </div>
    }
}
