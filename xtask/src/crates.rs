//! The crates that the project is made of, as cargo knows them.

use crate::process;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// Each as `cargo metadata` describes it; what comes from elsewhere has a `source`.
///
/// # Errors
/// If cargo doesn't say so.
pub fn packages() -> Result<Vec<Value>> {
    let arguments = ["metadata", "--locked", "--all-features", "--format-version=1", "--quiet"];
    let metadata = process::output(&mut process::cargo(arguments)).context("`cargo metadata` failed")?;
    let mut metadata: Value = serde_json::from_str(&metadata).context("`cargo metadata` wrote no JSON")?;
    match metadata["packages"].take() {
        Value::Array(packages) => Ok(packages),
        _ => bail!("`cargo metadata` lists no packages"),
    }
}

/// The compiler's options, between cargo's separators, by which the sources that a panic names are named without the folders in which
/// this machine keeps them; after the options that the environment holds already.
///
/// # Errors
/// If cargo doesn't say where the sources are.
pub fn short_paths() -> Result<String> {
    let packages = packages()?;
    let from_elsewhere = packages.iter().filter(|package| package["source"].is_string());
    let manifests = from_elsewhere.filter_map(|package| package["manifest_path"].as_str());
    let folders: BTreeSet<&Path> = manifests.filter_map(|manifest| Path::new(manifest).parent()?.parent()).collect();

    let said = |name| std::env::var(name).ok();
    let options = said("CARGO_ENCODED_RUSTFLAGS")
        .or_else(|| said("RUSTFLAGS").map(|flags| flags.split_whitespace().collect::<Vec<_>>().join("\x1f")));
    let shortened = folders.into_iter().map(|folder| format!("--remap-path-prefix={}=", folder.display()));
    Ok(options.into_iter().filter(|options| !options.is_empty()).chain(shortened).collect::<Vec<_>>().join("\x1f"))
}
