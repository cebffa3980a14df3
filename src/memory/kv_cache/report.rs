//! The report on the KV cache.

use super::pools::{AllPools, Binding, Pool, Pools};
use super::requests::{Concurrency, Requests};
use super::token::bytes_per_token;
use super::windows::WindowPool;
use crate::deployment::Behavior;
use crate::memory::backend::BackendModel;
use crate::units::{Bytes, grouped};
use serde::Serialize;

/// The KV cache. Only its bytes differ between ranks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KvCache {
    /// Blocks of the pool; with several pools those of the widest window.
    pub blocks: u64,
    /// Lower end of the uncertainty band of the blocks.
    pub blocks_low: u64,
    /// Upper end of the uncertainty band of the blocks.
    pub blocks_high: u64,
    /// Tokens that fit the blocks.
    pub tokens: u64,
    /// Tokens of a block.
    pub tokens_per_block: u64,
    /// Bytes of a token on the rank that limits the KV cache.
    pub bytes_per_token: f64,
    /// Blocks of the longest sequence.
    pub pages_per_sequence: u64,
    /// Blocks in host memory.
    pub secondary_blocks: u64,
    /// The pools, the narrowest window first; none if the whole batch is allocated at once.
    pub windows: Vec<WindowPool>,
    /// The pool of encoder outputs, if the model has an encoder.
    pub cross: Option<WindowPool>,
    /// Sequences of the maximum length that fit at the same time, regardless of the batch size.
    pub max_sequences: u64,
    /// Lower end of the uncertainty band of the sequences.
    pub max_sequences_low: u64,
    /// The value that `max_seq_len` is lowered to, if the KV cache can't hold one sequence.
    pub lowered_max_seq_len: Option<u64>,
    /// The setting that limits the size.
    pub binding: Binding,
    /// The rank that limits the size.
    pub tightest_rank: u64,
    /// The blocks and limits of a request.
    #[serde(skip)]
    pub(in crate::memory) requests: Requests,
}

impl KvCache {
    /// The likely range of the tokens, rounded outwards: "668,000 to 735,000"; `None` if the number
    /// is certain.
    pub fn likely_tokens(&self) -> Option<String> {
        let tokens = |blocks: u64| blocks.saturating_mul(self.tokens_per_block);
        let (low, high) = (tokens(self.blocks_low), tokens(self.blocks_high));
        // Three digits, as the bands are no more accurate.
        let step = 10_u64.pow(high.checked_ilog10().unwrap_or(0).saturating_sub(2));
        (low < high).then(|| format!("{} to {}", grouped(low / step * step), grouped(high.div_ceil(step) * step)))
    }

    /// The report on these pools. `available` is the memory of the rank that limits them.
    pub(in crate::memory) fn new(
        on_rank: &Pools<f64>,
        pools: &AllPools,
        available: f64,
        tightest_rank: u64,
    ) -> KvCache {
        let inputs = &on_rank.inputs;
        let resolved = inputs.resolved;
        let requests = Requests::new(resolved);
        let windows: Vec<WindowPool> = pools
            .own
            .iter()
            .map(|pool| WindowPool {
                tokens: pool.window.tokens,
                layers: pool.window.layers,
                blocks: pool.blocks.likely as u64,
                secondary_blocks: on_rank.secondary_blocks(pool.window),
                bytes_per_token: on_rank.bytes_in_window(pool.window),
            })
            .collect();
        let batch = resolved.limits.runtime_max_batch_size;
        let whole = KvCache {
            blocks: 0,
            blocks_low: 0,
            blocks_high: 0,
            tokens: batch.saturating_mul(resolved.limits.max_beam_width).saturating_mul(inputs.window() as u64),
            tokens_per_block: resolved.kv_cache.tokens_per_block,
            bytes_per_token: bytes_per_token(inputs),
            pages_per_sequence: resolved.backend.pages_per_sequence(inputs) as u64,
            secondary_blocks: 0,
            windows: Vec::new(),
            cross: None,
            max_sequences: batch,
            max_sequences_low: batch,
            lowered_max_seq_len: None,
            binding: Binding::WholeBatch,
            tightest_rank,
            requests,
        };
        // Whole sequences are in the pool of the widest window.
        let Some(widest) = pools.own.last() else { return whole };
        let own_sequences = |blocks: fn(&Pool) -> f64| {
            let held = |pool: &Pool| blocks(pool) as u64 / whole.requests.most_blocks(pool.window.tokens).max(1);
            pools.own.iter().map(held).min().unwrap_or_default()
        };
        let sequences = |blocks: fn(&Pool) -> f64| {
            let encoded = pools.cross.as_ref().map(|pool| blocks(pool) as u64 / whole.requests.cross_blocks().max(1));
            own_sequences(blocks).min(encoded.unwrap_or(u64::MAX))
        };
        let tokens = (widest.blocks.likely as u64).saturating_mul(resolved.kv_cache.tokens_per_block);
        KvCache {
            blocks: widest.blocks.likely as u64,
            blocks_low: widest.blocks.low as u64,
            blocks_high: widest.blocks.high as u64,
            tokens,
            secondary_blocks: windows.iter().fold(0, |all, pool| all.saturating_add(pool.secondary_blocks)),
            cross: pools.cross.map(|pool| WindowPool {
                tokens: pool.window.tokens,
                layers: pool.window.layers,
                blocks: pool.blocks.likely as u64,
                secondary_blocks: 0,
                bytes_per_token: whole.bytes_per_token,
            }),
            max_sequences: sequences(|pool| pool.blocks.likely),
            max_sequences_low: sequences(|pool| pool.blocks.low),
            lowered_max_seq_len: (own_sequences(|pool| pool.blocks.likely) == 0
                && resolved.version.has(Behavior::ShrinksToOneSequence))
            .then(|| tokens / resolved.limits.max_beam_width.max(1))
            .filter(|tokens| *tokens > 0),
            binding: on_rank.binding(widest.window, available),
            windows,
            ..whole
        }
    }

    /// The number of requests with `input_len` prompt tokens and `output_len` generated tokens that
    /// run at the same time, and their limit. The output of an encoder is assumed to have its
    /// maximum length.
    ///
    /// ```
    /// use trtllm_memory::{deployment::Deployment, memory::{Limit, estimate}};
    /// let report = estimate(&Deployment::engine()).unwrap();
    /// let chats = report.kv_cache.concurrency(1024, 1024);
    /// assert_eq!(chats.limit, Limit::KvBlocks);
    /// assert_eq!(chats.requests, report.kv_cache.blocks / 64);
    /// ```
    pub fn concurrency(&self, input_len: u64, output_len: u64) -> Concurrency {
        self.requests.concurrency(&self.windows, self.cross.as_ref(), input_len, output_len)
    }

    /// The number of requests with `input_len` prompt tokens and `output_len` generated tokens that
    /// the KV cache holds, regardless of other limits.
    pub fn held(&self, input_len: u64, output_len: u64) -> u64 {
        self.requests.held(&self.windows, self.cross.as_ref(), input_len, output_len)
    }

    /// Bytes that the pools lack for `needed` blocks in each pool and `encoded` blocks of encoder
    /// outputs; `None` if they have enough.
    pub(in crate::memory) fn short_of(&self, needed: impl Fn(u64) -> u64, encoded: u64) -> Option<Bytes> {
        let own = self.windows.iter().map(|pool| (pool, needed(pool.tokens)));
        let all = own.chain(self.cross.iter().map(|pool| (pool, encoded)));
        let (mut short, mut bytes) = (false, 0.0);
        for (pool, needed) in all {
            let missing = needed.saturating_sub(pool.blocks);
            short |= missing > 0;
            bytes += missing as f64 * self.bytes_of_a_block(pool);
        }
        short.then_some(Bytes(bytes as u64))
    }

    fn bytes_of_a_block(&self, pool: &WindowPool) -> f64 {
        self.tokens_per_block as f64 * pool.bytes_per_token
    }
}
