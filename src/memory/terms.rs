//! The inputs of the laws, each with the symbol that the memory documentation's formulas use for it.

use super::quantity::{Number, Origin, Symbol};
use crate::deployment::Plan;
use std::marker::PhantomData;

/// The inputs of a deployment's laws on one pipeline stage, read as numbers of kind `N`.
pub struct Terms<'a, N> {
    /// The deployment.
    pub plan: &'a Plan,
    /// The pipeline stage.
    pub stage: u64,
    reading: PhantomData<N>,
}

macro_rules! terms {
    ($($(#[$doc:meta])* $name:ident: $symbol:literal, $meaning:literal, $origin:expr, |$t:ident| $value:expr;)+) => {
        impl<N: Number> Terms<'_, N> {
            $(
                $(#[$doc])*
                pub fn $name(&self) -> N {
                    static SYMBOL: Symbol = Symbol { text: $symbol, meaning: $meaning, origin: $origin };
                    let $t = self;
                    N::symbol(&SYMBOL, ($value) as f64)
                }
            )+
        }
    };
}

impl<'a, N: Number> Terms<'a, N> {
    /// The inputs on `stage` of `plan`.
    pub fn new(plan: &'a Plan, stage: u64) -> Terms<'a, N> {
        Terms { plan, stage, reading: PhantomData }
    }

    /// Whether this stage holds the embedding.
    pub fn is_first_stage(&self) -> bool {
        self.stage == 0
    }

    /// Whether this stage holds the LM head and samples.
    pub fn is_last_stage(&self) -> bool {
        self.stage + 1 == self.plan.pp_size
    }

    /// Sets of runtime buffers: one, or one a stage under pipeline parallelism.
    pub fn has_micro_batches(&self) -> bool {
        self.plan.pp_size > 1
    }
}

terms! {
    /// Sequences in a (micro-)batch.
    batch: "B", "sequences in a batch", Origin::Chosen("max_batch_size"), |t| t.plan.max_batch_size;
    /// Beams of a sequence.
    beam: "W", "beams of a sequence", Origin::Chosen("max_beam_width"), |t| t.plan.max_beam_width;
    /// Slots for sequences, over all micro-batches.
    slots: "N", "slots for sequences, max_batch_size · pp_size", Origin::Derived, |t| t.plan.max_num_sequences();
    /// Tokens in a step.
    tokens: "T", "tokens in a step", Origin::Chosen("max_num_tokens"), |t| t.plan.max_num_tokens;
    /// Longest sequence.
    sequence: "S", "tokens of the longest sequence", Origin::Chosen("max_seq_len"), |t| t.plan.max_seq_len;
    /// Longest prompt.
    input: "S_in", "tokens of the longest prompt", Origin::Chosen("max_input_len"), |t| t.plan.max_input_len;
    /// Micro-batches in flight.
    micro_batches: "M", "micro-batches in flight, one a pipeline stage", Origin::Chosen("pp_size"), |t| t.plan.pp_size;
    /// Ranks that share a layer.
    ranks: "tp", "ranks that share every layer", Origin::Chosen("tp_size"), |t| t.plan.tp_size;
    /// Bytes of a value of the model's type.
    element: "e", "bytes of a value in dtype", Origin::Chosen("dtype"), |t| t.plan.dtype.bytes();
    /// Bytes of a logit.
    logit: "t", "bytes of a logit", Origin::Chosen("logits_dtype"), |t| t.plan.logits_dtype.bytes();
    /// Hidden size.
    hidden: "h", "hidden size", Origin::Model, |t| t.plan.model.hidden;
    /// MLP columns on a rank.
    mlp_columns: "i", "columns of the MLP on this rank", Origin::Derived, |t| t.plan.model.mlp.intermediate.div_ceil(t.plan.tp_size);
    /// Vocabulary, padded for the LM head.
    vocab: "V", "vocabulary, padded to a multiple of tp_size", Origin::Derived, |t| t.plan.padded_vocab();
    /// Vocabulary, padded as the runtime does.
    runtime_vocab: "V", "vocabulary, padded to a multiple of all ranks", Origin::Derived, |t| t.plan.runtime_vocab();
    /// Vocabulary as the model has it.
    plain_vocab: "V", "vocabulary", Origin::Model, |t| t.plan.model.vocab;
    /// Query heads on this rank.
    heads: "n_q", "attention heads on this rank", Origin::Derived, |t| t.plan.local_heads();
    /// KV heads on this rank.
    kv_heads: "n_kv", "KV heads on this rank", Origin::Derived, |t| t.plan.local_kv_heads();
    /// Size of a head.
    head_dim: "d", "size of an attention head", Origin::Model, |t| t.plan.model.attention.head_dim();
    /// Layers of this stage.
    layers: "L", "layers on this rank", Origin::Derived, |t| t.plan.layers_of_stage(t.stage).len();
    /// Attention layers of this stage.
    attention_layers: "L", "attention layers on this rank", Origin::Derived, |t| t.plan.model.attention_layers.count_in(t.plan.layers_of_stage(t.stage));
    /// Values of a cached token in a layer.
    latent_values: "c", "values that latent attention caches for a token", Origin::Model, |t| t.plan.latent_values().unwrap_or(0);
    /// Bytes of a cached value.
    kv_element: "b", "bytes of a cached value, block scales included", Origin::Chosen("kv_cache_dtype"), |t| t.plan.kv_cache_dtype.bytes();
    /// Tokens of a block.
    block: "p", "tokens of a block", Origin::Chosen("tokens_per_block"), |t| t.plan.tokens_per_block;
    /// The KV cache's share.
    fraction: "f", "share of the free memory", Origin::Chosen("free_gpu_memory_fraction"), |t| t.plan.free_gpu_memory_fraction.unwrap_or(1.0);
    /// Most tokens in the KV cache.
    max_tokens: "max_tokens", "most tokens in the KV cache", Origin::Chosen("max_tokens"), |t| t.plan.max_tokens.unwrap_or(0);
    /// Total memory.
    total: "total", "total memory of the GPU", Origin::Gpu, |t| t.plan.gpu_memory.0;
    /// Experts.
    experts: "E", "experts of a layer", Origin::Model, |t| t.plan.model.moe.as_ref().map_or(0, |moe| moe.experts);
    /// Experts on this rank.
    local_experts: "E_local", "experts of a layer on this rank", Origin::Derived, |t| t.plan.model.moe.as_ref().map_or(0, |moe| moe.experts.div_ceil(t.plan.moe_ep_size));
    /// Experts of a token.
    top_k: "k", "experts that a token goes to", Origin::Model, |t| t.plan.model.moe.as_ref().map_or(0, |moe| moe.top_k);
    /// Expert columns on a rank.
    expert_columns: "i_e", "columns of an expert on this rank", Origin::Derived, |t| t.plan.model.moe.as_ref().map_or(0, |moe| moe.intermediate.div_ceil(t.plan.moe_tp_size));
    /// Positions in the RoPE table.
    positions: "P", "positions of the RoPE table, max_position_embeddings", Origin::Model, |t| t.plan.model.max_position_embeddings;
    /// Streaming multiprocessors.
    multiprocessors: "SM", "streaming multiprocessors of the GPU", Origin::Gpu, |t| t.plan.gpu.multiprocessors;
    /// Threads of a multiprocessor.
    threads: "θ", "threads resident on a multiprocessor", Origin::Gpu, |t| t.plan.gpu.threads_per_multiprocessor;
}
