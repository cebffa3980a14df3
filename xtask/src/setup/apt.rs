//! Packages of Debian and of its derivatives.

use super::{by_hand, install};
use crate::process;
use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::Command;

/// Installs Debian packages, as root or with sudo if it needs no password.
///
/// # Errors
/// If apt is missing, not permitted or fails; the message contains the command to run by hand.
pub fn apt_install(packages: &[&str], what: &str, why: &str) -> Result<()> {
    let line = format!("apt-get update && apt-get install --yes --no-install-recommends {}", packages.join(" "));
    if which::which("apt-get").is_err() {
        bail!("{what} is missing; {why}. Install it with this system's package manager, then try again.");
    }
    let root = process::output(&mut process::command("id", ["-u"])).is_some_and(|id| id == "0");
    let sudo = process::output(&mut process::command("sudo", ["-n", "true"])).is_some();
    if !root && !sudo {
        bail!("{}: this user may not install packages.", by_hand(what, why, &format!("sudo sh -c '{line}'")));
    }
    let mut shell = if root { Command::new("sh") } else { process::command("sudo", ["-n", "sh"]) };
    shell.args(["-c", &line]).env("DEBIAN_FRONTEND", "noninteractive").stdin(std::process::Stdio::null());
    install(what, why, &mut shell)
}

/// Unpacks Debian packages in a folder without installing them, which needs no special rights.
///
/// # Errors
/// If apt is missing or fails; the message contains the command to run by hand.
pub fn apt_unpack(packages: &[&str], folder: &Path, what: &str, why: &str) -> Result<()> {
    if which::which("apt-get").is_err() {
        bail!("{what} is missing; {why}. Install it with this system's package manager, then try again.");
    }
    std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    // Users who may not update the package lists use the existing ones.
    let line = format!(
        "cd \"{}\" && {{ apt-get update; apt-get download {} && \
         for package in *.deb; do dpkg-deb --extract \"$package\" . || exit; done; }}",
        folder.display(),
        packages.join(" ")
    );
    install(what, why, &mut process::command("sh", ["-c", &line]))
}
