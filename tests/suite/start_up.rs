//! The memory of a rank over the phases of its start.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::support::deployment;
use trtllm_memory::architecture::models;
use trtllm_memory::deployment::Deployment;
use trtllm_memory::memory::{Contributor, Report, Stage, StartUp, Verdict, estimate, start_up};
use trtllm_memory::units::{Bytes, GIB};

pub(crate) fn of(deployment: &Deployment) -> Option<(Report, Vec<StartUp>)> {
    let resolved = deployment.resolve().ok()?;
    let report = estimate(deployment).ok()?;
    let starts = report.ranks.iter().map(|rank| start_up(&resolved, &report, rank)).collect();
    Some((report, starts))
}

fn start(link: &str) -> (Report, Vec<StartUp>) {
    of(&deployment(link)).unwrap_or_else(|| panic!("{link} is impossible"))
}

/// Checks the phases of all ranks against the report.
pub(crate) fn check(link: &str, report: &Report, starts: &[StartUp]) {
    for (rank, start) in report.ranks.iter().zip(starts) {
        let last = start.phases.last().unwrap();
        assert_eq!((last.total(), last.name), (rank.used(), "serving"), "{link}");
        assert_eq!(start.capacity, rank.total);
        for (contributor, bytes) in &last.held {
            assert_eq!(*bytes, rank.figure(*contributor).bytes, "{link}");
        }
        for phase in &start.phases {
            assert_eq!(phase.missing, phase.total() - start.capacity, "{link} {}", phase.name);
            assert!(phase.held.iter().all(|(_, bytes)| *bytes > Bytes::ZERO));
            assert!(phase.held.is_sorted_by_key(|(contributor, _)| *contributor));
            assert!(phase.missing == Bytes::ZERO || !report.verdict.fits(), "{link} {}", phase.name);
        }
    }
    if let Verdict::Fails { stage, short, rank } = report.verdict {
        let failing = starts[rank as usize].phases.iter().find(|phase| phase.missing > Bytes::ZERO);
        match stage {
            // The cache of adapters is allocated first, and the KV cache may be too large as well.
            Stage::HoldOneAdapter => {
                assert_eq!(stage.phase(), "KV cache");
                assert!(failing.is_none_or(|phase| ["KV cache", "serving"].contains(&phase.name)), "{link}");
            }
            // Here the KV cache fits the GPU, but not the sequences.
            Stage::HoldOneSequence | Stage::HoldWholeBatch => {
                assert_eq!(stage.phase(), "KV cache");
                assert!(failing.is_none_or(|phase| phase.name == "serving"), "{link}");
            }
            _ => {
                let failing = failing.unwrap_or_else(|| panic!("{link}: no phase fails"));
                assert_eq!((failing.name, failing.missing), (stage.phase(), short), "{link}");
            }
        }
    }
}

#[test]
fn the_last_phase_holds_all_that_a_rank_uses() {
    let shapes = [
        "gpu=h200&tp_size=8",
        "gpu=h100&max_batch_size=64&max_seq_len=8192",
        "gpu=b200&tp_size=2&pp_size=2&kv_cache_dtype=fp8&max_num_tokens=16384",
    ];
    let mut checked = 0;
    for model in models() {
        for (shape, backend) in shapes.iter().flat_map(|shape| [(shape, "tensorrt"), (shape, "pytorch")]) {
            let link = format!("model={}&backend={backend}&{shape}", model.name);
            let Some((report, starts)) = of(&deployment(&link)) else { continue };
            check(&link, &report, &starts);
            checked += 1;
        }
    }
    assert!(checked > 3 * models().len(), "{checked}");
}

#[test]
fn the_phase_that_fails_is_that_of_the_verdict() {
    let llama = "model=meta-llama/Llama-2-7b-hf&max_batch_size=64&max_seq_len=2048";
    for (link, stage) in [
        ("model=meta-llama/Llama-3.3-70B-Instruct&backend=pytorch".to_string(), Stage::LoadWeights),
        ("model=meta-llama/Llama-3.3-70B-Instruct".into(), Stage::LoadWeights),
        ("model=nvidia/NVIDIA-Nemotron-Nano-9B-v2&gpu=h100-sxm&backend=pytorch".into(), Stage::WarmUp),
        ("backend=pytorch&max_num_tokens=4000000&max_seq_len=131072".into(), Stage::Profile),
        ("backend=pytorch&max_tokens=100".into(), Stage::HoldOneSequence),
        ("max_num_tokens=4000000&max_seq_len=131072".into(), Stage::CreateContext),
        ("max_batch_size=100000&max_seq_len=131072".into(), Stage::AllocateBuffers),
        (format!("{llama}&max_tokens=100000000"), Stage::AllocateKvCache),
        (
            "model=meta-llama/Llama-3.1-8B-Instruct&gpu=a100-80gb&logits_dtype=float16&max_batch_size=64\
             &runtime_max_batch_size=1&max_seq_len=131072&max_num_tokens=128000&trtllm_version=0.18\
             &gather_context_logits=true"
                .into(),
            Stage::RunFirstSteps,
        ),
        (
            format!(
                "{llama}&lora_target_modules=attn_q,attn_k,attn_v&max_lora_rank=64&lora_device_cache_fraction=0.0005"
            ),
            Stage::HoldOneAdapter,
        ),
        // Its KV cache of 24 GiB does not fit either, beside 57 GiB of weights.
        (
            "model=Qwen/Qwen3-30B-A3B&max_batch_size=1&max_num_tokens=1&max_seq_len=256&max_tokens=262144\
             &trtllm_version=0.18&max_lora_rank=64&lora_target_modules=attn_qkv,mlp_h_to_4h,mlp_gate,mlp_4h_to_h\
             ,moe_h_to_4h"
                .into(),
            Stage::HoldOneAdapter,
        ),
        (
            format!("{llama}&runtime=gpt_session&free_gpu_memory_fraction=0.85&trtllm_version=0.9&max_input_len=1024"),
            Stage::HoldWholeBatch,
        ),
    ] {
        let (report, starts) = start(&link);
        let Verdict::Fails { stage: failing, .. } = report.verdict else { panic!("{link}: {:?}", report.verdict) };
        assert_eq!(failing, stage, "{link}");
        check(&link, &report, &starts);
    }
}

#[test]
fn each_phase_adds_its_own_contributors() {
    let added = |start: &StartUp| -> Vec<(&str, Vec<Contributor>)> {
        let mut before: Vec<Contributor> = Vec::new();
        let phases = start.phases.iter().map(|phase| {
            let held: Vec<Contributor> = phase.held.iter().map(|(contributor, _)| *contributor).collect();
            let new = held.iter().filter(|contributor| !before.contains(contributor)).copied().collect();
            before = held;
            (phase.name, new)
        });
        phases.collect()
    };
    use Contributor::{Activations, DecoderBuffers, KvCache, Overhead, RuntimeBuffers, Weights};
    assert_eq!(
        added(&start("backend=pytorch").1[0]),
        [
            ("weights", vec![Weights, Overhead]),
            ("buffers", vec![RuntimeBuffers, DecoderBuffers]),
            ("profiling", vec![Activations]),
            ("KV cache", vec![KvCache]),
            ("serving", vec![]),
        ]
    );
    assert_eq!(
        added(&start("").1[0]),
        [
            ("weights", vec![Weights, Overhead]),
            ("context", vec![Activations]),
            ("buffers", vec![RuntimeBuffers, DecoderBuffers]),
            ("KV cache", vec![KvCache]),
            ("serving", vec![]),
        ]
    );
    let session = "model=meta-llama/Llama-2-7b-hf&runtime=gpt_session&trtllm_version=0.9&max_batch_size=8\
                   &max_seq_len=2048";
    let order: Vec<&str> = start(session).1[0].phases.iter().map(|phase| phase.name).collect();
    assert_eq!(order, ["weights", "context", "KV cache", "buffers", "serving"]);
}

/// The overhead of a phase in bytes.
fn overhead(start: &StartUp, name: &str) -> u64 {
    let phase = start.phases.iter().find(|phase| phase.name == name).unwrap();
    phase.held.iter().find(|(contributor, _)| *contributor == Contributor::Overhead).unwrap().1.0
}

/// Graphs of sizes up to 64 keep logits of 64 · 128,256 values of 6 bytes, and kernels.
#[test]
fn graphs_are_captured_after_the_weights() {
    let (_, with) = start("backend=pytorch&cuda_graph_max_batch_size=64");
    let graphs = overhead(&with[0], "buffers") - overhead(&with[0], "weights");
    assert!(graphs > 64 * 128_256 * 6 && graphs < 2 * GIB, "{graphs}");
    assert_eq!(overhead(&with[0], "serving"), overhead(&with[0], "buffers"));
    let (_, engine) = start("cuda_graph_mode=true&cuda_graph_cache_size=8&max_seq_len=8192");
    assert_eq!(overhead(&engine[0], "KV cache"), overhead(&engine[0], "weights"));
    assert!(overhead(&engine[0], "serving") >= overhead(&engine[0], "KV cache") + 8 * 7 * (1 << 20));
}

/// The log in `fixtures/logs/pytorch-oom.log`: eight requests of 1024 tokens in 33 blocks each,
/// 8448 tokens of 64 KiB, printed as 0.52 GiB.
#[test]
fn the_trial_run_has_the_kv_cache_that_a_log_prints() {
    let log = "model=meta-llama/Llama-3.1-8B-Instruct&backend=pytorch&trtllm_version=1.0&quant_algo=FP8\
               &kv_cache_dtype=fp8&max_batch_size=512&max_num_tokens=8192&max_seq_len=1025";
    let (_, starts) = start(log);
    let profiling = starts[0].phases.iter().find(|phase| phase.name == "profiling").unwrap();
    let trial = profiling.temporary.unwrap();
    assert_eq!((trial.name, trial.contributor, trial.bytes.0), ("trial run", Contributor::KvCache, 8448 * 65_536));
    assert!(starts[0].phases.iter().all(|phase| phase.temporary.is_none() || phase.name == "profiling"));
    assert!(start("").1[0].phases.iter().all(|phase| phase.temporary.is_none()));
}
