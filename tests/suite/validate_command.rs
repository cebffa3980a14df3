//! The command `trtllm-memory validate`, run like by a person and in a pipeline.
#![cfg(not(target_arch = "wasm32"))]

use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trtllm-memory")).arg("validate").args(arguments).output().unwrap()
}

fn text(output: &Output) -> String {
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// A file that exists during a test.
struct File(PathBuf);

impl File {
    fn new(name: &str, bytes: &[u8]) -> File {
        let path = std::env::temp_dir().join(format!("trtllm-memory-{}-{name}", std::process::id()));
        std::fs::write(&path, bytes).unwrap();
        File(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

const ROW: &str = concat!(
    r#"{"id":"a","version":"0.18.0","model":"unsloth/Meta-Llama-3.1-8B-Instruct","tp_size":1,"pp_size":1,"#,
    r#""dtype":"float16","measured":{"engine_gpu_mib":15380}}"#,
);

#[test]
fn shipped_measurements_need_no_file() {
    let text = text(&run(&[]));
    assert!(text.contains("median") && text.contains("Weights") && text.contains("Largest errors"), "{text}");
    assert!(!text.contains("Left out"), "{text}");
}

#[test]
fn json_contains_errors_cases_and_omitted_rows() {
    let file = File::new("logs.txt", format!("{ROW}\nbroken\n").as_bytes());
    let answer: Value = serde_json::from_str(&text(&run(&[file.path(), "--json"]))).unwrap();
    let weights = &answer["contributors"]["weights"];
    assert_eq!(weights["count"], 1);
    assert!(weights["worst"].as_f64().unwrap() < 0.0001 && weights["worst"] == weights["median"]);
    assert_eq!(
        answer["contributors"]["overhead"],
        serde_json::json!({"count": 0, "median": null, "p90": null, "worst": null})
    );
    let case = &answer["cases"][0];
    assert_eq!(
        (&case["id"], &case["backend"], &case["contributor"]),
        (&"a".into(), &"tensorrt".into(), &"weights".into())
    );
    let ratio = case["predicted"].as_f64().unwrap() / case["measured"].as_f64().unwrap() - 1.0;
    assert_eq!(case["error"].as_f64().unwrap(), ratio);
    let left_out = &answer["left_out"][0];
    assert!(left_out["id"].as_str().unwrap().ends_with("logs.txt:2") && left_out["contributor"].is_null());
    assert!(left_out["reason"].as_str().unwrap().contains("is not JSON"));
}

#[test]
fn the_text_names_omitted_rows_with_reasons() {
    let row = ROW.replace("\"dtype\":\"float16\",", "");
    let file = File::new("unknown.jsonl", row.as_bytes());
    let text = text(&run(&[file.path()]));
    assert!(
        text.contains("No case could be compared.") && text.contains("a, weights: not known: quant_algo"),
        "{text}"
    );
}

#[test]
fn bytes_that_are_not_text_are_omitted() {
    let file = File::new("bytes", &[0xff, 0xfe, 0, 1, b'\n', b'{', 0xc3]);
    assert!(text(&run(&[file.path()])).contains("Left out"));
}

#[test]
fn a_missing_file_is_an_error() {
    let output = run(&["/no/such/file"]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    assert!(String::from_utf8_lossy(&output.stderr).contains("/no/such/file cannot be read"));
}
