//! Readers of measurement files: logs as JSON lines, CSV tables of execution contexts, capacities
//! and PyTorch runs, and the project's own table. The format is detected by the content, not by the
//! name.
//!
//! A malformed line does not stop a reader: it is left out and listed with its number.

mod csv;
mod logs_jsonl;
mod names;
mod row;
mod tables;

use super::{Exclusion, LeftOut, Measurement};

/// The contents of a file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Read {
    /// The measurements.
    pub measurements: Vec<Measurement>,
    /// The malformed lines.
    pub unreadable: Vec<LeftOut>,
}

/// Reads the text of a file. `name` identifies the file in messages.
pub fn read(name: &str, text: &str) -> Read {
    let text = text.trim_start_matches('\u{feff}');
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("").trim();
    if first.starts_with('{') {
        return logs_jsonl::read(name, text);
    }
    tables::read(name, first, text)
}

/// A malformed line.
fn unreadable(name: &str, line: usize, reason: Exclusion) -> LeftOut {
    LeftOut { id: format!("{name}:{line}"), contributor: None, reason }
}
