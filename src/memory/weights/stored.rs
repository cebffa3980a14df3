//! Weight tensors as a rank stores them: shape, format, count, and the share of the whole.

use crate::architecture::{Block, Split, Tensor, TensorKind};
use crate::deployment::{QuantAlgo, Resolved};

/// A weight tensor as a rank stores it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTensor {
    /// TensorRT-LLM's name without the layer.
    pub name: &'static str,
    /// The group that it belongs to.
    pub group: WeightGroup,
    /// Inputs and outputs on the rank.
    pub shape: [u64; 2],
    /// Inputs and outputs of the whole tensor.
    pub whole: [u64; 2],
    /// The number format: `bfloat16`, `FP8 + scales`.
    pub format: String,
    /// Copies on the rank, one for each expert.
    pub copies: u64,
    /// Copies of the whole model.
    pub all_copies: u64,
    /// Layers on the rank that have such a tensor.
    pub layers: u64,
    /// The number of ranks that share the tensor; 1 if each has a whole copy.
    pub ranks: u64,
    /// Whether several ranks hold the same KV heads, because there are fewer heads than ranks.
    pub repeats_kv_heads: bool,
    /// Bytes of a value in the model's data type.
    pub element: u64,
}

/// A group of weight tensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WeightGroup {
    /// The routed experts.
    Experts,
    /// The projections of attention.
    Attention,
    /// Token embedding and LM head.
    Embedding,
    /// The experts that every token uses.
    SharedExperts,
    /// Routers, normalisations and biases.
    RouterAndNorms,
    /// Feed-forward layers without experts.
    FeedForward,
    /// Tables, and the weights of drafts and encoders.
    Other,
}

impl WeightGroup {
    /// Every group.
    pub const ALL: [WeightGroup; 7] = [
        WeightGroup::Experts,
        WeightGroup::Attention,
        WeightGroup::Embedding,
        WeightGroup::SharedExperts,
        WeightGroup::RouterAndNorms,
        WeightGroup::FeedForward,
        WeightGroup::Other,
    ];

    /// The name shown to users.
    pub fn label(self) -> &'static str {
        match self {
            WeightGroup::Experts => "Experts",
            WeightGroup::Attention => "Attention",
            WeightGroup::Embedding => "Embedding, head",
            WeightGroup::SharedExperts => "Shared experts",
            WeightGroup::RouterAndNorms => "Router, norms",
            WeightGroup::FeedForward => "Dense layers",
            WeightGroup::Other => "Other",
        }
    }

    fn of(tensor: &Tensor) -> WeightGroup {
        match (tensor.kind, tensor.block) {
            (TensorKind::Embedding | TensorKind::PositionEmbedding | TensorKind::LmHead, _) => WeightGroup::Embedding,
            _ if tensor.is_routed() => WeightGroup::Experts,
            (_, Block::SharedExperts) => WeightGroup::SharedExperts,
            (TensorKind::Router | TensorKind::Norm, _) => WeightGroup::RouterAndNorms,
            (_, Block::AttentionInputs | Block::Indexer) | (TensorKind::LatentProjection, _) => WeightGroup::Attention,
            // The only linear layer of attention after its inputs is the output projection.
            _ if tensor.name.contains("attention.") || tensor.name.starts_with("ssm.") => WeightGroup::Attention,
            _ if tensor.name.starts_with("mlp.") => WeightGroup::FeedForward,
            _ => WeightGroup::Other,
        }
    }
}

impl StoredTensor {
    /// `tensor` in `layers` layers of a rank, which has `copies` of this `shape`.
    pub(in crate::memory) fn new(
        resolved: &Resolved,
        tensor: &Tensor,
        shape: [u64; 2],
        copies: u64,
        layers: u32,
        format: String,
    ) -> StoredTensor {
        let whole = [tensor.inputs, tensor.outputs];
        let repeats_kv_heads = tensor.split == Split::QueryKeyValue
            && resolved.local_kv_heads() * resolved.parallel.attention_tp_size > resolved.model.attention.kv_heads();
        let elements = |shape: [u64; 2], copies: u64| shape[0].saturating_mul(shape[1]).saturating_mul(copies);
        let ratio = elements(whole, tensor.copies) as f64 / elements(shape, copies).max(1) as f64;
        let ranks = match tensor.split {
            Split::QueryKeyValue => resolved.parallel.attention_tp_size,
            // Padding makes the ratio a little smaller than the number of ranks.
            _ => (ratio.round() as u64).max(1),
        };
        StoredTensor {
            name: tensor.name,
            group: WeightGroup::of(tensor),
            shape,
            whole,
            format,
            copies,
            all_copies: tensor.copies,
            layers: u64::from(layers),
            ranks,
            repeats_kv_heads,
            element: resolved.precision.dtype.bytes(),
        }
    }

    /// A copy of an attention projection that the engine or the module adds: `inputs` times so many
    /// values of each head, in `layers` layers.
    pub(in crate::memory) fn of_heads(
        resolved: &Resolved,
        name: &'static str,
        inputs: u64,
        values: u64,
        layers: u64,
        format: String,
    ) -> StoredTensor {
        let outputs = |heads: u64| heads.saturating_mul(values);
        StoredTensor {
            name,
            group: WeightGroup::Attention,
            shape: [inputs, outputs(resolved.local_heads())],
            whole: [inputs, outputs(resolved.model.attention.heads())],
            format,
            copies: 1,
            all_copies: 1,
            layers,
            ranks: resolved.parallel.attention_tp_size,
            repeats_kv_heads: false,
            element: resolved.precision.dtype.bytes(),
        }
    }

    /// Bytes of its values in the model's data type.
    pub fn unquantized_bytes(&self) -> f64 {
        [self.shape[0], self.shape[1], self.copies, self.layers, self.element]
            .map(|factor| factor as f64)
            .iter()
            .product()
    }
}

/// The format of a linear layer that is stored as `algo`: that of its values, and whether it has
/// scales.
pub(in crate::memory) fn format(resolved: &Resolved, algo: QuantAlgo) -> String {
    match algo {
        QuantAlgo::None => resolved.precision.dtype.name().to_string(),
        QuantAlgo::W8A16 | QuantAlgo::W8A16Gptq => "INT8 + scales".into(),
        QuantAlgo::W4A16 | QuantAlgo::W4A16Awq | QuantAlgo::W4A8Awq | QuantAlgo::W4A16Gptq => "INT4 + scales".into(),
        QuantAlgo::W4A8QservePerGroup | QuantAlgo::W4A8QservePerChannel => "INT4 + scales".into(),
        algo if algo.is_smooth_quant() => "INT8 + scales".into(),
        algo if algo.is_nvfp4() => "NVFP4 + scales".into(),
        algo if algo.is_mxfp4() => "MXFP4 + scales".into(),
        QuantAlgo::Mxfp8 => "MXFP8 + scales".into(),
        _ => "FP8 + scales".into(),
    }
}
