//! Speed and size, for people to read; nothing here passes or fails but for the size budget.

use crate::setup::PageTools;
use crate::{checks, page, places, process, setup};
use anyhow::{Context, Result};

/// What is measured in the page itself: the script, and what it says.
const IN_THE_PAGE: [(&str, &str); 3] = [
    ("loading", "from opening to use, and at rest"),
    ("dragging", "from an input to the painted chart, while a slider is dragged"),
    ("searching", "a search over every card, from the click to the painted answer"),
];

/// Measures the models natively and in WebAssembly, the page in a browser, and what it loads.
pub fn run() -> Result<()> {
    println!("== the models, native: one estimate (goal 1,000 ns), and a search\n");
    process::run(&mut process::cargo(["bench", "--quiet", "--locked", "--bench", "*"]))?;
    let tools = setup::page_tools()?;
    let chromium = setup::chromium(&tools.packages)?;
    println!("\n== the models, WebAssembly in Node: the same\n");
    in_wasm(&tools)?;
    println!("\n== the page: what a browser loads\n");
    page::build(&tools)?;
    let script = |name: &str| places::browser_tests().join("bench").join(name).with_extension("mjs");
    for (name, what) in IN_THE_PAGE {
        println!("\n== the page: {what}\n");
        let mut command = process::command("node", [script(name)]);
        process::run(checks::in_browser(&mut command, &tools.packages, &chromium)?)?;
    }
    println!("\n== the page: Lighthouse, on a phone and a desktop as it simulates them\n");
    let packages = setup::lighthouse()?;
    let mut command = process::command("node", [script("lighthouse/lighthouse")]);
    command.env("TRTLLM_MEMORY_LIGHTHOUSE", packages);
    process::run(checks::in_browser(&mut command, &tools.packages, &chromium)?)
}

fn in_wasm(tools: &PageTools) -> Result<()> {
    let runner = places::root().join("xtask/bench.mjs");
    let runner = runner.to_str().context("the checkout's path is no text")?;
    let options = ["bench", "--quiet", "--locked", "--target", "wasm32-unknown-unknown", "--no-default-features"];
    let mut command = process::cargo(options);
    command.args(["--features", "worker", "--bench", "*"]);
    command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", format!("node {runner}"));
    process::with_path(&mut command, &tools.path)?;
    process::run(&mut command)
}
