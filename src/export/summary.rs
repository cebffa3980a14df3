//! One-line summaries of configurations, for titles of pages and texts of links.

use crate::deployment::Resolved;
use crate::memory::{Report, Verdict};
use crate::units::{Units, grouped};

/// Summarises the model, its precision and the GPUs.
///
/// ```
/// use trtllm_memory::{export::summary, link};
/// let resolved = link::decode("tp_size=2").deployment.resolve().unwrap();
/// assert_eq!(summary::subject(&resolved), "Llama-3.1-8B · bfloat16 · 2 × H100 SXM 80 GB");
/// ```
pub fn subject(resolved: &Resolved) -> String {
    let model = resolved.model.name.rsplit('/').next().unwrap_or_default();
    let precision = resolved.precision.weights_name();
    format!("{model} · {precision} · {} × {}", resolved.world_size(), resolved.gpu.name)
}

/// Summarises whether the deployment fits.
pub fn outcome(report: &Report) -> &'static str {
    match report.verdict {
        Verdict::Fits { uncertain: false, .. } => "fits",
        Verdict::Fits { uncertain: true, .. } => "fits, but within the uncertainty",
        Verdict::Fails { .. } => "does not fit",
    }
}

/// Formats a link in Markdown. Its text names the configuration, whether it fits, and the room that
/// is left.
///
/// ```
/// use trtllm_memory::{export::summary, link, memory::estimate, units::Units};
/// let deployment = link::decode("tp_size=2").deployment;
/// let (resolved, report) = (deployment.resolve().unwrap(), estimate(&deployment).unwrap());
/// let page = "https://example.org/#v=1&tp_size=2";
/// let text = summary::markdown(&resolved, &report, page, Units::Binary);
/// assert!(text.starts_with("[Llama-3.1-8B, bfloat16, 2 × H100 SXM 80 GB: fits, "));
/// assert!(text.ends_with("](https://example.org/#v=1&tp_size=2)"));
/// ```
pub fn markdown(resolved: &Resolved, report: &Report, link: &str, units: Units) -> String {
    let subject = subject(resolved).replace(" · ", ", ");
    let room = match &report.verdict {
        Verdict::Fits { room, .. } => {
            let (sequences, length) = (report.kv_cache.max_sequences, grouped(report.max_seq_len));
            let word = if sequences == 1 { "sequence" } else { "sequences" };
            let (sequences, room) = (grouped(sequences), room.display(units));
            format!("room for {sequences} {word} of {length} tokens, {room} stay free")
        }
        Verdict::Fails { stage, short, .. } => format!("{} short when {}", short.display(units), stage.text()),
    };
    format!("[{}]({})", escaped(&format!("{subject}: {}, {room}", outcome(report))), destination(link))
}

/// Escapes the characters of a text that Markdown takes for formatting, HTML or tables.
fn escaped(text: &str) -> String {
    let mut markdown = String::with_capacity(text.len());
    for c in text.chars() {
        if "\\`*_[]<>&|~".contains(c) {
            markdown.push('\\');
        }
        markdown.push(c);
    }
    markdown
}

/// Formats an address as the destination of a link in Markdown. The calculator's addresses have no
/// spaces.
fn destination(link: &str) -> String {
    link.replace('(', "%28").replace(')', "%29")
}
