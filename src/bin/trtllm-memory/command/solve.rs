//! `solve`: the limits of a setting, and the number of sequences that run at once.

use super::link_arg::{self, LoadArguments, refuse_problem, refuse_problems};
use super::table::Table;
use super::{Output, json};
use clap::Args;
use serde::Serialize;
use trtllm_memory::deployment::{Deployment, InvalidSetting};
use trtllm_memory::explore::NumericSetting;
use trtllm_memory::explore::range::{FeasibleRange, LimitReason};
use trtllm_memory::explore::solve::solve;
use trtllm_memory::memory::{Limit, estimate};
use trtllm_memory::units::{Units, grouped};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A share link of any host, `#…`, or its fragment alone.
    link: String,
    /// The setting to solve for, or `concurrency` with `--input-len` and `--output-len`; by default
    /// every numeric setting.
    #[arg(long = "for", value_name = "KEY")]
    key: Option<String>,
    #[command(flatten)]
    load: LoadArguments,
    /// Print JSON: `key`, `limit` and `binding`.
    #[arg(long)]
    json: bool,
}

/// Runs the subcommand.
pub(super) fn run(arguments: &Arguments, units: Units) -> Output {
    let load = arguments.load.load();
    link_arg::about(&arguments.link, arguments.json, |deployment| match arguments.key.as_deref() {
        Some("concurrency") => concurrency(deployment, arguments, units),
        Some(key) => match solve(deployment, key, load) {
            Ok(limits) => one(&limits, arguments.json),
            Err(problem) => refuse_problem(problem, arguments.json),
        },
        None => {
            let all =
                NumericSetting::all(deployment).filter_map(|numeric| solve(deployment, numeric.row.key, load).ok());
            every(&all.collect::<Vec<FeasibleRange>>(), arguments.json)
        }
    })
}

fn one(limits: &FeasibleRange, as_json: bool) -> Output {
    let output = if as_json { json(limits) } else { sentence(limits) };
    Output::of(output, limits.limit().is_some())
}

/// A limit as a sentence.
fn sentence(limits: &FeasibleRange) -> String {
    let FeasibleRange { key, .. } = limits;
    let next = |stop: &LimitReason| stop.text();
    let Some(limit) = limits.limit() else {
        let why = limits.never.as_ref().map_or_else(String::new, |stop| format!(" It {}.", next(stop)));
        return format!("No value of {key} makes it fit.{why}\n");
    };
    let kind = if limits.is_largest() { "largest" } else { "smallest" };
    match &limit.next {
        Some((value, stop)) => {
            format!("The {kind} {key} that fits is {}. At {value} it {}.\n", limit.text, next(stop))
        }
        None => format!("Every {key} fits, up to {}.\n", limit.text),
    }
}

fn every(all: &[FeasibleRange], as_json: bool) -> Output {
    #[derive(Serialize)]
    struct Shape<'a> {
        limits: &'a [FeasibleRange],
    }
    let output = if as_json {
        json(&Shape { limits: all })
    } else {
        let mut table = Table::new(1);
        table.row(["setting", "today", "smallest", "largest", "bound by"]);
        for limits in all {
            let text = |end: Option<&str>| end.unwrap_or("–").to_string();
            table.row([
                limits.key.to_string(),
                text(limits.today.as_deref()),
                text(limits.smallest.as_ref().map(|end| end.text.as_str())),
                text(limits.largest.as_ref().map(|end| end.text.as_str())),
                limits.binding().map_or_else(String::new, |stop| stop.key().to_string()),
            ]);
        }
        table.text()
    };
    Output::ok(output)
}

/// Prints the number of sequences of a length that run at once.
fn concurrency(deployment: &Deployment, arguments: &Arguments, units: Units) -> Output {
    #[derive(Serialize)]
    struct Shape {
        key: &'static str,
        limit: u64,
        binding: &'static str,
        /// The number of sequences that the KV cache alone holds.
        held: u64,
    }
    let (Some(input_len), Some(output_len)) = (arguments.load.input_len, arguments.load.output_len) else {
        let message = "needs --input-len and --output-len, the lengths of a prompt and of an output";
        return refuse_problem(InvalidSetting::new("for", "concurrency", message), arguments.json);
    };
    let report = match estimate(deployment) {
        Ok(report) => report,
        Err(problems) => return refuse_problems(problems, arguments.json),
    };
    let found = report.kv_cache.concurrency(input_len, output_len);
    let limit = if report.verdict.fits() { found.requests } else { 0 };
    let held = report.kv_cache.held(input_len, output_len);
    let binding = if report.verdict.fits() { found.limit } else { Limit::KvBlocks };
    let output = if arguments.json {
        json(&Shape { key: "concurrency", limit, binding: binding.key(), held })
    } else if report.verdict.fits() {
        format!(
            "{} requests of {} + {} tokens run at once, limited by {}.\n",
            grouped(limit),
            grouped(input_len),
            grouped(output_len),
            binding.text()
        )
    } else {
        format!("{} {}\n", report.headline(), report.sentence(units))
    };
    Output::of(output, limit > 0)
}
