//! How many sequences of one length run at once, and what stands against more.

use crate::deployment::Plan;
use crate::memory::KvCache;
use serde::Serialize;

/// What bounds the number of sequences that run at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// The blocks of the KV cache.
    KvBlocks,
    /// The most sequences in a batch.
    MaxBatchSize,
    /// The most tokens in a step: one for each sequence that generates, or a whole prompt.
    MaxNumTokens,
    /// The sequences are longer than the longest that the deployment is made for.
    MaxSeqLen,
}

impl Limit {
    /// The key in JSON.
    pub fn key(self) -> &'static str {
        match self {
            Limit::KvBlocks => "kv_blocks",
            Limit::MaxBatchSize => "max_batch_size",
            Limit::MaxNumTokens => "max_num_tokens",
            Limit::MaxSeqLen => "max_seq_len",
        }
    }

    /// What bounds, as the subject of a sentence.
    pub fn text(self) -> &'static str {
        match self {
            Limit::KvBlocks => "the blocks of the KV cache",
            Limit::MaxBatchSize => "max_batch_size",
            Limit::MaxNumTokens => "max_num_tokens",
            Limit::MaxSeqLen => "max_seq_len",
        }
    }
}

/// How many sequences of one length run at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Concurrency {
    /// Sequences at once.
    pub requests: u64,
    /// What stops more.
    pub limit: Limit,
    /// Sequences that the blocks of the KV cache hold, whatever the other limits.
    pub held: u64,
}

impl Concurrency {
    /// Sequences of `input_len` and `output_len` tokens that run at once on a deployment with this KV cache.
    pub fn of(plan: &Plan, kv_cache: &KvCache, input_len: u64, output_len: u64) -> Concurrency {
        let stages = plan.pp_size.max(1);
        let held = kv_cache.blocks / blocks_per_sequence(plan, input_len, output_len).max(1);
        let max_batch_size = plan.runtime_max_batch_size.saturating_mul(stages);
        let in_a_step = plan.max_beam_width.saturating_mul(1 + plan.max_draft_len).max(1);
        let max_num_tokens = (plan.runtime_max_num_tokens / in_a_step).saturating_mul(stages);
        let limits =
            [(held, Limit::KvBlocks), (max_batch_size, Limit::MaxBatchSize), (max_num_tokens, Limit::MaxNumTokens)];
        let (requests, limit) = if input_len.saturating_add(output_len) > plan.max_seq_len {
            (0, Limit::MaxSeqLen)
        } else if input_len > plan.runtime_max_num_tokens && !plan.enable_chunked_context {
            (0, Limit::MaxNumTokens)
        } else {
            limits.into_iter().min_by_key(|(requests, _)| *requests).unwrap_or(limits[0])
        };
        Concurrency { requests, limit, held }
    }
}

/// Blocks that a request takes at its end (`kvCacheManager.cpp` calculateMaxBlockRequirements): with beam search the beams share
/// the blocks of the prompt. A sliding window bounds what is kept.
fn blocks_per_sequence(plan: &Plan, input_len: u64, output_len: u64) -> u64 {
    let block = plan.tokens_per_block.max(1);
    let window = plan.max_attention_window.iter().copied().max().unwrap_or(plan.max_seq_len);
    let bubble = (block - plan.sink_token_length % block) % block;
    let kept = input_len.saturating_add(output_len).min(window);
    let beams = plan.max_beam_width;
    if beams <= 1 {
        return kept.saturating_add(bubble).div_ceil(block);
    }
    if window <= output_len {
        return beams.saturating_mul(window.saturating_add(bubble).div_ceil(block));
    }
    let prompt = kept.saturating_sub(output_len).saturating_add(bubble);
    let shared = prompt / block;
    let own = kept.saturating_add(bubble).saturating_sub(shared.saturating_mul(block)).div_ceil(block);
    shared.saturating_add(beams.saturating_mul(own))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deployment::Deployment;
    use crate::memory::estimate;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn at(deployment: &Deployment, input_len: u64, output_len: u64) -> Concurrency {
        let kv_cache = estimate(deployment).unwrap().kv_cache;
        Concurrency::of(&deployment.plan().unwrap(), &kv_cache, input_len, output_len)
    }

    #[test]
    fn each_limit_can_bind() {
        let small = Deployment { max_seq_len: Some(4096), max_batch_size: Some(8), ..Deployment::default() };
        assert_eq!((at(&small, 100, 28).requests, at(&small, 100, 28).limit), (8, Limit::MaxBatchSize));
        let blocks = Deployment { max_tokens: Some(4096), ..small.clone() };
        // 128 blocks of 32 tokens; 1000 tokens take 32 of them.
        assert_eq!((at(&blocks, 900, 100).requests, at(&blocks, 900, 100).limit), (4, Limit::KvBlocks));
        let steps = Deployment { max_num_tokens: Some(64), max_batch_size: Some(512), ..small.clone() };
        assert_eq!((at(&steps, 10, 10).requests, at(&steps, 10, 10).limit), (64, Limit::MaxNumTokens));
        assert_eq!((at(&small, 4000, 97).requests, at(&small, 4000, 97).limit), (0, Limit::MaxSeqLen));
    }

    #[test]
    fn a_prompt_longer_than_a_step_needs_chunks() {
        let short = Deployment { max_seq_len: Some(8192), max_num_tokens: Some(1024), ..Deployment::default() };
        assert!(at(&short, 4000, 10).requests > 0);
        let older = Deployment { trtllm_version: crate::deployment::Version { major: 0, minor: 13 }, ..short };
        assert_eq!(at(&older, 4000, 10).limit, Limit::MaxNumTokens);
        let chunked = Deployment { enable_chunked_context: true, use_paged_context_fmha: Some(true), ..older };
        assert!(at(&chunked, 4000, 10).requests > 0);
    }

    #[test]
    fn beams_share_the_blocks_of_the_prompt() {
        let beams = Deployment { max_beam_width: 4, max_seq_len: Some(1024), ..Deployment::default() };
        // 512 tokens of prompt fill 16 blocks that all share; 64 tokens of output take 2 blocks for each beam.
        assert_eq!(blocks_per_sequence(&beams.plan().unwrap(), 512, 64), 16 + 4 * 2);
    }

    #[test]
    fn stages_hold_a_batch_each() {
        let staged =
            Deployment { pp_size: 4, max_batch_size: Some(2), max_seq_len: Some(1024), ..Deployment::default() };
        // The memory documentation's own example: four stages with batches of 2 hold 8 sequences at once.
        assert_eq!(at(&staged, 100, 100).requests, 8);
    }
}
