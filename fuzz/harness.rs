//! Properties of the readers that hold for any input. `cargo xtask fuzz` searches for inputs that
//! violate them; the ordinary tests check them on the corpus.

use trtllm_memory::accuracy::{compare_all, readers};
use trtllm_memory::deployment::Deployment;
use trtllm_memory::import::model_file;
use trtllm_memory::import::together::{self, NamedBytes};
use trtllm_memory::memory::estimate;
use trtllm_memory::protocol::Request;
use trtllm_memory::worker::{Given, answer_text};
use trtllm_memory::{link, log};

/// A model file, alone and beside a configuration: the deployment that it results in survives its
/// link and can be estimated.
pub fn model_file(bytes: &[u8]) {
    let beside = br#"{"model_type": "qwen3_moe", "hidden_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4,
        "intermediate_size": 96, "num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32,
        "vocab_size": 100, "max_position_embeddings": 4096}"#;
    let both: [NamedBytes; 2] = [("config.json", beside), ("given", bytes)];
    for file in [model_file::read(bytes, ""), together::read(&both)].into_iter().flatten() {
        let mut deployment = Deployment::default();
        file.apply(&mut deployment);
        file.apply_precisions(&mut deployment);
        survives(&deployment);
    }
}

/// A log: reading it in pieces gives the same result, and the analysis can be serialized.
pub fn log(bytes: &[u8]) {
    let whole = log::read(bytes);
    let mut reader = log::LogReader::default();
    bytes.chunks(7).for_each(|piece| reader.feed(piece));
    assert_eq!(reader.finish(), whole);
    let explained = log::explain(whole);
    assert!(serde_json::to_string(&explained).is_ok());
    let mut deployment = explained.deployment.clone();
    explained.calibrate(&mut deployment);
    survives(&deployment);
}

/// A link: the decoded deployment survives its own link, settings of the other backend excepted.
pub fn link(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let written = link::encode(&link::decode(&text).deployment);
    let again = link::decode(&written).deployment;
    assert_eq!(link::encode(&again), written);
    survives(&again);
    if let Some(pinned) = link::pinned(&text) {
        let _ = estimate(&pinned.deployment);
    }
}

/// Measurements for `validate`: each line is read, or reported with its position.
pub fn measurements(bytes: &[u8]) {
    let read = readers::read("file", &String::from_utf8_lossy(bytes));
    for line in &read.unreadable {
        assert!(line.id.starts_with("file:") && !line.reason.to_string().is_empty());
    }
    let _ = compare_all([&read.measurements[..]]);
}

/// A request of the page, up to the first line break, and the file sent with it: the answer
/// contains neither as markup.
pub fn panel(bytes: &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (request, given) = bytes.split_at(end);
    let request = String::from_utf8_lossy(request);
    let answer = answer_text(&request, &Given::of("", given.get(1..).unwrap_or_default()));
    // A repaired link and its warnings are text, which the page never takes as markup.
    let is_text = matches!(request.parse(), Ok(Request::RepairLink { .. }));
    assert!(is_text || !(answer.contains("<script") || answer.contains("<img")));
}

fn survives(deployment: &Deployment) {
    let again = link::decode(&link::encode(deployment));
    assert_eq!(again.problems, []);
    assert_eq!(&again.deployment, deployment);
    // Impossible deployments result in errors, never in a panic.
    let _ = estimate(deployment);
}
