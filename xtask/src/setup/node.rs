//! Node and the npm packages.

use super::{apt::apt_install, install};
use crate::{paths, process};
use anyhow::{Context, Result, bail};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

const OLDEST: u32 = 20;
const WHY: &str = "it optimises the WebAssembly, runs the models' tests in it, and drives the browser";

/// Node itself, and npm.
pub fn node() -> Result<()> {
    if which::which("node").is_err() || which::which("npm").is_err() {
        apt_install(&["nodejs", "npm"], &format!("Node {OLDEST} or newer with npm"), WHY)?;
    }
    let version = process::output(&mut process::command("node", ["--version"])).context("node does not run")?;
    if major(&version).is_none_or(|major| major < OLDEST) {
        bail!(
            "node is {version}, and must be {OLDEST} or newer; {WHY}. Install a newer one (https://nodejs.org), then try again."
        );
    }
    Ok(())
}

/// The folder with the npm packages that building and testing take.
pub fn packages() -> Result<PathBuf> {
    let why = "wasm-opt and terser make the page smaller, Playwright drives the browser, axe checks accessibility";
    packages_of(&paths::browser_tests(), why)
}

/// The folder with Lighthouse, which only measuring takes.
pub fn lighthouse() -> Result<PathBuf> {
    packages_of(&paths::browser_tests().join("bench/lighthouse"), "Lighthouse marks the page")
}

/// The folder that holds `node_modules` with just what the lock file in `listed` lists. It is in the cache under the lock file's
/// hash, so that checkouts share it.
fn packages_of(listed: &Path, why: &str) -> Result<PathBuf> {
    let lists = ["package.json", "package-lock.json"];
    let mut hasher = DefaultHasher::new();
    for list in lists {
        std::fs::read(listed.join(list)).with_context(|| format!("{list} can't be read"))?.hash(&mut hasher);
    }
    let folder = paths::cache()?.join(format!("npm-{:016x}", hasher.finish()));
    // npm writes this file last.
    if folder.join("node_modules/.package-lock.json").is_file() {
        return Ok(folder);
    }
    std::fs::create_dir_all(&folder).with_context(|| format!("{} can't be made", folder.display()))?;
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
    fn reads_how_node_names_its_version() {
        assert_eq!(major("v20.19.2"), Some(20));
        assert_eq!(major("nonsense"), None);
    }
}
