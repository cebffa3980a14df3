//! Tests that are plain `#[test]` functions run in WebAssembly too, once their module takes wasm-bindgen's attribute
//! under that name. A module that forgets would silently run nothing there, so this looks for the line.

use crate::paths;
use anyhow::{Result, bail};

const TAKES_THE_ATTRIBUTE: &str = "use wasm_bindgen_test::wasm_bindgen_test as test;";
const NATIVE_ALONE: &str = "not(target_arch = \"wasm32\")";

/// The page's folder and the native command's are not part of the models' tests.
const OTHER_FACES: [&str; 2] = ["src/web", "src/bin"];

/// # Errors
/// Naming the files whose tests would not run in WebAssembly, and what to add.
pub fn check() -> Result<()> {
    let root = paths::root();
    let mut files = Vec::new();
    for folder in ["src", "tests"] {
        paths::rust_files(&root.join(folder), &mut files)?;
    }
    let mut forgotten = Vec::new();
    for file in files {
        let name = file.strip_prefix(root).unwrap_or(&file);
        let text = std::fs::read_to_string(&file)?;
        if !OTHER_FACES.iter().any(|face| name.starts_with(face)) && forgets(&text) {
            forgotten.push(name.display().to_string());
        }
    }
    if !forgotten.is_empty() {
        bail!(
            "these tests would not run in WebAssembly:\n  {}\nAdd to their modules\n    #[cfg(target_arch = \"wasm32\")]\n    \
             {TAKES_THE_ATTRIBUTE}\nor, where a browser has no part in them, `#![cfg({NATIVE_ALONE})]` at the top of the file.",
            forgotten.join("\n  ")
        );
    }
    Ok(())
}

fn forgets(text: &str) -> bool {
    let has_tests = text.lines().any(|line| line.trim() == "#[test]");
    has_tests && !text.contains(TAKES_THE_ATTRIBUTE) && !text.contains(NATIVE_ALONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_needs_the_attribute_only_if_it_has_tests() {
        assert!(forgets("#[test]\nfn a() {}"));
        assert!(!forgets("fn a() {}"));
        assert!(!forgets(&format!("#[cfg(target_arch = \"wasm32\")]\n{TAKES_THE_ATTRIBUTE}\n#[test]\nfn a() {{}}")));
        assert!(!forgets(&format!("#![cfg({NATIVE_ALONE})]\n#[test]\nfn a() {{}}")));
    }
}
