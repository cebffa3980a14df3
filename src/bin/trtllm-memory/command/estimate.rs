//! `estimate`: an answer as text that a person would paste into a ticket, or as JSON.

use super::explanations::explanations;
use super::table::Table;
use super::{BAD, FAILS, FITS, Output, input, json};
use std::path::Path;
use trtllm_memory::chart::Segment;
use trtllm_memory::deployment::{Deployment, Resolved};
use trtllm_memory::export::json::{Answer, Warning};
use trtllm_memory::import::model_file;
use trtllm_memory::link;
use trtllm_memory::memory::{Binding, Rank, Report};
use trtllm_memory::units::{Bytes, giga, grouped, grouped_decimal};

/// Columns of figures side by side.
const MOST_COLUMNS: usize = 6;
/// Runs of ranks that a heading names.
const MOST_RUNS: usize = 3;

/// Answers a link.
pub fn answer(link: &str, as_json: bool, explain: bool) -> Output {
    of(Answer::to(link), as_json, explain)
}

/// Answers a link about the model or the engine of a file.
pub fn with_file(link: &str, file: &Path, as_json: bool, explain: bool) -> Output {
    let shown = file.display();
    let read = input::whole(file).and_then(|bytes| {
        model_file::read(&bytes, &file.to_string_lossy()).map_err(|error| format!("{shown}: {error}"))
    });
    let read = match read {
        Ok(read) => read,
        Err(stderr) => return Output::bad(stderr),
    };
    let mut deployment = Deployment::default();
    read.apply(&mut deployment);
    let mut answer = Answer::from(link::decode_onto(deployment, link));
    let assumed = read.report().assumed.iter().map(|item| Warning {
        field: item.field.clone(),
        message: format!("{}: {} ({})", item.field, item.value, item.note),
    });
    answer.warnings.extend(assumed);
    of(answer, as_json, explain)
}

fn of(answer: Answer, as_json: bool, explain: bool) -> Output {
    let answer = if explain { answer.explain() } else { answer };
    let status = match &answer.report {
        Some(report) if report.verdict.fits() => FITS,
        Some(_) => FAILS,
        None => BAD,
    };
    if as_json {
        return Output { stdout: json(&answer), stderr: String::new(), status };
    }
    Output { stdout: text(&answer), stderr: stderr(&answer), status }
}

/// What must be mended first.
fn stderr(answer: &Answer) -> String {
    if answer.errors.is_empty() {
        return String::new();
    }
    let ignored = answer.warnings.iter().map(|warning| format!("warning: {}\n", warning.message));
    ignored.chain(answer.errors.iter().map(|error| format!("error: {}\n", error.message))).collect()
}

fn text(answer: &Answer) -> String {
    let (Some(report), Ok(resolved)) = (&answer.report, answer.deployment.resolve()) else {
        return String::new();
    };
    let mut text = format!("{}\n\n", heading(&resolved));
    text.push_str(&format!("{} {}\n{}\n\n", report.headline(), report.sentence(), report.detail()));
    text.push_str(&memory(report));
    text.push_str(&format!("\nKV cache\n{}", kv_cache(report)));
    if !answer.warnings.is_empty() {
        text.push_str("\nWorth knowing\n");
        text.extend(answer.warnings.iter().map(warning));
    }
    text.push_str(&explanations(&answer.explanations));
    text
}

/// What is served, on what, and how.
fn heading(resolved: &Resolved) -> String {
    format!(
        "{} on {} × {}\ntp_size {} · pp_size {} · quant_algo {} · kv_cache_dtype {} · TensorRT-LLM {}",
        resolved.model.name,
        resolved.world_size(),
        resolved.gpu.name,
        resolved.parallel.tp_size,
        resolved.parallel.pp_size,
        resolved.precision.quant_algo,
        resolved.precision.kv_cache_dtype,
        resolved.version,
    )
}

fn warning(warning: &Warning) -> String {
    // What was wrong in the link names its key already.
    if warning.message.starts_with(&warning.field) {
        format!("  {}\n", warning.message)
    } else {
        format!("  {}: {}\n", warning.field, warning.message)
    }
}

/// A column for each way in which ranks use their memory, a row for each contributor.
fn memory(report: &Report) -> String {
    let size_text = |bytes: Bytes| grouped_decimal(bytes.giga(), 2);
    let kinds = report.kinds();
    let blocks = kinds.chunks(MOST_COLUMNS).map(|kinds| {
        let mut table = Table::new(1);
        let mut row = |label: &str, cell: &dyn Fn(&[&Rank]) -> String| {
            table.row(std::iter::once(label.to_string()).chain(kinds.iter().map(|kind| cell(kind))));
        };
        row(giga(), &|kind| name(&kind.iter().map(|rank| rank.rank).collect::<Vec<u64>>()));
        let first = |size: &dyn Fn(&Rank) -> Bytes, kind: &[&Rank]| {
            kind.first().map_or_else(String::new, |rank| size_text(size(rank)))
        };
        for segment in Segment::ALL {
            row(segment.label(), &|kind| first(&|rank| segment.bytes(rank), kind));
        }
        row("Capacity", &|kind| first(&|rank| rank.total, kind));
        table.text()
    });
    blocks.collect::<Vec<String>>().join("\n")
}

/// "GPU 0–3, 8" for ranks in their order; of many runs the first.
pub fn name(ranks: &[u64]) -> String {
    let runs: Vec<String> = ranks
        .chunk_by(|a, b| a + 1 == *b)
        .filter_map(|run| match run {
            [] => None,
            [one] => Some(one.to_string()),
            [first, .., last] => Some(format!("{first}–{last}")),
        })
        .collect();
    if runs.len() > MOST_RUNS {
        format!("GPU {}, … ({})", runs[..MOST_RUNS - 1].join(", "), ranks.len())
    } else {
        format!("GPU {}", runs.join(", "))
    }
}

fn kv_cache(report: &Report) -> String {
    let kv = &report.kv_cache;
    let binding = match kv.binding {
        Binding::FreeGpuMemoryFraction => "free_gpu_memory_fraction",
        Binding::MaxTokens => "max_tokens",
        Binding::MaxGpuTotalBytes => "max_gpu_total_bytes",
        Binding::WholeBatch => "the whole batch",
    };
    let bytes = kv.bytes_per_token;
    let mut table = Table::new(2);
    table.row(["  blocks", &format!("{} of {} tokens", grouped(kv.blocks), kv.tokens_per_block)]);
    table.row(["  tokens", &grouped(kv.tokens)]);
    if let Some(cross) = kv.cross {
        table.row(["  cross blocks", &format!("{} of {} tokens", grouped(cross.blocks), kv.tokens_per_block)]);
    }
    table.row(["  bytes per token", &grouped_decimal(bytes, if bytes.fract() == 0.0 { 0 } else { 2 })]);
    table.row(["  pages per sequence", &grouped(kv.pages_per_sequence)]);
    table.row(["  max sequences", &format!("{} of {} tokens", grouped(kv.max_sequences), grouped(report.max_seq_len))]);
    table.row(["  decided by", &format!("{binding}, on GPU {}", kv.tightest_rank)]);
    table.text()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_named_by_their_runs() {
        assert_eq!(name(&[0]), "GPU 0");
        assert_eq!(name(&[0, 1, 2, 3, 8]), "GPU 0–3, 8");
        let first_of_nodes: Vec<u64> = (0..128).map(|node| node * 8).collect();
        assert_eq!(name(&first_of_nodes), "GPU 0, 8, … (128)");
    }

    #[test]
    fn ranks_that_differ_have_a_column_each() {
        let text = answer("pp_size=4", false, false).stdout;
        let heading = text.lines().find(|line| line.starts_with("GiB")).unwrap();
        assert!(heading.contains("GPU 0") && heading.contains("GPU 3"), "{heading}");
        assert!(text.contains("\nCUDA, NCCL, libraries  "));
    }
}
