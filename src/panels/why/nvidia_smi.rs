//! The memory in use as nvidia-smi shows it.

use super::subject::Subject;
use super::{equation, lessons, title};
use crate::memory::Contributor;
use crate::units::{Bytes, grouped};
use maud::{Markup, html};

/// The option that asks for it.
pub(super) const KEY: &str = "nvidia_smi";

/// The sum of all contributors, and why it includes freed memory.
pub(super) fn body(subject: &Subject) -> Markup {
    let rank = subject.rank();
    let used = rank.used();
    let band = rank.free_band();
    let ends = [used - Bytes::rounded(band.above), used + Bytes::rounded(band.below)];
    html! {
        (title(subject, "nvidia-smi will show", used, &subject.where_alike(crate::memory::Rank::used), &html! {
            (grouped(used.0)) " B"
            @if let Some(range) = subject.likely(used, ends) { " · likely " (range) }
        }))
        div.eq role="group" aria-label="The memory in use" {
            @for (index, contributor) in Contributor::ALL.into_iter().enumerate() {
                span.unbroken {
                    @if index > 0 { span { "+" } }
                    (equation::token(subject, contributor, subject.bytes(contributor)))
                }
            }
            span { "=" }
            span.result { (subject.headline(used)) }
            span.faint { "of " (subject.headline(rank.total)) }
        }
        (lessons::of_nvidia_smi(subject))
    }
}
