//! The foot of the page: version, sources, documentation, reports and privacy.

use super::report_sheet::ReportSheet;
use crate::deployment::{Input, setting};
use leptos::prelude::*;

/// NVIDIA's page that this calculator started from.
const SOURCES: &str = "https://nvidia.github.io/TensorRT-LLM/reference/memory.html";
/// The documentation of the models and of the command.
const DOCUMENTATION: &str = "https://docs.rs/trtllm-memory";

/// The foot of the page.
#[component]
pub(super) fn Footer() -> impl IntoView {
    let versions = match setting("trtllm_version").map(|version| version.input) {
        Some(Input::Choice([first, .., last])) => format!("TensorRT-LLM {first} to {last}"),
        _ => String::new(),
    };
    view! {
        <footer class="foot">
            <span>{format!("Calculator {}", env!("CARGO_PKG_VERSION"))}" · "{versions}</span>
            <a href=SOURCES target="_blank" rel="noopener">"Sources"</a>
            <a href=DOCUMENTATION target="_blank" rel="noopener">"Documentation"</a>
            <ReportSheet/>
            <span class="end">"Stays in your browser: nothing is sent"</span>
        </footer>
    }
}
