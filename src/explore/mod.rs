//! Questions about many estimates: sweeps over a setting, limits of a setting, concurrency, search
//! for a deployment, advice, repairs, and comparison.
//!
//! No law is evaluated here: every answer is derived from estimates of whole deployments, and so
//! agrees with each of them.

pub mod advise;
pub mod compare;
pub mod load;
pub mod numeric_setting;
mod precisions;
pub mod range;
pub mod repair;
pub mod search;
pub mod solve;
pub mod sweep;

pub use load::Load;
pub use numeric_setting::NumericSetting;

use crate::memory::{KvCache, Rank, Report, Verdict};
use crate::units::Bytes;

/// A report's figures for the fullest GPU.
#[derive(Debug, Clone, PartialEq)]
pub struct Fullest {
    /// The rank with the least free memory.
    pub rank: Rank,
    /// The KV cache.
    pub kv_cache: KvCache,
    /// Whether the deployment fits.
    pub verdict: Verdict,
}

impl Fullest {
    /// The fullest GPU of a report; the first of several equally full ones. `None` for a report
    /// without ranks.
    pub fn of(report: &Report) -> Option<Fullest> {
        let rank = report.least_free_rank()?.clone();
        Some(Fullest { rank, kv_cache: report.kv_cache.clone(), verdict: report.verdict.clone() })
    }

    /// Memory in use on the GPU, KV cache excluded. The KV cache takes the rest.
    pub fn fixed(&self) -> Bytes {
        self.rank.used_without_kv_cache()
    }
}

/// The largest usage of any rank, KV cache excluded.
fn most_fixed(report: &Report) -> Bytes {
    report.ranks.iter().map(Rank::used_without_kv_cache).max().unwrap_or_default()
}
