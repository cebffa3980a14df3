//! The durations of an estimate and of reading a log.

mod clock;

use clock::{now, say};
use std::hint::black_box;
use trtllm_memory::deployment::{Backend, Deployment, Parallelism};
use trtllm_memory::link;
use trtllm_memory::log;
use trtllm_memory::memory::{estimate, estimate_resolved, explain};

/// Prints the nanoseconds per call: the median and the minimum of 21 rounds.
fn time(name: &str, mut call: impl FnMut()) {
    const ROUNDS: usize = 21;
    const CALLS: u32 = 2000;
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = now();
            (0..CALLS).for_each(|_| call());
            (now() - start) * 1e6 / f64::from(CALLS)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    say(&format!("{name:<40} {:>10.0} ns, at best {:>8.0}", rounds[ROUNDS / 2], rounds[0]));
}

/// A log of ten megabytes with a hundred irrelevant lines per relevant line.
fn ten_megabytes() -> Vec<u8> {
    let irrelevant =
        b"[05/06/2026-07:08:09] [TRT-LLM] [I] Run generation only CUDA graph warmup for batch size=31, draft_len=0\n";
    let relevant = b"[TensorRT-LLM][INFO] [MemUsageChange] Allocated 43.29 MB GPU memory for runtime buffers.\n";
    let part = [irrelevant.repeat(100), relevant.to_vec()].concat();
    part.repeat((10 << 20) / part.len())
}

fn main() {
    let one = Deployment::default();
    let eight = Deployment { parallel: Parallelism { tp_size: 8, ..Parallelism::default() }, ..Deployment::default() };
    let torch = Deployment { backend: Backend::Pytorch, ..one.clone() };
    let experts = "backend=pytorch&model=deepseek-ai/DeepSeek-R1&gpu=b200&tp_size=8&quant_algo=NVFP4&decoding_type=MTP";
    let experts = link::decode(experts).deployment;
    for (name, deployment) in
        [("one GPU", &one), ("eight GPUs", &eight), ("PyTorch", &torch), ("PyTorch, experts", &experts)]
    {
        let Ok(resolved) = deployment.resolve() else { continue };
        time(&format!("resolve, {name}"), || drop(black_box(black_box(deployment).resolve())));
        time(&format!("estimate of a resolved deployment, {name}"), || {
            drop(black_box(estimate_resolved(black_box(&resolved))))
        });
        time(&format!("resolve and estimate, {name}"), || drop(black_box(estimate(black_box(deployment)))));
    }
    time("explanation of every figure", || drop(black_box(explain(black_box(&one), 0))));

    let bytes = ten_megabytes();
    let start = now();
    let reading = log::read(black_box(&bytes));
    say(&format!("{:<40} {:>10.0} ms", "a log of 10 MB", now() - start));
    black_box(reading);
}
