//! The KV cache: bytes of a token, pools of blocks, and their capacity.

mod cross;
mod pools;
mod report;
mod requests;
mod token;
mod windows;

pub use pools::Binding;
pub(crate) use pools::{AllPools, Blocks, Pool, Pools, is_pooled};
pub use report::KvCache;
pub use requests::{Concurrency, Limit};
pub(crate) use requests::{longest_prompt, sink_bubble};
pub(crate) use token::bytes_per_token;
pub use windows::WindowPool;
pub(crate) use windows::{Window, distinct_windows, windows};
