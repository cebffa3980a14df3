//! What the command does.

mod advise;
mod arguments;
mod asked;
mod catalogues;
mod compare;
mod estimate;
mod explanations;
mod help;
mod input;
mod log;
mod search;
mod solve;
mod sweep;
mod table;
mod take;
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
struct Outcome {
    output: String,
    /// For the standard error.
    complaint: String,
    status: u8,
}

impl Outcome {
    fn ok(output: String) -> Outcome {
        Outcome { output, complaint: String::new(), status: FITS }
    }

    /// An answer that is yes or no.
    fn of(output: String, fits: bool) -> Outcome {
        Outcome { output, complaint: String::new(), status: if fits { FITS } else { FAILS } }
    }

    fn bad(complaint: String) -> Outcome {
        Outcome { output: String::new(), complaint: format!("error: {complaint}\n"), status: BAD }
    }
}

/// Runs the command that the arguments say.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    arguments.units.show();
    let outcome = match arguments.command {
        Command::Estimate { link, hf_config, json, explain } => {
            let link = link.unwrap_or_default();
            match hf_config {
                Some(file) => estimate::with_file(&link, &file, json, explain),
                None => estimate::answer(&link, json, explain),
            }
        }
        Command::Log { file, json } => log::answer(&file, json),
        Command::Sweep(arguments) => sweep::run(&arguments),
        Command::Solve(arguments) => solve::run(&arguments),
        Command::Search(arguments) => search::run(&arguments),
        Command::Advise(arguments) => advise::run(&arguments),
        Command::Compare(arguments) => compare::run(&arguments),
        Command::Commands(arguments) => take::commands(&arguments),
        Command::Chart(arguments) => take::chart(&arguments),
        Command::Table(arguments) => take::table(&arguments),
        Command::Models { json } => Outcome::ok(catalogues::models(json)),
        Command::Gpus { json } => Outcome::ok(catalogues::gpus(json)),
        Command::Validate { files, json } => validate::run(&files, json),
    };
    let written = write(&mut io::stdout().lock(), &outcome.output)
        .and_then(|()| write(&mut io::stderr().lock(), &outcome.complaint));
    match written {
        Ok(()) => outcome.status.into(),
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
