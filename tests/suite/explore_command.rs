//! The commands that evaluate many deployments, run like in a pipeline.
#![cfg(not(target_arch = "wasm32"))]

use serde_json::Value;
use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trtllm-memory")).args(arguments).output().unwrap()
}

fn text(arguments: &[&str], status: i32) -> String {
    let output = run(arguments);
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn json(arguments: &[&str], status: i32) -> Value {
    serde_json::from_str(&text(arguments, status)).unwrap()
}

/// The JSON that `estimate` prints for a link.
fn estimate(link: &str) -> Value {
    serde_json::from_slice(&run(&["estimate", link, "--json"]).stdout).unwrap()
}

/// An engine.
const LINK: &str = "v=1&max_seq_len=4096&max_batch_size=64";

#[test]
fn a_solved_limit_fits_and_the_next_value_does_not() {
    for (link, key) in [
        (LINK, "max_batch_size"),
        (LINK, "max_seq_len"),
        ("v=1&max_seq_len=8192", "max_beam_width"),
        ("v=1&max_seq_len=8192", "max_num_tokens"),
        ("v=1&gpu=l4&quant_algo=FP8&tp_size=2&max_seq_len=4096", "max_batch_size"),
        ("max_seq_len=8192&tp_size=2", "max_num_tokens"),
    ] {
        let solved = json(&["solve", link, "--for", key, "--json"], 0);
        assert_eq!((&solved["key"], &solved["kind"]), (&Value::from(key), &Value::from("largest")));
        let (limit, next) = (solved["limit"].as_u64().unwrap(), solved["next"].as_u64().unwrap());
        assert_eq!(next, limit + 1);
        assert!(solved["binding"].is_string());
        assert_ne!(estimate(&format!("{link}&{key}={limit}"))["verdict"], "fails", "{key}={limit}");
        assert_eq!(estimate(&format!("{link}&{key}={next}"))["verdict"], "fails", "{key}={next}");
    }
    let never = json(&["solve", "model=llama-3.3-70b", "--for", "max_batch_size", "--json"], 1);
    assert_eq!((&never["limit"], &never["binding"]), (&Value::Null, &Value::from("weights")));
    let all = json(&["solve", LINK, "--json"], 0);
    assert!(all["limits"].as_array().unwrap().len() > 10);
}

#[test]
fn solved_concurrency_names_its_limit() {
    let lengths = ["--input-len", "2000", "--output-len", "500"];
    let ask = |link: &str| json(&[&["solve", link, "--for", "concurrency", "--json"], &lengths[..]].concat(), 0);
    let bound = ask(LINK);
    assert_eq!((&bound["limit"], &bound["binding"]), (&Value::from(64), &Value::from("max_batch_size")));
    let by_cache = ask("max_seq_len=4096");
    let blocks = estimate("max_seq_len=4096")["kv_cache"]["blocks"].as_u64().unwrap();
    assert_eq!((&by_cache["limit"], &by_cache["binding"]), (&Value::from(blocks / 79), &Value::from("kv_blocks")));
    text(&["solve", LINK, "--for", "concurrency"], 2);
}

#[test]
fn a_sweep_agrees_with_estimate() {
    let sweep = json(&["sweep", LINK, "--over", "max_num_tokens=1024..65536", "--points", "5", "--json"], 0);
    let points = sweep["points"].as_array().unwrap();
    assert_eq!((points[0]["value"].as_u64(), points[points.len() - 1]["value"].as_u64()), (Some(1024), Some(65536)));
    assert_eq!((&sweep["key"], &sweep["today"]), (&Value::from("max_num_tokens"), &Value::from("8192")));
    for point in points {
        let alone = estimate(&format!("{LINK}&max_num_tokens={}", point["value"]));
        for key in ["weights", "activations", "kv_cache", "free", "used"] {
            assert_eq!(point[key], alone["ranks"][0][key], "{key} at {}", point["value"]);
        }
        assert_eq!(point["verdict"], alone["verdict"]);
    }
    let cards = json(&["sweep", LINK, "--over", "gpu=h100,l4", "--json"], 0);
    assert_eq!(cards["today"], "h100");
    assert!(text(&["sweep", LINK, "--over", "quant_algo"], 0).contains("NVFP4"));
    assert!(text(&["sweep", LINK, "--over", "tp_size", "--csv"], 0).starts_with("tp_size,verdict,weights,"));
    for bad in ["colour", "max_batch_size=9..", "max_batch_size=9..3"] {
        assert!(json(&["sweep", LINK, "--over", bad, "--json"], 2)["errors"][0]["message"].is_string());
    }
}

#[test]
fn every_deployment_of_a_search_holds_the_load_in_a_separate_estimate() {
    let load = ["--concurrency", "32", "--input-len", "1500", "--output-len", "500"];
    let search = json(&[&["search", "model=qwen3-32b", "--gpus", "h100,l40s", "--json"], &load[..]].concat(), 0);
    let found = search["deployments"].as_array().unwrap();
    assert_eq!(search["found"].as_u64(), Some(found.len() as u64));
    assert!(found.len() > 50 && search["candidates"].as_u64().unwrap() > found.len() as u64);
    for one in found.iter().step_by(37) {
        let alone = estimate(one["link"].as_str().unwrap());
        assert_eq!(alone["kv_cache"]["tokens"], one["kv_tokens"], "{}", one["link"]);
        assert_eq!(alone["ranks"].as_array().unwrap().len() as u64, one["gpus"].as_u64().unwrap());
        let used = alone["ranks"].as_array().unwrap().iter().map(|rank| rank["used"].as_u64().unwrap()).max();
        assert_eq!(used, one["used"].as_u64());
        assert!(one["concurrency"].as_u64().unwrap() >= 32);
    }
    let best: Vec<&Value> = found.iter().filter(|one| one["frontier"] == true).collect();
    assert!(!best.is_empty());
    let shown = text(&[&["search", "", "--gpus", "all", "--frontier"], &load[..]].concat(), 0);
    assert!(shown.contains(" candidates run this load; "), "{shown}");
    let none = [&["search", "model=meta-llama/Llama-3.1-405B", "--gpus", "l4", "--most-gpus", "1"], &load[..]].concat();
    text(&none, 1);
    text(&[&["search", "", "--gpus", "abacus"], &load[..]].concat(), 2);
}

#[test]
fn every_advised_change_makes_the_deployment_fit() {
    let advice = json(&["advise", "model=llama-3.3-70b&max_seq_len=8192&max_batch_size=64", "--json"], 1);
    let changes = advice["changes"].as_array().unwrap();
    assert!(changes.len() >= 3);
    for change in changes {
        assert_ne!(estimate(change["link"].as_str().unwrap())["verdict"], "fails", "{change}");
        assert!(change["saves"].is_u64() && change["cost"].is_string());
    }
    assert!(text(&["advise", "v=1"], 0).contains("Set max_batch_size to "));
}

#[test]
fn two_deployments_are_compared_from_one_link_or_two() {
    for (one, two) in [
        ("v=1&tp_size=2&compare=v%3D1%26tp_size%3D4", ["v=1&tp_size=2", "v=1&tp_size=4"]),
        ("v=2&tp_size=2&compare=v%3D2%26tp_size%3D4", ["tp_size=2", "tp_size=4"]),
    ] {
        let one = json(&["compare", one, "--json"], 0);
        assert_eq!(one, json(&["compare", two[0], two[1], "--json"], 0));
        assert_eq!(one["settings"].as_array().unwrap().len(), 1);
        assert_eq!(one["settings"][0]["key"], "tp_size");
        let weights = &one["contributors"][0];
        assert!(weights["difference"].as_i64().unwrap() > 0);
    }
    text(&["compare", "tp_size=2"], 2);
}

#[test]
fn commands_charts_and_tables_are_exported() {
    let commands = text(&["commands", "v=1&quant_algo=FP8&tp_size=2"], 0);
    for words in ["quantize.py", "trtllm-build", "trtllm-serve", "config.pbtxt", "from tensorrt_llm import LLM"] {
        assert!(commands.contains(words), "{words}");
    }
    let recipes = json(&["commands", "", "--json"], 0);
    assert_eq!((&recipes["backend"], &recipes["recipes"][0]["key"]), (&"pytorch".into(), &"trtllm-serve".into()));
    let chart = text(&["chart", LINK], 0);
    assert!(chart.starts_with("<svg width=\"720\" height=\"72\""));
    assert!(
        text(&["chart", "model=llama-3.3-70b", "--strip", "--dark", "--width", "300"], 1).contains("width=\"300\"")
    );
    let poster = text(&["chart", LINK, "--poster"], 0);
    assert!(["role=\"img\" aria-label=\"", "GiB of each GPU"].iter().all(|words| poster.contains(words)), "{poster}");
    text(&["chart", LINK, "--poster", "--strip"], 2);
    assert!(text(&["table", LINK], 0).starts_with("| GiB | GPU 0 |"));
    assert_eq!(text(&["table", "tp_size=4", "--csv"], 0).lines().count(), 5);
    text(&["commands", "tp_size=3"], 2);
    text(&["table", "tp_size=none"], 2);
}
