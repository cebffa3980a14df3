//! Searches for the fewest GPUs that serve a load, over four kinds of card.

use trtllm_memory::explore::Load;
use trtllm_memory::explore::search::{Order, Search, Space};
use trtllm_memory::{gpu, link};

fn main() {
    let base = link::decode("model=meta-llama/Llama-3.3-70B-Instruct&quant_algo=FP8&kv_cache_dtype=fp8").deployment;
    let load = Load { concurrency: 64, input_len: 2000, output_len: 500 };
    let cards = ["l40s", "a100-80gb", "h100-sxm", "h200"].into_iter().filter_map(gpu::find).collect();
    let mut search = Search::new(&base, load, Space::on(cards, base.backend));
    search.step(usize::MAX);

    let mut found = search.found().to_vec();
    Order::Gpus.sort(&mut found);
    for candidate in found.iter().take(3) {
        let link = link::encode(&search.deployment(candidate));
        println!("{} × {}, {} sequences at once: {link}", candidate.gpus, candidate.gpu.name, candidate.concurrency);
    }
}
