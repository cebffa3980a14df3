//! Properties of all deployments, tested with random and extreme deployments.
#![cfg(not(target_arch = "wasm32"))]

use crate::support::random::{engine, largest, report};
use proptest::prelude::*;
use trtllm_memory::architecture::{Architecture, models};
use trtllm_memory::deployment::{
    Backend, BuildLimits, Deployment, EngineConfig, Input, KvCacheConfig, Machine, Parallelism, Precision,
    PytorchConfig, QuantAlgo, SETTINGS, Version,
};
use trtllm_memory::link;
use trtllm_memory::memory::{Contributor, estimate, explain};
use trtllm_memory::units::{Bytes, Units};

/// A text for a setting: an offered value, a number of any size, or an invalid text.
fn text(input: Input, from: u64) -> String {
    let numbers = [
        0,
        1,
        2,
        3,
        7,
        8,
        64,
        1000,
        4096,
        1 << 20,
        1 << 31,
        1 << 32,
        1 << 53,
        1 << 62,
        1 << 63,
        u64::MAX - 1,
        u64::MAX,
    ];
    let number = numbers[(from >> 8) as usize % numbers.len()];
    match (input, from % 8) {
        (Input::Choice(names), 0..7) => names[(from >> 8) as usize % names.len()].into(),
        (Input::Steps { max, .. } | Input::Whole { max, .. }, 0) => max.to_string(),
        (Input::Whole { min, .. }, 1) => min.to_string(),
        (Input::Fraction, 0..7) => format!("0.{:03}", (from >> 8) % 1000),
        (Input::Gib, 0..7) => format!("{}.5", number >> 20),
        (Input::Toggle, 0..7) => (from & 256 == 0).to_string(),
        (Input::Model, 0..7) => models()[(from >> 8) as usize % models().len()].name.to_string(),
        (Input::Text, 0..4) => format!("{number},{}", number / 3),
        (_, 7) => "1e308".into(),
        _ => number.to_string(),
    }
}

/// Arbitrary combinations of settings, as in a link or a form. An invalid text leaves its setting
/// unchanged.
fn anything() -> impl Strategy<Value = Deployment> {
    let settings = proptest::collection::vec((0..SETTINGS.len(), any::<u64>()), 0..40);
    (engine(), any::<bool>(), any::<bool>(), settings).prop_map(|(start, plain, own, settings)| {
        let mut deployment = if plain { Deployment::engine() } else { start };
        if own {
            deployment = link::decode_onto(deployment, "model=custom").deployment;
        }
        for (field, from) in settings {
            let field = &SETTINGS[field];
            let _ = field.read(&mut deployment, &text(field.input, from));
        }
        deployment
    })
}

/// Deployments with sizes that every reader refuses, but that a user of the library may set.
fn absurd() -> impl Strategy<Value = Deployment> {
    let size = || {
        prop_oneof![
            Just(0),
            Just(1),
            Just(u64::from(u32::MAX)),
            Just(1 << 53),
            Just(i64::MAX as u64),
            Just(u64::MAX),
            any::<u64>()
        ]
    };
    let some = || proptest::option::of(size());
    let fraction = || {
        proptest::option::of(prop_oneof![
            Just(0.0),
            Just(1.0),
            Just(-1.0),
            Just(f64::NAN),
            Just(f64::INFINITY),
            Just(f64::MAX)
        ])
    };
    let limits = (some(), some(), some(), some(), size(), some(), some());
    let ranks =
        (prop_oneof![2 => Just(1u64), 1 => size()], prop_oneof![2 => Just(1u64), 1 => size()], some(), some(), some());
    let more = (size(), size(), size(), size(), some(), some(), some(), proptest::collection::vec(size(), 0..3));
    (anything(), limits, ranks, more, (fraction(), fraction(), fraction(), fraction())).prop_map(
        |(deployment, limits, ranks, more, (share, memory, free, other))| {
            let (batch, tokens, input, sequence, beam, block, most) = limits;
            let (lora, table, sinks, host, encoder, drafts, slots, windows) = more;
            Deployment {
                limits: BuildLimits {
                    max_batch_size: batch,
                    max_num_tokens: tokens,
                    max_seq_len: sequence,
                    max_beam_width: beam,
                    max_draft_len: drafts,
                },
                engine: EngineConfig {
                    max_input_len: input,
                    max_lora_rank: lora,
                    max_prompt_embedding_table_size: table,
                    sink_token_length: sinks,
                    max_encoder_input_len: encoder,
                    ..deployment.engine.clone()
                },
                kv_cache: KvCacheConfig {
                    tokens_per_block: block,
                    max_tokens: most,
                    host_cache_size: host,
                    max_attention_window: windows,
                    free_gpu_memory_fraction: share,
                    ..deployment.kv_cache.clone()
                },
                parallel: Parallelism {
                    tp_size: ranks.0,
                    pp_size: ranks.1,
                    moe_tp_size: ranks.2,
                    moe_ep_size: ranks.3,
                },
                machine: Machine {
                    gpus_per_node: ranks.4,
                    gpu_memory_gib: memory,
                    free_memory_gib: free,
                    other_memory_gib: other,
                    ..deployment.machine
                },
                pytorch: PytorchConfig { moe_load_balancer_slots: slots, ..deployment.pytorch },
                ..deployment
            }
        },
    )
}

/// Checks that the answer is a report whose figures have bands, or a list of problems that name a
/// setting and have a message.
fn is_answered(deployment: &Deployment) -> proptest::test_runner::TestCaseResult {
    match estimate(deployment) {
        Ok(report) => {
            prop_assert_eq!(report.ranks.len() as u64, deployment.world_size());
            crate::support::random::parts_add_up(deployment)?;
            prop_assert!(explain(deployment, 0).is_ok());
            prop_assert!(!report.sentence(Units::Binary).is_empty());
        }
        Err(problems) => {
            prop_assert!(!problems.0.is_empty());
            for problem in &problems.0 {
                prop_assert!(SETTINGS.iter().any(|field| field.key == problem.field), "{}", problem.field);
                prop_assert!(!problem.message.is_empty());
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn parts_add_up_to_the_total(deployment in engine()) {
        crate::support::random::parts_add_up(&deployment)?;
    }

    #[test]
    fn the_explanation_ends_in_the_reports_figures(deployment in engine()) {
        crate::support::random::explanations_end_in_the_report(&deployment)?;
    }

    #[test]
    fn the_ranks_hold_the_whole_checkpoint(deployment in engine()) {
        crate::support::random::ranks_hold_the_checkpoint(&deployment)?;
        let precision = Precision { quant_algo: Some(QuantAlgo::None), ..deployment.precision };
        crate::support::random::ranks_hold_the_checkpoint(&Deployment { precision, ..deployment })?;
    }

    #[test]
    fn more_ranks_never_mean_more_weights_on_each(deployment in engine()) {
        crate::support::random::more_ranks_never_mean_more_weights(&deployment)?;
    }

    #[test]
    fn larger_batches_never_take_less(deployment in engine()) {
        let batch = deployment.limits.max_batch_size.unwrap_or(256).min(1 << 19);
        let limits = BuildLimits { max_batch_size: Some(batch), ..deployment.limits };
        let deployment = Deployment { limits, ..deployment };
        let limits = BuildLimits { max_batch_size: Some(batch * 2), ..deployment.limits };
        let larger = Deployment { limits, ..deployment.clone() };
        if let (Some(small), Some(large)) = (report(&deployment), report(&larger)) {
            for contributor in [Contributor::Activations, Contributor::RuntimeBuffers, Contributor::DecoderBuffers] {
                prop_assert!(largest(&small, contributor) <= largest(&large, contributor));
            }
        }
    }

    #[test]
    fn the_kv_cache_holds_its_stated_tokens(deployment in engine()) {
        let Some(report) = report(&deployment) else { return Ok(()) };
        let kv = &report.kv_cache;
        prop_assert_eq!(kv.tokens, kv.blocks.saturating_mul(kv.tokens_per_block));
        if let Some(most) = deployment.kv_cache.max_tokens {
            prop_assert!(kv.tokens < most + kv.tokens_per_block);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, ..ProptestConfig::default() })]

    #[test]
    fn every_input_is_answered(deployment in anything()) {
        is_answered(&deployment)?;
    }

    #[test]
    fn every_deployment_is_answered(deployment in absurd()) {
        is_answered(&deployment)?;
    }
}

#[test]
fn stages_with_a_shared_explanation_hold_the_same() {
    for model in models() {
        for pp_size in [4, 6] {
            let deployment = Deployment {
                model: model.into(),
                version: "1.0".parse::<Version>().ok(),
                parallel: Parallelism { pp_size, ..Parallelism::default() },
                ..Deployment::engine()
            };
            let Some(report) = report(&deployment) else { continue };
            for rank in &report.ranks {
                for (contributor, explanation) in explain(&deployment, rank.rank).unwrap() {
                    let said = rank.figure(contributor).bytes;
                    assert_eq!(Bytes(explanation.value.round() as u64), said, "{} {}", model.name, contributor.label());
                }
            }
        }
    }
}

/// No setting makes weights disappear. Each setting is tried alone, on one rank and on several, for
/// the default model and for the first model of each family with experts.
#[test]
fn no_setting_makes_the_ranks_hold_less_than_the_checkpoint() {
    let values = ["true", "false", "0", "1", "2", "4", "8", "512", "4096", "65536", "1099511627776", "0.3", "4,3,4"];
    let default = Deployment::engine();
    let mut tried: Vec<&Architecture> = models().iter().filter(|model| model.name == default.model.name).collect();
    for model in models().iter().filter(|model| model.moe.is_some()) {
        if tried.iter().all(|known| known.family != model.family) {
            tried.push(model);
        }
    }
    for model in tried {
        for (backend, tp_size, moe_ep_size, pp_size) in [
            (Backend::TensorRt, 1, None, 1),
            (Backend::Pytorch, 1, None, 1),
            (Backend::Pytorch, 4, model.moe.map(|_| 4), 1),
            (Backend::Pytorch, 1, None, 2),
        ] {
            let plain = Deployment {
                model: model.into(),
                backend,
                parallel: Parallelism { tp_size, moe_ep_size, pp_size, ..Parallelism::default() },
                limits: BuildLimits { max_seq_len: Some(1024), ..BuildLimits::default() },
                ..Deployment::engine()
            };
            for field in SETTINGS.iter().filter(|field| field.flows.has(backend)) {
                let names = if let Input::Choice(names) = field.input { names } else { &values };
                for value in names {
                    let mut deployment = plain.clone();
                    if field.key != "model" && field.read(&mut deployment, value).is_ok() {
                        crate::support::random::ranks_hold_the_checkpoint(&deployment)
                            .unwrap_or_else(|error| panic!("{}={value}: {error}", field.key));
                    }
                }
            }
        }
    }
}
