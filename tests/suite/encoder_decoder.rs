//! Models with an encoder: two engines in one executor, and a KV cache with two pools.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::support::{deployment, report};
use trtllm_memory::architecture::models;
use trtllm_memory::deployment::{Deployment, setting};
use trtllm_memory::memory::{Contributor, Explanation, Report, explain};
use trtllm_memory::testing::{Inputs, engine_file_size};

const MIB: f64 = 1_048_576.0;

/// NVIDIA/TensorRT-LLM issue 2419: Whisper large v3 in INT8 weight-only, 0.15.0.dev, on an L4.
///
/// The executor runs eight sequences. The issue does not state the batch size that the encoder was
/// built for. It cannot be 24: the context alone would not fit beside the printed figures.
const WHISPER: &str = "model=whisper-large-v3&gpu=l4&dtype=float16&quant_algo=W8A16&trtllm_version=0.15\
                       &max_batch_size=24&runtime_max_batch_size=8&encoder_max_batch_size=8&max_seq_len=114\
                       &max_input_len=14&max_beam_width=4&logits_dtype=float16";

/// NVIDIA/TensorRT-LLM issue 2398: flan-T5 XL on four ranks, 0.13 or 0.14.
const T5: &str = "model=flan-t5-xl&gpu=a10g&tp_size=4&dtype=float16&trtllm_version=0.14&max_batch_size=256\
                  &max_num_tokens=16384&max_seq_len=1024&max_input_len=1&tokens_per_block=64";

fn mib(report: &Report, contributor: Contributor) -> f64 {
    report.ranks[0].figure(contributor).bytes.mib()
}

/// MiB of the part of `contributor` with this label, at any depth.
fn part(link: &str, contributor: Contributor, label: &str) -> f64 {
    fn find(explanation: &Explanation, label: &str) -> Option<f64> {
        if explanation.label == label {
            return Some(explanation.value);
        }
        explanation.parts.iter().find_map(|part| find(part, label))
    }
    let all = explain(&deployment(link), 0).unwrap();
    let (_, whole) = all.iter().find(|(known, _)| *known == contributor).unwrap();
    find(whole, label).unwrap_or_else(|| panic!("{link}: no {label:?}")) / MIB
}

fn file_mib(link: &str) -> f64 {
    engine_file_size(&Inputs::<f64>::new(&deployment(link).resolve().unwrap(), 0)) / MIB
}

fn close(what: f64, expected: f64, within: f64) {
    assert!((what / expected - 1.0).abs() < within, "{what}, expected {expected}");
}

#[test]
fn both_engines_of_whisper_match_a_public_log() {
    let report = report(WHISPER);
    close(file_mib(WHISPER), 1066.0, 0.002);
    assert_eq!(
        mib(&report, Contributor::Weights).floor(),
        1672.0,
        "both engines, as printed in the context line of the decoder"
    );
    assert_eq!((mib(&report, Contributor::RuntimeBuffers) * 100.0).round(), 354.0);
    // The only public log of beam search.
    close(mib(&report, Contributor::DecoderBuffers), 16.82, 0.004);
}

#[test]
fn the_memory_available_in_whispers_log_lies_inside_the_band() {
    for frames in [1500, 3000] {
        let link = format!("{WHISPER}&max_encoder_input_len={frames}");
        let rank = &report(&link).ranks[0];
        let (available, band) = (rank.available.gib(), rank.available_band);
        let (low, high) = (available - band.below / MIB / 1024.0, available + band.above / MIB / 1024.0);
        assert!((low..high).contains(&18.88), "{low} to {high} GiB, printed 18.88");
        let law = rank.figure(Contributor::Activations).law;
        let context = part(&link, Contributor::Activations, "the decoder's execution context");
        let band = context * (1.0 - law.below)..context * (1.0 + law.above);
        assert!(band.contains(&833.73), "{band:?} MiB, printed 833.73");
    }
}

#[test]
fn the_engine_and_both_pools_of_t5_match_a_public_log() {
    close(file_mib(T5), 922.0, 0.002);
    // 0.21 GiB must have been free before the pools: the second measurement, with the first pool
    // allocated, prints 0.11.
    let kv = report(&format!("{T5}&free_memory_gib=0.2148")).kv_cache;
    assert_eq!((kv.blocks, kv.cross.unwrap().blocks, kv.pages_per_sequence), (33, 18, 16));
    assert_eq!(kv.bytes_per_token, 49_152.0);
}

#[test]
fn a_relative_bias_has_no_fused_kernel_and_is_stored_for_every_pair() {
    let resolved = deployment(T5).resolve().unwrap();
    assert!(!resolved.engine.context_fmha && resolved.notes.iter().any(|note| note.field == "context_fmha"));
    let stored = part(T5, Contributor::Weights, "relative bias of every pair of positions");
    close(stored, 8.0 * 1025.0 * 1025.0 * 2.0 / MIB, 1e-9);
}

#[test]
fn buffers_hold_twice_the_length_of_whispers_encoder_output() {
    let link = "model=whisper-large-v3&dtype=float16&max_batch_size=8&max_seq_len=114&max_input_len=14";
    let expected = 8.0 * 3000.0 * 1280.0 * 2.0 / MIB;
    close(expected, 58.6, 0.001);
    close(part(link, Contributor::Overhead, "encoder's output"), expected, 1e-9);
    close(part(link, Contributor::RuntimeBuffers, "encoder's output in the decoder"), expected, 0.001);
    close(part(link, Contributor::Overhead, "features"), 5.86, 0.001);
    close(part(link, Contributor::Overhead, "outputs of the requests"), 8.0 * 3.66, 0.001);
    let before = format!("{link}&trtllm_version=0.18");
    let short = part(&before, Contributor::RuntimeBuffers, "encoder's output in the decoder");
    close(short, (8.0 * 14.0 + 1.0) * 1280.0 * 2.0 / MIB, 0.001);
}

#[test]
fn pools_share_a_measurement_or_are_measured_in_sequence() {
    let link = "model=whisper-large-v3&max_batch_size=8&max_seq_len=114&max_input_len=14&free_memory_gib=40";
    let taken = |version: &str| {
        let kv = report(&format!("{link}&trtllm_version={version}")).kv_cache;
        let bytes =
            |blocks: u64| blocks as f64 * kv.tokens_per_block as f64 * kv.bytes_per_token / (40.0 * 1024.0 * MIB);
        assert_eq!(kv.bytes_per_token, 163_840.0);
        (bytes(kv.blocks), bytes(kv.cross.unwrap().blocks))
    };
    let (own, cross) = taken("0.20");
    close(own, 0.45, 0.001);
    close(cross, 0.45, 0.001);
    let (own, cross) = taken("0.18");
    close(own, 0.45, 0.001);
    close(cross, 0.45 * 0.55, 0.001);
}

#[test]
fn max_tokens_limits_each_pool() {
    let link = "model=bart-large&max_batch_size=8&max_input_len=1&trtllm_version=0.20&max_tokens=8192";
    let kv = report(link).kv_cache;
    assert_eq!((kv.blocks, kv.cross.unwrap().blocks), (256, 256));
    assert_eq!(report(&link.replace("0.20", "0.18")).kv_cache.blocks, 64, "half of 128 blocks of 64 tokens");
}

#[test]
fn a_request_needs_room_in_both_pools() {
    let link = "model=whisper-large-v3&max_batch_size=64&max_seq_len=114&max_input_len=14&free_memory_gib=40";
    for version in ["0.18", "0.20"] {
        let at = |share: f64| report(&format!("{link}&trtllm_version={version}&cross_kv_cache_fraction={share}"));
        let even = at(0.5);
        let kv = &even.kv_cache;
        let (own, cross) = (114_u64.div_ceil(kv.tokens_per_block), 1500_u64.div_ceil(kv.tokens_per_block));
        assert_eq!(kv.max_sequences, (kv.blocks / own).min(kv.cross.unwrap().blocks / cross));
        assert_eq!(kv.concurrency(14, 100).requests, kv.max_sequences.min(64));
        // The share that the note recommends holds more sequences and nearly balances the pools.
        let note = even.notes.iter().find(|note| note.field == "cross_kv_cache_fraction").unwrap();
        let share = note.message.split("about ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
        let better = at(share.parse().unwrap()).kv_cache;
        assert!(better.max_sequences as f64 > kv.max_sequences as f64 * 1.5, "{version}: {better:?}");
        close((better.blocks / own) as f64, (better.cross.unwrap().blocks / cross) as f64, 0.15);
    }
}

#[test]
fn the_runtime_refuses_pipeline_stages_and_sessions_without_cross_attention() {
    for (link, field) in [
        ("model=bart-large&pp_size=2", "pp_size"),
        ("model=bart-large&runtime=gpt_session", "runtime"),
        ("model=bart-large&backend=pytorch", "backend"),
        ("model=whisper-tiny&tp_size=4", "tp_size"),
    ] {
        let problems = deployment(link).resolve().unwrap_err();
        assert!(problems.of(field).is_some(), "{link}: {problems}");
    }
}

#[test]
fn settings_of_the_encoder_apply_only_to_models_with_an_encoder() {
    for key in ["cross_kv_cache_fraction", "max_encoder_input_len", "encoder_max_batch_size"] {
        let field = setting(key).unwrap();
        assert!(field.counts(&deployment("model=bart-base")) && !field.counts(&Deployment::engine()), "{key}");
    }
}

/// The explanation under "Why?" and the chart show the same figures.
#[test]
fn every_model_with_an_encoder_is_explained_to_the_byte() {
    for model in models().iter().filter(|model| model.encoder.is_some()) {
        for more in [
            "",
            "&trtllm_version=0.14",
            "&quant_algo=W8A16",
            "&runtime=py_session",
            "&kv_cache_dtype=int8&max_beam_width=4",
        ] {
            let link = format!("model={}&max_batch_size=8&max_input_len=1{more}", model.name);
            let report = report(&link);
            for (contributor, explanation) in explain(&deployment(&link), 0).unwrap() {
                let bytes = report.ranks[0].figure(contributor).bytes.0;
                assert_eq!(explanation.value.round() as u64, bytes, "{link}: {}", contributor.key());
            }
        }
    }
}

#[test]
fn qwen2_vl_takes_sixteen_mib_of_rotations_per_sequence() {
    let runtime = |model: &str| {
        let report = report(&format!("model={model}&max_batch_size=256&max_seq_len=8192"));
        (mib(&report, Contributor::RuntimeBuffers), report.notes)
    };
    let (with, notes) = runtime("Qwen/Qwen2-VL-7B-Instruct");
    let (without, _) = runtime("Qwen/Qwen2-7B-Instruct");
    close(with - without, 4096.0, 1e-5);
    assert!(notes.iter().any(|note| note.field == "max_batch_size" && note.message.contains("16.00 MiB")), "{notes:?}");
}

#[test]
fn a_custom_model_may_have_an_encoder() {
    let decoder = "model=custom&m.name=tiny&m.family=whisper&m.layers=4&m.hidden=384&m.heads=6&m.intermediate=1536\
                   &m.vocab=51865&m.positions=448&m.tied=true&m.learned=448";
    let encoder = "m.mels=80&m.encoder=4/6/64/1536&m.encoder_positions=1500";
    let limits = "dtype=float16&max_batch_size=8&max_input_len=14";
    let own = report(&format!("{decoder}&{encoder}&{limits}"));
    let known = report(&format!("model=whisper-tiny&{limits}"));
    assert_eq!((own.parameters, own.kv_cache), (37_760_640, known.kv_cache));
    let huge = "m.mels=16384&m.encoder=1048576/1048576/1048576/1048576&m.encoder_positions=4294967296";
    let report = report(&format!("{decoder}&{huge}&max_batch_size=1048576&max_encoder_input_len=4294967296"));
    assert!(!report.verdict.fits());
}
