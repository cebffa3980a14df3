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

    fn bad(stderr: String) -> Output {
        Output { stdout: String::new(), stderr: format!("error: {stderr}\n"), status: BAD }
    }
}

/// Runs the command that the arguments say.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let units = arguments.units;
    let output = match arguments.command {
        Command::Estimate { link, hf_config, json, explain } => {
            let link = link.unwrap_or_default();
            match hf_config {
                Some(file) => estimate::with_file(&link, &file, json, explain, units),
                None => estimate::answer(&link, json, explain, units),
            }
        }
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
    let written =
        write(&mut io::stdout().lock(), &output.stdout).and_then(|()| write(&mut io::stderr().lock(), &output.stderr));
    match written {
        Ok(()) => output.status.into(),
        Err(error) => {
            // Where even this can't be written, the status says it.
            let _ = writeln!(io::stderr(), "error: the output can't be written: {error}");
            BAD.into()
        }
    }
}

/// Writes a text; that the reader has seen enough is no error.
fn write(to: &mut impl Write, text: &str) -> io::Result<()> {
    match to.write_all(text.as_bytes()).and_then(|()| to.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// A value as JSON that a person can read.
fn json(value: &impl Serialize) -> String {
    // Keys are texts and nothing fails to serialize, so there is always a text.
    serde_json::to_string_pretty(value).map_or_else(|_| String::new(), |text| text + "\n")
}
