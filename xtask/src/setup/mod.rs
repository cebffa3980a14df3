//! What the other commands need on this machine. Whatever is there in the right version is used and nothing is said;
//! what is missing is installed, saying what and why.

mod apt;
mod chromium;
mod documentation;
mod nginx;
mod node;
mod rust;

pub use chromium::chromium;
pub use documentation::{mdbook, python};
pub use nginx::nginx;
pub use node::{lighthouse, node, packages};
pub use rust::{cargo_deny, crates, linters, wasm_target, wasm_test_runner};

use crate::{paths, process};
use anyhow::{Context, Result};
use std::path::PathBuf;
use std::process::Command;

/// What turns the page's source into a static site.
pub struct PageTools {
    /// The folders that hold trunk, wasm-bindgen and wasm-opt.
    pub path: Vec<PathBuf>,
    /// The folder in which the npm packages are installed.
    pub packages: PathBuf,
}

/// Sets up what building the page takes.
pub fn page_tools() -> Result<PageTools> {
    wasm_target()?;
    node()?;
    crates()?;
    let packages = packages()?;
    let wasm_opt = packages.join("node_modules/.bin");
    Ok(PageTools { path: vec![rust::trunk()?, rust::wasm_bindgen()?, wasm_opt], packages })
}

/// Sets up what all commands need together.
pub fn everything() -> Result<()> {
    linters()?;
    cargo_deny()?;
    let tools = page_tools()?;
    let chromium = chromium(&tools.packages)?;
    let nginx = nginx()?;
    let python = python()?;
    mdbook()?;
    println!("Everything is set up.");
    println!("  tools     {}", paths::cache()?.display());
    println!("  packages  {}", tools.packages.display());
    println!("  chromium  {}", chromium.display());
    println!("  nginx     {}", nginx.display());
    println!("  python    {}", python.display());
    Ok(())
}

/// Installs `what`, which is needed because `why`, by running `command`.
///
/// # Errors
/// With the command to run by hand, if it fails.
fn install(what: &str, why: &str, command: &mut Command) -> Result<()> {
    let line = process::line(command);
    println!("set-up: {what} is missing; {why}. Installing it:\n    {line}");
    process::run(command).with_context(|| by_hand(what, why, &line))
}

/// What to say when `what` can't be installed from here.
fn by_hand(what: &str, why: &str, line: &str) -> String {
    format!("{what} could not be installed; {why}. Run this by hand, then try again:\n    {line}\nThe reason")
}
