//! `cargo xtask`: installs missing tools, then builds, serves, tests or measures the calculator.

mod bench;
mod checks;
mod commit_subjects;
mod crates;
mod dependencies;
mod doc_checks;
mod fuzz;
mod licences;
mod line_widths;
mod mutants;
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
use mutants::Selection;
use std::process::ExitCode;

const HELP: &str = "\
Builds, serves, tests and measures the calculator. Installs missing tools first, and prints which and why.

Usage: cargo xtask <COMMAND>

Commands:
  serve [--port N] [--open]  Build the page in release mode, serve it on 127.0.0.1, rebuild it when a file changes
  build                      Build the static site in dist/ and print its download size
  test [--only PART]         Run all checks, or one PART: lint, native, wasm or browser
  bench                      Measure the models and the page: speed, size and Lighthouse scores
  audit                      Check the dependencies for security advisories
  mutants [PATH...]          List the changes of the models, or of the files in PATH, that no test notices
    --sample N [--seed N]      only N changes, drawn at random
  fuzz [TARGET]              Search for inputs that make a fuzz target fail, and keep those that reach new code
    --minutes N                the time for each target (default 1)
  setup                      Install the tools of build, serve and test
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
    Mutants(Selection),
    Fuzz { minutes: f64, target: Option<String> },
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
            "mutants" => Task::Mutants(Selection::default()),
            "fuzz" => Task::Fuzz { minutes: 1.0, target: None },
            other => return Err(format!("unknown command `{other}`").into()),
        },
        Some(other) => return Err(other.unexpected()),
    };
    while let Some(argument) = arguments.next()? {
        match (&mut task, argument) {
            (_, Arg::Short('h') | Arg::Long("help")) => return Ok(Task::Help),
            (Task::Serve { port, .. }, Arg::Long("port")) => *port = Some(arguments.value()?.parse()?),
            (Task::Serve { open, .. }, Arg::Long("open")) => *open = true,
            (Task::Test { only }, Arg::Long("only")) => *only = Some(arguments.value()?.parse()?),
            (Task::Mutants(selection), Arg::Long("sample")) => selection.sample = Some(arguments.value()?.parse()?),
            (Task::Mutants(selection), Arg::Long("seed")) => selection.seed = Some(arguments.value()?.parse()?),
            (Task::Mutants(selection), Arg::Value(path)) => selection.paths.push(path.into()),
            (Task::Fuzz { minutes, .. }, Arg::Long("minutes")) => *minutes = arguments.value()?.parse()?,
            (Task::Fuzz { target: target @ None, .. }, Arg::Value(name)) => *target = Some(name.string()?),
            (_, other) => return Err(other.unexpected()),
        }
    }
    Ok(task)
}

/// Returns whether all checks passed; `true` if the task has none.
fn perform(task: Task) -> Result<bool> {
    match task {
        Task::Help => print!("{HELP}"),
        Task::Setup => setup::everything()?,
        Task::Audit => dependencies::audit()?,
        Task::Serve { port, open } => page::serve(port, FIRST_PORT, open)?,
        Task::Build => page::build(&setup::page_tools()?)?,
        Task::Test { only } => return Ok(checks::run(only)),
        Task::Bench => bench::run()?,
        Task::Mutants(selection) => mutants::run(&selection)?,
        Task::Fuzz { minutes, target } => return fuzz::run(minutes, target.as_deref()),
    }
    Ok(true)
}
