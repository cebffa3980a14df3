//! The page, as WebAssembly.

fn main() {
    trtllm_memory::start();
}
