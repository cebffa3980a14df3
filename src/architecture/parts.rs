//! The dimensions of a transformer's parts.

use super::LayerSet;
use serde::{Deserialize, Serialize};

/// The position encoding of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Positions {
    /// Rotary embedding of the first `rotary_dim` elements of each head.
    Rope {
        /// Rotated elements of a head.
        rotary_dim: u64,
        /// Cosine-and-sine tables in an engine. LongRoPE has a short and a long one, Gemma 3 a
        /// local and a global one.
        tables: u32,
    },
    /// A learned vector per position.
    Learned {
        /// Rows of the table, including OPT's two reserved ones.
        rows: u64,
    },
    /// ALiBi: a slope per head.
    Alibi,
    /// A bias per head and distance, stored in the first layer for all layers (T5).
    Relative {
        /// Buckets of distances (`relative_attention_num_buckets`).
        buckets: u64,
    },
    /// None: the recurrent layers of a hybrid model encode the order.
    None,
}

/// The attention of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attention {
    /// Query heads that share key-value heads: multi-head attention (`kv_heads == heads`),
    /// grouped-query attention, and multi-query attention (`kv_heads == 1`).
    Grouped {
        /// `num_attention_heads`.
        heads: u64,
        /// `num_key_value_heads`.
        kv_heads: u64,
        /// Elements per head.
        head_dim: u64,
    },
    /// Multi-head latent attention (DeepSeek-V2): keys and values are cached as one compressed
    /// vector per token.
    Latent {
        /// `num_attention_heads`.
        heads: u64,
        /// Rank of the compressed query; `None` if the query is projected directly.
        q_lora_rank: Option<u64>,
        /// Rank of the compressed keys and values.
        kv_lora_rank: u64,
        /// Elements of a query or key head without position encoding.
        qk_nope_head_dim: u64,
        /// Elements of a query head, and of the shared key, with position encoding.
        qk_rope_head_dim: u64,
        /// Elements of a value head.
        v_head_dim: u64,
    },
}

impl Attention {
    /// Query heads.
    pub const fn heads(&self) -> u64 {
        match *self {
            Attention::Grouped { heads, .. } | Attention::Latent { heads, .. } => heads,
        }
    }

    /// Heads that a KV cache stores: latent attention stores one vector for all.
    pub const fn kv_heads(&self) -> u64 {
        match *self {
            Attention::Grouped { kv_heads, .. } => kv_heads,
            Attention::Latent { .. } => 1,
        }
    }

    /// Elements of a query head; for latent attention the sum of those without and with position
    /// encoding.
    pub const fn head_dim(&self) -> u64 {
        match *self {
            Attention::Grouped { head_dim, .. } => head_dim,
            Attention::Latent { qk_nope_head_dim, qk_rope_head_dim, .. } => qk_nope_head_dim + qk_rope_head_dim,
        }
    }
}

/// The encoder of an encoder-decoder model. It shares the decoder's hidden size, normalisations,
/// biases and gates. An encoder of tokens has a copy of the decoder's token embedding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Encoder {
    /// `encoder_layers`.
    pub layers: u32,
    /// Attention heads.
    pub heads: u64,
    /// Elements per head.
    pub head_dim: u64,
    /// `encoder_ffn_dim`.
    pub intermediate: u64,
    /// Rows of the position table; 0 if it has none.
    pub positions: u64,
    /// `num_mel_bins`: features of an audio frame; 0 if the input is tokens.
    pub mels: u64,
}

impl Encoder {
    /// Audio frames per row of the output: the stride of the second convolution.
    const STRIDE: u64 = 2;

    /// Whether the input is audio frames, not tokens.
    pub const fn reads_audio(&self) -> bool {
        self.mels > 0
    }

    /// The fixed input length of an audio encoder: all frames with a position. `None` if the length
    /// may vary.
    pub const fn max_input_len(&self) -> Option<u64> {
        if self.reads_audio() { Some(self.positions * Self::STRIDE) } else { None }
    }

    /// Rows of the output for an input of length `input_len`.
    pub const fn output_len(&self, input_len: u64) -> u64 {
        if self.reads_audio() { input_len.div_ceil(Self::STRIDE) } else { input_len }
    }
}

/// DeepSeek sparse attention: small heads that select the tokens to attend to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Indexer {
    /// `index_n_heads`.
    pub heads: u64,
    /// `index_head_dim`.
    pub head_dim: u64,
    /// The layers with an indexer; the others reuse the selection of the previous layer.
    pub layers: LayerSet,
}

/// The layers that NVFP4 checkpoints store in FP4. The others stay in 16 bits (`exclude_modules` of
/// `hf_quant_config.json`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fp4Scope {
    /// Every linear layer.
    #[default]
    Everything,
    /// Experts, dense feed-forward blocks and the attention's output projection (DeepSeek).
    MlpAndOutput,
    /// Routed experts (Kimi K2, GLM-5, MiniMax M2).
    Experts,
}

/// Sliding-window attention of some layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Windows {
    /// Tokens in the window.
    pub tokens: u64,
    /// The layers with the window; the others attend to all previous tokens.
    pub layers: LayerSet,
}

/// The dense feed-forward block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mlp {
    /// `intermediate_size`; 0 if every layer has experts instead.
    pub intermediate: u64,
    /// Whether a second input projection gates the first (SwiGLU, GeGLU).
    pub gated: bool,
    /// Whether the projections have biases.
    pub bias: bool,
    /// The layers with this block.
    pub layers: LayerSet,
}

/// The mixture of experts. Experts are gated if the dense block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moe {
    /// Routed experts.
    pub experts: u64,
    /// Routed experts per token.
    pub top_k: u64,
    /// Intermediate size of one expert.
    pub intermediate: u64,
    /// Combined intermediate size of the shared experts; 0 if there are none.
    pub shared_intermediate: u64,
    /// Whether the shared expert's output is weighted by a separate gate (Qwen1.5-MoE).
    pub shared_gate: bool,
    /// Whether the router has a bias (gpt-oss). DeepSeek-V3's correction bias does not count.
    pub router_bias: bool,
    /// The layers with experts.
    pub layers: LayerSet,
}

/// Layers with a recurrent state in place of attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recurrence {
    /// The kind of recurrence.
    pub kind: RecurrenceKind,
    /// The layers with this block.
    pub layers: LayerSet,
    /// Groups (Mamba 2) or key heads (gated delta net).
    pub groups: u64,
    /// Elements of a group's state vector (Mamba 2: `ssm_state_size`) or of a key head.
    pub state: u64,
    /// Value heads.
    pub heads: u64,
    /// Elements per value head.
    pub head_dim: u64,
    /// Taps of the convolution before the recurrence.
    pub convolution: u64,
    /// Whether the configuration wants the state in 32 bit (`mamba_ssm_cache_dtype`).
    pub wide_state: bool,
}

impl Recurrence {
    /// Width of the values: `heads` × `head_dim`.
    pub const fn inner(&self) -> u64 {
        self.heads * self.head_dim
    }

    /// Channels of the convolution: values and two state vectors per group.
    pub const fn channels(&self) -> u64 {
        self.inner() + 2 * self.groups * self.state
    }
}

/// The kinds of [`Recurrence`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecurrenceKind {
    /// Mamba 2 (Nemotron-H).
    Mamba2,
    /// Gated delta net (Qwen3-Next, Qwen3.5).
    GatedDeltaNet,
}

/// The kind of normalisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Norm {
    /// A scale per element (RMSNorm, and LayerNorm without bias).
    Scale,
    /// A scale and a bias per element (LayerNorm).
    ScaleAndBias,
    /// No parameters (OLMo 1).
    Plain,
}

/// Normalisation of queries and keys before attention.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QkNorm {
    /// None.
    #[default]
    Absent,
    /// One scale of a head's size, for all query heads, and one for all key heads (Qwen 3, Gemma
    /// 3).
    Head,
    /// A scale over all query heads together, and one over all key heads (OLMo 2, MiniMax M2).
    Full,
}
