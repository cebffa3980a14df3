//! Whether a deployment fits, and at which stage of start-up it fails.

use super::report::{Contributor, Rank, Stage, Verdict};
use super::{KvCache, backend};
use crate::deployment::{Resolved, Runtime};
use crate::units::Bytes;

/// At which stage a rank runs out of memory, and by how much.
fn failure(resolved: &Resolved, rank: &Rank, adapter_short: Bytes, kv: &KvCache) -> Option<(Stage, Bytes)> {
    let bytes = |contributor: Contributor| rank.figure(contributor).bytes;
    let mut needed = bytes(Contributor::Overhead) - rank.after_kv_cache;
    for (stage, contributors) in backend::stages(resolved) {
        if stage == Stage::AllocateKvCache && adapter_short > Bytes::ZERO {
            return Some((Stage::HoldOneAdapter, adapter_short));
        }
        needed += contributors.iter().map(|contributor| bytes(*contributor)).sum();
        if needed > rank.total {
            return Some((stage, needed - rank.total));
        }
    }
    if let Some(short) = kv.short_of(|window| kv.requests.most_blocks(window), kv.requests.cross_blocks()) {
        return Some((Stage::HoldOneSequence, short));
    }
    needed += rank.after_kv_cache;
    if needed > rank.total {
        return Some((Stage::RunFirstSteps, needed - rank.total));
    }
    if resolved.runtime != Runtime::Executor
        && let Some(short) = kv.short_of(|window| kv.requests.batch_blocks(window), kv.requests.batch_cross_blocks())
    {
        return Some((Stage::HoldWholeBatch, short));
    }
    None
}

/// The verdict on all ranks, each with what its cache of LoRA adapters lacks to hold one.
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
