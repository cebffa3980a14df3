//! `advise`: single changes that make a deployment fit or save memory.

use super::link_arg::{self, LoadArguments, refuse_problems};
use super::{Output, json};
use clap::Args;
use serde::Serialize;
use trtllm_memory::explore::Load;
use trtllm_memory::explore::advise::{Recommendations, advise};
use trtllm_memory::link;
use trtllm_memory::units::{Units, grouped};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A share link of any host, `#…`, or its fragment alone.
    link: String,
    #[command(flatten)]
    load: LoadArguments,
    /// Print JSON; sizes are bytes, and each change has the link of its deployment.
    #[arg(long)]
    json: bool,
}

/// Runs the subcommand.
pub(super) fn run(arguments: &Arguments, units: Units) -> Output {
    link_arg::about(&arguments.link, arguments.json, |deployment| match advise(deployment, arguments.load.load()) {
        Ok(advices) => {
            let output = if arguments.json { as_json(&advices, units) } else { text(&advices, units) };
            Output::of(output, advices.fits)
        }
        Err(problems) => refuse_problems(problems, arguments.json),
    })
}

fn as_json(advices: &Recommendations, units: Units) -> String {
    #[derive(Serialize)]
    struct Change<A: Serialize> {
        #[serde(flatten)]
        advice: A,
        link: String,
    }
    #[derive(Serialize)]
    struct Shape<A: Serialize> {
        fits: bool,
        load: Load,
        changes: Vec<Change<A>>,
    }
    let changes = advices
        .changes
        .iter()
        .map(|advice| Change { advice: advice.json(units), link: link::encode(&advice.deployment) });
    json(&Shape { fits: advices.fits, load: advices.load, changes: changes.collect() })
}

fn text(advices: &Recommendations, units: Units) -> String {
    let Load { concurrency, input_len, output_len } = advices.load;
    let load = format!("{} requests of {} + {} tokens", grouped(concurrency), grouped(input_len), grouped(output_len));
    let head = match (advices.fits, advices.changes.is_empty()) {
        (true, true) => format!("It fits. For {load}, no limit is larger than necessary.\n"),
        (true, false) => format!("It fits. For {load}, these limits are larger than necessary:\n\n"),
        (false, true) => "It does not fit, and no single change makes it fit.\n".into(),
        (false, false) => "It does not fit. Any one of these changes makes it fit; least disruptive first:\n\n".into(),
    };
    let lines = advices.changes.iter().map(|change| format!("- {}\n", change.sentence(units)));
    std::iter::once(head).chain(lines).collect()
}
