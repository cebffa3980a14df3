//! Node and the npm packages.

use super::{apt::apt_install, install};
use crate::{paths, process};
use anyhow::{Context, Result, bail};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

const OLDEST: u32 = 20;
const WHY: &str = "it optimises the WebAssembly, runs tests in it, and controls the browser";

/// Sets up Node and npm.
pub fn node() -> Result<()> {
    if which::which("node").is_err() || which::which("npm").is_err() {
        apt_install(&["nodejs", "npm"], &format!("Node {OLDEST} or newer with npm"), WHY)?;
    }
    let version = process::output(&mut process::command("node", ["--version"])).context("node does not run")?;
    if major(&version).is_none_or(|major| major < OLDEST) {
        bail!(
            "node is {version}, and must be {OLDEST} or newer; {WHY}. Install a newer one (https://nodejs.org), then \
             try again."
        );
    }
    Ok(())
}

/// Returns the folder with the npm packages for building and testing.
pub fn packages() -> Result<PathBuf> {
    let why = "wasm-opt and terser reduce the page, Playwright controls the browser, axe checks accessibility";
    packages_of(&paths::browser_tests(), why)
}

/// Returns the folder with Lighthouse, which only `cargo xtask bench` needs.
pub fn lighthouse() -> Result<PathBuf> {
    packages_of(&paths::browser_tests().join("bench/lighthouse"), "Lighthouse rates the page")
}

/// Returns the folder whose `node_modules` holds the packages of the lock file in `listed`. It is
/// in the cache under a hash of the lists, so that checkouts share it.
fn packages_of(listed: &Path, why: &str) -> Result<PathBuf> {
    let lists = ["package.json", "package-lock.json"];
    let mut hasher = DefaultHasher::new();
    for list in lists {
        std::fs::read(listed.join(list)).with_context(|| format!("cannot read {list}"))?.hash(&mut hasher);
    }
    let folder = paths::cache()?.join(format!("npm-{:016x}", hasher.finish()));
    // npm writes this file at the end.
    if folder.join("node_modules/.package-lock.json").is_file() {
        return Ok(folder);
    }
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    for list in lists {
        std::fs::copy(listed.join(list), folder.join(list))?;
    }
    let npm = which::which("npm").context("npm is missing")?;
    let mut command = process::command(npm, ["ci", "--no-audit", "--no-fund", "--prefix"]);
    command.arg(&folder);
    let what = format!("a set of npm packages ({})", listed.join("package.json").display());
    install(&what, why, &mut command)?;
    Ok(folder)
}

fn major(version: &str) -> Option<u32> {
    version.trim_start_matches('v').split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_node_is_read() {
        assert_eq!(major("v20.19.2"), Some(20));
        assert_eq!(major("nonsense"), None);
    }
}
