//! Compares the figures of a log with the predicted ones.

use trtllm_memory::{link, log};

/// The log of TensorRT-LLM's documentation: Llama 2 7B in FP8 on an H100
/// (`docs/source/reference/memory.md`).
const LOG: &str = "\
[TensorRT-LLM][INFO] Loaded engine size: 6695 MiB
[TensorRT-LLM][INFO] [MemUsageChange] Allocated 1134.01 MiB for execution context memory.
[TensorRT-LLM][INFO] [MemUsageChange] Allocated 43.29 MB GPU memory for runtime buffers.
[TensorRT-LLM][INFO] [MemUsageChange] Allocated 180.30 MB GPU memory for decoder.
[TensorRT-LLM][INFO] Memory usage when calculating max tokens in paged kv cache: total: 79.10 GiB, available: 70.48 GiB
[TensorRT-LLM][INFO] Number of blocks in KV cache primary pool: 4060
[TensorRT-LLM][INFO] Number of tokens per block: 64.
[TensorRT-LLM][INFO] [MemUsageChange] Allocated 63.44 GiB for max tokens in paged KV cache (259840).
";

fn main() {
    let explained = log::explain(log::read(LOG.as_bytes()));
    for row in explained.comparisons.iter().flat_map(|comparison| &comparison.rows) {
        println!("{}: measured {}, predicted {}", row.contributor.label(), row.measured, row.predicted);
    }
    println!("The configuration as a link: {}", link::encode(&explained.deployment));
}
