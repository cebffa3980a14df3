//! The answers of the worker behind the page.
//!
//! The worker has a thread of its own. The first picture loads without explanations, searches and
//! file readers, and no answer delays the page's painting. `src/bin/worker.rs` connects it to the
//! browser. The requests are in [`crate::protocol`].

mod answer;
mod given;
mod help;
mod repair_link;
mod repairs;
mod slider_limits;

pub use answer::{answer, answer_text};
pub use given::{Given, GivenReader};
