//! A file or text that the reader gave: a model's own files, or a log with its analysis.

mod log;
mod model;
mod timeline;

use crate::import::model_file::ModelFile;
use crate::log::ExplainedLog;
use crate::protocol::PanelRequest;
use crate::units::{Bytes, MIB, Units, grouped, grouped_decimal};
use maud::{Markup, html};

/// The content of a file or text.
#[derive(Debug)]
pub enum Subject {
    /// A model's file, or an engine's.
    Model(Box<ModelFile>),
    /// The analysis of a log.
    Log(Box<ExplainedLog>),
    /// Neither, with the reason as a sentence.
    Unreadable(String),
}

/// Returns the panel about `subject`, or about nothing yet. The `example` option means that the
/// subject is the example of TensorRT-LLM's documentation; `file` is its name otherwise.
pub(super) fn panel(request: &PanelRequest, subject: Option<&Subject>) -> Markup {
    let shown = match (request.option("example"), request.option("file")) {
        (Some(_), _) => "The documentation's example",
        (None, None) => "The pasted text",
        (None, Some(name)) => name,
    };
    html! {
        div.given {
            (entry())
            @match subject {
                None => {},
                Some(Subject::Model(file)) => (model::section(file, shown, request)),
                Some(Subject::Log(explained)) => (log::section(explained, shown, request)),
                Some(Subject::Unreadable(message)) => p.problem role="alert" { (shown) " can't be read. " (message) },
            }
        }
    }
}

/// The field for pasted text, and the controls for files.
fn entry() -> Markup {
    let kinds = "Paste or drop here: TensorRT-LLM's output, a model's config.json, a safetensors header or index, \
                 or the config.json of a checkpoint or an engine. Files of one model may be given together.";
    html! {
        div.entry data-give="file" {
            textarea.control #given_text data-give="text" rows="3" spellcheck="false" autocomplete="off"
                aria-label="Import a log or config" placeholder=(kinds) {}
            div.actions {
                label.button.choose {
                    input.visually-hidden type="file" multiple data-give="file" aria-label="Choose files";
                    "Choose files"
                }
                label.button.choose {
                    input.visually-hidden type="file" webkitdirectory data-give="file" aria-label="Choose a folder";
                    "Choose a folder"
                }
                button.button type="button" data-ask="example=1&rank=" { "Show an example log" }
                span.note { "Stays in your browser." }
            }
        }
    }
}

/// A size as a log prints it: in MiB up to 10 GiB. Decimal sizes have their usual form, because no
/// log prints them.
fn size(bytes: Bytes, units: Units) -> String {
    const MOST: u64 = 10 << 30;
    match bytes.0 {
        small if small < MIB || units == Units::Decimal => bytes.display(units).to_string(),
        middling if middling < MOST && middling.is_multiple_of(MIB) => format!("{} MiB", grouped(middling / MIB)),
        middling if middling < MOST => format!("{} MiB", grouped_decimal(bytes.mib(), 2)),
        _ => format!("{} GiB", grouped_decimal(bytes.gib(), 2)),
    }
}

/// Pairs in the form of a link.
fn pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, String)>) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

#[cfg(test)]
mod tests;
