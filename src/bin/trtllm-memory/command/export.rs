//! `commands`, `chart` and `table`: what a person takes away.

use super::link_arg::{self, refuse_problems};
use super::{Output, json};
use clap::Args;
use serde::Serialize;
use trtllm_memory::chart::{self, Size, Theme};
use trtllm_memory::deployment::Deployment;
use trtllm_memory::export::commands::{Recipe, markdown, recipes};
use trtllm_memory::export::table::Table;
use trtllm_memory::memory::{Report, estimate};
use trtllm_memory::units::Units;

#[derive(Debug, Args)]
pub struct CommandsArguments {
    /// A share link of any host, `#…`, or its fragment alone.
    link: String,
    /// Print JSON: recipes with their steps.
    #[arg(long)]
    json: bool,
}

/// What starts a deployment.
pub fn commands(arguments: &CommandsArguments) -> Output {
    #[derive(Serialize)]
    struct Shape<'a> {
        backend: &'a str,
        recipes: &'a [Recipe],
    }
    link_arg::about(&arguments.link, arguments.json, |deployment| match recipes(deployment) {
        Ok(recipes) if arguments.json => {
            Output::ok(json(&Shape { backend: deployment.backend.name(), recipes: &recipes }))
        }
        Ok(recipes) => Output::ok(markdown(&recipes)),
        Err(problems) => refuse_problems(problems, arguments.json),
    })
}

#[derive(Debug, Args)]
pub struct ChartArguments {
    /// A share link of any host, `#…`, or its fragment alone.
    link: String,
    /// Pixels from left to right.
    #[arg(long, default_value_t = 720)]
    width: u32,
    /// Pixels from top to bottom.
    #[arg(long, default_value_t = 360)]
    height: u32,
    /// Colours for a dark ground.
    #[arg(long)]
    dark: bool,
    /// One lying bar of the fullest GPU, without axes.
    #[arg(long)]
    strip: bool,
    /// A picture that stands alone, on paper: with a legend, what it is of, and the capacity in words.
    #[arg(long, conflicts_with = "strip")]
    poster: bool,
}

/// The memory of each GPU as SVG.
pub fn chart(arguments: &ChartArguments, units: Units) -> Output {
    let theme = if arguments.dark { Theme::DARK } else { Theme::LIGHT };
    let size = Size { width: arguments.width, height: arguments.height };
    reported(&arguments.link, |deployment, report| {
        if arguments.poster {
            chart::poster(deployment, report, size, &theme, units)
        } else if arguments.strip {
            chart::strip(report, size, &theme).svg
        } else {
            chart::ranks(report, size, &theme, units).svg
        }
    })
}

#[derive(Debug, Args)]
pub struct TableArguments {
    /// A share link of any host, `#…`, or its fragment alone.
    link: String,
    /// Print CSV with a row for each rank, sizes in bytes, in place of a Markdown table in GiB.
    #[arg(long)]
    csv: bool,
}

/// The memory of each GPU as a table.
pub fn table(arguments: &TableArguments, units: Units) -> Output {
    let csv = arguments.csv;
    reported(&arguments.link, |_, report| {
        if csv { Table::of_report(report).csv() } else { Table::for_people(report, units).markdown() }
    })
}

/// Something made of a report, with the status of `estimate`.
fn reported(link: &str, make: impl Fn(&Deployment, &Report) -> String) -> Output {
    link_arg::about(link, false, |deployment| match estimate(deployment) {
        Ok(report) => Output::of(make(deployment, &report), report.verdict.fits()),
        Err(problems) => refuse_problems(problems, false),
    })
}
