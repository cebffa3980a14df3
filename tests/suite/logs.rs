//! Logs of TensorRT-LLM in many formats: events, their ranks, inferred settings, and diagnoses of
//! failed starts.
#![cfg(not(target_arch = "wasm32"))]

use proptest::prelude::*;
use serde_json::{Value, to_value};
use trtllm_memory::deployment::{BuildLimits, Deployment, QuantAlgo, setting};
use trtllm_memory::link;
use trtllm_memory::log::{self, EventKind, ExplainedLog, FailureStage, LogReader, LogReading};
use trtllm_memory::memory::{Contributor, estimate, explain};
use trtllm_memory::units::{Bytes, GIB, KIB, MIB};

/// The example log of TensorRT-LLM's documentation (`docs/source/reference/memory.md`).
const DOCUMENTATION: &[u8] = include_bytes!("../fixtures/logs/documentation.log");
/// A log of three ranks with interleaved lines, of which the second rank has less memory.
const RANKS: &[u8] = include_bytes!("../fixtures/logs/ranks.log");
/// A log of the PyTorch backend, which fails in warm-up.
const OOM: &[u8] = include_bytes!("../fixtures/logs/pytorch-oom.log");

fn explained(log: &[u8]) -> ExplainedLog {
    log::explain(log::read(log))
}

fn kinds(line: &str) -> Vec<EventKind> {
    log::read(line.as_bytes()).timeline.into_iter().map(|entry| entry.event.kind).collect()
}

#[test]
fn the_documentations_log_determines_its_whole_configuration() {
    let log = explained(DOCUMENTATION);
    assert_eq!(
        link::encode(&log.deployment),
        "v=2&model=meta-llama/Llama-2-7b-hf&gpu_memory_gib=79.1&quant_algo=FP8&kv_cache_dtype=fp8&max_batch_size=256\
         &max_num_tokens=8192&max_seq_len=2048&trtllm_version=0.13&backend=tensorrt&tokens_per_block=64"
    );
    let rows = &log.comparisons[0].rows;
    let measured: Vec<(&str, bool)> = rows.iter().map(|row| (row.contributor.key(), row.inside)).collect();
    assert_eq!(
        measured,
        [
            ("weights", true),
            ("activations", true),
            ("runtime_buffers", true),
            ("decoder_buffers", true),
            ("kv_cache", true),
            ("overhead", true)
        ]
    );
    assert_eq!(log.comparisons[0].outside.unwrap().mib().round(), 791.0);
    assert_eq!((log.reading.unread_count, log.diagnosis), (0, None));
    let inferred = log.inferred.iter().find(|inferred| inferred.key == "max_batch_size").unwrap();
    assert_eq!(inferred.from, "180.30 MiB of decoder buffers");
}

#[test]
fn json_has_sizes_in_bytes_under_the_keys_of_the_contributors() {
    let log = to_value(explained(DOCUMENTATION)).unwrap();
    let rank = &log["ranks"][0];
    assert_eq!(rank["measured"]["weights"], 6678 * MIB);
    assert_eq!(rank["measured"]["activations"].as_u64().unwrap(), (1134.01 * MIB as f64).round() as u64);
    assert_eq!(
        (&rank["blocks"], &rank["tokens_per_block"], &rank["tokens"]),
        (&4060.into(), &64.into(), &259_840.into())
    );
    assert_eq!(rank["available"].as_u64().unwrap(), (70.48 * GIB as f64).round() as u64);
    assert_eq!(log["timeline"].as_array().unwrap().len(), 11);
    assert_eq!(log["diagnosis"], Value::Null);
    for key in ["configuration", "inferred", "comparisons", "unread_lines", "link"] {
        assert!(!log[key].is_null(), "{key}");
    }
}

#[test]
fn interleaved_ranks_are_distinguished() {
    let reading = log::read(RANKS);
    assert_eq!((reading.ranks.len(), reading.stated_ranks, reading.layers), (3, Some(3), Some(24)));
    for rank in &reading.ranks {
        assert_eq!(rank.size(Contributor::Weights).unwrap().bytes, Bytes(1000 * MIB));
        assert_eq!(rank.size(Contributor::RuntimeBuffers).unwrap().bytes, Bytes(GIB * 5 / 4));
        assert_eq!(rank.size(Contributor::DecoderBuffers).unwrap().bytes, Bytes(512 * KIB));
        assert!(!rank.stated);
    }
    let mut available: Vec<(u64, f64)> =
        reading.ranks.iter().map(|rank| (rank.rank.unwrap(), rank.available.unwrap().bytes.gib())).collect();
    available.sort_by_key(|(rank, _)| *rank);
    // The GPU of the rank with less memory also holds the contexts of the other ranks.
    assert_eq!(available.iter().map(|(_, gib)| (gib * 100.0).round()).collect::<Vec<_>>(), [5700.0, 6000.0, 6001.0]);
    let said: Vec<(&str, &str)> =
        reading.configuration.iter().map(|setting| (setting.key, setting.value.as_str())).collect();
    assert_eq!(
        said,
        [
            ("trtllm_version", "0.16"),
            ("max_batch_size", "64"),
            ("max_beam_width", "1"),
            ("max_seq_len", "4096"),
            ("max_num_tokens", "2048"),
            ("enable_chunked_context", "true")
        ]
    );
}

#[test]
fn a_start_that_runs_out_of_memory_is_diagnosed() {
    let log = explained(OOM);
    let rank = &log.reading.ranks[0];
    assert_eq!((log.reading.ranks.len(), rank.rank, rank.stated), (1, Some(0), true));
    assert_eq!((rank.tokens, rank.blocks, rank.kv_bytes_per_token), (Some(1_056_128), Some(33_004), Some(65_536.0)));
    let diagnosis = log.diagnosis.unwrap();
    assert_eq!((diagnosis.stage, diagnosis.rank, diagnosis.predicted), (FailureStage::AfterStart, Some(0), false));
    assert_eq!(diagnosis.requested, Some(Bytes(900 * MIB)));
    assert_eq!(diagnosis.missing, Some(Bytes(900 * MIB - 801 * MIB / 2)));
    assert!(diagnosis.sentence.starts_with("Ran out of memory on rank 0 after the KV cache was allocated"));
    // The log's path ends in the name of this repository, and its files say FP8.
    assert_eq!(log.deployment.model.name, "nvidia/Llama-3.1-8B-Instruct-FP8");
    assert_eq!(log.deployment.quant_algo(), QuantAlgo::Fp8);
    assert!(log.reading.timeline.iter().all(|entry| !entry.text.contains('\u{1b}')));
}

/// Without the lines about its quantization the log names a repository, whose storage is known.
#[test]
fn a_repository_in_a_path_determines_the_precision() {
    let text = String::from_utf8_lossy(OOM);
    let silent: String = text.split_inclusive('\n').filter(|line| !line.contains("quant_algo=")).collect();
    let log = explained(silent.as_bytes());
    assert_eq!(log.deployment.model.name, "nvidia/Llama-3.1-8B-Instruct-FP8");
    assert_eq!((log.deployment.precision.quant_algo, log.deployment.quant_algo()), (None, QuantAlgo::Fp8));
    assert!(log.inferred.iter().all(|inferred| inferred.key != "quant_algo"), "{:?}", log.inferred);
    // The files of that repository ask for an FP8 KV cache too: 65,536 bytes a token, as printed.
    assert_eq!(estimate(&log.deployment).unwrap().kv_cache.bytes_per_token, 65_536.0);
}

#[test]
fn stages_of_failures_are_distinguished() {
    let load = "[TensorRT-LLM][INFO] Loaded engine size: 9000 MiB\n";
    let weights = "[TensorRT-LLM][INFO] [MemUsageChange] TensorRT-managed allocation in engine deserialization: CPU \
                   +0, GPU +8990, now: CPU 0, GPU 8990 (MiB)\n";
    let context = "[TensorRT-LLM][INFO] [MemUsageChange] Allocated 900.00 MiB for execution context memory.\n";
    let free = "Memory usage when calculating max tokens in paged kv cache: total: 5.67 GiB, available: 0.03 GiB\n";
    let fails = "RuntimeError: [TensorRT-LLM][ERROR] CUDA runtime error in ::cudaMalloc(ptr, n): out of memory\n";
    for (before, stage) in [
        (load.to_string(), FailureStage::LoadWeights),
        (format!("{load}{weights}"), FailureStage::CreateContext),
        (format!("{load}{weights}{context}"), FailureStage::AllocateBuffers),
        (format!("{load}{weights}{context}{free}"), FailureStage::AllocateKvCache),
    ] {
        assert_eq!(explained(format!("{before}{fails}").as_bytes()).diagnosis.unwrap().stage, stage);
    }
    // Lines of a second start after the failure do not affect the diagnosis of the first.
    let again = format!("{load}{fails}{load}{weights}{context}{free}");
    let diagnosis = explained(again.as_bytes()).diagnosis.unwrap();
    assert_eq!((diagnosis.stage, diagnosis.line), (FailureStage::LoadWeights, 2));
    for (line, stage, missing) in [
        (
            "[TRT] [E] plugin node x requires 3000 bytes of scratch space, but only 1000 is available. Try increasing",
            FailureStage::Build,
            Some(2000),
        ),
        (
            "[TRT] [W] Requested amount of GPU memory (20572012544 bytes) could not be allocated.",
            FailureStage::Build,
            None,
        ),
        (
            "RuntimeError: [TensorRT-LLM][ERROR] Assertion failed: Can't allocate new blocks. No free blocks left.",
            FailureStage::Schedule,
            None,
        ),
    ] {
        let diagnosis = explained(line.as_bytes()).diagnosis.unwrap();
        assert_eq!((diagnosis.stage, diagnosis.missing), (stage, missing.map(Bytes)), "{line}");
    }
}

/// Formats of lines from 0.5 to 1.3, each with its event and its size.
#[test]
fn every_format_of_memory_line_is_recognised() {
    for (line, kind, bytes) in [
        (
            "[TensorRT-LLM][INFO] Using 31616 total tokens in paged KV cache, and 16 blocks per sequence",
            EventKind::KvTokens,
            None,
        ),
        ("[TensorRT-LLM][INFO] Using 10718 tokens in paged KV cache.", EventKind::KvTokens, None),
        ("[TensorRT-LLM][INFO] Allocate 335544320 bytes for k/v cache. ", EventKind::KvCache, Some(335_544_320)),
        (
            "[TensorRT-LLM][INFO] Max tokens in paged KV cache: 117760. Allocating 54022635520 bytes.",
            EventKind::KvCache,
            Some(54_022_635_520),
        ),
        (
            "[04/07/2024-15:13:34] [TRT] [I] Total Activation Memory: 3120566272",
            EventKind::BuilderActivations,
            Some(3_120_566_272),
        ),
        (
            "[08/27/2025-08:22:30] [TRT] [I] Total Weights Memory: 326085504 bytes",
            EventKind::BuilderWeights,
            Some(326_085_504),
        ),
        (
            "[TRT] [I] [MemUsageStats] Peak memory usage of TRT CPU/GPU memory allocators: CPU 0 MiB, GPU 385 MiB",
            EventKind::BuilderPeak,
            Some(385 * MIB),
        ),
        ("[TRT-LLM] [I] Build phase peak memory: 6978.95 MB, children: 12049.21 MB", EventKind::HostMemory, None),
        (
            "(Replica pid=3) [TensorRT-LLM][INFO] [MemUsageChange] Init cuDNN: CPU +0, GPU +10, now: CPU 957, GPU \
             3183 (MiB)",
            EventKind::LibraryInit,
            Some(10 * MIB),
        ),
        (" Allocated 2.50 GB GPU memory for runtime buffers.", EventKind::RuntimeBuffers, Some(GIB * 5 / 2)),
        (
            "2025-01-02T03:04:05Z trtllm-0 Allocated 3.00 MB GPU memory for decoder.",
            EventKind::DecoderBuffers,
            Some(3 * MIB),
        ),
        ("[TRT-LLM] [I] Rank 0 uses 8.00 GB for model weights.", EventKind::TorchCheckpoint, Some(8 * GIB)),
        (
            "[TensorRT-LLM][WARNING] Attention workspace size is not enough, increase the size from 0 bytes to \
             100738816 bytes",
            EventKind::AttentionWorkspace,
            Some(100_738_816),
        ),
        (
            "[TRT-LLM] [RANK 1] [I] Setting PyTorch memory fraction to 0.21 (39.50 GiB)",
            EventKind::TorchLimit,
            Some(GIB * 79 / 2),
        ),
        ("[TRT-LLM] [I] Estimated total KV cache memory: 125.75 GB", EventKind::BenchEstimate, Some(GIB / 4 * 503)),
        (
            "I0510 07:57:30.77 1 model_instance_state.cc:840] {\"Active Request Count\":1,\"Runtime GPU Memory \
             Usage\":396380909}",
            EventKind::RuntimeUse,
            Some(396_380_909),
        ),
        (
            "[BENCHMARK] model_name llama_7b gpu_peak_mem(gb) 20.5 build_time(s) 0",
            EventKind::PeakUse,
            Some(GIB * 41 / 2),
        ),
        (
            "[TensorRT-LLM][WARNING] maxAttentionWindow and maxSequenceLen are too large for at least one sequence to \
             fit in kvCache. they are reduced to 5185",
            EventKind::Reduced,
            None,
        ),
    ] {
        let reading = log::read(line.as_bytes());
        let entry = reading.timeline.iter().find(|entry| entry.event.kind == kind);
        let entry = entry.unwrap_or_else(|| panic!("{line}: {:?}", reading.timeline));
        if let Some(bytes) = bytes {
            assert_eq!(entry.event.size.map(|size| size.bytes), Some(Bytes(bytes)), "{line}");
        }
        assert_eq!(reading.unread_count, 0, "{line}");
    }
    assert_eq!(kinds("[TensorRT-LLM][INFO] A new line about 12.00 GiB of GPU memory"), []);
    assert_eq!(log::read(b"[TensorRT-LLM][INFO] A new line about 12.00 GiB of GPU memory").unread[0].line, 1);
}

#[test]
fn a_log_of_another_program_yields_nothing() {
    let other = b"INFO 05-06 07:08:09 [gpu_worker.py:227] Available KV cache memory: 63.10 GiB\nINFO \
                  [kv_cache_utils.py:634] GPU KV cache size: 1,033,856 tokens\n";
    let log = explained(other);
    assert!(log.reading.is_empty() && log.comparisons.is_empty());
    assert_eq!(link::encode(&log.deployment), "");
}

#[test]
fn a_calibration_matches_the_measurement_and_follows_the_law() {
    let log = explained(DOCUMENTATION);
    let mut deployment = log.deployment.clone();
    log.calibrate(&mut deployment);
    let report = estimate(&deployment).unwrap();
    for (contributor, mib) in [
        (Contributor::Activations, 1134.01),
        (Contributor::RuntimeBuffers, 43.29),
        (Contributor::DecoderBuffers, 180.30),
        (Contributor::Overhead, 791.28),
    ] {
        let figure = report.ranks[0].figure(contributor);
        let after_kv_cache =
            if contributor == Contributor::Overhead { report.ranks[0].after_kv_cache.mib() } else { 0.0 };
        assert!(
            (figure.bytes.mib() - after_kv_cache - mib).abs() < 0.3,
            "{} {} {after_kv_cache}",
            contributor.key(),
            figure.bytes.mib()
        );
        assert!(figure.is_calibrated());
    }
    assert!(!report.ranks[0].figure(Contributor::Weights).is_calibrated());

    // The calibration is kept in the link, is explained, and follows the law if the configuration
    // changes.
    let decoded = link::decode(&link::encode(&deployment));
    assert_eq!((&decoded.deployment, decoded.problems.len()), (&deployment, 0));
    let plain = |max_num_tokens| {
        let figure = |d: &Deployment| {
            estimate(&Deployment {
                limits: BuildLimits { max_num_tokens: Some(max_num_tokens), ..d.limits },
                ..d.clone()
            })
            .unwrap()
            .ranks[0]
                .figure(Contributor::Activations)
                .bytes
                .0 as f64
        };
        figure(&deployment) / figure(&log.deployment)
    };
    assert!((plain(8192) - plain(2048)).abs() < 1e-6);
    let explained = explain(&deployment, 0).unwrap();
    assert!(explained[1].1.formula.contains("measured"), "{}", explained[1].1.formula);

    // Removing the calibration restores the original deployment.
    for key in
        ["calibrated_activations", "calibrated_runtime_buffers", "calibrated_decoder_buffers", "calibrated_overhead"]
    {
        setting(key).unwrap().read(&mut deployment, "").unwrap();
    }
    assert_eq!(deployment, log.deployment);
    for bad in ["0/0", "5", "1/99999999999", "-1/2", "a/b"] {
        assert!(setting("calibrated_overhead").unwrap().read(&mut deployment, bad).is_err(), "{bad}");
    }
}

/// The reading of a log that is fed in pieces of this size.
fn in_pieces(log: &[u8], size: usize) -> LogReading {
    let mut reader = LogReader::default();
    for piece in log.chunks(size) {
        reader.feed(piece);
    }
    reader.finish()
}

#[test]
fn ten_megabytes_are_read_quickly() {
    let line =
        b"[05/06/2026-07:08:09] [TRT-LLM] [I] Run generation only CUDA graph warmup for batch size=31, draft_len=0\n";
    let mut log = line.repeat((10 << 20) / line.len());
    log.extend_from_slice(DOCUMENTATION);
    let start = std::time::Instant::now();
    let reading = log::read(&log);
    assert_eq!(reading.ranks[0].tokens, Some(259_840));
    // Unoptimized tests are ten times slower than a release build.
    assert!(start.elapsed().as_secs_f64() < 10.0, "{:?}", start.elapsed());
    let endless = vec![b'x'; 8 << 20];
    assert!(log::read(&endless).is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn the_size_of_the_pieces_does_not_change_the_reading(size in 1usize..300, which in 0usize..3) {
        let log = [DOCUMENTATION, RANKS, OOM][which];
        prop_assert_eq!(in_pieces(log, size), log::read(log));
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = explained(&bytes);
    }

    #[test]
    fn no_damaged_log_makes_the_reader_panic(
        which in 0usize..3,
        at in any::<usize>(),
        figures in "[0-9.]{0,40}",
        cut in any::<bool>(),
    ) {
        let mut log = [DOCUMENTATION, RANKS, OOM][which].to_vec();
        let at = at % log.len();
        if cut { log.truncate(at) } else { log.splice(at..at, figures.bytes()); }
        let explained = explained(&log);
        prop_assert!(to_value(&explained).is_ok());
    }
}
