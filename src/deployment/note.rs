//! Notes on what TensorRT-LLM makes of a setting.

use serde::Serialize;
use std::fmt;

/// A correction by TensorRT-LLM, or something worth knowing, about one setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// The link key of the field.
    pub field: &'static str,
    /// A sentence.
    pub message: String,
}

impl Note {
    /// Adds a note to `field`.
    pub(crate) fn add(notes: &mut Vec<Note>, field: &'static str, message: fmt::Arguments<'_>) {
        notes.push(Note { field, message: message.to_string() });
    }
}
