//! Random deployments of either backend, and properties that hold for all of them, shared by the
//! property tests.

use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use trtllm_memory::architecture::{Tensor, TensorKind, models};
use trtllm_memory::deployment::{
    AllreduceStrategy, Backend, BuildLimits, DecodingType, Deployment, EngineConfig, KvCacheConfig, KvCacheDtype,
    MoeBackend, Parallelism, PluginConfig, Precision, PytorchConfig, QuantAlgo, Version,
};
use trtllm_memory::gpu::{GpuRef, gpus};
use trtllm_memory::memory::{Contributor, Report, estimate, explain};
use trtllm_memory::units::Bytes;

/// A limit, or `None`; small limits are as frequent as large limits.
fn limit() -> impl Strategy<Value = Option<u64>> {
    any::<Option<u32>>().prop_map(|limit| limit.map(|limit| u64::from(limit >> (limit % 32)).max(1)))
}

/// A deployment with a random model, GPU, precision, parallelism and limits.
fn served() -> impl Strategy<Value = Deployment> {
    let what = (
        0..models().len(),
        0..gpus().len(),
        proptest::option::of(0..QuantAlgo::ALL.len()),
        0..KvCacheDtype::ALL.len(),
        proptest::option::of(0..Version::NAMES.len()),
    );
    let fraction = proptest::option::of((1u32..99).prop_map(|hundredths| f64::from(hundredths) / 100.0));
    (what, (0u32..6, 0u32..3, 0u32..6), (limit(), limit(), limit()), fraction).prop_map(
        |((model, gpu, quant, kv, version), (tp, pp, ep), (batch, tokens, sequence), fraction)| Deployment {
            model: (&models()[model]).into(),
            gpu: GpuRef::from(&gpus()[gpu]),
            version: version.and_then(|version| Version::NAMES[version].parse::<Version>().ok()),
            precision: Precision {
                quant_algo: quant.map(|quant| QuantAlgo::ALL[quant]),
                kv_cache_dtype: KvCacheDtype::ALL[kv],
                ..Precision::default()
            },
            parallel: Parallelism {
                tp_size: 1 << tp,
                pp_size: 1 << pp,
                moe_ep_size: models()[model].moe.map(|_| 1 << ep.min(tp)),
                ..Parallelism::default()
            },
            limits: BuildLimits {
                max_batch_size: batch,
                max_num_tokens: tokens,
                max_seq_len: sequence,
                ..BuildLimits::default()
            },
            kv_cache: KvCacheConfig { free_gpu_memory_fraction: fraction, ..KvCacheConfig::default() },
            ..Deployment::engine()
        },
    )
}

/// A random deployment of a TensorRT engine.
pub(crate) fn engine() -> impl Strategy<Value = Deployment> {
    let knobs = (1u64..=8, any::<bool>(), any::<bool>(), limit(), proptest::option::of(4u32..8), any::<Option<bool>>());
    (served(), knobs).prop_map(|(served, (beam, packed, fmha, tokens, block, parallel))| Deployment {
        limits: BuildLimits { max_beam_width: beam, ..served.limits },
        kv_cache: KvCacheConfig {
            max_tokens: tokens,
            tokens_per_block: block.map(|power| 1 << power),
            ..served.kv_cache.clone()
        },
        engine: EngineConfig {
            use_parallel_embedding: parallel,
            plugins: PluginConfig { remove_input_padding: packed, context_fmha: fmha, ..served.engine.plugins },
            ..served.engine.clone()
        },
        ..served
    })
}

/// A random deployment of the PyTorch backend.
pub(crate) fn pytorch() -> impl Strategy<Value = Deployment> {
    let ranks = (0..MoeBackend::ALL.len(), 0..AllreduceStrategy::ALL.len(), 0u32..6, any::<bool>(), any::<bool>());
    let drafts = (0..DecodingType::ALL.len(), proptest::option::of(1u64..16));
    let memory = (limit(), limit(), 0u64..1 << 40, any::<bool>());
    (served(), ranks, drafts, memory).prop_map(|(served, ranks, (decoding, drafts), memory)| {
        let (moe, all_reduce, slots, attention_dp, padding) = ranks;
        let (graphs, buffer, most_bytes, overlap) = memory;
        let small = |limit: Option<u64>| limit.map(|limit| limit.min(1 << 20));
        Deployment {
            backend: Backend::Pytorch,
            pytorch: PytorchConfig {
                enable_attention_dp: attention_dp,
                moe_backend: MoeBackend::ALL[moe],
                moe_load_balancer_slots: served.model.moe.filter(|_| padding).map(|moe| moe.experts << slots),
                allreduce_strategy: AllreduceStrategy::ALL[all_reduce],
                cuda_graph_max_batch_size: graphs.map(|graphs| graphs % 4096),
                cuda_graph_enable_padding: padding,
                decoding_type: DecodingType::ALL[decoding],
                cache_transceiver_max_tokens_in_buffer: small(buffer).unwrap_or(0),
                max_gpu_total_bytes: if overlap { most_bytes } else { 0 },
                disable_overlap_scheduler: overlap,
                ..served.pytorch
            },
            limits: BuildLimits {
                max_batch_size: small(served.limits.max_batch_size),
                max_num_tokens: small(served.limits.max_num_tokens),
                max_seq_len: small(served.limits.max_seq_len),
                max_draft_len: drafts,
                ..served.limits
            },
            ..served
        }
    })
}

/// The report, or `None` if the deployment is invalid.
pub(crate) fn report(deployment: &Deployment) -> Option<Report> {
    estimate(deployment).ok()
}

/// The largest number of bytes of a contributor on any rank.
pub(crate) fn largest(report: &Report, contributor: Contributor) -> Bytes {
    report.ranks.iter().map(|rank| rank.figure(contributor).bytes).max().unwrap_or_default()
}

/// Checks the sums of every rank and the band of every figure.
///
/// The used bytes are the sum of the contributors. If the deployment fits, used and free bytes
/// together are exactly the GPU's memory.
pub(crate) fn parts_add_up(deployment: &Deployment) -> TestCaseResult {
    let Some(report) = report(deployment) else { return Ok(()) };
    prop_assert_eq!(report.ranks.len() as u64, deployment.world_size());
    for rank in &report.ranks {
        let parts = rank.contributors.iter().fold(0, |sum: u64, figure| sum.saturating_add(figure.bytes.0));
        prop_assert_eq!(rank.used(), Bytes(parts));
        prop_assert_eq!(rank.total.0.saturating_sub(parts), rank.free.0);
        if report.verdict.fits() {
            prop_assert_eq!(rank.used() + rank.free, rank.total);
            prop_assert!(rank.after_kv_cache <= rank.figure(Contributor::Overhead).bytes);
        }
        for figure in &rank.contributors {
            prop_assert!(figure.low <= figure.bytes && figure.bytes <= figure.high);
        }
    }
    Ok(())
}

/// Checks that the laws give the same bytes with traced numbers as with plain numbers.
pub(crate) fn explanations_end_in_the_report(deployment: &Deployment) -> TestCaseResult {
    let Some(report) = report(deployment) else { return Ok(()) };
    for rank in [0, deployment.world_size() - 1] {
        let explained =
            explain(deployment, rank).map_err(|_| TestCaseError::fail("a valid deployment has no explanation"))?;
        for (contributor, explanation) in explained {
            let shown = report.ranks[rank as usize].figure(contributor).bytes;
            prop_assert_eq!(Bytes(explanation.value.round() as u64), shown, "{}", contributor.key());
        }
    }
    Ok(())
}

/// Checks that all ranks together hold at least the checkpoint: all parameters in their stored
/// type. A quantized parameter takes at least half a byte. An encoder is excluded, because it is a
/// separate engine.
pub(crate) fn ranks_hold_the_checkpoint(deployment: &Deployment) -> TestCaseResult {
    let (Some(report), Ok(resolved)) = (report(deployment), deployment.resolve()) else { return Ok(()) };
    let held: f64 = report.ranks.iter().map(|rank| rank.figure(Contributor::Weights).bytes.0 as f64).sum();
    let tensors = resolved.model.shared_tensors();
    let encoder: u64 = tensors
        .encoder
        .iter()
        .map(|encoder| {
            let ends = encoder.ends.iter().filter(|tensor| tensor.kind != TensorKind::Embedding);
            let layer: u64 = encoder.layer.iter().map(Tensor::elements).sum();
            ends.map(Tensor::elements).sum::<u64>() + layer * u64::from(encoder.layers)
        })
        .sum();
    let element =
        if deployment.quant_algo() == QuantAlgo::None { resolved.precision.dtype.bytes() as f64 } else { 0.5 };
    let least = (tensors.elements - encoder) as f64 * element;
    prop_assert!(held >= least * 0.9999, "{held:.0} of {least:.0} bytes of {}", resolved.model.name);
    Ok(())
}

/// Checks that doubling the tensor parallelism never increases the weights of the fullest rank.
///
/// An engine for one rank may store a tied LM head once, with the embedding. Engines for several
/// ranks store both, so a rank's share of the head may be added.
pub(crate) fn more_ranks_never_mean_more_weights(deployment: &Deployment) -> TestCaseResult {
    let narrow = Deployment {
        parallel: Parallelism { moe_ep_size: None, ..deployment.parallel },
        pytorch: PytorchConfig { moe_load_balancer_slots: None, ..deployment.pytorch },
        ..deployment.clone()
    };
    let wide = Deployment {
        parallel: Parallelism { tp_size: narrow.parallel.tp_size * 2, ..narrow.parallel },
        ..narrow.clone()
    };
    let (Some(before), Some(after)) = (report(&narrow), report(&wide)) else { return Ok(()) };
    let head_once = narrow.backend == Backend::TensorRt && narrow.model.tied_embeddings && narrow.parallel.tp_size == 1;
    // A value of the head takes at most four bytes, and the vocabulary is padded to 64 entries per
    // rank.
    let head = narrow.model.vocab.next_multiple_of(64 * wide.parallel.tp_size) * narrow.model.hidden * 4
        / wide.parallel.tp_size;
    let most = largest(&before, Contributor::Weights).0 + if head_once { head } else { 0 };
    prop_assert!(largest(&after, Contributor::Weights).0 <= most);
    Ok(())
}
