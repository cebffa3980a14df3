//! The download size of the site, and its budget.

use crate::{paths, process};
use anyhow::{Context, Result, bail};
use std::path::Path;

/// The budget of the first load, in bytes compressed by brotli. The page's views and signals take
/// about half of it.
const BUDGET: u64 = 320_000;
/// The goal of the first load, in the same bytes.
const GOAL: u64 = 220_000;

struct File {
    name: String,
    raw: u64,
    brotli: u64,
    /// Whether it is part of the first load.
    first: bool,
}

/// Prints the sizes of the files of the site, of the first load, and of the modules of the page.
///
/// # Errors
/// If the first load is over its budget.
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
    println!("\npage_bg.wasm by module, before compression");
    process::run(&mut process::command("node", [paths::root().join("xtask/size_by_module.mjs"), named]))?;
    if files.is_empty() || first_load > BUDGET {
        bail!("the first load is {first_load} bytes (brotli); its budget is {BUDGET}");
    }
    Ok(())
}

/// Reads a line of the script: raw bytes, brotli bytes, `first` or `later`, and the name, separated
/// by tabs.
fn read(line: &str) -> Option<File> {
    let mut parts = line.splitn(4, '\t');
    let raw = parts.next()?.parse().ok()?;
    let brotli = parts.next()?.parse().ok()?;
    let first = parts.next()? == "first";
    Some(File { name: parts.next()?.to_owned(), raw, brotli, first })
}
