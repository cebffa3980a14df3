//! What the KV cache holds: blocks of a request, and how many requests run at once.

use super::{WindowPool, sink_bubble};
use crate::deployment::{Backend, Behavior, KvCacheType, Resolved, Runtime};
use serde::Serialize;

/// What stops more requests from running at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// The blocks of the KV cache.
    KvBlocks,
    /// The sequences of all micro-batches.
    MaxBatchSize,
    /// The tokens of a step.
    MaxNumTokens,
    /// The longest sequence: a request of this length doesn't run at all.
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

    /// What stops more, as the subject of a sentence.
    pub fn text(self) -> &'static str {
        match self {
            Limit::KvBlocks => "the KV cache",
            limit => limit.key(),
        }
    }
}

/// How many requests of one kind run at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Concurrency {
    /// Requests at once.
    pub requests: u64,
    /// What stops more.
    pub limit: Limit,
}

/// What decides how many blocks a request needs and how many requests run at once.
#[derive(Debug, Clone, PartialEq)]
pub struct Requests {
    /// Tokens of a block.
    tokens_per_block: u64,
    /// Tokens that sinks waste.
    bubble: u64,
    /// Whether a sequence that outgrows its window needs another block.
    slides: bool,
    /// Beams of a request.
    beams: u64,
    /// Draft tokens of a sequence in a step.
    drafts: u64,
    /// Sequences that there are slots for.
    slots: u64,
    /// Sequences that fit into the tokens of a step, over all micro-batches.
    steps: u64,
    /// The longest sequence.
    max_seq_len: u64,
    /// The longest prompt.
    longest_prompt: u64,
    /// Rows of the longest output of an encoder; 0 without one.
    encoded: u64,
}

/// The longest prompt that the executor takes (`batch_manager/trtGptModel.h`).
pub(super) fn longest_prompt(resolved: &Resolved) -> u64 {
    let most = resolved.limits.max_seq_len.saturating_sub(1);
    if resolved.given.engine.runtime != Runtime::Executor {
        resolved.limits.max_input_len
    } else if resolved.given.engine.enable_chunked_context
        || (resolved.backend == Backend::Pytorch && resolved.given.pytorch.enable_chunked_prefill)
    {
        most
    } else if resolved.engine.context_fmha && resolved.given.engine.plugins.remove_input_padding {
        most.min(resolved.limits.runtime_max_num_tokens)
    } else {
        resolved.limits.max_input_len
    }
}

impl Requests {
    pub(in crate::memory) fn new(resolved: &Resolved) -> Requests {
        let batches = if resolved.given.engine.runtime == Runtime::Executor { resolved.parallel.pp_size } else { 1 };
        let drafts = match resolved.backend {
            Backend::TensorRt => resolved.engine.drafts.tokens,
            Backend::Pytorch => resolved.pytorch.max_draft_len,
        };
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

    /// Blocks that a request takes in the pool of a window (`KVCacheManager::calculateMaxBlockRequirements`). The blocks of
    /// the prompt are shared between beams, those of the output are not.
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

    /// Blocks of the longest sequence in the pool of a window, nothing being shared between beams.
    pub(in crate::memory) fn most_blocks(&self, window: u64) -> u64 {
        let one = Requests { beams: 1, ..self.clone() };
        self.beams.saturating_mul(one.blocks(self.max_seq_len, 0, window))
    }

    /// Blocks of the longest output of an encoder, which the beams of a request share.
    pub(in crate::memory) fn cross_blocks(&self) -> u64 {
        self.encoded.div_ceil(self.tokens_per_block.max(1))
    }

    /// The same of the whole batch.
    pub(in crate::memory) fn batch_cross_blocks(&self) -> u64 {
        self.slots.saturating_mul(self.cross_blocks())
    }

    /// Blocks of the whole batch, each request with the longest prompt and an output up to the longest sequence.
    pub(in crate::memory) fn batch_blocks(&self, window: u64) -> u64 {
        let input = self.longest_prompt.min(self.max_seq_len);
        self.slots.saturating_mul(self.blocks(input, self.max_seq_len - input, window))
    }

    /// How many requests of `input` and `output` tokens run at once on these pools, and on that of encoders' outputs.
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

    /// How many requests of `input` and `output` tokens these pools hold, whatever else stops them; where the whole batch is
    /// allocated at once, that batch.
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

/// Whether a KV cache of this plan is as large as the whole batch, not a share of the free memory.
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
        Requests::new(&link::decode(text).deployment.resolve().unwrap())
    }

    #[test]
    fn blocks_are_rounded_up_and_bounded_by_the_window() {
        let plain = requests("tokens_per_block=64&max_seq_len=4096");
        assert_eq!(plain.blocks(1000, 25, 4096), 17);
        assert_eq!(plain.blocks(3000, 1000, 512), 8);
        let sliding = requests("tokens_per_block=64&max_seq_len=4096&trtllm_version=1.0");
        assert_eq!(sliding.blocks(3000, 1000, 512), 9, "a sequence that outgrows its window needs another block");
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
