//! Mutation testing: changes the models one expression at a time with cargo-mutants and lists the
//! changes that no test notices. A run takes hours, so CI does not include it.

use crate::{paths, process, setup};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folders whose mutants are tested by default: the models and their inputs.
const MODELS: [&str; 3] = ["src/memory", "src/deployment", "src/architecture"];
/// The targets that test the models, and the features that they need.
const TARGETS: [&str; 4] = ["--lib", "--test=suite", "--features=panels", "--locked"];
/// The name in common of the tests that run the native command. They are left out: the other tests
/// test the models directly.
const COMMAND_TESTS: &str = "_command::";
/// The exit codes of cargo-mutants after a complete run: all caught, some missed, some timed out.
const COMPLETE: [i32; 3] = [0, 2, 3];

/// The mutants to test.
#[derive(Default)]
pub struct Selection {
    /// The number of mutants to draw; all if absent.
    pub sample: Option<usize>,
    /// The seed of the draw; a new one if absent.
    pub seed: Option<u64>,
    /// Files and folders, relative to the checkout; the models if empty.
    pub paths: Vec<PathBuf>,
}

/// Tests the selected mutants and prints the counts and the missed ones.
///
/// # Errors
/// If the unmodified sources fail their tests, or cargo-mutants does not complete.
pub fn run(selection: &Selection) -> Result<()> {
    let tools = setup::cargo_mutants()?;
    let globs = globs(&selection.paths)?;
    let folder = paths::root().join("target/mutants");
    let mut command = cargo_mutants(&tools, &globs)?;
    if let Some(sample) = selection.sample {
        let all = list(&tools, &globs)?;
        let seed = selection.seed.unwrap_or_else(|| fastrand::u64(..));
        let drawn = draw(&all, sample, seed);
        println!("{} of {} mutants, seed {seed} (--seed {seed} draws the same again)", drawn.len(), all.len());
        skip(&folder, all.iter().filter(|name| !drawn.contains(name.as_str())))?;
        command.arg("--iterate");
    }
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    command.arg("--output").arg(&folder).args(["--colors", "never", "--level", "warn"]);
    command.args(TARGETS.map(|option| format!("--cargo-arg={option}")));
    // Dependencies stay compiled between runs. Incremental compilation and missing debug
    // information shorten the build of each mutant.
    command.env("CARGO_TARGET_DIR", folder.join("build")).env("CARGO_INCREMENTAL", "1");
    command.env("CARGO_PROFILE_DEV_DEBUG", "false");
    // Property tests are most of the test time. A fixed seed gives the same result in each run.
    command.env("PROPTEST_CASES", "64").env("PROPTEST_RNG_SEED", "0");
    command.args(["--", "--"]).arg(format!("--skip={COMMAND_TESTS}"));
    let status = command.status().context("cargo-mutants cannot be started")?;
    if status.code().is_none_or(|code| !COMPLETE.contains(&code)) {
        bail!("cargo-mutants failed ({status}); its logs are in {}", folder.display());
    }
    print!("{}", report(&outcomes(&folder.join("mutants.out/outcomes.json"))?)?);
    Ok(())
}

/// The cargo-mutants command for the mutants in `globs`, with the native feature set.
fn cargo_mutants(tools: &Path, globs: &[String]) -> Result<Command> {
    let mut command = process::cargo(["mutants"]);
    command.args(globs.iter().flat_map(|glob| ["--file", glob]));
    process::with_path(&mut command, &[tools.to_owned()])?;
    Ok(command)
}

/// The patterns by which cargo-mutants finds the files of `chosen`.
fn globs(chosen: &[PathBuf]) -> Result<Vec<String>> {
    let models = MODELS.map(PathBuf::from);
    let chosen = if chosen.is_empty() { &models[..] } else { chosen };
    let glob = |path: &PathBuf| {
        let name = path.to_str().context("the path is not valid UTF-8")?.trim_end_matches('/');
        let full = paths::root().join(name);
        match (full.is_dir(), full.is_file()) {
            (true, _) => Ok(format!("{name}/**")),
            (_, true) => Ok(name.to_owned()),
            _ => bail!("{name} does not exist; give a path relative to the checkout, such as {}", MODELS[0]),
        }
    };
    chosen.iter().map(glob).collect()
}

/// The names of all mutants in `globs`.
fn list(tools: &Path, globs: &[String]) -> Result<Vec<String>> {
    let mut command = cargo_mutants(tools, globs)?;
    let text = process::output(command.args(["--list", "--json"])).context("cargo-mutants lists no mutants")?;
    let mutants: Value = serde_json::from_str(&text).context("cargo-mutants wrote invalid JSON")?;
    let names = mutants.as_array().into_iter().flatten().filter_map(|mutant| mutant["name"].as_str());
    Ok(names.map(str::to_owned).collect())
}

/// Draws `count` names, the same for the same seed.
fn draw(names: &[String], count: usize, seed: u64) -> HashSet<&str> {
    fastrand::Rng::with_seed(seed).choose_multiple(names.iter().map(String::as_str), count).into_iter().collect()
}

/// Lists mutants as caught by an earlier run in `folder`, so that `--iterate` skips them. The
/// option `--re` would select by name as well, but does not apply to deleted fields of structs.
fn skip<'a>(folder: &Path, names: impl Iterator<Item = &'a String>) -> Result<()> {
    let earlier = folder.join("mutants.out");
    if earlier.exists() {
        std::fs::remove_dir_all(&earlier).with_context(|| format!("cannot remove {}", earlier.display()))?;
    }
    std::fs::create_dir_all(&earlier).with_context(|| format!("cannot create {}", earlier.display()))?;
    let file = earlier.join("caught.txt");
    let lines: String = names.map(|name| format!("{name}\n")).collect();
    std::fs::write(&file, lines).with_context(|| format!("cannot write {}", file.display()))
}

fn outcomes(file: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not valid JSON", file.display()))
}

/// The counts, the share of caught mutants and the names of the missed ones.
fn report(outcomes: &Value) -> Result<String> {
    let count = |key: &str| outcomes[key].as_u64().with_context(|| format!("cargo-mutants reports no `{key}`"));
    let (caught, missed, timeout) = (count("caught")?, count("missed")?, count("timeout")?);
    let mut text =
        format!("\n{caught} caught, {missed} missed, {} unviable, {timeout} timed out\n", count("unviable")?);
    let viable = caught + missed + timeout;
    if viable > 0 {
        // A mutant that loops forever fails the tests too.
        let share = (caught + timeout) as f64 / viable as f64 * 100.0;
        text.push_str(&format!("{share:.1} % of {viable} viable mutants caught or timed out\n"));
    }
    for outcome in outcomes["outcomes"].as_array().into_iter().flatten() {
        if outcome["summary"] == "MissedMutant" {
            let name = outcome["scenario"]["Mutant"]["name"].as_str().unwrap_or("unnamed mutant");
            text.push_str(&format!("missed  {name}\n"));
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn names() -> Vec<String> {
        (0..100).map(|index| format!("src/a.rs:{index}:1: replace + with -")).collect()
    }

    #[test]
    fn a_seed_draws_the_same_mutants_again() {
        let names = names();
        let drawn = draw(&names, 10, 7);
        assert_eq!(drawn, draw(&names, 10, 7));
        assert_ne!(drawn, draw(&names, 10, 8));
        assert_eq!(drawn.len(), 10);
        assert_eq!(draw(&names, 200, 7).len(), 100);
    }

    #[test]
    fn paths_are_folders_files_or_errors() {
        assert_eq!(globs(&[]).unwrap().len(), MODELS.len());
        assert_eq!(globs(&["src/memory/".into(), "src/lib.rs".into()]).unwrap(), ["src/memory/**", "src/lib.rs"]);
        assert!(globs(&["src/nowhere".into()]).is_err());
    }

    #[test]
    fn the_report_lists_missed_mutants() {
        let outcomes = json!({
            "caught": 2, "missed": 1, "unviable": 4, "timeout": 1,
            "outcomes": [
                { "scenario": "Baseline", "summary": "Success" },
                { "scenario": { "Mutant": { "name": "src/a.rs:1:2: replace + with -" } }, "summary": "MissedMutant" },
                { "scenario": { "Mutant": { "name": "src/a.rs:3:4: replace + with *" } }, "summary": "CaughtMutant" },
            ],
        });
        let text = report(&outcomes).unwrap();
        assert!(text.contains("2 caught, 1 missed, 4 unviable, 1 timed out"));
        assert!(text.contains("75.0 % of 4 viable mutants"));
        assert!(text.contains("missed  src/a.rs:1:2: replace + with -"));
        assert!(!text.contains("src/a.rs:3:4"));
    }
}
