//! The range of each setting with all others unchanged, and the number of concurrent sequences.

use super::{field_link, widgets};
use crate::explore::range::FeasibleRange;
use crate::explore::solve::solve;
use crate::explore::{Load, NumericSetting};
use crate::memory::estimate;
use crate::protocol::PanelRequest;
use crate::units::grouped;
use maud::{Markup, html};

/// Returns the number of concurrent sequences, and the limit of each numeric setting.
pub(super) fn panel(request: &PanelRequest) -> Markup {
    // Without a number of sequences, the limits only ask whether the deployment fits.
    let load = request.number("concurrency").map(|_| widgets::load(request, 1));
    html! {
        div.limits {
            div.asks {
                (widgets::lengths(request))
                (widgets::number(request, "concurrency", "concurrent sequences", "any"))
            }
            (concurrency(request))
            (table(request, load))
        }
    }
}

/// The number of concurrent sequences of these lengths, and the limit that binds.
fn concurrency(request: &PanelRequest) -> Markup {
    let Ok(report) = estimate(&request.deployment) else {
        return html! {};
    };
    let asked = widgets::load(request, 1);
    let (input, output) = (grouped(asked.input_len), grouped(asked.output_len));
    if !report.verdict.fits() {
        return html! { p.answer { strong { "No sequence runs" } ", because the deployment does not fit." } };
    }
    let found = report.kv_cache.concurrency(asked.input_len, asked.output_len);
    let held = report.kv_cache.held(asked.input_len, asked.output_len);
    html! {
        p.answer {
            strong {
                (grouped(found.requests))
                @if found.requests == 1 { " sequence runs" } @else { " sequences run" }
                " at once"
            }
            ", each of " (input) " input and " (output) " output tokens. What binds: "
            span data-binding=(found.limit.key()) { (found.limit.text()) } "."
            @if held != found.requests { " The KV cache alone has room for " (grouped(held)) "." }
        }
    }
}

fn table(request: &PanelRequest, load: Option<Load>) -> Markup {
    let deployment = &request.deployment;
    let settings: Vec<NumericSetting> = NumericSetting::all(deployment).collect();
    html! {
        div.wide {
            table.listing.cards aria-label="The limit of each setting" {
                (widgets::head(&[
                    ("setting", false), ("current", true), ("limit", true), ("", false), ("beyond", false),
                ]))
                tbody {
                    @for numeric in settings {
                        @match solve(deployment, numeric.row.key, load) {
                            Ok(limits) => (row(&limits)),
                            Err(problem) => tr {
                                th scope="row" { (field_link(numeric.row.key)) }
                                td colspan="4" { (problem.message) "." }
                            },
                        }
                    }
                }
            }
        }
    }
}

fn row(limits: &FeasibleRange) -> Markup {
    // A setting that fits over its whole range has no limit worth applying.
    let limit = limits.limit().filter(|end| end.next.is_some());
    // The limit may be TensorRT-LLM's own default; applying it would change nothing.
    let new = limit.filter(|end| limits.today.as_ref() != Some(&end.text));
    html! {
        tr {
            th scope="row" { (field_link(limits.key)) }
            td.number data-label="current" { (limits.today.as_deref().map(readable).unwrap_or_default()) }
            @match limit {
                Some(end) => {
                    td.number data-limit=(end.text) {
                        span.faint { (if limits.is_largest() { "at most " } else { "at least " }) }
                        (readable(&end.text))
                    }
                    td { @if let Some(end) = new { (widgets::take(limits.key, &end.text, "apply")) } }
                },
                None => { td.number { @if limits.never.is_some() { "none fits" } } td {} },
            }
            td.beyond {
                @match (limits.binding(), limit.and_then(|end| end.next.as_ref())) {
                    (Some(stop), Some((next, _))) => { (readable(next)) " " (stop.text()) },
                    (Some(stop), None) => { "it " (stop.text()) },
                    (None, _) => "fits over the whole range",
                }
            }
        }
    }
}

/// A number with its digits grouped.
fn readable(text: &str) -> String {
    text.parse::<u64>().map_or_else(|_| text.to_string(), grouped)
}

#[cfg(test)]
mod tests {
    use crate::deployment::{BuildLimits, Deployment};
    use crate::explore::{Load, NumericSetting, solve::solve};
    use crate::memory::estimate;
    use crate::panels::answer;
    use crate::units::grouped;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const LINK: &str = "max_seq_len%3D4096%26max_batch_size%3D64";

    fn deployment() -> Deployment {
        Deployment {
            limits: BuildLimits { max_seq_len: Some(4096), max_batch_size: Some(64), ..BuildLimits::default() },
            ..Deployment::default()
        }
    }

    #[test]
    fn every_knob_has_the_limit_that_the_library_solves() {
        let html = answer(&format!("panel=limits&link={LINK}"));
        let mut found = 0;
        for numeric in NumericSetting::all(&deployment()) {
            let limits = solve(&deployment(), numeric.row.key, None).unwrap();
            assert!(html.contains(&format!("data-field=\"{}\"", limits.key)));
            let Some(limit) = limits.limit().filter(|end| end.next.is_some()) else { continue };
            found += 1;
            assert!(html.contains(&format!("data-limit=\"{}\"", limit.text)), "{}", limits.key);
            let taken = format!("data-take=\"{}={}\"", limits.key, limit.text);
            assert_eq!(html.contains(&taken), limits.today.as_ref() != Some(&limit.text), "{taken}");
        }
        assert!(found > 5, "{found}");
    }

    #[test]
    fn the_sequences_at_once_are_the_reports() {
        let html = answer(&format!("panel=limits&input_len=1000&output_len=500&link={LINK}"));
        let found = estimate(&deployment()).unwrap().kv_cache.concurrency(1000, 500);
        assert!(html.contains(&format!("{} sequences run at once", grouped(found.requests))), "{html}");
        assert!(html.contains(&format!("data-binding=\"{}\"", found.limit.key())));
    }

    #[test]
    fn a_load_narrows_the_limits() {
        let html = answer(&format!("panel=limits&concurrency=48&input_len=1000&output_len=500&link={LINK}"));
        let load = Load { concurrency: 48, input_len: 1000, output_len: 500 };
        let limits = solve(&deployment(), "max_seq_len", Some(load)).unwrap();
        assert!(html.contains(&format!("data-limit=\"{}\"", limits.limit().unwrap().text)));
    }

    #[test]
    fn what_fails_runs_nothing() {
        let html = answer("panel=limits&link=model%3Dmeta-llama/Llama-3.1-70B");
        assert!(html.contains("No sequence runs") && html.contains("none fits"));
    }
}
