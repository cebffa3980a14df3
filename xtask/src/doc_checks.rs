//! Checks that the documents match the sources: the examples of additions, the files that they
//! mention, and the order of imports.

use crate::{paths, process};
use anyhow::{Context, Result, bail};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// The document with examples of additions, as diffs.
const EXAMPLES: &str = "docs/adding.md";
/// The document with the order of the modules, and the start of that line.
const ORDER: (&str, &str) = ("docs/architecture.md", "Imports run one way: ");
/// The folders at the start of file names in documents.
const FOLDERS: [&str; 7] = ["src/", "tests/", "docs/", "xtask/", "style/", "benches/", "fuzz/"];

/// Checks that each example is, line for line, an addition that was made to the sources.
///
/// # Errors
/// If git cannot revert an example.
pub fn examples() -> Result<()> {
    let text = read(Path::new(EXAMPLES))?;
    let examples = fenced(&text, "diff");
    if examples.is_empty() {
        bail!("{EXAMPLES} has no example");
    }
    for example in examples {
        let arguments = ["apply", "--check", "--reverse", "--whitespace=nowarn", "-"];
        let mut git = process::command("git", arguments);
        let mut child = git.stdin(Stdio::piped()).spawn().context("git is missing")?;
        child.stdin.take().context("git has no standard input")?.write_all(format!("{example}\n").as_bytes())?;
        if !child.wait()?.success() {
            let first = example.lines().next().unwrap_or_default();
            bail!("the example in {EXAMPLES} that starts with `{first}` does not match the sources");
        }
    }
    Ok(())
}

/// Checks that every file exists that a document mentions.
///
/// # Errors
/// Naming the missing files.
pub fn names() -> Result<()> {
    let mut missing = Vec::new();
    for document in documents()? {
        let text = read(&document)?;
        let folder = document.parent().unwrap_or(Path::new(""));
        let links = linked(&text).map(|name| (name, folder.join(name)));
        let files = quoted(&text).map(|name| (name, PathBuf::from(name)));
        for (name, path) in links.chain(files) {
            if !paths::root().join(path).exists() {
                missing.push(format!("{}: {name}", document.display()));
            }
        }
    }
    if !missing.is_empty() {
        bail!("documents mention files that do not exist:\n  {}", missing.join("\n  "));
    }
    Ok(())
}

/// Checks that the README states the oldest supported Rust.
///
/// # Errors
/// If it differs from `rust-version` in `Cargo.toml`.
pub fn toolchain() -> Result<()> {
    let manifest = read(Path::new("Cargo.toml"))?;
    let oldest = manifest.lines().find_map(|line| line.strip_prefix("rust-version = \"")?.strip_suffix('"'));
    let wanted = format!("Rust toolchain of at least {},", oldest.context("Cargo.toml has no rust-version")?);
    if !read(Path::new("README.md"))?.contains(&wanted) {
        bail!("README.md must contain `{wanted}`, to match rust-version in Cargo.toml");
    }
    Ok(())
}

/// Checks the imports of the library's modules against the order in the document.
///
/// # Errors
/// Naming each import in the wrong direction.
pub fn imports() -> Result<()> {
    let (document, start) = ORDER;
    let text = read(Path::new(document))?;
    let line = text.lines().find_map(|line| line.strip_prefix(start));
    let order = order(line.with_context(|| format!("{document} has no line that starts with `{start}`"))?);
    let mut wrong = Vec::new();
    for file in paths::files(&paths::root().join("src"), &["rs"])? {
        let name = file.strip_prefix(paths::root().join("src"))?;
        let module = name.components().next().map(|part| part.as_os_str().to_string_lossy().replace(".rs", ""));
        let module = module.unwrap_or_default();
        if ["lib", "main", "bin"].contains(&module.as_str()) || name.ends_with("tests.rs") {
            continue;
        }
        let Some(own) = level(&order, &module) else {
            wrong.push(format!("{document} does not list src/{module}"));
            continue;
        };
        for used in used(&std::fs::read_to_string(&file)?) {
            if used != module && level(&order, &used).is_some_and(|level| level >= own) {
                wrong.push(format!("src/{} uses {used}", name.display()));
            }
        }
    }
    wrong.dedup();
    if !wrong.is_empty() {
        bail!("imports contradict the order in {document}:\n  {}", wrong.join("\n  "));
    }
    Ok(())
}

/// Reads the modules of each level, lowest first, from `` `units` ← `architecture`, `gpu` ← … ``.
fn order(line: &str) -> Vec<Vec<String>> {
    let modules = |level: &str| level.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    line.split_once('.').map_or(line, |(order, _)| order).split('←').map(modules).collect()
}

fn level(order: &[Vec<String>], module: &str) -> Option<usize> {
    order.iter().position(|level| level.iter().any(|known| known == module))
}

/// Returns the library's modules that a source uses outside of its tests.
fn used(source: &str) -> Vec<String> {
    let (source, _) = source.split_once("#[cfg(test)]\nmod ").unwrap_or((source, ""));
    let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
    let named = code.flat_map(|line| line.split("crate::").skip(1));
    let name = |text: &str| text.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
    named.map(name).collect()
}

/// Returns the fenced code blocks in a language.
fn fenced<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    text.split("\n```").skip(1).filter_map(|part| part.strip_prefix(language)?.strip_prefix('\n')).collect()
}

/// Returns the relative link targets of a Markdown text.
fn linked(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
    targets.filter(|target| !target.is_empty() && !target.contains("://"))
}

/// Returns the file names between backticks in a Markdown text.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split('`').skip(1).step_by(2).filter(|word| FOLDERS.iter().any(|folder| word.starts_with(folder)));
    words.filter(|word| !word.contains([' ', '*', '<', '{', '…']))
}

/// Returns the Markdown documents, as paths from the root of the checkout.
fn documents() -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for folder in ["", "docs"] {
        for entry in std::fs::read_dir(paths::root().join(folder))? {
            let path = Path::new(folder).join(entry?.file_name());
            if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn read(document: &Path) -> Result<String> {
    std::fs::read_to_string(paths::root().join(document)).with_context(|| format!("cannot read {}", document.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_modules_is_read_from_a_sentence() {
        let levels = order("`units` ← `architecture`, `gpu` ← `web`. Nothing imports `web`.");
        assert_eq!(levels, [vec!["units"], vec!["architecture", "gpu"], vec!["web"]]);
        assert_eq!((level(&levels, "gpu"), level(&levels, "bin")), (Some(1), None));
    }

    #[test]
    fn imports_in_tests_and_comments_do_not_count() {
        let source = "use crate::units::Bytes;\n//! crate::web\nlet a = crate::gpu::find;\n\
                      #[cfg(test)]\nmod tests { use crate::web; }";
        assert_eq!(used(source), ["units", "gpu"]);
    }

    #[test]
    fn fences_links_and_files_are_found_in_markdown() {
        let text = "see [a](b.md#c), [d](https://e), `src/lib.rs`, `src/*.rs` and `tp_size`\n\
                    ```diff\n-a\n+b\n```\n```sh\nc\n```\n";
        assert_eq!(fenced(text, "diff"), ["-a\n+b"]);
        assert_eq!(linked(text).collect::<Vec<_>>(), ["b.md"]);
        assert_eq!(quoted(text).collect::<Vec<_>>(), ["src/lib.rs"]);
    }
}
