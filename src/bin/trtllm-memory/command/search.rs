//! `search`: the deployments that run a load.

use super::link_arg::{self, positive, refuse_problem};
use super::table::Table;
use super::{Output, json};
use clap::Args;
use serde::Serialize;
use std::collections::HashSet;
use trtllm_memory::deployment::{Deployment, InvalidSetting, KvCacheDtype, QuantAlgo};
use trtllm_memory::explore::Load;
use trtllm_memory::explore::search::{Candidate, Order, Search, Space, frontier};
use trtllm_memory::export::table;
use trtllm_memory::gpu::{self, Gpu, gpus};
use trtllm_memory::link;
use trtllm_memory::units::{Units, grouped, grouped_decimal};

/// Rows of the table by default.
const ROWS: usize = 25;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A share link of any host, `#…`, or its fragment alone, with the model and the settings of
    /// all candidates.
    link: String,
    /// GPUs, separated by commas, or `all`; by default the link's GPU.
    #[arg(long, value_delimiter = ',')]
    gpus: Vec<String>,
    /// Sequences that must run at once.
    #[arg(long, value_parser = positive)]
    concurrency: u64,
    /// Tokens of a prompt.
    #[arg(long, value_parser = positive)]
    input_len: u64,
    /// Tokens of an output.
    #[arg(long, value_parser = positive)]
    output_len: u64,
    /// Tensor-parallel sizes, separated by commas.
    #[arg(long, value_delimiter = ',', value_parser = clap::value_parser!(u64).range(1..=1024))]
    tp_size: Vec<u64>,
    /// Numbers of pipeline stages, separated by commas.
    #[arg(long, value_delimiter = ',', value_parser = clap::value_parser!(u64).range(1..=1024))]
    pp_size: Vec<u64>,
    /// Expert-parallel sizes, separated by commas.
    #[arg(long, value_delimiter = ',', value_parser = clap::value_parser!(u64).range(1..=1024))]
    moe_ep_size: Vec<u64>,
    /// Quantizations of the weights, separated by commas.
    #[arg(long, value_delimiter = ',')]
    quant_algo: Vec<String>,
    /// Types of the KV cache, separated by commas.
    #[arg(long, value_delimiter = ',')]
    kv_cache_dtype: Vec<String>,
    /// The largest number of GPUs of a deployment.
    #[arg(long, value_name = "GPUS")]
    most_gpus: Option<u64>,
    /// The order: gpus, concurrency, concurrency-per-gpu, room, used or kv-tokens.
    #[arg(long, default_value = "gpus")]
    sort: String,
    /// Only deployments on the frontier: no other one has both fewer GPUs and more concurrency.
    #[arg(long)]
    frontier: bool,
    /// The largest number of rows; by default all in JSON and CSV, and 25 in the table.
    #[arg(long)]
    rows: Option<usize>,
    /// Print JSON; sizes are bytes, and each deployment has its link.
    #[arg(long)]
    json: bool,
    /// Print CSV; sizes are bytes.
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

/// Runs the subcommand.
pub(super) fn run(arguments: &Arguments, units: Units) -> Output {
    link_arg::about(&arguments.link, arguments.json, |deployment| answer(deployment, arguments, units))
}

fn answer(deployment: &Deployment, arguments: &Arguments, units: Units) -> Output {
    let (space, order) = match (space(arguments, deployment), Order::parse(&arguments.sort)) {
        (Ok(space), Some(order)) => (space, order),
        (Err(problem), _) => return refuse_problem(problem, arguments.json),
        (_, None) => {
            let names: Vec<&str> = Order::ALL.into_iter().map(Order::name).collect();
            let problem = InvalidSetting::new(
                "sort",
                &arguments.sort,
                format!("unknown order; expected one of {}", names.join(", ")),
            );
            return refuse_problem(problem, arguments.json);
        }
    };
    let Arguments { concurrency, input_len, output_len, .. } = *arguments;
    let mut search = Search::new(deployment, Load { concurrency, input_len, output_len }, space);
    search.step(usize::MAX);
    let found = Found::of(&search, order, arguments);
    let output = if arguments.json {
        found.json(&search)
    } else if arguments.csv {
        table::Table::of_candidates(found.rows.iter().map(|(candidate, _)| candidate)).csv()
    } else {
        found.text(&search, units)
    };
    Output::of(output, !search.found().is_empty())
}

/// The search space of the arguments.
fn space(arguments: &Arguments, base: &Deployment) -> Result<Space, InvalidSetting> {
    let chosen: Vec<&'static Gpu> = match arguments.gpus.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => Vec::new(),
        ["all"] => gpus().iter().collect(),
        ref names => names.iter().map(|name| found("gpus", name, gpu::find(name))).collect::<Result<_, _>>()?,
    };
    let mut space = Space::on(chosen, base.backend);
    if space.gpus.is_empty() {
        space.gpus = vec![base.gpu.clone()];
    }
    if space.gpus.is_empty() {
        space.gpus = vec![base.gpu.clone()];
    }
    if space.gpus.is_empty() {
        space.gpus = vec![base.gpu.clone()];
    }
    if space.gpus.is_empty() {
        space.gpus = vec![base.gpu.clone()];
    }
    let sizes = |space: &mut Vec<u64>, given: &[u64]| {
        if !given.is_empty() {
            *space = given.to_vec();
        }
    };
    sizes(&mut space.tp_sizes, &arguments.tp_size);
    sizes(&mut space.pp_sizes, &arguments.pp_size);
    sizes(&mut space.ep_sizes, &arguments.moe_ep_size);
    if !arguments.quant_algo.is_empty() {
        let read = |name: &String| found("quant_algo", name, name.parse::<QuantAlgo>().ok());
        space.quant_algos = arguments.quant_algo.iter().map(read).collect::<Result<_, _>>()?;
    }
    if !arguments.kv_cache_dtype.is_empty() {
        let read = |name: &String| found("kv_cache_dtype", name, name.parse::<KvCacheDtype>().ok());
        space.kv_cache_dtypes = arguments.kv_cache_dtype.iter().map(read).collect::<Result<_, _>>()?;
    }
    space.most_gpus = arguments.most_gpus.unwrap_or(space.most_gpus);
    Ok(space)
}

fn found<T>(key: &'static str, name: &str, value: Option<T>) -> Result<T, InvalidSetting> {
    let known = match key {
        "gpus" => "unknown GPU; `trtllm-memory gpus` lists the known ones".to_string(),
        "quant_algo" => format!("unknown value; expected one of {}", QuantAlgo::NAMES.join(", ")),
        _ => format!("unknown value; expected one of {}", KvCacheDtype::NAMES.join(", ")),
    };
    value.ok_or_else(|| InvalidSetting::new(key, name, known))
}

/// The candidates to print, each with whether it is on the frontier.
struct Found {
    rows: Vec<(Candidate, bool)>,
}

impl Found {
    fn of(search: &Search, order: Order, arguments: &Arguments) -> Found {
        let mut sorted = search.found().to_vec();
        order.sort(&mut sorted);
        let best: HashSet<usize> = frontier(&sorted).into_iter().collect();
        let marked = sorted.into_iter().enumerate().map(|(place, one)| (one, best.contains(&place)));
        let most = arguments.rows.unwrap_or(if arguments.json || arguments.csv { usize::MAX } else { ROWS });
        Found { rows: marked.filter(|(_, best)| *best || !arguments.frontier).take(most).collect() }
    }

    fn json(&self, search: &Search) -> String {
        #[derive(Serialize)]
        struct Row<'a> {
            #[serde(flatten)]
            candidate: &'a Candidate,
            frontier: bool,
            link: String,
        }
        #[derive(Serialize)]
        struct Shape<'a> {
            candidates: usize,
            found: usize,
            deployments: Vec<Row<'a>>,
        }
        let row =
            |(candidate, frontier): &'_ (Candidate, bool)| (link::encode(&search.deployment(candidate)), *frontier);
        let deployments = self.rows.iter().map(|one| {
            let (link, frontier) = row(one);
            Row { candidate: &one.0, frontier, link }
        });
        json(&Shape {
            candidates: search.candidates(),
            found: search.found().len(),
            deployments: deployments.collect(),
        })
    }

    fn text(&self, search: &Search, units: Units) -> String {
        let mut table = Table::new(1);
        table.row([
            "GPU",
            "GPUs",
            "tp",
            "pp",
            "ep",
            "quant_algo",
            "KV",
            &format!("used ({})", units.giga()),
            &format!("room ({})", units.giga()),
            "KV tokens",
            "at once",
            "",
        ]);
        for (one, best) in &self.rows {
            table.row([
                one.gpu.id.to_string(),
                one.gpus.to_string(),
                one.tp_size.to_string(),
                one.pp_size.to_string(),
                one.moe_ep_size.map_or_else(|| "–".into(), |size| size.to_string()),
                one.quant_algo.to_string(),
                one.kv_cache_dtype.to_string(),
                grouped_decimal(one.used.giga(units), 2),
                grouped_decimal(one.room.giga(units), 2),
                grouped(one.kv_tokens),
                grouped(one.concurrency),
                if *best { "frontier".into() } else { String::new() },
            ]);
        }
        let (found, tried) = (grouped(search.found().len() as u64), grouped(search.candidates() as u64));
        format!("{found} of {tried} candidates run this load; {} are listed.\n\n{}", self.rows.len(), table.text())
    }
}
