//! Sizes as equations of totals, in which each contributor is a button.

use super::formula;
use super::subject::Subject;
use crate::memory::{Binding, Contributor, Explanation, Expression};
use crate::units::{Bytes, grouped, joined, shortest};
use maud::{Markup, html};

/// The notation of the memory left for the KV cache.
const AVAILABLE: &str = "available";

/// The size of the KV cache, from the memory that the other contributors leave.
pub(super) fn of_kv_cache(subject: &Subject, explanation: &Explanation) -> Markup {
    let cache = &subject.report.kv_cache;
    if cache.binding == Binding::WholeBatch {
        return html! {
            div.eq {
                (formula::formula(&explanation.expression, subject.is_narrow()))
                span { "=" }
                span.result { (subject.headline(subject.bytes(Contributor::KvCache))) }
            }
        };
    }
    let left = find(explanation, AVAILABLE);
    let fraction = subject.resolved.kv_cache.free_gpu_memory_fraction.filter(|_| left.is_some());
    let limits = limits(subject);
    let is_smaller_of = limits.len() + usize::from(fraction.is_some()) > 1;
    html! {
        div.eq role="group" aria-label="The size of the KV cache" {
            @if is_smaller_of { span { "the smaller of" } }
            @if let Some((fraction, left)) = fraction.zip(left) {
                span.unbroken {
                    (setting("free_gpu_memory_fraction", &shortest(fraction)))
                    span { "×" }
                }
                (left_for_kv_cache(subject, left))
            }
            @for (index, (key, value, size)) in limits.iter().enumerate() {
                @if index > 0 || fraction.is_some() { span { "and" } }
                span.unbroken {
                    (setting(key, value))
                    @if let Some(size) = size { span { "= " (size) } }
                }
            }
            span { "=" }
            span.result { (subject.headline(subject.bytes(Contributor::KvCache))) (blocks(subject)) }
        }
        (explained(subject, left))
    }
}

/// The limits that the deployment sets beside the fraction: key, value, and the size it stands for.
fn limits(subject: &Subject) -> Vec<(&'static str, String, Option<String>)> {
    let cache = &subject.report.kv_cache;
    let tokens = subject.resolved.given.kv_cache.max_tokens.map(|tokens| {
        let size = subject.headline(Bytes::rounded(tokens as f64 * cache.bytes_per_token));
        ("max_tokens", grouped(tokens), Some(size))
    });
    let bytes = subject
        .resolved
        .pytorch
        .max_gpu_total_bytes
        .map(|most| ("max_gpu_total_bytes", subject.headline(Bytes(most)), None));
    tokens.into_iter().chain(bytes).collect()
}

/// The memory that is left when the KV cache is sized: the capacity without the other contributors.
fn left_for_kv_cache(subject: &Subject, left: &Explanation) -> Markup {
    let mut taken = Vec::new();
    contributors(&left.expression, &mut taken);
    if taken.is_empty() {
        return setting("free_memory_gib", &subject.large(Bytes::rounded(left.value)));
    }
    let capacity = subject.report.kv_limiting_rank().map_or(Bytes::ZERO, |rank| rank.total);
    html! {
        span.unbroken {
            span.paren { "(" }
            span.token { small { "capacity" } (subject.large(capacity)) }
        }
        @for (index, (contributor, bytes)) in taken.iter().enumerate() {
            span.unbroken {
                span { "−" }
                (token(subject, *contributor, *bytes))
                @if index + 1 == taken.len() { span.paren { ")" } }
            }
        }
    }
}

/// A contributor in an equation. Its accessible name contains the visible size.
pub(super) fn token(subject: &Subject, contributor: Contributor, bytes: Bytes) -> Markup {
    let (name, size) = (subject.report.label(contributor), subject.large(bytes));
    let label = format!("{name} {size} {}", subject.unit());
    let exact = format!("{name} {}", subject.headline(bytes));
    html! {
        button.token type="button" data-why=(contributor.key()) aria-label=(label) title=(exact) {
            span class={ "sw c-" (contributor.key()) } {}
            (size)
        }
    }
}

/// A setting in an equation.
fn setting(key: &str, value: &str) -> Markup {
    html! {
        button.token type="button" data-field=(key) { small { (key) } (value) }
    }
}

/// The blocks of the pool, or of each pool.
fn blocks(subject: &Subject) -> String {
    let cache = &subject.report.kv_cache;
    let size = cache.tokens_per_block;
    match &cache.windows[..] {
        [_] | [] => {
            let cross = cache
                .cross
                .map_or_else(String::new, |cross| format!(" and {} of encoder outputs", grouped(cross.blocks)));
            format!(" = {} blocks{cross} of {size} tokens", grouped(cache.blocks))
        }
        several => {
            let pools = several.iter().map(|pool| {
                format!("{} for the window of {} in {} layers", grouped(pool.blocks), grouped(pool.tokens), pool.layers)
            });
            format!(" = blocks of {size} tokens: {}", joined(pools, ", "))
        }
    }
}

/// The rank that limits the pool, the rounding, and the memory that is allocated afterwards.
fn explained(subject: &Subject, left: Option<&Explanation>) -> Markup {
    let limiting = subject.report.kv_limiting_rank();
    let several = subject.report.ranks.len() > 1;
    let after = limiting.map_or(Bytes::ZERO, |rank| rank.after_kv_cache);
    let share = subject.resolved.kv_cache.free_gpu_memory_fraction.zip(left).map(|(f, left)| f * left.value);
    html! {
        p.faint.eq-note {
            @if let Some(share) = share {
                (grouped(share as u64)) " B are that share of the free memory. "
            }
            "The tokens in it are rounded to whole blocks. "
            @if let Some(rank) = limiting.filter(|_| several) {
                "Every GPU has as many blocks as GPU " (rank.rank) ", which has room for the fewest. "
            }
            @if after > Bytes::ZERO {
                (subject.size(after)) " of "
                (subject.report.label(Contributor::Overhead))
                " are allocated after the KV cache."
            }
        }
    }
}

/// The part of an explanation with this notation.
pub(super) fn find<'a>(explanation: &'a Explanation, symbol: &str) -> Option<&'a Explanation> {
    explanation.parts.iter().find_map(|part| if part.symbol == Some(symbol) { Some(part) } else { find(part, symbol) })
}

/// Adds the contributors that an expression names, with their sizes.
fn contributors(expression: &Expression, found: &mut Vec<(Contributor, Bytes)>) {
    match expression {
        Expression::Part { contributor: Some(contributor), value, .. } => {
            found.push((*contributor, Bytes::rounded(*value)));
        }
        Expression::Sum(all) | Expression::Product(all) | Expression::Max(all) | Expression::Min(all) => {
            all.iter().for_each(|one| contributors(one, found));
        }
        Expression::Difference(both) | Expression::Quotient(both) => {
            both.iter().for_each(|one| contributors(one, found));
        }
        _ => {}
    }
}
