//! The served model: a transformer's dimensions, the catalogue of known models, and the list of a
//! model's tensors.

mod catalogue;
mod checkpoint;
mod dtype;
mod family;
mod layers;
mod lineup;
mod model_ref;
mod module_precisions;
mod parts;
mod recipe;
mod suggestion;
mod tensors;

pub use catalogue::{DEFAULT_MODEL, find, is_whole, models, provide, recipe_of, versions};
pub use checkpoint::{Checkpoint, CheckpointEvidence, QuantMethod, StoredKvCache};
pub use dtype::Dtype;
pub use family::{Conventions, Family};
pub use layers::LayerSet;
pub use model_ref::ModelRef;
pub use module_precisions::{Block, ModulePrecisions};
pub use parts::{
    Attention, Encoder, Fp4Scope, Indexer, Mlp, Moe, Norm, Positions, QkNorm, Recurrence, RecurrenceKind, Windows,
};
pub use recipe::{InvalidFeature, Recipe, layer_set, layer_text, limits};
pub use suggestion::{Suggestion, suggest};
pub use tensors::{EncoderTensors, LayerGroup, Split, Tensor, TensorKind, Tensors};

use serde::{Deserialize, Serialize};
use std::sync::{PoisonError, RwLock};

/// A transformer's dimensions.
///
/// Sizes are elements, not bytes. Names follow Hugging Face configurations if those have the
/// dimension.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Architecture {
    /// The Hugging Face repository, such as `meta-llama/Llama-3.1-8B`.
    pub name: String,
    /// Other names of models with the same dimensions: repositories and short names that links may
    /// use.
    pub aliases: Vec<String>,
    /// The family.
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
    /// The factor by which RoPE scaling extends `max_position_embeddings` in TensorRT-LLM. The
    /// types `linear`, `dynamic` and `yarn` have one; `su`, `longrope` and `llama3` have none
    /// (`builder._init_max_seq_len`).
    pub rope_scaling_factor: Option<f64>,
    /// Whether that scaling is YaRN. `max_position_embeddings` already includes it, which only the
    /// PyTorch backend takes into account (`model_engine.py` `_infer_max_seq_len_from_config`).
    pub yarn: bool,
    /// The position encoding.
    pub positions: Positions,
    /// The attention of each layer with attention.
    pub attention: Attention,
    /// The layers with attention, and so with a KV cache: all layers except in hybrid models.
    pub attention_layers: LayerSet,
    /// The sliding windows; `None` if no layer has one.
    pub windows: Option<Windows>,
    /// Whether the query-key-value projection has a bias.
    pub qkv_bias: bool,
    /// Whether the attention's output projection has a bias.
    pub dense_bias: bool,
    /// Normalisation of queries and keys.
    pub qk_norm: QkNorm,
    /// Whether a separate projection gates the attention's output (Qwen3-Next, Qwen3.5).
    pub attention_gate: bool,
    /// Whether each head has a learned sink logit (gpt-oss).
    pub attention_sinks: bool,
    /// DeepSeek sparse attention's indexer.
    pub indexer: Option<Indexer>,
    /// Multi-token-prediction layers after the last layer; engines do not contain them.
    pub mtp_layers: u32,
    /// The layers that the published NVFP4 checkpoint stores in FP4.
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
    /// The encoder. Each decoder layer attends to its output in addition to the decoder's tokens
    /// (T5, BART, Whisper).
    pub encoder: Option<Encoder>,
    /// Whether positions have three coordinates, so that each request has its own rotary table
    /// (Qwen2-VL).
    pub mrope: bool,
    /// Whether attention and feed-forward block read the same input and are added together (GPT-J,
    /// Falcon, Command R).
    pub parallel_attention_mlp: bool,
    /// Parameters of the vision and audio towers with their projectors; 0 for a model of text
    /// alone.
    pub tower: u64,
    /// How the repository stores the weights.
    #[serde(skip)]
    pub checkpoint: Checkpoint,
    /// The source of the dimensions.
    pub source: String,
}

impl Architecture {
    /// The name and the aliases.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.name.as_str()).chain(self.aliases.iter().map(String::as_str))
    }

    /// The number of parameters: the sum over [`Architecture::tensors`], a tied LM head counted
    /// once.
    pub fn parameters(&self) -> u64 {
        self.tensors().elements
    }

    /// The parameters that one token activates: of the routed experts only `top_k`. The embedding
    /// table counts in full.
    pub fn active_parameters(&self) -> u64 {
        let share = self.moe.map_or(1.0, |moe| moe.top_k as f64 / moe.experts.max(1) as f64);
        self.tensors().parameters(|tensor| if tensor.is_routed() { share } else { 1.0 })
    }

    /// Every weight tensor.
    pub fn tensors(&self) -> Tensors {
        Tensors::of(self)
    }

    /// Every weight tensor of a static model, cached at the first call because an estimate needs
    /// them often.
    pub fn shared_tensors(&'static self) -> &'static Tensors {
        /// Sorted by the address of the model.
        static CACHE: RwLock<Vec<(usize, &'static Tensors)>> = RwLock::new(Vec::new());
        let address = std::ptr::from_ref(self).addr();
        let position = |cache: &[(usize, _)]| cache.binary_search_by_key(&address, |(model, _)| *model);
        {
            let cache = CACHE.read().unwrap_or_else(PoisonError::into_inner);
            if let Ok(index) = position(&cache) {
                return cache[index].1;
            }
        }
        let mut cache = CACHE.write().unwrap_or_else(PoisonError::into_inner);
        match position(&cache) {
            Ok(index) => cache[index].1,
            Err(index) => {
                let tensors: &'static Tensors = Box::leak(Box::new(self.tensors()));
                cache.insert(index, (address, tensors));
                tensors
            }
        }
    }

    /// The attention window of `layer` in tokens; `None` if it is unlimited.
    pub fn window(&self, layer: u32) -> Option<u64> {
        self.windows.filter(|windows| windows.layers.contains(layer)).map(|windows| windows.tokens)
    }

    /// Elements of a head with rotary embedding; 0 if there is none.
    pub fn rotary_dim(&self) -> u64 {
        match self.positions {
            Positions::Rope { rotary_dim, .. } => rotary_dim,
            _ => 0,
        }
    }

    /// Whether two ranges of layers contain the same number of each kind of layer.
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
