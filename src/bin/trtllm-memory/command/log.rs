//! `log`: the sizes of a log compared with the predicted ones.

use super::input::{self, InputError};
use super::link_arg::bad_file;
use super::table::Table;
use super::{FAILS, FITS, Output, json};
use std::io::{ErrorKind, Read};
use std::path::Path;
use trtllm_memory::link;
use trtllm_memory::log::{Comparison, ExplainedLog, LogReader, RankReading, explain_in};
use trtllm_memory::memory::Contributor;
use trtllm_memory::units::{Bytes, Units, grouped};

/// Bytes of a read.
const PIECE: usize = 1 << 16;
/// Changes that the advice lists, at most.
const MOST_ADVICE: usize = 6;
/// Unread lines about memory that are listed, at most.
const MOST_UNREAD: usize = 10;

/// Reads a log and explains it.
pub(super) fn answer(file: &Path, as_json: bool, units: Units) -> Output {
    let explained = match read(file) {
        Ok(reader) => explain_in(reader.finish(), units),
        Err(error) => return bad_file(file, error.to_string(), as_json),
    };
    if explained.reading.is_empty() {
        let lines = grouped(explained.reading.lines);
        let message = format!(
            "{}: none of its {lines} lines is a line of TensorRT-LLM about memory or settings.",
            file.display()
        );
        return bad_file(file, message, as_json);
    }
    let status = if explained.diagnosis.is_some() { FAILS } else { FITS };
    let output = if as_json { json(&explained) } else { text(&explained) };
    Output { stdout: output, stderr: String::new(), status }
}

fn read(file: &Path) -> Result<LogReader, InputError> {
    let mut input = input::open(file)?;
    let mut reader = LogReader::default();
    let mut piece = vec![0; PIECE];
    loop {
        match input.read(&mut piece) {
            Ok(0) => return Ok(reader),
            Ok(length) => reader.feed(&piece[..length]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(InputError::new(file, &error)),
        }
    }
}

fn text(log: &ExplainedLog) -> String {
    let mut text = String::new();
    if let Some(diagnosis) = &log.diagnosis {
        text.push_str(&format!("{}\n  line {}: {}\n\n", diagnosis.sentence, diagnosis.line, diagnosis.text));
    }
    if let Some(advices) = log.advice().filter(|advices| !advices.changes.is_empty()) {
        text.push_str(if advices.fits {
            "This configuration should fit, so something else uses the memory. Each of these changes frees some:\n"
        } else {
            "Each of these changes alone makes it fit:\n"
        });
        for change in advices.changes.iter().take(MOST_ADVICE) {
            text.push_str(&format!("  - {}\n", change.sentence(log.units)));
        }
        text.push('\n');
    }
    for (at, rank) in log.reading.ranks.iter().enumerate() {
        let rows =
            log.comparisons.iter().find(|comparison| comparison.rank == at).map(|comparison| &comparison.rows[..]);
        text.push_str(&heading(rank));
        text.push_str(&match rows {
            Some(rows) if !rows.is_empty() => compared(rows, rank, log.units),
            _ => measured(rank, log.units),
        });
        text.push('\n');
    }
    if !log.reading.configuration.is_empty() {
        text.push_str("Settings in the log\n");
        for setting in &log.reading.configuration {
            text.push_str(&format!("  {}={} (line {})\n", setting.key, setting.value, setting.line));
        }
        text.push('\n');
    }
    if !log.inferred.is_empty() {
        text.push_str("Settings implied by its figures\n");
        for inferred in &log.inferred {
            text.push_str(&format!("  {}={}: {}\n", inferred.key, inferred.value, inferred.from));
        }
        text.push('\n');
    }
    text.push_str(&format!("As a link\n  {}\n", link::encode(&log.deployment)));
    if log.reading.unread_count > 0 {
        text.push_str(&format!("\nUnread lines about memory: {}\n", log.reading.unread_count));
        for unread in log.reading.unread.iter().take(MOST_UNREAD) {
            text.push_str(&format!("  {}: {}\n", unread.line, unread.text));
        }
    }
    text
}

fn heading(rank: &RankReading) -> String {
    let number = rank.rank.map_or_else(|| "?".into(), |number| number.to_string());
    let doubt = if rank.stated { "" } else { " (by order; the log does not name it)" };
    format!("Rank {number}{doubt}\n")
}

/// A table of measured and predicted sizes, and the figures that are not compared.
fn compared(rows: &[Comparison], rank: &RankReading, units: Units) -> String {
    let mut table = Table::new(1);
    table.row(["  ", "measured", "predicted", "difference"]);
    for row in rows {
        let difference = (row.measured.0 as f64 - row.predicted.0 as f64) / (row.predicted.0 as f64).max(1.0) * 100.0;
        let mark = if row.inside { "" } else { " !" };
        table.row([
            format!("  {}", row.contributor.label()),
            row.measured.display(units).to_string(),
            row.predicted.display(units).to_string(),
            format!("{difference:+.2} %{mark}"),
        ]);
    }
    let mut text = table.text();
    for row in rows.iter().filter(|row| !row.inside) {
        text.push_str(&format!("  ! {}: {}\n", row.contributor.label(), row.note));
    }
    text + &kv_cache(rank, units)
}

fn measured(rank: &RankReading, units: Units) -> String {
    let mut table = Table::new(1);
    for contributor in Contributor::ALL {
        if let Some(size) = rank.size(contributor) {
            table.row([format!("  {}", contributor.label()), size.bytes.display(units).to_string()]);
        }
    }
    table.text() + &kv_cache(rank, units)
}

fn kv_cache(rank: &RankReading, units: Units) -> String {
    let mut parts = Vec::new();
    let mut size = |name: &str, bytes: Option<Bytes>| {
        parts.extend(bytes.map(|bytes| format!("{name} {}", bytes.display(units))));
    };
    size("total", rank.total.map(|size| size.bytes));
    size("available", rank.available.map(|size| size.bytes));
    let mut count =
        |name: &str, count: Option<u64>| parts.extend(count.map(|count| format!("{} {name}", grouped(count))));
    count("blocks", rank.blocks);
    count("tokens per block", rank.tokens_per_block);
    count("tokens", rank.tokens);
    if parts.is_empty() { String::new() } else { format!("  {}\n", parts.join(" · ")) }
}
