//! What a browser has to load, and the most that this may be.

use crate::{paths, process};
use anyhow::{Context, Result, bail};
use std::path::Path;

/// The most bytes, compressed by brotli, that the page may need to open.
const BUDGET: u64 = 200_000;
/// What it should stay under.
const GOAL: u64 = 150_000;

struct File {
    name: String,
    raw: u64,
    brotli: u64,
    /// Whether the page needs it to open.
    first: bool,
}

/// Prints the size of each file of the site, of those together that the page needs to open, and of the parts of its program.
///
/// # Errors
/// If these are over the budget.
pub fn report(dist: &Path) -> Result<()> {
    let mut measure = process::command("node", [paths::root().join("xtask/size.mjs").as_path(), dist]);
    let text = process::output(&mut measure).with_context(|| format!("`{}` failed", process::line(&measure)))?;
    let files: Vec<File> = text.lines().filter_map(read).collect();
    println!("{:>10} {:>10}", "raw", "brotli");
    for file in &files {
        println!("{:>10} {:>10}  {}{}", file.raw, file.brotli, file.name, if file.first { "" } else { " (later)" });
    }
    let total = |size: fn(&File) -> u64| files.iter().filter(|file| file.first).map(size).sum::<u64>();
    let first_load = total(|file| file.brotli);
    println!("{:>10} {first_load:>10}  first load (goal {GOAL}, budget {BUDGET})", total(|file| file.raw));
    let named = paths::root().join("target/named/page.wasm");
    println!("\nof page_bg.wasm, before compression");
    process::run(&mut process::command("node", [paths::root().join("xtask/size_by_module.mjs"), named]))?;
    if files.is_empty() || first_load > BUDGET {
        bail!("the page loads {first_load} bytes (brotli) to open; its budget is {BUDGET}");
    }
    Ok(())
}

/// A line of the script: raw bytes, brotli bytes, `first` or `later`, and the name, between tabs.
fn read(line: &str) -> Option<File> {
    let mut parts = line.splitn(4, '\t');
    let raw = parts.next()?.parse().ok()?;
    let brotli = parts.next()?.parse().ok()?;
    let first = parts.next()? == "first";
    Some(File { name: parts.next()?.to_owned(), raw, brotli, first })
}
