//! What must hold for any bytes, tried by `cargo fuzz run TARGET` and, on the kept corpus, by the ordinary tests.
#![allow(dead_code)]

use trtllm_memory::accuracy::{compare_all, readers};
use trtllm_memory::answer_about;
use trtllm_memory::deployment::Deployment;
use trtllm_memory::import::model_file;
use trtllm_memory::memory::estimate;
use trtllm_memory::{link, log};

/// A model's file: whatever is read makes a deployment that survives its link and can be estimated.
pub(super) fn model_file(bytes: &[u8]) {
    let Ok(file) = model_file::read(bytes, "") else { return };
    let mut deployment = Deployment::default();
    file.apply(&mut deployment);
    survives(&deployment);
}

/// A log: pieces make no difference, and the answer can be written.
pub(super) fn log(bytes: &[u8]) {
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

/// A link: what was understood is written and read again alike, but for what the backend doesn't have.
pub(super) fn link(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let written = link::encode(&link::decode(&text).deployment);
    let again = link::decode(&written).deployment;
    assert_eq!(link::encode(&again), written);
    survives(&again);
    if let Some(pinned) = link::pinned(&text) {
        let _ = estimate(&pinned.deployment);
    }
}

/// Measurements for `validate`: every line is read, or left out with its place.
pub(super) fn measurements(bytes: &[u8]) {
    let read = readers::read("file", &String::from_utf8_lossy(bytes));
    for line in &read.unreadable {
        assert!(line.id.starts_with("file:") && !line.reason.to_string().is_empty());
    }
    let _ = compare_all([&read.measurements[..]]);
}

/// A request of the page, to its first line end, and the file given with it: the answer is markup in which neither is.
pub(super) fn panel(bytes: &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (request, given) = bytes.split_at(end);
    let answer = answer_about(&String::from_utf8_lossy(request), given.get(1..).unwrap_or_default());
    assert!(!answer.contains("<script") && !answer.contains("<img"));
}

fn survives(deployment: &Deployment) {
    let again = link::decode(&link::encode(deployment));
    assert_eq!(again.problems, []);
    assert_eq!(&again.deployment, deployment);
    // Impossible deployments have problems; no deployment panics.
    let _ = estimate(deployment);
}
