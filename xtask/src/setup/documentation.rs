//! The generators of documentation sites. The tests embed the calculator in such sites.

use super::{apt::apt_install, install, rust};
use crate::{paths, process};
use anyhow::{Context, Result, bail};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

const MDBOOK: &str = "0.5.4";
/// The oldest Python that the packages run on.
const OLDEST: (u32, u32) = (3, 10);
const WHY: &str =
    "the calculator is tested in documentation sites of Sphinx and MkDocs, and its Sphinx extension is checked";

/// Returns the folder of mdbook.
pub fn mdbook() -> Result<PathBuf> {
    let options = ["--locked", "--no-default-features"];
    rust::tool("mdbook", "mdbook", MDBOOK, &options, "the calculator is tested in a book that it builds")
}

/// Returns the folder with the programs of Python and of the packages in
/// `tests/sites/requirements.txt`. It is in the cache under a hash of that list and of Python's
/// version, so that checkouts share it.
pub fn python() -> Result<PathBuf> {
    let list = paths::root().join("tests/sites/requirements.txt");
    let text = std::fs::read(&list).with_context(|| format!("cannot read {}", list.display()))?;
    let (base, version) = base()?;
    let mut hasher = DefaultHasher::new();
    (text, version).hash(&mut hasher);
    let folder = paths::cache()?.join(format!("python-{:016x}", hasher.finish()));
    let programs = folder.join(if cfg!(windows) { "Scripts" } else { "bin" });
    let python = programs.join("python");
    let complete = folder.join("complete");
    if !complete.is_file() || output_of(&python, "import sphinx, mkdocs").is_none() {
        let mut create = process::command(&base, ["-m", "venv", "--clear"]);
        create.arg(&folder);
        install("a virtual environment of Python for documentation", WHY, &mut create)?;
        let mut fill = process::command(&python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        fill.arg("--requirement").arg(&list);
        install("a set of Python packages (tests/sites/requirements.txt)", WHY, &mut fill)?;
        std::fs::write(&complete, "").with_context(|| format!("cannot write {}", complete.display()))?;
    }
    // The only library that is not a Python package.
    if output_of(&python, "import cairosvg").is_none() {
        apt_install(&["libcairo2"], "The library cairo", "it converts charts for PDF documents")?;
    }
    Ok(programs)
}

/// Returns an installed Python that can create virtual environments, and its version.
fn base() -> Result<(PathBuf, String)> {
    if installed().is_none() {
        apt_install(&["python3", "python3-venv"], "Python 3", WHY)?;
    }
    let (python, version) = installed().context("python3 does not run")?;
    let (major, minor) = OLDEST;
    if numbers(&version).is_none_or(|version| version < OLDEST) {
        bail!(
            "{} is Python {version}, and must be {major}.{minor} or newer; {WHY}. Put a newer one first in PATH \
             (https://www.python.org), then try again.",
            python.display()
        );
    }
    if output_of(&python, "import venv, ensurepip").is_none() {
        apt_install(&["python3-venv"], "Python's module venv", WHY)?;
    }
    Ok((python, version))
}

fn installed() -> Option<(PathBuf, String)> {
    let programs = ["python3", "python"].into_iter().filter_map(|name| which::which(name).ok());
    let mut working = programs.filter_map(|program| {
        let version = output_of(&program, "import platform; print(platform.python_version())")?;
        version.starts_with('3').then_some((program, version))
    });
    working.next()
}

/// Returns the output of Python statements if they run.
fn output_of(python: &Path, statements: &str) -> Option<String> {
    process::output(&mut process::command(python, ["-c", statements]))
}

/// Reads the major and minor version of Python.
fn numbers(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.split('.').map(|number| number.parse().ok());
    Some((numbers.next()??, numbers.next()??))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_python_is_read() {
        assert_eq!(numbers("3.11.2"), Some((3, 11)));
        assert!(numbers("3.9.18").is_some_and(|version| version < OLDEST));
        assert_eq!(numbers("3"), None);
    }
}
