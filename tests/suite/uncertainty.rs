//! The uncertainty of figures and verdicts.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::support::{deployment, report};
use trtllm_memory::memory::{Contributor, Explanation, Verdict, explain};
use trtllm_memory::units::Units;

#[test]
fn the_kv_cache_is_as_uncertain_as_the_available_memory() {
    let report = report("");
    let (rank, kv) = (&report.ranks[0], &report.kv_cache);
    let cache = rank.figure(Contributor::KvCache).band();
    // 90 % of the available memory, to within a block.
    let block = kv.tokens_per_block as f64 * kv.bytes_per_token;
    assert!((cache.below - 0.9 * rank.available_band.below).abs() <= block);
    assert!((cache.above - 0.9 * rank.available_band.above).abs() <= block);
    assert!(kv.blocks_low < kv.blocks && kv.blocks < kv.blocks_high);
    // The tenth that stays free has a tenth of the uncertainty.
    assert!((rank.free_band().below - 0.1 * rank.available_band.below).abs() <= 2.0 * block);
}

#[test]
fn with_max_tokens_the_free_memory_carries_all_uncertainty() {
    let report = report("max_tokens=100000");
    let rank = &report.ranks[0];
    assert_eq!(rank.figure(Contributor::KvCache).band().widest(), 0.0);
    assert_eq!(rank.free_band().below, rank.available_band.below);
}

#[test]
fn free_memory_from_a_log_removes_the_uncertainty() {
    let report = report("free_memory_gib=50");
    let rank = &report.ranks[0];
    // The available memory is known to the printed digit. The overhead remains uncertain, because
    // it is the remainder after the other figures.
    assert!(rank.uncertainty().mib() < 6.0);
    assert!(rank.figure(Contributor::Overhead).band().widest() > 0.0);
}

#[test]
fn a_capacity_inside_the_band_is_uncertain() {
    let keys: Vec<&str> = (60_000..120_000)
        .step_by(250)
        .map(|tokens| {
            let report = report(&format!(
                "gpu=l4&quant_algo=FP8&max_batch_size=64&max_num_tokens=2048&max_seq_len=4096&max_tokens={tokens}\
                 &kv_cache_dtype=auto"
            ));
            report.verdict.key()
        })
        .collect();
    let first = |key: &str| keys.iter().position(|found| *found == key);
    assert_eq!(keys[0], "fits", "{keys:?}");
    assert!(first("fits_uncertain") < first("fails") && first("fails").is_some(), "{keys:?}");
}

/// A KV cache of a third of the free memory holds one sequence of 131,072 tokens (4096 blocks of
/// 32), but not at the low end of its band. Most of the GPU stays free, so only the capacity is
/// uncertain.
#[test]
fn a_sequence_that_may_not_fit_is_uncertain_despite_free_memory() {
    let (mut certain, mut uncertain) = (0, 0);
    for thousandths in 320..350 {
        let report = report(&format!("max_seq_len=131072&free_gpu_memory_fraction=0.{thousandths}"));
        let Verdict::Fits { room, uncertain: may_fail } = report.verdict else { continue };
        assert!(room.gib() > 30.0);
        assert_eq!(may_fail, report.kv_cache.blocks_low < 4096, "0.{thousandths}");
        if may_fail { uncertain += 1 } else { certain += 1 }
    }
    assert!(certain > 0 && uncertain > 0, "{certain} {uncertain}");
}

#[test]
fn json_has_the_band_of_every_contributor() {
    let json = serde_json::to_value(&report("tp_size=2").ranks[0]).unwrap();
    for contributor in Contributor::ALL {
        let (bytes, band) = (&json[contributor.key()], &json["bands"][contributor.key()]);
        assert!(band[0].as_u64() <= bytes.as_u64() && bytes.as_u64() <= band[1].as_u64(), "{}", contributor.key());
    }
}

fn each(explanation: &Explanation, visit: &mut impl FnMut(&Explanation)) {
    visit(explanation);
    for part in &explanation.parts {
        each(part, visit);
    }
}

#[test]
fn every_part_of_the_overhead_has_a_band() {
    let deployment = deployment("tp_size=8&model=meta-llama/Llama-3.1-70B-Instruct&trtllm_version=0.16");
    let explained = explain(&deployment, 0).unwrap();
    for (_, figure) in &explained {
        assert!(figure.low.is_some() && figure.evidence.is_some() && figure.source.is_some(), "{}", figure.label);
    }
    let (_, overhead) = &explained[Contributor::Overhead as usize];
    let banded = overhead.parts.iter().filter(|part| part.band.is_some()).count();
    assert!(banded >= 8, "{overhead:#?}");
    let mut calibrated = 0;
    each(overhead, &mut |part| {
        calibrated += part.inputs.iter().filter(|input| input.origin.starts_with("calibrated")).count();
        if let (Some(low), Some(high)) = (part.low, part.high) {
            assert!(low <= part.value && part.value <= high, "{}", part.label);
        }
    });
    assert!(calibrated >= 4);
    // The band is the root of the sum of squares, not the plain sum.
    let squares: f64 = overhead.parts.iter().filter_map(|part| part.high.map(|high| (high - part.value).powi(2))).sum();
    assert!((overhead.high.unwrap() - overhead.value - squares.sqrt()).abs() < 2.0);
}

/// The texts below the verdict: sizes and the tokens of the KV cache, with the ranges that contain
/// the figures.
#[test]
fn the_detail_of_a_verdict_has_likely_ranges() {
    let text = |link: &str| {
        let report = report(link);
        (report.sentence(Units::Binary), report.detail(Units::Binary), report)
    };
    let (sentence, detail, report) =
        text("model=deepseek-ai/DeepSeek-R1&gpu=h200&tp_size=8&quant_algo=FP8_BLOCK_SCALES&backend=pytorch");
    assert_eq!(
        sentence, "The KV cache holds 708,992 tokens: 4 full-length requests (163,840 tokens each).",
        "708,992 / 163,840 = 4.3"
    );
    assert!(
        detail.starts_with("Uses 134.6 of 139.8 GiB on the fullest GPU (GPU 1); 5.2 GiB free, likely "),
        "{detail}"
    );
    let range = report.kv_cache.likely_tokens().unwrap();
    assert!(detail.ends_with(&format!(" The KV cache likely holds {range} tokens.")), "{detail}");
    let ends: Vec<u64> = range.split(" to ").map(|end| end.replace(',', "").parse().unwrap()).collect();
    assert!(ends[0] < 708_992 && 708_992 < ends[1] && ends.iter().all(|end| end % 1000 == 0), "{range}");

    let (sentence, detail, report) = text("max_tokens=8192&max_seq_len=8192&free_memory_gib=60");
    assert_eq!(sentence, "The KV cache holds 8,192 tokens: 1 full-length request (8,192 tokens).");
    assert_eq!(report.kv_cache.likely_tokens(), None);
    assert!(!detail.contains("GPU") && !detail.contains("tokens"), "{detail}");

    let (sentence, detail, _) = text("model=meta-llama/Llama-3.3-70B-Instruct&tp_size=2&gpu=l40s");
    assert!(sentence.starts_with("It fails on GPU 0 when loading the weights, "), "{sentence}");
    assert!(detail.starts_with("Needs ") && detail.contains(" of 44.4 GiB on GPU 0 without a KV cache"), "{detail}");
}
