//! `sweep`: the fullest GPU for a range of values of one setting.

use super::link_arg::{self, refuse_problem};
use super::table::Table;
use super::{Output, json};
use clap::Args;
use trtllm_memory::deployment::{Deployment, InvalidSetting};
use trtllm_memory::explore::sweep::{POINTS, Point, Sweep, named, sweep};
use trtllm_memory::export::table;
use trtllm_memory::units::{Units, grouped, grouped_decimal};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A share link of any host, `#…`, or its fragment alone.
    link: String,
    /// The setting to vary: `KEY` for its whole range, `KEY=FROM..TO`, or `KEY=A,B,C` for some of
    /// its values.
    #[arg(long, value_name = "KEY=FROM..TO")]
    over: String,
    /// The approximate number of values.
    #[arg(long, default_value_t = POINTS)]
    points: usize,
    /// Print JSON; sizes are bytes.
    #[arg(long)]
    json: bool,
    /// Print CSV; sizes are bytes.
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

/// Runs the subcommand.
pub(super) fn run(arguments: &Arguments, units: Units) -> Output {
    link_arg::about(&arguments.link, arguments.json, |deployment| {
        match over(deployment, &arguments.over, arguments.points) {
            Ok(sweep) if arguments.json => Output::ok(json(&sweep)),
            Ok(sweep) if arguments.csv => Output::ok(table::Table::of_sweep(&sweep).csv()),
            Ok(sweep) => Output::ok(text(&sweep, units)),
            Err(problem) => refuse_problem(problem, arguments.json),
        }
    })
}

/// Runs the sweep of `KEY`, `KEY=FROM..TO` or `KEY=A,B,C`.
fn over(deployment: &Deployment, over: &str, points: usize) -> Result<Sweep, InvalidSetting> {
    let Some((key, values)) = over.split_once('=') else {
        return sweep(deployment, over.trim(), None, points);
    };
    let key = key.trim();
    if let Some((from, to)) = values.split_once("..") {
        let number = |text: &str| text.trim().replace('_', "").parse::<f64>().ok().filter(|number| *number >= 0.0);
        return match (number(from), number(to.trim_start_matches('='))) {
            (Some(from), Some(to)) => sweep(deployment, key, Some((from, to)), points),
            _ => Err(InvalidSetting::new(
                "over",
                over,
                "expected KEY=FROM..TO with two numbers, such as max_batch_size=1..512",
            )),
        };
    }
    let values: Vec<&str> = values.split(',').map(str::trim).filter(|value| !value.is_empty()).collect();
    named(deployment, key, &values)
}

fn text(sweep: &Sweep, units: Units) -> String {
    let mut table = Table::new(1);
    table.row([
        sweep.key,
        "verdict",
        &format!("used ({})", units.giga()),
        &format!("free ({})", units.giga()),
        "KV tokens",
        "max sequences",
        "",
    ]);
    for (place, point) in sweep.points.iter().enumerate() {
        let today = if sweep.today == Some(place) { "today" } else { "" };
        table.row(row(point, today, units));
    }
    table.text()
}

fn row(point: &Point, today: &str, units: Units) -> [String; 7] {
    match &point.outcome {
        Ok(fullest) => [
            point.text.clone(),
            fullest.verdict.key().into(),
            grouped_decimal(fullest.rank.used().giga(units), 2),
            grouped_decimal(fullest.rank.free.giga(units), 2),
            grouped(fullest.kv_cache.tokens),
            grouped(fullest.kv_cache.max_sequences),
            today.into(),
        ],
        Err(_) => [
            point.text.clone(),
            "impossible".into(),
            String::new(),
            String::new(),
            String::new(),
            String::new(),
            today.into(),
        ],
    }
}
