//! Files of measurements: logs as JSON lines, tables of execution contexts, capacities and PyTorch runs as CSV, and the
//! project's own table. What a file holds is seen by its content, not by its name.
//!
//! Nothing in a file stops the reading: what can't be read is named with its line and left out.

mod csv;
mod logs_jsonl;
mod names;
mod row;
mod tables;

use super::{LeftOut, Measurement};

/// What a file holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Read {
    /// The measurements.
    pub measurements: Vec<Measurement>,
    /// The lines that can't be read.
    pub unreadable: Vec<LeftOut>,
}

/// Reads the text of a file called `name`, which is used in messages only.
pub fn read(name: &str, text: &str) -> Read {
    let text = text.trim_start_matches('\u{feff}');
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("").trim();
    if first.starts_with('{') {
        return logs_jsonl::read(name, text);
    }
    tables::read(name, first, text)
}

/// A line that can't be read.
fn unreadable(name: &str, line: usize, reason: impl ToString) -> LeftOut {
    LeftOut { id: format!("{name}:{line}"), contributor: None, reason: reason.to_string() }
}
