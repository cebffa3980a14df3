//! The errors of the laws on the shipped measurements, and the robustness of the readers of
//! measurement files.
#![cfg(not(target_arch = "wasm32"))]

use proptest::prelude::*;
use trtllm_memory::accuracy::{Compared, Errors, compare, compare_all, readers, shipped};
use trtllm_memory::units::{GIB, MIB};

/// Errors that must not grow: number of cases, then median, 90th percentile and largest error, as
/// fractions.
const REACHED: [(Compared, usize, f64, f64, f64); 8] = [
    (Compared::Weights, 13, 0.0001, 0.002, 0.078),
    (Compared::Activations, 21, 0.0001, 0.294, 0.643),
    (Compared::RuntimeBuffers, 5, 0.0003, 0.0016, 0.0024),
    (Compared::DecoderBuffers, 4, 0.0008, 0.0015, 0.0016),
    (Compared::Overhead, 2, 0.006, 0.009, 0.01),
    (Compared::KvCacheBlocks, 3, 0.0, 0.0, 0.0),
    (Compared::KvCacheTokens, 3, 0.0024, 0.024, 0.029),
    (Compared::KvCacheBytes, 3, 0.0025, 0.024, 0.029),
];

#[test]
fn errors_do_not_exceed_the_reached_ones() {
    let comparison = shipped();
    for (contributor, count, median, p90, worst) in REACHED {
        let errors = Errors::of(comparison.of(contributor));
        let worst_case = comparison.of(contributor).max_by(|a, b| a.error.abs().total_cmp(&b.error.abs()));
        assert!(errors.count >= count, "{contributor:?}: {errors:?}");
        let within = errors.median <= median && errors.p90 <= p90 && errors.worst <= worst;
        assert!(within, "{contributor:?}: {errors:?}; worst {:?}", worst_case.map(|case| (&case.id, case.error)));
    }
    assert_eq!(comparison.left_out, []);
}

/// A measurement that the laws predict, as a line of a file.
const LINE: &str = r#"{"id": "docs", "source": "NVIDIA/TensorRT-LLM docs", "version": "<= 0.13", "backend": "tensorrt",
"model": "meta-llama/Llama-2-7b-hf (guess)", "gpu": "NVIDIA H100 80GB HBM3", "gpu_count": 1,
"tp_size": null, "dtype": "float16",
"quant_algo": "fp8", "kv_cache_dtype": "FP8", "max_batch_size": 256, "max_num_tokens": "8192", "max_seq_len": 2048.0,
"tokens_per_block": 64, "free_gpu_memory_fraction": 0.9, "colour": ["red"],
"measured": {"engine_mib": 6695, "engine_gpu_mib": 6678, "runtime_buffers_mib": 43.29, "decoder_mib": 180.3,
"total_gib": 79.1,
"available_gib": 70.48, "blocks": 4060, "kv_tokens": 259840, "peak_gib": null, "other": {"depth": 1}},
"how_known": {"all": "printed"}, "log_lines": []}"#;

fn line() -> String {
    LINE.replace('\n', " ")
}

/// The comparison for a file with one line, in which `from` is replaced by `to`.
fn with(from: &str, to: &str) -> trtllm_memory::accuracy::Comparison {
    let text = line();
    assert!(text.contains(from), "{from}");
    let read = readers::read("file", &text.replace(from, to));
    assert_eq!(read.unreadable, []);
    compare_all([&read.measurements[..]])
}

#[test]
fn alternative_spellings_of_names_have_the_same_meaning() {
    let comparison = with("colour", "color");
    let cases: Vec<_> = comparison.cases.iter().map(|case| (case.contributor, case.exact)).collect();
    let exact = [Compared::Weights, Compared::RuntimeBuffers, Compared::DecoderBuffers, Compared::KvCacheBlocks];
    for contributor in exact {
        assert!(cases.contains(&(contributor, true)), "{contributor:?} {cases:?}");
    }
    let end_to_end = comparison.of(Compared::KvCacheTokens).next().unwrap();
    assert!(end_to_end.error.abs() < 0.02 && end_to_end.deployment.gpu.id == "h100-sxm");
}

#[test]
fn a_setting_is_required_only_if_it_changes_the_figure() {
    // Weights do not depend on the batch size; decoder buffers do.
    let comparison = with(r#""max_batch_size": 256"#, r#""max_batch_size": null"#);
    assert!(comparison.of(Compared::Weights).next().is_some());
    let reason = |contributor| {
        let found = comparison.left_out.iter().find(|left_out| left_out.contributor == Some(contributor));
        found.map(|left_out| left_out.reason.to_string())
    };
    assert_eq!(reason(Compared::DecoderBuffers).as_deref(), Some("not known: max_batch_size"));
    assert_eq!(reason(Compared::KvCacheTokens).as_deref(), Some("not known: max_batch_size"));
    assert_eq!(reason(Compared::KvCacheBlocks), None);

    // Weights depend on the version only through the RoPE table of the engine.
    assert!(with("<= 0.13", "0.14/0.15").of(Compared::Weights).next().is_some());
    let unknown = with("<= 0.13", "somebody's branch");
    assert_eq!(unknown.of(Compared::Weights).count(), 0);
    assert!(unknown.left_out.iter().any(|left_out| left_out.reason.to_string() == "not known: trtllm_version"));

    // The GPU is needed only for figures that depend on its memory.
    let comparison = with("NVIDIA H100 80GB HBM3", "sm90 (H100-class, name not printed)");
    assert!(comparison.of(Compared::RuntimeBuffers).next().is_some());
    assert!(comparison.of(Compared::KvCacheBlocks).next().is_some());
    assert_eq!(comparison.of(Compared::KvCacheTokens).count(), 0);
}

#[test]
fn measurements_that_cannot_be_compared_give_a_reason() {
    for (from, to, reason) in [
        ("meta-llama/Llama-2-7b-hf (guess)", "somebody/something", "is not in the catalogue"),
        (r#""printed""#, r#""suspect: prints another's figures""#, "may not belong to the configuration"),
        (r#""tensorrt""#, r#""abacus""#, "backend \"abacus\" is not modelled"),
        (r#""fp8""#, r#""magic""#, "quant_algo \"magic\" is not modelled"),
        (r#""tokens_per_block": 64"#, r#""tokens_per_block": 48"#, "tokens_per_block"),
        ("NVIDIA H100 80GB HBM3", "V100 32GB", "gpu (\"V100 32GB\" does not have the 79.10 GiB that the log prints)"),
        ("NVIDIA H100 80GB HBM3", "A100", "compute capability"),
    ] {
        let comparison = with(from, to);
        assert!(
            comparison.left_out.iter().any(|left_out| left_out.reason.to_string().contains(reason)),
            "{to}: {:?}",
            comparison.left_out
        );
    }
}

#[test]
fn the_running_batch_may_be_smaller_than_the_built_batch() {
    let running = |from: &str, to: &str| {
        let comparison = with(from, to);
        comparison.cases[0].deployment.engine.runtime_max_batch_size
    };
    assert_eq!(running(r#""log_lines": []"#, r#""log_lines": ["[INFO] TRTGptModel maxBatchSize: 3"]"#), Some(3));
    assert_eq!(running(r#""depth": 1"#, r#""engine_build_max_batch_size": 512"#), Some(256));
    // run.py sizes the executor by its prompts, except in 0.13.
    assert_eq!(running(r#""printed""#, r#""run.py as shown""#), None);
}

#[test]
fn unreadable_lines_are_named_and_the_rest_is_read() {
    let text = format!("{}\n\nnot json\n[1]\n{}\n{{\"id\": 7}}\n", line(), &line()[..40]);
    let read = readers::read("logs", &text);
    assert_eq!(read.measurements.len(), 2);
    let named: Vec<&str> = read.unreadable.iter().map(|line| line.id.as_str()).collect();
    assert_eq!(named, ["logs:3", "logs:4", "logs:5"]);
    assert_eq!(readers::read("empty", "").unreadable.len(), 1);
    assert_eq!(readers::read("prose", "a,b,c\n1,2,3\n").unreadable.len(), 1);
}

#[test]
fn tables_are_recognised_by_their_first_line() {
    let contexts = "id,source,trtllm_version,model,quant,tp,hidden,inter,heads,kv_heads,head_dim,vocab_padded,layers,\
                    max_num_tokens,max_batch,flags,kind,measured_mib,note\n\
        C2,NVIDIA/TensorRT-LLM#1188,0.14-0.15,Qwen2.5-Coder-0.5B,W8A16,1,896,4864,14,2,64,151936,24,512,1,\
        \"max_num_tokens 512, max_batch 1\",unfused16,43.26,\n\
        X,,0.14,nobody's model,fp16,1,1024,4096,16,16,64,32000,12,4096,64,no gemm plugin,unfused16,100,\n";
    let read = readers::read("any name", contexts);
    assert_eq!((read.measurements.len(), read.unreadable.len()), (2, 0));
    let case = &compare(&read.measurements[0]).cases[0];
    assert!(case.exact && case.measured == 43.26 * MIB as f64);
    let made = read.measurements[1].deployment.as_ref().unwrap();
    assert_eq!(
        (made.model.name.as_str(), made.model.hidden, made.engine.plugins.gemm_plugin),
        ("nobody's model", 1024, false)
    );

    let capacities =
        "system,model,tp,isl,osl,fraction,max_concurrent_sequences\nh100_sxm,Qwen/Qwen3-32B-FP8,1,2048,2048,0.8,27\n";
    let read = readers::read("any name", capacities);
    assert_eq!(read.measurements[0].id, "h100_sxm/Qwen/Qwen3-32B-FP8/1/2048/2048");

    let own = "id\tsource\tlink\tmeasured\nmine\tnowhere\ttp_size=2\tkv_gib=1.5\nbad line\n";
    let read = readers::read("any name", own);
    assert_eq!(read.measurements[0].measured.kv_bytes.unwrap().value, 1.5 * GIB as f64);
    assert_eq!(read.unreadable[0].id, "any name:3");
}

#[test]
fn a_measurement_in_two_files_counts_once() {
    let read = readers::read("file", &line());
    let again = readers::read("file", &line().replace("\"docs\"", "\"the same elsewhere\""));
    let once = compare_all([&read.measurements[..]]);
    let both = compare_all([&read.measurements[..], &again.measurements[..]]);
    assert_eq!(both.cases.len(), once.cases.len());
    assert_eq!(both.left_out.len(), 2 * once.left_out.len() + once.cases.len());
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in any::<String>()) {
        let read = readers::read("file", &text);
        compare_all([&read.measurements[..]]);
    }

    #[test]
    fn no_value_makes_the_reader_panic(
        at in 0..2000usize,
        with in r#"[-0-9.eE",{}\[\]a-z]{0,12}"#,
        number in any::<f64>(),
    ) {
        let text = line();
        let at = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        for with in [with, format!("{number:e}")] {
            let rest = text[at..].trim_start_matches(|c: char| c.is_ascii_digit());
            let read = readers::read("file", &format!("{}{with}{rest}", &text[..at]));
            compare_all([&read.measurements[..]]);
        }
    }
}
