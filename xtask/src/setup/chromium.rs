//! A Chromium to open the page in.

use super::{apt::apt_install, install};
use crate::process;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

const WHY: &str = "the page is tested in a real browser";
const NAMES: [&str; 5] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const ON_MACOS: &str = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";

/// The browser's program: the one that the variable CHROMIUM names, or one on this machine, or Debian's, or the one
/// that Playwright (among the npm `packages`) brings.
pub fn chromium(packages: &Path) -> Result<PathBuf> {
    if let Some(named) = std::env::var_os("CHROMIUM").map(PathBuf::from) {
        return works(&named)
            .then_some(named.clone())
            .with_context(|| format!("the variable CHROMIUM names {}, which does not run", named.display()));
    }
    if let Some(found) = installed(packages) {
        return Ok(found);
    }
    // On Ubuntu the package is only a pointer to a snap, which need not work: so this looks again.
    let apt = apt_install(&["chromium", "fonts-dejavu-core"], "Chromium", WHY);
    if let Some(found) = installed(packages) {
        return Ok(found);
    }
    if let Err(error) = apt {
        println!("set-up: {error:#}\nset-up: trying Playwright's own Chromium instead");
    }
    let mut command = process::command("node", [&cli(packages)]);
    command.args(["install", "chromium"]);
    install("Chromium", WHY, &mut command)?;
    installed(packages).context(
        "a Chromium was installed but does not run. Install Chromium or Chrome by this system's own means, and name its \
         program in the variable CHROMIUM",
    )
}

fn installed(packages: &Path) -> Option<PathBuf> {
    let on_path = NAMES.iter().filter_map(|name| which::which(name).ok());
    let mut known = on_path.chain([PathBuf::from(ON_MACOS)]);
    known.find(|program| works(program)).or_else(|| playwrights(packages).filter(|program| works(program)))
}

/// Where Playwright keeps, or would keep, its own.
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
