//! An unfolded row: the formula, its variables and where they come from.

use super::subject::Subject;
use super::{field_link, formula};
use crate::memory::{Explanation, Input, Notation, StoredTensor, WeightGroup};
use crate::units::{Bytes, grouped};
use maud::{Markup, html};

/// A formula, its variables, and the parts that it names. `path` is its place in the panel.
pub(super) fn well(subject: &Subject, explained: &Explanation, path: &str) -> Markup {
    let named: Vec<&Explanation> = explained.parts.iter().filter(|part| part.contributor.is_none()).collect();
    html! {
        div.well {
            div.well-formula {
                (formula::formula(&explained.expression, subject.is_narrow()))
                (figures(explained))
            }
            @if !explained.inputs.is_empty() {
                dl.variables {
                    @for input in &explained.inputs {
                        (variable(explained.tensor.as_ref(), input))
                    }
                }
            }
            @if !named.is_empty() {
                div.nested {
                    @for part in named { (nested(subject, part, &format!("{path}/{}", part.label))) }
                }
            }
            @if let Some(evidence) = explained.evidence.as_ref().filter(|_| path.contains('/')) {
                p.sources {
                    (crate::text::capitalized(evidence)) "."
                    @if let Some(source) = explained.source { " Source: " (source) "." }
                }
            }
        }
    }
}

/// The formula with figures, and its value.
fn figures(explained: &Explanation) -> Markup {
    let figures = explained.expression.text(Notation::Terms);
    let bytes = grouped(explained.value.round() as u64);
    let is_size = explained.text.ends_with('B');
    html! {
        p.figures-line {
            @if figures != bytes && figures != explained.text { (figures) " = " }
            @if is_size {
                b { (bytes) " B" }
                @if !explained.text.ends_with(" B") { span.faint { " = " (explained.text) } }
            } @else {
                b { (explained.text) }
            }
        }
    }
}

/// A variable: notation, value, meaning and origin.
fn variable(tensor: Option<&StoredTensor>, input: &Input) -> Markup {
    let of_tensor = tensor.and_then(|tensor| of_tensor(tensor, input.symbol));
    html! {
        dt { (formula::notation(input.symbol)) }
        dd.value { (input.value) }
        dd.meaning {
            @match (of_tensor, input.key) {
                (Some(meaning), _) => (meaning),
                (None, Some(key)) if crate::deployment::SETTINGS.iter().any(|setting| setting.key == key) => {
                    (input.meaning) ", " (field_link(key))
                }
                (None, _) => { (input.meaning) ", " (input.origin) }
            }
        }
    }
}

/// The meaning of a dimension of a tensor, with the setting that divides it.
fn of_tensor(tensor: &StoredTensor, symbol: &str) -> Option<Markup> {
    let is_routed = tensor.group == WeightGroup::Experts;
    let of = |here: u64, whole: u64, what: &str, key: &'static str| {
        html! {
            @if here == whole {
                (what) ", whole"
            } @else {
                "of " (grouped(whole)) " " (what) ", over " (field_link(key))
            }
        }
    };
    let divides = if is_routed { "moe_tp_size" } else { "tp_size" };
    match symbol {
        "K" => Some(of(tensor.shape[0], tensor.whole[0], "inputs", divides)),
        "N" => Some(of(tensor.shape[1], tensor.whole[1], "outputs", divides)),
        "E_local" => Some(of(tensor.copies, tensor.all_copies, "experts", "moe_ep_size")),
        "L" => Some(html! { "layers on this GPU that have it" }),
        _ => None,
    }
}

/// A part that a formula names. Its contents are made only if it is unfolded.
fn nested(subject: &Subject, part: &Explanation, path: &str) -> Markup {
    let open = subject.request.unfolds(path);
    let is_zero = Bytes::rounded(part.value) == Bytes::ZERO;
    html! {
        details.zero[is_zero] data-part=(path) open[open] {
            summary {
                span.nested-label {
                    @if let Some(symbol) = part.symbol { (formula::notation(symbol)) " " }
                    (part.label)
                }
                span.part-size { (part.text) }
            }
            @if open { (well(subject, part, path)) }
        }
    }
}
