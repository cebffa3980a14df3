use super::*;
use crate::architecture;
use crate::deployment::{Backend, BuildLimits, Parallelism, Precision};
use crate::gpu::{self, gpus};
use crate::memory::estimate;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const LOAD: Load = Load { concurrency: 32, input_len: 1500, output_len: 500 };

fn base(model: &str) -> Deployment {
    Deployment { model: architecture::find(model).unwrap().into(), ..Deployment::engine() }
}

fn run(mut search: Search, step: usize) -> Search {
    while !search.step(step) {}
    search
}

/// Every candidate estimated alone, in the order of a search.
fn alone(base: &Deployment, space: &Space) -> Vec<Candidate> {
    let mut found = Vec::new();
    let ep_sizes: Vec<Option<u64>> =
        if base.model.moe.is_some() { space.ep_sizes.iter().copied().map(Some).collect() } else { vec![None] };
    for gpu in &space.gpus {
        for &tp_size in &space.tp_sizes {
            for &pp_size in &space.pp_sizes {
                for &moe_ep_size in &ep_sizes {
                    for &quant_algo in &space.quant_algos {
                        for &kv_cache_dtype in &space.kv_cache_dtypes {
                            let deployment = Deployment {
                                gpu: gpu.clone(),
                                parallel: Parallelism { tp_size, pp_size, moe_ep_size, ..base.parallel },
                                precision: Precision { quant_algo: Some(quant_algo), kv_cache_dtype, ..base.precision },
                                limits: BuildLimits {
                                    max_batch_size: Some(LOAD.concurrency.div_ceil(pp_size)),
                                    max_seq_len: Some(LOAD.sequence()),
                                    ..base.limits
                                },
                                ..base.clone()
                            };
                            let Ok(report) = estimate(&deployment) else { continue };
                            let Verdict::Fits { room, uncertain } = report.verdict else { continue };
                            let concurrency = report.kv_cache.concurrency(LOAD.input_len, LOAD.output_len);
                            if concurrency.requests >= LOAD.concurrency {
                                found.push(Candidate {
                                    gpu: gpu.clone(),
                                    tp_size,
                                    pp_size,
                                    moe_ep_size,
                                    quant_algo,
                                    kv_cache_dtype,
                                    gpus: tp_size * pp_size,
                                    used: fullest(&report.ranks).0,
                                    room,
                                    kv_tokens: report.kv_cache.tokens,
                                    concurrency: report.kv_cache.held(LOAD.input_len, LOAD.output_len),
                                    uncertain,
                                });
                            }
                        }
                    }
                }
            }
        }
    }
    found
}

#[test]
fn a_search_agrees_with_estimating_each_candidate_alone() {
    for (backend, model, ids) in [
        (Backend::TensorRt, "meta-llama/Llama-3.1-70B", ["h100", "l4", "b200"]),
        (Backend::TensorRt, "mixtral-8x7b", ["a100", "l40s", "h200"]),
        (Backend::Pytorch, "meta-llama/Llama-3.1-70B", ["a100", "rtx-4090", "b200"]),
        (Backend::Pytorch, "deepseek-r1", ["h200", "b300", "gb300"]),
    ] {
        let base = Deployment { backend, ..base(model) };
        let space = Space {
            tp_sizes: vec![1, 2, 3, 4, 8],
            pp_sizes: vec![1, 2, 5],
            ep_sizes: vec![1, 2, 8],
            ..Space::on(ids.iter().map(|id| gpu::find(id).unwrap()).collect(), backend)
        };
        let search = run(Search::new(&base, LOAD, space.clone()), 17);
        let alone = alone(&base, &space);
        assert!(alone.len() > 100, "{}", alone.len());
        assert_eq!(search.found(), alone);
        for candidate in search.found() {
            let report = estimate(&search.deployment(candidate)).unwrap();
            assert_eq!(
                (report.kv_cache.tokens, fullest(&report.ranks)),
                (candidate.kv_tokens, (candidate.used, candidate.room))
            );
        }
    }
}

#[test]
fn an_interrupted_search_continues() {
    let space = Space::on(vec![gpu::find("h100").unwrap(), gpu::find("h200").unwrap()], Backend::TensorRt);
    let mut search = Search::new(&base("mixtral-8x7b"), LOAD, space.clone());
    assert!(!search.step(100));
    assert!((100..110).contains(&search.tried()), "{}", search.tried());
    assert_eq!(run(search, 1000).found(), run(Search::new(&base("mixtral-8x7b"), LOAD, space), usize::MAX).found());
}

#[test]
fn all_gpus_and_precisions_are_a_hundred_thousand_candidates() {
    let search = Search::new(&base("mixtral-8x7b"), LOAD, Space::on(gpus().iter().collect(), Backend::TensorRt));
    assert!(search.candidates() >= 100_000, "{}", search.candidates());
}

#[test]
fn nothing_beats_the_frontier() {
    let search = run(
        Search::new(&base("qwen3-32b"), LOAD, Space::on(gpus().iter().step_by(7).collect(), Backend::TensorRt)),
        usize::MAX,
    );
    let found = search.found();
    let frontier = frontier(found);
    assert!(frontier.len() > 1 && frontier.len() < found.len() / 10);
    for candidate in found {
        let beats = |index: &usize| {
            let other = &found[*index];
            candidate.gpus <= other.gpus && candidate.concurrency > other.concurrency
        };
        assert!(!frontier.iter().any(beats));
    }
    assert!(frontier.windows(2).all(|pair| found[pair[0]].gpus < found[pair[1]].gpus));
}

#[test]
fn orders_sort_and_have_names() {
    let mut found = run(
        Search::new(&base("qwen3-32b"), LOAD, Space::on(gpus().iter().step_by(7).collect(), Backend::TensorRt)),
        usize::MAX,
    )
    .into_found();
    for order in Order::ALL {
        assert_eq!(Order::parse(order.name()), Some(order));
        order.sort(&mut found);
    }
    Order::Gpus.sort(&mut found);
    assert!(found.windows(2).all(|pair| pair[0].gpus <= pair[1].gpus));
}

#[test]
fn an_empty_space_has_nothing_to_try() {
    let mut search = Search::new(
        &Deployment::engine(),
        LOAD,
        Space { tp_sizes: vec![7], ..Space::on(Vec::new(), Backend::TensorRt) },
    );
    assert!(search.step(10) && search.is_done() && search.found().is_empty());
}
