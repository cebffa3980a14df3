//! Packages of Debian and its relatives.

use super::{by_hand, install};
use crate::process;
use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::Command;

/// Installs Debian packages, as root or where sudo asks for no password.
///
/// # Errors
/// With the command to run by hand, if there is no apt, no right to use it, or it fails.
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

/// Unpacks Debian packages in a folder and installs nothing, which takes no rights beyond the folder.
///
/// # Errors
/// With the command to run by hand, if there is no apt or it fails.
pub fn apt_unpack(packages: &[&str], folder: &Path, what: &str, why: &str) -> Result<()> {
    if which::which("apt-get").is_err() {
        bail!("{what} is missing; {why}. Install it with this system's package manager, then try again.");
    }
    std::fs::create_dir_all(folder).with_context(|| format!("{} can't be made", folder.display()))?;
    // The lists are there already where this user may not update them.
    let line = format!(
        "cd \"{}\" && {{ apt-get update; apt-get download {} && for package in *.deb; do dpkg-deb --extract \"$package\" . || exit; done; }}",
        folder.display(),
        packages.join(" ")
    );
    install(what, why, &mut process::command("sh", ["-c", &line]))
}
