//! Where things are: the checkout, what is built from it, and the cache that outlives it.

use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// The checkout.
pub fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// The static site, as `Trunk.toml` has it.
pub fn dist() -> PathBuf {
    root().join("dist")
}

/// The scenarios for a real browser, and the list of the npm packages in use.
pub fn browser_tests() -> PathBuf {
    root().join("tests/browser")
}

/// Where tools are kept between checkouts.
pub fn cache() -> Result<PathBuf> {
    let base = dirs::cache_dir().context("this user has no cache directory: set HOME or XDG_CACHE_HOME")?;
    Ok(base.join("trtllm-memory"))
}

/// Adds the Rust files of a folder and of those within it, in the order of their names.
pub fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            rust_files(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(())
}
