//! Fuzzing: runs the targets of `fuzz/` with libFuzzer and keeps the inputs that reach new code.

use crate::{paths, process, setup};
use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

/// An input that takes longer than this many seconds is reported as a failure.
const SLOWEST: u32 = 10;
/// The first characters of libFuzzer's lines that are not printed: progress, statistics, proposed
/// dictionary entries, and functions of sanitizers, of which none is in use.
const NOT_SHOWN: [&str; 7] = ["#", "stat::", "INFO:", "MERGE-", "\"", "Done ", "WARNING: Failed to find function"];

/// Fuzzes each target, or only `only`, for `minutes`. Returns whether no input failed.
///
/// # Errors
/// If the tools are missing, the targets do not build, or `only` is not a target.
pub fn run(minutes: f64, only: Option<&str>) -> Result<bool> {
    if !minutes.is_finite() || minutes <= 0.0 {
        bail!("--minutes must be a positive number");
    }
    let tools = setup::cargo_fuzz()?;
    let known = targets(&tools)?;
    if let Some(unknown) = only.filter(|name| !known.iter().any(|known| known == name)) {
        bail!("unknown target `{unknown}`; expected one of {}", known.join(", "));
    }
    let mut failed = Vec::new();
    for target in known.iter().filter(|known| only.is_none_or(|only| only == *known)) {
        println!("\n== {target}: {minutes} min");
        let fuzzer = Fuzzer::new(&tools, target)?;
        if !fuzzer.search(minutes)? {
            failed.push(target.as_str());
        }
        fuzzer.merge()?;
    }
    if !failed.is_empty() {
        println!("\nFAILED  {}: the failing inputs are in fuzz/artifacts/", failed.join(", "));
    }
    Ok(failed.is_empty())
}

fn targets(tools: &Path) -> Result<Vec<String>> {
    let text = process::output(&mut cargo_fuzz(tools, &["list"])?).context("cargo-fuzz lists no targets")?;
    Ok(text.lines().map(str::to_owned).collect())
}

fn cargo_fuzz(tools: &Path, arguments: &[&str]) -> Result<Command> {
    let mut command = process::cargo(["fuzz"].iter().chain(arguments));
    process::with_path(&mut command, &[tools.to_owned()])?;
    Ok(command)
}

/// One target with its two folders of inputs.
struct Fuzzer<'a> {
    tools: &'a Path,
    target: &'a str,
    /// The corpus in the repository, which the ordinary tests run: named inputs, and a small set
    /// of generated ones that together cover the same code as all inputs found.
    kept: PathBuf,
    /// All inputs found on this machine. Later runs start from them.
    found: PathBuf,
}

impl<'a> Fuzzer<'a> {
    fn new(tools: &'a Path, target: &'a str) -> Result<Self> {
        let kept = paths::root().join("fuzz/corpus").join(target);
        let found = paths::root().join("target/fuzz/found").join(target);
        for folder in [&kept, &found] {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        }
        Ok(Self { tools, target, kept, found })
    }

    /// Searches for inputs that reach new code. Returns whether no input failed.
    fn search(&self, minutes: f64) -> Result<bool> {
        let seconds = (minutes * 60.0).ceil();
        let options = [format!("-max_total_time={seconds}"), format!("-timeout={SLOWEST}")];
        let (status, progress) = self.libfuzzer([&self.found, &self.kept], &options)?;
        println!("{}: {progress}", self.target);
        if progress.executions == 0 {
            bail!("{} did not run ({status})", self.target);
        }
        Ok(status.success())
    }

    /// Reduces the generated inputs of the corpus to a small set that covers the same code.
    /// `cargo fuzz cmin` would also drop the named inputs, which document their purpose.
    fn merge(&self) -> Result<()> {
        for file in std::fs::read_dir(&self.kept)? {
            let file = file?;
            if is_generated(&file.file_name().to_string_lossy()) {
                let new = self.found.join(file.file_name());
                std::fs::rename(file.path(), &new).with_context(|| format!("cannot create {}", new.display()))?;
            }
        }
        // Without counters, an input counts only if it reaches new code, not if it repeats a loop
        // more often. This keeps the corpus small.
        let options = ["-set_cover_merge=1", "-use_counters=0"].map(str::to_owned);
        let (status, _) = self.libfuzzer([&self.kept, &self.found], &options)?;
        if !status.success() {
            bail!(
                "the corpus of {} could not be reduced ({status}); its inputs are in {}",
                self.target,
                self.found.display()
            );
        }
        println!("{}: {} inputs in the corpus", self.target, std::fs::read_dir(&self.kept)?.count());
        Ok(())
    }

    /// Runs libFuzzer and prints its messages, but not its progress lines. New inputs go to the
    /// first folder. There is no sanitizer: the project forbids `unsafe`, so that one would halve
    /// the speed and find nothing, and it would need a nightly toolchain.
    fn libfuzzer(&self, folders: [&Path; 2], options: &[String]) -> Result<(ExitStatus, Progress)> {
        let mut command =
            cargo_fuzz(self.tools, &["run", "--sanitizer=none", "--target-dir=target/fuzz", self.target])?;
        command.args(folders).args(["--", "-print_final_stats=1", "-print_funcs=0"]).args(options);
        let started = command.stderr(Stdio::piped()).spawn();
        let mut child = started.with_context(|| format!("`{}` cannot be started", process::line(&command)))?;
        let mut progress = Progress::default();
        if let Some(messages) = child.stderr.take() {
            for line in BufReader::new(messages).split(b'\n') {
                let line = line?;
                let line = String::from_utf8_lossy(&line);
                if !progress.read(&line) {
                    eprintln!("{line}");
                }
            }
        }
        Ok((child.wait()?, progress))
    }
}

/// Whether libFuzzer chose this file name: the SHA-1 of the content.
fn is_generated(name: &str) -> bool {
    name.len() == 40 && name.chars().all(|c| c.is_ascii_hexdigit())
}

/// The progress of a run, from the lines that libFuzzer prints.
#[derive(Debug, Default, PartialEq, Eq)]
struct Progress {
    executions: u64,
    /// The covered edges of the control-flow graph.
    cov: u64,
    /// The covered features: edges by how often each is taken, and compared values.
    ft: u64,
}

impl Progress {
    /// Reads a line such as `#8192 pulse  cov: 103 ft: 412 corp: …`. Returns whether the line
    /// starts as one of `NOT_SHOWN`.
    fn read(&mut self, line: &str) -> bool {
        if let Some(count) = line.strip_prefix("stat::number_of_executed_units:") {
            self.executions = count.trim().parse().unwrap_or(self.executions);
        }
        if line.starts_with('#') {
            let mut words = line.split_whitespace();
            while let Some(word) = words.next() {
                match word {
                    "cov:" => self.cov = number(words.next()).unwrap_or(self.cov),
                    "ft:" => self.ft = number(words.next()).unwrap_or(self.ft),
                    _ => self.executions = number(word.strip_prefix('#')).unwrap_or(self.executions),
                }
            }
        }
        NOT_SHOWN.iter().any(|start| line.starts_with(start))
    }
}

fn number(text: Option<&str>) -> Option<u64> {
    text?.parse().ok()
}

impl std::fmt::Display for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} executions, cov: {} ft: {}", self.executions, self.cov, self.ft)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_read_from_the_lines_of_libfuzzer() {
        let mut progress = Progress::default();
        assert!(progress.read("INFO: Running with entropic power schedule (0xFF, 100)."));
        assert!(progress.read("#1024\tNEW    cov: 310 ft: 902 corp: 12/3Kb lim: 21 exec/s: 512 rss: 40Mb"));
        assert!(progress.read("#2048\tDONE   cov: 311 ft: 905 corp: 13/3Kb lim: 21 exec/s: 512 rss: 40Mb"));
        assert_eq!(progress, Progress { executions: 2048, cov: 311, ft: 905 });
        assert!(progress.read("stat::number_of_executed_units: 2049"));
        assert_eq!(progress.executions, 2049);
        assert!(!progress.read("thread '<unnamed>' panicked at src/lib.rs:1:1:"));
        assert_eq!(progress.to_string(), "2049 executions, cov: 311 ft: 905");
    }

    #[test]
    fn generated_inputs_have_a_digest_as_name() {
        assert!(is_generated("da39a3ee5e6b4b0d3255bfef95601890afd80709"));
        assert!(!is_generated("engine-0.7"));
    }
}
