//! The explanation of a figure: its formula, inputs, evidence, and the parts that it consists of.

use super::field_link;
use crate::memory::{Contributor, Explanation, explain_in};
use crate::protocol::PanelRequest;
use crate::units::{Bytes, grouped, grouped_decimal};
use maud::{Markup, html};

/// The contributor and the rank that are asked about, and their explanation.
fn explained(request: &PanelRequest) -> Option<(Contributor, u64, Explanation)> {
    let contributor = request.option("contributor").and_then(|key| key.parse().ok()).unwrap_or(Contributor::KvCache);
    let rank = request.number("rank").unwrap_or(0);
    let all = explain_in(&request.deployment, rank, request.view.units).ok()?;
    let (_, explanation) = all.into_iter().find(|(explained, _)| *explained == contributor)?;
    Some((contributor, rank, explanation))
}

/// Returns the explanation of a contributor on a rank.
pub(super) fn panel(request: &PanelRequest) -> Markup {
    let Some((contributor, rank, explanation)) = explained(request) else {
        return html! {};
    };
    let (bytes, units) = (Bytes(explanation.value.round() as u64), request.view.units);
    html! {
        div.explanation #explanation {
            p.explained {
                strong { (explanation.label) " " (grouped_decimal(bytes.giga(units), 2)) " " (units.giga()) }
                span.faint { " of GPU " (rank) ", exactly " (grouped(bytes.0)) " B. " (contributor.meaning()) }
            }
            (body(request, &explanation, contributor.key()))
        }
    }
}

/// The formula of a figure, and the names in it. `path` is its position in the tree.
fn body(request: &PanelRequest, explained: &Explanation, path: &str) -> Markup {
    let Explanation { formula, figures, inputs, evidence, source, parts, band, low, high, .. } = explained;
    let narrow = low.zip(*high).is_none_or(|(low, high)| high - low < 1.0);
    html! {
        p.formula { "= " (formula) }
        @if figures != formula {
            p.formula.figures-line { "= " (figures) }
        }
        @if !inputs.is_empty() {
            ul.symbols {
                @for input in inputs {
                    li {
                        span.formula { (input.symbol) " = " (input.value) }
                        span.symbol-meaning { (input.meaning) }
                        span.origin {
                            @match input.key {
                                Some(key) => (field_link(key)),
                                None => (input.origin),
                            }
                        }
                    }
                }
            }
        }
        @for (index, inner) in parts.iter().enumerate() {
            (part(request, inner, &format!("{path}/{index}")))
        }
        @if let Some(band) = band.as_ref().filter(|_| !narrow) {
            p.evidence { "Between " (band.replace(" to ", " and ")) "." }
        }
        @if let Some(evidence) = evidence {
            p.evidence { "Evidence: " (evidence) "." }
        }
        @if let Some(source) = source {
            p.evidence { "Source: " (source) "." }
        }
    }
}

/// A part of a figure. Its contents are made only if it is unfolded.
fn part(request: &PanelRequest, explained: &Explanation, path: &str) -> Markup {
    let open = request.unfolds(path);
    html! {
        details data-part=(path) open[open] {
            summary {
                span.part-label { (explained.label) }
                span.part-size { (explained.text) }
            }
            @if open {
                (body(request, explained, path))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::panels::answer;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_figure_is_explained_by_its_formula_and_its_parts() {
        let html = answer("panel=why&contributor=kv_cache&link=max_batch_size%3D64");
        assert!(html.contains("blocks · p · bytes_per_token"), "{html}");
        assert!(html.contains("data-field=\"tokens_per_block\""));
        assert!(html.contains("<details data-part=\"kv_cache/0\">"));
    }

    #[test]
    fn a_part_unfolds_where_that_is_asked() {
        let (folded, unfolded) =
            (answer("panel=why&contributor=weights"), answer("panel=why&contributor=weights&open=weights/0"));
        assert!(unfolded.len() > folded.len());
        assert!(unfolded.contains("<details data-part=\"weights/0\" open>"));
    }

    #[test]
    fn what_can_not_be_explained_is_left_empty() {
        assert_eq!(answer("panel=why&link=tp_size%3D3"), "");
    }
}
