//! The current deployment beside the pinned one.

use super::{field_link, widgets};
use crate::chart::{Row, rows};
use crate::explore::compare::{Comparison, Side, compare};
use crate::export::table::Table;
use crate::link;
use crate::memory::{Contributor, Verdict};
use crate::protocol::PanelRequest;
use crate::units::{Bytes, Units, grouped, grouped_decimal, signed};
use maud::{Markup, PreEscaped, html};

/// The width of the picture in pixels, if the page does not state its own.
const WIDTH: u32 = 640;

/// Returns the comparison, or a button that pins the current deployment. The `compared` option is a
/// link that pins one.
pub(super) fn panel(request: &PanelRequest) -> Markup {
    let pinned = request.option("compared").and_then(link::pinned);
    html! {
        div.compare {
            @match pinned {
                None => {
                    p.answer {
                        "Pin this deployment, then change settings. "
                        "This panel compares the two, and the link contains both."
                    }
                    p.saves { button.button #pin type="button" data-pin="true" { "Pin this deployment" } }
                },
                Some(pinned) => {
                    p.saves {
                        button.link #pin type="button" data-pin="true" { "Pin current" }
                        button.link type="button" data-open=(link::encode(&pinned.deployment)) { "Open pinned" }
                        button.link type="button" data-pin="" { "Stop comparing" }
                    }
                    @match compare(&pinned.deployment, &request.deployment) {
                        Ok(comparison) => (compared(request, &comparison)),
                        Err((side, problems)) => {
                            @let deployment = match side {
                                Side::Pinned => "The pinned deployment",
                                Side::Current => "This deployment",
                            };
                            p.problem { (deployment) " is impossible." }
                            @for problem in &problems.0 { (widgets::problem(problem)) }
                        },
                    }
                },
            }
        }
    }
}

fn compared(request: &PanelRequest, comparison: &Comparison) -> Markup {
    let units = request.view.units;
    let table = Table::of_comparison(comparison, units);
    html! {
        (picture(request, comparison))
        div.wide role="region" aria-label="Settings" tabindex="0" { (settings(comparison)) }
        div.wide role="region" aria-label="Differences" tabindex="0" { (differences(comparison, units)) }
        p.saves {
            button.link type="button" data-copy="compare_markdown" { "copy Markdown" }
            button.link type="button" data-save="comparison.csv" data-from="compare_csv" { "save CSV" }
        }
        pre #compare_markdown hidden { (widgets::verbatim(&table.markdown())) }
        pre #compare_csv hidden { (widgets::verbatim(&table.csv())) }
    }
}

/// Bars below each other on one scale.
fn picture(request: &PanelRequest, comparison: &Comparison) -> Markup {
    let theme = widgets::theme(request);
    let bars = [
        Row { label: "pinned", rank: Some(&comparison.pinned.rank), marked: false },
        Row { label: "current", rank: Some(&comparison.current.rank), marked: true },
    ];
    let drawn = rows(&bars, request.view.width.unwrap_or(WIDTH), theme, request.view.units);
    html! { div.chart-picture aria-hidden="true" { (PreEscaped(drawn.svg)) } }
}

fn settings(comparison: &Comparison) -> Markup {
    html! {
        @if comparison.settings.is_empty() {
            p.answer { "Nothing differs yet: change a setting." }
        } @else {
            table.listing aria-label="Settings that differ" {
                (widgets::head(&[("Setting", false), ("pinned", true), ("current", true)]))
                tbody {
                    @for setting in &comparison.settings {
                        tr {
                            th scope="row" { (field_link(setting.key)) }
                            td.number { (setting.pinned) }
                            td.number { (setting.current) }
                        }
                    }
                }
            }
        }
    }
}

fn differences(comparison: &Comparison, units: Units) -> Markup {
    let tokens = [&comparison.pinned, &comparison.current].map(|side| side.kv_cache.tokens);
    let sequences = [&comparison.pinned, &comparison.current].map(|side| side.kv_cache.max_sequences);
    html! {
        table.listing aria-label="Differences" {
            @let [pinned, current] = ["pinned", "current"].map(|side| format!("{side} {}", units.giga()));
            (widgets::head(&[("fullest GPU", false), (&pinned, true), (&current, true), ("difference", true)]))
            tbody {
                @for row in comparison.differences() {
                    tr data-difference=(row.contributor.map_or("free", Contributor::key)) {
                        th scope="row" { (row.contributor.map_or("Free", Contributor::label)) }
                        td.number { (size(row.pinned, units)) }
                        td.number { (size(row.current, units)) }
                        td.number { (row.text(units)) }
                    }
                }
                (counted("KV cache tokens", tokens))
                (counted("Full-length requests", sequences))
                tr {
                    th scope="row" { "Verdict" }
                    @for verdict in comparison.verdicts() { td.number { (said(verdict)) } }
                    td {}
                }
            }
        }
    }
}

fn counted(label: &str, [pinned, current]: [u64; 2]) -> Markup {
    html! {
        tr {
            th scope="row" { (label) }
            td.number { (grouped(pinned)) }
            td.number { (grouped(current)) }
            td.number { (signed(current, pinned, grouped)) }
        }
    }
}

fn said(verdict: &Verdict) -> &'static str {
    match verdict.key() {
        "fits" => "fits",
        "fits_uncertain" => "fits, barely",
        _ => "does not fit",
    }
}

fn size(bytes: Bytes, units: Units) -> String {
    grouped_decimal(bytes.giga(units), 2)
}

#[cfg(test)]
mod tests {
    use crate::deployment::{BuildLimits, Deployment, Parallelism};
    use crate::explore::compare::compare;
    use crate::link;
    use crate::panels::answer;
    use crate::units::Units;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn asked(pinned: &Deployment, current: &Deployment) -> String {
        let compared = link::encode_compared(current, pinned);
        let mut request = form_urlencoded::Serializer::new(String::new());
        request.append_pair("panel", "compare").append_pair("link", &link::encode(current));
        answer(&request.append_pair("compared", &compared).finish())
    }

    #[test]
    fn without_a_pinned_deployment_one_can_be_pinned() {
        let html = answer("panel=compare");
        assert!(html.contains("data-pin=\"true\"") && !html.contains("data-difference"));
    }

    #[test]
    fn the_differences_are_those_of_the_library() {
        let pinned = Deployment {
            limits: BuildLimits { max_seq_len: Some(4096), ..BuildLimits::default() },
            ..Deployment::engine()
        };
        let current = Deployment {
            limits: BuildLimits { max_batch_size: Some(64), ..pinned.limits },
            parallel: Parallelism { tp_size: 2, ..pinned.parallel },
            ..pinned.clone()
        };
        let html = asked(&pinned, &current);
        let comparison = compare(&pinned, &current).unwrap();
        for row in comparison.differences() {
            let text = row.text(Units::Binary);
            assert!(html.contains(&format!("<td class=\"number\">{text}</td></tr>")), "{text}");
        }
        for setting in &comparison.settings {
            assert!(html.contains(&format!("data-field=\"{}\"", setting.key)));
        }
        assert!(html.contains("data-open=\"v=2&amp;quant_algo=NO_QUANT&amp;max_seq_len=4096&amp;backend=tensorrt\""));
    }

    #[test]
    fn the_defaults_can_be_pinned_too() {
        let html = asked(&Deployment::engine(), &Deployment::engine());
        assert!(html.contains("Nothing differs yet"));
    }

    #[test]
    fn a_pinned_deployment_that_is_impossible_is_said_so() {
        let html = asked(
            &Deployment { parallel: Parallelism { tp_size: 3, ..Parallelism::default() }, ..Deployment::engine() },
            &Deployment::engine(),
        );
        assert!(html.contains("The pinned deployment is impossible"));
    }
}
