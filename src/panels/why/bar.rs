//! The stacked bar of a contributor's parts, and its key.

use super::rows::Row;
use super::subject::Subject;
use crate::memory::{Contributor, WeightGroup};
use crate::units::{Bytes, grouped_decimal};
use maud::{Markup, html};

/// Parts with a color of their own; the rest are one part.
const MOST: usize = 6;
/// Width of a character and of both margins of a label in the bar, in CSS pixels.
const LABEL: (f64, f64) = (7.0, 20.0);
/// Width of the panel if the page does not state it.
const WIDTH: u32 = 328;

/// The parts of a contributor as one bar; empty if there are no several parts.
pub(super) fn bar(subject: &Subject, contributor: Contributor, rows: &Option<Vec<Row>>) -> Markup {
    let parts = match (rows, contributor) {
        (Some(rows), Contributor::Weights) => groups(subject, rows),
        (Some(rows), _) => largest(rows),
        (None, _) => Vec::new(),
    };
    let total: Bytes = parts.iter().map(|(_, bytes)| *bytes).sum();
    if parts.len() < 2 || total == Bytes::ZERO {
        return html! {};
    }
    let width = f64::from(subject.request.view.width.unwrap_or(WIDTH));
    let percent = |bytes: Bytes| bytes.share_of(total) * 100.0;
    let label = |name: &str, bytes: Bytes| format!("{name} {} %", grouped_decimal(percent(bytes), 0));
    let all: Vec<String> = parts.iter().map(|(name, bytes)| label(name, *bytes)).collect();
    let starts = parts.iter().scan(0.0, |start, (_, bytes)| {
        let at = *start;
        *start += percent(*bytes);
        Some(format!("{}%", grouped_decimal(at, 3)))
    });
    let starts: Vec<String> = starts.collect();
    html! {
        svg class={ "parts c-" (contributor.key()) } width="100%" height="26" role="img" aria-label=(all.join(", ")) {
            @for (index, (name, bytes)) in parts.iter().enumerate() {
                @let (share, text) = (percent(*bytes), label(name, *bytes));
                rect class={ "part-" (index) } x=(starts[index]) width={ (grouped_decimal(share, 3)) "%" }
                    height="100%" {}
                @if index == 0 && text.chars().count() as f64 * LABEL.0 + LABEL.1 < width * share / 100.0 {
                    text x=(starts[index]) dx="9" y="17.5" { (text) }
                }
            }
        }
        ul.parts-key {
            @for (index, (name, bytes)) in parts.iter().enumerate() {
                li {
                    svg class={ "sw c-" (contributor.key()) } width="10" height="10" aria-hidden="true" {
                        rect class={ "part-" (index) } width="100%" height="100%" rx="2.5" {}
                    }
                    (name) " "
                    b { (subject.headline(*bytes)) }
                }
            }
        }
    }
}

/// The groups of weights, the largest first.
fn groups(subject: &Subject, rows: &[Row]) -> Vec<(String, Bytes)> {
    let of = |group: WeightGroup| rows.iter().filter(|row| row.group() == group).map(|row| row.bytes).sum::<Bytes>();
    let has_experts = subject.resolved.model.moe.is_some();
    let label = |group: WeightGroup| match group {
        WeightGroup::FeedForward if !has_experts => "MLP",
        WeightGroup::RouterAndNorms if !has_experts => "Norms",
        group => group.label(),
    };
    let all = WeightGroup::ALL.into_iter().map(|group| (label(group).to_string(), of(group)));
    let mut all: Vec<(String, Bytes)> = all.filter(|(_, bytes)| *bytes > Bytes::ZERO).collect();
    all.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    all
}

/// The largest rows, and the others together.
fn largest(rows: &[Row]) -> Vec<(String, Bytes)> {
    let all: Vec<&Row> = rows.iter().filter(|row| row.bytes > Bytes::ZERO).collect();
    let named = if all.len() > MOST { MOST - 1 } else { all.len() };
    let mut parts: Vec<(String, Bytes)> =
        all[..named].iter().map(|row| (crate::text::capitalized(&row.name), row.bytes)).collect();
    if named < all.len() {
        parts.push((format!("{} more", all.len() - named), all[named..].iter().map(|row| row.bytes).sum()));
    }
    parts
}
