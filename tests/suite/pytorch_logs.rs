//! The PyTorch backend compared with public measurements.
//!
//! `fixtures/pytorch-logs.csv` contains the figures of profiling lines in GiB. The memory outside
//! torch excludes the temporary KV cache. `fixtures/pytorch-capacities.csv` contains the largest
//! number of sequences in KV caches, from the integration tests of ai-dynamo/aiconfigurator (pull
//! request 652).
#![cfg(not(target_arch = "wasm32"))]

use crate::support::{deployment, report, resolved};
use trtllm_memory::memory::{Contributor, Rank};
use trtllm_memory::testing::weights_outside_torch;

struct Log {
    source: &'static str,
    link: &'static str,
    inside: Option<f64>,
    outside: Option<f64>,
    activations: Option<f64>,
    kv: f64,
}

fn logs() -> Vec<Log> {
    let rows = include_str!("../fixtures/pytorch-logs.csv").lines().skip(1).map(|line| {
        let columns: Vec<&str> = line.split(',').collect();
        let figure = |column: usize| columns[column].parse().ok();
        Log {
            source: columns[0],
            link: columns[1],
            inside: figure(2),
            outside: figure(3),
            activations: figure(4),
            kv: figure(5).unwrap(),
        }
    });
    rows.collect()
}

fn gib(rank: &Rank, contributor: Contributor) -> f64 {
    rank.figure(contributor).bytes.gib()
}

/// The GiB of weights that the log counts outside torch: experts that a load balancer moves.
fn balanced(log: &Log) -> f64 {
    weights_outside_torch(&resolved(log.link), 0).gib()
}

fn inside(log: &Log, rank: &Rank) -> f64 {
    use Contributor::{DecoderBuffers, RuntimeBuffers, Weights};
    let all: f64 =
        [Weights, RuntimeBuffers, DecoderBuffers].into_iter().map(|contributor| gib(rank, contributor)).sum();
    all - balanced(log)
}

/// The absolute errors, sorted by size.
fn sorted(mut errors: Vec<f64>) -> Vec<f64> {
    errors.iter_mut().for_each(|error| *error = error.abs());
    errors.sort_by(f64::total_cmp);
    errors
}

fn quantile(sorted: &[f64], share: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * share) as usize]
}

/// Errors of the predicted KV cache relative to the profiling lines, with their logs, sorted by
/// absolute size.
fn kv_errors(is_wanted: impl Fn(&Log) -> bool) -> Vec<(f64, Log)> {
    let mut errors: Vec<(f64, Log)> = logs()
        .into_iter()
        .filter(is_wanted)
        .map(|log| {
            let given = deployment(log.link);
            let available = report(log.link).ranks[0].available.gib();
            (given.kv_cache.free_gpu_memory_fraction.unwrap() * available / log.kv - 1.0, log)
        })
        .collect();
    errors.sort_by(|a, b| a.0.abs().total_cmp(&b.0.abs()));
    errors
}

fn has_experts(log: &Log) -> bool {
    deployment(log.link).model.moe.is_some()
}

#[test]
fn every_measured_capacity_is_predicted() {
    let mut rows = 0;
    for line in include_str!("../fixtures/pytorch-capacities.csv").lines().skip(1) {
        let (link, sequences) = line.rsplit_once(',').unwrap();
        assert_eq!(report(link).kv_cache.max_sequences.to_string(), sequences, "{link}");
        rows += 1;
    }
    assert_eq!(rows, 32);
}

#[test]
fn kv_caches_of_dense_models_match_their_logs() {
    let errors = kv_errors(|log| !has_experts(log));
    assert_eq!(errors.len(), 5);
    let (worst, log) = errors.last().unwrap();
    assert!(worst.abs() < 0.005, "{}: {worst:+.4}", log.source);
}

#[test]
fn kv_caches_of_models_with_experts_match_their_logs() {
    let errors = kv_errors(has_experts);
    assert_eq!(errors.len(), 86);
    let sizes = sorted(errors.iter().map(|(error, _)| *error).collect());
    assert!(quantile(&sizes, 0.5) < 0.006, "median {}", quantile(&sizes, 0.5));
    assert!(quantile(&sizes, 0.9) < 0.025, "90 % {}", quantile(&sizes, 0.9));
    let (worst, log) = errors.last().unwrap();
    assert!(worst.abs() < 0.04, "{} {}: {worst:+.4}", log.source, log.link);
}

#[test]
fn memory_inside_torch_matches_the_logs() {
    let inside = |log: &Log| Some(inside(log, &report(log.link).ranks[0]) / log.inside? - 1.0);
    let sizes = sorted(logs().iter().filter(|log| has_experts(log)).filter_map(inside).collect());
    assert_eq!(sizes.len(), 85);
    assert!(quantile(&sizes, 0.5) < 0.0015, "median {}", quantile(&sizes, 0.5));
    assert!(quantile(&sizes, 0.9) < 0.005, "90 % {}", quantile(&sizes, 0.9));
}

/// 256 slots on 32 ranks are eight experts per rank, in the 58 layers of DeepSeek V3.2 with experts
/// of 3 · 7168 · 2048 values of 0.5625 bytes. The log counts them outside torch, and the memory
/// inside is far below the sum of all weights.
#[test]
fn experts_of_a_load_balancer_are_weights_outside_torch() {
    let log = logs().into_iter().find(|log| log.link.contains("moe_load_balancer_slots=256")).unwrap();
    let moved = 58.0 * 8.0 * (3.0 * 7168.0 * 2048.0) * 0.5625 / (1u64 << 30) as f64;
    assert!((balanced(&log) - moved).abs() < 0.001, "{} {moved}", balanced(&log));
    let rank = &report(log.link).ranks[0];
    assert!(gib(rank, Contributor::Weights) > moved + 10.0);
    assert!((inside(&log, rank) / log.inside.unwrap() - 1.0).abs() < 0.03);
    assert!(gib(rank, Contributor::Overhead) < log.outside.unwrap() - moved + 1.0);
}

/// Compares the sum of the profiling pass and the memory outside torch with the sum of both bands.
/// The split between the two depends on the history of the allocator.
#[test]
fn nine_of_ten_peaks_lie_inside_their_bands() {
    let mut outside = Vec::new();
    let mut all = 0;
    for log in logs() {
        let (Some(measured_outside), Some(measured_peak)) = (log.outside, log.activations) else { continue };
        let report = report(log.link);
        let rank = &report.ranks[0];
        let (peak, overhead) = (rank.figure(Contributor::Activations), rank.figure(Contributor::Overhead));
        let low = peak.low.gib() + overhead.low.gib() + balanced(&log);
        let high = peak.high.gib() + overhead.high.gib() + balanced(&log);
        all += 1;
        if !(low..=high).contains(&(measured_outside + measured_peak)) {
            outside.push(log.link);
        }
    }
    assert!(all >= 90 && outside.len() * 10 <= all, "{} of {all}: {outside:#?}", outside.len());
}
