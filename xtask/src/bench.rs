//! Speed and size, for people to read; nothing here passes or fails but for the size budget.

use crate::{checks, page, places, process, setup};
use anyhow::Result;

/// Measures the models natively, then the page in a browser.
pub fn run() -> Result<()> {
    println!("\n== the models: time of one estimate\n");
    process::run(&mut process::cargo(["bench", "--locked", "--no-default-features", "--bench", "estimate"]))?;
    let tools = setup::page_tools()?;
    let chromium = setup::chromium(&tools.packages)?;
    println!("\n== the page: what a browser loads\n");
    page::build(&tools)?;
    println!("\n== the page: from an input to the painted chart\n");
    let mut command = process::command("node", [places::browser_tests().join("timing.mjs")]);
    process::run(checks::in_browser(&mut command, &tools.packages, &chromium)?)
}
