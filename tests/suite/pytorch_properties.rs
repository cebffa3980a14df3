//! Properties of all deployments of the PyTorch backend, tested with random deployments.
#![cfg(not(target_arch = "wasm32"))]

use crate::support::random::{largest, pytorch, report};
use proptest::prelude::*;
use trtllm_memory::deployment::{BuildLimits, Deployment, Precision, QuantAlgo};
use trtllm_memory::link;
use trtllm_memory::memory::Contributor;

const PREDICTED: [Contributor; 4] =
    [Contributor::Weights, Contributor::Activations, Contributor::RuntimeBuffers, Contributor::DecoderBuffers];

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn parts_add_up_to_the_total(deployment in pytorch()) {
        crate::support::random::parts_add_up(&deployment)?;
    }

    #[test]
    fn the_explanation_ends_in_the_reports_figures(deployment in pytorch()) {
        crate::support::random::explanations_end_in_the_report(&deployment)?;
    }

    #[test]
    fn the_phases_of_the_start_agree_with_the_verdict(deployment in pytorch()) {
        let Some((report, starts)) = crate::start_up::of(&deployment) else { return Ok(()) };
        crate::start_up::check(&link::encode(&deployment), &report, &starts);
    }

    #[test]
    fn the_ranks_hold_the_whole_checkpoint(deployment in pytorch()) {
        crate::support::random::ranks_hold_the_checkpoint(&deployment)?;
        let precision = Precision { quant_algo: Some(QuantAlgo::None), ..deployment.precision };
        crate::support::random::ranks_hold_the_checkpoint(&Deployment { precision, ..deployment })?;
    }

    #[test]
    fn more_ranks_never_mean_more_weights_on_each(deployment in pytorch()) {
        crate::support::random::more_ranks_never_mean_more_weights(&deployment)?;
    }

    #[test]
    fn the_kv_cache_stays_within_its_share_and_limit(deployment in pytorch()) {
        let Some(report) = report(&deployment) else { return Ok(()) };
        let fraction = deployment.kv_cache.free_gpu_memory_fraction.unwrap_or(0.9);
        for rank in &report.ranks {
            let cache = rank.figure(Contributor::KvCache).bytes.0 as f64;
            let block = report.kv_cache.bytes_per_token * report.kv_cache.tokens_per_block as f64;
            let share = fraction * rank.available.0 as f64;
            prop_assert!(cache <= share + 2.0 * block + 1.0 || deployment.parallel.pp_size > 1);
            if deployment.pytorch.max_gpu_total_bytes > 0 && deployment.parallel.pp_size == 1 {
                prop_assert!(cache <= deployment.pytorch.max_gpu_total_bytes as f64 + 2.0 * block);
            }
        }
    }

    #[test]
    fn larger_batches_and_steps_never_take_less(deployment in pytorch()) {
        let batch = deployment.limits.max_batch_size.unwrap_or(256).min(1 << 19);
        let tokens = deployment.limits.max_num_tokens.unwrap_or(8192).min(1 << 30);
        let limits =
            BuildLimits { max_batch_size: Some(batch), max_num_tokens: Some(tokens), ..deployment.limits };
        let small = Deployment { limits, ..deployment };
        for large in [
            Deployment { limits: BuildLimits { max_batch_size: Some(batch * 2), ..small.limits }, ..small.clone() },
            Deployment { limits: BuildLimits { max_num_tokens: Some(tokens * 2), ..small.limits }, ..small.clone() },
        ] {
            if let (Some(small), Some(large)) = (report(&small), report(&large)) {
                for contributor in PREDICTED {
                    prop_assert!(largest(&small, contributor) <= largest(&large, contributor), "{}", contributor.key());
                }
            }
        }
    }

    #[test]
    fn a_link_restores_its_deployment(deployment in pytorch()) {
        let decoded = link::decode(&link::encode(&deployment));
        prop_assert!(decoded.problems.is_empty(), "{:?}", decoded.problems);
        prop_assert_eq!(decoded.deployment, deployment);
    }
}
