//! `models` and `gpus`: the catalogues as tables or JSON.

use super::json;
use super::table::Table;
use serde::Serialize;
use trtllm_memory::architecture::{self, Architecture, QuantMethod};
use trtllm_memory::gpu::{self, Gpu};
use trtllm_memory::units::{Bytes, Units, grouped, grouped_decimal};

/// A model's row.
#[derive(Serialize)]
struct Model<'a> {
    name: &'a str,
    aliases: &'a [String],
    family: &'static str,
    parameters: u64,
    /// The parameters that one token uses; of the routed experts that is a part.
    active_parameters: u64,
    layers: u32,
    hidden: u64,
    heads: u64,
    kv_heads: u64,
    head_dim: u64,
    intermediate: u64,
    vocab: u64,
    experts: Option<u64>,
    top_k: Option<u64>,
    max_position_embeddings: u64,
    dtype: &'static str,
    tied_embeddings: bool,
    source: &'a str,
    /// The model of which this is a quantized version.
    like: Option<&'a str>,
    /// The format of the repository's quantized tensors.
    quant_method: Option<&'static str>,
    /// The precision of each block of linear layers, as rules; empty in `dtype`.
    stored: String,
    /// The type of the KV cache that the repository's files ask for.
    stored_kv_cache: &'static str,
    stored_source: &'static str,
}

impl<'a> Model<'a> {
    fn of(model: &'a Architecture) -> Model<'a> {
        let checkpoint = &model.checkpoint;
        Model {
            name: &model.name,
            aliases: &model.aliases,
            family: model.family.label(),
            parameters: model.parameters(),
            active_parameters: model.active_parameters(),
            layers: model.layers,
            hidden: model.hidden,
            heads: model.attention.heads(),
            kv_heads: model.attention.kv_heads(),
            head_dim: model.attention.head_dim(),
            intermediate: model.mlp.intermediate,
            vocab: model.vocab,
            experts: model.moe.map(|moe| moe.experts),
            top_k: model.moe.map(|moe| moe.top_k),
            max_position_embeddings: model.max_position_embeddings,
            dtype: model.dtype.name(),
            tied_embeddings: model.tied_embeddings,
            source: &model.source,
            like: checkpoint.base.as_deref(),
            quant_method: checkpoint.method.map(QuantMethod::name),
            stored: checkpoint.precisions.text(model.layers),
            stored_kv_cache: checkpoint.kv_cache.name(),
            stored_source: checkpoint.evidence.text(),
        }
    }
}

/// A GPU's row.
#[derive(Serialize)]
struct Card {
    id: &'static str,
    aliases: Vec<&'static str>,
    name: &'static str,
    memory_bytes: Bytes,
    memory_low_bytes: Bytes,
    memory_high_bytes: Bytes,
    compute_capability: String,
    multiprocessors: u32,
    /// The inference of the memory, if no reading is published.
    inferred: Option<&'static str>,
    source: &'static str,
}

impl Card {
    fn of(gpu: &'static Gpu) -> Card {
        let (major, minor) = gpu.compute_capability;
        Card {
            id: gpu.id,
            aliases: gpu.aliases.split_whitespace().collect(),
            name: gpu.name,
            memory_bytes: gpu.memory,
            memory_low_bytes: gpu.memory_low,
            memory_high_bytes: gpu.memory_high,
            compute_capability: format!("{major}.{minor}"),
            multiprocessors: gpu.multiprocessors,
            inferred: gpu.memory_inferred,
            source: gpu.source,
        }
    }
}

/// Prints the models as a table or JSON.
pub(super) fn models(as_json: bool) -> String {
    let rows: Vec<Model> = architecture::models().iter().map(Model::of).collect();
    if as_json {
        return json(&rows);
    }
    let billions = |parameters: u64| grouped_decimal(parameters as f64 / 1e9, 2);
    let mut table = Table::new(1);
    table.row(["model", "parameters (10⁹)", "active", "layers", "hidden", "heads", "KV heads", "context", "stored"]);
    for row in rows {
        table.row([
            row.name.to_string(),
            billions(row.parameters),
            billions(row.active_parameters),
            row.layers.to_string(),
            row.hidden.to_string(),
            row.heads.to_string(),
            row.kv_heads.to_string(),
            grouped(row.max_position_embeddings),
            if row.stored.is_empty() { row.dtype.to_string() } else { row.stored },
        ]);
    }
    table.text()
}

/// Prints the GPUs as a table or JSON.
pub(super) fn gpus(as_json: bool, units: Units) -> String {
    let rows: Vec<Card> = gpu::gpus().iter().map(Card::of).collect();
    if as_json {
        return json(&rows);
    }
    let mut table = Table::new(2);
    table.row(["id", "GPU", &format!("memory ({})", units.giga()), "compute capability", "multiprocessors", ""]);
    for row in rows {
        table.row([
            row.id.to_string(),
            row.name.to_string(),
            grouped_decimal(row.memory_bytes.giga(units), 2),
            row.compute_capability,
            row.multiprocessors.to_string(),
            if row.inferred.is_some() { "inferred".into() } else { String::new() },
        ]);
    }
    table.text()
}
