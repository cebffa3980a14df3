//! `validate`: measurement files compared with the predictions.

use super::link_arg::bad_file;
use super::table::Table;
use super::{Output, json};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;
use trtllm_memory::accuracy::{Case, Compared, Comparison, Errors, LeftOut, compare_all, measurements, readers, url};
use trtllm_memory::link;
use trtllm_memory::units::{Bytes, Units, grouped};

/// Worst cases of each contributor that are listed.
const WORST: usize = 3;

/// Compares the measurements of `files`, or by default those that come with the project.
pub(super) fn run(files: &[PathBuf], as_json: bool, units: Units) -> Output {
    let mut read = Vec::with_capacity(files.len().max(1));
    for path in files {
        match std::fs::read(path) {
            Ok(bytes) => {
                let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
                read.push(readers::read(&name, &String::from_utf8_lossy(&bytes)));
            }
            Err(error) => {
                let message = format!("{} cannot be read: {error}", path.display());
                return bad_file(path, message, as_json);
            }
        }
    }
    if files.is_empty() {
        read.push(readers::Read { measurements: measurements(), unreadable: Vec::new() });
    }
    let mut comparison = compare_all(read.iter().map(|file| &file.measurements[..]));
    comparison.left_out.extend(read.into_iter().flat_map(|file| file.unreadable));
    Output::ok(if as_json { json(&Shape::of(&comparison)) } else { text(&comparison, units) })
}

/// The contributors that have cases, with their cases in the order of falling errors.
fn by_contributor(comparison: &Comparison) -> impl Iterator<Item = (Compared, Vec<&Case>)> {
    Compared::ALL.into_iter().filter_map(|contributor| {
        let mut cases: Vec<&Case> = comparison.of(contributor).collect();
        cases.sort_by(|a, b| b.error.abs().total_cmp(&a.error.abs()));
        (!cases.is_empty()).then_some((contributor, cases))
    })
}

/// The JSON: errors are fractions, sizes are bytes.
#[derive(Serialize)]
struct Shape<'a> {
    contributors: BTreeMap<&'static str, ErrorsShape>,
    cases: Vec<CaseShape<'a>>,
    left_out: Vec<LeftOutShape<'a>>,
}

/// Errors of a contributor; null if it has no case.
#[derive(Serialize)]
struct ErrorsShape {
    count: usize,
    median: Option<f64>,
    p90: Option<f64>,
    worst: Option<f64>,
}

#[derive(Serialize)]
struct CaseShape<'a> {
    id: &'a str,
    source: &'a str,
    url: Option<String>,
    backend: &'a str,
    contributor: &'static str,
    predicted: f64,
    measured: f64,
    error: f64,
    exact: bool,
    link: String,
}

#[derive(Serialize)]
struct LeftOutShape<'a> {
    id: &'a str,
    contributor: Option<&'static str>,
    reason: String,
}

impl<'a> Shape<'a> {
    fn of(comparison: &'a Comparison) -> Shape<'a> {
        let errors = |contributor| {
            let Errors { count, median, p90, worst } = Errors::of(comparison.of(contributor));
            let of_some = |error| (count > 0).then_some(error);
            ErrorsShape { count, median: of_some(median), p90: of_some(p90), worst: of_some(worst) }
        };
        let case = |case: &'a Case| CaseShape {
            id: &case.id,
            source: &case.source,
            url: url(&case.source),
            backend: &case.backend,
            contributor: case.contributor.key(),
            predicted: case.predicted,
            measured: case.measured,
            error: case.error,
            exact: case.exact,
            link: link::encode(&case.deployment),
        };
        let left_out = |left_out: &'a LeftOut| LeftOutShape {
            id: &left_out.id,
            contributor: left_out.contributor.map(Compared::key),
            reason: left_out.reason.to_string(),
        };
        Shape {
            contributors: Compared::ALL
                .into_iter()
                .map(|contributor| (contributor.key(), errors(contributor)))
                .collect(),
            cases: comparison.cases.iter().map(case).collect(),
            left_out: comparison.left_out.iter().map(left_out).collect(),
        }
    }
}

/// A figure as text.
fn figure(contributor: Compared, number: f64, units: Units) -> String {
    let whole = number.max(0.0).round() as u64;
    if contributor.is_bytes() { Bytes(whole).display(units).to_string() } else { grouped(whole) }
}

fn text(comparison: &Comparison, units: Units) -> String {
    let percent = |error: f64| format!("{:.3} %", error * 100.0);
    let mut errors = Table::new(1);
    errors.row(["", "cases", "exact", "median", "90 %", "worst"]);
    let mut furthest = Table::new(1);
    for (contributor, cases) in by_contributor(comparison) {
        let Errors { count, median, p90, worst } = Errors::of(cases.iter().copied());
        let exact = cases.iter().filter(|case| case.exact).count();
        let (count, exact) = (count.to_string(), exact.to_string());
        errors.row([contributor.label().into(), count, exact, percent(median), percent(p90), percent(worst)]);
        for case in cases.into_iter().filter(|case| !case.exact).take(WORST) {
            furthest.row([
                format!("  {}  {}", contributor.key(), case.id),
                figure(contributor, case.predicted, units),
                figure(contributor, case.measured, units),
                format!("{:+.3} %", case.error * 100.0),
            ]);
        }
    }
    let mut text = errors.text();
    if comparison.cases.is_empty() {
        text.push_str("\nNo case could be compared.\n");
    }
    // The heading is not part of the table, because its width would widen the columns.
    let furthest = furthest.text();
    if !furthest.is_empty() {
        let _ = write!(text, "\nLargest errors: predicted, measured, error\n{furthest}");
    }
    if !comparison.left_out.is_empty() {
        let _ = writeln!(text, "\nLeft out");
    }
    for alike in comparison.left_out.chunk_by(|a, b| a.id == b.id && a.reason == b.reason) {
        let contributors: Vec<&str> =
            alike.iter().filter_map(|left_out| left_out.contributor).map(Compared::key).collect();
        if let Some(LeftOut { id, reason, .. }) = alike.first() {
            let of = if contributors.is_empty() { String::new() } else { format!(", {}", contributors.join(", ")) };
            let _ = writeln!(text, "  {id}{of}: {reason}");
        }
    }
    text
}
