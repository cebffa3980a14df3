//! The inputs of the laws. The symbols are those of the formulas in the memory documentation.

use super::law::{Origin, Symbol};
use super::number::Number;
use crate::deployment::{Resolved, Runtime, SpeculativeDecodingMode};
use std::marker::PhantomData;

/// The micro-batches of a rank that are in flight at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MicroBatches {
    /// Sequences in a micro-batch.
    pub size: u64,
    /// The number of micro-batches.
    pub count: u64,
}

impl MicroBatches {
    /// The micro-batches of a deployment.
    ///
    /// The executor has one for each pipeline stage, or two that overlap on a single stage
    /// (`TrtGptModelInflightBatching`). `GptSession` divides the batch; the Python session doesn't.
    pub fn of(resolved: &Resolved) -> MicroBatches {
        let batch = resolved.limits.runtime_max_batch_size;
        match resolved.given.engine.runtime {
            Runtime::Executor => {
                let overlaps = resolved.given.engine.enable_trt_overlap
                    && resolved.limits.max_beam_width == 1
                    && resolved.given.engine.speculative_decoding_mode == SpeculativeDecodingMode::None;
                let count =
                    if resolved.parallel.pp_size > 1 { resolved.parallel.pp_size } else { 1 + u64::from(overlaps) };
                MicroBatches { size: batch, count }
            }
            Runtime::GptSession => match resolved.given.engine.gen_micro_batch_size {
                Some(size) => MicroBatches { size: size.min(batch), count: batch.div_ceil(size.max(1)) },
                None => {
                    MicroBatches { size: batch.div_ceil(resolved.parallel.pp_size), count: resolved.parallel.pp_size }
                }
            },
            Runtime::PySession => MicroBatches { size: batch, count: 1 },
        }
    }
}

/// The inputs of the laws on one pipeline stage, as numbers of type `N`.
pub struct Inputs<'a, N> {
    /// The deployment.
    pub resolved: &'a Resolved,
    /// The pipeline stage.
    pub stage: u64,
    /// The micro-batches in flight.
    pub batches: MicroBatches,
    /// Attention layers of the stage, cached because many laws use it.
    attending: u32,
    reading: PhantomData<N>,
}

impl<N> Clone for Inputs<'_, N> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<N> Copy for Inputs<'_, N> {}

macro_rules! inputs {
    ($($(#[$doc:meta])* $name:ident: $symbol:literal, $meaning:literal, $origin:expr, |$t:ident| $value:expr;)+) => {
        impl<N: Number> Inputs<'_, N> {
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

impl<'a, N: Number> Inputs<'a, N> {
    /// The inputs on `stage` of `resolved`.
    pub fn new(resolved: &'a Resolved, stage: u64) -> Inputs<'a, N> {
        let attending = resolved.model.attention_layers.count_in(resolved.layers_of_stage(stage));
        Inputs { resolved, stage, batches: MicroBatches::of(resolved), attending, reading: PhantomData }
    }

    /// The same inputs as plain numbers.
    pub fn plain(&self) -> Inputs<'a, f64> {
        Inputs {
            resolved: self.resolved,
            stage: self.stage,
            batches: self.batches,
            attending: self.attending,
            reading: PhantomData,
        }
    }

    /// Whether this stage holds the embedding.
    pub fn is_first_stage(&self) -> bool {
        self.stage == 0
    }

    /// Whether this stage holds the LM head and samples.
    pub fn is_last_stage(&self) -> bool {
        self.stage + 1 == self.resolved.parallel.pp_size
    }

    /// Whether there are several pipeline stages.
    pub fn has_stages(&self) -> bool {
        self.resolved.parallel.pp_size > 1
    }

    /// Whether this stage has attention layers.
    pub fn attends(&self) -> bool {
        self.attending > 0
    }

    /// Sets of runtime buffers: one for each micro-batch, or two if prompts and generation can't
    /// share a step (`TrtGptModelInflightBatching::mCtxGenFusion`).
    pub fn buffer_sets(&self) -> u64 {
        self.batches.count * if self.resolved.model.recurrence.is_some() { 2 } else { 1 }
    }

    /// Sequences in flight: the executor's slots, or the whole batch of a session.
    fn sequences_in_flight(&self) -> u64 {
        match self.resolved.given.engine.runtime {
            Runtime::Executor => self.resolved.max_num_sequences(),
            Runtime::GptSession | Runtime::PySession => self.resolved.limits.runtime_max_batch_size,
        }
    }

    /// Sequences in a batch of the running executor.
    pub fn running_batch(&self) -> N {
        static ENGINE: Symbol =
            Symbol { text: "B", meaning: "sequences in a batch", origin: Origin::Chosen("max_batch_size") };
        static EXECUTOR: Symbol = Symbol { origin: Origin::Chosen("runtime_max_batch_size"), ..ENGINE };
        static PIECE: Symbol = Symbol { meaning: "sequences in a micro-batch", origin: Origin::Derived, ..ENGINE };
        let symbol = match self.batches.size {
            size if size == self.resolved.limits.max_batch_size => &ENGINE,
            size if size == self.resolved.limits.runtime_max_batch_size => &EXECUTOR,
            _ => &PIECE,
        };
        N::symbol(symbol, self.batches.size as f64)
    }

    /// Tokens in a step of the running executor.
    pub fn running_tokens(&self) -> N {
        static ENGINE: Symbol =
            Symbol { text: "T", meaning: "tokens in a step", origin: Origin::Chosen("max_num_tokens") };
        static EXECUTOR: Symbol = Symbol { origin: Origin::Chosen("runtime_max_num_tokens"), ..ENGINE };
        let tokens = self.resolved.limits.runtime_max_num_tokens;
        N::symbol(if tokens < self.resolved.limits.max_num_tokens { &EXECUTOR } else { &ENGINE }, tokens as f64)
    }

    /// Tokens in a step that the engine is built for.
    pub fn tokens(&self) -> N {
        static CHOSEN: Symbol =
            Symbol { text: "T", meaning: "tokens in a step", origin: Origin::Chosen("max_num_tokens") };
        static PROMPTS: Symbol = Symbol {
            text: "T",
            meaning: "tokens in a step of the decoder, max_batch_size · max_input_len or its beams",
            origin: Origin::Derived,
        };
        let symbol = if self.resolved.model.encoder.is_some() { &PROMPTS } else { &CHOSEN };
        N::symbol(symbol, self.resolved.engine_tokens() as f64)
    }

    /// Slots for sequences: of all micro-batches in the executor, of one micro-batch in a session.
    pub fn slots(&self) -> N {
        static SLOTS: Symbol =
            Symbol { text: "N", meaning: "slots for sequences, max_batch_size · pp_size", origin: Origin::Derived };
        let slots = match self.resolved.given.engine.runtime {
            Runtime::Executor => self.resolved.max_num_sequences(),
            Runtime::GptSession | Runtime::PySession => self.batches.size,
        };
        N::symbol(&SLOTS, slots as f64)
    }
}

inputs! {
    /// Sequences in a (micro-)batch.
    batch: "B", "sequences in a batch", Origin::Chosen("max_batch_size"), |t| t.resolved.limits.max_batch_size;
    /// Beams of a sequence.
    beam: "W", "beams of a sequence", Origin::Chosen("max_beam_width"), |t| t.resolved.limits.max_beam_width;
    /// Longest sequence.
    sequence: "S", "tokens of the longest sequence", Origin::Chosen("max_seq_len"), |t| t.resolved.limits.max_seq_len;
    /// Longest prompt.
    input: "S_in", "tokens of the longest prompt", Origin::Chosen("max_input_len"), |t| t.resolved.limits.max_input_len;
    /// Sequences in flight over all micro-batches.
    requests: "N", "sequences in flight", Origin::Derived, |t| t.sequences_in_flight();
    /// Micro-batches in flight.
    micro_batches: "M", "micro-batches in flight", Origin::Derived, |t| t.batches.count;
    /// Sets of runtime buffers.
    sets: "M", "sets of buffers, one for each micro-batch in flight", Origin::Derived, |t| t.buffer_sets();
    /// The widest attention window.
    window: "A", "tokens of the widest attention window", Origin::Chosen("max_attention_window"),
        |t| t.resolved.kv_cache.max_attention_window.iter().copied().max().unwrap_or(t.resolved.limits.max_seq_len);
    /// Draft tokens of a sequence.
    drafts: "K", "draft tokens of a sequence in a step", Origin::Chosen("max_draft_len"),
        |t| t.resolved.engine.drafts.tokens;
    /// Tokens of a sequence in a step.
    step: "D", "tokens of a sequence in a step, K + 1", Origin::Derived, |t| t.resolved.engine.drafts.tokens + 1;
    /// The longest draft path.
    path: "ℓ", "tokens of the longest draft path", Origin::Derived, |t| t.resolved.engine.drafts.path_len;
    /// Draft paths of a sequence.
    paths: "P", "draft paths of a sequence", Origin::Derived, |t| t.resolved.engine.drafts.paths;
    /// Rows of the prompt table.
    prompt_rows: "R", "rows of the prompt table", Origin::Chosen("max_prompt_embedding_table_size"),
        |t| t.resolved.given.engine.max_prompt_embedding_table_size;
    /// Ranks that share each layer.
    ranks: "tp", "ranks that share every layer", Origin::Chosen("tp_size"), |t| t.resolved.parallel.tp_size;
    /// Inputs in a batch of the encoder.
    encoder_batch: "B_e", "inputs in a batch of the encoder", Origin::Chosen("encoder_max_batch_size"),
        |t| t.resolved.engine.encoder_max_batch_size;
    /// Longest input of the encoder.
    encoder_input: "L_e", "tokens or frames of the encoder's longest input", Origin::Chosen("max_encoder_input_len"),
        |t| t.resolved.engine.max_encoder_input_len;
    /// Rows of the encoder's longest output.
    encoder_output: "L_o", "rows of the encoder's output for its longest input", Origin::Derived,
        |t| t.resolved.max_encoder_output_len();
    /// Bytes of a value in the model's data type.
    element: "e", "bytes of a value in dtype", Origin::Chosen("dtype"), |t| t.resolved.precision.dtype.bytes();
    /// Bytes of a logit.
    logit: "t", "bytes of a logit", Origin::Chosen("logits_dtype"), |t| t.resolved.precision.logits_dtype.bytes();
    /// Hidden size.
    hidden: "h", "hidden size", Origin::Model, |t| t.resolved.model.hidden;
    /// MLP columns on a rank.
    mlp_columns: "i", "columns of the MLP on this rank", Origin::Derived,
        |t| t.resolved.model.mlp.intermediate.div_ceil(t.resolved.parallel.tp_size);
    /// Vocabulary, padded for the LM head.
    vocab: "V", "vocabulary, padded to a multiple of tp_size", Origin::Derived, |t| t.resolved.padded_vocab();
    /// Vocabulary, padded for the runtime.
    runtime_vocab: "V", "vocabulary, padded to a multiple of all ranks", Origin::Derived,
        |t| t.resolved.runtime_vocab();
    /// Vocabulary without padding.
    plain_vocab: "V", "vocabulary", Origin::Model, |t| t.resolved.model.vocab;
    /// Query heads on this rank.
    heads: "n_q", "attention heads on this rank", Origin::Derived, |t| t.resolved.local_heads();
    /// KV heads on this rank.
    kv_heads: "n_kv", "KV heads on this rank", Origin::Derived, |t| t.resolved.local_kv_heads();
    /// Size of a head.
    head_dim: "d", "size of an attention head", Origin::Model, |t| t.resolved.model.attention.head_dim();
    /// Rotated values of a head.
    rotary_dim: "r", "rotated values of a head", Origin::Model, |t| t.resolved.model.rotary_dim();
    /// Layers of this stage.
    layers: "L", "layers on this rank", Origin::Derived, |t| t.resolved.layers_of_stage(t.stage).len();
    /// Attention layers of this stage.
    attention_layers: "L", "attention layers on this rank", Origin::Derived, |t| t.attending;
    /// Values that latent attention caches for a token in a layer.
    latent_values: "c", "values that latent attention caches for a token", Origin::Model,
        |t| t.resolved.latent_values().unwrap_or(0);
    /// Bytes of a cached value.
    kv_element: "b", "bytes of a cached value, block scales included", Origin::Chosen("kv_cache_dtype"),
        |t| t.resolved.precision.kv_cache_dtype.bytes();
    /// Tokens of a block.
    block: "p", "tokens of a block", Origin::Chosen("tokens_per_block"), |t| t.resolved.kv_cache.tokens_per_block;
    /// Share of the free memory for the KV cache.
    fraction: "f", "share of the free memory", Origin::Chosen("free_gpu_memory_fraction"),
        |t| t.resolved.kv_cache.free_gpu_memory_fraction.unwrap_or(1.0);
    /// Upper limit of the tokens in the KV cache.
    max_tokens: "max_tokens", "most tokens in the KV cache", Origin::Chosen("max_tokens"),
        |t| t.resolved.given.kv_cache.max_tokens.unwrap_or(0);
    /// Total memory of the GPU.
    total: "total", "total memory of the GPU", Origin::Gpu, |t| t.resolved.machine.gpu_memory.0;
    /// Experts of a layer.
    experts: "E", "experts of a layer", Origin::Model, |t| t.resolved.model.moe.as_ref().map_or(0, |moe| moe.experts);
    /// Experts of a layer on this rank.
    local_experts: "E_local", "experts of a layer on this rank", Origin::Derived,
        |t| t.resolved.model.moe.as_ref().map_or(0, |moe| moe.experts.div_ceil(t.resolved.parallel.moe_ep_size));
    /// Experts that a token is routed to.
    top_k: "k", "experts that a token goes to", Origin::Model,
        |t| t.resolved.model.moe.as_ref().map_or(0, |moe| moe.top_k);
    /// Expert columns on a rank.
    expert_columns: "i_e", "columns of an expert on this rank", Origin::Derived,
        |t| t.resolved.model.moe.as_ref().map_or(0, |moe| moe.intermediate.div_ceil(t.resolved.parallel.moe_tp_size));
    /// Positions in the RoPE table.
    positions: "P", "positions of the RoPE table, max_position_embeddings", Origin::Model,
        |t| t.resolved.model.max_position_embeddings;
    /// Streaming multiprocessors.
    multiprocessors: "SM", "streaming multiprocessors of the GPU", Origin::Gpu, |t| t.resolved.gpu.multiprocessors;
    /// Resident threads of a multiprocessor.
    threads: "θ", "threads resident on a multiprocessor", Origin::Gpu, |t| t.resolved.gpu.threads_per_multiprocessor;
}
