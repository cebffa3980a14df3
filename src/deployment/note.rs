//! Notes on the resolution of settings.

use serde::Serialize;
use std::fmt;

/// A note on a setting, such as a correction by TensorRT-LLM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// The key of the setting.
    pub field: &'static str,
    /// The text: a full sentence.
    pub message: String,
}

impl Note {
    /// Adds a note to the setting `field`.
    pub(crate) fn add(notes: &mut Vec<Note>, field: &'static str, message: fmt::Arguments<'_>) {
        notes.push(Note { field, message: message.to_string() });
    }
}
