//! The present deployment beside the one that is pinned.

use super::{Request, field_link, widgets};
use crate::chart::{Row, Theme, rows};
use crate::explore::compare::{Comparison, Side, compare};
use crate::export::table::Table;
use crate::link;
use crate::memory::{Contributor, Verdict};
use crate::units::{Bytes, giga, grouped, grouped_decimal};
use maud::{Markup, PreEscaped, html};

/// The picture, in pixels, unless the page says how wide it is.
const WIDTH: u64 = 640;

/// Both deployments, or how to pin one. The page says the pinned one as a link that compares.
pub(super) fn panel(request: &Request) -> Markup {
    let pinned = request.option("compared").and_then(link::pinned);
    html! {
        div.compare {
            @match pinned {
                None => {
                    p.answer { "Pin what you see, then change settings: both stand side by side, and the link keeps both." }
                    p.saves { button.button #pin type="button" data-pin="true" { "Pin this deployment" } }
                },
                Some(pinned) => {
                    p.saves {
                        button.link #pin type="button" data-pin="true" { "pin this one instead" }
                        button.link type="button" data-open=(link::encode(&pinned.deployment)) { "back to the pinned one" }
                        button.link type="button" data-pin="" { "compare no more" }
                    }
                    @match compare(&pinned.deployment, request.deployment()) {
                        Ok(comparison) => (compared(request, &comparison)),
                        Err((side, problems)) => {
                            p.problem { (if side == Side::Pinned { "The pinned deployment" } else { "This deployment" }) " is impossible." }
                            @for problem in &problems.0 { (widgets::problem(problem)) }
                        },
                    }
                },
            }
        }
    }
}

fn compared(request: &Request, comparison: &Comparison) -> Markup {
    html! {
        (picture(request, comparison))
        div.wide { (settings(comparison)) }
        div.wide role="region" aria-label="Differences" tabindex="0" { (differences(comparison)) }
        p.saves {
            button.link type="button" data-copy="compare_markdown" { "copy Markdown" }
            button.link type="button" data-save="comparison.csv" data-from="compare_csv" { "save CSV" }
        }
        pre #compare_markdown hidden { (widgets::verbatim(&Table::of_comparison(comparison).markdown())) }
        pre #compare_csv hidden { (widgets::verbatim(&Table::of_comparison(comparison).csv())) }
    }
}

/// Bars below each other on one scale.
fn picture(request: &Request, comparison: &Comparison) -> Markup {
    let theme = if request.option("theme") == Some("dark") { &Theme::DARK } else { &Theme::LIGHT };
    let bars = [
        Row { label: "pinned", rank: Some(&comparison.pinned.rank), marked: false },
        Row { label: "now", rank: Some(&comparison.current.rank), marked: true },
    ];
    let drawn = rows(&bars, request.number("width").unwrap_or(WIDTH) as u32, theme);
    html! { div.chart-picture aria-hidden="true" { (PreEscaped(drawn.svg)) } }
}

fn settings(comparison: &Comparison) -> Markup {
    html! {
        @if comparison.settings.is_empty() {
            p.answer { "Nothing differs yet: change a setting." }
        } @else {
            table.listing aria-label="Settings that differ" {
                (widgets::head(&[("setting", false), ("pinned", true), ("now", true)]))
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

fn differences(comparison: &Comparison) -> Markup {
    let tokens = [&comparison.pinned, &comparison.current].map(|side| side.kv_cache.tokens);
    let sequences = [&comparison.pinned, &comparison.current].map(|side| side.kv_cache.max_sequences);
    html! {
        table.listing aria-label="Differences" {
            (widgets::head(&[("fullest GPU", false), (&format!("pinned {}", giga()), true), (&format!("now {}", giga()), true), ("difference", true)]))
            tbody {
                @for row in comparison.differences() {
                    tr data-difference=(row.contributor.map_or("free", Contributor::key)) {
                        th scope="row" { (row.contributor.map_or("Free", Contributor::label)) }
                        td.number { (size(row.pinned)) }
                        td.number { (size(row.current)) }
                        td.number { (row.text()) }
                    }
                }
                (counted("KV cache tokens", tokens))
                (counted("Sequences of max_seq_len", sequences))
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
    let size = grouped(current.abs_diff(pinned));
    let difference = match current.cmp(&pinned) {
        std::cmp::Ordering::Less => format!("−{size}"),
        std::cmp::Ordering::Equal => "±0".into(),
        std::cmp::Ordering::Greater => format!("+{size}"),
    };
    html! {
        tr {
            th scope="row" { (label) }
            td.number { (grouped(pinned)) }
            td.number { (grouped(current)) }
            td.number { (difference) }
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

fn size(bytes: Bytes) -> String {
    grouped_decimal(bytes.giga(), 2)
}

#[cfg(test)]
mod tests {
    use crate::deployment::Deployment;
    use crate::explore::compare::compare;
    use crate::link;
    use crate::panels::answer;
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
        let pinned = Deployment { max_seq_len: Some(4096), ..Deployment::default() };
        let current = Deployment { max_batch_size: Some(64), tp_size: 2, ..pinned.clone() };
        let html = asked(&pinned, &current);
        let comparison = compare(&pinned, &current).unwrap();
        for row in comparison.differences() {
            assert!(html.contains(&format!("<td class=\"number\">{}</td></tr>", row.text())), "{}", row.text());
        }
        for setting in &comparison.settings {
            assert!(html.contains(&format!("data-field=\"{}\"", setting.key)));
        }
        assert!(html.contains("data-open=\"v=1&amp;max_seq_len=4096\""));
    }

    #[test]
    fn the_defaults_can_be_pinned_too() {
        let html = asked(&Deployment::default(), &Deployment::default());
        assert!(html.contains("Nothing differs yet"));
    }

    #[test]
    fn a_pinned_deployment_that_is_impossible_is_said_so() {
        let html = asked(&Deployment { tp_size: 3, ..Deployment::default() }, &Deployment::default());
        assert!(html.contains("The pinned deployment is impossible"));
    }
}
