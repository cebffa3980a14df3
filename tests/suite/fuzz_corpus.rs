//! The harness of the fuzz targets, run on their corpus without libFuzzer.
#![cfg(not(target_arch = "wasm32"))]

#[path = "../../fuzz/harness.rs"]
#[expect(unreachable_pub, reason = "it is also the library of the fuzz targets")]
mod harness;

fn each(target: &str, check: fn(&[u8])) {
    let folder = format!("{}/fuzz/corpus/{target}", env!("CARGO_MANIFEST_DIR"));
    let mut count = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        check(&std::fs::read(file.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count >= 5, "{target} has {count} files");
}

#[test]
fn model_files_pass_the_harness() {
    each("model_file", harness::model_file);
}

#[test]
fn logs_pass_the_harness() {
    each("log", harness::log);
}

#[test]
fn links_pass_the_harness() {
    each("link", harness::link);
}

#[test]
fn measurements_pass_the_harness() {
    each("measurements", harness::measurements);
}

#[test]
fn panels_pass_the_harness() {
    each("panel", harness::panel);
}
