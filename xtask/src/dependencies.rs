//! What the project is made of, held against `deny.toml` by cargo-deny.

use crate::{process, setup};
use anyhow::Result;
use std::path::Path;

/// The licences, versions and sources of all crates in `Cargo.lock`. The answer changes with this file alone.
///
/// # Errors
/// If one is not as `deny.toml` has it.
pub fn policy(deny: &Path) -> Result<()> {
    process::run(&mut process::command(deny, ["--offline", "--locked", "check", "bans", "licenses", "sources"]))
}

/// Advisories against the crates in `Cargo.lock`. The answer changes from day to day, so this is no part of the tests.
///
/// # Errors
/// If there is one. Where the database of advisories can't be had, that is said, and is no error.
pub fn audit() -> Result<()> {
    setup::crates()?;
    let deny = setup::cargo_deny()?;
    policy(&deny)?;
    if process::run(&mut process::command(&deny, ["fetch", "db"])).is_err() {
        println!(
            "Advisories: skipped, because their database (github.com/RustSec/advisory-db) can't be had from here."
        );
        return Ok(());
    }
    process::run(&mut process::command(&deny, ["--offline", "--locked", "check", "advisories"]))
}
