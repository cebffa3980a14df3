//! The number of candidates that a search tries per second, and the durations of a sweep and of
//! solving for a limit.

mod clock;

use clock::{now, say};
use trtllm_memory::architecture::find;
use trtllm_memory::deployment::{BuildLimits, Deployment};
use trtllm_memory::explore::Load;
use trtllm_memory::explore::search::{Search, Space};
use trtllm_memory::explore::solve::solve;
use trtllm_memory::explore::sweep::{POINTS, sweep};
use trtllm_memory::gpu::gpus;

/// Returns the milliseconds per call (median and minimum of 11 rounds) and the result.
fn time<T>(mut call: impl FnMut() -> T) -> ([f64; 2], T) {
    let mut rounds = Vec::new();
    let mut result = call();
    for _ in 0..11 {
        let start = now();
        result = call();
        rounds.push(now() - start);
    }
    rounds.sort_by(f64::total_cmp);
    ([rounds[rounds.len() / 2], rounds[0]], result)
}

fn main() {
    let load = Load { concurrency: 64, input_len: 1500, output_len: 500 };
    for model in ["meta-llama/Llama-3.1-8B", "meta-llama/Llama-3.3-70B-Instruct", "mistralai/Mixtral-8x7B-v0.1"] {
        let Some(model) = find(model) else { continue };
        let base = Deployment { model: model.into(), ..Deployment::default() };
        let ([median, best], search) = time(|| {
            let mut search = Search::new(&base, load, Space::on(gpus().iter().collect(), base.backend));
            while !search.step(1000) {}
            search
        });
        let candidates = search.candidates() as f64;
        say(&format!(
            "{:<36} {candidates:>7} candidates, {:>6} found; 100,000 in {:>5.0} ms, at best {:>5.0}; {:>8.0} a second",
            model.name,
            search.found().len(),
            median * 1e5 / candidates,
            best * 1e5 / candidates,
            candidates / median * 1e3,
        ));
    }
    let base = Deployment {
        limits: BuildLimits { max_seq_len: Some(8192), ..BuildLimits::default() },
        ..Deployment::default()
    };
    say(&format!("sweep of max_num_tokens {:.3} ms", time(|| sweep(&base, "max_num_tokens", None, POINTS)).0[0]));
    say(&format!("limits of max_batch_size {:.3} ms", time(|| solve(&base, "max_batch_size", Some(load))).0[0]));
}
