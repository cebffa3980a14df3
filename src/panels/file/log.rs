//! The analysis of a log: its failure, its lines as a filling bar, its measured sizes beside the
//! predictions, and its configuration.

use super::timeline::timeline;
use super::{pairs, size};
use crate::deployment::{Deployment, Group, Machine, SETTINGS};
use crate::link;
use crate::log::{Comparison, Diagnosis, ExplainedLog, RankReading};
use crate::memory::estimate;
use crate::panels::{field_link, widgets};
use crate::protocol::PanelRequest;
use crate::units::{Bytes, Units, grouped, grouped_decimal, signed};
use maud::{Markup, html};

/// The most changes advised.
const MOST_ADVICE: usize = 6;
/// The most unparsed lines listed.
const MOST_UNREAD: usize = 20;

/// Returns the section about a log.
pub(super) fn section(log: &ExplainedLog, name: &str, request: &PanelRequest) -> Markup {
    let ranks = &log.reading.ranks;
    let at = request.number("rank").unwrap_or(0).min(ranks.len().saturating_sub(1) as u64) as usize;
    html! {
        @if let Some(diagnosis) = &log.diagnosis {
            (diagnosed(diagnosis, log))
        }
        p.lead { strong { (name) } ": read " (counted(log.reading.lines, "TensorRT-LLM line")) ". " (agreement(log)) }
        (uses(log))
        @if ranks.len() > 1 {
            select.control.ranks name="rank" aria-label="Rank whose lines are shown" {
                @for (place, rank) in ranks.iter().enumerate() {
                    option value=(place) selected[place == at] { (rank_name(rank, place)) }
                }
            }
        }
        @if let Some(rank) = ranks.get(at) {
            (timeline(log, at, widgets::theme(request)))
            (comparison(log, rank, at))
        }
        (configuration(log))
        (unread(log, request))
    }
}

fn counted(number: u64, what: &str) -> String {
    format!("{} {what}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// The agreement of log and predictions, in a sentence.
fn agreement(log: &ExplainedLog) -> String {
    let rows: Vec<&Comparison> = log.comparisons.iter().flat_map(|rank| &rank.rows).collect();
    if !log.knows_model() {
        return "The log doesn't name the model, so nothing is predicted.".into();
    }
    let outside = rows.iter().filter(|row| !row.inside).count();
    let off = |row: &&&Comparison| row.measured.0.abs_diff(row.predicted.0);
    let Some(worst) = rows.iter().max_by_key(off) else {
        return "None of its figures can be predicted.".into();
    };
    let within = match (rows.len(), outside) {
        (1, 0) => "Its size is as predicted".to_string(),
        (all, 0) => format!("All {all} sizes are as predicted"),
        (all, outside) => format!("{} of {all} sizes are within their likely ranges", all - outside),
    };
    format!(
        "{within}; the largest difference is {}, in {}.",
        size(Bytes(off(&worst)), log.units),
        worst.contributor.label()
    )
}

/// The buttons that use the log.
fn uses(log: &ExplainedLog) -> Markup {
    let mut calibrated = log.deployment.clone();
    log.calibrate(&mut calibrated);
    let scales: Vec<(&'static str, String)> = SETTINGS
        .iter()
        .filter(|setting| setting.group == Group::Calibration)
        .map(|setting| (setting.key, setting.write(&calibrated)))
        .collect();
    let can = log.knows_model() && scales.iter().any(|(_, scale)| !scale.is_empty());
    html! {
        div.actions {
            @if can {
                button.button.accent type="button" data-open=(link::encode(&calibrated)) { "Calibrate with this log" }
            }
            button.button type="button" data-open=(link::encode(&log.deployment)) { "Load its settings" }
            @if can {
                button.button type="button" data-take=(pairs(scales)) { "Calibrate the current configuration" }
            }
        }
        @if can {
            p.note {
                "“Calibrate with this log” loads its settings, with activations, buffers and overhead calibrated by \
                 its measured sizes. “Calibrate the current configuration” applies the same calibration to the \
                 current deployment."
            }
        }
    }
}

fn diagnosed(diagnosis: &Diagnosis, log: &ExplainedLog) -> Markup {
    html! {
        section.diagnosis aria-label="Diagnosis" {
            p.lead { strong { (diagnosis.sentence) } }
            p.note { "Line " (grouped(diagnosis.line)) ": " code { (diagnosis.text) } }
            @if let Some(advices) = log.advice() {
                p {
                    @match (advices.fits, advices.changes.is_empty()) {
                        (true, true) => "This configuration should fit; something else was using memory.",
                        (true, false) => {
                            "This configuration should fit; something else was using memory. To free some:"
                        },
                        (false, true) => "No single change makes it fit.",
                        (false, false) => "Any one of these makes it fit:",
                    }
                }
                ul.advice {
                    @for change in advices.changes.iter().take(MOST_ADVICE) {
                        li {
                            (change.sentence(log.units)) " "
                            button.link type="button" data-open=(link::encode(&change.deployment)) { "Open" }
                        }
                    }
                }
            }
        }
    }
}

fn rank_name(rank: &RankReading, place: usize) -> String {
    let number = rank.rank.unwrap_or(place as u64);
    if rank.stated { format!("Rank {number}") } else { format!("Rank {number}, by order") }
}

/// A row of the table: measured, predicted and their difference; whether that is within the band;
/// and a note.
struct Row {
    label: String,
    texts: [String; 3],
    inside: bool,
    note: String,
}

/// The measured sizes beside the predictions.
fn comparison(log: &ExplainedLog, rank: &RankReading, at: usize) -> Markup {
    let compared = log.comparisons.iter().find(|comparison| comparison.rank == at);
    let sizes = compared.into_iter().flat_map(|comparison| &comparison.rows).map(|row| size_row(row, log.units));
    let rows: Vec<Row> = sizes.chain(counts(log, rank)).collect();
    html! {
        @if !rows.is_empty() {
            table.compared aria-label="Measured and predicted" {
                thead {
                    tr {
                        th scope="col" { "figure" }
                        @for name in ["measured", "predicted", "difference"] {
                            th.number scope="col" { (name) }
                        }
                    }
                }
                @for row in &rows {
                    tbody {
                        tr {
                            th scope="row" { (row.label) }
                            @let [measured, predicted, difference] = &row.texts;
                            td.number { (measured) }
                            td.number { (predicted) }
                            td.number.inside[row.inside].outside[!row.inside] { (difference) }
                        }
                        @if !row.note.is_empty() {
                            tr.meaning { td colspan="4" { (row.note) } }
                        }
                    }
                }
            }
        }
        @if let Some(total) = rank.total {
            p.note {
                "Total " (total.bytes.display(log.units))
                @if let Some(available) = rank.available {
                    ", of which " (available.bytes.display(log.units)) " were left for the KV cache"
                }
                "."
            }
        }
    }
}

fn size_row(row: &Comparison, units: Units) -> Row {
    let (measured, predicted) = (row.measured.0, row.predicted.0);
    let share = (measured as f64 - predicted as f64) / (predicted as f64).max(1.0) * 100.0;
    let off = signed(measured, predicted, |bytes| size(Bytes(bytes), units));
    let difference = match share.abs() {
        _ if measured == predicted => "none".to_string(),
        hardly if hardly < 0.005 => off,
        percent => format!("{off} ({} %)", signed(measured, predicted, |_| grouped_decimal(percent, 2))),
    };
    let band = if row.inside || row.low == row.high {
        String::new()
    } else {
        format!(" Likely range: {} to {}.", size(row.low, units), size(row.high, units))
    };
    Row {
        label: row.contributor.label().into(),
        texts: [size(row.measured, units), size(row.predicted, units), difference],
        inside: row.inside,
        note: format!("{}{band}", row.note),
    }
}

/// Blocks, tokens and pages beside the values that follow from the log's free memory.
fn counts(log: &ExplainedLog, rank: &RankReading) -> Vec<Row> {
    let left = log.reading.ranks.iter().filter_map(|rank| rank.available).map(|size| size.bytes).min();
    let Some(left) = left.filter(|_| log.knows_model() && !log.reading.is_pytorch()) else { return Vec::new() };
    let pinned = Deployment {
        machine: Machine { free_memory_gib: Some(left.gib()), ..log.deployment.machine },
        ..log.deployment.clone()
    };
    let Ok(report) = estimate(&pinned) else { return Vec::new() };
    let kv = &report.kv_cache;
    let of_left = format!("The whole blocks that {} of free memory hold.", left.display(log.units));
    let rows = [
        ("KV cache blocks", rank.blocks, kv.blocks, of_left.as_str()),
        ("KV cache tokens", rank.tokens, kv.tokens, ""),
        ("Blocks of a full-length request", rank.pages_per_sequence, kv.pages_per_sequence, ""),
    ];
    let row = |(label, measured, predicted, note): (&str, Option<u64>, u64, &str)| {
        let measured = measured?;
        let difference = match measured == predicted {
            true => "none".into(),
            false => signed(measured, predicted, grouped),
        };
        // The log prints the free memory to two decimals. The rounding is less than half a percent
        // of the blocks.
        let inside = measured.abs_diff(predicted).saturating_mul(200) <= predicted;
        let texts = [grouped(measured), grouped(predicted), difference];
        Some(Row { label: label.into(), texts, inside, note: note.into() })
    };
    rows.into_iter().filter_map(row).collect()
}

/// The configuration that the log states, and the settings inferred from its figures.
fn configuration(log: &ExplainedLog) -> Markup {
    let said = &log.reading.configuration;
    html! {
        @if !said.is_empty() || !log.inferred.is_empty() {
            h3 { "Configuration" }
            table.items aria-label="Configuration of the log" {
                thead.visually-hidden {
                    tr { @for name in ["setting", "value", "source"] { th scope="col" { (name) } } }
                }
                tbody {
                    @for setting in said {
                        tr {
                            th.key scope="row" { (field_link(setting.key)) }
                            td { (setting.value) }
                            td.faint {
                                "line " (grouped(setting.line))
                                @let refused =
                                    |(key, value): &(&str, String)| *key == setting.key && *value == setting.value;
                                @if log.refused.iter().any(refused) {
                                    "; not valid here, so the default is used"
                                }
                            }
                        }
                    }
                    @for inferred in &log.inferred {
                        tr {
                            th.key scope="row" { (field_link(inferred.key)) }
                            td { (inferred.value) }
                            td.faint { span.inferred { "inferred" } " " (inferred.from) }
                        }
                    }
                }
            }
        }
    }
}

fn unread(log: &ExplainedLog, request: &PanelRequest) -> Markup {
    let reading = &log.reading;
    html! {
        @if reading.unread_count > 0 {
            details.more data-part="unread" open[request.unfolds("unread")] {
                summary { span.part-label { (counted(reading.unread_count, "line")) " about memory not parsed" } }
                @if request.unfolds("unread") {
                    ul.unread {
                        @for line in reading.unread.iter().take(MOST_UNREAD) {
                            li { span.line-number { (grouped(line.line)) } " " code { (line.text) } }
                        }
                    }
                }
            }
        } @else {
            p.note { "Every line about memory was parsed." }
        }
    }
}
