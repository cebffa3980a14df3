//! A log explained: why it failed, its lines as a filling bar, measured beside predicted, and the configuration that it shows.

use super::timeline::timeline;
use super::{pairs, size};
use crate::chart::Theme;
use crate::deployment::{Deployment, FIELDS, Group};
use crate::link;
use crate::log::{Comparison, Diagnosis, ExplainedLog, RankReading};
use crate::memory::estimate;
use crate::panels::{Request, field_link};
use crate::units::{Bytes, grouped, grouped_decimal};
use maud::{Markup, html};

/// No more changes are advised.
const MOST_ADVICE: usize = 6;
/// No more lines are listed that weren't understood.
const MOST_UNREAD: usize = 20;

/// What the log says.
pub(super) fn section(log: &ExplainedLog, name: &str, request: &Request) -> Markup {
    let ranks = &log.reading.ranks;
    let at = request.number("rank").unwrap_or(0).min(ranks.len().saturating_sub(1) as u64) as usize;
    let theme = if request.option("theme") == Some("dark") { &Theme::DARK } else { &Theme::LIGHT };
    html! {
        @if let Some(diagnosis) = &log.diagnosis {
            (diagnosed(diagnosis, log))
        }
        p.lead { strong { (name) } " has " (counted(log.reading.lines, "line")) " of TensorRT-LLM. " (agreement(log)) }
        (uses(log))
        @if ranks.len() > 1 {
            select.control.ranks name="rank" aria-label="Rank whose lines are shown" {
                @for (place, rank) in ranks.iter().enumerate() {
                    option value=(place) selected[place == at] { (rank_name(rank, place)) }
                }
            }
        }
        @if let Some(rank) = ranks.get(at) {
            (timeline(log, at, theme))
            (comparison(log, rank, at))
        }
        (configuration(log))
        (unread(log, request))
    }
}

fn counted(number: u64, what: &str) -> String {
    format!("{} {what}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// How well the models meet it, in a sentence.
fn agreement(log: &ExplainedLog) -> String {
    let rows: Vec<&Comparison> = log.comparisons.iter().flat_map(|rank| &rank.rows).collect();
    if !log.knows_model() {
        return "Neither it nor its figures say which model it is, so nothing is predicted.".into();
    }
    let outside = rows.iter().filter(|row| !row.inside).count();
    let off = |row: &&&Comparison| row.measured.0.abs_diff(row.predicted.0);
    let Some(worst) = rows.iter().max_by_key(off) else {
        return "None of its figures can be predicted.".into();
    };
    let within = match (rows.len(), outside) {
        (1, 0) => "Its size lies within the prediction's band".to_string(),
        (all, outside) if all == outside => format!("None of its {all} sizes lies within its prediction's band"),
        (all, 0) => format!("All of its {all} sizes lie within their predictions' bands"),
        (all, outside) => format!("{} of its {all} sizes lie within their predictions' bands", all - outside),
    };
    format!("{within}; the largest difference is {}, in {}.", size(Bytes(off(&worst))), worst.contributor.label())
}

/// What can be made of it.
fn uses(log: &ExplainedLog) -> Markup {
    let mut calibrated = log.deployment.clone();
    log.calibrate(&mut calibrated);
    let scales: Vec<(&'static str, String)> = FIELDS
        .iter()
        .filter(|field| field.group == Group::Calibration)
        .map(|field| (field.key, field.write(&calibrated)))
        .collect();
    let can = log.knows_model() && scales.iter().any(|(_, scale)| !scale.is_empty());
    html! {
        div.actions {
            @if can {
                button.button.accent type="button" data-open=(link::encode(&calibrated)) { "Use my log" }
            }
            button.button type="button" data-open=(link::encode(&log.deployment)) { "Open this configuration" }
            @if can {
                button.button type="button" data-take=(pairs(scales)) { "Scale what is open" }
            }
        }
        @if can {
            p.note {
                "Use my log opens its configuration with what it measured as the base of activations, buffers and overhead. \
                 Scale what is open does that for the deployment that is open."
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
                        (true, true) => "By the models this configuration fits: the memory went to something that the log doesn't show.",
                        (true, false) => "By the models this configuration fits, so something else took the memory. Each of these frees some:",
                        (false, true) => "No single change makes it fit.",
                        (false, false) => "Each of these changes alone makes it fit:",
                    }
                }
                ul.advice {
                    @for change in advices.changes.iter().take(MOST_ADVICE) {
                        li {
                            (change.sentence()) " "
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

/// A row of the table: what it is, measured, predicted, their difference, whether that is expected, and a word about it.
struct Row {
    label: String,
    texts: [String; 3],
    inside: bool,
    note: String,
}

/// Measured beside predicted.
fn comparison(log: &ExplainedLog, rank: &RankReading, at: usize) -> Markup {
    let compared = log.comparisons.iter().find(|comparison| comparison.rank == at);
    let sizes = compared.into_iter().flat_map(|comparison| &comparison.rows).map(size_row);
    let rows: Vec<Row> = sizes.chain(counts(log, rank)).collect();
    html! {
        @if !rows.is_empty() {
            table.compared aria-label="Measured beside predicted" {
                thead {
                    tr {
                        th scope="col" { "what" }
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
                "Total " (total.bytes)
                @if let Some(available) = rank.available { ", of which " (available.bytes) " were left for the KV cache" }
                "."
            }
        }
    }
}

fn size_row(row: &Comparison) -> Row {
    let (measured, predicted) = (row.measured.0, row.predicted.0);
    let share = (measured as f64 - predicted as f64) / (predicted as f64).max(1.0) * 100.0;
    let sign = if measured < predicted { "−" } else { "+" };
    let off = Bytes(measured.abs_diff(predicted));
    let difference = match off.0 {
        0 => "exact".to_string(),
        _ if share.abs() < 0.005 => format!("{sign}{}", size(off)),
        _ => format!("{sign}{} ({sign}{} %)", size(off), grouped_decimal(share.abs(), 2)),
    };
    let band = if row.inside || row.low == row.high {
        String::new()
    } else {
        format!(" The prediction's band is {} to {}.", size(row.low), size(row.high))
    };
    Row {
        label: row.contributor.label().into(),
        texts: [size(row.measured), size(row.predicted), difference],
        inside: row.inside,
        note: format!("{}{band}", row.note),
    }
}

/// Blocks, tokens and pages beside what the free memory of the log gives.
fn counts(log: &ExplainedLog, rank: &RankReading) -> Vec<Row> {
    let left = log.reading.ranks.iter().filter_map(|rank| rank.available).map(|size| size.bytes).min();
    let Some(left) = left.filter(|_| log.knows_model() && !log.reading.is_torch()) else { return Vec::new() };
    let pinned = Deployment { free_memory_gib: Some(left.gib()), ..log.deployment.clone() };
    let Ok(report) = estimate(&pinned) else { return Vec::new() };
    let kv = &report.kv_cache;
    let of_left = format!("What {left} of free memory give, in whole blocks.");
    let rows = [
        ("KV cache blocks", rank.blocks, kv.blocks, of_left.as_str()),
        ("KV cache tokens", rank.tokens, kv.tokens, ""),
        ("Blocks of the longest sequence", rank.pages_per_sequence, kv.pages_per_sequence, ""),
    ];
    let row = |(label, measured, predicted, note): (&str, Option<u64>, u64, &str)| {
        let measured = measured?;
        let sign = if measured < predicted { "−" } else { "+" };
        let difference = match measured.abs_diff(predicted) {
            0 => "exact".into(),
            off => format!("{sign}{}", grouped(off)),
        };
        // The free memory is printed to two decimals, which is less than half a percent of the blocks.
        let inside = measured.abs_diff(predicted).saturating_mul(200) <= predicted;
        let texts = [grouped(measured), grouped(predicted), difference];
        Some(Row { label: label.into(), texts, inside, note: note.into() })
    };
    rows.into_iter().filter_map(row).collect()
}

/// What the log says of the configuration, and what its figures imply.
fn configuration(log: &ExplainedLog) -> Markup {
    let said = &log.reading.configuration;
    html! {
        @if !said.is_empty() || !log.inferred.is_empty() {
            h3 { "Configuration" }
            table.items aria-label="Configuration of the log" {
                thead.visually-hidden { tr { th scope="col" { "setting" } th scope="col" { "value" } th scope="col" { "how it is known" } } }
                tbody {
                    @for setting in said {
                        tr {
                            th.key scope="row" { (field_link(setting.key)) }
                            td { (setting.value) }
                            td.faint {
                                "line " (grouped(setting.line))
                                @if log.refused.iter().any(|(key, value)| *key == setting.key && *value == setting.value) {
                                    "; it can't be taken over, the default stands"
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

fn unread(log: &ExplainedLog, request: &Request) -> Markup {
    let reading = &log.reading;
    html! {
        @if reading.unread_count > 0 {
            details.more data-part="unread" open[request.unfolds("unread")] {
                summary { span.part-label { (counted(reading.unread_count, "line")) " about memory not understood" } }
                @if request.unfolds("unread") {
                    ul.unread {
                        @for line in reading.unread.iter().take(MOST_UNREAD) {
                            li { span.line-number { (grouped(line.line)) } " " code { (line.text) } }
                        }
                    }
                }
            }
        } @else {
            p.note { "Every line about memory was understood." }
        }
    }
}
