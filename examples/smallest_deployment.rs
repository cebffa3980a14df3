//! Searches four kinds of GPU for the smallest deployment that serves a load in FP8.

use trtllm_memory::deployment::{KvCacheDtype, QuantAlgo};
use trtllm_memory::explore::Load;
use trtllm_memory::explore::search::{Order, Search, Space};
use trtllm_memory::{gpu, link};

fn main() {
    let base = link::decode("model=meta-llama/Llama-3.3-70B-Instruct").deployment;
    let load = Load { concurrency: 64, input_len: 2000, output_len: 500 };
    let cards = ["l40s", "a100-80gb", "h100-sxm", "h200"].into_iter().filter_map(gpu::find).collect();
    let mut space = Space::on(cards, base.backend);
    space.quant_algos = vec![QuantAlgo::Fp8];
    space.kv_cache_dtypes = vec![KvCacheDtype::Fp8];
    let mut search = Search::new(&base, load, space);
    search.step(usize::MAX);

    let mut found = search.found().to_vec();
    Order::Gpus.sort(&mut found);
    for candidate in found.iter().take(3) {
        let link = link::encode(&search.deployment(candidate));
        println!("{} × {}, {} sequences at once: {link}", candidate.gpus, candidate.gpu.name, candidate.concurrency);
    }
}
