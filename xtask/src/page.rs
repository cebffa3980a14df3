//! Building the static site, and serving it during development.

use crate::{crates, licences, paths, process, setup, setup::PageTools, size};
use anyhow::{Context, Result, bail};
use std::net::{Ipv4Addr, TcpListener};
use std::process::Command;

/// Builds the site in `dist/` and prints its size.
///
/// # Errors
/// If it does not build, or the first load is over its budget.
pub fn build(tools: &PageTools) -> Result<()> {
    process::run(&mut trunk(tools, "build")?)?;
    let dist = paths::dist();
    licences::write(&dist)?;
    println!("The static site is in {}; it works from any folder of any web server.\n", dist.display());
    size::report(&dist)?;
    process::run(&mut process::command("node", [paths::root().join("xtask/compress.mjs"), dist]))
}

/// Serves the site on this machine until stopped, and rebuilds it when a source changes.
///
/// # Errors
/// If a tool cannot be installed, or the port is in use.
pub fn serve(port: Option<u16>, first: u16, open: bool) -> Result<()> {
    let tools = setup::page_tools()?;
    let port = match port {
        Some(port) if !is_free(port) => {
            bail!("port {port} is in use; without --port, the next free one is taken")
        }
        Some(port) => port,
        None => (first..u16::MAX).find(|&port| is_free(port)).context("no port is free")?,
    };
    let mut command = trunk(&tools, "serve")?;
    // Makes xtask/finish_site.mjs leave out the service worker.
    command.env("TRTLLM_MEMORY_SERVE", "1").args([
        "--no-autoreload",
        "--disable-address-lookup",
        "--address",
        "127.0.0.1",
        "--port",
        &port.to_string(),
    ]);
    if open {
        command.arg("--open");
    }
    println!("Building the page; its address follows. Changes of sources rebuild it, Ctrl-C stops it.");
    process::replace_by(&mut command)
}

fn trunk(tools: &PageTools, subcommand: &str) -> Result<Command> {
    let mut command = process::command("trunk", [subcommand, "--release", "--skip-version-check"]);
    // trunk accepts only `true` or `false` in this variable; other programs accept any text.
    command.env_remove("NO_COLOR").env("CARGO_ENCODED_RUSTFLAGS", crates::compiler_options()?);
    process::with_path(&mut command, &tools.path)?;
    Ok(command)
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}
