//! `compare`: the differences between two deployments.

use super::link_arg::{self, refuse_problem, refuse_problems};
use super::{FAILS, FITS, Output, json};
use clap::Args;
use trtllm_memory::deployment::InvalidSetting;
use trtllm_memory::explore::compare::{Comparison, compare};
use trtllm_memory::export::table::Table;
use trtllm_memory::units::Units;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A share link; without OTHER it must pin a deployment for comparison (`compare=`).
    link: String,
    /// The link of the deployment to compare with, in place of the pinned one.
    other: Option<String>,
    /// Print JSON; sizes are bytes.
    #[arg(long)]
    json: bool,
}

/// Runs the subcommand.
pub(super) fn run(arguments: &Arguments, units: Units) -> Output {
    let pinned = match &arguments.other {
        Some(other) => Some(link_arg::read(other, arguments.json)),
        None => link_arg::read_pinned(&arguments.link, arguments.json),
    };
    let Some(pinned) = pinned else {
        let message = "the link pins no deployment; give a second link to compare with";
        return refuse_problem(InvalidSetting::new("compare", "", message), arguments.json);
    };
    let (current, pinned) = match (link_arg::read(&arguments.link, arguments.json), pinned) {
        (Ok(current), Ok(pinned)) => (current, pinned),
        (Err(refusal), _) | (_, Err(refusal)) => return refusal,
    };
    match compare(&pinned.deployment, &current.deployment) {
        Ok(comparison) => {
            let fits = comparison.verdicts().into_iter().all(|verdict| verdict.fits());
            let output = if arguments.json { json(&comparison) } else { text(&comparison, units) };
            let stderr = pinned.warnings + &current.warnings;
            Output { stdout: output, stderr, status: if fits { FITS } else { FAILS } }
        }
        Err((_, problems)) => refuse_problems(problems, arguments.json),
    }
}

fn text(comparison: &Comparison, units: Units) -> String {
    let mut text = Table::of_comparison(comparison, units).markdown();
    let [pinned, current] = comparison.verdicts().map(|verdict| if verdict.fits() { "fits" } else { "does not fit" });
    text.push_str(&format!("\nThe pinned deployment {pinned}, the current one {current}.\n"));
    for setting in &comparison.settings {
        text.push_str(&format!("{}: {} → {}\n", setting.key, setting.pinned, setting.current));
    }
    text
}
