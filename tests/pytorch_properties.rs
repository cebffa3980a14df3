//! What holds for every deployment of the PyTorch backend, tried on random ones.
#![cfg(not(target_arch = "wasm32"))]

use proptest::prelude::*;
use trtllm_memory::architecture::models;
use trtllm_memory::deployment::{
    AllreduceStrategy, Backend, DecodingType, Deployment, KvCacheDtype, MoeBackend, QuantAlgo, Version,
};
use trtllm_memory::formats::link;
use trtllm_memory::gpu::gpus;
use trtllm_memory::memory::{Contributor, Report, estimate, explain};
use trtllm_memory::units::Bytes;

fn index(of: usize) -> std::ops::Range<usize> {
    0..of
}

fn deployment() -> impl Strategy<Value = Deployment> {
    let what = (
        index(models().len()),
        index(gpus().len()),
        index(QuantAlgo::ALL.len()),
        index(KvCacheDtype::ALL.len()),
        proptest::option::of(index(Version::NAMES.len())),
    );
    let ranks =
        (0u32..6, 0u32..3, 0u32..6, any::<bool>(), index(MoeBackend::ALL.len()), index(AllreduceStrategy::ALL.len()));
    let limits =
        (any::<Option<u32>>(), any::<Option<u32>>(), any::<Option<u32>>(), any::<Option<u32>>(), any::<bool>());
    let more = (
        index(DecodingType::ALL.len()),
        proptest::option::of(1u64..16),
        any::<Option<u32>>(),
        0u64..1 << 40,
        any::<bool>(),
    );
    (what, ranks, limits, more, proptest::option::of((1u32..99).prop_map(|share| f64::from(share) / 100.0))).prop_map(
        |(what, ranks, limits, more, fraction)| {
            let (model, gpu, quant, kv, version) = what;
            let (tp, pp, ep, attention_dp, moe, all_reduce) = ranks;
            let (batch, num_tokens, sequence, graphs, padding) = limits;
            let (decoding, drafts, buffer, most_bytes, overlap) = more;
            let small = |limit: Option<u32>| limit.map(|limit| u64::from(limit >> (limit % 32)).clamp(1, 1 << 20));
            Deployment {
                backend: Backend::Pytorch,
                model: (&models()[model]).into(),
                gpu: &gpus()[gpu],
                quant_algo: QuantAlgo::ALL[quant],
                kv_cache_dtype: KvCacheDtype::ALL[kv],
                trtllm_version: version.and_then(|version| Version::parse(Version::NAMES[version])),
                tp_size: 1 << tp,
                pp_size: 1 << pp,
                moe_ep_size: models()[model].moe.map(|_| 1 << ep.min(tp)),
                enable_attention_dp: attention_dp,
                moe_backend: MoeBackend::ALL[moe],
                moe_load_balancer_slots: models()[model].moe.filter(|_| padding).map(|moe| moe.experts << ep),
                allreduce_strategy: AllreduceStrategy::ALL[all_reduce],
                max_batch_size: small(batch),
                max_num_tokens: small(num_tokens),
                max_seq_len: small(sequence),
                cuda_graph_max_batch_size: small(graphs).map(|graphs| graphs % 4096),
                cuda_graph_enable_padding: padding,
                decoding_type: DecodingType::ALL[decoding],
                max_draft_len: drafts,
                cache_transceiver_max_tokens_in_buffer: small(buffer).unwrap_or(0),
                max_gpu_total_bytes: if overlap { most_bytes } else { 0 },
                disable_overlap_scheduler: overlap,
                free_gpu_memory_fraction: fraction,
                ..Deployment::default()
            }
        },
    )
}

fn report(deployment: &Deployment) -> Option<Report> {
    estimate(deployment).ok()
}

fn largest(report: &Report, contributor: Contributor) -> Bytes {
    report.ranks.iter().map(|rank| rank.figure(contributor).bytes).max().unwrap_or_default()
}

const PREDICTED: [Contributor; 4] =
    [Contributor::Weights, Contributor::Activations, Contributor::RuntimeBuffers, Contributor::DecoderBuffers];

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
    fn the_explanation_ends_in_the_reports_figures(deployment in deployment()) {
        let Some(report) = report(&deployment) else { return Ok(()) };
        for rank in [0, deployment.world_size() - 1] {
            for (contributor, explanation) in explain(&deployment, rank).unwrap() {
                let shown = report.ranks[rank as usize].figure(contributor).bytes;
                prop_assert_eq!(Bytes(explanation.value.round() as u64), shown, "{}", contributor.key());
            }
        }
    }

    #[test]
    fn the_kv_cache_stays_within_its_share_and_limit(deployment in deployment()) {
        let Some(report) = report(&deployment) else { return Ok(()) };
        let fraction = deployment.free_gpu_memory_fraction.unwrap_or(0.9);
        for rank in &report.ranks {
            let cache = rank.figure(Contributor::KvCache).bytes.0 as f64;
            let block = report.kv_cache.bytes_per_token * report.kv_cache.tokens_per_block as f64;
            prop_assert!(cache <= fraction * rank.available.0 as f64 + 2.0 * block + 1.0 || deployment.pp_size > 1);
            if deployment.max_gpu_total_bytes > 0 && deployment.pp_size == 1 {
                prop_assert!(cache <= deployment.max_gpu_total_bytes as f64 + 2.0 * block);
            }
        }
    }

    #[test]
    fn larger_batches_and_steps_never_take_less(deployment in deployment()) {
        let batch = deployment.max_batch_size.unwrap_or(256).min(1 << 19);
        let tokens = deployment.max_num_tokens.unwrap_or(8192).min(1 << 30);
        let small = Deployment { max_batch_size: Some(batch), max_num_tokens: Some(tokens), ..deployment };
        for large in [
            Deployment { max_batch_size: Some(batch * 2), ..small.clone() },
            Deployment { max_num_tokens: Some(tokens * 2), ..small.clone() },
        ] {
            if let (Some(small), Some(large)) = (report(&small), report(&large)) {
                for contributor in PREDICTED {
                    prop_assert!(largest(&small, contributor) <= largest(&large, contributor), "{}", contributor.key());
                }
            }
        }
    }

    #[test]
    fn more_ranks_never_mean_more_weights_on_each(deployment in deployment()) {
        let plain = Deployment { moe_ep_size: None, moe_load_balancer_slots: None, ..deployment };
        let wider = Deployment { tp_size: plain.tp_size * 2, ..plain.clone() };
        if let (Some(narrow), Some(wide)) = (report(&plain), report(&wider)) {
            prop_assert!(largest(&wide, Contributor::Weights) <= largest(&narrow, Contributor::Weights));
        }
    }

    #[test]
    fn a_link_brings_a_deployment_back(deployment in deployment()) {
        let decoded = link::decode(&link::encode(&deployment));
        prop_assert!(decoded.problems.is_empty(), "{:?}", decoded.problems);
        prop_assert_eq!(decoded.deployment, deployment);
    }
}
