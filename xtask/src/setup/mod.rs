//! The tools that the other commands need. A tool in the right version is used silently; a missing
//! one is installed, and its name and purpose are printed.

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
pub use rust::{cargo_deny, cargo_fuzz, cargo_mutants, crates, linters, wasm_target, wasm_test_runner};

use crate::{paths, process};
use anyhow::{Context, Result};
use std::path::PathBuf;
use std::process::Command;

/// The tools that build the static site.
pub struct PageTools {
    /// The folders of trunk, wasm-bindgen and wasm-opt.
    pub path: Vec<PathBuf>,
    /// The folder of the npm packages.
    pub packages: PathBuf,
}

/// Sets up the tools that build the page.
pub fn page_tools() -> Result<PageTools> {
    wasm_target()?;
    node()?;
    crates()?;
    let packages = packages()?;
    let wasm_opt = packages.join("node_modules/.bin");
    Ok(PageTools { path: vec![rust::trunk()?, rust::wasm_bindgen()?, wasm_opt], packages })
}

/// Sets up the tools of building, serving and testing.
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
/// If the command fails; the message contains it, to be run by hand.
fn install(what: &str, why: &str, command: &mut Command) -> Result<()> {
    let line = process::line(command);
    println!("setup: {what} is missing; {why}. Installing it:\n    {line}");
    process::run(command).with_context(|| by_hand(what, why, &line))
}

/// The message for a tool that could not be installed.
fn by_hand(what: &str, why: &str, line: &str) -> String {
    format!("{what} could not be installed; {why}. Run this by hand, then try again:\n    {line}\nThe reason")
}
