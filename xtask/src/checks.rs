//! The checks of `cargo xtask test`. Each is announced with its purpose, timed and counted.

use crate::test_counts::TestCounts;
use crate::{commit_subjects, dependencies, doc_checks, line_widths, page, paths, process, setup, wasm_tests};
use anyhow::{Result, bail};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// The library's features that need no browser.
const FEATURES: [&str; 6] = ["explanations", "catalogues", "chart", "export", "cli", "panels"];

/// A part of the checks, which can run alone.
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
            _ => Err(format!("unknown part `{name}`; expected lint, native, wasm or browser")),
        }
    }
}

/// Runs all parts, or one, to the end and prints the number of passed and failed checks and tests.
/// Returns whether all passed.
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
    checks.check("rustfmt: every file is formatted", || cargo(&["fmt", "--all", "--check"]));
    checks.check("line widths: comments fit in 100 columns, other lines in 120", line_widths::check);
    checks.check("WebAssembly: every test module runs there too", wasm_tests::check);
    checks.check("commits: subjects are short and imperative", commit_subjects::check);
    checks.check("documents: the files that they mention exist", doc_checks::names);
    checks.check("documents: the examples of additions match the sources", doc_checks::examples);
    checks.check("documents: the README states the oldest supported Rust", doc_checks::toolchain);
    checks.check("imports: modules use only lower modules", doc_checks::imports);
    checks.check("clippy, native: all targets of the workspace", || {
        clippy(&["--workspace", "--all-targets", "--features", "panels"])
    });
    checks.check("clippy, native: the library with each feature alone, and without any", || {
        clippy(&["--no-default-features", "--lib"])?;
        FEATURES.iter().try_for_each(|feature| clippy(&["--no-default-features", "--lib", "--features", feature]))
    });
    for bin in ["page", "worker"] {
        checks.check(&format!("clippy, WebAssembly: the library and the {bin}"), || {
            let feature = if bin == "page" { "web" } else { bin };
            let target = ["--target", "wasm32-unknown-unknown", "--no-default-features", "--features", feature];
            clippy(&[&target[..], &["--lib", "--bin", bin]].concat())
        });
    }
    checks.check("rustdoc: no broken links, no public items without documentation", || {
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
    checks.check("dependencies: licences, versions and sources comply with deny.toml", || dependencies::policy(&deny));
}

/// The script that makes `transformers-defaults.csv`, from the extension's folder.
const COUNTER: &str = "../../tests/fixtures/count_defaults.py";

fn sphinx_extension(checks: &mut Checks) {
    let Some(python) = checks.set_up("the linters of the Sphinx extension", setup::python) else {
        return;
    };
    let sources = ["--no-cache", "--config", "pyproject.toml", ".", COUNTER];
    checks.check("ruff: the Sphinx extension, and the script that counts parameters", || {
        extension(&python, &[&["ruff", "format", "--check"], &sources[..]].concat())?;
        extension(&python, &[&["ruff", "check", "--quiet"], &sources[..]].concat())
    });
    checks.check("mypy: the types of the script that counts parameters", || {
        // It needs torch and transformers only when it runs.
        extension(&python, &["mypy", "--strict", "--no-incremental", "--ignore-missing-imports", COUNTER])
    });
    checks.check("mypy: the types of the Sphinx extension", || {
        extension(&python, &["mypy", "--strict", "--no-incremental", "sphinx_trtllm_memory"])
    });
}

fn native(checks: &mut Checks) {
    checks.tests("tests, native: the library, the command and xtask", || {
        let options = ["test", "--locked", "--workspace", "--features", "panels", "--no-fail-fast"];
        process::run_tests(&mut process::cargo(options))
    });
    checks.check("examples: each program in examples/ runs", || {
        for entry in std::fs::read_dir(paths::root().join("examples"))? {
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
    checks.tests("tests, WebAssembly: the tests of the library, in Node", || {
        let options = ["test", "--locked", "--target", "wasm32-unknown-unknown", "--no-default-features"];
        let mut command = process::cargo(options);
        command.args(["--features", "panels", "--no-fail-fast", "--lib", "--test", "*"]);
        process::run_tests(command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", runner))
    });
}

fn browser(checks: &mut Checks) {
    let Some((tools, chromium, nginx)) = checks.set_up("the tools of the page, a browser and a web server", || {
        let tools = setup::page_tools()?;
        let chromium = setup::chromium(&tools.packages)?;
        Ok((tools, chromium, setup::nginx()?))
    }) else {
        return;
    };
    let built = checks.check("page: it builds in release mode, within its size budget", || page::build(&tools));
    if !built {
        return println!("The browser tests are skipped, because the page did not build.");
    }
    let sites = checks.set_up("generators of documentation sites", || Ok((setup::python()?, setup::mdbook()?)));
    checks.tests("page: the browser tests, in Chromium", || {
        let mut command = process::command("node", ["--test", "--test-reporter=spec"]);
        command.args(browser_test_files()?).env("NGINX", nginx);
        if let Some((python, mdbook)) = &sites {
            command.env("TRTLLM_MEMORY_PYTHON", python).env("TRTLLM_MEMORY_MDBOOK", mdbook);
        }
        process::run_tests(in_browser(&mut command, &tools.packages, &chromium)?)
    });
}

/// Builds the native command, and passes the locations of the site, the packages, the browser and
/// the command to a script.
pub fn in_browser<'a>(command: &'a mut Command, packages: &Path, chromium: &Path) -> Result<&'a mut Command> {
    let bin = "trtllm-memory";
    process::run(&mut process::cargo(["build", "--quiet", "--locked", "--bin", bin]))?;
    // Cargo puts it beside this program.
    let native = std::env::current_exe()?.with_file_name(bin).with_extension(std::env::consts::EXE_EXTENSION);
    Ok(command
        .env("TRTLLM_MEMORY_DIST", paths::dist())
        .env("TRTLLM_MEMORY_PACKAGES", packages)
        .env("TRTLLM_MEMORY_BIN", native)
        .env("CHROMIUM", chromium))
}

/// The files of the browser tests. Older versions of Node do not expand patterns.
fn browser_test_files() -> Result<Vec<std::path::PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(paths::browser_tests())? {
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
    process::run(command.args(words).current_dir(paths::root().join("integrations/sphinx")))
}

#[derive(Default)]
struct Checks {
    counts: TestCounts,
    failures: Vec<String>,
}

impl Checks {
    /// Sets up a tool. If that fails, the checks that need it count as one failure.
    fn set_up<T>(&mut self, what: &str, work: impl FnOnce() -> Result<T>) -> Option<T> {
        match work() {
            Ok(done) => Some(done),
            Err(error) => {
                self.record(&format!("setup: {what}"), Err(error));
                None
            }
        }
    }

    /// Runs a check that passes or fails. Returns whether it passed.
    fn check(&mut self, name: &str, work: impl FnOnce() -> Result<()>) -> bool {
        self.timed(name, || work().map(|()| TestCounts::ONE_PASSED))
    }

    /// Runs tests, of which there must be at least one.
    fn tests(&mut self, name: &str, work: impl FnOnce() -> Result<TestCounts>) {
        self.timed(name, || match work()? {
            none if none == TestCounts::default() => bail!("no test ran"),
            some => Ok(some),
        });
    }

    fn timed(&mut self, name: &str, work: impl FnOnce() -> Result<TestCounts>) -> bool {
        println!("\n== {name}");
        let start = Instant::now();
        let outcome = work();
        let passed = self.record(name, outcome);
        println!("   {} in {:.1} s", if passed { "done" } else { "FAILED" }, start.elapsed().as_secs_f64());
        passed
    }

    fn record(&mut self, name: &str, outcome: Result<TestCounts>) -> bool {
        let counts = outcome.unwrap_or_else(|error| {
            eprintln!("{error:#}");
            TestCounts::ONE_FAILED
        });
        self.counts += counts;
        if counts.failed > 0 {
            self.failures.push(format!("{name}: {} failed", counts.failed));
        }
        counts.failed == 0
    }

    fn finish(self) -> bool {
        println!();
        for failure in &self.failures {
            println!("FAILED  {failure}");
        }
        println!("{}", self.counts);
        self.counts.failed == 0
    }
}
