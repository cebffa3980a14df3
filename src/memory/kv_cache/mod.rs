//! The KV cache: bytes of a token, pools of blocks, and their capacity.

mod cross;
mod pools;
mod report;
mod requests;
mod token;
mod windows;

pub use pools::{AllPools, Blocks, Pool, Pools, is_pooled};
pub use report::{Binding, KvCache, WindowPool};
pub use requests::{Concurrency, Limit, longest_prompt, sink_bubble};
pub use token::bytes_per_token;
pub use windows::{Window, distinct_windows, windows};
