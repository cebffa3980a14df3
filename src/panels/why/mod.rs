//! The explanation of a figure: its parts, a table of its tensors or buffers, and their formulas.

mod bar;
mod equation;
mod formula;
mod lessons;
mod nvidia_smi;
mod rows;
mod subject;
mod table;
mod well;

use super::field_link;
use crate::memory::{Contributor, Explanation};
use crate::protocol::PanelRequest;
use crate::text::capitalized;
use crate::units::{Bytes, grouped};
use maud::{Markup, html};
use subject::{Subject, Topic};

/// Returns the explanation of a contributor on a rank; empty if the deployment is impossible.
pub(super) fn panel(request: &PanelRequest) -> Markup {
    let Some(subject) = Subject::of(request) else {
        return html! {};
    };
    html! {
        div.explanation.narrow[subject.is_narrow()] #explanation {
            (switch(&subject))
            @match subject.topic {
                Topic::NvidiaSmi => (nvidia_smi::body(&subject)),
                Topic::Contributor(contributor) => (body(&subject, contributor)),
            }
        }
    }
}

/// The switch between contributors, each with its color and its size.
fn switch(subject: &Subject) -> Markup {
    let chip = |key: &str, label: &str, bytes: Bytes, current: bool| {
        html! {
            button.chip type="button" data-why=(key) aria-pressed=(current.to_string()) {
                @if key != nvidia_smi::KEY {
                    span class={ "sw c-" (key) } {}
                }
                (label) " "
                b { (subject.large(bytes)) }
            }
        }
    };
    html! {
        div.pick role="group" aria-label="Contributor" {
            @for contributor in Contributor::ALL {
                (chip(
                    contributor.key(),
                    subject.report.label(contributor),
                    subject.bytes(contributor),
                    subject.topic == Topic::Contributor(contributor),
                ))
            }
            @if subject.topic == Topic::NvidiaSmi {
                (chip(nvidia_smi::KEY, "nvidia-smi", subject.rank().used(), true))
            }
        }
    }
}

/// Everything about a contributor.
fn body(subject: &Subject, contributor: Contributor) -> Markup {
    let Some(explanation) = subject.explanation(contributor) else {
        return html! {};
    };
    let figure = subject.rank().figure(contributor);
    let rows = rows::of(subject, contributor, explanation);
    html! {
        (title(subject, subject.report.label(contributor), figure.bytes, &subject.alike(contributor), &html! {
            (grouped(figure.bytes.0)) " B"
            @if subject.size(figure.bytes) != subject.headline(figure.bytes) { " = " (subject.size(figure.bytes)) }
            @if let Some(range) = subject.likely(figure.bytes, [figure.low, figure.high]) {
                " · likely " (range)
            }
        }))
        @if contributor == Contributor::KvCache {
            (equation::of_kv_cache(subject, explanation))
            (lessons::lessons(subject, contributor))
            (well::well(subject, explanation, contributor.key()))
        } @else {
            (bar::bar(subject, contributor, &rows))
            (lessons::lessons(subject, contributor))
            @match &rows {
                Some(rows) => (table::table(subject, contributor, rows)),
                None => (well::well(subject, explanation, contributor.key())),
            }
        }
        (sources(explanation, contributor, figure.low < figure.high))
    }
}

/// The law behind a figure: how well it is known, and where it was read.
fn sources(explanation: &Explanation, contributor: Contributor, is_uncertain: bool) -> Markup {
    let evidence = explanation.evidence.as_deref().map(|evidence| match contributor {
        Contributor::KvCache if is_uncertain => {
            format!("How well the rule is known: {evidence}. The likely range is that of the memory left for the cache")
        }
        _ => capitalized(evidence),
    });
    html! {
        p.sources {
            @if let Some(title) = explanation.title { (title) ". " }
            @if let Some(evidence) = evidence { (evidence) ". " }
            @if let Some(source) = explanation.source { "Source: " (source) "." }
        }
    }
}

/// The headline of a figure: its size, the GPUs that have it, and details.
fn title(subject: &Subject, label: &str, bytes: Bytes, place: &str, details: &Markup) -> Markup {
    html! {
        div.why-title {
            h3 { (label) ": " (subject.headline(bytes)) (place) }
            " "
            span.faint { (details) }
        }
    }
}

#[cfg(test)]
mod tests;
