//! The PyTorch backend: its settings and defaults, its refusals, its rule for the KV cache, and its
//! order of start-up.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use trtllm_memory::architecture::{Architecture, find};
use trtllm_memory::deployment::presets::presets;
use trtllm_memory::deployment::{Backend, Deployment, DeploymentError, MoeBackend, QuantAlgo, SETTINGS};
use trtllm_memory::link::{self, LinkProblemKind};
use trtllm_memory::memory::{Binding, Contributor, Explanation, Report, Stage, Verdict, estimate, explain};
use trtllm_memory::units::GIB;

fn decode(text: &str) -> Deployment {
    let decoded = link::decode(&format!("v=1&backend=pytorch&{text}"));
    assert!(decoded.problems.is_empty(), "{text}: {:?}", decoded.problems);
    decoded.deployment
}

fn report(text: &str) -> Report {
    estimate(&decode(text)).unwrap_or_else(|problems| panic!("{text}: {problems}"))
}

fn problems(text: &str) -> DeploymentError {
    decode(text).resolve().expect_err(text)
}

fn gib(report: &Report, contributor: Contributor) -> f64 {
    report.ranks[0].figure(contributor).bytes.gib()
}

const R1: &str = "model=deepseek-ai/DeepSeek-R1&gpu=b200&tp_size=8&quant_algo=FP8_BLOCK_SCALES&moe_backend=TRTLLM\
     &kv_cache_dtype=fp8";

#[test]
fn the_default_version_depends_on_the_backend_and_is_not_in_links() {
    let version = |text: &str| link::decode(&format!("v=1&{text}")).deployment.resolve().unwrap().version.to_string();
    assert_eq!(version(""), "0.19");
    assert_eq!(version("backend=pytorch"), "1.2");
    assert_eq!(version("backend=pytorch&trtllm_version=1.3"), "1.3");
    assert_eq!(link::encode(&decode("")), "v=2&quant_algo=NO_QUANT");
    assert_eq!(link::encode(&decode("trtllm_version=1.2")), "v=2&quant_algo=NO_QUANT&trtllm_version=1.2");
}

#[test]
fn names_of_the_llm_api_are_aliases_of_the_settings() {
    let dotted = decode(
        "model=deepseek-ai/DeepSeek-R1&tensor_parallel_size=8&moe_expert_parallel_size=4&kv_cache_config.dtype=fp8\
         &kv_cache_config.free_gpu_memory_fraction=0.8&kv_cache_config.max_tokens=1000&moe_config.backend=trtllm\
         &cuda_graph_config.max_batch_size=64&cuda_graph_config.enable_padding=true\
         &speculative_config.decoding_type=MTP&speculative_config.num_nextn_predict_layers=3\
         &cache_transceiver_config.max_tokens_in_buffer=8192&kv_cache_config.enable_block_reuse=false",
    );
    let plain = decode(
        "model=deepseek-ai/DeepSeek-R1&tp_size=8&moe_ep_size=4&kv_cache_dtype=fp8&free_gpu_memory_fraction=0.8\
         &max_tokens=1000&moe_backend=TRTLLM&cuda_graph_max_batch_size=64&cuda_graph_enable_padding=true\
         &decoding_type=MTP&max_draft_len=3&cache_transceiver_max_tokens_in_buffer=8192&enable_block_reuse=false",
    );
    assert_eq!(dotted, plain);
    assert_eq!(link::decode(&link::encode(&plain)).deployment, plain);
}

#[test]
fn a_key_of_the_other_backend_is_kept_and_reported_without_effect() {
    let decoded = link::decode("v=1&gemm_plugin=false&runtime=gpt_session&max_lora_rank=64&backend=pytorch");
    let kinds: Vec<LinkProblemKind> = decoded.problems.iter().map(|problem| problem.kind).collect();
    assert_eq!(kinds, [LinkProblemKind::OtherBackend; 3]);
    assert!(
        decoded.problems.iter().any(|problem| problem.message == "gemm_plugin has no effect with backend=pytorch.")
    );
    assert!(!decoded.deployment.engine.plugins.gemm_plugin);
    assert_eq!(link::encode(&decoded.deployment), "v=2&quant_algo=NO_QUANT");
    assert_eq!(estimate(&decoded.deployment).unwrap().ranks, report("").ranks);

    let engine = link::decode("v=1&enable_attention_dp=true&tp_size=2");
    assert_eq!(engine.problems[0].message, "enable_attention_dp has no effect with backend=tensorrt.");
    assert_eq!(estimate(&engine.deployment), estimate(&link::decode("v=1&tp_size=2").deployment));
}

/// Every setting that only engines have is reset, not only a chosen list.
#[test]
fn no_setting_of_engines_changes_the_resolved_deployment() {
    let plain = decode("model=Qwen/Qwen3-8B").resolve();
    for field in SETTINGS.iter().filter(|field| !field.flows.has(Backend::Pytorch)) {
        for value in
            ["true", "false", "1", "2", "medusa", "gpt_session", "continuous", "float16", "attn_q", "0.3", "4,3,4"]
        {
            let mut deployment = decode("model=Qwen/Qwen3-8B");
            if field.read(&mut deployment, value).is_ok() {
                assert_eq!(deployment.resolve(), plain, "{}={value}", field.key);
            }
        }
    }
}

#[test]
fn every_preset_fits() {
    for preset in presets() {
        let decoded = link::decode(preset.link);
        assert!(decoded.problems.is_empty(), "{}: {:?}", preset.name, decoded.problems);
        assert!(estimate(&decoded.deployment).unwrap().verdict.fits(), "{}", preset.name);
    }
}

#[test]
fn unsupported_settings_are_refused_at_their_field() {
    for (text, field) in [
        ("decoding_type=MTP", "decoding_type"),
        ("quant_algo=W4A16_GPTQ", "quant_algo"),
        ("quant_algo=W4A8_MXFP4_MXFP8&gpu=b200", "quant_algo"),
        ("kv_cache_dtype=int8", "kv_cache_dtype"),
        ("model=openai/gpt-oss-120b&quant_algo=W4A8_MXFP4_MXFP8", "quant_algo"),
        ("moe_load_balancer_slots=64", "moe_load_balancer_slots"),
        (
            "model=deepseek-ai/DeepSeek-R1&tp_size=8&moe_ep_size=8&moe_load_balancer_slots=200",
            "moe_load_balancer_slots",
        ),
        ("tp_size=3", "tp_size"),
        ("trtllm_version=0.12", "trtllm_version"),
    ] {
        assert!(problems(text).of(field).is_some(), "{text}: {:?}", problems(text));
    }
    let engine = link::decode("v=1&model=openai/gpt-oss-120b&gpu=b200&quant_algo=W4A16_MXFP4").deployment.resolve();
    assert!(engine.unwrap_err().of("quant_algo").unwrap().message.contains("backend=pytorch"));
}

/// Hopper and Blackwell run the experts of gpt-oss in MXFP4, earlier GPUs don't.
#[test]
fn the_precision_that_a_message_proposes_runs_on_the_gpu() {
    let advice = |text: &str| problems(text).of("quant_algo").unwrap().message.split("; use ").nth(1).map(String::from);
    let oss = "model=openai/gpt-oss-120b&quant_algo=";
    for (text, expected) in [
        (format!("{oss}W4A8_MXFP4_MXFP8"), "W4A16_MXFP4"),
        (format!("{oss}NVFP4&gpu=h200"), "W4A16_MXFP4"),
        (format!("{oss}W4A16_MXFP4&gpu=l40s"), "a Hopper or Blackwell GPU"),
        ("quant_algo=NVFP4".into(), "FP8 or W4A16_AWQ"),
        ("quant_algo=FP8&gpu=a100".into(), "W8A16 or W4A16_AWQ"),
    ] {
        assert_eq!(advice(&text).as_deref(), Some(expected), "{text}");
        let (link, _) = text.rsplit_once("quant_algo=").unwrap();
        let gpu = text.split('&').find(|pair| pair.starts_with("gpu=")).unwrap_or("gpu=h100");
        for algo in expected.split(" or ").filter(|algo| algo.parse::<QuantAlgo>().is_ok()) {
            assert!(
                link::decode(&format!("v=1&backend=pytorch&{link}quant_algo={algo}&{gpu}"))
                    .deployment
                    .resolve()
                    .is_ok()
            );
        }
    }
}

/// `maybe_create_moe_load_balancer` creates a load balancer only with expert parallelism, and only
/// for the architectures of its list. Otherwise experts are not moved, and a note at the setting
/// says so.
#[test]
fn an_inactive_load_balancer_changes_nothing() {
    let r1 = "model=deepseek-ai/DeepSeek-R1&gpu=h200&max_seq_len=8192";
    let mixtral = "model=mistralai/Mixtral-8x7B-v0.1&gpu=h200&pp_size=2";
    let oss =
        "model=openai/gpt-oss-120b&gpu=h200&quant_algo=W4A16_MXFP4&tp_size=2&moe_ep_size=2&enable_attention_dp=true";
    for (plain, slots, says) in [
        (r1.to_string(), 288, "moe_ep_size"),
        (mixtral.to_string(), 512, "moe_ep_size"),
        (format!("{oss}&trtllm_version=1.1"), 128, "gpt-oss"),
        (format!("{oss}&trtllm_version=0.20"), 128, "gpt-oss"),
    ] {
        let balanced = report(&format!("{plain}&moe_load_balancer_slots={slots}"));
        let plain = report(&plain);
        assert_eq!((balanced.ranks, balanced.verdict), (plain.ranks, plain.verdict));
        let note = balanced.notes.iter().find(|note| note.field == "moe_load_balancer_slots").unwrap();
        assert!(note.message.contains(says) && note.message.starts_with("Has no effect"), "{}", note.message);
    }
    let fits = report(&format!("{r1}&moe_load_balancer_slots=288")).verdict;
    assert!(matches!(fits, Verdict::Fails { stage: Stage::LoadWeights, .. }), "{fits:?}");
}

/// 288 slots instead of 256 experts add an eighth of the experts to the weights of each of eight
/// ranks. DeepSeek-R1 has 58 layers with experts of 3 · 7168 · 2048 values of two bytes.
#[test]
fn slots_of_the_load_balancer_count_as_weights() {
    let wide =
        "model=deepseek-ai/DeepSeek-R1&gpu=b300&tp_size=8&moe_ep_size=8&enable_attention_dp=true&max_seq_len=8192";
    let (plain, balanced) = (report(wide), report(&format!("{wide}&moe_load_balancer_slots=288")));
    let more = gib(&balanced, Contributor::Weights) - gib(&plain, Contributor::Weights);
    let expected = 58.0 * (288.0 - 256.0) / 8.0 * (3.0 * 7168.0 * 2048.0) * 2.0 / GIB as f64;
    assert!((more - expected).abs() < 0.001, "{more} {expected}");
    assert_eq!(gib(&balanced, Contributor::Overhead), gib(&plain, Contributor::Overhead));
    let all = report(&format!("{wide}&moe_load_balancer_slots=256"));
    assert_eq!(gib(&all, Contributor::Weights), gib(&plain, Contributor::Weights));
    let stated = |text: &str| report(text).notes.iter().any(|note| note.field == "moe_load_balancer_slots");
    assert!(!stated(&format!("{wide}&moe_load_balancer_slots=288")));
    let without = wide.replace("&enable_attention_dp=true", "");
    assert!(
        stated(&format!("{without}&moe_load_balancer_slots=288")),
        "the load balancer expects attention data parallelism"
    );
}

/// If `moe_ep_size` is unset, the experts are distributed over `tp_size` / `moe_tp_size` ranks.
#[test]
fn slots_are_a_multiple_of_the_ranks_that_share_the_experts() {
    let r1 = "model=deepseek-ai/DeepSeek-R1&gpu=b300&tp_size=8&moe_tp_size=1";
    assert!(problems(&format!("{r1}&moe_load_balancer_slots=257")).of("moe_load_balancer_slots").is_some());
    assert!(
        link::decode(&format!("v=1&backend=pytorch&{r1}&moe_load_balancer_slots=264")).deployment.resolve().is_ok()
    );
}

#[test]
fn attention_data_parallelism_removes_the_limit_of_heads_and_replicates_attention() {
    // 40 heads cannot be divided among 16 ranks, but each rank may hold all of them.
    let qwen = "model=Qwen/Qwen2.5-32B&tp_size=16&gpu=gb200";
    assert!(problems(qwen).of("tp_size").is_some());
    let whole = report(&format!("{qwen}&enable_attention_dp=true"));
    assert_eq!(whole.kv_cache.bytes_per_token, report("model=Qwen/Qwen2.5-32B").kv_cache.bytes_per_token);
    let one = report("model=Qwen/Qwen2.5-32B&gpu=gb200");
    assert_eq!(gib(&whole, Contributor::Weights), gib(&one, Contributor::Weights));
}

#[test]
fn moe_kernels_depend_on_version_model_and_gpu() {
    let backend = |text: &str| decode(text).resolve().unwrap().pytorch.moe_backend;
    let oss = "model=openai/gpt-oss-120b&quant_algo=W4A16_MXFP4";
    assert_eq!(backend(&format!("{oss}&gpu=b200&trtllm_version=1.2")), MoeBackend::Cutlass);
    assert_eq!(backend(&format!("{oss}&gpu=b200&trtllm_version=1.3")), MoeBackend::Trtllm);
    assert_eq!(backend(&format!("{oss}&gpu=h200&trtllm_version=1.3")), MoeBackend::Triton);
    assert_eq!(backend("model=Qwen/Qwen3-30B-A3B&trtllm_version=1.3"), MoeBackend::Cutlass);
}

/// Logs show 860308 tokens as 26885 blocks up to 1.1, and 2851669 tokens as 89114 blocks from 1.2
/// on.
#[test]
fn blocks_are_rounded_up_until_1_1_and_down_from_1_2_on() {
    let blocks = |version: &str, tokens: u64| {
        let text =
            format!("model=TinyLlama/TinyLlama-1.1B-Chat-v1.0&gpu=h200&trtllm_version={version}&max_tokens={tokens}");
        report(&text).kv_cache.blocks
    };
    assert_eq!(blocks("1.1", 860_308), 26_885);
    assert_eq!(blocks("1.2", 860_308), 26_884);
    assert_eq!(blocks("1.3", 2_851_669), 89_114);
}

#[test]
fn limits_only_lower_the_kv_cache() {
    let free = report("");
    assert_eq!(free.kv_cache.binding, Binding::FreeGpuMemoryFraction);
    let tokens = report("max_tokens=10000");
    assert_eq!((tokens.kv_cache.binding, tokens.kv_cache.blocks), (Binding::MaxTokens, 10_000 / 32));
    let bytes = report(&format!("max_gpu_total_bytes={}", 10 * GIB));
    assert_eq!(bytes.kv_cache.binding, Binding::MaxGpuTotalBytes);
    assert!((9.9..=10.0).contains(&gib(&bytes, Contributor::KvCache)));
    let too_many = report("max_tokens=400000000");
    assert_eq!(too_many.kv_cache.blocks, free.kv_cache.blocks);
    let share = gib(&free, Contributor::KvCache) / free.ranks[0].available.gib();
    assert!((share - 0.9).abs() < 1e-4, "{share}");
}

/// `_util.py` lowers the memory of all pools to `max_tokens` in every layer, and divides it evenly.
/// 1280 tokens of 131,072 bytes are 160 MiB, or 80 MiB for each of two windows. Each window has
/// sixteen of the 32 layers, so a token takes 65,536 bytes in its pool.
#[test]
fn max_tokens_limits_the_bytes_of_all_windows() {
    let windows = "max_seq_len=4096&max_attention_window=1024,4096";
    let bounded = report(&format!("{windows}&max_tokens=1280"));
    let blocks: Vec<u64> = bounded.kv_cache.windows.iter().map(|pool| pool.blocks).collect();
    assert_eq!(blocks, [1280 / 32; 2]);
    assert_eq!(bounded.ranks[0].figure(Contributor::KvCache).bytes.mib(), 160.0);
    assert_eq!(bounded.kv_cache.binding, Binding::MaxTokens);
    assert!(bounded.notes.iter().any(|note| note.field == "max_tokens"));

    // Three windows in turn: ten layers have a window of 46 tokens, eleven of 16, and eleven of
    // all 64. 62 tokens are 62 · 131,072 bytes.
    let three = report("max_seq_len=64&max_tokens=62&max_attention_window=16384,16,46");
    let most = 62.0 * 131_072.0;
    for (pool, layers) in three.kv_cache.windows.iter().zip([11, 10, 11]) {
        assert_eq!(pool.layers, layers);
        assert_eq!(pool.blocks, (most / 3.0 / (layers as f64 * 4096.0) / 32.0) as u64, "{layers}");
    }
    assert!(three.ranks[0].figure(Contributor::KvCache).bytes.0 as f64 <= most);

    let both = report(&format!("{windows}&max_tokens=1280&max_gpu_total_bytes={}", 80 << 20));
    assert_eq!((both.kv_cache.binding, both.kv_cache.blocks), (Binding::MaxGpuTotalBytes, 20));
    let free = report(&format!("{windows}&max_tokens=400000000"));
    assert_eq!(free.kv_cache.binding, Binding::FreeGpuMemoryFraction);
    assert_eq!(free.kv_cache.blocks, report(windows).kv_cache.blocks);
}

#[test]
fn a_sequence_is_longer_by_the_lookahead_of_the_overlap_scheduler() {
    // A log of 1.1.0 prints max_seq_len=2049 and 65 blocks per sequence.
    let log = report("model=TinyLlama/TinyLlama-1.1B-Chat-v1.0&max_seq_len=2048&trtllm_version=1.1");
    assert_eq!(log.kv_cache.pages_per_sequence, 65);
    assert_eq!(log.kv_cache.max_sequences, log.kv_cache.blocks / 64);
    let serial = report("model=TinyLlama/TinyLlama-1.1B-Chat-v1.0&max_seq_len=2048&disable_overlap_scheduler=true");
    assert_eq!(serial.kv_cache.pages_per_sequence, 64);
}

#[test]
fn latent_attention_caches_one_vector_and_sparse_attention_an_additional_key() {
    let bytes = |text: &str| report(text).kv_cache.bytes_per_token;
    assert_eq!(bytes(R1), 61.0 * 576.0);
    let sparse = R1.replace("DeepSeek-R1", "DeepSeek-V3.2");
    assert_eq!(bytes(&sparse), 61.0 * (576.0 + 132.0));
    assert_eq!(bytes(&format!("{R1}&decoding_type=MTP&max_draft_len=3&trtllm_version=1.3")), 62.0 * 576.0);
    assert_eq!(bytes(&format!("{R1}&decoding_type=MTP&max_draft_len=3&trtllm_version=1.1")), 64.0 * 576.0);
    assert_eq!(bytes(&format!("{R1}&decoding_type=NGram")), 61.0 * 576.0);
}

#[test]
fn one_draft_layer_serves_any_number_of_draft_tokens() {
    let weights = |drafts: &str| gib(&report(&format!("{R1}{drafts}")), Contributor::Weights);
    let one = weights("&decoding_type=MTP&max_draft_len=1");
    assert!(one > weights("") + 1.0);
    assert_eq!(one, weights("&decoding_type=MTP&max_draft_len=3"));
    assert_eq!(weights(""), weights("&decoding_type=NGram&max_draft_len=8"));
}

/// A checkpoint with three layers of multi-token prediction uses one layer per draft token, and at
/// most its three layers.
#[test]
fn several_draft_layers_are_used_one_per_draft_token() {
    let mut model = find("deepseek-ai/DeepSeek-R1").unwrap().clone();
    model.mtp_layers = 3;
    let model: &'static Architecture = Box::leak(Box::new(model));
    let weights = |drafts: u64| {
        let mtp = decode(&format!("{R1}&decoding_type=MTP&max_draft_len={drafts}"));
        gib(&estimate(&Deployment { model: model.into(), ..mtp }).unwrap(), Contributor::Weights)
    };
    let layer = weights(2) - weights(1);
    assert!(layer > 1.0);
    assert!((weights(3) - weights(2) - layer).abs() < 1e-6);
    assert_eq!(weights(5), weights(3));
}

/// NVIDIA/TensorRT-LLM issue 8642: exactly 135.00 GiB are requested for the default batch, on a GPU
/// with 16 GiB.
#[test]
fn recurrent_states_of_the_default_batch_match_a_public_log() {
    let nano = "model=nvidia/NVIDIA-Nemotron-Nano-9B-v2&gpu=h200";
    let states = |batch: u64| {
        let explained = explain(&decode(&format!("{nano}&max_batch_size={batch}")), 0).unwrap();
        let buffers =
            explained.into_iter().find(|(contributor, _)| *contributor == Contributor::RuntimeBuffers).unwrap().1;
        buffers.parts.into_iter().find(|part| part.label == "recurrent states").unwrap().value
    };
    let printed = 135.0 * GIB as f64;
    // The rest are three inputs of each of 12288 channels, in 27 layers.
    assert_eq!(states(2048) - printed, 2048.0 * 27.0 * 3.0 * 12_288.0 * 2.0);
    assert!((states(1024) * 2.0 - states(2048)).abs() < 1.0);
    let verdict = report(&nano.replace("h200", "h100-sxm")).verdict;
    assert!(matches!(verdict, Verdict::Fails { stage: Stage::WarmUp, .. }), "{verdict:?}");
}

/// The value of a part of a contributor on `rank`, at any depth.
fn part(text: &str, rank: u64, contributor: Contributor, label: &str) -> f64 {
    fn find(explanation: &Explanation, label: &str) -> Option<f64> {
        let below = || explanation.parts.iter().find_map(|part| find(part, label));
        if explanation.label.starts_with(label) { Some(explanation.value) } else { below() }
    }
    let explained = explain(&decode(text), rank).unwrap();
    let whole = &explained[contributor as usize].1;
    find(whole, label).unwrap_or_else(|| panic!("{text}: no {label}"))
}

/// Each of the eight experts of a token has a row of 7168 16-bit values. The rows of each of 256
/// experts are padded to a tile of 128 rows in FP8 and of 256 in FP4. Fewer than 1024 tokens are
/// not sorted (trtllm-gen `Routing::getMaxPermutedPaddedCount`).
#[test]
fn sorted_rows_are_padded_to_the_tile_of_their_precision() {
    let sorted = |text: &str| part(text, 0, Contributor::Activations, "rows sorted by expert");
    let row = 7168.0 * 2.0;
    assert_eq!(sorted(&format!("{R1}&max_num_tokens=8192")), (8192.0 * 8.0 + 256.0 * 127.0) * row);
    let fp4 = R1.replace("FP8_BLOCK_SCALES", "NVFP4");
    assert_eq!(sorted(&format!("{fp4}&max_num_tokens=8192")), (8192.0 * 8.0 + 256.0 * 255.0) * row);
    assert_eq!(sorted(&format!("{R1}&max_num_tokens=1024")), (1024.0 * 8.0 + 256.0 * 127.0) * row);
    assert_eq!(sorted(&format!("{R1}&max_num_tokens=1023")), 0.0);
}

/// The 2048 columns of DeepSeek-R1's shared expert are sixteen blocks of 128. Two of 32 ranks hold
/// the same block, so a rank has 7168 · 128 values of two bytes in each of 58 layers.
#[test]
fn a_shared_expert_is_distributed_in_blocks() {
    let r1 = "model=deepseek-ai/DeepSeek-R1&gpu=gb200&tp_size=32&max_seq_len=4096";
    let shared = part(r1, 0, Contributor::Weights, "mlp.shared_expert.fc.weight");
    assert_eq!(shared, 58.0 * 7168.0 * 128.0 * 2.0);
}

/// DeepGEMM on eight ranks with attention data parallelism processes 65,536 rows in four chunks of
/// 16,384. A chunk has the rows of 32 experts, three times as wide as the hidden size, and their
/// scales.
#[test]
fn deep_gemm_processes_chunks_of_equal_size() {
    let r1 = R1.replace("TRTLLM", "DEEPGEMM") + "&moe_ep_size=8&enable_attention_dp=true&max_num_tokens=8192";
    let workspace = part(&r1, 0, Contributor::RuntimeBuffers, "workspace of the experts");
    assert_eq!(workspace, 32.0 * 16_384.0 * (3.0 * 7168.0 + 7168.0 / 128.0));
}

/// Llama 3.1 8B caches 65,536 values per token. In NVFP4 a value takes half a byte, and sixteen
/// values share a scale of one byte.
#[test]
fn an_nvfp4_cache_includes_its_scales() {
    assert_eq!(report("gpu=b200&kv_cache_dtype=nvfp4").kv_cache.bytes_per_token, 65_536.0 * (0.5 + 1.0 / 16.0));
}

/// Each beam keeps its tokens and their parents, four bytes each: eight sequences of four beams and
/// 1024 tokens.
#[test]
fn beams_keep_their_tokens_and_parents() {
    let beams = "max_beam_width=4&max_batch_size=8&max_seq_len=1024";
    let history = part(beams, 0, Contributor::DecoderBuffers, "tokens of the beams");
    assert_eq!(history, 8.0 * 4.0 * 1024.0 * 8.0);
}

/// The first of two stages has 31 of DeepSeek-R1's 61 layers. The second has the other layers and
/// the draft layer.
#[test]
fn the_draft_layer_is_cached_on_the_last_stage() {
    let stages = report(&format!("{R1}&pp_size=2&decoding_type=MTP&max_draft_len=3&trtllm_version=1.3"));
    let kv = &stages.kv_cache;
    let cache = |rank: usize| stages.ranks[rank].figure(Contributor::KvCache).bytes.0;
    assert_eq!(cache(0), kv.tokens * 31 * 576);
    assert_eq!(cache(8), cache(0));
}

#[test]
fn yarn_is_already_included_in_the_length_of_the_model() {
    assert_eq!(report(R1).max_seq_len, 163_840);
    assert_eq!(report(&format!("{R1}&max_seq_len=200000")).max_seq_len, 163_840);
    assert_eq!(report("model=google/gemma-3-27b-it&gpu=b200").max_seq_len, 8 * 131_072);
}

#[test]
fn each_stage_of_start_up_can_fail() {
    let stage = |text: &str| match report(text).verdict {
        Verdict::Fails { stage, .. } => stage,
        fits => panic!("{text}: {fits:?}"),
    };
    assert_eq!(stage("model=meta-llama/Llama-3.3-70B-Instruct"), Stage::LoadWeights);
    assert_eq!(stage("max_num_tokens=4000000&max_seq_len=131072"), Stage::Profile);
    assert_eq!(stage("max_tokens=100"), Stage::HoldOneSequence);
}

#[test]
fn workspaces_depend_on_the_kernels_and_count_in_their_contributor() {
    let buffers = |text: &str| gib(&report(text), Contributor::RuntimeBuffers);
    let overhead = |text: &str| gib(&report(text), Contributor::Overhead);
    let deep_gemm = R1.replace("TRTLLM", "DEEPGEMM");
    assert!(buffers(&deep_gemm) > buffers(R1) + 40.0, "DeepGEMM keeps rows of every expert");
    assert!(overhead(&format!("{R1}&allreduce_strategy=NCCL")) < overhead(R1));
    let disaggregated = overhead(&format!("{R1}&cache_transceiver_max_tokens_in_buffer=16384")) - overhead(R1);
    assert!((disaggregated - 1.07).abs() < 0.01, "{disaggregated}");
    let without_graphs = overhead("cuda_graph_max_batch_size=0");
    let few = overhead("cuda_graph_enable_padding=true");
    assert!(without_graphs < few && few < overhead(""));
}

#[test]
fn the_kv_cache_of_modelopt_checkpoints_is_fp8_unless_set_otherwise() {
    let dtype = |text: &str| decode(text).resolve().unwrap().precision.kv_cache_dtype.to_string();
    assert_eq!(dtype("quant_algo=FP8"), "fp8");
    assert_eq!(dtype("quant_algo=FP8&kv_cache_dtype=bf16"), "bf16");
    assert_eq!(dtype("quant_algo=FP8_BLOCK_SCALES"), "bf16");
}
