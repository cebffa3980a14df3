//! The list of a model's weight tensors.

mod encoder;

use super::{Architecture, Attention, Block, LayerSet, Moe, Norm, Positions, QkNorm, Recurrence, RecurrenceKind};
use crate::explanation_text::explanation_text;

/// One weight tensor, or several of the same shape, as a matrix from inputs to outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tensor {
    /// TensorRT-LLM's name without the layer; empty in the page's program, which does not show it.
    pub name: &'static str,
    /// Rows: the input dimension. 1 for vectors; the vocabulary or the positions for tables.
    pub inputs: u64,
    /// Columns: the output dimension.
    pub outputs: u64,
    /// The number of such tensors: one for each expert.
    pub copies: u64,
    /// The kind, which determines the number format.
    pub kind: TensorKind,
    /// How it is split among ranks.
    pub split: Split,
    /// The block that contains it.
    pub block: Block,
}

impl Tensor {
    /// Elements of all copies.
    pub const fn elements(&self) -> u64 {
        self.inputs.saturating_mul(self.outputs).saturating_mul(self.copies)
    }

    /// Whether a token uses only some of the copies.
    pub const fn is_routed(&self) -> bool {
        matches!(self.split, Split::Experts | Split::ExpertsInputs | Split::ExpertsWhole)
    }
}

/// The kind of a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TensorKind {
    /// The token embedding.
    Embedding,
    /// Learned positions.
    PositionEmbedding,
    /// A linear layer, which may be quantized.
    Linear,
    /// A linear layer of each routed expert, which may be quantized.
    ExpertLinear,
    /// An up projection of latent attention. The attention plugin of the TensorRT backend reads it
    /// in the model's own format (`tensorrt_llm/layers/attention.py` DeepseekV2Attention).
    LatentProjection,
    /// The router to the experts; never quantized.
    Router,
    /// A normalisation's scale or bias.
    Norm,
    /// A linear layer's bias.
    Bias,
    /// The projection to the vocabulary.
    LmHead,
    /// Any other tensor; all of them are small.
    Other,
}

/// How a tensor is split among the ranks of a tensor-parallel group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Split {
    /// Each rank has the whole tensor.
    Whole,
    /// Outputs are split over `tp_size` (column-parallel).
    Outputs,
    /// Inputs are split over `tp_size` (row-parallel).
    Inputs,
    /// Outputs are (`heads` + 2 × `kv_heads`) × `head_dim`. Heads are split over `tp_size`;
    /// key-value heads are repeated if there are fewer than ranks.
    QueryKeyValue,
    /// The vocabulary, padded to a multiple of `tp_size`, is split over it.
    Vocabulary,
    /// Copies are split over `moe_ep_size`, outputs over `moe_tp_size`.
    Experts,
    /// Copies are split over `moe_ep_size`, inputs over `moe_tp_size`.
    ExpertsInputs,
    /// Copies are split over `moe_ep_size`; each copy is whole.
    ExpertsWhole,
}

/// Layers with the same tensors.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerGroup {
    /// The layers.
    pub layers: LayerSet,
    /// The tensors of each.
    pub tensors: Vec<Tensor>,
}

/// Every weight tensor of a model, grouped as pipeline parallelism places them.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensors {
    /// Before the first layer: token and position tables.
    pub first_stage: Vec<Tensor>,
    /// The layers.
    pub groups: Vec<LayerGroup>,
    /// After the last layer: final normalisation and LM head, even if the head is the embedding
    /// table.
    pub last_stage: Vec<Tensor>,
    /// The encoder's tensors, which are in a separate engine.
    pub encoder: Option<EncoderTensors>,
    /// Whether the LM head is the embedding table.
    pub tied_lm_head: bool,
    /// Elements of all tensors. An embedding that several parts share counts once.
    pub elements: u64,
}

/// The tensors of an encoder.
#[derive(Debug, Clone, PartialEq)]
pub struct EncoderTensors {
    /// Before and after its layers, including its copy of the decoder's token embedding.
    pub ends: Vec<Tensor>,
    /// The number of layers.
    pub layers: u32,
    /// The tensors of each.
    pub layer: Vec<Tensor>,
}

impl Tensors {
    pub(super) fn of(model: &Architecture) -> Tensors {
        let mut tensors = Tensors {
            first_stage: first_stage(model),
            groups: groups(model),
            last_stage: last_stage(model),
            encoder: model.encoder.map(|part| encoder::tensors(model, &part)),
            tied_lm_head: model.tied_embeddings,
            elements: 0,
        };
        tensors.elements = tensors.parameters(|_| 1.0);
        tensors
    }

    /// Elements of all tensors, each weighted by `share`. A shared embedding counts once.
    pub(super) fn parameters(&self, share: impl Fn(&Tensor) -> f64) -> u64 {
        let weighted = |tensor: &Tensor| match share(tensor) {
            1.0 => tensor.elements(),
            share => (tensor.elements() as f64 * share).round() as u64,
        };
        let layers = self.groups.iter().map(|group| {
            let layer = group.tensors.iter().map(weighted).fold(0, u64::saturating_add);
            layer.saturating_mul(u64::from(group.layers.len()))
        });
        let encoder = self.encoder.iter().map(|encoder| {
            let ends = encoder.ends.iter().filter(|tensor| tensor.kind != TensorKind::Embedding);
            let layer = encoder.layer.iter().map(weighted).fold(0, u64::saturating_add);
            ends.map(weighted).fold(layer.saturating_mul(u64::from(encoder.layers)), u64::saturating_add)
        });
        let ends = self.first_stage.iter().chain(&self.last_stage);
        let owned = ends.filter(|tensor| !(self.tied_lm_head && tensor.kind == TensorKind::LmHead));
        owned.map(weighted).chain(layers).chain(encoder).fold(0, u64::saturating_add)
    }
}

/// A list of tensors under construction. `add` and `norm` are not inlined: with this many callers
/// that would enlarge the page's program.
struct List {
    tensors: Vec<Tensor>,
    /// The block of the next tensors.
    block: Block,
}

impl List {
    fn new() -> List {
        List { tensors: Vec::new(), block: Block::Other }
    }

    #[inline(never)]
    fn add(&mut self, name: &'static str, inputs: u64, outputs: u64, copies: u64, kind: TensorKind, split: Split) {
        self.tensors.push(Tensor {
            name: explanation_text(name),
            inputs,
            outputs,
            copies,
            kind,
            split,
            block: self.block,
        });
    }

    fn matrix(&mut self, name: &'static str, inputs: u64, outputs: u64, kind: TensorKind, split: Split) {
        self.add(name, inputs, outputs, 1, kind, split);
    }

    fn linear(&mut self, name: &'static str, inputs: u64, outputs: u64, split: Split) {
        self.matrix(name, inputs, outputs, TensorKind::Linear, split);
    }

    fn latent(&mut self, name: &'static str, inputs: u64, outputs: u64) {
        self.matrix(name, inputs, outputs, TensorKind::LatentProjection, Split::Outputs);
    }

    fn vector(&mut self, name: &'static str, elements: u64, kind: TensorKind, split: Split) {
        self.matrix(name, 1, elements, kind, split);
    }

    /// Adds a normalisation's scale and bias, as far as `norm` has them.
    #[inline(never)]
    fn norm(&mut self, norm: Norm, [weight, bias]: [&'static str; 2], elements: u64) {
        if norm != Norm::Plain {
            self.vector(weight, elements, TensorKind::Norm, Split::Whole);
        }
        if norm == Norm::ScaleAndBias {
            self.vector(bias, elements, TensorKind::Norm, Split::Whole);
        }
    }

    /// Adds a bias for each head and bucket of distances.
    fn relative_bias(&mut self, buckets: u64, heads: u64) {
        self.matrix("rel_attn_table", buckets, heads, TensorKind::Other, Split::Outputs);
    }
}

fn first_stage(model: &Architecture) -> Vec<Tensor> {
    let hidden = model.hidden;
    let mut list = List::new();
    list.matrix("transformer.vocab_embedding.weight", model.vocab, hidden, TensorKind::Embedding, Split::Vocabulary);
    match model.positions {
        Positions::Learned { rows } => {
            let name = "transformer.position_embedding.weight";
            list.matrix(name, rows, hidden, TensorKind::PositionEmbedding, Split::Whole);
        }
        Positions::Relative { buckets } => list.relative_bias(buckets, model.attention.heads()),
        _ => {}
    }
    if model.embedding_norm {
        list.norm(model.norm, ["transformer.ln_embed.weight", "transformer.ln_embed.bias"], hidden);
    }
    list.tensors
}

fn last_stage(model: &Architecture) -> Vec<Tensor> {
    let mut list = List::new();
    if model.family.has_final_norm() {
        list.norm(model.norm, ["transformer.ln_f.weight", "transformer.ln_f.bias"], model.hidden);
    }
    list.block = Block::LmHead;
    list.matrix("lm_head.weight", model.hidden, model.vocab, TensorKind::LmHead, Split::Vocabulary);
    if model.lm_head_bias {
        list.vector("lm_head.bias", model.vocab, TensorKind::Bias, Split::Vocabulary);
    }
    list.tensors
}

/// Groups the layers by their blocks, and lists the tensors of each group.
fn groups(model: &Architecture) -> Vec<LayerGroup> {
    let moe_layers = model.moe.map_or(LayerSet::NONE, |moe| moe.layers);
    let recurrent = model.recurrence.map_or(LayerSet::NONE, |recurrence| recurrence.layers);
    let indexed = model.indexer.map_or(LayerSet::NONE, |indexer| indexer.layers);
    let sets = [model.attention_layers, recurrent, indexed, model.mlp.layers, moe_layers];
    let mut groups = Vec::with_capacity(1);
    let mut left = LayerSet::first(model.layers);
    while let Some(layer) = left.min() {
        let parts = sets.map(|set| set.contains(layer));
        let alike = |layers: LayerSet, (set, part): (LayerSet, bool)| {
            if part { layers & set } else { layers.without(set) }
        };
        let layers = sets.into_iter().zip(parts).fold(left, alike);
        left = left.without(layers);
        groups.push(LayerGroup { layers, tensors: layer_tensors(model, parts) });
    }
    groups
}

fn layer_tensors(model: &Architecture, [attends, recurs, indexed, dense, experts]: [bool; 5]) -> Vec<Tensor> {
    const NORMS: [[&str; 2]; 4] = [
        ["input_layernorm.weight", "input_layernorm.bias"],
        ["post_layernorm.weight", "post_layernorm.bias"],
        ["pre_feedforward_layernorm.weight", "pre_feedforward_layernorm.bias"],
        ["post_feedforward_layernorm.weight", "post_feedforward_layernorm.bias"],
    ];
    const NORMS_WITH_CROSS_ATTENTION: [[&str; 2]; 3] = [
        ["self_attention_layernorm.weight", "self_attention_layernorm.bias"],
        ["cross_attention_layernorm.weight", "cross_attention_layernorm.bias"],
        ["mlp_layernorm.weight", "mlp_layernorm.bias"],
    ];
    let names: &[[&str; 2]] = if model.encoder.is_some() { &NORMS_WITH_CROSS_ATTENTION } else { &NORMS };
    let mut list = List::new();
    for names in names.iter().take(model.norms_per_layer as usize) {
        list.norm(model.norm, *names, model.hidden);
    }
    if attends {
        attention(model, &model.attention, &ATTENTION, &mut list);
        if model.encoder.is_some() {
            // Queries come from the decoder's tokens, keys and values from the encoder's output,
            // through one projection.
            attention(model, &model.attention, &CROSS_ATTENTION, &mut list);
        }
    }
    if let Some(recurrence) = model.recurrence.filter(|_| recurs) {
        recurrent(model.hidden, &recurrence, &mut list);
    }
    if indexed {
        indexer(model, &mut list);
    }
    if dense {
        list.block = Block::Mlp;
        feed_forward(model, &MLP, model.mlp.intermediate, &mut list);
        list.block = Block::Other;
    }
    if let Some(moe) = model.moe.filter(|_| experts) {
        mixture(model, &moe, &mut list);
    }
    list.tensors
}

/// An attention block's tensor names: weights and biases of the projections of its inputs and of
/// its output.
struct AttentionNames {
    qkv: [&'static str; 2],
    dense: [&'static str; 2],
}

const ATTENTION: AttentionNames = AttentionNames {
    qkv: ["attention.qkv.weight", "attention.qkv.bias"],
    dense: ["attention.dense.weight", "attention.dense.bias"],
};

const CROSS_ATTENTION: AttentionNames = AttentionNames {
    qkv: ["cross_attention.qkv.weight", "cross_attention.qkv.bias"],
    dense: ["cross_attention.dense.weight", "cross_attention.dense.bias"],
};

fn attention(model: &Architecture, attention: &Attention, names: &AttentionNames, list: &mut List) {
    let hidden = model.hidden;
    list.block = Block::AttentionInputs;
    let attention_width = match *attention {
        Attention::Grouped { heads, kv_heads, head_dim } => {
            let outputs = (heads + 2 * kv_heads) * head_dim;
            list.linear(names.qkv[0], hidden, outputs, Split::QueryKeyValue);
            if model.qkv_bias {
                let biased = if model.family.has_key_bias() { outputs } else { outputs - kv_heads * head_dim };
                list.vector(names.qkv[1], biased, TensorKind::Bias, Split::QueryKeyValue);
            }
            heads * head_dim
        }
        Attention::Latent { heads, q_lora_rank, kv_lora_rank, qk_nope_head_dim, qk_rope_head_dim, v_head_dim } => {
            let queries = heads * (qk_nope_head_dim + qk_rope_head_dim);
            let compressed = kv_lora_rank + qk_rope_head_dim;
            match q_lora_rank {
                Some(rank) => {
                    list.linear("attention.fused_a.weight", hidden, rank + compressed, Split::Whole);
                    list.vector("attention.q_a_layernorm.weight", rank, TensorKind::Norm, Split::Whole);
                    list.latent("attention.q_b_proj.weight", rank, queries);
                }
                None => {
                    list.linear("attention.fused_a.weight", hidden, compressed, Split::Whole);
                    list.latent("attention.q_proj.weight", hidden, queries);
                }
            }
            list.vector("attention.kv_a_layernorm.weight", kv_lora_rank, TensorKind::Norm, Split::Whole);
            let decompressed = heads * (qk_nope_head_dim + v_head_dim);
            list.latent("attention.kv_b_proj.weight", kv_lora_rank, decompressed);
            heads * v_head_dim
        }
    };
    if model.attention_gate {
        list.linear("attention.gate.weight", hidden, attention_width, Split::Outputs);
    }
    list.block = Block::AttentionOutput;
    list.linear(names.dense[0], attention_width, hidden, Split::Inputs);
    list.block = Block::Other;
    if model.dense_bias {
        list.vector(names.dense[1], hidden, TensorKind::Bias, Split::Whole);
    }
    if model.attention_sinks {
        list.vector("attention.sinks", attention.heads(), TensorKind::Other, Split::Outputs);
    }
    let head_dim = attention.head_dim();
    let normed = match model.qk_norm {
        QkNorm::Absent => return,
        QkNorm::Head => [head_dim, head_dim],
        QkNorm::Full => [attention.heads() * head_dim, attention.kv_heads() * head_dim],
    };
    list.vector("attention.q_layernorm.weight", normed[0], TensorKind::Norm, Split::Whole);
    list.vector("attention.k_layernorm.weight", normed[1], TensorKind::Norm, Split::Whole);
}

/// DeepSeek sparse attention: queries come from the compressed query, one key is shared, each head
/// has a weight.
fn indexer(model: &Architecture, list: &mut List) {
    let (Some(indexer), Attention::Latent { q_lora_rank, .. }) = (model.indexer, model.attention) else {
        return;
    };
    let head_dim = indexer.head_dim;
    list.block = Block::Indexer;
    list.linear("indexer.wq_b.weight", q_lora_rank.unwrap_or(model.hidden), indexer.heads * head_dim, Split::Whole);
    list.linear("indexer.wk.weight", model.hidden, head_dim, Split::Whole);
    list.norm(Norm::ScaleAndBias, ["indexer.k_norm.weight", "indexer.k_norm.bias"], head_dim);
    list.matrix("indexer.weights_proj.weight", model.hidden, indexer.heads, TensorKind::Other, Split::Whole);
    list.block = Block::Other;
}

fn recurrent(hidden: u64, recurrence: &Recurrence, list: &mut List) {
    let Recurrence { heads, convolution, .. } = *recurrence;
    let (inner, channels) = (recurrence.inner(), recurrence.channels());
    let small = |list: &mut List, name, elements| list.vector(name, elements, TensorKind::Other, Split::Outputs);
    let gates = match recurrence.kind {
        RecurrenceKind::Mamba2 => heads,
        RecurrenceKind::GatedDeltaNet => 2 * heads,
    };
    list.block = Block::Recurrence;
    list.linear("ssm.in_proj.weight", hidden, inner + channels + gates, Split::Outputs);
    list.matrix("ssm.conv1d.weight", convolution, channels, TensorKind::Other, Split::Outputs);
    match recurrence.kind {
        RecurrenceKind::Mamba2 => {
            small(list, "ssm.conv1d.bias", channels);
            small(list, "ssm.D", heads);
            list.vector("ssm.norm.weight", inner, TensorKind::Norm, Split::Outputs);
        }
        RecurrenceKind::GatedDeltaNet => {
            list.vector("ssm.norm.weight", recurrence.head_dim, TensorKind::Norm, Split::Whole);
        }
    }
    small(list, "ssm.A", heads);
    small(list, "ssm.dt_bias", heads);
    list.linear("ssm.out_proj.weight", inner, hidden, Split::Inputs);
    list.block = Block::Other;
}

/// A feed-forward block's tensor names: weights and biases of input, gate and output projection.
struct MlpNames {
    inputs: [[&'static str; 2]; 2],
    proj: [&'static str; 2],
}

const MLP: MlpNames = MlpNames {
    inputs: [["mlp.fc.weight", "mlp.fc.bias"], ["mlp.gate.weight", "mlp.gate.bias"]],
    proj: ["mlp.proj.weight", "mlp.proj.bias"],
};

const SHARED_EXPERT: MlpNames = MlpNames {
    inputs: [
        ["mlp.shared_expert.fc.weight", "mlp.shared_expert.fc.bias"],
        ["mlp.shared_expert.gate.weight", "mlp.shared_expert.gate.bias"],
    ],
    proj: ["mlp.shared_expert.proj.weight", "mlp.shared_expert.proj.bias"],
};

fn feed_forward(model: &Architecture, names: &MlpNames, intermediate: u64, list: &mut List) {
    let inputs = if model.mlp.gated { 2 } else { 1 };
    for [weight, bias] in names.inputs.iter().take(inputs) {
        list.linear(weight, model.hidden, intermediate, Split::Outputs);
        if model.mlp.bias {
            list.vector(bias, intermediate, TensorKind::Bias, Split::Outputs);
        }
    }
    list.linear(names.proj[0], intermediate, model.hidden, Split::Inputs);
    if model.mlp.bias {
        list.vector(names.proj[1], model.hidden, TensorKind::Bias, Split::Whole);
    }
}

/// The experts' input projection contains both gate and up projection.
fn mixture(model: &Architecture, moe: &Moe, list: &mut List) {
    let hidden = model.hidden;
    let outputs = if model.mlp.gated { 2 * moe.intermediate } else { moe.intermediate };
    let expert = |list: &mut List, name, inputs, outputs, kind, split| {
        list.add(name, inputs, outputs, moe.experts, kind, split);
    };
    list.matrix("mlp.router.weight", hidden, moe.experts, TensorKind::Router, Split::Whole);
    if moe.router_bias {
        list.vector("mlp.router.bias", moe.experts, TensorKind::Router, Split::Whole);
    }
    list.block = Block::Experts;
    expert(list, "mlp.fc.weight", hidden, outputs, TensorKind::ExpertLinear, Split::Experts);
    expert(list, "mlp.proj.weight", moe.intermediate, hidden, TensorKind::ExpertLinear, Split::ExpertsInputs);
    if model.mlp.bias {
        expert(list, "mlp.fc.bias", 1, outputs, TensorKind::Bias, Split::Experts);
        expert(list, "mlp.proj.bias", 1, hidden, TensorKind::Bias, Split::ExpertsWhole);
    }
    list.block = Block::Other;
    if moe.shared_intermediate > 0 {
        list.block = Block::SharedExperts;
        feed_forward(model, &SHARED_EXPERT, moe.shared_intermediate, list);
        list.block = Block::Other;
    }
    if moe.shared_gate {
        list.matrix("mlp.shared_expert_gate.weight", hidden, 1, TensorKind::Other, Split::Whole);
    }
}
