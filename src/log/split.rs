//! The messages in a line. Interleaved ranks may write several on one line, and launchers add
//! various prefixes.

use super::events::{Event, parse_event};

/// The prefixes of messages of TensorRT-LLM and TensorRT.
const TAGS: [&str; 3] = ["[TensorRT-LLM]", "[TRT-LLM", "[TRT]"];

/// Parts of relevant lines without a tag. A line without any of them is skipped.
const HINTS: [&str; 12] = [
    "emory",
    "locat",
    "engine size",
    "KV cache",
    "ersion: ",
    "TRTGptModel",
    "max_batch_size",
    "max_seq_len=",
    "GPU +",
    "gpu_peak_mem",
    "model=",
    "paged",
];

/// The starts of messages that are also found after other text, such as a time stamp or a pod's
/// name.
const BEGINNINGS: [&str; 26] = [
    "Allocated ",
    "Allocate ",
    "Loaded engine size",
    "Total Weights Memory",
    "Total Activation Memory",
    "Memory usage when",
    "Memory used",
    "Memory dynamically",
    "Peak memory during",
    "TRTGptModel ",
    "TensorRT-managed allocation",
    "Init cu",
    "Number of blocks",
    "Number of tokens per block",
    "Max KV cache",
    "Max tokens in paged",
    "MPI size:",
    "TensorRT-LLM version:",
    "TensorRT LLM version:",
    "gpu_peak_mem(gb)",
    "\"Runtime GPU Memory Usage\"",
    "max_seq_len=",
    "max_batch_size",
    "model_name ",
    "model=",
    "Using ",
];

/// A message in a line.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Message<'a> {
    /// The rank that the tags name.
    pub rank: Option<u64>,
    /// The text without the tags.
    pub text: &'a str,
    /// The parsed event, if the message is relevant.
    pub event: Option<Event>,
}

/// Splits a line into its messages.
pub(super) fn messages(line: &str) -> Vec<Message<'_>> {
    let starts = tag_positions(line);
    let Some(first) = starts.first() else { return untagged(line).into_iter().collect() };
    let launcher = rank_of_launcher(&line[..*first]);
    let ends = starts.iter().skip(1).copied().chain([line.len()]);
    let mut found = Vec::with_capacity(starts.len());
    for (start, end) in starts.iter().zip(ends) {
        let (rank, text) = without_tags(&line[*start..end]);
        if !text.is_empty() {
            found.push(Message { rank: rank.or(launcher), text, event: parse_event(text) });
        }
    }
    found
}

fn tag_positions(line: &str) -> Vec<usize> {
    let mut starts = Vec::new();
    let mut at = 0;
    while let Some(next) = line[at..].find("[T").map(|next| at + next) {
        if TAGS.iter().any(|tag| line[next..].starts_with(tag)) {
            starts.push(next);
        }
        at = next + 2;
    }
    starts
}

/// The rank in the prefix of `mpirun --tag-output` (`[1,3]<stdout>:`) or `srun --label` (`3: `).
fn rank_of_launcher(front: &str) -> Option<u64> {
    let front = front.trim_start();
    if let Some((tag, _)) = front.strip_prefix('[').and_then(|rest| rest.split_once("]<std")) {
        return tag.rsplit(',').next()?.parse().ok();
    }
    let (digits, _) = front.split_once(": ").or_else(|| front.split_once(":"))?;
    digits.parse().ok().filter(|_| digits.len() < 5)
}

/// The rank in the tags in brackets, and the text after them.
fn without_tags(text: &str) -> (Option<u64>, &str) {
    const LONGEST_TAG: usize = 40;
    let mut rest = text.trim();
    let mut rank = None;
    while let Some(end) = rest.strip_prefix('[').and_then(|inner| inner.find(']')).filter(|end| *end < LONGEST_TAG) {
        let tag = &rest[1..=end];
        if let Some(number) = tag.strip_prefix("RANK ").or_else(|| tag.strip_prefix("rank ")) {
            rank = number.trim().parse().ok();
        }
        rest = rest[end + 2..].trim_start();
    }
    (rank, rest)
}

/// The message in a line of another program, or in a line that was copied without its tags.
fn untagged(line: &str) -> Option<Message<'_>> {
    if !HINTS.iter().any(|hint| line.contains(hint)) {
        return None;
    }
    let (_, text) = without_tags(line);
    let whole = Message { rank: rank_of_launcher(line), text, event: parse_event(text) };
    if whole.event.is_some() {
        return Some(whole);
    }
    let positions = BEGINNINGS.iter().filter_map(|beginning| text.find(beginning));
    let found = positions.filter_map(|at| Some((at, parse_event(&text[at..])?))).min_by_key(|(at, _)| *at);
    Some(match found {
        Some((at, event)) => Message { text: &text[at..], event: Some(event), ..whole },
        None => whole,
    })
}

/// Whether an unrecognised message mentions an amount of memory.
pub(super) fn mentions_memory(text: &str) -> bool {
    if !["emory", "llocat", "KV cache"].iter().any(|word| text.contains(word)) {
        return false;
    }
    let amount = ["MiB", "GiB", "MB", "GB", " bytes"].iter().any(|unit| text.contains(unit));
    amount && text.bytes().any(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::super::events::EventKind;
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn kinds(line: &str) -> Vec<(Option<u64>, Option<EventKind>)> {
        messages(line).into_iter().map(|message| (message.rank, message.event.map(|event| event.kind))).collect()
    }

    #[test]
    fn ranks_that_write_on_one_line_are_separated() {
        let line = "[TensorRT-LLM][INFO] Loaded engine size: 12 MiB[TensorRT-LLM][INFO] Loaded engine size: 13 MiB";
        assert_eq!(kinds(line), [(None, Some(EventKind::EngineFile)), (None, Some(EventKind::EngineFile))]);
    }

    #[test]
    fn launchers_and_loggers_name_ranks() {
        let line = "[MemUsageChange] Allocated 12.00 MiB for execution context memory.";
        let context = Some(EventKind::ExecutionContext);
        assert_eq!(kinds(&format!("[1,3]<stdout>:[TensorRT-LLM][INFO] {line}")), [(Some(3), context)]);
        assert_eq!(kinds(&format!("5: [TensorRT-LLM][INFO] {line}")), [(Some(5), context)]);
        assert_eq!(kinds(&format!("(pod-1 pid=7) [TensorRT-LLM][INFO] {line}")), [(None, context)]);
        assert_eq!(kinds(&format!("2024-06-04T10:56:23Z pod-1 {line}")), [(None, context)]);
        let line = "[01/02/2026-03:04:05] [TRT-LLM] [RANK 7] [I] Use 48.41 GB for model weights.";
        assert_eq!(kinds(line), [(Some(7), Some(EventKind::TorchCheckpoint))]);
    }

    #[test]
    fn text_outside_logs_is_ignored() {
        for line in ["", "hello", "the memory of elephants", "[T", "[TRT-LLM", "[TRT-LLM] [I]", "[TensorRT-LLM]][[é]"]
        {
            assert!(kinds(line).iter().all(|(_, kind)| kind.is_none()), "{line}");
        }
    }
}
