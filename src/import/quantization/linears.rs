//! The linear layers of a model under the names that checkpoints give them, and the precision of
//! each.

use super::target::Target;
use crate::architecture::{Architecture, Attention, Block, LayerSet, ModulePrecisions};
use crate::import::report::ReadReport;
use crate::quantization::QuantAlgo;
use std::collections::HashMap;

/// The modules that contain attention's projections.
const ATTENTION: &[&str] = &["self_attn", "attn", "attention", "mixer", "self_attention"];
/// Those of the indexer.
const INDEXER: &[&str] = &["self_attn.indexer", "attention.indexer"];
/// Those of recurrent layers. Kimi's are named like attention.
const RECURRENT: &[&str] = &["linear_attn", "mixer", "mamba", "self_attn"];
/// Those of the dense feed-forward block.
const MLP: &[&str] = &["mlp", "feed_forward", "mixer", "ffn"];
/// Those of the shared experts.
const SHARED: &[&str] = &[
    "mlp.shared_experts",
    "mlp.shared_expert",
    "block_sparse_moe.shared_experts",
    "feed_forward.shared_expert",
    "mixer.shared_experts",
    "mlp.shared_mlp",
    "shared_mlp",
    "ffn.shared_experts",
];
/// Those of the routed experts, of which the first stands for all.
const EXPERTS: &[&str] = &[
    "mlp.experts.0",
    "mlp.experts",
    "block_sparse_moe.experts.0",
    "block_sparse_moe.experts",
    "feed_forward.experts",
    "feed_forward.experts.0",
    "mixer.experts.0",
    "ffn.experts.0",
];
/// Those of the routed experts if they lie beside the dense block.
const EXPERTS_BESIDE: &[&str] = &["experts.0", "experts", "moe.experts.0"];

/// Linear layers that checkpoints name alike in every layer. Names of fused modules are names of
/// each of their parts.
pub(super) struct Linear {
    pub(super) block: Block,
    /// The layers that have it; the first one for the LM head.
    pub(super) layers: LayerSet,
    /// Its elements in a layer.
    elements: u64,
    /// Its names within a layer.
    pub(super) names: Vec<String>,
}

/// Returns the linear layers of a model. `experts` are the modules that contain its experts.
fn linears(model: &Architecture, experts: &[&str]) -> Vec<Linear> {
    let mut all = Vec::with_capacity(16);
    let mut add = |block: Block, layers: LayerSet, elements: u64, within: &[&str], endings: &[&str]| {
        let names = within.iter().flat_map(|module| endings.iter().map(move |ending| format!("{module}.{ending}")));
        all.push(Linear { block, layers, elements, names: names.collect() });
    };
    let (hidden, attending) = (model.hidden, model.attention_layers);
    let output = match model.attention {
        Attention::Grouped { heads, kv_heads, head_dim } => {
            let fused = ["qkv_proj", "qkv", "query_key_value", "Wqkv", "W_pack", "c_attn", "wqkv"];
            let gated = if model.attention_gate { 2 } else { 1 };
            for (name, count) in [("q", gated * heads), ("k", kv_heads), ("v", kv_heads)] {
                let own = [format!("{name}_proj"), format!("w{name}")];
                let endings: Vec<&str> = own.iter().map(String::as_str).chain(fused).collect();
                add(Block::AttentionInputs, attending, hidden * count * head_dim, ATTENTION, &endings);
            }
            heads * head_dim
        }
        Attention::Latent { heads, q_lora_rank, kv_lora_rank, qk_nope_head_dim, qk_rope_head_dim, v_head_dim } => {
            let queries = heads * (qk_nope_head_dim + qk_rope_head_dim);
            let decompressed = heads * (qk_nope_head_dim + v_head_dim);
            let fused = "fused_qkv_a_proj_with_mqa";
            let mut input = |elements, endings: &[&str]| {
                add(Block::AttentionInputs, attending, elements, ATTENTION, endings);
            };
            match q_lora_rank {
                Some(rank) => {
                    input(hidden * rank, &["q_a_proj", fused, "wq_a"]);
                    input(rank * queries, &["q_b_proj", "wq_b"]);
                }
                None => input(hidden * queries, &["q_proj", "wq"]),
            }
            input(hidden * (kv_lora_rank + qk_rope_head_dim), &["kv_a_proj_with_mqa", fused, "wkv_a"]);
            input(kv_lora_rank * decompressed, &["kv_b_proj", "wkv_b"]);
            heads * v_head_dim
        }
    };
    let endings = ["o_proj", "out_proj", "dense", "c_proj", "wo"];
    add(Block::AttentionOutput, attending, output * hidden, ATTENTION, &endings);
    if let Some(indexer) = model.indexer {
        let heads = indexer.heads * indexer.head_dim;
        add(Block::Indexer, indexer.layers, hidden * heads, INDEXER, &["wq_b"]);
        add(Block::Indexer, indexer.layers, hidden * indexer.head_dim, INDEXER, &["wk"]);
    }
    if let Some(recurrence) = model.recurrence {
        let (inner, layers) = (recurrence.inner(), recurrence.layers);
        let inputs = ["in_proj", "in_proj_qkvz", "in_proj_qkv", "q_proj", "k_proj", "v_proj"];
        add(Block::Recurrence, layers, hidden * recurrence.channels(), RECURRENT, &inputs);
        add(Block::Recurrence, layers, hidden * inner, RECURRENT, &["in_proj", "in_proj_qkvz", "in_proj_z"]);
        add(Block::Recurrence, layers, inner * hidden, RECURRENT, &["out_proj", "o_proj"]);
    }
    let mut feed_forward = |block: Block, layers: LayerSet, elements: u64, within: &[&str]| {
        if model.mlp.gated {
            add(block, layers, elements, within, &["gate_proj", "gate_up_proj", "w1"]);
        }
        let up = ["up_proj", "gate_up_proj", "w3", "fc1", "c_fc", "dense_h_to_4h", "fc_in"];
        add(block, layers, elements, within, &up);
        add(block, layers, elements, within, &["down_proj", "w2", "fc2", "c_proj", "dense_4h_to_h", "fc_out"]);
    };
    feed_forward(Block::Mlp, model.mlp.layers, hidden * model.mlp.intermediate, MLP);
    if let Some(moe) = model.moe {
        feed_forward(Block::SharedExperts, moe.layers, hidden * moe.shared_intermediate, SHARED);
        feed_forward(Block::Experts, moe.layers, hidden * moe.intermediate * moe.experts, experts);
    }
    all.retain(|linear| linear.elements > 0 && !linear.layers.is_empty());
    let names = ["lm_head", "embed_out", "output"].map(str::to_string).into();
    let layers = LayerSet::first(1);
    all.push(Linear { block: Block::LmHead, layers, elements: hidden * model.vocab, names });
    all
}

/// Returns whether two precisions are the same for a model: in every block that it has.
pub(in crate::import) fn are_alike(model: &Architecture, one: &ModulePrecisions, other: &ModulePrecisions) -> bool {
    linears(model, EXPERTS).iter().all(|linear| {
        let of = |precisions: &ModulePrecisions, layer: u32| {
            precisions.within(linear.block, LayerSet::range(layer..layer + 1)).next().map(|(algo, _)| algo)
        };
        linear.layers.iter().all(|layer| of(one, layer) == of(other, layer))
    })
}

/// Returns the precision of each block of a model under rules, of which later ones override earlier
/// ones. Reports rules without effect, and blocks whose parts differ.
pub(super) fn precisions(model: &Architecture, rules: &[(Target, QuantAlgo)], report: &mut ReadReport) -> Tally {
    // A router beside the dense block shows where the experts are.
    let beside = rules.iter().any(|(target, _)| target.is_router_of_layer());
    let linears = linears(model, if beside { EXPERTS_BESIDE } else { EXPERTS });
    let mut algos: Vec<Vec<QuantAlgo>> = vec![vec![QuantAlgo::None; model.layers.max(1) as usize]; linears.len()];
    let experts = model.moe.map_or(1, |moe| moe.experts);
    let mut named: HashMap<(usize, u32, QuantAlgo), u64> = HashMap::new();
    let mut unmatched: Vec<&Target> = Vec::new();
    for (target, algo) in rules {
        let mut is_matched = false;
        target.each(&linears, &mut |at, layer| {
            is_matched = true;
            if target.is_single_expert() {
                // A name of one expert counts once most experts are named.
                let count = named.entry((at, layer, *algo)).or_default();
                *count += 1;
                if *count * 2 <= experts {
                    return;
                }
            }
            if let Some(known) = algos.get_mut(at).and_then(|layers| layers.get_mut(layer as usize)) {
                *known = *algo;
            }
        });
        if !is_matched && !target.is_elsewhere(model.layers) {
            unmatched.push(target);
        }
    }
    if let Some(first) = unmatched.first() {
        report.assume(
            "quantization_config",
            format!("{}, … ({})", first.shown(), unmatched.len()),
            "these names match no linear layer that is modelled, so they have no effect",
        );
    }
    let mut tally = Tally::default();
    for (linear, algos) in linears.iter().zip(&algos) {
        for layer in linear.layers.iter().filter(|layer| *layer < model.layers) {
            if let Some(algo) = algos.get(layer as usize) {
                tally.add(linear.block, layer, *algo, linear.elements);
            }
        }
    }
    tally
}

/// Elements by block, layer and precision.
#[derive(Debug, Default)]
pub(in crate::import) struct Tally(Vec<(Block, Vec<LayerTally>)>);

/// Elements of a block in a layer by precision.
type LayerTally = (u32, Vec<(QuantAlgo, u64)>);

impl Tally {
    /// Adds a module.
    pub(in crate::import) fn add(&mut self, block: Block, layer: u32, algo: QuantAlgo, elements: u64) {
        let at = self.0.iter().position(|(known, _)| *known == block).unwrap_or_else(|| {
            self.0.push((block, Vec::new()));
            self.0.len() - 1
        });
        let Some((_, layers)) = self.0.get_mut(at) else { return };
        let place = layers.binary_search_by_key(&layer, |(known, _)| *known).unwrap_or_else(|place| {
            layers.insert(place, (layer, Vec::new()));
            place
        });
        let Some((_, algos)) = layers.get_mut(place) else { return };
        match algos.iter_mut().find(|(known, _)| *known == algo) {
            Some((_, sum)) => *sum = sum.saturating_add(elements),
            None => algos.push((algo, elements)),
        }
    }

    /// Returns the precision of each block: that of most of its elements in each layer. Blocks
    /// whose parts differ are reported.
    pub(in crate::import) fn precisions(&self, report: &mut ReadReport) -> ModulePrecisions {
        let mut precisions = ModulePrecisions::default();
        let mut uneven: Vec<(Block, u32)> = Vec::new();
        for (block, layers) in &self.0 {
            let winner = |algos: &[(QuantAlgo, u64)]| algos.iter().max_by_key(|(_, sum)| *sum).map(|(algo, _)| *algo);
            uneven.extend(layers.iter().filter(|(_, algos)| algos.len() > 1).map(|(layer, _)| (*block, *layer)));
            let mut sets: Vec<(QuantAlgo, LayerSet)> = Vec::new();
            for (layer, algos) in layers {
                let Some(algo) = winner(algos) else { continue };
                let one = LayerSet::range(*layer..layer.saturating_add(1));
                match sets.iter_mut().find(|(known, _)| *known == algo) {
                    Some((_, set)) => *set = *set | one,
                    None => sets.push((algo, one)),
                }
            }
            // The precision of most layers comes first; the others are exceptions.
            sets.sort_by_key(|(_, set)| std::cmp::Reverse(set.len()));
            for (at, (algo, set)) in sets.iter().enumerate() {
                precisions.set(*block, (at > 0).then_some(*set), *algo);
            }
        }
        self.complete(&mut precisions);
        if let Some((block, layer)) = uneven.first() {
            report.assume(
                "quantization_config",
                format!("{block:?} of layer {layer}, … ({})", uneven.len()),
                "parts of these blocks are stored differently; each block is counted in the precision of most of it",
            );
        }
        precisions
    }

    /// Gives blocks that the model does not have the precision of the others, which makes the rules
    /// short. They have no effect.
    fn complete(&self, precisions: &mut ModulePrecisions) {
        if precisions.is_unquantized() || precisions.is_only_of_experts() {
            return;
        }
        let main = precisions.main();
        let usual = [Block::Recurrence, Block::Mlp, Block::SharedExperts, Block::Experts];
        for block in usual.into_iter().filter(|block| self.0.iter().all(|(known, _)| known != block)) {
            precisions.set(block, None, main);
        }
    }
}
