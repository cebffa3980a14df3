//! Properties of solved limits, advice, outlines, comparisons and commands, tested with random
//! deployments.
#![cfg(not(target_arch = "wasm32"))]

use proptest::prelude::*;
use trtllm_memory::architecture::models;
use trtllm_memory::deployment::{
    Backend, BuildLimits, Deployment, KvCacheConfig, KvCacheDtype, Parallelism, Precision, QuantAlgo, Version, setting,
};
use trtllm_memory::explore::advise::advise;
use trtllm_memory::explore::compare::compare;
use trtllm_memory::explore::repair::repairs;
use trtllm_memory::explore::solve::solve;
use trtllm_memory::explore::{Load, NumericSetting};
use trtllm_memory::export::commands::recipes;
use trtllm_memory::gpu::{GpuRef, gpus};
use trtllm_memory::link;
use trtllm_memory::memory::{estimate, outline};
use trtllm_memory::units::Units;

fn deployment() -> impl Strategy<Value = Deployment> {
    let what = (0..models().len(), 0..gpus().len(), any::<bool>());
    let precision =
        (proptest::option::of(0..QuantAlgo::ALL.len()), 0..KvCacheDtype::ALL.len(), 0..Version::NAMES.len());
    let limits = (
        0u32..12,
        6u32..16,
        6u32..18,
        1u64..=4,
        proptest::option::of((5u32..99).prop_map(|hundredths| f64::from(hundredths) / 100.0)),
    );
    (what, precision, (0u32..4, 0u32..3), limits).prop_map(
        |((model, gpu, pytorch), (quant, kv, version), (tp, pp), (batch, tokens, sequence, beam, fraction))| {
            Deployment {
                model: (&models()[model]).into(),
                gpu: GpuRef::from(&gpus()[gpu]),
                backend: if pytorch { Backend::Pytorch } else { Backend::TensorRt },
                version: Version::NAMES[version].parse::<Version>().ok(),
                precision: Precision {
                    quant_algo: quant.map(|quant| QuantAlgo::ALL[quant]),
                    kv_cache_dtype: KvCacheDtype::ALL[kv],
                    ..Precision::default()
                },
                parallel: Parallelism { tp_size: 1 << tp, pp_size: 1 << pp, ..Parallelism::default() },
                limits: BuildLimits {
                    max_batch_size: Some(1 << batch),
                    max_num_tokens: Some(1 << tokens),
                    max_seq_len: Some(1 << sequence),
                    max_beam_width: beam,
                    ..BuildLimits::default()
                },
                kv_cache: KvCacheConfig { free_gpu_memory_fraction: fraction, ..KvCacheConfig::default() },
                ..Deployment::engine()
            }
        },
    )
}

fn holds(deployment: &Deployment, load: Option<Load>) -> bool {
    estimate(deployment).is_ok_and(|report| match load {
        Some(load) => load.held_by(&report).is_ok(),
        None => report.verdict.fits(),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn a_solved_limit_holds_and_the_next_value_does_not(
        deployment in deployment(),
        knob in 0usize..40,
        load in proptest::option::of((1u64..200, 1u64..4000, 1u64..2000)),
    ) {
        let load = load.map(|(concurrency, input_len, output_len)| Load { concurrency, input_len, output_len });
        let knobs: Vec<NumericSetting> = NumericSetting::all(&deployment).collect();
        let key = knobs[knob % knobs.len()].row.key;
        let Ok(limits) = solve(&deployment, key, load) else { return Ok(()) };
        let at = |text: &str| setting(key).unwrap().with(&deployment, text).is_ok_and(|changed| holds(&changed, load));
        for end in [&limits.smallest, &limits.largest].into_iter().flatten() {
            prop_assert!(at(&end.text), "{key}={}", end.text);
            if let Some((next, _)) = &end.next {
                prop_assert!(!at(next), "{key}={next}");
            }
        }
        prop_assert_eq!(limits.fits, holds(&deployment, load), "{}", key);
    }

    #[test]
    fn every_advised_change_makes_the_deployment_fit(deployment in deployment()) {
        let Ok(advices) = advise(&deployment, None) else { return Ok(()) };
        prop_assert_eq!(advices.fits, holds(&deployment, None));
        for change in &advices.changes {
            prop_assert!(holds(&change.deployment, None), "{}", change.sentence(Units::Binary));
            prop_assert_ne!(&change.deployment, &deployment);
        }
    }

    #[test]
    fn every_repair_is_possible_and_has_the_result_that_it_states(deployment in deployment(), more in 1u64..=80) {
        let tp_size = deployment.parallel.tp_size * more;
        let wrong = Deployment { parallel: Parallelism { tp_size, ..deployment.parallel }, ..deployment };
        let found = repairs(&wrong, None);
        prop_assert!(found.len() <= 4);
        prop_assert!(found.is_empty() || !holds(&wrong, None), "it needs no repair");
        for repair in &found {
            let repaired = link::decode_onto(wrong.clone(), &repair.settings());
            prop_assert_eq!(&repaired.deployment, &repair.deployment, "{}", repair.settings());
            prop_assert!(repair.deployment.resolve().is_ok(), "{}", repair.label());
            prop_assert_eq!(repair.fits, holds(&repair.deployment, None), "{}", repair.label());
        }
    }

    #[test]
    fn an_outline_agrees_with_the_estimate(deployment in deployment()) {
        let Ok(resolved) = deployment.resolve() else { return Ok(()) };
        let (outline, report) = (outline(&resolved), estimate(&deployment).unwrap());
        prop_assert_eq!(&outline.verdict, &report.verdict);
        prop_assert_eq!(&outline.kv_cache, &report.kv_cache);
        for rank in &outline.ranks {
            prop_assert_eq!(rank, &report.ranks[rank.rank as usize]);
        }
        for rank in &report.ranks {
            prop_assert!(outline.ranks.iter().any(|other| other.is_like(rank)));
        }
    }

    #[test]
    fn a_link_keeps_the_pinned_deployment(current in deployment(), pinned in deployment()) {
        let text = link::encode_compared(&current, &pinned);
        let decoded = link::decode(&text);
        prop_assert_eq!(decoded.problems, vec![]);
        prop_assert_eq!(decoded.deployment, current.clone());
        prop_assert_eq!(link::pinned(&text).unwrap().deployment, pinned.clone());
        let escaped: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
        prop_assert_eq!(link::pinned(&escaped).map(|decoded| decoded.deployment), Some(pinned.clone()));
        if let Ok(comparison) = compare(&pinned, &current)
            && comparison.settings.is_empty()
        {
            prop_assert!(comparison.differences().iter().all(|row| row.bytes() == 0));
        }
    }

    #[test]
    fn every_valid_deployment_has_start_commands(deployment in deployment()) {
        match recipes(&deployment) {
            Ok(recipes) => {
                prop_assert!(!recipes.is_empty());
                for step in recipes.iter().flat_map(|recipe| &recipe.steps) {
                    prop_assert!(step.text.ends_with('\n') && !step.text.contains(" \n"));
                }
            }
            Err(_) => prop_assert!(deployment.resolve().is_err()),
        }
    }
}

#[test]
fn a_missing_pin_is_none_and_a_nested_pin_is_ignored() {
    assert_eq!(link::pinned("tp_size=2"), None);
    let inner = link::encode_compared(
        &Deployment::engine(),
        &Deployment { parallel: Parallelism { tp_size: 8, ..Parallelism::default() }, ..Deployment::engine() },
    );
    let outer = format!("v=1&compare={}", inner.replace('%', "%25").replace('&', "%26").replace('=', "%3D"));
    let pinned = link::pinned(&outer).unwrap();
    assert_eq!((pinned.deployment, pinned.problems), (Deployment::engine(), vec![]));
}
