//! The native command, run like by a person and in a pipeline.
#![cfg(not(target_arch = "wasm32"))]

use serde_json::Value;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use trtllm_memory::architecture::models;
use trtllm_memory::deployment::SETTINGS;
use trtllm_memory::gpu::gpus;
use trtllm_memory::memory::Contributor;

const CONTRIBUTORS: [&str; 6] =
    ["weights", "activations", "runtime_buffers", "decoder_buffers", "kv_cache", "overhead"];

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trtllm-memory")).args(arguments).output().unwrap()
}

fn status(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

/// The JSON that `estimate` prints for a link, and the exit status.
fn json(link: &str) -> (Value, i32) {
    let output = run(&["estimate", link, "--json"]);
    assert_eq!(stderr(&output), "", "{link}");
    (serde_json::from_slice(&output.stdout).unwrap(), status(&output))
}

#[test]
fn sizes_in_text_are_in_the_requested_units() {
    for (command, binary, decimal) in [
        (vec!["estimate", ""], "79.18", "85.02"),
        (vec!["table", ""], "79.18", "85.02"),
        (vec!["gpus"], "79.18", "85.02"),
        (vec!["sweep", "", "--over", "tp_size=1,2"], "used (GiB)", "used (GB)"),
    ] {
        let told = |units: &[&str]| stdout(&run(&[&command[..], units].concat())).to_string();
        let shown = [told(&[]), told(&["--units", "GiB"]), told(&["--units", "GB"])];
        assert!(shown[0] == shown[1] && shown[0].contains(binary) && !shown[0].contains(decimal), "{}", shown[0]);
        assert!(shown[2].contains(decimal) && !shown[2].contains(binary) && !shown[2].contains("GiB"), "{}", shown[2]);
    }
    // The round numbers of the axis are at different positions.
    assert_ne!(run(&["chart", ""]).stdout, run(&["chart", "", "--units", "GB"]).stdout);
    let bytes = |units: &str| json_of(&run(&["estimate", "", "--json", "--units", units]))["ranks"].clone();
    assert_eq!(bytes("GB"), bytes("GiB"));
    let refused = run(&["estimate", "", "--units", "MB"]);
    assert_eq!(status(&refused), 2);
    assert!(stderr(&refused).contains("'MB' for '--units <UNITS>': expected GiB or GB"), "{}", stderr(&refused));
}

fn json_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_deployment_that_fits_exits_with_0() {
    let output = run(&["estimate", ""]);
    assert_eq!((status(&output), stderr(&output)), (0, ""));
    let text = stdout(&output);
    assert!(text.starts_with("meta-llama/Llama-3.1-8B on 1 × H100 SXM 80 GB\n"), "{text}");
    assert!(text.contains("\nFits. The KV cache holds "), "{text}");
    for contributor in Contributor::ALL {
        assert!(text.lines().any(|line| line.starts_with(contributor.label())), "{text}");
    }

    let (answer, status) = json("#");
    assert_eq!((status, &answer["verdict"]), (0, &Value::from("fits")));
    assert_eq!(answer["parameters"], 8_030_261_248_u64);
    let rank = &answer["ranks"][0];
    let used: u64 = CONTRIBUTORS.iter().map(|key| rank[key].as_u64().unwrap()).sum();
    assert_eq!(used + rank["free"].as_u64().unwrap(), rank["total"].as_u64().unwrap());
    for key in ["rank", "tp_rank", "pp_rank", "used", "available"] {
        assert!(rank[key].is_u64(), "{key}");
    }
    assert!(rank["kv_cache"].as_u64() > Some(0));
    assert_eq!((&answer["errors"], answer["ranks"].as_array().unwrap().len()), (&Value::Array(Vec::new()), 1));
}

#[test]
fn a_deployment_that_does_not_fit_exits_with_1() {
    let link = "https://example.org/memory/?embed=1#v=1&model=meta-llama/Llama-3.3-70B-Instruct";
    let output = run(&["estimate", link]);
    assert_eq!(status(&output), 1);
    assert!(stdout(&output).contains("\nDoes not fit. It fails when loading the weights, "), "{}", stdout(&output));
    let (answer, status) = json(link);
    assert_eq!((status, &answer["verdict"]), (1, &Value::from("fails")));
    assert_eq!(answer["verdict_detail"]["stage"], "load_weights");
    assert!(answer["verdict_detail"]["short"].as_u64() > Some(0));
}

#[test]
fn bad_input_names_the_field_the_value_and_the_permitted_values() {
    for (link, said) in [
        ("tp_size=3", ["tp_size", "3", "use one of 1, 2, 4, 8, 16, 32"]),
        ("tp_size=0", ["tp_size", "0", "a whole number from 1 to"]),
        ("free_gpu_memory_fraction=1.5", ["free_gpu_memory_fraction", "1.5", "above 0 and below 1"]),
        ("quant_algo=FP7", ["quant_algo", "FP7", "NVFP4"]),
        ("gpu=h100-smx", ["gpu", "h100-smx", "isn't in the catalogue"]),
        ("model=llama-3.3-70", ["model", "llama-3.3-70", "meta-llama/Llama-3.3-70B-Instruct"]),
        ("gpu=a100-80gb&quant_algo=FP8", ["quant_algo", "FP8", "compute capability 8.9"]),
    ] {
        let output = run(&["estimate", link]);
        assert_eq!((status(&output), stdout(&output)), (2, ""), "{link}");
        for words in said {
            assert!(stderr(&output).starts_with("error: ") && stderr(&output).contains(words), "{}", stderr(&output));
        }

        let (answer, status) = json(link);
        assert_eq!((status, answer["ranks"].as_array().map(Vec::len)), (2, Some(0)), "{link}");
        let error = &answer["errors"][0];
        assert_eq!([&error["field"], &error["value"]], [said[0], said[1]]);
        assert!(error["message"].as_str().unwrap().contains(said[2]));
    }
    assert_eq!(status(&run(&["estimate"])), 2);
    assert_eq!(status(&run(&["guess"])), 2);
}

#[test]
fn an_unknown_key_is_a_warning() {
    let (answer, status) = json("tp_sise=2");
    assert_eq!((status, answer["ranks"].as_array().map(Vec::len)), (0, Some(1)));
    assert_eq!(answer["warnings"][0]["field"], "tp_sise");
    assert!(answer["warnings"][0]["message"].as_str().unwrap().contains("tp_size"));
    assert!(stdout(&run(&["estimate", "tp_sise=2"])).contains("did you mean tp_size?"));
}

#[test]
fn a_word_that_is_not_a_link_is_bad_input() {
    let output = run(&["estimate", "gibberish"]);
    assert_eq!(status(&output), 2);
    assert!(stderr(&output).contains("gibberish"));
}

#[test]
fn the_example_of_the_documentation_has_its_blocks() {
    // TensorRT-LLM, docs/source/reference/memory.md: "Number of blocks: 4060",
    // "Number of tokens: 259840".
    let (answer, _) = json(
        "v=1&model=meta-llama/Llama-2-7b-hf&quant_algo=FP8&kv_cache_dtype=fp8&max_batch_size=256&max_num_tokens=8192\
         &max_seq_len=2048&tokens_per_block=64&trtllm_version=0.13&free_memory_gib=70.48&gpu_memory_gib=79.10",
    );
    let kv = &answer["kv_cache"];
    assert_eq!((kv["blocks"].as_u64(), kv["tokens"].as_u64()), (Some(4060), Some(259_840)));
    assert_eq!((kv["bytes_per_token"].as_f64(), kv["max_sequences"].as_u64()), (Some(262_144.0), Some(126)));
}

#[test]
fn explanations_are_a_tree() {
    let output = run(&["estimate", "v=1&pp_size=2", "--explain"]);
    let text = stdout(&output);
    for heading in ["\nWhy, on GPU 0\n", "\nWhy, on GPU 1\n"] {
        assert!(text.contains(heading), "{text}");
    }
    for contributor in Contributor::ALL {
        assert_eq!(text.matches(&format!("\n  {}: ", contributor.label())).count(), 2, "{}", contributor.label());
    }
    for detail in ["chosen: max_batch_size", "    source: ", "    known: ", " = 4,096: "] {
        assert!(text.contains(detail), "{detail}");
    }

    let output = run(&["estimate", "tp_size=8", "--json", "--explain"]);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    for explained in answer["explanations"].as_array().unwrap() {
        let rank = &answer["ranks"][explained["ranks"][0].as_u64().unwrap() as usize];
        for key in CONTRIBUTORS {
            assert_eq!(explained[key]["value"].as_f64().unwrap().round() as u64, rank[key].as_u64().unwrap());
            assert!(explained[key]["formula"].is_string() && explained[key]["source"].is_string());
        }
    }
}

#[test]
fn printed_catalogues_match_the_library() {
    let output = run(&["models", "--json"]);
    let rows: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(rows.len(), models().len());
    for (row, model) in rows.iter().zip(models()) {
        assert_eq!(row["name"], model.name);
        assert_eq!(row["parameters"].as_u64(), Some(model.parameters()));
        assert_eq!(row["active_parameters"].as_u64(), Some(model.active_parameters()));
        assert_eq!((row["layers"].as_u64(), row["hidden"].as_u64()), (Some(model.layers.into()), Some(model.hidden)));
        assert_eq!(row["kv_heads"].as_u64(), Some(model.attention.kv_heads()));
    }
    let output = run(&["gpus", "--json"]);
    let rows: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(rows.len(), gpus().len());
    for (row, gpu) in rows.iter().zip(gpus()) {
        assert_eq!((row["id"].as_str(), row["memory_bytes"].as_u64()), (Some(gpu.id), Some(gpu.memory.0)));
        assert_eq!(row["inferred"].as_str(), gpu.memory_inferred);
    }
    assert_eq!(rows[0]["compute_capability"], "9.0");
    assert_eq!(stdout(&run(&["models"])).lines().count(), models().len() + 1);
    assert_eq!(stdout(&run(&["gpus"])).lines().count(), gpus().len() + 1);
}

#[test]
fn the_help_lists_every_key_and_exit_status() {
    for arguments in [["--help"].as_slice(), &["estimate", "--help"]] {
        let output = run(arguments);
        let help = stdout(&output);
        for setting in SETTINGS {
            assert!(help.contains(&format!("  {} [", setting.key)), "{}", setting.key);
        }
        assert!(help.contains("Exit status:") && help.contains("Examples:"));
        assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
    }
}

#[test]
fn invalid_input_is_answered_without_a_panic() {
    let long = "tp_size=".repeat(5000);
    for link in [
        "",
        " ",
        "#",
        "?",
        "&&&",
        "===",
        "%",
        "%%%=%zz",
        "#v=0",
        "v=-1",
        "http://",
        "https://[::1]:99999/#x",
        "%00tp=1",
        "tp_size=💥",
        "model=&gpu=&tp_size=",
        "max_seq_len=18446744073709551616",
        "max_batch_size=1048576&max_seq_len=4294967296&max_beam_width=8",
        "pp_size=1024&tp_size=1024",
        "gpu_memory_gib=1e-300",
        "free_memory_gib=NaN",
        "tokens_per_block=1000",
        &long,
    ] {
        for flags in [[].as_slice(), &["--json"], &["--explain"], &["--json", "--explain"]] {
            let output = run(&[["estimate", link].as_slice(), flags].concat());
            assert!((0..=2).contains(&status(&output)), "{link}: {}", stderr(&output));
            assert!(!stderr(&output).contains("panicked"), "{link}: {}", stderr(&output));
            if flags.contains(&"--json") {
                let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
                assert_eq!(status(&output) == 2, answer["errors"].as_array().is_some_and(|errors| !errors.is_empty()));
            }
        }
    }
}

#[test]
fn a_closed_output_pipe_is_not_an_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_trtllm-memory"))
        .args(["models", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The output exceeds the capacity of a pipe, so the command is still writing when the pipe is
    // closed.
    let mut start = [0; 16];
    let mut output = child.stdout.take().unwrap();
    output.read_exact(&mut start).unwrap();
    drop(output);
    let rest = child.wait_with_output().unwrap();
    assert_eq!((status(&rest), stderr(&rest)), (0, ""));
}

#[test]
fn a_log_is_compared_with_the_models() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/logs/documentation.log");
    let output = run(&["log", file]);
    assert_eq!((status(&output), stderr(&output)), (0, ""));
    let text = stdout(&output);
    assert!(text.contains("max_batch_size=256: 180.30 MiB of decoder buffers"), "{text}");
    let answer: Value = serde_json::from_slice(&run(&["log", file, "--json"]).stdout).unwrap();
    assert_eq!(answer["ranks"][0]["tokens"], 259_840);
    assert_eq!(json(answer["link"].as_str().unwrap()).1, 0);

    let failed = run(&["log", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/logs/pytorch-oom.log")]);
    assert_eq!(status(&failed), 1);
    assert!(stdout(&failed).starts_with("Ran out of memory on rank 0"));
    assert!(stdout(&failed).contains("Each of these"), "{}", stdout(&failed));

    let nothing = run(&["log", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")]);
    assert_eq!(status(&nothing), 2);
    assert!(stderr(&nothing).contains("none of its"), "{}", stderr(&nothing));
    assert_eq!(status(&run(&["log", "no such file"])), 2);
}

#[test]
fn a_model_may_come_from_a_file() {
    let engine = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/configs/engine.json");
    let output = run(&["estimate", "--hf-config", engine, "gpu=h200&tp_size=4", "--json"]);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    // Settings of the link take precedence; the file supplies the others.
    assert_eq!((status(&output), answer["ranks"].as_array().unwrap().len()), (0, 8));
    assert!(answer["link"].as_str().unwrap().contains("max_batch_size=64"));
    assert!(answer["warnings"].as_array().unwrap().iter().any(|warning| warning["field"] == "model"));

    let bad = run(&["estimate", "--hf-config", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")]);
    assert_eq!(status(&bad), 2);
    assert!(stderr(&bad).contains("line 1: Invalid JSON"), "{}", stderr(&bad));

    // The files of a checkpoint's folder, or several files, are read together.
    let test = "a_model_may_come_from_a_file";
    let config = r#"{"model_type": "llama", "hidden_size": 2048, "num_hidden_layers": 4, "num_attention_heads": 16,
        "intermediate_size": 5632, "vocab_size": 32000, "torch_dtype": "bfloat16", "tie_word_embeddings": false}"#;
    let config = file(test, "config.json", config.as_bytes());
    let types = file(test, "hf_quant_config.json", QUANTIZATION.as_bytes());
    let folder = Path::new(&config).parent().unwrap().to_str().unwrap();
    let weights = |arguments: &[&str]| {
        let output = run(&[&["estimate", "gpu=h200", "--json"], arguments].concat());
        assert_eq!(status(&output), 0, "{arguments:?}: {}", stderr(&output));
        let answer = json_of(&output);
        (answer["ranks"][0]["weights"].clone(), answer["kv_cache"]["bytes_per_token"].as_f64().unwrap())
    };
    let together = weights(&["--checkpoint", folder]);
    // 4 layers of 16 heads of 128 elements, keys and values, a byte each.
    assert_eq!(together.1, 16_384.0);
    assert_eq!(weights(&["--hf-config", &types, "--hf-config", &config]), together);
    assert_eq!(weights(&["--hf-config", folder]), together);
    assert_eq!(weights(&["--hf-config", &config]).1, 32_768.0);

    let empty = run(&["estimate", "--checkpoint", concat!(env!("CARGO_MANIFEST_DIR"), "/docs")]);
    assert_eq!(status(&empty), 2);
    assert!(stderr(&empty).contains("give the folder of a checkpoint"), "{}", stderr(&empty));
}

/// Writes a file with this content into the folder of a test, and returns its path.
fn file(test: &str, name: &str, content: &[u8]) -> String {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(test);
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_string()
}

/// The start of a safetensors file.
fn safetensors(header: &str) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header.as_bytes()].concat()
}

const INDEX: &str = r#"{"metadata": {"total_size": 8}, "weight_map": {"model.layers.0.mlp.up_proj.weight": "a",
    "model.layers.0.mlp.up_proj.weight_scale_inv": "a"}}"#;
const QUANTIZATION: &str = r#"{"quantization": {"quant_algo": "FP8", "kv_cache_quant_algo": "FP8"}}"#;
const SHARD: &str =
    r#"{"model.layers.9.mlp.up_proj.weight": {"dtype": "F8_E4M3", "shape": [16, 16], "data_offsets": [0, 256]}}"#;
const FUSED: &str = r#"{"model.embed_tokens.weight": {"dtype": "BF16", "shape": [8, 4], "data_offsets": [0, 64]},
    "model.layers.0.self_attn.qkv_proj.weight": {"dtype": "BF16", "shape": [12, 4], "data_offsets": [64, 160]},
    "model.norm.weight": {"dtype": "BF16", "shape": [4], "data_offsets": [160, 168]}}"#;

#[test]
fn a_file_without_a_model_is_not_answered_for_the_default_model() {
    let test = "a_file_without_a_model";
    for (name, content, kind, algo) in [
        (
            "model.safetensors.index.json",
            INDEX.as_bytes().to_vec(),
            "the index of a safetensors checkpoint",
            "FP8_BLOCK_SCALES",
        ),
        ("hf_quant_config.json", QUANTIZATION.as_bytes().to_vec(), "an hf_quant_config.json", "FP8&kv_cache_dtype=fp8"),
        ("model-00002-of-00004.safetensors", safetensors(SHARD), "shard 2 of 4", "FP8"),
        ("later.safetensors", safetensors(SHARD), "no embedding table", "FP8"),
        ("fused.safetensors", safetensors(FUSED), "fused", "NO_QUANT"),
    ] {
        let path = file(test, name, &content);
        for link in ["", "gpu=h200", "m.layers=2"] {
            let output = run(&["estimate", link, "--hf-config", &path]);
            assert_eq!((status(&output), stdout(&output)), (2, ""), "{name} {link}");
            for words in ["error: ", name, kind, "config.json beside it", "model="] {
                assert!(stderr(&output).contains(words), "{name}: no {words} in {}", stderr(&output));
            }
            let output = run(&["estimate", link, "--hf-config", &path, "--json"]);
            let answer = json_of(&output);
            assert_eq!(
                (status(&output), &answer["verdict"], &answer["ranks"]),
                (2, &Value::Null, &Value::Array(vec![]))
            );
            assert_eq!(
                (&answer["errors"][0]["field"], &answer["errors"][0]["value"]),
                (&"hf_config".into(), &path.as_str().into())
            );
            assert!(answer["errors"][0]["message"].as_str().unwrap().contains(kind));
        }
        // If the link names the model, the file supplies its quantization.
        let output = run(&["estimate", "model=Qwen/Qwen3-8B&gpu=h200", "--hf-config", &path, "--json"]);
        let (named, expected) = (json_of(&output), format!("model=Qwen/Qwen3-8B&gpu=h200&quant_algo={algo}"));
        assert_eq!(status(&output), 0, "{name}");
        assert_eq!(named["ranks"][0]["weights"], json(&expected).0["ranks"][0]["weights"], "{name}");
        assert!(named["link"].as_str().unwrap().contains("model=Qwen/Qwen3-8B"));
    }
}

#[test]
fn an_ambiguous_quantization_must_be_named_in_the_link() {
    let index = r#"{"weight_map": {"model.layers.0.mlp.up_proj.qweight": "a"}}"#;
    let path = file("a_quantization_that_has_no_name", "model.safetensors.index.json", index.as_bytes());
    let output = run(&["estimate", "model=Qwen/Qwen3-8B", "--hf-config", &path]);
    assert_eq!((status(&output), stdout(&output)), (2, ""));
    assert!(stderr(&output).contains("AWQ or GPTQ") && stderr(&output).contains("quant_algo="), "{}", stderr(&output));
    let output = run(&["estimate", "model=Qwen/Qwen3-8B&quant_algo=W4A16_AWQ", "--hf-config", &path]);
    assert_eq!(status(&output), 0, "{}", stderr(&output));
}

#[test]
fn a_link_with_a_different_model_than_the_file_gives_a_warning() {
    let config = r#"{"model_type": "llama", "hidden_size": 2048, "num_hidden_layers": 4, "num_attention_heads": 16,
        "intermediate_size": 5632, "vocab_size": 32000, "torch_dtype": "bfloat16"}"#;
    let path = file("a_link_that_names_another_model", "config.json", config.as_bytes());
    let answer = json_of(&run(&["estimate", "model=Qwen/Qwen3-8B", "--hf-config", &path, "--json"]));
    assert_eq!(answer["parameters"], json("model=Qwen/Qwen3-8B").0["parameters"]);
    let warnings = answer["warnings"].as_array().unwrap();
    assert!(
        warnings.iter().any(|warning| warning["message"].as_str().unwrap().contains("takes precedence over")),
        "{warnings:?}"
    );
}

#[test]
fn a_load_is_read_as_people_type_it() {
    let load = |input: &str| run(&["solve", "", "--concurrency", "8", "--input-len", input, "--output-len", "512"]);
    let (short, plain) = (load("2k"), load("2048"));
    assert_eq!((status(&short), stdout(&short)), (0, stdout(&plain)));
    for input in ["0", "2kB"] {
        let refused = load(input);
        assert_eq!(status(&refused), 2);
        let message = "must be a whole number above 0, such as 8192, 8k or 2^13";
        assert!(stderr(&refused).contains(message), "{}", stderr(&refused));
    }
}

#[test]
fn errors_are_json_if_json_is_requested() {
    let nothing = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    for (arguments, setting, value) in [
        (&["log", "no such file"][..], "file", "no such file"),
        (&["log", nothing], "file", nothing),
        (&["validate", "no such file"], "file", "no such file"),
        (&["estimate", "--hf-config", "no such file"], "hf_config", "no such file"),
        (&["estimate", "--hf-config", nothing], "hf_config", nothing),
        (&["estimate"], "link", ""),
        (&["estimate", "", "--units", "MB"], "units", "MB"),
        (&["solve", "", "--for"], "for", ""),
        (&["search", ""], "concurrency", ""),
        (&["estimate", "", "--colour"], "colour", ""),
        (&["guess"], "command", "guess"),
    ] {
        let spoken = run(arguments);
        assert_eq!((status(&spoken), stdout(&spoken)), (2, ""), "{arguments:?}");
        let output = run(&[arguments, &["--json"]].concat());
        assert_eq!((status(&output), stderr(&output)), (2, ""), "{arguments:?}");
        let error = &json_of(&output)["errors"][0];
        assert_eq!((error["field"].as_str(), error["value"].as_str()), (Some(setting), Some(value)), "{arguments:?}");
        let message = error["message"].as_str().unwrap();
        assert!(!message.is_empty() && stderr(&spoken).contains(message.split(": ").next().unwrap()), "{message}");
    }
    // After `--`, `--json` is not an option.
    assert_eq!(stdout(&run(&["guess", "--", "--json"])), "");
    let help = run(&["estimate", "--help", "--json"]);
    assert!(status(&help) == 0 && stdout(&help).contains("Usage:"));
}

/// Runs the command with `arguments` and this standard input.
fn run_on(input: &[u8], arguments: &[&str]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_trtllm-memory"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that rejects its arguments ends without reading its input.
    match child.stdin.take().unwrap().write_all(input) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
        result => result.unwrap(),
    }
    child.wait_with_output().unwrap()
}

#[test]
fn links_from_standard_input_are_answered_line_by_line() {
    let links = b"tp_size=2\n\n  \r\nmodel=meta-llama/Llama-3.3-70B-Instruct\r\n#\n";
    let output = run_on(links, &["estimate", "-", "--json"]);
    assert_eq!((status(&output), stderr(&output)), (1, ""), "the status is that of the deployment that does not fit");
    let answers: Vec<Value> = stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let said: Vec<(u64, &str)> =
        answers.iter().map(|answer| (answer["line"].as_u64().unwrap(), answer["verdict"].as_str().unwrap())).collect();
    assert_eq!(said, [(1, "fits"), (4, "fails"), (5, "fits")]);
    for (answer, link) in answers.into_iter().zip(["tp_size=2", "model=meta-llama/Llama-3.3-70B-Instruct", ""]) {
        let Value::Object(mut answer) = answer else { panic!("not an object") };
        answer.remove("line");
        assert_eq!(Value::Object(answer), json(link).0, "the answer differs from that of the link alone");
    }
    let text = run_on(links, &["estimate", "-"]);
    assert_eq!(status(&text), 1);
    for heading in ["Line 1\nmeta-llama/Llama-3.1-8B on 2", "\nLine 4\nmeta-llama/Llama-3.3-70B", "\nLine 5\n"] {
        assert!(stdout(&text).contains(heading), "{heading}: {}", stdout(&text));
    }
}

#[test]
fn an_invalid_link_from_standard_input_is_named_by_its_line() {
    let links = [&b"tp_size=2\n\ntp_size=3\ngibberish\n\xff\xfe\n"[..], &[b'x'; 100_000], b"\ntp_size=2\n"].concat();
    let output = run_on(&links, &["estimate", "-"]);
    assert_eq!(status(&output), 2);
    for words in ["error: line 3: tp_size=3", "error: line 4: gibberish", "error: line 6: The link is longer"] {
        assert!(stderr(&output).contains(words), "{words}: {}", stderr(&output));
    }
    assert!(stdout(&output).contains("Line 1\n") && stdout(&output).contains("Line 7\n"));

    let output = run_on(&links, &["estimate", "-", "--json"]);
    assert_eq!((status(&output), stderr(&output)), (2, ""));
    let answers: Vec<Value> = stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let lines: Vec<u64> = answers.iter().map(|answer| answer["line"].as_u64().unwrap()).collect();
    assert_eq!(lines, [1, 3, 4, 5, 6, 7]);
    assert_eq!(
        (&answers[1]["errors"][0]["field"], &answers[1]["errors"][0]["value"]),
        (&"tp_size".into(), &"3".into())
    );

    // Without any link nothing was checked, so the command must not succeed.
    for empty in [&b""[..], b"\n \n"] {
        let output = run_on(empty, &["estimate", "-"]);
        assert_eq!((status(&output), stdout(&output)), (2, ""));
        assert!(stderr(&output).contains("contains no link"), "{}", stderr(&output));
        let error = &json_of(&run_on(empty, &["estimate", "-", "--json"]))["errors"][0];
        assert_eq!((&error["field"], &error["value"]), (&"link".into(), &"-".into()));
    }
}

#[test]
fn links_from_standard_input_share_a_file() {
    let path = file("links_share_a_file", "hf_quant_config.json", QUANTIZATION.as_bytes());
    let output = run_on(b"model=Qwen/Qwen3-8B\ngpu=h200\n", &["estimate", "-", "--hf-config", &path, "--json"]);
    assert_eq!(status(&output), 2);
    let answers: Vec<Value> = stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(answers[0]["link"].as_str().unwrap().contains("quant_algo=FP8") && answers[0]["verdict"] == "fits");
    assert_eq!((&answers[1]["line"], &answers[1]["errors"][0]["field"]), (&2.into(), &"hf_config".into()));

    let both = run_on(b"tp_size=2\n", &["estimate", "-", "--hf-config", "-"]);
    assert_eq!(status(&both), 2);
    assert!(stderr(&both).contains("cannot both come"), "{}", stderr(&both));
    let alone = run_on(br#"{"colour": "red"}"#, &["estimate", "--hf-config", "-"]);
    assert_eq!(status(&alone), 2);
    assert!(stderr(&alone).contains("not the config.json of a model"), "{}", stderr(&alone));
}

#[test]
fn a_model_file_that_is_too_long_is_refused_with_its_size_and_the_limit() {
    let path = std::env::temp_dir().join(format!("trtllm-memory-long-{}.json", std::process::id()));
    std::fs::write(&path, "{\"model_type\": \"llama\",\n").unwrap();
    std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(200_000_000).unwrap();
    let output = run(&["estimate", "", "--hf-config", path.to_str().unwrap()]);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(status(&output), 2);
    assert!(stderr(&output).contains("200 MB") && stderr(&output).contains("110 MB"), "{}", stderr(&output));
}
