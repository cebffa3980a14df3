//! Sentences on the causes of a figure: one is shown, the others are folded.

mod activations;
mod buffers;
mod kv_cache;
mod nvidia_smi;
mod weights;

pub(super) use nvidia_smi::of_nvidia_smi;

use super::subject::Subject;
use crate::deployment::Backend;
use crate::memory::Contributor;
use maud::{Markup, html};

/// The sentences about a contributor of this deployment.
pub(super) fn lessons(subject: &Subject, contributor: Contributor) -> Markup {
    let sentences = match contributor {
        Contributor::Weights => weights::sentences(subject),
        Contributor::Activations => activations::sentences(subject),
        Contributor::RuntimeBuffers => buffers::of_runtime(subject),
        Contributor::DecoderBuffers => buffers::of_decoder(subject),
        Contributor::KvCache => kv_cache::sentences(subject),
        Contributor::Overhead => buffers::of_overhead(subject),
    };
    say(subject, contributor.key(), sentences)
}

/// The first sentence, and the others folded.
fn say(subject: &Subject, key: &str, sentences: Vec<Markup>) -> Markup {
    let path = format!("{key}/sentences");
    let open = subject.request.unfolds(&path);
    let mut sentences = sentences.into_iter();
    let first = sentences.next();
    let rest: Vec<Markup> = sentences.collect();
    html! {
        @if let Some(first) = first { p.say { (first) } }
        @if !rest.is_empty() {
            details.why-more data-part=(path) open[open] {
                summary { "More about this figure" }
                @if open {
                    ul { @for sentence in rest { li { (sentence) } } }
                }
            }
        }
    }
}

/// Whether an engine runs the model.
fn is_engine(subject: &Subject) -> bool {
    subject.resolved.backend == Backend::TensorRt
}

/// A name of TensorRT-LLM in a sentence.
fn code(name: &str) -> Markup {
    html! { code { (name) } }
}
