//! The subcommands and their output.

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
/// The input is invalid, or the output cannot be written.
const BAD: u8 = 2;

/// The output of a subcommand, and its exit status.
struct Output {
    stdout: String,
    /// Text for standard error.
    stderr: String,
    status: u8,
}

impl Output {
    fn ok(stdout: String) -> Output {
        Output { stdout, stderr: String::new(), status: FITS }
    }

    /// An answer whose status depends on whether the deployment fits.
    fn of(stdout: String, fits: bool) -> Output {
        Output { stdout, stderr: String::new(), status: if fits { FITS } else { FAILS } }
    }
}

/// Parses the arguments and runs their subcommand. The exit status is the worst of its outputs.
pub(crate) fn run() -> ExitCode {
    let outputs = match Arguments::try_parse() {
        Ok(arguments) => outputs(arguments),
        Err(error) => Box::new(std::iter::once(usage::refuse_arguments(&error))),
    };
    let mut status = FITS;
    for output in outputs {
        status = status.max(output.status);
        let written = write(&mut io::stdout().lock(), &output.stdout)
            .and_then(|()| write(&mut io::stderr().lock(), &output.stderr));
        match written {
            Ok(()) => {}
            // A reader that closes the pipe early is not an error.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => break,
            Err(error) => {
                // If this cannot be written either, the exit status remains.
                let _ = writeln!(io::stderr(), "error: the output cannot be written: {error}");
                return BAD.into();
            }
        }
    }
    status.into()
}

fn outputs(arguments: Arguments) -> Box<dyn Iterator<Item = Output>> {
    let units = arguments.units;
    let output = match arguments.command {
        Command::Estimate(arguments) => return estimate::run(arguments, units),
        Command::Log { file, json } => log::answer(&file, json, units),
        Command::Sweep(arguments) => sweep::run(&arguments, units),
        Command::Solve(arguments) => solve::run(&arguments, units),
        Command::Search(arguments) => search::run(&arguments, units),
        Command::Advise(arguments) => advise::run(&arguments, units),
        Command::Compare(arguments) => compare::run(&arguments, units),
        Command::Commands(arguments) => export::commands(&arguments),
        Command::Chart(arguments) => export::chart(&arguments, units),
        Command::Table(arguments) => export::table(&arguments, units),
        Command::Models { json } => Output::ok(catalogues::models(json)),
        Command::Gpus { json } => Output::ok(catalogues::gpus(json, units)),
        Command::Validate { files, json } => validate::run(&files, json, units),
    };
    Box::new(std::iter::once(output))
}

fn write(to: &mut impl Write, text: &str) -> io::Result<()> {
    to.write_all(text.as_bytes()).and_then(|()| to.flush())
}

/// A value as indented JSON.
fn json(value: &impl Serialize) -> String {
    // All keys are texts and no value fails to serialize, so the result is never an error.
    serde_json::to_string_pretty(value).map_or_else(|_| String::new(), |text| text + "\n")
}

/// A value as JSON on one line.
fn json_line(value: &impl Serialize) -> String {
    serde_json::to_string(value).map_or_else(|_| String::new(), |text| text + "\n")
}
