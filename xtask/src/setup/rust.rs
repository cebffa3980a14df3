//! The Rust tools: components, the WebAssembly target, crates, and programs from crates.io.

use super::install;
use crate::{paths, process};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};

const TARGET: &str = "wasm32-unknown-unknown";
const TRUNK: &str = "0.21.14";
const CARGO_DENY: &str = "0.20.2";
const CARGO_MUTANTS: &str = "27.1.0";
const CARGO_FUZZ: &str = "0.13.2";

/// Sets up rustfmt and clippy.
pub fn linters() -> Result<()> {
    for (component, subcommand) in [("rustfmt", "fmt"), ("clippy", "clippy")] {
        if process::output(&mut process::cargo([subcommand, "--version"])).is_none() {
            let mut add = process::command("rustup", ["component", "add", component]);
            install(component, "it checks the sources", &mut add)?;
        }
    }
    Ok(())
}

/// Sets up the standard library for WebAssembly.
pub fn wasm_target() -> Result<()> {
    let mut ask = process::command("rustc", ["--print", "target-libdir", "--target", TARGET]);
    if process::output(&mut ask).is_some_and(|folder| Path::new(&folder).is_dir()) {
        return Ok(());
    }
    let why = "the page and the models are compiled to WebAssembly";
    if which::which("rustup").is_err() {
        bail!(
            "Rust's target {TARGET} is missing and rustup is not installed; {why}. Install the target with the package \
             manager that installed Rust (Debian: apt-get install libstd-rust-dev-wasm32), or install rustup \
             (https://rustup.rs) and run:\n    rustup target add {TARGET}"
        );
    }
    let mut add = process::command("rustup", ["target", "add", TARGET]);
    install(&format!("Rust's target {TARGET}"), why, &mut add)
}

/// Downloads the sources of all crates, so that trunk can build offline.
pub fn crates() -> Result<()> {
    process::run(&mut process::cargo(["fetch", "--quiet", "--locked"]))
}

/// Returns the folder of trunk, which builds the static site.
pub fn trunk() -> Result<PathBuf> {
    tool("trunk", "trunk", TRUNK, &["--locked"], "it builds the static site")
}

/// Returns the program that checks the dependencies against `deny.toml`.
pub fn cargo_deny() -> Result<PathBuf> {
    let program = "cargo-deny";
    let why = "it checks the dependencies against deny.toml";
    Ok(tool(program, program, CARGO_DENY, &["--locked"], why)?.join(program))
}

/// Returns the folder of cargo-mutants, which changes the sources to test the tests.
pub fn cargo_mutants() -> Result<PathBuf> {
    let why = "it finds changes of the sources that no test notices";
    tool("cargo-mutants", "cargo-mutants", CARGO_MUTANTS, &["--locked"], why)
}

/// Returns the folder of cargo-fuzz, which builds and runs the fuzz targets.
pub fn cargo_fuzz() -> Result<PathBuf> {
    tool("cargo-fuzz", "cargo-fuzz", CARGO_FUZZ, &["--locked"], "it builds and runs the fuzz targets")
}

/// Returns the folder of wasm-bindgen, which generates the JavaScript bindings of the page.
pub fn wasm_bindgen() -> Result<PathBuf> {
    wasm_bindgen_program("wasm-bindgen", "it generates the JavaScript bindings of the page")
}

/// Returns the program that runs the Rust tests in Node.
pub fn wasm_test_runner() -> Result<PathBuf> {
    let program = "wasm-bindgen-test-runner";
    Ok(wasm_bindgen_program(program, "it runs the tests in WebAssembly")?.join(program))
}

/// Returns the folder of a program of wasm-bindgen-cli, in the version of the wasm-bindgen crate:
/// the two refuse to work together otherwise.
fn wasm_bindgen_program(program: &str, why: &str) -> Result<PathBuf> {
    let lock = paths::root().join("Cargo.lock");
    let text = std::fs::read_to_string(&lock).with_context(|| format!("cannot read {}", lock.display()))?;
    let version = locked_version(&text, "wasm-bindgen").context("Cargo.lock does not contain wasm-bindgen")?;
    tool(program, "wasm-bindgen-cli", version, &[], why)
}

/// Returns the folder of `program` in exactly this version. Looks in the cache, then in `PATH`, and
/// installs the program if it is in neither.
pub(super) fn tool(program: &str, package: &str, version: &str, options: &[&str], why: &str) -> Result<PathBuf> {
    let root = paths::cache()?.join("tools");
    let own = root.join("bin").join(program).with_extension(std::env::consts::EXE_EXTENSION);
    let others = which::which_all(program).into_iter().flatten();
    for candidate in std::iter::once(own.clone()).chain(others) {
        if has_version(&candidate, version) {
            return Ok(folder_of(&candidate));
        }
    }
    let what = format!("{package} {version}");
    let mut command = process::cargo(["install"]);
    command.args(options).arg(format!("{package}@{version}")).arg("--root").arg(&root);
    install(&what, &format!("{why} (compiling it takes a few minutes, once)"), &mut command)?;
    if !has_version(&own, version) {
        bail!("{what} was installed, but {} does not run", own.display());
    }
    Ok(folder_of(&own))
}

fn folder_of(program: &Path) -> PathBuf {
    program.parent().unwrap_or(Path::new("")).to_path_buf()
}

fn has_version(program: &Path, version: &str) -> bool {
    // Cargo starts a subcommand with its name as first argument, and some insist on it.
    let name = program.file_stem().and_then(|name| name.to_str()).and_then(|name| name.strip_prefix("cargo-"));
    let arguments = name.into_iter().chain(["--version"]);
    let output = process::output(&mut process::command(program, arguments));
    output.is_some_and(|text| text.split_whitespace().nth(1).map(|word| word.trim_start_matches('v')) == Some(version))
}

/// Returns the version of a package from the text of a `Cargo.lock`.
fn locked_version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let (_, after) = lock.split_once(&format!("name = \"{package}\"\nversion = \""))?;
    after.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_a_package_is_read_from_the_lock_file() {
        let lock = "[[package]]\nname = \"wasm-bindgen-macro\"\nversion = \"0.1.0\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\nsource = \"…\"\n";
        assert_eq!(locked_version(lock, "wasm-bindgen"), Some("0.2.130"));
        assert_eq!(locked_version(lock, "trunk"), None);
    }
}
