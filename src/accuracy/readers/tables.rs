//! Tables with a header: execution contexts, capacities, PyTorch runs, and the project's own.

use super::row::{Row, switches};
use super::{Read, csv, names, unreadable};
use crate::accuracy::{Exclusion, shipped};
use crate::architecture::{Architecture, Attention, LayerSet, Positions, find, models};

/// The header of the project's own table.
const OWN: [&str; 4] = ["id", "source", "link", "measured"];

/// Reads a table with this header.
pub(super) fn read(name: &str, header: &str, text: &str) -> Read {
    if header.split('\t').eq(OWN) {
        return own(name, text);
    }
    let mut records = csv::records(text).into_iter();
    let columns: Vec<String> = records.next().map(|(_, names)| names).unwrap_or_default();
    let columns: Vec<String> = columns.iter().map(|column| column.trim().to_ascii_lowercase()).collect();
    let has = |column: &str| columns.iter().any(|name| name == column);
    let make: fn(&Record) -> Row = if has("max_concurrent_sequences") {
        capacity
    } else if has("measured_mib") {
        execution_context
    } else if has("kv_gib") || has("peak_gib") {
        pytorch_run
    } else {
        return Read { unreadable: vec![unreadable(name, 1, Exclusion::UnknownFormat)], ..Read::default() };
    };
    let mut read = Read::default();
    for (line, fields) in records {
        if fields.len() > columns.len() {
            let reason = Exclusion::TooManyFields { fields: fields.len(), columns: columns.len() };
            read.unreadable.push(unreadable(name, line, reason));
            continue;
        }
        let mut row = make(&Record { columns: &columns, fields: &fields });
        if row.id.is_empty() {
            row.id = format!("{name}:{line}");
        }
        read.measurements.push(row.measurement());
    }
    read
}

/// Reads the project's own table.
fn own(name: &str, text: &str) -> Read {
    let mut read = Read::default();
    for (number, line) in text.lines().enumerate().skip(1).filter(|(_, line)| !line.trim().is_empty()) {
        match shipped::measurement(line) {
            Some(measurement) => read.measurements.push(measurement),
            None => read.unreadable.push(unreadable(name, number + 1, Exclusion::MissingColumns)),
        }
    }
    read
}

struct Record<'a> {
    columns: &'a [String],
    fields: &'a [String],
}

impl Record<'_> {
    fn get(&self, column: &str) -> &str {
        let index = self.columns.iter().position(|name| name == column);
        index.and_then(|index| self.fields.get(index)).map_or("", |field| field.trim())
    }

    fn number<T: std::str::FromStr>(&self, column: &str) -> Option<T> {
        self.get(column).parse().ok()
    }

    /// The row, with every column as a setting.
    fn row(&self) -> Row {
        let mut row = Row { id: self.get("id").into(), source: self.get("source").into(), ..Row::default() };
        for (column, field) in self.columns.iter().zip(self.fields) {
            row.set(column, field);
        }
        row
    }
}

/// The row of an execution context, which has the model's dimensions.
fn execution_context(record: &Record) -> Row {
    let mut row = record.row();
    row.set("version", record.get("trtllm_version"));
    row.set("pp_size", "1");
    row.model = model(record);
    switches(record.get("flags"), &mut row);
    if record.get("kind").contains("unfused") {
        row.set("use_fused_mlp", "false");
    }
    if let Some(tokens) = record.number::<u64>("max_num_tokens") {
        // The table has the resolved number of tokens, so that no other limit may change it.
        let positions = row.model.map_or(tokens, |model| model.max_position_embeddings.max(tokens));
        row.set("max_seq_len", &positions.to_string());
        row.set("tokens_per_block", "32");
    }
    if let Some(mib) = record.number("measured_mib") {
        row.figures.push(("context_mib".into(), mib));
    }
    row
}

/// The row of a capacity: the most sequences of `isl + osl + 1000` tokens that the PyTorch
/// backend's KV cache held.
fn capacity(record: &Record) -> Row {
    let mut row = record.row();
    let columns = ["system", "model", "tp", "isl", "osl"];
    row.id = columns.map(|column| record.get(column)).join("/");
    row.source = "ai-dynamo/aiconfigurator (integration tests)".into();
    row.backend = "pytorch".into();
    row.defaults = true;
    row.set("version", "1.3");
    row.set("pp_size", "1");
    row.set("kv_cache_dtype", "bf16");
    row.set("tokens_per_block", "32");
    // FP8 checkpoints of the models' authors have a scale for each block.
    row.set("quant_algo", if row_is_fp8(record) { "FP8_BLOCK_SCALES" } else { "NO_QUANT" });
    if let (Some(input), Some(output)) = (record.number::<u64>("isl"), record.number::<u64>("osl")) {
        row.set("max_num_tokens", &input.saturating_mul(2).to_string());
        row.set("max_seq_len", &input.saturating_add(output).saturating_add(1000).to_string());
    }
    if let Some(sequences) = record.number("max_concurrent_sequences") {
        row.figures.push(("sequences".into(), sequences));
    }
    row
}

fn row_is_fp8(record: &Record) -> bool {
    record.get("model").to_ascii_lowercase().ends_with("fp8")
}

/// The row of a run of the PyTorch backend.
fn pytorch_run(record: &Record) -> Row {
    let mut row = record.row();
    if row.backend.is_empty() {
        row.backend = "pytorch".into();
    }
    for figure in ["total_gib", "weights_torch_gib", "kv_gib", "kv_tokens", "blocks"] {
        if let Some(amount) = record.number(figure) {
            row.figures.push((figure.into(), amount));
        }
    }
    row
}

/// Finds the model with a record's dimensions: the one of its name if they agree, or any other one.
/// Makes a dense model of the dimensions if the catalogue has none.
fn model(record: &Record) -> Option<&'static Architecture> {
    let number = |column: &str| record.number::<u64>(column);
    let (hidden, layers, heads) = (number("hidden")?, number("layers")?, number("heads")?);
    let (kv_heads, head_dim, vocab) = (number("kv_heads")?, number("head_dim")?, number("vocab_padded")?);
    let intermediate = number("inter")?;
    let shape = |model: &Architecture| {
        model.hidden == hidden && u64::from(model.layers) == layers && model.attention.heads() == heads
    };
    if let Some(model) = names::model(record.get("model")).ok().filter(|model| shape(model)) {
        return Some(model);
    }
    let same = |model: &&'static Architecture| {
        let attention = Attention::Grouped { heads, kv_heads, head_dim };
        shape(model)
            && model.attention == attention
            && model.mlp.intermediate == intermediate
            && model.vocab == vocab
            && model.moe.is_none()
    };
    let kind = record.get("kind");
    models().iter().find(same).or_else(|| {
        let is_dense = !kind.contains("moe") && !kind.contains("mla");
        let like = if kind.contains("non_gated") { "openai-community/gpt2" } else { "huggyllama/llama-7b" };
        let mut made = find(like).filter(|_| is_dense)?.clone();
        let layers = u32::try_from(layers).ok().filter(|layers| *layers <= LayerSet::LIMIT)?;
        made.name = record.get("model").to_string();
        made.aliases.clear();
        (made.layers, made.attention_layers) = (layers, LayerSet::first(layers));
        (made.hidden, made.vocab, made.mlp.intermediate) = (hidden, vocab, intermediate);
        made.attention = Attention::Grouped { heads, kv_heads, head_dim };
        if let Positions::Rope { rotary_dim, .. } = &mut made.positions {
            *rotary_dim = head_dim;
        }
        // Deployments refer to models of the catalogue without owning them; a file has few others.
        (heads > 0 && kv_heads > 0 && layers > 0).then(|| &*Box::leak(Box::new(made)))
    })
}
