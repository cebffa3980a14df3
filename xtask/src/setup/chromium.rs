//! The browser that opens the page in tests.

use super::{apt::apt_install, install};
use crate::process;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

const WHY: &str = "the page is tested in a real browser";
const NAMES: [&str; 5] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const ON_MACOS: &str = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";

/// Returns the program of the browser: the one in the variable CHROMIUM, an installed one,
/// Debian's, or the one of Playwright, which is one of the npm `packages`.
pub fn chromium(packages: &Path) -> Result<PathBuf> {
    if let Some(named) = std::env::var_os("CHROMIUM").map(PathBuf::from) {
        return works(&named)
            .then_some(named.clone())
            .with_context(|| format!("the variable CHROMIUM contains {}, which does not run", named.display()));
    }
    if let Some(found) = installed(packages) {
        return Ok(found);
    }
    // On Ubuntu the package only refers to a snap, which may not work, so the browser is tried.
    let apt = apt_install(&["chromium", "fonts-dejavu-core"], "Chromium", WHY);
    if let Some(found) = installed(packages) {
        return Ok(found);
    }
    if let Err(error) = apt {
        println!("setup: {error:#}\nsetup: trying the Chromium of Playwright instead");
    }
    let mut command = process::command("node", [&cli(packages)]);
    command.args(["install", "chromium"]);
    install("Chromium", WHY, &mut command)?;
    installed(packages).context(
        "Chromium was installed but does not run. Install Chromium or Chrome with this system's package manager, and \
         set the variable CHROMIUM to its program",
    )
}

fn installed(packages: &Path) -> Option<PathBuf> {
    let on_path = NAMES.iter().filter_map(|name| which::which(name).ok());
    let mut known = on_path.chain([PathBuf::from(ON_MACOS)]);
    known.find(|program| works(program)).or_else(|| playwrights(packages).filter(|program| works(program)))
}

/// The path of Playwright's browser, which may not be installed.
fn playwrights(packages: &Path) -> Option<PathBuf> {
    let script = "console.log(require('playwright-core').chromium.executablePath())";
    let mut ask = process::command("node", ["-e", script]);
    process::output(ask.current_dir(packages)).map(PathBuf::from)
}

fn cli(packages: &Path) -> PathBuf {
    packages.join("node_modules/playwright-core/cli.js")
}

fn works(program: &Path) -> bool {
    program.is_file() && process::output(&mut process::command(program, ["--version"])).is_some()
}
