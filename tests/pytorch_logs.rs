//! The PyTorch backend against public measurements. `fixtures/pytorch-logs.csv` holds what profiling lines printed (GiB; outside torch
//! without the temporary KV cache), `fixtures/pytorch-capacities.csv` the most sequences that KV caches held (integration tests of
//! ai-dynamo/aiconfigurator, pull request 652).
#![cfg(not(target_arch = "wasm32"))]

use trtllm_memory::formats::link;
use trtllm_memory::memory::{Contributor, Rank, Report, estimate};

struct Log {
    source: &'static str,
    link: &'static str,
    inside: Option<f64>,
    outside: Option<f64>,
    activations: Option<f64>,
    kv: f64,
}

fn logs() -> Vec<Log> {
    let rows = include_str!("fixtures/pytorch-logs.csv").lines().skip(1).map(|line| {
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

fn report(link: &str) -> Report {
    let decoded = link::decode(link);
    assert!(decoded.problems.is_empty(), "{link}: {:?}", decoded.problems);
    estimate(&decoded.deployment).unwrap_or_else(|problems| panic!("{link}: {problems}"))
}

fn gib(rank: &Rank, contributor: Contributor) -> f64 {
    rank.figure(contributor).bytes.gib()
}

fn inside(rank: &Rank) -> f64 {
    use Contributor::{DecoderBuffers, RuntimeBuffers, Weights};
    [Weights, RuntimeBuffers, DecoderBuffers].into_iter().map(|contributor| gib(rank, contributor)).sum()
}

#[test]
fn table() {
    for log in logs() {
        let report = report(log.link);
        let rank = &report.ranks[0];
        let f: f64 =
            log.link.split("free_gpu_memory_fraction=").nth(1).unwrap().split('&').next().unwrap().parse().unwrap();
        let kv = f * rank.available.gib();
        println!(
            "{} | W {:+.2} A {:.2}/{:.2} O {:.2}/{:.2} KV {:.2}/{:.2} {:+.2}% | {}",
            log.source.chars().rev().take(50).collect::<Vec<_>>().into_iter().rev().collect::<String>(),
            log.inside.map_or(f64::NAN, |x| inside(rank) - x),
            gib(rank, Contributor::Activations),
            log.activations.unwrap_or(f64::NAN),
            gib(rank, Contributor::Overhead),
            log.outside.unwrap_or(f64::NAN),
            kv,
            log.kv,
            (kv / log.kv - 1.0) * 100.0,
            log.link
        );
    }
    for line in include_str!("fixtures/pytorch-capacities.csv").lines().skip(1) {
        let (link, n) = line.rsplit_once(',').unwrap();
        let r = report(link);
        println!("CAP {} {} {}", r.kv_cache.max_sequences, n, link);
    }
}
