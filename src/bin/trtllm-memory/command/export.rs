//! `commands`, `chart` and `table`: a deployment in other formats.

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
pub(super) struct CommandsArguments {
    /// A share link of any host, `#…`, or its fragment alone.
    link: String,
    /// Print JSON: recipes with their steps.
    #[arg(long)]
    json: bool,
}

/// Prints the commands and files that start a deployment.
pub(super) fn commands(arguments: &CommandsArguments) -> Output {
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
pub(super) struct ChartArguments {
    /// A share link of any host, `#…`, or its fragment alone.
    link: String,
    /// The width in pixels.
    #[arg(long, default_value_t = 720)]
    width: u32,
    /// The height in pixels of a strip. Other charts are as high as their bars.
    #[arg(long, default_value_t = 360)]
    height: u32,
    /// Use colours for a dark background.
    #[arg(long)]
    dark: bool,
    /// Draw one horizontal bar of the fullest GPU, without axes.
    #[arg(long)]
    strip: bool,
    /// Draw a self-contained picture for paper, with a title, a legend and the capacity as text.
    #[arg(long, conflicts_with = "strip")]
    poster: bool,
}

/// Draws the memory of each GPU as SVG.
pub(super) fn chart(arguments: &ChartArguments, units: Units) -> Output {
    let theme = if arguments.dark { Theme::DARK } else { Theme::LIGHT };
    let size = Size { width: arguments.width, height: arguments.height };
    reported(&arguments.link, |deployment, report| {
        if arguments.poster {
            chart::poster(deployment, report, size.width, &theme, units)
        } else if arguments.strip {
            chart::strip(report, size, &theme, units).svg
        } else {
            chart::ranks(report, size.width, &theme, units).svg
        }
    })
}

#[derive(Debug, Args)]
pub(super) struct TableArguments {
    /// A share link of any host, `#…`, or its fragment alone.
    link: String,
    /// Print CSV with a row for each rank and sizes in bytes, instead of a Markdown table in GiB.
    #[arg(long)]
    csv: bool,
}

/// Prints the memory of each GPU as a table.
pub(super) fn table(arguments: &TableArguments, units: Units) -> Output {
    let csv = arguments.csv;
    reported(&arguments.link, |_, report| {
        if csv { Table::of_report(report).csv() } else { Table::for_people(report, units).markdown() }
    })
}

/// Formats a report, with the exit status of `estimate`.
fn reported(link: &str, make: impl Fn(&Deployment, &Report) -> String) -> Output {
    link_arg::about(link, false, |deployment| match estimate(deployment) {
        Ok(report) => Output::of(make(deployment, &report), report.verdict.fits()),
        Err(problems) => refuse_problems(problems, false),
    })
}
