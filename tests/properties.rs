//! What holds for every deployment, tried on random ones.
#![cfg(not(target_arch = "wasm32"))]

use proptest::prelude::*;
use trtllm_memory::architecture::models;
use trtllm_memory::deployment::{Deployment, KvCacheDtype, QuantAlgo, Version};
use trtllm_memory::gpu::gpus;
use trtllm_memory::memory::{Contributor, Report, estimate, explain};
use trtllm_memory::units::Bytes;

fn deployment() -> impl Strategy<Value = Deployment> {
    let what = (
        0..models().len(),
        0..gpus().len(),
        0..QuantAlgo::ALL.len(),
        0..KvCacheDtype::ALL.len(),
        0..Version::NAMES.len(),
    );
    let ranks = (0u32..4, 0u32..3, 0u32..3);
    let limits =
        (any::<Option<u32>>(), any::<Option<u32>>(), any::<Option<u32>>(), 1u64..=8, any::<bool>(), any::<bool>());
    let cache = (proptest::option::of(0.01..0.99f64), any::<Option<u32>>(), proptest::option::of(4u32..8));
    (what, ranks, limits, cache).prop_map(
        |((model, gpu, quant, kv, version), (tp, pp, ep), limits, (fraction, tokens, block))| {
            let (batch, num_tokens, sequence, beam, packed, fmha) = limits;
            let at_least_one = |limit: Option<u32>| limit.map(|limit| u64::from(limit >> (limit % 32)).max(1));
            Deployment {
                model: (&models()[model]).into(),
                gpu: &gpus()[gpu],
                quant_algo: QuantAlgo::ALL[quant],
                kv_cache_dtype: KvCacheDtype::ALL[kv],
                trtllm_version: Version::parse(Version::NAMES[version]),
                tp_size: 1 << tp,
                pp_size: 1 << pp,
                moe_ep_size: models()[model].moe.map(|_| 1 << ep.min(tp)),
                max_batch_size: at_least_one(batch),
                max_num_tokens: at_least_one(num_tokens),
                max_seq_len: at_least_one(sequence),
                max_beam_width: beam,
                remove_input_padding: packed,
                context_fmha: fmha,
                free_gpu_memory_fraction: fraction,
                max_tokens: at_least_one(tokens),
                tokens_per_block: block.map(|power| 1 << power),
                ..Deployment::default()
            }
        },
    )
}

/// The report, where the deployment is sound.
fn report(deployment: &Deployment) -> Option<Report> {
    estimate(deployment).ok()
}

fn largest(report: &Report, contributor: Contributor) -> Bytes {
    report.ranks.iter().map(|rank| rank.figure(contributor).bytes).max().unwrap_or_default()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn parts_add_up_to_the_total_where_it_fits(deployment in deployment()) {
        let Some(report) = report(&deployment) else { return Ok(()) };
        prop_assert_eq!(report.ranks.len() as u64, deployment.world_size());
        for rank in &report.ranks {
            if report.verdict.fits() {
                prop_assert_eq!(rank.used() + rank.free, rank.total);
            }
            for figure in &rank.contributors {
                prop_assert!(figure.low <= figure.bytes && figure.bytes <= figure.high);
            }
        }
    }

    #[test]
    fn more_ranks_never_mean_more_weights_on_each(deployment in deployment()) {
        // An engine for one rank may store a tied LM head once, with the embedding; engines for several have both.
        prop_assume!(!deployment.model.tied_embeddings);
        let wider = Deployment { tp_size: deployment.tp_size * 2, moe_ep_size: None, ..deployment.clone() };
        let deployment = Deployment { moe_ep_size: None, ..deployment };
        if let (Some(narrow), Some(wide)) = (report(&deployment), report(&wider)) {
            prop_assert!(largest(&wide, Contributor::Weights) <= largest(&narrow, Contributor::Weights));
        }
    }

    #[test]
    fn larger_batches_never_take_less(deployment in deployment()) {
        let batch = deployment.max_batch_size.unwrap_or(256).min(1 << 19);
        let deployment = Deployment { max_batch_size: Some(batch), ..deployment };
        let larger = Deployment { max_batch_size: Some(batch * 2), ..deployment.clone() };
        if let (Some(small), Some(large)) = (report(&deployment), report(&larger)) {
            for contributor in [Contributor::Activations, Contributor::RuntimeBuffers, Contributor::DecoderBuffers] {
                prop_assert!(largest(&small, contributor) <= largest(&large, contributor));
            }
        }
    }

    #[test]
    fn the_explanation_ends_in_the_reports_figures(deployment in deployment()) {
        let Some(report) = report(&deployment) else { return Ok(()) };
        for rank in [0, deployment.world_size() - 1] {
            let explained = explain(&deployment, rank).unwrap();
            for (contributor, explanation) in explained {
                prop_assert_eq!(Bytes(explanation.value.round() as u64), report.ranks[rank as usize].figure(contributor).bytes);
            }
        }
    }

    #[test]
    fn the_kv_cache_holds_what_it_says(deployment in deployment()) {
        let Some(report) = report(&deployment) else { return Ok(()) };
        let kv = &report.kv_cache;
        prop_assert_eq!(kv.tokens, kv.blocks.saturating_mul(kv.tokens_per_block));
        if let Some(most) = deployment.max_tokens {
            prop_assert!(kv.tokens < most + kv.tokens_per_block);
        }
    }
}

#[test]
fn stages_that_share_an_account_hold_the_same() {
    for model in models() {
        for pp_size in [4, 6] {
            let deployment = Deployment {
                model: model.into(),
                pp_size,
                trtllm_version: Version::parse("1.0"),
                ..Deployment::default()
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
