//! WHAT is served: a transformer's dimensions, the catalogue of known models and the list of their tensors.

mod catalogue;
mod dtype;
mod family;
mod layers;
mod model_ref;
mod parts;
mod recipe;
mod tensors;

pub use catalogue::{DEFAULT_MODEL, find, is_whole, models, provide, recipe_of, suggest};
pub use dtype::Dtype;
pub use family::{Conventions, Family};
pub use layers::LayerSet;
pub use model_ref::ModelRef;
pub use parts::{
    Attention, Encoder, Fp4Scope, Indexer, Mlp, Moe, Norm, Positions, QkNorm, Recurrence, RecurrenceKind, Windows,
};
pub use recipe::{Recipe, layer_set, layer_text, limits};
pub use tensors::{Block, EncoderTensors, LayerGroup, Split, Tensor, TensorKind, Tensors};

use serde::{Deserialize, Serialize};
use std::sync::{PoisonError, RwLock};

/// What is served: a transformer's dimensions.
///
/// Sizes are elements, not bytes. The names are those of Hugging Face configurations where they have one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Architecture {
    /// Hugging Face repository, `meta-llama/Llama-3.1-8B`.
    pub name: String,
    /// Other names of the same dimensions: repositories and short names that links may use.
    pub aliases: Vec<String>,
    /// The family, which says how the parts are put together.
    pub family: Family,
    /// `num_hidden_layers`.
    pub layers: u32,
    /// `hidden_size`.
    pub hidden: u64,
    /// `vocab_size`, before any padding.
    pub vocab: u64,
    /// Whether the LM head is the embedding table.
    pub tied_embeddings: bool,
    /// The checkpoint's `torch_dtype`.
    pub dtype: Dtype,
    /// `max_position_embeddings`, not multiplied by any RoPE scaling. It sizes the RoPE table.
    pub max_position_embeddings: u64,
    /// The factor by which RoPE scaling extends `max_position_embeddings` in TensorRT-LLM: that of types `linear`, `dynamic`
    /// and `yarn`, not of `su`, `longrope` and `llama3` (`builder._init_max_seq_len`).
    pub rope_scaling_factor: Option<f64>,
    /// Whether that scaling is YaRN. `max_position_embeddings` contains it already, which only the PyTorch backend knows
    /// (`model_engine.py` _infer_max_seq_len_from_config).
    pub yarn: bool,
    /// How positions are known.
    pub positions: Positions,
    /// The attention of each attending layer.
    pub attention: Attention,
    /// The layers that attend, and so have a KV cache: all but in hybrid models.
    pub attention_layers: LayerSet,
    /// Layers that look back a limited number of tokens, if any do.
    pub windows: Option<Windows>,
    /// Whether the query-key-value projection has a bias.
    pub qkv_bias: bool,
    /// Whether the attention's output projection has a bias.
    pub dense_bias: bool,
    /// Normalisation of queries and keys.
    pub qk_norm: QkNorm,
    /// Whether a projection of its own gates the attention's output (Qwen3-Next, Qwen3.5).
    pub attention_gate: bool,
    /// Whether each head has a learned sink logit (gpt-oss).
    pub attention_sinks: bool,
    /// DeepSeek sparse attention's indexer.
    pub indexer: Option<Indexer>,
    /// Layers after the last that predict further tokens (multi-token prediction); no engine has them.
    pub mtp_layers: u32,
    /// What the published NVFP4 checkpoint keeps in FP4.
    pub fp4_scope: Fp4Scope,
    /// Layers with a recurrent state.
    pub recurrence: Option<Recurrence>,
    /// The dense feed-forward block.
    pub mlp: Mlp,
    /// The mixture of experts.
    pub moe: Option<Moe>,
    /// The kind of the normalisations.
    pub norm: Norm,
    /// Normalisations in each layer.
    pub norms_per_layer: u32,
    /// Whether the embedding is normalised (BLOOM).
    pub embedding_norm: bool,
    /// Whether the LM head has a bias.
    pub lm_head_bias: bool,
    /// The encoder, whose output each layer attends to beside its own tokens (T5, BART, Whisper).
    pub encoder: Option<Encoder>,
    /// Whether positions have three coordinates, so that each request brings its own table of rotations (Qwen2-VL).
    pub mrope: bool,
    /// Whether attention and feed-forward block read the same input and are added together (GPT-J, Falcon, Command R).
    pub parallel_attention_mlp: bool,
    /// Where the dimensions come from.
    pub source: String,
}

impl Architecture {
    /// The name and the aliases.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.name.as_str()).chain(self.aliases.iter().map(String::as_str))
    }

    /// The number of parameters: the sum over [`Architecture::tensors`], a tied LM head counted once.
    pub fn parameters(&self) -> u64 {
        self.tensors().elements
    }

    /// The parameters that one token passes: of the routed experts only `top_k`. The embedding table counts whole.
    pub fn active_parameters(&self) -> u64 {
        let share = self.moe.map_or(1.0, |moe| moe.top_k as f64 / moe.experts.max(1) as f64);
        self.tensors().parameters(|tensor| if tensor.is_routed() { share } else { 1.0 })
    }

    /// Every weight tensor.
    pub fn tensors(&self) -> Tensors {
        Tensors::of(self)
    }

    /// Every weight tensor of a model that stays, made when it is first asked for: an estimate asks often.
    pub fn shared_tensors(&'static self) -> &'static Tensors {
        /// By the model's address, in order.
        static KNOWN: RwLock<Vec<(usize, &'static Tensors)>> = RwLock::new(Vec::new());
        let address = std::ptr::from_ref(self).addr();
        let place = |known: &[(usize, _)]| known.binary_search_by_key(&address, |(model, _)| *model);
        {
            let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
            if let Ok(place) = place(&known) {
                return known[place].1;
            }
        }
        let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
        match place(&known) {
            Ok(place) => known[place].1,
            Err(place) => {
                let tensors: &'static Tensors = Box::leak(Box::new(self.tensors()));
                known.insert(place, (address, tensors));
                tensors
            }
        }
    }

    /// The tokens that attention layer `layer` looks back, if limited.
    pub fn window(&self, layer: u32) -> Option<u64> {
        self.windows.filter(|windows| windows.layers.contains(layer)).map(|windows| windows.tokens)
    }

    /// Elements of a head that turn with its position; 0 where none do.
    pub fn rotary_dim(&self) -> u64 {
        match self.positions {
            Positions::Rope { rotary_dim, .. } => rotary_dim,
            _ => 0,
        }
    }

    /// Whether two runs of layers have as many of each sort.
    pub fn has_alike(&self, layers: std::ops::Range<u32>, others: std::ops::Range<u32>) -> bool {
        let sets = [
            Some(self.attention_layers),
            Some(self.mlp.layers),
            self.moe.map(|moe| moe.layers),
            self.windows.map(|windows| windows.layers),
            self.recurrence.map(|recurrence| recurrence.layers),
            self.indexer.map(|indexer| indexer.layers),
        ];
        let alike = |set: LayerSet| set.count_in(layers.clone()) == set.count_in(others.clone());
        layers.len() == others.len() && sets.into_iter().flatten().all(alike)
    }

    /// Whether keys and values are compressed (multi-head latent attention).
    pub fn is_latent(&self) -> bool {
        matches!(self.attention, Attention::Latent { .. })
    }
}
