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
