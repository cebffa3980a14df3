//! Questions asked of the models: what if (a sweep), how far (limits), how many (concurrency), which (a search),
//! what to change (advice), and what differs (a comparison).
//!
//! Nothing here knows a law: every answer is made of estimates of whole deployments, so that it agrees with each of them.

pub mod advise;
pub mod compare;
pub mod knob;
pub mod load;
pub mod search;
pub mod solve;
pub mod sweep;

pub use knob::Knob;
pub use load::Load;

use crate::memory::{KvCache, Rank, Report, Verdict};
use crate::units::Bytes;

/// What a report says of the fullest GPU.
#[derive(Debug, Clone, PartialEq)]
pub struct Fullest {
    /// The rank with the least memory left.
    pub rank: Rank,
    /// The KV cache.
    pub kv_cache: KvCache,
    /// Whether the deployment fits.
    pub verdict: Verdict,
}

impl Fullest {
    /// The fullest GPU of a report; of GPUs that are equally full the first. `None` for a report without ranks.
    pub fn of(report: &Report) -> Option<Fullest> {
        let rank = report.least_free_rank()?.clone();
        Some(Fullest { rank, kv_cache: report.kv_cache.clone(), verdict: report.verdict.clone() })
    }

    /// What the GPU holds besides the KV cache, which takes what is left.
    pub fn fixed(&self) -> Bytes {
        self.rank.used_without_kv_cache()
    }
}

/// What the GPU that holds the most besides the KV cache holds besides it.
fn most_fixed(report: &Report) -> Bytes {
    report.ranks.iter().map(Rank::used_without_kv_cache).max().unwrap_or_default()
}
