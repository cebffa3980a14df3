//! The Rust side: components, the WebAssembly target, crates, and the two tools that are built from crates.

use super::install;
use crate::{paths, process};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};

const TARGET: &str = "wasm32-unknown-unknown";
const TRUNK: &str = "0.21.14";
const CARGO_DENY: &str = "0.20.2";

/// rustfmt and clippy.
pub fn linters() -> Result<()> {
    for (component, subcommand) in [("rustfmt", "fmt"), ("clippy", "clippy")] {
        if process::output(&mut process::cargo([subcommand, "--version"])).is_none() {
            let mut add = process::command("rustup", ["component", "add", component]);
            install(component, "the sources are checked with it", &mut add)?;
        }
    }
    Ok(())
}

/// The standard library for the browser.
pub fn wasm_target() -> Result<()> {
    let mut ask = process::command("rustc", ["--print", "target-libdir", "--target", TARGET]);
    if process::output(&mut ask).is_some_and(|folder| Path::new(&folder).is_dir()) {
        return Ok(());
    }
    let why = "the page and the models are compiled to WebAssembly";
    if which::which("rustup").is_err() {
        bail!(
            "Rust's target {TARGET} is missing and there is no rustup to add it; {why}. Install the target with what \
             installed Rust (Debian: apt-get install libstd-rust-dev-wasm32), or rustup (https://rustup.rs) and then run:\n    \
             rustup target add {TARGET}"
        );
    }
    let mut add = process::command("rustup", ["target", "add", TARGET]);
    install(&format!("Rust's target {TARGET}"), why, &mut add)
}

/// The sources of all crates, so that trunk can build without a network.
pub fn crates() -> Result<()> {
    process::run(&mut process::cargo(["fetch", "--quiet", "--locked"]))
}

/// The folder of trunk, which makes the static site.
pub fn trunk() -> Result<PathBuf> {
    tool("trunk", "trunk", TRUNK, &["--locked"], "it makes the static site out of the page's source")
}

/// The program that holds licences, versions, sources and advisories of crates against `deny.toml`.
pub fn cargo_deny() -> Result<PathBuf> {
    let program = "cargo-deny";
    let why = "it holds what the project is made of against deny.toml";
    Ok(tool(program, program, CARGO_DENY, &["--locked"], why)?.join(program))
}

/// The folder of wasm-bindgen, which joins WebAssembly and JavaScript.
pub fn wasm_bindgen() -> Result<PathBuf> {
    wasm_bindgen_program("wasm-bindgen", "it joins the page's WebAssembly and JavaScript")
}

/// The program that runs Rust's tests in Node.
pub fn wasm_test_runner() -> Result<PathBuf> {
    let program = "wasm-bindgen-test-runner";
    Ok(wasm_bindgen_program(program, "it runs the models' tests in WebAssembly")?.join(program))
}

/// Of the same version as the crate in use: anything else refuses to work.
fn wasm_bindgen_program(program: &str, why: &str) -> Result<PathBuf> {
    let lock = paths::root().join("Cargo.lock");
    let text = std::fs::read_to_string(&lock).with_context(|| format!("{} can't be read", lock.display()))?;
    let version = locked_version(&text, "wasm-bindgen").context("Cargo.lock names no wasm-bindgen")?;
    tool(program, "wasm-bindgen-cli", version, &[], why)
}

/// The folder of `program` in this very version: where an earlier run put it, or on the PATH, or else newly installed.
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
    install(&what, &format!("{why} (this compiles it, once, in a few minutes)"), &mut command)?;
    if !has_version(&own, version) {
        bail!("{what} was installed, but {} does not run", own.display());
    }
    Ok(folder_of(&own))
}

fn folder_of(program: &Path) -> PathBuf {
    program.parent().unwrap_or(Path::new("")).to_path_buf()
}

fn has_version(program: &Path, version: &str) -> bool {
    let said = process::output(&mut process::command(program, ["--version"]));
    said.is_some_and(|text| text.split_whitespace().nth(1).map(|said| said.trim_start_matches('v')) == Some(version))
}

/// The version of a package in the text of a `Cargo.lock`.
fn locked_version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let (_, after) = lock.split_once(&format!("name = \"{package}\"\nversion = \""))?;
    after.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_version_that_the_lock_file_holds() {
        let lock = "[[package]]\nname = \"wasm-bindgen-macro\"\nversion = \"0.1.0\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\nsource = \"…\"\n";
        assert_eq!(locked_version(lock, "wasm-bindgen"), Some("0.2.130"));
        assert_eq!(locked_version(lock, "trunk"), None);
    }
}
