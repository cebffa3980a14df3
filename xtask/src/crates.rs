//! The crates of the project, from `cargo metadata`.

use crate::process;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// Returns the crates as `cargo metadata` describes them. Those from a registry have a `source`.
///
/// # Errors
/// If `cargo metadata` fails.
pub fn packages() -> Result<Vec<Value>> {
    let arguments = ["metadata", "--locked", "--all-features", "--format-version=1", "--quiet"];
    let metadata = process::output(&mut process::cargo(arguments)).context("`cargo metadata` failed")?;
    let mut metadata: Value = serde_json::from_str(&metadata).context("`cargo metadata` wrote invalid JSON")?;
    match metadata["packages"].take() {
        Value::Array(packages) => Ok(packages),
        _ => bail!("`cargo metadata` lists no packages"),
    }
}

/// Returns the compiler options of the site's programs, with cargo's separators. They follow the
/// options that the environment sets already, and replace those of `.cargo/config.toml`.
///
/// # Errors
/// If `cargo metadata` fails.
pub fn compiler_options() -> Result<String> {
    let packages = packages()?;
    let from_registries = packages.iter().filter(|package| package["source"].is_string());
    let manifests = from_registries.filter_map(|package| package["manifest_path"].as_str());
    let folders: BTreeSet<&Path> = manifests.filter_map(|manifest| Path::new(manifest).parent()?.parent()).collect();

    let variable = |name| std::env::var(name).ok();
    let options = variable("CARGO_ENCODED_RUSTFLAGS")
        .or_else(|| variable("RUSTFLAGS").map(|flags| flags.split_whitespace().collect::<Vec<_>>().join("\x1f")));
    // One type for every component of the page, as in `.cargo/config.toml`.
    let erased = "--cfg=erase_components".to_string();
    // Panic messages name sources without the folders of this machine.
    let shortened = folders.into_iter().map(|folder| format!("--remap-path-prefix={}=", folder.display()));
    let options = options.into_iter().filter(|options| !options.is_empty());
    Ok(options.chain([erased]).chain(shortened).collect::<Vec<_>>().join("\x1f"))
}
