//! A model from its own files, and a log explained: what a person pastes, drops or chooses, whichever of the two it is.

mod given;
mod log;
mod model;
mod timeline;

pub use given::{Given, GivenReader};

use super::Request;
use crate::import::model_file::{self, ModelFile};
use crate::log::{ExplainedLog, LogReading, explain};
use crate::units::{Bytes, MIB, Prefixes, grouped, grouped_decimal};
use given::{is_binary, is_tensors, with_length};
use maud::{Markup, html};

/// The log of TensorRT-LLM's documentation: Llama 2 7B in FP8 on an H100 (`docs/source/reference/memory.md`).
const EXAMPLE: &str = "\
[TensorRT-LLM][INFO] Loaded engine size: 6695 MiB
[TensorRT-LLM][INFO] [MemUsageChange] Allocated 1134.01 MiB for execution context memory.
[TensorRT-LLM][INFO] [MemUsageChange] TensorRT-managed allocation in IExecutionContext creation: CPU +0, GPU +0, now: CPU 0, GPU 6678 (MiB)
[TensorRT-LLM][INFO] [MemUsageChange] Allocated 43.29 MB GPU memory for runtime buffers.
[TensorRT-LLM][INFO] [MemUsageChange] Allocated 180.30 MB GPU memory for decoder.
[TensorRT-LLM][INFO] Memory usage when calculating max tokens in paged kv cache: total: 79.10 GiB, available: 70.48 GiB
[TensorRT-LLM][INFO] Number of blocks in KV cache primary pool: 4060
[TensorRT-LLM][INFO] Number of blocks in KV cache secondary pool: 0, onboard blocks to primary memory before reuse: true
[TensorRT-LLM][INFO] Max KV cache pages per sequence: 32
[TensorRT-LLM][INFO] Number of tokens per block: 64.
[TensorRT-LLM][INFO] [MemUsageChange] Allocated 63.44 GiB for max tokens in paged KV cache (259840).
";

/// A file or text as it is shown.
enum Subject {
    Model(Box<ModelFile>),
    Log(Box<ExplainedLog>),
    /// Neither, and the reason.
    Neither(String),
}

/// Whether a request is about the file or text that was given.
pub fn is_about_given(request: &Request) -> bool {
    request.option("example").is_none()
}

/// The answer about `given`, or about the text in the request if nothing was given. The `example`
/// option asks about [`EXAMPLE`].
pub fn panel(request: &Request, given: Option<&Given>) -> Markup {
    let example = !is_about_given(request);
    let own = match (example, given) {
        (true, _) => Some(Given::of(EXAMPLE.as_bytes())),
        (false, None) => request.option("text").map(|text| Given::of(text.as_bytes())),
        (false, Some(_)) => None,
    };
    let given = own.as_ref().or(given).filter(|given| !given.is_blank());
    let name = request.option("file").filter(|_| !example).unwrap_or_default();
    let shown = match (example, name) {
        (true, _) => "The documentation's example",
        (_, "") => "What you pasted",
        (_, name) => name,
    };
    html! {
        div.given {
            (entry())
            @if let Some(given) = given {
                @match open(given, name) {
                    Subject::Model(file) => (model::section(&file, shown, request)),
                    Subject::Log(explained) => (log::section(&explained, shown, request)),
                    Subject::Neither(message) => p.problem role="alert" { (shown) " can't be read. " (message) },
                }
            }
        }
    }
}

/// Where a text is pasted, and a file is dropped or chosen.
fn entry() -> Markup {
    let kinds = "Paste or drop here: TensorRT-LLM's output, a model's config.json, a safetensors header or index, or the \
                 config.json of a checkpoint or an engine.";
    html! {
        div.entry data-give="file" {
            textarea.control #given_text data-give="text" rows="3" spellcheck="false" autocomplete="off" aria-label="A log or a model's file" placeholder=(kinds) {}
            div.actions {
                label.button.choose {
                    input.visually-hidden type="file" data-give="file" aria-label="Choose a file";
                    "Choose a file"
                }
                button.button type="button" data-ask="example=1&rank=" { "Show the documentation's example" }
                span.note { "It is read here and sent nowhere." }
            }
        }
    }
}

/// Reads a file by its kind. A log is explained for each request, because the explanation has the
/// request's units.
fn open(given: &Given, name: &str) -> Subject {
    match given {
        Given::Log(reading) => explained(reading),
        Given::Unreadable(message) => Subject::Neither(message.clone()),
        Given::Bytes(bytes) if !is_tensors(bytes) && is_binary(bytes) => {
            Subject::Neither("It is binary: neither text nor a safetensors file.".into())
        }
        Given::Bytes(bytes) => match model_file::read(&with_length(bytes), name) {
            Ok(file) => Subject::Model(Box::new(file)),
            Err(error) => Subject::Neither(capitalised(&error.to_string())),
        },
    }
}

fn explained(reading: &LogReading) -> Subject {
    if !reading.is_empty() {
        return Subject::Log(Box::new(explain(reading.clone())));
    }
    let none = match reading.lines {
        0 | 1 => "Its line isn't one".to_string(),
        lines => format!("None of its {} lines is one", grouped(lines)),
    };
    Subject::Neither(format!(
        "{none} that TensorRT-LLM writes about memory or settings, and it doesn't begin with {{ as a model's file does."
    ))
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A size as a log prints it: in MiB, where that is no longer than GiB. In decimal units no log prints any.
fn size(bytes: Bytes) -> String {
    const MOST: u64 = 10 << 30;
    match bytes.0 {
        small if small < MIB || Prefixes::shown() == Prefixes::Decimal => bytes.to_string(),
        middling if middling < MOST && middling.is_multiple_of(MIB) => format!("{} MiB", grouped(middling / MIB)),
        middling if middling < MOST => format!("{} MiB", grouped_decimal(bytes.mib(), 2)),
        _ => format!("{} GiB", grouped_decimal(bytes.gib(), 2)),
    }
}

/// Pairs as a link writes them.
fn pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, String)>) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

#[cfg(test)]
mod tests;
