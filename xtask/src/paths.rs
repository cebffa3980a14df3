//! The folders of the checkout and of the cache that outlives it.

use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// Folders that hold no sources: what the build makes, and the packages that it uses.
const NO_SOURCES: [&str; 4] = ["target", "dist", "node_modules", "__pycache__"];

/// The root of the checkout.
pub fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// The built site, as configured in `Trunk.toml`.
pub fn dist() -> PathBuf {
    root().join("dist")
}

/// The browser tests, which also list the npm packages in use.
pub fn browser_tests() -> PathBuf {
    root().join("tests/browser")
}

/// The folder for tools, which all checkouts share.
pub fn cache() -> Result<PathBuf> {
    let base = dirs::cache_dir().context("this user has no cache directory: set HOME or XDG_CACHE_HOME")?;
    Ok(base.join("trtllm-memory"))
}

/// Returns the sources with these extensions below a folder, sorted by path. Skips hidden folders.
pub fn files(folder: &Path, extensions: &[&str]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() && !name.starts_with('.') && !NO_SOURCES.contains(&&*name) {
            found.extend(files(&path, extensions)?);
        } else if path.is_file() && path.extension().is_some_and(|own| extensions.iter().any(|other| own == *other)) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
