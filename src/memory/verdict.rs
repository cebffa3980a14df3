//! The verdict: whether a deployment fits, or the stage of start-up in which it fails.

use super::backend::BackendModel;
use super::kv_cache::KvCache;
use super::rank::Rank;
use super::report::Verdict;
use super::stage::Stage;
use super::startup::overhead_of;
use crate::deployment::{Resolved, Runtime};
use crate::units::Bytes;

/// The stage in which a rank runs out of memory, and the missing bytes; `None` if the rank fits.
fn failure(resolved: &Resolved, rank: &Rank, adapter_short: Bytes, kv: &KvCache) -> Option<(Stage, Bytes)> {
    let mut needed = Bytes::ZERO;
    for (stage, contributors) in resolved.backend.stages(resolved) {
        if stage == Stage::AllocateKvCache && adapter_short > Bytes::ZERO {
            return Some((Stage::HoldOneAdapter, adapter_short));
        }
        needed += contributors.iter().map(|contributor| rank.figure(*contributor).bytes).sum();
        needed += overhead_of(stage, rank);
        if needed > rank.total {
            return Some((stage, needed - rank.total));
        }
    }
    if let Some(short) = kv.short_of(|window| kv.requests.most_blocks(window), kv.requests.cross_blocks()) {
        return Some((Stage::HoldOneSequence, short));
    }
    needed += overhead_of(Stage::RunFirstSteps, rank);
    if needed > rank.total {
        return Some((Stage::RunFirstSteps, needed - rank.total));
    }
    if resolved.given.engine.runtime != Runtime::Executor
        && let Some(short) = kv.short_of(|window| kv.requests.batch_blocks(window), kv.requests.batch_cross_blocks())
    {
        return Some((Stage::HoldWholeBatch, short));
    }
    None
}

/// The verdict on all ranks. `adapter_short` returns the bytes that a rank's LoRA adapter cache
/// lacks to hold one adapter.
pub(super) fn verdict(
    resolved: &Resolved,
    ranks: &[Rank],
    adapter_short: impl Fn(u64) -> Bytes,
    kv: &KvCache,
) -> Verdict {
    let failures = ranks.iter().filter_map(|rank| {
        failure(resolved, rank, adapter_short(rank.rank), kv).map(|(stage, short)| (stage, short, rank.rank))
    });
    if let Some((stage, short, rank)) =
        failures.min_by(|a, b| (a.0 as u8).cmp(&(b.0 as u8)).then(b.1.cmp(&a.1)).then(a.2.cmp(&b.2)))
    {
        return Verdict::Fails { stage, short, rank };
    }
    let room = ranks.iter().map(|rank| rank.free).min().unwrap_or_default();
    let uncertain = kv.max_sequences_low == 0 || ranks.iter().any(Rank::may_exceed);
    Verdict::Fits { room, uncertain }
}
