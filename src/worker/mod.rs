//! The worker behind the page: its protocol, and the answers to the page's requests.
//!
//! The worker answers in a thread of its own, so that the first picture loads without explanations,
//! searches and readers of files, and no answer delays the page's painting. `src/bin/worker.rs`
//! connects it to the browser.

mod answer;
mod given;
mod help;
pub mod protocol;
mod repair_link;
mod slider_limits;

pub use answer::{answer, answer_text};
pub use given::{Given, GivenReader};
