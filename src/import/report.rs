//! What a reader took from a file, what it assumed and what it left, and how it says that a file can't be read.

use serde::Serialize;
use std::fmt;

/// A file that can't be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReadError {
    /// Line of the file, from 1, where it is one line's fault.
    pub line: Option<u32>,
    /// The field; empty where it is none's fault.
    pub field: String,
    /// A sentence: what is wrong and what would be right.
    pub message: String,
}

impl ReadError {
    /// The fault of the whole file.
    pub fn whole(message: impl Into<String>) -> ReadError {
        ReadError { line: None, field: String::new(), message: message.into() }
    }

    /// The fault of a field, which stands on `line`.
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

/// Something that a reader took, assumed or left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// The file's name for it.
    pub field: String,
    /// Line of the file, from 1, where it stands in the file.
    pub line: Option<u32>,
    /// What stands there; cut where it is long. Text of the file, to be shown as text only.
    pub value: String,
    /// What was made of it, or why it was left; may be empty.
    pub note: String,
}

/// What a reader took from a file, what it assumed, and what it left.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ReadReport {
    /// What the file says and counts.
    pub read: Vec<Item>,
    /// What the file doesn't say and was assumed.
    pub assumed: Vec<Item>,
    /// What the file says and doesn't count here.
    pub ignored: Vec<Item>,
}

impl ReadReport {
    /// Adds an assumption about `field`.
    pub fn assume(&mut self, field: &str, value: impl ToString, note: impl Into<String>) {
        self.assumed.push(Item { field: field.into(), line: None, value: value.to_string(), note: note.into() });
    }
}
