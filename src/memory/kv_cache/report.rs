//! What the models say of a KV cache.

use super::requests::{Concurrency, Requests};
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
