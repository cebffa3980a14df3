//! Checks that all test modules run in WebAssembly. Plain `#[test]` functions run there if their
//! module imports wasm-bindgen's attribute under that name; without the import they are silently
//! ignored.

use crate::paths;
use anyhow::{Result, bail};

const IMPORT: &str = "use wasm_bindgen_test::wasm_bindgen_test as test;";
const NATIVE_ONLY: &str = "not(target_arch = \"wasm32\")";

/// The folders of the page and of the programs, whose tests do not run in WebAssembly.
const NOT_IN_LIBRARY: [&str; 2] = ["src/web", "src/bin"];

/// Checks the test modules of the library and in `tests/`.
///
/// # Errors
/// Naming the files whose tests would not run in WebAssembly, with the line to add.
pub fn check() -> Result<()> {
    let root = paths::root();
    let mut files = paths::files(&root.join("src"), &["rs"])?;
    files.extend(paths::files(&root.join("tests"), &["rs"])?);
    let mut forgotten = Vec::new();
    for file in files {
        let name = file.strip_prefix(root).unwrap_or(&file);
        let text = std::fs::read_to_string(&file)?;
        if !NOT_IN_LIBRARY.iter().any(|folder| name.starts_with(folder)) && lacks_import(&text) {
            forgotten.push(name.display().to_string());
        }
    }
    if !forgotten.is_empty() {
        bail!(
            "these tests would not run in WebAssembly:\n  {}\nAdd to their modules\n    \
             #[cfg(target_arch = \"wasm32\")]\n    {IMPORT}\nor, if they must run natively only, \
             `#![cfg({NATIVE_ONLY})]` at the top of the file.",
            forgotten.join("\n  ")
        );
    }
    Ok(())
}

fn lacks_import(text: &str) -> bool {
    let has_tests = text.lines().any(|line| line.trim() == "#[test]");
    has_tests && !text.contains(IMPORT) && !text.contains(NATIVE_ONLY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_needs_the_import_only_if_it_has_tests() {
        assert!(lacks_import("#[test]\nfn a() {}"));
        assert!(!lacks_import("fn a() {}"));
        assert!(!lacks_import(&format!("#[cfg(target_arch = \"wasm32\")]\n{IMPORT}\n#[test]\nfn a() {{}}")));
        assert!(!lacks_import(&format!("#![cfg({NATIVE_ONLY})]\n#[test]\nfn a() {{}}")));
    }
}
