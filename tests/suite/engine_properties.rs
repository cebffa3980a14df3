//! Properties of every TensorRT deployment, tested with random run-time settings, draft tokens,
//! adapters and windows.
#![cfg(not(target_arch = "wasm32"))]

use crate::support::random::report;
use proptest::prelude::*;
use trtllm_memory::architecture::models;
use trtllm_memory::deployment::{
    BuildLimits, Deployment, EngineConfig, KvCacheConfig, KvCacheType, LoraModule, Parallelism, Runtime,
    SpeculativeDecodingMode as Mode, Version,
};
use trtllm_memory::link;
use trtllm_memory::memory::{Contributor, Limit};

fn deployment() -> impl Strategy<Value = Deployment> {
    let what = (0..models().len(), 0..Version::NAMES.len(), 0u32..4, 0u32..3);
    let limits = (0u32..14, 0u32..18, 4u32..18, prop_oneof![4 => Just(1u64), 1 => 2u64..70]);
    let run = (0..Runtime::ALL.len() * 3, any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let drafts = (0..Mode::ALL.len() * 2, proptest::option::of(1u64..200));
    let cache = (
        proptest::collection::vec(0u32..18, 0..4),
        0u64..200,
        0u32..40,
        proptest::option::of(0u32..30),
        any::<bool>(),
        prop_oneof![Just(0u64), Just(8), Just(64)],
    );
    (what, limits, run, drafts, cache).prop_map(|(what, limits, run, drafts, cache)| {
        let (model, version, tp, pp) = what;
        let (batch, tokens, sequence, beams) = limits;
        let (runtime, overlap, gather, context, guided, graphs) = run;
        let (windows, sinks, host, most, continuous, rank) = cache;
        Deployment {
            model: (&models()[model]).into(),
            version: Version::NAMES[version].parse::<Version>().ok(),
            parallel: Parallelism { tp_size: 1 << tp, pp_size: 1 << pp, ..Parallelism::default() },
            limits: BuildLimits {
                max_batch_size: Some(1 << batch),
                max_num_tokens: Some(1 << tokens),
                max_seq_len: Some(1 << sequence),
                max_beam_width: beams,
                max_draft_len: drafts.1,
            },
            engine: EngineConfig {
                runtime_max_batch_size: Some(1 << (batch / 2)),
                runtime: *Runtime::ALL.get(runtime).unwrap_or(&Runtime::Executor),
                enable_trt_overlap: overlap,
                gather_generation_logits: gather,
                gather_context_logits: context,
                guided_decoding: guided,
                cuda_graph_mode: graphs,
                cuda_graph_cache_size: 16,
                speculative_decoding_mode: *Mode::ALL.get(drafts.0).unwrap_or(&Mode::None),
                sink_token_length: sinks,
                kv_cache_type: if continuous && runtime % 3 == 1 {
                    KvCacheType::Continuous
                } else {
                    KvCacheType::Paged
                },
                max_lora_rank: rank,
                lora_target_modules: LoraModule::ALL.iter().copied().take(version).collect(),
                ..EngineConfig::default()
            },
            kv_cache: KvCacheConfig {
                max_attention_window: windows.iter().map(|power| 1 << power).collect(),
                host_cache_size: 1 << host,
                max_tokens: most.map(|power| 1 << power),
                ..KvCacheConfig::default()
            },
            ..Deployment::engine()
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 768, ..ProptestConfig::default() })]

    #[test]
    fn the_phases_of_the_start_agree_with_the_verdict(deployment in deployment()) {
        let Some((report, starts)) = crate::start_up::of(&deployment) else { return Ok(()) };
        crate::start_up::check(&link::encode(&deployment), &report, &starts);
    }

    #[test]
    fn parts_add_up_and_are_explained(deployment in deployment()) {
        crate::support::random::parts_add_up(&deployment)?;
        crate::support::random::explanations_end_in_the_report(&deployment)?;
    }

    #[test]
    fn pools_hold_the_stated_concurrency(deployment in deployment(), input in 1u64..5000, output in 1u64..5000) {
        let Some(report) = report(&deployment) else { return Ok(()) };
        let kv = &report.kv_cache;
        let now = kv.concurrency(input, output);
        // Beams share only whole blocks of the prompt: a token that fills one moves it from every
        // beam to the shared blocks (`KVCacheManager::calculateMaxBlockRequirements`).
        let sinks = deployment.engine.sink_token_length;
        let shared = input + 1 + sinks.next_multiple_of(kv.tokens_per_block) - sinks;
        let fills_a_block = deployment.limits.max_beam_width > 1 && shared.is_multiple_of(kv.tokens_per_block);
        prop_assert!(fills_a_block || kv.concurrency(input + 1, output).requests <= now.requests);
        prop_assert!(kv.concurrency(input, output + 1).requests <= now.requests);
        if now.limit == Limit::MaxBatchSize {
            prop_assert!(now.requests <= deployment.limits.max_batch_size.unwrap() * deployment.parallel.pp_size);
        }
        for pool in &kv.windows {
            let least = (input + output).min(pool.tokens).div_ceil(kv.tokens_per_block);
            prop_assert!(now.requests.saturating_mul(least) <= pool.blocks || deployment.limits.max_beam_width > 1);
        }
        prop_assert!(kv.max_sequences_low <= kv.max_sequences);
    }

    #[test]
    fn a_larger_running_batch_never_takes_less(deployment in deployment()) {
        let small = Deployment {
            engine: EngineConfig { runtime_max_batch_size: Some(4), ..deployment.engine.clone() },
            limits: BuildLimits { max_batch_size: Some(1 << 13), ..deployment.limits },
            ..deployment
        };
        let large = Deployment {
            engine: EngineConfig { runtime_max_batch_size: Some(9), ..small.engine.clone() },
            ..small.clone()
        };
        let (Some(small), Some(large)) = (report(&small), report(&large)) else { return Ok(()) };
        for (small, large) in small.ranks.iter().zip(&large.ranks) {
            for contributor in [Contributor::RuntimeBuffers, Contributor::DecoderBuffers] {
                prop_assert!(small.figure(contributor).bytes <= large.figure(contributor).bytes);
            }
        }
    }
}
