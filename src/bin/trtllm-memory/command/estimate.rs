//! `estimate`: the report of a deployment as text or JSON.

use super::explanations::explanations;
use super::input::{self, Lines, STANDARD_INPUT};
use super::table::Table;
use super::{BAD, FAILS, FITS, Output, json, json_line};
use clap::Args;
use serde::Serialize;
use std::iter::once;
use std::path::{Path, PathBuf};
use trtllm_memory::chart::Segment;
use trtllm_memory::deployment::Resolved;
use trtllm_memory::export::json::{Answer, BadInput, Warning};
use trtllm_memory::import::model_file::ModelFile;
use trtllm_memory::import::together::{self, NamedBytes};
use trtllm_memory::link;
use trtllm_memory::memory::{Binding, RankKind, Report};
use trtllm_memory::units::{Bytes, Units, grouped, grouped_decimal};

/// Columns of figures side by side, at most.
const MOST_COLUMNS: usize = 6;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A share link of any host, `#…`, or its fragment alone, quoted because of its `&` and `#`.
    /// `-` reads links from standard input, one a line: blank lines are skipped, and the exit
    /// status is the worst of all.
    #[arg(required_unless_present_any = ["hf_config", "checkpoint"])]
    link: Option<String>,
    /// Read the model from its file: a Hugging Face config.json, a .safetensors file with the whole
    /// model, or the config.json of a TensorRT-LLM checkpoint or engine, with all its settings.
    /// The link takes precedence over the file. If the link names the model, the file may be an
    /// hf_quant_config.json, an index or a single shard, from which the quantization is read. Given
    /// several times, the files are read together as those of one model.
    #[arg(long, value_name = "FILE")]
    hf_config: Vec<PathBuf>,
    /// Read the model from a checkpoint's folder: its configurations, its index, and of its
    /// .safetensors files the headers.
    #[arg(long, value_name = "FOLDER")]
    checkpoint: Option<PathBuf>,
    /// Print JSON; sizes are bytes. Invalid input is in `errors`. Each link of standard input has
    /// an object on a line of its own, with the number of the link's line as `line`.
    #[arg(long)]
    json: bool,
    /// Explain each size with its formula, figures, inputs and sources.
    #[arg(long)]
    explain: bool,
}

/// Estimates a link, or each link of standard input.
pub(super) fn run(arguments: Arguments, units: Units) -> Box<dyn Iterator<Item = Output>> {
    let links_from_input = arguments.link.as_deref() == Some(STANDARD_INPUT);
    let paths = &arguments.hf_config;
    let read = match paths.iter().find(|path| *path == Path::new(STANDARD_INPUT)) {
        Some(path) if links_from_input => {
            Err(bad_file(path, "-: The links and the file cannot both come from standard input.".into()))
        }
        _ => GivenFiles::read(paths, arguments.checkpoint.as_deref()),
    };
    let link = arguments.link.as_deref().filter(|_| !links_from_input).unwrap_or_default();
    let refused = |error| Answer::refused(link::decode(link), error);
    match read {
        Ok(file) if links_from_input => Box::new(Lines::of_standard_input().map(move |line| match line {
            Ok((number, link)) => arguments.output(answer(&link, file.as_ref()).in_units(units), Some(number)),
            Err(error) => {
                let (value, message) = (STANDARD_INPUT.into(), error.to_string());
                let error = BadInput { field: "link".into(), value, message };
                arguments.output(Answer::refused(link::decode(""), error), None)
            }
        })),
        Ok(file) => Box::new(once(arguments.output(answer(link, file.as_ref()).in_units(units), None))),
        Err(error) => Box::new(once(arguments.output(refused(error), None))),
    }
}

/// The files of a model and their names.
struct GivenFiles {
    /// The first file, or the folder.
    path: PathBuf,
    content: ModelFile,
}

impl GivenFiles {
    /// Reads files and those of a folder together; `None` if there are none.
    fn read(files: &[PathBuf], folder: Option<&Path>) -> Result<Option<GivenFiles>, BadInput> {
        // A folder may also be given in place of a file.
        let (folders, files): (Vec<&Path>, Vec<&Path>) =
            files.iter().map(PathBuf::as_path).partition(|path| path.is_dir());
        let folders: Vec<&Path> = folders.into_iter().chain(folder).collect();
        let Some(path) = folders.first().or(files.first()).copied() else { return Ok(None) };
        let mut read: Vec<(PathBuf, Vec<u8>)> = Vec::new();
        for file in files {
            read.push((file.into(), input::whole(file).map_err(|error| bad_file(file, error.to_string()))?));
        }
        for folder in folders {
            read.extend(input::checkpoint(folder).map_err(|error| bad_file(folder, error.to_string()))?);
        }
        let names: Vec<String> = read.iter().map(|(path, _)| path.to_string_lossy().into_owned()).collect();
        let parts: Vec<NamedBytes> =
            names.iter().zip(&read).map(|(name, (_, bytes))| (name.as_str(), bytes.as_slice())).collect();
        match together::read(&parts) {
            Ok(content) => Ok(Some(GivenFiles { path: path.into(), content })),
            Err(error) => {
                let message = if names.len() == 1 { format!("{}: {error}", names[0]) } else { error.to_string() };
                Err(bad_file(path, message))
            }
        }
    }

    /// The error of a link that lacks a key which this file does not provide.
    fn lack(&self, named: &[&'static str]) -> Option<BadInput> {
        let lack = |key: &str, lack: Option<String>| lack.filter(|_| !named.contains(&key));
        let lack = lack("model", self.content.lack_of_model())
            .or_else(|| lack("quant_algo", self.content.lack_of_quantization()))?;
        Some(bad_file(&self.path, format!("{}: {lack}", self.path.display())))
    }
}

fn bad_file(path: &Path, message: String) -> BadInput {
    BadInput { field: "hf_config".into(), value: path.display().to_string(), message }
}

/// The answer to a link, with the model of a file if there is one.
fn answer(link: &str, file: Option<&GivenFiles>) -> Answer {
    let Some(file) = file else { return Answer::to(link) };
    let mut deployment = link::base_of(link);
    file.content.apply(&mut deployment);
    let mut decoded = link::decode_onto(deployment, link);
    if let Some(error) = file.lack(&decoded.named) {
        return Answer::refused(decoded, error);
    }
    if !decoded.named.contains(&"quant_algo") {
        file.content.apply_precisions(&mut decoded.deployment);
    }
    let compared = file.content.compared_with(&decoded.deployment.model);
    let names_model = decoded.named.contains(&"model");
    let mut answer = Answer::from(decoded);
    if let Some(model) = file.content.model().filter(|model| names_model && **model != answer.deployment.model) {
        let message = format!(
            "The link's {} takes precedence over {}, the model of {}.",
            answer.deployment.model.name,
            model.name,
            file.path.display()
        );
        answer.warnings.push(Warning { field: "model".into(), message });
    }
    // The link takes precedence, so files of another model are only a warning.
    let differing = match compared {
        Ok(report) => report.assumed,
        Err(error) => {
            answer.warnings.push(Warning { field: "model".into(), message: error.to_string() });
            Vec::new()
        }
    };
    answer.warnings.extend(file.content.report().assumed.iter().chain(&differing).map(|item| Warning {
        field: item.field.clone(),
        message: format!("{}: {} ({})", item.field, item.value, item.note),
    }));
    answer
}

/// The answer to a link of standard input as JSON.
#[derive(Serialize)]
struct LineAnswer<'a> {
    /// The number of the line, from 1.
    line: u64,
    #[serde(flatten)]
    answer: &'a Answer,
}

impl Arguments {
    /// Formats an answer; `line` is the line of a link of standard input.
    fn output(&self, answer: Answer, line: Option<u64>) -> Output {
        let answer = if self.explain { answer.explain() } else { answer };
        let status = match &answer.report {
            Some(report) if report.verdict.fits() => FITS,
            Some(_) => FAILS,
            None => BAD,
        };
        let (stdout, stderr) = match (self.json, line) {
            (true, Some(line)) => (json_line(&LineAnswer { line, answer: &answer }), String::new()),
            (true, None) => (json(&answer), String::new()),
            (false, Some(line)) if answer.report.is_some() => {
                (format!("Line {line}\n{}\n", text(&answer)), String::new())
            }
            (false, _) => (text(&answer), stderr(&answer, line)),
        };
        Output { stdout, stderr, status }
    }
}

/// The errors of an answer, after its warnings; `line` is the line of a link of standard input.
fn stderr(answer: &Answer, line: Option<u64>) -> String {
    if answer.errors.is_empty() {
        return String::new();
    }
    let place = line.map_or_else(String::new, |line| format!("line {line}: "));
    let ignored = answer.warnings.iter().map(|warning| format!("warning: {place}{}\n", warning.message));
    ignored.chain(answer.errors.iter().map(|error| format!("error: {place}{}\n", error.message))).collect()
}

fn text(answer: &Answer) -> String {
    let (Some(report), Ok(resolved)) = (&answer.report, answer.deployment.resolve()) else {
        return String::new();
    };
    let units = answer.units;
    let mut text = format!("{}\n\n", heading(&resolved));
    text.push_str(&format!("{} {}\n{}\n\n", report.headline(), report.sentence(units), report.detail(units)));
    text.push_str(&memory(report, units));
    text.push_str(&format!("\nKV cache\n{}", kv_cache(report)));
    if !answer.warnings.is_empty() {
        text.push_str("\nNotes\n");
        text.extend(answer.warnings.iter().map(warning));
    }
    text.push_str(&explanations(&answer.explanations));
    text
}

/// The model, the GPUs and the main settings.
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
    // A message about the link names its key already.
    if warning.message.starts_with(&warning.field) {
        format!("  {}\n", warning.message)
    } else {
        format!("  {}: {}\n", warning.field, warning.message)
    }
}

/// A table with a column for each kind of rank, fullest first, and a row for each contributor.
fn memory(report: &Report, units: Units) -> String {
    let size_text = |bytes: Bytes| grouped_decimal(bytes.giga(units), 2);
    let kinds = report.kinds();
    let blocks = kinds.chunks(MOST_COLUMNS).map(|kinds| {
        let mut table = Table::new(1);
        let mut row = |label: &str, cell: &dyn Fn(&RankKind) -> String| {
            table.row(once(label.to_string()).chain(kinds.iter().map(cell)));
        };
        row(units.giga(), &|kind| kind.label());
        for segment in Segment::ALL {
            row(segment.label(), &|kind| size_text(segment.bytes(kind.first)));
        }
        row("Capacity", &|kind| size_text(kind.first.total));
        table.text()
    });
    blocks.collect::<Vec<String>>().join("\n")
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
    fn ranks_that_differ_have_a_column_each() {
        let text = text(&Answer::to("pp_size=4"));
        let heading = text.lines().find(|line| line.starts_with("GiB")).unwrap();
        assert!(heading.contains("GPU 0") && heading.contains("GPU 3"), "{heading}");
        assert!(text.contains("\nCUDA, NCCL, libraries  "));
    }
}
