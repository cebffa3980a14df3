//! What the models say of a KV cache.

use super::pools::{AllPools, Pool, Pools};
use super::requests::{Concurrency, Requests};
use super::token::bytes_per_token;
use crate::deployment::Behavior;
use crate::memory::backend::BackendModel;
use crate::units::Bytes;
use serde::Serialize;

/// What decides the size of the KV cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Binding {
    /// The fraction of the free memory.
    FreeGpuMemoryFraction,
    /// The number of tokens asked for.
    MaxTokens,
    /// The number of bytes asked for.
    MaxGpuTotalBytes,
    /// The whole batch at its full length, which is allocated at once.
    WholeBatch,
}

/// The pool of the layers that look back equally far.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct WindowPool {
    /// Tokens that the layers look back.
    pub tokens: u64,
    /// How many layers of the deciding rank do.
    pub layers: u64,
    /// Blocks of the pool.
    pub blocks: u64,
    /// Blocks in host memory.
    pub secondary_blocks: u64,
    /// Bytes of a token in these layers on the deciding rank.
    pub bytes_per_token: f64,
}

/// The KV cache, the same on every rank but for its bytes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KvCache {
    /// Blocks of the pool; of the widest window's where there are several.
    pub blocks: u64,
    /// They are hardly fewer than this.
    pub blocks_low: u64,
    /// They are hardly more than this.
    pub blocks_high: u64,
    /// Tokens that the blocks hold.
    pub tokens: u64,
    /// Tokens of a block.
    pub tokens_per_block: u64,
    /// Bytes of a token on the rank that decides.
    pub bytes_per_token: f64,
    /// Blocks of the longest sequence.
    pub pages_per_sequence: u64,
    /// Blocks in host memory.
    pub secondary_blocks: u64,
    /// The pools, the narrowest window first; none where the whole batch is allocated at once.
    pub windows: Vec<WindowPool>,
    /// The pool of encoders' outputs, where the model has an encoder.
    pub cross: Option<WindowPool>,
    /// Sequences of the greatest length that fit at once, whatever the batch.
    pub max_sequences: u64,
    /// They are hardly fewer than this.
    pub max_sequences_low: u64,
    /// Tokens that `max_seq_len` is lowered to, where the KV cache can't hold one sequence.
    pub lowered_max_seq_len: Option<u64>,
    /// What decided.
    pub binding: Binding,
    /// The rank whose memory decided.
    pub tightest_rank: u64,
    /// What a request takes.
    #[serde(skip)]
    pub(in crate::memory) requests: Requests,
}

impl KvCache {
    /// The report on these `pools`, whose size a rank with `available` memory decides.
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
        let batch = resolved.runtime_max_batch_size;
        let whole = KvCache {
            blocks: 0,
            blocks_low: 0,
            blocks_high: 0,
            tokens: batch.saturating_mul(resolved.max_beam_width).saturating_mul(inputs.window() as u64),
            tokens_per_block: resolved.tokens_per_block,
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
        // The widest window's pool is the one that holds whole sequences.
        let Some(widest) = pools.own.last() else { return whole };
        let own_sequences = |blocks: fn(&Pool) -> f64| {
            let held = |pool: &Pool| blocks(pool) as u64 / whole.requests.most_blocks(pool.window.tokens).max(1);
            pools.own.iter().map(held).min().unwrap_or_default()
        };
        let sequences = |blocks: fn(&Pool) -> f64| {
            let encoded = pools.cross.as_ref().map(|pool| blocks(pool) as u64 / whole.requests.cross_blocks().max(1));
            own_sequences(blocks).min(encoded.unwrap_or(u64::MAX))
        };
        let tokens = (widest.blocks.likely as u64).saturating_mul(resolved.tokens_per_block);
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
            .then(|| tokens / resolved.max_beam_width.max(1))
            .filter(|tokens| *tokens > 0),
            binding: on_rank.binding(widest.window, available),
            windows,
            ..whole
        }
    }

    /// How many requests of `input_len` prompt and `output_len` generated tokens run at once, and what stops more. An encoder's output is as
    /// long as it can be.
    ///
    /// ```
    /// use trtllm_memory::{deployment::Deployment, memory::{Limit, estimate}};
    /// let report = estimate(&Deployment::default()).unwrap();
    /// let chats = report.kv_cache.concurrency(1024, 1024);
    /// assert_eq!(chats.limit, Limit::KvBlocks);
    /// assert_eq!(chats.requests, report.kv_cache.blocks / 64);
    /// ```
    pub fn concurrency(&self, input_len: u64, output_len: u64) -> Concurrency {
        self.requests.concurrency(&self.windows, self.cross.as_ref(), input_len, output_len)
    }

    /// How many requests of `input_len` prompt and `output_len` generated tokens it holds, whatever else stops them.
    pub fn held(&self, input_len: u64, output_len: u64) -> u64 {
        self.requests.held(&self.windows, self.cross.as_ref(), input_len, output_len)
    }

    /// Bytes that the pools lack for `needed` blocks in each and for `encoded` blocks of encoders' outputs; none where they have
    /// them.
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
