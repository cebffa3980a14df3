//! The capacity of the KV cache: blocks per request, and concurrent requests.

use super::windows::WindowPool;
use crate::deployment::{Behavior, KvCacheType, Resolved, Runtime};
use crate::memory::backend::BackendModel;
use serde::Serialize;

/// The limit of concurrent requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// The blocks of the KV cache.
    KvBlocks,
    /// The sequences of all micro-batches.
    MaxBatchSize,
    /// The tokens of a step.
    MaxNumTokens,
    /// The longest sequence: a request of this length can't run at all.
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

    /// The limit as the subject of a sentence.
    pub fn text(self) -> &'static str {
        match self {
            Limit::KvBlocks => "the KV cache",
            limit => limit.key(),
        }
    }
}

/// The number of concurrent requests of the same length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Concurrency {
    /// Concurrent requests.
    pub requests: u64,
    /// The limit that prevents more.
    pub limit: Limit,
}

/// The properties of a deployment that determine the blocks of a request and the number of
/// concurrent requests.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Requests {
    /// Tokens of a block.
    tokens_per_block: u64,
    /// Tokens that attention sinks waste.
    bubble: u64,
    /// Whether a sequence longer than its window needs an additional block.
    slides: bool,
    /// Beams of a request.
    beams: u64,
    /// Draft tokens of a sequence in a step.
    drafts: u64,
    /// Slots for sequences.
    slots: u64,
    /// Sequences that fit the tokens of a step, over all micro-batches.
    steps: u64,
    /// The longest sequence.
    max_seq_len: u64,
    /// The longest prompt.
    longest_prompt: u64,
    /// Rows of the longest encoder output; zero if the model has no encoder.
    encoded: u64,
}

/// The longest prompt that the executor accepts (`batch_manager/trtGptModel.h`).
pub(crate) fn longest_prompt(resolved: &Resolved) -> u64 {
    let most = resolved.limits.max_seq_len.saturating_sub(1);
    if resolved.given.engine.runtime != Runtime::Executor {
        resolved.limits.max_input_len
    } else if resolved.backend.chunks_prompts(resolved) {
        most
    } else if resolved.engine.context_fmha && resolved.given.engine.plugins.remove_input_padding {
        most.min(resolved.limits.runtime_max_num_tokens)
    } else {
        resolved.limits.max_input_len
    }
}

/// Tokens that attention sinks waste: their last block stays partly empty (`getSinkBubbleLength`).
pub(crate) fn sink_bubble(sink_token_length: u64, tokens_per_block: u64) -> u64 {
    sink_token_length.next_multiple_of(tokens_per_block.max(1)) - sink_token_length
}

impl Requests {
    pub(in crate::memory) fn new(resolved: &Resolved) -> Requests {
        let batches = if resolved.given.engine.runtime == Runtime::Executor { resolved.parallel.pp_size } else { 1 };
        let drafts = resolved.backend.max_draft_len(resolved);
        let in_step = (drafts + 1).saturating_mul(resolved.limits.max_beam_width);
        Requests {
            tokens_per_block: resolved.kv_cache.tokens_per_block,
            bubble: sink_bubble(resolved.given.engine.sink_token_length, resolved.kv_cache.tokens_per_block),
            slides: resolved.version.has(Behavior::WindowsSlideByBlocks),
            beams: resolved.limits.max_beam_width,
            drafts,
            slots: resolved.limits.runtime_max_batch_size.saturating_mul(batches),
            steps: (resolved.limits.runtime_max_num_tokens / in_step).saturating_mul(batches),
            max_seq_len: resolved.limits.max_seq_len,
            longest_prompt: longest_prompt(resolved),
            encoded: resolved.max_encoder_output_len(),
        }
    }

    /// Blocks of a request in the pool of a window
    /// (`KVCacheManager::calculateMaxBlockRequirements`). Beams share the blocks of the prompt, but
    /// not those of the output.
    pub(in crate::memory) fn blocks(&self, input: u64, output: u64, window: u64) -> u64 {
        let block = self.tokens_per_block.max(1);
        let of = |tokens: u64| tokens.saturating_add(self.bubble).div_ceil(block);
        let all = input.saturating_add(output);
        let another = |tokens: u64| u64::from(self.slides && tokens > window);
        if self.beams == 1 {
            return of(all.min(window)) + another(all);
        }
        if window <= output {
            return self.beams.saturating_mul(of(window) + another(output));
        }
        let kept = all.min(window);
        let prompt = (kept - output + self.bubble) / block;
        let outputs = kept.saturating_sub(prompt * block).div_ceil(block);
        prompt + self.beams.saturating_mul(outputs)
    }

    /// Blocks of the longest sequence in the pool of a window if the beams share nothing.
    pub(in crate::memory) fn most_blocks(&self, window: u64) -> u64 {
        let one = Requests { beams: 1, ..self.clone() };
        self.beams.saturating_mul(one.blocks(self.max_seq_len, 0, window))
    }

    /// Blocks of the longest encoder output, which the beams of a request share.
    pub(in crate::memory) fn cross_blocks(&self) -> u64 {
        self.encoded.div_ceil(self.tokens_per_block.max(1))
    }

    /// Blocks of the longest encoder outputs of the whole batch.
    pub(in crate::memory) fn batch_cross_blocks(&self) -> u64 {
        self.slots.saturating_mul(self.cross_blocks())
    }

    /// Blocks of the whole batch. Each request has the longest prompt and generates up to the
    /// maximum sequence length.
    pub(in crate::memory) fn batch_blocks(&self, window: u64) -> u64 {
        let input = self.longest_prompt.min(self.max_seq_len);
        self.slots.saturating_mul(self.blocks(input, self.max_seq_len - input, window))
    }

    /// The number of concurrent requests of `input` and `output` tokens, and its limit.
    pub(in crate::memory) fn concurrency(
        &self,
        pools: &[WindowPool],
        cross: Option<&WindowPool>,
        input: u64,
        output: u64,
    ) -> Concurrency {
        let none = |limit| Concurrency { requests: 0, limit };
        if input.saturating_add(output) > self.max_seq_len {
            return none(Limit::MaxSeqLen);
        }
        if input > self.longest_prompt {
            return none(Limit::MaxNumTokens);
        }
        let limits = [
            (self.held(pools, cross, input, output), Limit::KvBlocks),
            (self.slots, Limit::MaxBatchSize),
            (self.steps, Limit::MaxNumTokens),
        ];
        let least = limits.into_iter().min_by_key(|(requests, _)| *requests);
        least.map_or(none(Limit::KvBlocks), |(requests, limit)| Concurrency { requests, limit })
    }

    /// The number of requests of `input` and `output` tokens that the pools hold, regardless of
    /// other limits. Without pools, it is the whole batch.
    pub(in crate::memory) fn held(
        &self,
        pools: &[WindowPool],
        cross: Option<&WindowPool>,
        input: u64,
        output: u64,
    ) -> u64 {
        let drafted = output.saturating_add(self.drafts).min(self.max_seq_len.saturating_sub(input));
        let in_pool = |pool: &WindowPool| pool.blocks / self.blocks(input, drafted, pool.tokens).max(1);
        let encoded = cross.map(|pool| pool.blocks / self.cross_blocks().max(1));
        pools.iter().map(in_pool).chain(encoded).min().unwrap_or(self.slots)
    }
}

/// Whether the KV cache is allocated for the whole batch rather than for a share of the free
/// memory.
pub(super) fn holds_whole_batch(resolved: &Resolved) -> bool {
    resolved.given.engine.runtime == Runtime::PySession
        || resolved.given.engine.kv_cache_type == KvCacheType::Continuous
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::link;

    fn requests(text: &str) -> Requests {
        Requests::new(&link::decode(&format!("v=1&{text}")).deployment.resolve().unwrap())
    }

    #[test]
    fn blocks_are_rounded_up_and_bounded_by_the_window() {
        let plain = requests("tokens_per_block=64&max_seq_len=4096");
        assert_eq!(plain.blocks(1000, 25, 4096), 17);
        assert_eq!(plain.blocks(3000, 1000, 512), 8);
        let sliding = requests("tokens_per_block=64&max_seq_len=4096&trtllm_version=1.0");
        assert_eq!(sliding.blocks(3000, 1000, 512), 9, "a sequence that outgrows its window needs another block");
        assert_eq!(sliding.blocks(500, 12, 512), 8, "one that fills it doesn't");
    }

    #[test]
    fn sinks_waste_the_rest_of_a_block() {
        assert_eq!(requests("tokens_per_block=64&max_seq_len=4096&sink_token_length=4").blocks(64, 0, 4096), 2);
    }

    #[test]
    fn beams_share_the_blocks_of_the_prompt() {
        let beams = requests("tokens_per_block=64&max_seq_len=4096&max_beam_width=4");
        assert_eq!(beams.blocks(1000, 100, 4096), 15 + 4 * 3);
        assert_eq!(beams.blocks(10, 600, 512), 4 * 8);
    }
}
