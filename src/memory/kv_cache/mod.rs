//! The KV cache: bytes of a token, pools of blocks, and their capacity.

mod cross;
mod pools;
mod report;
mod requests;
mod token;
mod windows;

pub use pools::{AllPools, Binding, Blocks, Pool, Pools, is_pooled};
pub use report::KvCache;
pub use requests::{Concurrency, Limit, longest_prompt, sink_bubble};
pub use token::bytes_per_token;
pub use windows::{Window, WindowPool, distinct_windows, windows};
