//! Running other programs, and printing their command lines.

use crate::{paths, test_counts::TestCounts};
use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};

/// Returns the command, which runs in the root of the checkout without standard input.
pub fn command<A: AsRef<OsStr>>(program: impl AsRef<OsStr>, arguments: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(paths::root()).stdin(Stdio::null());
    command
}

/// Returns a cargo command with the toolchain that runs this program.
pub fn cargo<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Command {
    command("cargo", arguments)
}

/// Puts `folders` at the start of the command's `PATH`.
pub fn with_path(command: &mut Command, folders: &[PathBuf]) -> Result<()> {
    let old = std::env::var_os("PATH").unwrap_or_default();
    let all = folders.iter().cloned().chain(std::env::split_paths(&old));
    command.env("PATH", std::env::join_paths(all).context("the name of a folder is not allowed in PATH")?);
    Ok(())
}

/// Returns the command as a line for a shell.
pub fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args()).map(OsStr::to_string_lossy);
    // Only a zero byte cannot be quoted, and no argument may contain one.
    let quoted = words.map(|word| shlex::try_quote(&word).map_or_else(|_| word.to_string(), Into::into));
    quoted.collect::<Vec<String>>().join(" ")
}

/// Runs the command and shows its output.
///
/// # Errors
/// If it cannot be started or fails.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("`{}` cannot be started", line(command)))?;
    succeeded(command, status)
}

/// Replaces this program by the command, so that stopping this program stops the command.
///
/// # Errors
/// If it cannot be started or fails.
pub fn replace_by(command: &mut Command) -> Result<()> {
    #[cfg(unix)]
    return Err(std::os::unix::process::CommandExt::exec(command))
        .with_context(|| format!("`{}` cannot be started", line(command)));
    #[cfg(not(unix))]
    run(command)
}

/// Runs the command, shows its output and counts the tests in it.
///
/// # Errors
/// If it cannot be started, or fails without a failed test.
pub fn run_tests(command: &mut Command) -> Result<TestCounts> {
    let started = command.stdout(Stdio::piped()).spawn();
    let mut child = started.with_context(|| format!("`{}` cannot be started", line(command)))?;
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

/// Returns the trimmed output of the command if it succeeds.
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
    fn a_command_line_is_quoted_for_a_shell() {
        assert_eq!(line(&cargo(["test", "--test", "*", "a b"])), "cargo test --test '*' 'a b'");
    }
}
