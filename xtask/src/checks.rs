//! All that must hold: each check announced with its purpose, timed, and counted.

use crate::tally::Tally;
use crate::{dependencies, documents, page, places, process, setup, wasm_tests};
use anyhow::{Result, bail};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// The library's features that need no browser.
const FEATURES: [&str; 6] = ["explanations", "catalogues", "chart", "export", "cli", "panels"];

/// One part of the checks, for a quick run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Lint,
    Native,
    Wasm,
    Browser,
}

impl Part {
    const ALL: [Self; 4] = [Self::Lint, Self::Native, Self::Wasm, Self::Browser];
}

impl std::str::FromStr for Part {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "lint" => Ok(Self::Lint),
            "native" => Ok(Self::Native),
            "wasm" => Ok(Self::Wasm),
            "browser" => Ok(Self::Browser),
            _ => Err("the parts are lint, native, wasm and browser".to_owned()),
        }
    }
}

/// Runs one part, or all, to the end, prints how many checks and tests passed and failed, and says whether all passed.
pub fn run(only: Option<Part>) -> bool {
    let mut checks = Checks::default();
    for part in Part::ALL.into_iter().filter(|&part| only.is_none_or(|only| only == part)) {
        match part {
            Part::Lint => lint(&mut checks),
            Part::Native => native(&mut checks),
            Part::Wasm => wasm(&mut checks),
            Part::Browser => browser(&mut checks),
        }
    }
    checks.finish()
}

fn lint(checks: &mut Checks) {
    let Some(()) = checks.set_up("the linters", || setup::linters().and_then(|()| setup::wasm_target())) else {
        return;
    };
    checks.holds("formatting: every file as rustfmt writes it", || cargo(&["fmt", "--all", "--check"]));
    checks.holds("marks: the models' tests are all seen by WebAssembly", wasm_tests::check);
    checks.holds("documents: the files they name are there", documents::names);
    checks.holds("documents: the examples of additions are what stands in the sources", documents::examples);
    checks.holds("documents: they name the oldest Rust that is supported", documents::toolchain);
    checks.holds("imports: modules use only those below them", documents::imports);
    checks.holds("clippy, native: all targets of the workspace", || {
        clippy(&["--workspace", "--all-targets", "--features", "panels"])
    });
    checks.holds("clippy, native: the library with each feature alone, and without any", || {
        clippy(&["--no-default-features", "--lib"])?;
        FEATURES.iter().try_for_each(|feature| clippy(&["--no-default-features", "--lib", "--features", feature]))
    });
    for bin in ["page", "worker"] {
        checks.holds(&format!("clippy, WebAssembly: the library and the {bin}"), || {
            let feature = if bin == "page" { "web" } else { bin };
            let target = ["--target", "wasm32-unknown-unknown", "--no-default-features", "--features", feature];
            clippy(&[&target[..], &["--lib", "--bin", bin]].concat())
        });
    }
    checks.holds("rustdoc: no broken link, nothing public without a word", || {
        let mut doc =
            process::cargo(["doc", "--quiet", "--locked", "--no-deps", "--workspace", "--features", "panels"]);
        process::run(doc.env("RUSTDOCFLAGS", "-D warnings"))
    });
    policy(checks);
    sphinx_extension(checks);
}

fn policy(checks: &mut Checks) {
    let Some(deny) = checks.set_up("cargo-deny", || setup::crates().and_then(|()| setup::cargo_deny())) else {
        return;
    };
    checks.holds("dependencies: licences, versions and sources are as deny.toml has them", || {
        dependencies::policy(&deny)
    });
}

fn sphinx_extension(checks: &mut Checks) {
    let Some(python) = checks.set_up("what checks the Sphinx extension", setup::python) else {
        return;
    };
    checks.holds("ruff: the Sphinx extension", || {
        extension(&python, &["ruff", "format", "--check", "--no-cache", "."])?;
        extension(&python, &["ruff", "check", "--quiet", "--no-cache", "."])
    });
    checks.holds("mypy: the Sphinx extension's types", || {
        extension(&python, &["mypy", "--strict", "--no-incremental", "sphinx_trtllm_memory"])
    });
}

fn native(checks: &mut Checks) {
    checks.tests("tests, native: the library, the native command, and these tasks", || {
        let options = ["test", "--locked", "--workspace", "--features", "panels", "--no-fail-fast"];
        process::run_tests(&mut process::cargo(options))
    });
    checks.holds("examples: each program in examples/ runs", || {
        for entry in std::fs::read_dir(places::root().join("examples"))? {
            let path = entry?.path();
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            let options = ["run", "--quiet", "--locked", "--features", "panels", "--example", &name];
            process::run(&mut process::cargo(options))?;
        }
        Ok(())
    });
}

fn wasm(checks: &mut Checks) {
    let Some(runner) = checks.set_up("WebAssembly in Node", || {
        setup::wasm_target()?;
        setup::node()?;
        setup::wasm_test_runner()
    }) else {
        return;
    };
    checks.tests("tests, WebAssembly: the same tests of the models, in Node", || {
        let options = ["test", "--locked", "--target", "wasm32-unknown-unknown", "--no-default-features"];
        let mut command = process::cargo(options);
        command.args(["--features", "panels", "--no-fail-fast", "--lib", "--test", "*"]);
        process::run_tests(command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", runner))
    });
}

fn browser(checks: &mut Checks) {
    let Some((tools, chromium, nginx)) = checks.set_up("the page's tools, a browser and a web server", || {
        let tools = setup::page_tools()?;
        let chromium = setup::chromium(&tools.packages)?;
        Ok((tools, chromium, setup::nginx()?))
    }) else {
        return;
    };
    let built = checks.holds("the page: builds in release, and keeps to its size", || page::build(&tools));
    if !built {
        return println!("The page is not opened, because it could not be built.");
    }
    let sites = checks.set_up("what makes documentation sites", || Ok((setup::python()?, setup::mdbook()?)));
    checks.tests("the page: scenarios in a real Chromium", || {
        let mut command = process::command("node", ["--test", "--test-reporter=spec"]);
        command.args(scenarios()?).env("NGINX", nginx);
        if let Some((python, mdbook)) = &sites {
            command.env("TRTLLM_MEMORY_PYTHON", python).env("TRTLLM_MEMORY_MDBOOK", mdbook);
        }
        process::run_tests(in_browser(&mut command, &tools.packages, &chromium)?)
    });
}

/// Tells a script where the site, the packages, the browser and the native command are; the last is built for it.
pub fn in_browser<'a>(command: &'a mut Command, packages: &Path, chromium: &Path) -> Result<&'a mut Command> {
    let bin = "trtllm-memory";
    process::run(&mut process::cargo(["build", "--quiet", "--locked", "--bin", bin]))?;
    // Cargo puts it beside this very program.
    let native = std::env::current_exe()?.with_file_name(bin).with_extension(std::env::consts::EXE_EXTENSION);
    Ok(command
        .env("TRTLLM_MEMORY_DIST", places::dist())
        .env("TRTLLM_MEMORY_PACKAGES", packages)
        .env("TRTLLM_MEMORY_BIN", native)
        .env("CHROMIUM", chromium))
}

/// The scenario files; older Nodes do not look for them by pattern.
fn scenarios() -> Result<Vec<std::path::PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(places::browser_tests())? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(".test.mjs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn cargo(arguments: &[&str]) -> Result<()> {
    process::run(&mut process::cargo(arguments))
}

fn clippy(options: &[&str]) -> Result<()> {
    let all = ["clippy", "--quiet", "--locked"].iter().chain(options).chain(&["--", "-D", "warnings"]);
    process::run(&mut process::cargo(all))
}

/// Runs a Python program over the Sphinx extension.
fn extension(python: &Path, words: &[&str]) -> Result<()> {
    let mut command = process::command(python.join("python"), ["-m"]);
    process::run(command.args(words).current_dir(places::root().join("integrations/sphinx")))
}

#[derive(Default)]
struct Checks {
    tally: Tally,
    failures: Vec<String>,
}

impl Checks {
    /// Sets something up; where that fails, the checks that need it count as one failure.
    fn set_up<T>(&mut self, what: &str, work: impl FnOnce() -> Result<T>) -> Option<T> {
        match work() {
            Ok(done) => Some(done),
            Err(error) => {
                self.record(&format!("set-up: {what}"), Err(error));
                None
            }
        }
    }

    /// A check that holds or does not.
    fn holds(&mut self, name: &str, work: impl FnOnce() -> Result<()>) -> bool {
        self.timed(name, || work().map(|()| Tally::ONE_PASSED))
    }

    /// A run of tests, of which there must be some.
    fn tests(&mut self, name: &str, work: impl FnOnce() -> Result<Tally>) {
        self.timed(name, || match work()? {
            none if none == Tally::default() => bail!("no test ran"),
            some => Ok(some),
        });
    }

    fn timed(&mut self, name: &str, work: impl FnOnce() -> Result<Tally>) -> bool {
        println!("\n== {name}");
        let start = Instant::now();
        let outcome = work();
        let good = self.record(name, outcome);
        println!("   {} in {:.1} s", if good { "done" } else { "FAILED" }, start.elapsed().as_secs_f64());
        good
    }

    fn record(&mut self, name: &str, outcome: Result<Tally>) -> bool {
        let tally = outcome.unwrap_or_else(|error| {
            eprintln!("{error:#}");
            Tally::ONE_FAILED
        });
        self.tally += tally;
        if tally.failed > 0 {
            self.failures.push(format!("{name}: {} failed", tally.failed));
        }
        tally.failed == 0
    }

    fn finish(self) -> bool {
        println!();
        for failure in &self.failures {
            println!("FAILED  {failure}");
        }
        println!("{}", self.tally);
        self.tally.failed == 0
    }
}
