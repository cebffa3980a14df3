//! What the command does.

mod advise;
mod arguments;
mod catalogues;
mod compare;
mod estimate;
mod explanations;
mod export;
mod help;
mod input;
mod link_arg;
mod log;
mod search;
mod solve;
mod sweep;
mod table;
mod usage;
mod validate;

use arguments::{Arguments, Command};
use clap::Parser;
use serde::Serialize;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

/// The deployment fits.
const FITS: u8 = 0;
/// The deployment does not fit.
const FAILS: u8 = 1;
/// The input is bad, or the output can't be written.
const BAD: u8 = 2;

/// What a command writes, and its exit status.
struct Output {
    stdout: String,
    /// For the standard error.
    stderr: String,
    status: u8,
}

impl Output {
    fn ok(stdout: String) -> Output {
        Output { stdout, stderr: String::new(), status: FITS }
    }

    /// An answer that is yes or no.
    fn of(stdout: String, fits: bool) -> Output {
        Output { stdout, stderr: String::new(), status: if fits { FITS } else { FAILS } }
    }
}

/// Runs the command that the arguments say. The exit status is the worst of its outcomes.
pub fn run() -> ExitCode {
    let outcomes = match Arguments::try_parse() {
        Ok(arguments) => outcomes(arguments),
        Err(error) => Box::new(std::iter::once(usage::refuse_arguments(&error))),
    };
    let mut status = FITS;
    for outcome in outcomes {
        status = status.max(outcome.status);
        let written = write(&mut io::stdout().lock(), &outcome.stdout)
            .and_then(|()| write(&mut io::stderr().lock(), &outcome.stderr));
        match written {
            Ok(()) => {}
            // A reader that has seen enough is no error.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => break,
            Err(error) => {
                // If even this can't be written, the status says it.
                let _ = writeln!(io::stderr(), "error: the output can't be written: {error}");
                return BAD.into();
            }
        }
    }
    status.into()
}

fn outcomes(arguments: Arguments) -> Box<dyn Iterator<Item = Output>> {
    arguments.units.show();
    let outcome = match arguments.command {
        Command::Estimate(arguments) => return estimate::run(arguments),
        Command::Log { file, json } => log::answer(&file, json),
        Command::Sweep(arguments) => sweep::run(&arguments),
        Command::Solve(arguments) => solve::run(&arguments),
        Command::Search(arguments) => search::run(&arguments),
        Command::Advise(arguments) => advise::run(&arguments),
        Command::Compare(arguments) => compare::run(&arguments),
        Command::Commands(arguments) => export::commands(&arguments),
        Command::Chart(arguments) => export::chart(&arguments),
        Command::Table(arguments) => export::table(&arguments),
        Command::Models { json } => Output::ok(catalogues::models(json)),
        Command::Gpus { json } => Output::ok(catalogues::gpus(json)),
        Command::Validate { files, json } => validate::run(&files, json),
    };
    Box::new(std::iter::once(outcome))
}

fn write(to: &mut impl Write, text: &str) -> io::Result<()> {
    to.write_all(text.as_bytes()).and_then(|()| to.flush())
}

/// A value as JSON that a person can read.
fn json(value: &impl Serialize) -> String {
    // Keys are texts and nothing fails to serialize, so there is always a text.
    serde_json::to_string_pretty(value).map_or_else(|_| String::new(), |text| text + "\n")
}

/// A value as JSON on one line.
fn json_line(value: &impl Serialize) -> String {
    serde_json::to_string(value).map_or_else(|_| String::new(), |text| text + "\n")
}
