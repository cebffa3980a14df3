//! The KV cache of TensorRT engines, its contents, the deprecated runtimes, and the verdict at each
//! start-up stage.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::support::report;
use trtllm_memory::deployment::Note;
use trtllm_memory::memory::{Binding, Concurrency, Contributor, Limit, Report, Stage, Verdict};
use trtllm_memory::units::{Bytes, GIB, MIB, Units};

fn bytes(report: &Report, contributor: Contributor) -> Bytes {
    report.ranks[0].figure(contributor).bytes
}

fn stage(report: &Report) -> Option<Stage> {
    match report.verdict {
        Verdict::Fits { .. } => None,
        Verdict::Fails { stage, .. } => Some(stage),
    }
}

fn note<'a>(report: &'a Report, field: &str) -> Option<&'a Note> {
    report.notes.iter().find(|note| note.field == field)
}

const LLAMA: &str = "model=meta-llama/Llama-2-7b-hf&max_batch_size=64&max_seq_len=2048&tokens_per_block=64";

#[test]
fn max_tokens_overrides_the_fraction_only_until_0_19() {
    let asked = format!("{LLAMA}&free_memory_gib=10&max_tokens=64000");
    let before = report(&format!("{asked}&trtllm_version=0.19"));
    assert_eq!((before.kv_cache.tokens, before.kv_cache.binding), (64_000, Binding::MaxTokens));
    let after = report(&format!("{asked}&trtllm_version=0.20"));
    let held = (0.9 * 10.0 * GIB as f64 / 524_288.0 / 64.0).ceil() as u64;
    assert_eq!((after.kv_cache.blocks, after.kv_cache.binding), (held, Binding::FreeGpuMemoryFraction));
    let both = report(&format!("{asked}&trtllm_version=0.19&free_gpu_memory_fraction=0.5"));
    assert_eq!(both.kv_cache.blocks, 160);
}

#[test]
fn the_rank_with_the_least_memory_limits_all_ranks() {
    let report =
        report("model=meta-llama/Llama-2-13b-hf&pp_size=2&max_batch_size=512&max_seq_len=4096&trtllm_version=0.18");
    assert_eq!(report.kv_cache.tightest_rank, 1, "the last stage has the logits and the sampler");
    let [first, last] = &report.ranks[..] else { panic!("two ranks") };
    assert_eq!(first.figure(Contributor::KvCache).bytes, last.figure(Contributor::KvCache).bytes);
    assert!(first.free > last.free);
}

const GEMMA_LIKE: &str =
    "model=meta-llama/Llama-2-7b-hf&max_seq_len=32768&max_batch_size=8&tokens_per_block=64&free_memory_gib=44.4444444";

/// The report for a model in which seven of eight layers have a window of 1024 tokens.
fn windows(version: &str) -> Report {
    report(&format!(
        "{GEMMA_LIKE}&max_attention_window=1024,1024,1024,1024,1024,1024,1024,32768&trtllm_version={version}"
    ))
}

#[test]
fn windows_share_memory_by_the_rule_of_each_version() {
    let one_pool = windows("0.19");
    assert_eq!(one_pool.kv_cache.windows.len(), 1);
    assert_eq!(one_pool.kv_cache.windows[0].tokens, 32_768);
    assert!(note(&one_pool, "max_attention_window").is_some(), "a small window saves no memory in this version");

    let pool_bytes = |report: &Report, place: usize| {
        let pool = report.kv_cache.windows[place];
        pool.blocks as f64 * 64.0 * pool.bytes_per_token / GIB as f64
    };
    let by_length = windows("0.21");
    let [local, full] = by_length.kv_cache.windows[..] else { panic!("two pools") };
    assert_eq!((local.tokens, local.layers, full.tokens, full.layers), (1024, 28, 32_768, 4));
    let share = 32_768.0 * 4.0 / (32_768.0 * 4.0 + 1024.0 * 28.0);
    assert!((pool_bytes(&by_length, 1) - 40.0 * share).abs() < 0.01);
    assert!((pool_bytes(&by_length, 0) - 40.0 * (1.0 - share)).abs() < 0.03);

    let equal = windows("1.0");
    assert!((pool_bytes(&equal, 0) - 20.0).abs() < 0.03 && (pool_bytes(&equal, 1) - 20.0).abs() < 0.01);
    assert!(equal.kv_cache.max_sequences < by_length.kv_cache.max_sequences);
    assert!(by_length.kv_cache.max_sequences > one_pool.kv_cache.max_sequences);

    let capped = report(&format!("{GEMMA_LIKE}&max_attention_window=1024,32768&trtllm_version=1.0&max_tokens=1000"));
    assert!(capped.kv_cache.tokens > 1000, "the latest versions ignore max_tokens with several pools");
    assert!(note(&capped, "max_tokens").is_some());
    assert_eq!(capped.kv_cache.binding, Binding::FreeGpuMemoryFraction);
}

#[test]
fn the_sizes_of_several_pools_add_up() {
    let report = windows("0.21");
    let pools: f64 = report.kv_cache.windows.iter().map(|pool| pool.blocks as f64 * 64.0 * pool.bytes_per_token).sum();
    assert_eq!(bytes(&report, Contributor::KvCache).0 as f64, pools);
}

#[test]
fn pages_include_the_window_its_sinks_and_the_longer_prompt() {
    let pages = |more: &str| report(&format!("{}&{more}", LLAMA.replace("2048", "8192"))).kv_cache.pages_per_sequence;
    assert_eq!(pages("trtllm_version=0.16"), 128);
    assert_eq!(pages("trtllm_version=0.16&max_attention_window=1024"), 16);
    assert_eq!(pages("trtllm_version=0.16&max_attention_window=1024&sink_token_length=4"), 17);
    assert_eq!(pages("trtllm_version=0.16&max_attention_window=1024&max_beam_width=2"), 17);
    assert_eq!(pages("trtllm_version=0.18&max_attention_window=1024&max_num_tokens=4096"), 64);
    assert_eq!(pages("trtllm_version=1.0&max_attention_window=1024"), 128);
}

/// An NVFP4 cache has a pool of scales beside each pool of values, with a separate table of block
/// offsets: 64 sequences of 2048 / 64 pages, eight bytes each.
#[test]
fn scales_of_an_nvfp4_cache_have_separate_offset_tables() {
    let after_kv_cache = |dtype: &str| {
        let link = format!("gpu=b200&max_seq_len=2048&max_batch_size=64&tokens_per_block=64&kv_cache_dtype={dtype}");
        report(&link).ranks[0].after_kv_cache.0
    };
    assert_eq!(after_kv_cache("nvfp4") - after_kv_cache("fp8"), 64 * 32 * 8);
}

#[test]
fn host_memory_holds_whole_blocks() {
    let kv = report(&format!("{LLAMA}&host_cache_size={}", 10 * GIB)).kv_cache;
    assert_eq!(kv.secondary_blocks, 10 * 1024 / 32);
}

/// A token takes 2 · 4096 · 2 bytes in a layer of Llama 2 7B: 458,752 bytes in the 28 layers of the
/// narrow window and 65,536 in the other four.
///
/// From 1.0 on each pool gets half of the 10 GiB: 11,702 and 81,920 tokens. Earlier versions give
/// 1024 · 28 shares to the narrow pool and 32,768 · 4 to the wide pool: 4201 and 134,432 tokens.
/// Only whole blocks of 64 tokens count.
#[test]
fn host_memory_is_divided_like_the_pools() {
    for (version, blocks) in [("1.0", [11_702 / 64, 81_920 / 64]), ("0.21", [4201 / 64, 134_432 / 64])] {
        let kv = report(&format!(
            "{GEMMA_LIKE}&max_attention_window=1024,1024,1024,1024,1024,1024,1024,32768\
             &trtllm_version={version}&host_cache_size={}",
            10 * GIB
        ))
        .kv_cache;
        assert_eq!([kv.windows[0].secondary_blocks, kv.windows[1].secondary_blocks], blocks, "{version}");
        assert_eq!(kv.secondary_blocks, blocks.iter().sum::<u64>());
    }
}

/// 32 layers are assigned to the windows in turn. Of three windows the first two have eleven layers
/// and the third ten. Of five windows the first two have seven.
#[test]
fn remaining_layers_use_the_first_windows() {
    let layers = |windows: &str| -> Vec<(u64, u64)> {
        let kv = report(&format!("{GEMMA_LIKE}&trtllm_version=1.0&max_attention_window={windows}")).kv_cache;
        kv.windows.iter().map(|pool| (pool.tokens, pool.layers)).collect()
    };
    assert_eq!(layers("1024,2048,4096"), [(1024, 11), (2048, 11), (4096, 10)]);
    assert_eq!(layers("4096,2048,1024"), [(1024, 10), (2048, 11), (4096, 11)]);
    assert_eq!(layers("500,400,300,200,100"), [(100, 6), (200, 6), (300, 6), (400, 7), (500, 7)]);
}

/// The KV cache holds the draft tokens of a request after its output, up to `max_seq_len` in total.
/// A step holds the draft tokens of every request.
#[test]
fn draft_tokens_reduce_concurrency() {
    let drafts = "model=meta-llama/Llama-2-7b-hf&max_seq_len=2048&max_batch_size=256&trtllm_version=0.17\
        &tokens_per_block=64&speculative_decoding_mode=draft_tokens_external&max_draft_len=63";
    // A step of 6400 tokens holds 100 sequences of one token and its 63 draft tokens.
    let kv = report(&format!("{drafts}&max_num_tokens=16384&runtime_max_num_tokens=6400")).kv_cache;
    assert_eq!(kv.concurrency(10, 10), Concurrency { requests: 100, limit: Limit::MaxNumTokens });
    // 100 + 28 tokens take two blocks of 64. With 63 draft tokens, 191 tokens take three of the 150
    // blocks.
    let kv = report(&format!("{drafts}&max_num_tokens=16384&max_tokens=9600")).kv_cache;
    assert_eq!(kv.blocks, 150);
    assert_eq!(kv.concurrency(100, 28), Concurrency { requests: 50, limit: Limit::KvBlocks });
    // A sequence ends at max_seq_len, which the build raises by the draft tokens to 2111, that is
    // 33 blocks.
    assert_eq!(kv.concurrency(2048, 63).requests, 150 / 33);
}

#[test]
fn concurrency_names_its_limit() {
    let link = format!("{LLAMA}&max_num_tokens=4096&trtllm_version=0.17");
    let kv = report(&format!("{link}&max_tokens=65536")).kv_cache;
    let at = |input, output| kv.concurrency(input, output);
    assert_eq!(at(1000, 1000), Concurrency { requests: 32, limit: Limit::KvBlocks });
    assert_eq!(at(500, 100), Concurrency { requests: 64, limit: Limit::MaxBatchSize });
    assert_eq!(at(2000, 100), Concurrency { requests: 0, limit: Limit::MaxSeqLen });
    assert_eq!(kv.max_sequences, 32);
    let short =
        report(&format!("{LLAMA}&runtime_max_num_tokens=128&trtllm_version=0.17&speculative_decoding_mode=medusa"))
            .kv_cache;
    assert_eq!(short.concurrency(100, 100), Concurrency { requests: 2, limit: Limit::MaxNumTokens });
    assert_eq!(short.concurrency(500, 100).limit, Limit::MaxNumTokens, "a prompt must fit in one step");
    let stages =
        report("model=meta-llama/Llama-2-7b-hf&max_batch_size=2&pp_size=4&max_seq_len=2048&trtllm_version=0.17");
    assert_eq!(stages.kv_cache.concurrency(100, 100).requests, 8, "max_batch_size limits a micro-batch");
}

#[test]
fn a_cache_too_small_for_one_sequence_lowers_max_seq_len() {
    let link = "model=meta-llama/Llama-3.1-8B&gpu=rtx-4090&max_batch_size=1";
    let later = report(&format!("{link}&trtllm_version=0.17"));
    assert_eq!(stage(&later), Some(Stage::HoldOneSequence));
    let lowered = later.kv_cache.lowered_max_seq_len.unwrap();
    assert!(lowered < 131_072 && lowered == later.kv_cache.tokens);
    assert!(note(&later, "max_seq_len").is_some());
    assert_eq!(report(&format!("{link}&trtllm_version=0.16")).kv_cache.lowered_max_seq_len, None);
    // Four beams share 4096 tokens.
    let beams = report(&format!("{LLAMA}&trtllm_version=0.17&max_beam_width=4&max_tokens=4096"));
    assert_eq!(beams.kv_cache.lowered_max_seq_len, Some(1024));
}

#[test]
fn adapters_reserve_their_share_before_the_kv_cache() {
    let modules = "lora_target_modules=attn_q,attn_k,attn_v&max_lora_rank=64";
    let (plain, adapted) = (report(LLAMA), report(&format!("{LLAMA}&{modules}")));
    let (before, after) = (plain.ranks[0].available.0 as f64, adapted.ranks[0].available.0 as f64);
    assert!((after / before - 0.98).abs() < 0.001, "2 % of the free memory, rounded up to pages");
    assert_eq!(stage(&adapted), None);
    let tight = report(&format!("{LLAMA}&{modules}&lora_device_cache_fraction=0.0005"));
    assert_eq!(stage(&tight), Some(Stage::HoldOneAdapter));
}

/// The first step allocates the logits of all prompt tokens from the memory left by the KV cache.
/// NVIDIA/TensorRT-LLM issue 3636 runs out of memory there.
#[test]
fn gathered_context_logits_are_allocated_after_the_kv_cache() {
    let link = "model=meta-llama/Llama-3.1-8B-Instruct&gpu=a100-80gb&logits_dtype=float16&max_batch_size=64\
                &runtime_max_batch_size=1&max_seq_len=131072&max_num_tokens=128000&trtllm_version=0.18";
    assert_eq!(stage(&report(link)), None);
    let gathered = report(&format!("{link}&gather_context_logits=true"));
    assert_eq!(stage(&gathered), Some(Stage::RunFirstSteps));
    assert!(gathered.ranks[0].after_kv_cache.0 > 128_000 * 128_256 * 2);
}

#[test]
fn graphs_are_captured_for_every_set_of_buffers() {
    let rank = |more: &str| report(&format!("{LLAMA}&{more}")).ranks[0].clone();
    let (with, without) = (rank("cuda_graph_mode=true&cuda_graph_cache_size=8"), rank("cuda_graph_mode=false"));
    assert_eq!((with.after_kv_cache - without.after_kv_cache).0, 8 * 7 * MIB, "7 MiB per graph");
    assert_eq!(with.after_kv_cache_band.above, (8 * 3 * MIB) as f64, "4 to 10 MiB per graph");
    assert!(with.free_band().below > without.free_band().below);
}

/// 64 prompts of 1024 tokens, each with 1024 generated tokens, need 64 GiB of pages.
#[test]
fn a_session_without_in_flight_batching_needs_blocks_for_the_whole_batch() {
    let link =
        format!("{LLAMA}&runtime=gpt_session&free_gpu_memory_fraction=0.85&trtllm_version=0.9&max_input_len=1024");
    let whole = report(&link);
    assert_eq!(stage(&whole), Some(Stage::HoldWholeBatch));
    assert!(whole.sentence(Units::Binary).contains("No free blocks left"));
    assert_eq!(stage(&report(&link.replace("max_batch_size=64", "max_batch_size=32"))), None);
    assert_eq!(
        stage(&report(&link.replace("runtime=gpt_session", "runtime=executor"))),
        None,
        "the executor pauses requests"
    );
}

#[test]
fn a_session_sizes_its_kv_cache_before_its_buffers() {
    let link = |runtime: &str| report(&format!("{LLAMA}&runtime={runtime}&trtllm_version=0.10"));
    let (session, executor) = (link("gpt_session"), link("executor"));
    let buffers =
        |report: &Report| bytes(report, Contributor::RuntimeBuffers) + bytes(report, Contributor::DecoderBuffers);
    let more = session.ranks[0].available - executor.ranks[0].available;
    assert_eq!(more, buffers(&executor));
    assert!(buffers(&session) > Bytes::ZERO);
}

#[test]
fn the_python_session_is_linear_in_the_batch_and_the_length() {
    let cache = |batch: u64, length: u64, more: &str| {
        let link = format!(
            "model=meta-llama/Llama-2-7b-hf&runtime=py_session&tokens_per_block=64&max_batch_size={batch}\
             &max_seq_len={length}{more}"
        );
        let report = report(&link);
        assert_eq!(report.kv_cache.binding, Binding::WholeBatch);
        bytes(&report, Contributor::KvCache).0
    };
    assert_eq!(cache(8, 2048, ""), 8 * GIB);
    assert_eq!(cache(16, 2048, ""), 16 * GIB);
    assert_eq!(cache(8, 4096, ""), 16 * GIB);
    assert_eq!(cache(8, 2000, ""), 8 * GIB, "pages are whole");
    assert_eq!(cache(8, 2000, "&kv_cache_type=continuous"), 8 * 2000 * 524_288);
    assert_eq!(cache(2, 2048, "&max_beam_width=4"), 8 * GIB);
}

#[test]
fn latent_attention_caches_the_latent_twice_on_every_rank() {
    let link = "model=deepseek-ai/DeepSeek-V3&gpu=b200&kv_cache_dtype=bf16&trtllm_version=0.20";
    for ranks in [1, 8] {
        assert_eq!(report(&format!("{link}&tp_size={ranks}")).kv_cache.bytes_per_token, 140_544.0);
    }
}

/// With four pipeline stages and 16 micro-batches of 2, an engine for batches of 2 is enough. An
/// engine for batches of 32 takes almost 16 times the activations (TensorRT-LLM,
/// docs/source/reference/memory.md).
#[test]
fn max_batch_size_is_the_size_of_a_micro_batch() {
    let link = |batch: u64, more: &str| {
        report(&format!(
            "model=meta-llama/Llama-2-7b-hf&pp_size=4&remove_input_padding=false&max_input_len=2048&max_seq_len=4096\
             &max_batch_size={batch}&trtllm_version=0.13{more}"
        ))
    };
    let activations = |batch: u64| bytes(&link(batch, ""), Contributor::Activations).mib();
    let ratio = activations(32) / activations(2);
    assert!(ratio > 14.0 && ratio <= 16.0, "{ratio} times the activations");

    let session = "&runtime=gpt_session&gen_micro_batch_size=2";
    let (whole, pieces) = (link(32, "&runtime=gpt_session"), link(32, session));
    let last = |report: &Report| report.ranks[3].figure(Contributor::DecoderBuffers).bytes.0 as f64;
    assert!((last(&pieces) / last(&whole) - 1.0).abs() < 0.001, "16 decoders of 2 take as much as one decoder of 32");
}

#[test]
fn the_upper_bound_is_the_estimate_that_tensorrt_llm_prints_after_the_build() {
    let report = report(&format!("{LLAMA}&max_beam_width=1"));
    let bound = report.upper_bound.unwrap();
    assert_eq!(bound.kv_cache.gib(), 64.0);
    assert_eq!(bound.weights, bytes(&report, Contributor::Weights));
    assert_eq!(bound.activations, bytes(&report, Contributor::Activations));
    assert!(bound.total() > bound.kv_cache);
    let [activations, weights, cache] = [bound.activations.0, bound.weights.0, bound.kv_cache.0];
    assert!(activations > 0 && bound.total().0 == activations + weights + cache);
    assert_eq!(bound.exceeds_gpu, bound.total() > report.ranks[0].total);
    assert!(report.verdict.fits(), "the paged KV cache is smaller than the bound");
    // If the bound without activations is just below the GPU's memory, the activations decide
    // whether TensorRT-LLM warns.
    let just = Bytes(weights + cache + activations / 2).gib();
    assert!(
        crate::support::report(&format!("{LLAMA}&max_beam_width=1&gpu_memory_gib={just}"))
            .upper_bound
            .unwrap()
            .exceeds_gpu
    );
}
