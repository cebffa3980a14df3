//! A checkpoint's tensors: a `model.safetensors` header, or the index that names the files.

use super::hf_config::{known, set};
use super::report::{ReadError, ReadReport};
use super::spanned_json::{self, Node, Value};
use crate::architecture::{Dtype, Family, ModelRef, Recipe, limits};
use crate::units::Bytes;
use serde::Serialize;

/// A header isn't longer, in bytes (the format's own limit).
const LONGEST: usize = 100_000_000;

/// Bytes and elements of tensors that are alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Share {
    /// What they are: a part of the model, or a number format.
    pub name: String,
    /// How many tensors.
    pub tensors: u64,
    /// Their elements.
    pub elements: u64,
    /// Their bytes.
    pub bytes: Bytes,
}

/// A tensor of a header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileTensor {
    /// Its name, text of the file.
    pub name: String,
    /// Its bytes.
    pub bytes: Bytes,
}

/// What a header or an index says.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// All bytes of tensors.
    pub bytes: Bytes,
    /// Number of tensors.
    pub tensors: u64,
    /// Every tensor, the largest first; empty for an index, which doesn't know sizes.
    pub sizes: Vec<FileTensor>,
    /// By part of the model: embedding, layers, LM head, the rest.
    pub parts: Vec<Share>,
    /// By number format.
    pub formats: Vec<Share>,
    /// The model, where the names and shapes say it.
    pub model: Option<ModelRef>,
    /// What was read, assumed and ignored.
    pub report: ReadReport,
}

/// Reads the start of a `.safetensors` file: eight bytes of length, and the header. The tensors themselves aren't needed.
///
/// # Errors
/// Where it isn't the start of such a file, or a tensor can't be right.
pub fn read_header(bytes: &[u8]) -> Result<Checkpoint, ReadError> {
    let no_header = |message: String| ReadError { field: "header".into(), ..ReadError::whole(message) };
    let Some((length, rest)) = bytes.split_first_chunk::<8>() else {
        return Err(no_header("A safetensors file begins with eight bytes of length; this one is shorter.".into()));
    };
    let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
    if length > LONGEST {
        return Err(no_header(format!(
            "A safetensors header has up to {LONGEST} bytes; this file says {length}, so it is none."
        )));
    }
    let Some(header) = rest.get(..length) else {
        return Err(no_header(format!(
            "The header has {length} bytes, but only {} follow; more of the file is needed.",
            rest.len()
        )));
    };
    let text = std::str::from_utf8(header)
        .map_err(|_| no_header("The header is no text, so this is no safetensors file.".into()))?;
    from_header(&spanned_json::parse(text)?)
}

/// Whether this may be a safetensors file: a plausible length, then an object.
pub(super) fn is_one(bytes: &[u8]) -> bool {
    bytes
        .split_first_chunk::<8>()
        .is_some_and(|(length, rest)| u64::from_le_bytes(*length) <= LONGEST as u64 && rest.first() == Some(&b'{'))
}

struct Tensor<'a> {
    name: &'a str,
    format: &'a str,
    shape: Vec<u64>,
    bytes: u64,
}

fn from_header(root: &Node) -> Result<Checkpoint, ReadError> {
    let mut tensors = Vec::with_capacity(root.members().len());
    for (name, node) in root.members().iter().filter(|(name, _)| name != "__metadata__") {
        tensors.push(tensor(name, node)?);
    }
    if tensors.is_empty() {
        return Err(ReadError::at(root.line, "", "The header lists no tensor."));
    }
    let mut report = ReadReport::default();
    let model = model(&tensors, &mut report);
    let total = |tensors: &[Tensor]| tensors.iter().fold(0_u64, |sum, tensor| sum.saturating_add(tensor.bytes));
    let mut sizes: Vec<FileTensor> =
        tensors.iter().map(|t| FileTensor { name: t.name.to_string(), bytes: Bytes(t.bytes) }).collect();
    sizes.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.name.cmp(&b.name)));
    Ok(Checkpoint {
        bytes: Bytes(total(&tensors)),
        tensors: tensors.len() as u64,
        sizes,
        parts: shares(&tensors, |tensor| part(tensor.name)),
        formats: shares(&tensors, |tensor| tensor.format),
        model,
        report,
    })
}

fn tensor<'a>(name: &'a str, node: &'a Node) -> Result<Tensor<'a>, ReadError> {
    let wrong = |message: &str| ReadError::at(node.line, spanned_json::shorten(name), message);
    let format = node.get("dtype").and_then(Node::text).ok_or_else(|| wrong("Its dtype is missing."))?;
    let shape = node.get("shape").ok_or_else(|| wrong("Its shape is missing."))?;
    let shape: Vec<u64> = shape
        .items()
        .iter()
        .map(Node::whole)
        .collect::<Option<_>>()
        .ok_or_else(|| wrong("Its shape must be whole numbers."))?;
    let offsets = node.get("data_offsets").map(Node::items).unwrap_or(&[]);
    let [Some(start), Some(end)] = [offsets.first().and_then(Node::whole), offsets.get(1).and_then(Node::whole)] else {
        return Err(wrong("Its data_offsets must be two whole numbers."));
    };
    let bytes = end.checked_sub(start).ok_or_else(|| wrong("Its data_offsets end before they begin."))?;
    Ok(Tensor { name, format, shape, bytes })
}

/// Which part of the model a tensor belongs to.
fn part(name: &str) -> &'static str {
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if has(&["vision", "visual", "audio", "mm_projector", "multi_modal"]) {
        "vision and audio"
    } else if has(&["mtp", "nextn"]) {
        "multi-token prediction"
    } else if has(&["embed_tokens", "wte", "word_embeddings"]) {
        "embedding"
    } else if has(&["lm_head", "embed_out"]) {
        "LM head"
    } else if has(&[".experts."]) {
        "experts"
    } else if has(&["attn", "attention"]) {
        "attention"
    } else if has(&["mlp", "feed_forward", "ffn"]) {
        "feed-forward"
    } else {
        "other"
    }
}

fn shares<'t>(tensors: &'t [Tensor], name: impl Fn(&'t Tensor) -> &'t str) -> Vec<Share> {
    let mut shares: Vec<Share> = Vec::new();
    for tensor in tensors {
        let group = name(tensor);
        let elements = tensor.shape.iter().fold(1_u64, |product, size| product.saturating_mul(*size));
        match shares.iter_mut().find(|share| share.name == group) {
            Some(share) => {
                share.tensors += 1;
                share.elements = share.elements.saturating_add(elements);
                share.bytes += Bytes(tensor.bytes);
            }
            None => shares.push(Share { name: group.into(), tensors: 1, elements, bytes: Bytes(tensor.bytes) }),
        }
    }
    shares.sort_by_key(|share| std::cmp::Reverse(share.bytes));
    shares
}

/// The number behind `layers.` or `h.`.
fn layer(name: &str) -> Option<u32> {
    let rest = ["layers.", ".h.", "blocks."].iter().find_map(|word| name.split_once(word).map(|(_, rest)| rest))?;
    rest.split('.').next()?.parse().ok()
}

/// A model from names and shapes, as Llama's relatives have them.
fn model(tensors: &[Tensor], report: &mut ReadReport) -> Option<ModelRef> {
    let text = || tensors.iter().filter(|tensor| part(tensor.name) != "vision and audio");
    let shape =
        |ending: &str| text().find(|tensor| tensor.name.ends_with(ending)).map(|tensor| tensor.shape.as_slice());
    let [vocab, hidden] = *shape("embed_tokens.weight")? else { return None };
    let last = text()
        .filter(|tensor| part(tensor.name) != "multi-token prediction")
        .filter_map(|tensor| layer(tensor.name))
        .max()?;
    let rows = |ending: &str| shape(ending).and_then(<[u64]>::first).copied();
    let queries = rows("self_attn.q_proj.weight")?;
    let keys = rows("self_attn.k_proj.weight")?;
    let head_dim = rows("self_attn.q_norm.weight")
        .filter(|size| *size < queries)
        .or_else(|| rows("rotary_emb.inv_freq").map(|half| half * 2));
    let head_dim = head_dim.unwrap_or_else(|| {
        let usual = if queries.is_multiple_of(128) && keys.is_multiple_of(128) { 128 } else { 64 };
        report.assume("head_dim", usual, "no tensor says it");
        usual
    });
    let experts =
        text().filter_map(|tensor| tensor.name.split_once(".experts.")?.1.split('.').next()?.parse::<u64>().ok()).max();
    let within = |value: u64, most: u64| (1..=most).contains(&value).then_some(value);
    let has = |ending: &str| text().any(|tensor| tensor.name.ends_with(ending));
    let family = match (has("self_attn.q_norm.weight"), has("self_attn.q_proj.bias"), experts.is_some()) {
        (true, _, true) => Family::Qwen3Moe,
        (true, _, false) => Family::Qwen3,
        (false, true, _) => Family::Qwen2,
        (false, false, true) => Family::Mixtral,
        (false, false, false) => Family::Llama,
    };
    report.assume("model_type", family.label(), "from the tensors' names");
    let heads = within(queries / head_dim.max(1), limits::PART)?;
    let format = text().find(|tensor| tensor.name.ends_with("embed_tokens.weight"))?.format;
    let mut recipe = Recipe {
        family,
        layers: within(u64::from(last) + 1, limits::LAYERS)? as u32,
        hidden: within(hidden, limits::WIDTH)?,
        heads,
        kv_heads: within(keys / head_dim.max(1), limits::PART).filter(|kv| *kv != heads),
        head_dim: within(head_dim, limits::PART).filter(|size| size * heads != hidden),
        intermediate: rows("mlp.gate_proj.weight")
            .or_else(|| rows("mlp.up_proj.weight"))
            .unwrap_or(0)
            .min(limits::WIDTH),
        vocab: within(vocab, limits::VOCABULARY)?,
        dtype: match format {
            "F16" => Dtype::Float16,
            "F32" => Dtype::Float32,
            _ => Dtype::Bfloat16,
        },
        max_position_embeddings: 4096,
        ..Recipe::default()
    };
    if let Some(experts) = experts.and_then(|last| within(last.saturating_add(1), limits::PART)) {
        let columns = rows(".experts.0.gate_proj.weight")
            .or_else(|| rows(".experts.0.w1.weight"))
            .unwrap_or(0)
            .min(limits::WIDTH);
        let top_k = 8.min(experts);
        report.assume("num_experts_per_tok", top_k, "no tensor says it; it doesn't change the weights");
        set(&mut recipe, "moe", &format!("{experts}/{top_k}/{columns}"));
        recipe.intermediate = 0;
    }
    if !has("lm_head.weight") {
        set(&mut recipe, "tied", "true");
    }
    report.assume("max_position_embeddings", 4096, "no tensor says it");
    // The context length isn't in the file, so a model of the catalogue is the better guess where the rest agrees.
    let known = crate::architecture::models()
        .iter()
        .filter(|model| model.layers == recipe.layers && model.hidden == recipe.hidden)
        .find_map(|model| {
            let guess = Recipe { max_position_embeddings: model.max_position_embeddings, ..recipe.clone() };
            known(&guess, false, "")
        });
    Some(known.map_or_else(|| ModelRef::custom(recipe), ModelRef::from))
}

/// Reads a `model.safetensors.index.json`: the bytes of all tensors, and their names.
///
/// # Errors
/// Where it is none.
pub fn read_index(bytes: &[u8]) -> Result<Checkpoint, ReadError> {
    if bytes.len() > LONGEST {
        return Err(ReadError::whole(format!("The file has {} MB; an index has a few MB.", bytes.len() / 1_000_000)));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| ReadError::whole("The file is no text."))?;
    from_index(&spanned_json::parse(text)?)
}

pub(super) fn from_index(root: &Node) -> Result<Checkpoint, ReadError> {
    let map = root.get("weight_map").filter(|map| map.is_object());
    let map = map
        .ok_or_else(|| ReadError::at(root.line, "weight_map", "Is missing; this is no index of safetensors files."))?;
    let size = root.get("metadata").and_then(|metadata| metadata.get("total_size"));
    let bytes = match size {
        Some(Node { value: Value::Null, .. }) | None => None,
        Some(node) => Some(node.whole().ok_or_else(|| {
            ReadError::at(
                node.line,
                "metadata.total_size",
                format!("Must be a whole number of bytes; it is {}.", node.shown()),
            )
        })?),
    };
    let mut report = ReadReport::default();
    if bytes.is_none() {
        report.assume("metadata.total_size", 0, "the file doesn't say how large the tensors are");
    }
    let names: Vec<Tensor> =
        map.members().iter().map(|(name, _)| Tensor { name, format: "", shape: vec![0], bytes: 0 }).collect();
    Ok(Checkpoint {
        bytes: Bytes(bytes.unwrap_or(0)),
        tensors: names.len() as u64,
        sizes: Vec::new(),
        parts: shares(&names, |tensor| part(tensor.name)),
        formats: Vec::new(),
        model: None,
        report,
    })
}
