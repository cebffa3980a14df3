//! The licence notices of the crates in the page.

use crate::{crates::packages, process};
use anyhow::{Context, Result};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// The arguments of cargo that list the crates in the page and its worker, without macros and
/// tools.
const LINKED: [&str; 11] = [
    "tree",
    "--locked",
    "--package=trtllm-memory",
    "--no-default-features",
    "--features=web,worker",
    "--target=wasm32-unknown-unknown",
    "--edges=normal,no-proc-macro",
    "--prefix=none",
    "--no-dedupe",
    "--format={p}",
    "--quiet",
];
/// The first letters of the names of files with a licence or a notice.
const NAMES: [&str; 4] = ["LICENSE", "LICENCE", "COPYING", "NOTICE"];
const HEAD: &str = "\
The TensorRT-LLM memory calculator is licensed under the Apache License 2.0. Its page contains code of Rust's standard
library (MIT OR Apache-2.0) and of the crates below. Each is listed with its licences, its authors, its address and its
notices.
";

/// Writes the notices to `licences.txt` in the site.
///
/// # Errors
/// If cargo does not list the crates, or the file cannot be written.
pub fn write(dist: &Path) -> Result<()> {
    let linked = process::output(&mut process::cargo(LINKED)).context("`cargo tree` failed")?;
    let linked: BTreeSet<(&str, &str)> = linked.lines().filter_map(name_and_version).collect();
    let mut text = HEAD.to_owned();
    for package in packages()?.iter().filter(|package| package["source"].is_string()) {
        let of = |key: &str| package[key].as_str().unwrap_or_default();
        if linked.contains(&(of("name"), of("version"))) {
            text.push_str(&notice(package)?);
        }
    }
    let file = dist.join("licences.txt");
    std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))
}

/// Reads the name and the version from a line such as `leptos v0.8.23`.
fn name_and_version(line: &str) -> Option<(&str, &str)> {
    let mut words = line.split(' ');
    Some((words.next()?, words.next()?.strip_prefix('v')?))
}

/// Returns the notice of a crate: a heading and the texts of its licence files.
fn notice(package: &Value) -> Result<String> {
    let of = |key: &str| package[key].as_str().unwrap_or_default();
    let (name, version) = (of("name"), of("version"));
    let authors: Vec<&str> = package["authors"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut text = format!("\n{}\n{name} {version}\nLicence: {}\n", "=".repeat(80), of("license"));
    for (label, value) in [("Authors", authors.join(", ")), ("Address", of("repository").to_owned())] {
        if !value.is_empty() {
            text.push_str(&format!("{label}: {value}\n"));
        }
    }
    let folder = Path::new(of("manifest_path")).parent().unwrap_or(Path::new(""));
    let mut files: Vec<_> = std::fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    for file in files.iter().filter(|file| is_notice(file)) {
        text.push_str(&format!("\n{}\n", String::from_utf8_lossy(&std::fs::read(file)?).trim()));
    }
    Ok(text)
}

fn is_notice(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
    // No crate is under Apache-2.0 alone, and that text is the licence of the site itself.
    file.is_file() && NAMES.iter().any(|start| name.starts_with(start)) && !name.contains("APACHE")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_cover_the_crates_in_the_page_alone() {
        let folder = std::env::temp_dir().join(format!("trtllm-memory-licences-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        write(&folder).unwrap();
        let text = std::fs::read_to_string(folder.join("licences.txt")).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        for linked in ["leptos 0.", "plotters 0.", "wasm-bindgen 0.", "Permission is hereby granted"] {
            assert!(text.contains(linked), "{linked}");
        }
        for apart in ["\nclap ", "\nproptest ", "\nserde_derive "] {
            assert!(!text.contains(apart), "{apart}");
        }
    }

    #[test]
    fn name_and_version_are_read_from_the_tree() {
        assert_eq!(name_and_version("leptos v0.8.23"), Some(("leptos", "0.8.23")));
        assert_eq!(name_and_version("trtllm-memory v0.1.0 (/a b)"), Some(("trtllm-memory", "0.1.0")));
        assert_eq!(name_and_version(""), None);
    }
}
