//! The long help: examples, exit statuses, and all keys of links from the table of settings.

use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm, fill};
use trtllm_memory::deployment::{Deployment, Flows, Group, Input, Resolved, SETTINGS, Setting};

/// Columns of the help.
const WIDTH: usize = 92;
/// The text before each line about a key.
const INDENT: &str = "      ";

const EXAMPLES: &str = "\
Examples:
  trtllm-memory estimate 'model=Qwen/Qwen3-32B&gpu=h200&tp_size=2&quant_algo=FP8'
  trtllm-memory estimate 'https://example.org/memory/#v=1&gpu=l40s' --json | jq .kv_cache.tokens
  trtllm-memory estimate 'model=llama-3.3-70b-instruct&tp_size=4' --explain
  trtllm-memory estimate - --json < links.txt | jq -c '[.line, .verdict]'
  trtllm-memory solve 'max_seq_len=8192' --for max_batch_size --json | jq .limit
  trtllm-memory search 'model=qwen3-32b' --gpus h100,h200 --concurrency 64 --input-len 2000 --output-len 500
  trtllm-memory estimate --hf-config ./Qwen3-8B/config.json 'gpu=l40s&quant_algo=FP8'
  trtllm-memory log server.log
  trtllm-memory models --json | jq '.[] | select(.parameters < 1e9) | .name'
";

const STATUSES: &str = "\
Exit status:
  0  the deployment fits (JSON: verdict fits, or fits_uncertain if the capacity lies within the
     figures' uncertainty)
  1  the deployment does not fit (JSON: verdict fails)
  2  the input is invalid; the messages name the field, its value, and the valid values
     (JSON: errors, also for unreadable files and unknown arguments)
  For several links on standard input, the worst status counts.
";

/// The text after the options.
pub(super) fn more() -> String {
    format!("{EXAMPLES}\n{STATUSES}\n{}", keys())
}

/// Lists all keys of a link.
fn keys() -> String {
    let default = Deployment::default();
    let resolved = default.resolve().ok();
    let layout = Options::new(WIDTH)
        .initial_indent(INDENT)
        .subsequent_indent(INDENT)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation)
        .wrap_algorithm(WrapAlgorithm::FirstFit)
        .break_words(false);
    let mut text = String::from("Keys of a link:\n");
    for group in Group::ALL {
        let fields: Vec<&Setting> = SETTINGS.iter().filter(|setting| setting.group == group).collect();
        if fields.is_empty() {
            continue;
        }
        text.push_str(&format!("\n {}\n", group.label()));
        for setting in fields {
            let about = [setting.help.into(), values(setting), aliases(setting)];
            let about: Vec<&str> = about.iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
            text.push_str(&format!(
                "  {} [{}; {}{}]\n",
                setting.key,
                default_text(setting, &default, resolved.as_ref()),
                setting.phase.label(),
                flows(setting)
            ));
            text.push_str(&fill(&about.join(" "), &layout));
            text.push('\n');
        }
    }
    text
}

/// The backend of the setting, if only one has it.
fn flows(setting: &Setting) -> &'static str {
    match setting.flows {
        Flows::Both => "",
        Flows::Engine => "; tensorrt only",
        Flows::Pytorch => "; pytorch only",
    }
}

/// The other names of a setting.
fn aliases(setting: &Setting) -> String {
    if setting.aliases.is_empty() { String::new() } else { format!("Also: {}.", setting.aliases.join(", ")) }
}

/// The default of a setting.
fn default_text(setting: &Setting, default: &Deployment, resolved: Option<&Resolved>) -> String {
    let value = setting.write(default);
    let resolved_value = resolved.map(setting.effective).unwrap_or_default();
    match (value.as_str(), resolved_value.as_str()) {
        ("", "") => "unset".into(),
        ("", resolved_value) => format!("unset, {resolved_value} for an empty link"),
        (value, _) => format!("default {value}"),
    }
}

/// The valid values of a setting, if its help does not list them.
fn values(setting: &Setting) -> String {
    match setting.input {
        Input::Choice(names) => format!("One of {}.", names.join(", ")),
        Input::Model => "`trtllm-memory models` lists the names.".into(),
        Input::Gpu => "`trtllm-memory gpus` lists the names.".into(),
        Input::Toggle => "true or false.".into(),
        Input::Steps { .. } | Input::Whole { .. } | Input::Fraction | Input::Gib | Input::Text => String::new(),
    }
}
