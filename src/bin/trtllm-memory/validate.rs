//! `trtllm-memory validate`: files of measurements against the laws.

use serde::Serialize;
use serde_json::{Map, Value, json};
use std::fmt::Write;
use std::path::PathBuf;
use trtllm_memory::accuracy::{Case, Compared, Comparison, Errors, LeftOut, compare_all, measurements, readers, url};
use trtllm_memory::formats::link;
use trtllm_memory::units::{Bytes, grouped};

/// How many of the worst cases are shown by name for each contributor.
const WORST: usize = 3;

/// Reads the files, or without any the measurements that come with the project, and says how near the laws come.
///
/// # Errors
/// A file that can't be read.
pub fn run(files: &[PathBuf], json: bool) -> Result<String, String> {
    let mut read = Vec::with_capacity(files.len().max(1));
    for path in files {
        let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        read.push(readers::read(&name, &String::from_utf8_lossy(&bytes)));
    }
    if files.is_empty() {
        read.push(readers::Read { measurements: measurements(), unreadable: Vec::new() });
    }
    let mut comparison = compare_all(read.iter().map(|file| &file.measurements[..]));
    comparison.left_out.extend(read.into_iter().flat_map(|file| file.unreadable));
    if json { as_json(&comparison) } else { Ok(as_text(&comparison)) }
}

/// Contributors that have cases, with their cases, the worst first.
fn by_contributor(comparison: &Comparison) -> impl Iterator<Item = (Compared, Vec<&Case>)> {
    Compared::ALL.into_iter().filter_map(|contributor| {
        let mut cases: Vec<&Case> = comparison.of(contributor).collect();
        cases.sort_by(|a, b| b.error.abs().total_cmp(&a.error.abs()));
        (!cases.is_empty()).then_some((contributor, cases))
    })
}

#[derive(Serialize)]
struct CaseJson<'a> {
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
struct LeftOutJson<'a> {
    id: &'a str,
    contributor: Option<&'static str>,
    reason: &'a str,
}

/// Errors as fractions, sizes in bytes.
fn as_json(comparison: &Comparison) -> Result<String, String> {
    let contributors: Map<String, Value> = Compared::ALL
        .into_iter()
        .map(|contributor| {
            let Errors { count, median, p90, worst } = Errors::of(comparison.of(contributor));
            let of_none = |error: f64| if count == 0 { Value::Null } else { json!(error) };
            let errors = json!({
                "count": count, "median": of_none(median), "p90": of_none(p90), "worst": of_none(worst),
            });
            (contributor.key().to_string(), errors)
        })
        .collect();
    let case = |case: &Case| {
        serde_json::to_value(CaseJson {
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
        })
    };
    let left_out = |left_out: &LeftOut| {
        serde_json::to_value(LeftOutJson {
            id: &left_out.id,
            contributor: left_out.contributor.map(Compared::key),
            reason: &left_out.reason,
        })
    };
    let all = || {
        Ok::<Value, serde_json::Error>(json!({
            "contributors": contributors,
            "cases": comparison.cases.iter().map(case).collect::<Result<Vec<_>, _>>()?,
            "left_out": comparison.left_out.iter().map(left_out).collect::<Result<Vec<_>, _>>()?,
        }))
    };
    let text = all().and_then(|all| serde_json::to_string_pretty(&all));
    text.map(|text| text + "\n").map_err(|error| error.to_string())
}

/// A figure for a person.
fn figure(contributor: Compared, number: f64) -> String {
    let whole = number.max(0.0).round() as u64;
    if contributor.is_bytes() { Bytes(whole).to_string() } else { grouped(whole) }
}

fn as_text(comparison: &Comparison) -> String {
    let mut text = format!("{:<31} {:>5} {:>6} {:>9} {:>9} {:>9}\n", "", "cases", "exact", "median", "90 %", "worst");
    let percent = |error: f64| format!("{:.3} %", error * 100.0);
    for (contributor, cases) in by_contributor(comparison) {
        let Errors { count, median, p90, worst } = Errors::of(cases.iter().copied());
        let exact = cases.iter().filter(|case| case.exact).count();
        let (median, p90, worst) = (percent(median), percent(p90), percent(worst));
        let label = contributor.label();
        let _ = writeln!(text, "{label:<31} {count:>5} {exact:>6} {median:>9} {p90:>9} {worst:>9}");
    }
    if comparison.cases.is_empty() {
        text.push_str("No case could be compared.\n");
    }
    let mut worst = String::new();
    for (contributor, cases) in by_contributor(comparison) {
        for case in cases.into_iter().filter(|case| !case.exact).take(WORST) {
            let (predicted, measured) = (figure(contributor, case.predicted), figure(contributor, case.measured));
            let (error, id, key) = (case.error * 100.0, &case.id, contributor.key());
            let _ = writeln!(worst, "  {key:<16} {error:>+8.3} %  {predicted} against {measured}  {id}");
        }
    }
    if !worst.is_empty() {
        let _ = write!(text, "\nFurthest off\n{worst}");
    }
    if !comparison.left_out.is_empty() {
        let _ = writeln!(text, "\nLeft out");
        for LeftOut { id, contributor, reason } in &comparison.left_out {
            let what = contributor.map_or("", Compared::key);
            let _ = writeln!(text, "  {what:<16} {id}: {reason}");
        }
    }
    text
}
