//! `cargo xtask`: sets up what is missing, then builds, serves, tests or measures the calculator.

mod bench;
mod checks;
mod crates;
mod dependencies;
mod doc_checks;
mod licences;
mod page;
mod paths;
mod process;
mod setup;
mod size;
mod test_counts;
mod wasm_tests;

use anyhow::{Result, anyhow};
use checks::Part;
use lexopt::{Arg, Parser, ValueExt};
use std::process::ExitCode;

const HELP: &str = "\
Sets up what is missing (saying what and why), then does what it was asked.

Usage: cargo xtask <COMMAND>

Commands:
  serve [--port N] [--open]  Build the page in release, serve it on 127.0.0.1, rebuild it when a file changes
  build                      Build the static site in dist/ and print what a browser has to load
  test [--only PART]         Run everything that must hold; PART is lint, native, wasm or browser
  bench                      Measure the models, and the page: loading, dragging, searching, resting, its size and Lighthouse's marks
  audit                      Look for advisories against what the project is made of
  setup                      Only set up what the other commands need
";

const FIRST_PORT: u16 = 8080;

enum Task {
    Help,
    Setup,
    Audit,
    Serve { port: Option<u16>, open: bool },
    Build,
    Test { only: Option<Part> },
    Bench,
}

fn main() -> ExitCode {
    match parse(Parser::from_env()).map_err(|error| anyhow!("{error}\n\n{HELP}")).and_then(perform) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn parse(mut arguments: Parser) -> Result<Task, lexopt::Error> {
    let mut task = match arguments.next()? {
        None | Some(Arg::Short('h') | Arg::Long("help")) => return Ok(Task::Help),
        Some(Arg::Value(name)) => match name.string()?.as_str() {
            "help" => return Ok(Task::Help),
            "setup" => Task::Setup,
            "audit" => Task::Audit,
            "serve" => Task::Serve { port: None, open: false },
            "build" => Task::Build,
            "test" => Task::Test { only: None },
            "bench" => Task::Bench,
            other => return Err(format!("there is no command `{other}`").into()),
        },
        Some(other) => return Err(other.unexpected()),
    };
    while let Some(argument) = arguments.next()? {
        match (&mut task, argument) {
            (_, Arg::Short('h') | Arg::Long("help")) => return Ok(Task::Help),
            (Task::Serve { port, .. }, Arg::Long("port")) => *port = Some(arguments.value()?.parse()?),
            (Task::Serve { open, .. }, Arg::Long("open")) => *open = true,
            (Task::Test { only }, Arg::Long("only")) => *only = Some(arguments.value()?.parse()?),
            (_, other) => return Err(other.unexpected()),
        }
    }
    Ok(task)
}

/// Whether all that was checked, if anything was, holds.
fn perform(task: Task) -> Result<bool> {
    match task {
        Task::Help => print!("{HELP}"),
        Task::Setup => setup::everything()?,
        Task::Audit => dependencies::audit()?,
        Task::Serve { port, open } => page::serve(port, FIRST_PORT, open)?,
        Task::Build => page::build(&setup::page_tools()?)?,
        Task::Test { only } => return Ok(checks::run(only)),
        Task::Bench => bench::run()?,
    }
    Ok(true)
}
