//! A model from its own files, and a log explained: what a person pastes, drops or chooses, whichever of the two it is.

mod log;
mod model;
mod timeline;

use super::Request;
use crate::import::model_file::{self, ModelFile};
use crate::log::{ExplainedLog, explain, read};
use crate::text::capitalized;
use crate::units::{Bytes, MIB, Prefixes, grouped, grouped_decimal};
use maud::{Markup, html};
use std::borrow::Cow;

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

/// What is looked at to tell a text from something else, in bytes.
const BEGINNING: usize = 4096;
/// A safetensors header isn't longer, in bytes.
const LONGEST_HEADER: u64 = 100_000_000;

/// What was given, read.
enum Given {
    Model(Box<ModelFile>),
    Log(Box<ExplainedLog>),
    /// Neither, and why.
    Neither(String),
}

/// What `given` is, or the documentation's example where that is asked for.
pub(super) fn panel(request: &Request, given: &[u8]) -> Markup {
    let example = request.option("example").is_some();
    let typed = request.option("text").unwrap_or_default().as_bytes();
    let bytes = match given {
        _ if example => EXAMPLE.as_bytes(),
        [] => typed,
        given => given,
    };
    let name = request.option("file").filter(|_| !example).unwrap_or_default();
    let shown = match (example, name) {
        (true, _) => "The documentation's example",
        (_, "") => "What you pasted",
        (_, name) => name,
    };
    html! {
        div.given {
            (entry())
            @if !bytes.trim_ascii().is_empty() {
                @match open(bytes, name) {
                    Given::Model(file) => (model::section(&file, shown, request)),
                    Given::Log(explained) => (log::section(&explained, shown, request)),
                    Given::Neither(message) => p.problem role="alert" { (shown) " can't be read. " (message) },
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

/// Reads it as what it seems to be.
fn open(bytes: &[u8], name: &str) -> Given {
    let tensors = bytes
        .split_first_chunk::<8>()
        .is_some_and(|(length, rest)| rest.first() == Some(&b'{') && u64::from_le_bytes(*length) <= LONGEST_HEADER);
    if !tensors && bytes.iter().take(BEGINNING).any(|byte| *byte == 0) {
        return Given::Neither("It is binary: neither text nor a safetensors file.".into());
    }
    if tensors || bytes.trim_ascii_start().first() == Some(&b'{') {
        let wrong = match model_file::read(&with_length(bytes), name) {
            Ok(file) => return Given::Model(Box::new(file)),
            Err(error) => error,
        };
        // Lines of a log may be objects too.
        let reading = read(bytes);
        return if reading.is_empty() { Given::Neither(capitalized(&wrong.to_string())) } else { explained(bytes) };
    }
    explained(bytes)
}

fn explained(bytes: &[u8]) -> Given {
    let reading = read(bytes);
    if !reading.is_empty() {
        return Given::Log(Box::new(explain(reading)));
    }
    let none = match reading.lines {
        0 | 1 => "Its line isn't one".to_string(),
        lines => format!("None of its {} lines is one", grouped(lines)),
    };
    Given::Neither(format!(
        "{none} that TensorRT-LLM writes about memory or settings, and it doesn't begin with {{ as a model's file does."
    ))
}

/// A safetensors header that was copied without the length before it gets that back.
fn with_length(bytes: &[u8]) -> Cow<'_, [u8]> {
    let text = bytes.trim_ascii_start();
    let is_header = text.first() == Some(&b'{')
        && text.windows(14).take(BEGINNING).any(|window| window == b"\"data_offsets\"")
        && text.len() as u64 <= LONGEST_HEADER;
    if is_header { [&(text.len() as u64).to_le_bytes(), text].concat().into() } else { bytes.into() }
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
