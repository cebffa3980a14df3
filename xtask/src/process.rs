//! Running other programs, and showing them as a person would type them.

use crate::{paths, test_counts::TestCounts};
use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};

/// `program` with `arguments`, to be run in the checkout without a keyboard.
pub fn command<A: AsRef<OsStr>>(program: impl AsRef<OsStr>, arguments: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(paths::root()).stdin(Stdio::null());
    command
}

/// The cargo that runs this program, with the same toolchain.
pub fn cargo<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Command {
    command("cargo", arguments)
}

/// Puts `folders` before the others in the `PATH` that the command sees.
pub fn with_path(command: &mut Command, folders: &[PathBuf]) -> Result<()> {
    let old = std::env::var_os("PATH").unwrap_or_default();
    let all = folders.iter().cloned().chain(std::env::split_paths(&old));
    command.env("PATH", std::env::join_paths(all).context("a folder's name can't stand in PATH")?);
    Ok(())
}

/// The command as one line for a terminal.
pub fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let quoted = words.map(|word| {
        let word = word.to_string_lossy();
        let plain = |c: char| c.is_alphanumeric() || "-_=./@:,+\\".contains(c);
        if !word.is_empty() && word.chars().all(plain) { word.into_owned() } else { format!("'{word}'") }
    });
    quoted.collect::<Vec<_>>().join(" ")
}

/// Runs the command in the open.
///
/// # Errors
/// If it can't be started or does not succeed.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("`{}` can't be started", line(command)))?;
    succeeded(command, status)
}

/// Runs the command in this program's place, so that whoever stops this program stops the command.
///
/// # Errors
/// If it can't be started or does not succeed.
pub fn replace_by(command: &mut Command) -> Result<()> {
    #[cfg(unix)]
    return Err(std::os::unix::process::CommandExt::exec(command))
        .with_context(|| format!("`{}` can't be started", line(command)));
    #[cfg(not(unix))]
    run(command)
}

/// Runs the command in the open and counts the tests that it reports.
///
/// # Errors
/// If it can't be started, or fails without a test having failed.
pub fn run_tests(command: &mut Command) -> Result<TestCounts> {
    let started = command.stdout(Stdio::piped()).spawn();
    let mut child = started.with_context(|| format!("`{}` can't be started", line(command)))?;
    let mut counts = TestCounts::default();
    if let Some(output) = child.stdout.take() {
        for text in BufReader::new(output).split(b'\n') {
            let text = text?;
            let text = String::from_utf8_lossy(&text);
            println!("{text}");
            counts.read(&text);
        }
    }
    let status = child.wait()?;
    if counts.failed == 0 {
        succeeded(command, status)?;
    }
    Ok(counts)
}

/// What the command prints, if it succeeds.
pub fn output(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

fn succeeded(command: &Command, status: ExitStatus) -> Result<()> {
    if !status.success() {
        bail!("`{}` failed ({status})", line(command));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_it_would_be_typed() {
        assert_eq!(line(&cargo(["test", "--test", "*", "a b"])), "cargo test --test '*' 'a b'");
    }
}
