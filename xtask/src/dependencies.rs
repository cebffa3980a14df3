//! The checks of the dependencies by cargo-deny, with `deny.toml` as the policy.

use crate::{process, setup};
use anyhow::{Context, Result};
use std::path::Path;

/// Checks licences, versions and sources of all crates in `Cargo.lock`. The result depends on the
/// checkout alone, so this is part of the tests.
///
/// # Errors
/// If a crate violates `deny.toml`.
pub fn policy(deny: &Path) -> Result<()> {
    process::run(&mut process::command(deny, ["--offline", "--locked", "check", "bans", "licenses", "sources"]))
}

/// Checks the crates in `Cargo.lock` for security advisories. The result changes from day to day,
/// so this is not part of the tests.
///
/// # Errors
/// If there is an advisory, or if the advisory database cannot be downloaded: without it nothing
/// is known about the crates.
pub fn audit() -> Result<()> {
    setup::crates()?;
    let deny = setup::cargo_deny()?;
    policy(&deny)?;
    process::run(&mut process::command(&deny, ["fetch", "db"])).context(
        "no crate was checked for advisories: their database (https://github.com/RustSec/advisory-db) could not be \
         downloaded",
    )?;
    process::run(&mut process::command(&deny, ["--offline", "--locked", "check", "advisories"]))
}
