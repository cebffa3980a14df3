//! Measurements of speed and size. Only the size budget can fail.

use crate::setup::PageTools;
use crate::{checks, page, paths, process, setup};
use anyhow::{Context, Result};

/// The scripts that measure the page, with their subjects.
const PAGE_SCRIPTS: [(&str, &str); 3] = [
    ("loading", "loading, and idle work"),
    ("dragging", "from the input of a dragged slider to the painted chart"),
    ("searching", "a search over all GPUs, from the click to the painted answer"),
];

/// Measures the models natively and in WebAssembly, the page in a browser, and its download size.
pub fn run() -> Result<()> {
    println!("== models, native: one estimate (goal 1,000 ns) and a search\n");
    process::run(&mut process::cargo(["bench", "--quiet", "--locked", "--bench", "*"]))?;
    let tools = setup::page_tools()?;
    let chromium = setup::chromium(&tools.packages)?;
    println!("\n== models, WebAssembly in Node: the same\n");
    in_wasm(&tools)?;
    println!("\n== page: download size\n");
    page::build(&tools)?;
    let script = |name: &str| paths::browser_tests().join("bench").join(name).with_extension("mjs");
    for (name, what) in PAGE_SCRIPTS {
        println!("\n== page: {what}\n");
        let mut command = process::command("node", [script(name)]);
        process::run(checks::in_browser(&mut command, &tools.packages, &chromium)?)?;
    }
    println!("\n== page: Lighthouse, with a simulated phone and desktop\n");
    let packages = setup::lighthouse()?;
    let mut command = process::command("node", [script("lighthouse/lighthouse")]);
    command.env("TRTLLM_MEMORY_LIGHTHOUSE", packages);
    process::run(checks::in_browser(&mut command, &tools.packages, &chromium)?)
}

fn in_wasm(tools: &PageTools) -> Result<()> {
    let runner = paths::root().join("xtask/bench.mjs");
    let runner = runner.to_str().context("the path of the checkout is not valid UTF-8")?;
    let options = ["bench", "--quiet", "--locked", "--target", "wasm32-unknown-unknown", "--no-default-features"];
    let mut command = process::cargo(options);
    command.args(["--features", "worker", "--bench", "*"]);
    command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", format!("node {runner}"));
    process::with_path(&mut command, &tools.path)?;
    process::run(&mut command)
}
