//! The report of a reader: the fields that it read, assumed and ignored, and its errors.

use serde::Serialize;
use std::fmt;

/// An error in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReadError {
    /// The line of the file, from 1; `None` if the error is not on one line.
    pub line: Option<u32>,
    /// The field; empty if the error is not in one field.
    pub field: String,
    /// A sentence that states the error and the expectation.
    pub message: String,
}

impl ReadError {
    /// An error of the whole file.
    pub fn whole(message: impl Into<String>) -> ReadError {
        ReadError { line: None, field: String::new(), message: message.into() }
    }

    /// An error of a field on `line`.
    pub fn at(line: u32, field: impl Into<String>, message: impl Into<String>) -> ReadError {
        ReadError { line: Some(line), field: field.into(), message: message.into() }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.field.as_str()) {
            (Some(line), "") => write!(f, "line {line}: {}", self.message),
            (Some(line), field) => write!(f, "line {line}, {field}: {}", self.message),
            (None, "") => f.write_str(&self.message),
            (None, field) => write!(f, "{field}: {}", self.message),
        }
    }
}

impl std::error::Error for ReadError {}

/// A field that was read, assumed or ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Its name in the file.
    pub field: String,
    /// The line of the file, from 1; `None` if it is not in the file.
    pub line: Option<u32>,
    /// The value, shortened if it is long. It is untrusted text of the file, to be shown only as
    /// text.
    pub value: String,
    /// How it was interpreted, or why it was ignored; may be empty.
    pub note: String,
}

/// The fields that a reader read, assumed and ignored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ReadReport {
    /// Fields of the file that were used.
    pub read: Vec<Item>,
    /// Values that the file does not state and that were assumed.
    pub assumed: Vec<Item>,
    /// Fields of the file that were not used.
    pub ignored: Vec<Item>,
}

impl ReadReport {
    /// Adds an assumption about `field`.
    pub fn assume(&mut self, field: &str, value: impl ToString, note: impl Into<String>) {
        self.assumed.push(Item { field: field.into(), line: None, value: value.to_string(), note: note.into() });
    }
}
