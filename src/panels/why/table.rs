//! The table of a contributor's tensors or buffers.

use super::rows::Row;
use super::subject::Subject;
use super::well;
use crate::memory::{Contributor, Notation, StoredTensor};
use crate::units::{Bytes, grouped, joined};
use maud::{Markup, html};
use std::cmp::Reverse;

/// Rows that are shown; smaller ones are folded.
const MOST: usize = 12;
/// Share of the contributor below which a row is folded.
const SMALL: f64 = 0.001;
/// Characters of a formula that fits its column.
const SHORT: usize = 28;
/// Width of the bar beside a size, in CSS pixels.
const BAR: f64 = 84.0;

/// The order of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Name,
    Bytes,
    Ranks,
}

impl Order {
    const ALL: [Order; 3] = [Order::Name, Order::Bytes, Order::Ranks];

    fn name(self) -> &'static str {
        match self {
            Order::Name => "name",
            Order::Bytes => "bytes",
            Order::Ranks => "ranks",
        }
    }

    fn sort(self, rows: &mut [&Row]) {
        match self {
            Order::Name => rows.sort_by(|a, b| a.name.cmp(&b.name)),
            Order::Bytes => rows.sort_by_key(|row| Reverse(row.bytes)),
            // Whole copies first: doubling tp_size leaves them as they are.
            Order::Ranks => rows.sort_by_key(|row| (row.tensor().map_or(1, |tensor| tensor.ranks), Reverse(row.bytes))),
        }
    }
}

/// The columns of a table.
#[derive(Clone, Copy)]
struct Columns {
    /// Whether the rows are tensors, with a shape.
    shapes: bool,
    /// Whether several ranks may share a tensor.
    ranks: bool,
    /// Whether some size is uncertain.
    ranges: bool,
    /// Whether a row has two lines.
    narrow: bool,
}

impl Columns {
    fn number(self) -> usize {
        3 + if self.shapes { 3 } else { 1 } + usize::from(self.ranks) + usize::from(self.ranges)
    }

    /// Columns before the size.
    fn before_bytes(self) -> usize {
        if self.shapes { 4 } else { 2 }
    }
}

/// The tensors or buffers of a contributor.
pub(super) fn table(subject: &Subject, contributor: Contributor, rows: &[Row]) -> Markup {
    let order = subject.request.option("sort");
    let order = Order::ALL.into_iter().find(|known| order == Some(known.name())).unwrap_or(Order::Bytes);
    let shapes = rows.iter().any(|row| row.tensor().is_some());
    let columns = Columns {
        shapes,
        ranks: shapes && subject.resolved.parallel.tp_size > 1,
        ranges: !shapes && rows.iter().any(|row| range(subject, row).is_some()),
        narrow: subject.is_narrow(),
    };
    let total: Bytes = rows.iter().map(|row| row.bytes).sum();
    let is_small = |row: &Row| (row.bytes.0 as f64) < total.0 as f64 * SMALL;
    let shown = rows.iter().take(MOST).take_while(|row| !is_small(row)).count();
    // A single folded row would take as much room as the row itself.
    let shown = if rows.len() == shown + 1 && rows[shown].bytes > Bytes::ZERO { rows.len() } else { shown };
    let (shown, folded) = rows.split_at(shown);
    let largest = rows.first().map_or(Bytes::ZERO, |row| row.bytes);
    let sorted = |rows| {
        let mut rows: Vec<&Row> = Vec::from_iter(rows);
        order.sort(&mut rows);
        rows
    };
    html! {
        table.tensors.with-shapes[shapes] role="table" {
            (head(columns, order))
            tbody role="rowgroup" {
                @for row in sorted(shown.iter()) {
                    (line(subject, contributor, columns, row, largest))
                }
                @if !folded.is_empty() {
                    @let path = format!("{}/more", contributor.key());
                    @let open = subject.request.unfolds(&path);
                    tr.folded-row role="row" {
                        th.name role="rowheader" scope="row" colspan=(columns.before_bytes()) {
                            details data-part=(path) open[open] {
                                summary { (folded_label(subject, folded, shapes)) }
                            }
                        }
                        td.bytes role="cell" { (subject.size(folded.iter().map(|row| row.bytes).sum())) }
                        @for _ in columns.before_bytes() + 1..columns.number() { td role="cell" {} }
                    }
                    @if open {
                        @for row in sorted(folded.iter()) {
                            (line(subject, contributor, columns, row, largest))
                        }
                    }
                }
            }
            tfoot role="rowgroup" {
                tr role="row" {
                    th.name role="rowheader" scope="row" colspan=(columns.before_bytes()) {
                        (subject.report.label(contributor))
                    }
                    td.bytes role="cell" { (subject.headline(total)) }
                    td.kinds role="cell" colspan=(columns.number() - columns.before_bytes() - 1) {
                        (grouped(rows.len() as u64)) @if shapes { " kinds" } @else { " parts" }
                    }
                }
            }
        }
    }
}

/// The number of the folded rows, and an upper bound of each.
fn folded_label(subject: &Subject, folded: &[Row], shapes: bool) -> String {
    let largest = folded.first().map_or(Bytes::ZERO, |row| row.bytes);
    let (number, one) = (folded.len(), if shapes { "kind" } else { "part" });
    let plural = if number == 1 { "" } else { "s" };
    if largest == Bytes::ZERO {
        return format!("{number} more {one}{plural}, zero here");
    }
    let size = subject.size(largest);
    let bound = size.split_once(' ').and_then(|(value, unit)| {
        let above = value.replace(',', "").parse::<f64>().ok()?.floor() as u64 + 1;
        Some(format!("{} {unit}", grouped(above)))
    });
    let each = if number == 1 { "" } else { "each " };
    format!("{number} more {one}{plural}, {each}under {}", bound.unwrap_or(size))
}

fn head(columns: Columns, order: Order) -> Markup {
    let sortable = |class: &str, by: Order, name: &str| {
        let direction = if by == Order::Bytes { "descending" } else { "ascending" };
        html! {
            th class=(class) role="columnheader" scope="col" aria-sort=[(by == order).then_some(direction)] {
                button.link.sorted[by == order] type="button" data-ask={ "sort=" (by.name()) } { (name) }
            }
        }
    };
    let plain = |class: &str, name: &str| html! { th class=(class) role="columnheader" scope="col" { (name) } };
    html! {
        thead role="rowgroup" {
            tr role="row" {
                @if columns.shapes {
                    (sortable("name", Order::Name, "Tensor"))
                    (plain("shape", "Shape on this GPU"))
                    (plain("format", "Type"))
                    (plain("count", "Count"))
                } @else {
                    (sortable("name", Order::Name, "Part"))
                    (plain("formula-column", "Formula"))
                }
                (sortable("bytes", Order::Bytes, "Bytes"))
                th.amount role="columnheader" scope="col" { span.visually-hidden { "share" } }
                @if columns.ranges { (plain("range", "Likely range")) }
                @if columns.ranks {
                    @let name = if columns.narrow { "Split" } else { "Across GPUs" };
                    (sortable("across", Order::Ranks, name))
                }
            }
        }
    }
}

/// A row, and its formula if it is unfolded.
fn line(subject: &Subject, contributor: Contributor, columns: Columns, row: &Row, largest: Bytes) -> Markup {
    let open = subject.request.unfolds(&row.path);
    let filled = (row.bytes.share_of(largest) * BAR).max(if row.bytes > Bytes::ZERO { 1.0 } else { 0.0 });
    html! {
        tr.open[open] role="row" {
            th.name role="rowheader" scope="row" {
                details data-part=(row.path) open[open] {
                    summary { span.tensor-name[row.tensor().is_some_and(is_identifier)] {
                        @for (index, word) in display_name(row, columns).split_inclusive('.').enumerate() {
                            @if index > 0 { wbr; }
                            (word)
                        }
                    } }
                }
            }
            @if columns.shapes {
                @match row.tensor() {
                    Some(tensor) => {
                        td.shape role="cell" { (joined(tensor.shape.map(grouped), " × ")) }
                        td.format role="cell" { (tensor.format) }
                        td.count role="cell" { (count(tensor, columns)) }
                    }
                    None => {
                        td.shape role="cell" {}
                        td.format role="cell" {}
                        td.count role="cell" {}
                    }
                }
            } @else {
                td.formula-column role="cell" { (short_formula(row)) }
            }
            td.bytes role="cell" { (subject.size(row.bytes)) }
            td.amount role="cell" {
                svg class={ "amount c-" (contributor.key()) } width=(BAR) height="8" aria-hidden="true" {
                    rect.ground width="100%" height="100%" rx="2" {}
                    rect width=(format!("{filled:.1}")) height="100%" rx="1" {}
                }
            }
            @if columns.ranges {
                td.range role="cell" { (range(subject, row).unwrap_or_default()) }
            }
            @if columns.ranks {
                td.across role="cell" { @if let Some(tensor) = row.tensor() { (across(tensor, columns)) } }
            }
        }
        @if open {
            tr.opened role="row" {
                td role="cell" colspan=(columns.number()) { (well::well(subject, &row.explanation, &row.path)) }
            }
        }
    }
}

/// Whether the name is TensorRT-LLM's.
fn is_identifier(tensor: &StoredTensor) -> bool {
    !tensor.name.contains(' ')
}

/// A name without the module that holds all tensors, and if there is little room without its end.
fn display_name<'a>(row: &'a Row, columns: Columns) -> &'a str {
    let name = row.name.strip_prefix("transformer.").unwrap_or(&row.name);
    if columns.narrow { name.strip_suffix(".weight").unwrap_or(name) } else { name }
}

/// Layers and experts.
fn count(tensor: &StoredTensor, columns: Columns) -> String {
    let (layers, experts) = (grouped(tensor.layers), grouped(tensor.copies));
    let layers = if tensor.layers == 1 { layers } else { format!("{layers} layers") };
    match tensor.copies {
        1 => layers,
        _ if columns.narrow => format!("{} × {experts}", grouped(tensor.layers)),
        _ => format!("{layers} × {experts} experts"),
    }
}

/// The share of a tensor that the rank has.
fn across(tensor: &StoredTensor, columns: Columns) -> Markup {
    html! {
        @match tensor.ranks {
            1 => span.share.whole { "whole" @if !columns.narrow { " copy" } },
            ranks => span.share {
                "1 of " (grouped(ranks))
                @if tensor.repeats_kv_heads && !columns.narrow { ", KV heads repeated" }
            },
        }
    }
}

/// The likely range of a row, if it has one of its own.
fn range(subject: &Subject, row: &Row) -> Option<String> {
    let (low, high) = row.explanation.low.zip(row.explanation.high)?;
    let [low, high] = [low, high].map(Bytes::rounded);
    let [low_text, high_text] = [low, high].map(|end| subject.size(end));
    (low_text != high_text).then(|| format!("{low_text} – {high_text}"))
}

/// The formula of a row, if it is short.
fn short_formula(row: &Row) -> String {
    let text = row.explanation.expression.text(Notation::Symbols);
    if text.chars().count() <= SHORT && !text.starts_with(|first: char| first.is_ascii_digit() && !text.contains('·'))
    {
        text
    } else {
        String::new()
    }
}
