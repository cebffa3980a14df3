//! Advice: single changes that make the deployment fit, or that free unused memory.

use super::widgets;
use crate::deployment::Phase;
use crate::explore::advise::{Recommendation, Recommendations, advise};
use crate::link;
use crate::protocol::PanelRequest;
use crate::units::{Bytes, Units, grouped};
use maud::{Markup, html};

/// Returns the changes, the least disruptive first.
pub(super) fn panel(request: &PanelRequest) -> Markup {
    let load = request.number("concurrency").map(|_| widgets::load(request, 1));
    html! {
        div.advice {
            div.asks {
                (widgets::number(request, "concurrency", "requests at once", "any"))
                (widgets::lengths(request))
            }
            @match advise(&request.deployment, load) {
                Ok(advices) => (changes(&advices, request.view.units)),
                Err(problems) => @for problem in &problems.0 { (widgets::problem(problem)) },
            }
        }
    }
}

fn changes(advices: &Recommendations, units: Units) -> Markup {
    let load = advices.load;
    let requests = format!(
        "{} requests of {} input and {} output tokens",
        grouped(load.concurrency),
        grouped(load.input_len),
        grouped(load.output_len)
    );
    html! {
        p.answer {
            @match (advices.fits, advices.changes.is_empty()) {
                (true, true) => { strong { "Nothing is oversized" } " for " (requests) "." },
                (true, false) => { strong { "It fits, with limits larger than needed" } " for " (requests) "." },
                (false, true) => { strong { "No single change helps." } " Try Search for other GPUs and precisions." },
                (false, false) => { strong { "Any one of these helps" } "; least disruptive first." },
            }
        }
        @if !advices.changes.is_empty() {
            div.wide {
                table.listing.cards aria-label="Changes" {
                    (widgets::head(&[
                        ("change", false), ("phase", false), ("frees per GPU", true),
                        ("KV tokens", true), ("cost", false), ("", false),
                    ]))
                    tbody { @for change in &advices.changes { (row(change, units)) } }
                }
            }
        }
    }
}

fn row(change: &Recommendation, units: Units) -> Markup {
    let (before, after) = change.kv_tokens;
    html! {
        tr data-change=(change.key) {
            th.change scope="row" {
                span.key { (change.key) "=" (change.to) }
                @if !change.from.is_empty() { span.faint { " instead of " (change.from) } }
            }
            td { (moment(change.phase)) }
            td.number data-label="frees per GPU" {
                @if change.saves > Bytes::ZERO { (change.saves.display(units)) } @else { "0" }
            }
            td.number data-label="KV tokens" { (grouped(before)) " → " (grouped(after)) }
            td.beyond {
                (change.cost)
                @if change.uncertain { " Whether it fits is within the uncertainty." }
            }
            td {
                button.link type="button" data-open=(link::encode(&change.deployment))
                    aria-label={ "apply " (change.key) "=" (change.to) } { "apply" }
            }
        }
    }
}

fn moment(phase: Phase) -> &'static str {
    match phase {
        Phase::Runtime => "run time",
        Phase::Build => "build",
        Phase::Hardware => "hardware",
    }
}

#[cfg(test)]
mod tests {
    use crate::deployment::{BuildLimits, Deployment};
    use crate::explore::advise::advise;
    use crate::link;
    use crate::panels::answer;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn the_changes_are_the_librarys_in_its_order() {
        for text in ["model=meta-llama/Llama-3.1-70B", ""] {
            let escaped = text.replace('=', "%3D");
            let html = answer(&format!("panel=advice&link=v%3D1%26{escaped}"));
            let advices = advise(&link::decode(&format!("v=1&{text}")).deployment, None).unwrap();
            assert!(!advices.changes.is_empty());
            let mut rest = html.as_str();
            for change in &advices.changes {
                let opened = format!("data-open=\"{}\"", link::encode(&change.deployment).replace('&', "&amp;"));
                let at = rest.find(&opened).unwrap_or_else(|| panic!("{opened} in {rest}"));
                assert!(rest[..at].contains(&format!("{}={}", change.key, change.to)));
                rest = &rest[at + opened.len()..];
            }
            assert_eq!(html.contains("Any one of these helps"), !advices.fits);
        }
    }

    #[test]
    fn a_tight_deployment_is_not_told_to_shrink() {
        let tight = Deployment {
            limits: BuildLimits {
                max_batch_size: Some(8),
                max_num_tokens: Some(2048),
                max_seq_len: Some(2048),
                ..BuildLimits::default()
            },
            ..Deployment::engine()
        };
        let link = link::encode(&tight).replace('=', "%3D").replace('&', "%26");
        assert!(answer(&format!("panel=advice&link={link}")).contains("Nothing is oversized"));
    }
}
