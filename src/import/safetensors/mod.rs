//! The tensors of a checkpoint: the header of a `model.safetensors`, or the index of several files.

mod model;
mod precision;
mod stored;

use super::report::{ReadError, ReadReport};
use super::spanned_json::{self, Node, Value};
use crate::architecture::{Block, ModelRef};
use crate::deployment::QuantAlgo;
use crate::units::Bytes;
use serde::Serialize;
use std::borrow::Cow;

/// The largest size of a header, in bytes, as the format defines it.
pub const MAX_HEADER_LEN: u64 = 100_000_000;

/// Bytes and elements of a group of tensors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Share {
    /// The name of the group: a part of the model, or a number format.
    pub name: String,
    /// The number of tensors.
    pub tensors: u64,
    /// Their elements.
    pub elements: u64,
    /// Their bytes.
    pub bytes: Bytes,
}

/// A tensor of a header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileTensor {
    /// Its name. It is untrusted text of the file.
    pub name: String,
    /// Its bytes.
    pub bytes: Bytes,
}

/// The contents of a header or an index.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// The bytes of all tensors.
    pub bytes: Bytes,
    /// Number of tensors.
    pub tensors: u64,
    /// Every tensor, the largest first; empty for an index, which has no sizes.
    pub sizes: Vec<FileTensor>,
    /// By part of the model: embedding, layers, LM head, the rest.
    pub parts: Vec<Share>,
    /// By number format.
    pub formats: Vec<Share>,
    /// Layers of the language model, those of multi-token prediction included as far as they are
    /// numbered; `None` if no tensor belongs to a layer.
    pub layers: Option<u32>,
    /// Values of the language model's blocks, unpacked; empty for an index.
    pub blocks: Vec<(Block, u64)>,
    /// Rows and columns of the embedding table, if its shape is known.
    pub embedding: Option<[u64; 2]>,
    /// Whether these are all tensors of a model, as far as it is known.
    pub is_complete: bool,
    /// The model, or the reason why names and shapes do not determine it.
    pub model: Result<ModelRef, UnknownModel>,
    /// The precision of the linear layers. That of each block is in the model.
    pub precision: Precision,
    /// The fields that were read, assumed and ignored.
    pub report: ReadReport,
}

impl Checkpoint {
    /// Whether it was read from an index, which has neither sizes nor shapes.
    pub fn is_index(&self) -> bool {
        self.sizes.is_empty()
    }

    /// The formats of its linear layers if neither a `quant_algo` nor the model describes them;
    /// `None` otherwise.
    pub fn undescribed(&self) -> Option<&str> {
        match &self.precision {
            Precision::Unnamed(formats) => Some(formats),
            Precision::Mixed(formats) if self.model.is_err() => Some(formats),
            _ => None,
        }
    }

    /// Whether the quantization of its linear layers is that of a known algorithm.
    pub fn says_quantization(&self) -> bool {
        matches!(self.precision, Precision::Quantized(_))
    }
}

/// The reason why tensors do not determine a model, as a sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct UnknownModel {
    reason: Cow<'static, str>,
}

impl From<&'static str> for UnknownModel {
    fn from(reason: &'static str) -> UnknownModel {
        UnknownModel { reason: reason.into() }
    }
}

impl From<String> for UnknownModel {
    fn from(reason: String) -> UnknownModel {
        UnknownModel { reason: reason.into() }
    }
}

/// The precision of the linear layers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Precision {
    /// 16 or 32 bits.
    Plain,
    /// The format of this algorithm.
    Quantized(QuantAlgo),
    /// Several algorithms, with their display name.
    Mixed(String),
    /// Formats that no algorithm describes, with their display name.
    Unnamed(String),
}

/// Reads the start of a `.safetensors` file: eight bytes of length, and the header. The contents of
/// the tensors are not needed.
///
/// # Errors
/// If it is not the start of such a file, or if a tensor is impossible.
pub fn read_header(bytes: &[u8]) -> Result<Checkpoint, ReadError> {
    read_header_of(bytes, "")
}

/// Reads the start of a `.safetensors` file. Its path or repository, `hint`, shows whether it is
/// one of several shards, and may name the model.
pub(super) fn read_header_of(bytes: &[u8], hint: &str) -> Result<Checkpoint, ReadError> {
    from_header(&spanned_json::parse(header(bytes)?)?, hint)
}

/// The text of the header if this is the start of a safetensors file; `None` if it is another file.
pub(super) fn header_text(bytes: &[u8]) -> Option<Result<&str, ReadError>> {
    header_len(bytes).map(|_| header(bytes))
}

/// The text of the header.
fn header(bytes: &[u8]) -> Result<&str, ReadError> {
    let no_header = |message: String| ReadError { field: "header".into(), ..ReadError::whole(message) };
    let Some((length, rest)) = bytes.split_first_chunk::<8>() else {
        return Err(no_header(
            "A safetensors file begins with eight bytes of length, but this file is shorter.".into(),
        ));
    };
    let length = u64::from_le_bytes(*length);
    if length > MAX_HEADER_LEN {
        return Err(no_header(format!(
            "A safetensors header has up to {MAX_HEADER_LEN} bytes, but this file states {length}, so it has none."
        )));
    }
    let Some(header) = usize::try_from(length).ok().and_then(|length| rest.get(..length)) else {
        return Err(no_header(format!(
            "The header has {length} bytes, but only {} follow; more of the file is needed.",
            rest.len()
        )));
    };
    std::str::from_utf8(header)
        .map_err(|_| no_header("The header is not text, so this is not a safetensors file.".into()))
}

/// The length of the header that follows the first eight bytes, if `prefix` is the start of a
/// safetensors file: a possible length and a JSON object. `None` otherwise. Nine bytes are enough.
///
/// ```
/// use trtllm_memory::import::safetensors::header_len;
/// assert_eq!(header_len(b"\x40\0\0\0\0\0\0\0{"), Some(64));
/// assert_eq!(header_len(b"{\"model_type\": \"llama\"}"), None);
/// ```
pub fn header_len(prefix: &[u8]) -> Option<u64> {
    let (length, rest) = prefix.split_first_chunk::<8>()?;
    let length = u64::from_le_bytes(*length);
    (length <= MAX_HEADER_LEN && rest.first() == Some(&b'{')).then_some(length)
}

struct Tensor<'a> {
    name: &'a str,
    format: &'a str,
    shape: Vec<u64>,
    bytes: u64,
}

fn from_header(root: &Node, hint: &str) -> Result<Checkpoint, ReadError> {
    let tensors = tensors(root)?;
    if tensors.is_empty() {
        return Err(ReadError::at(root.line, "", "The header has no tensors."));
    }
    of_tensors(&tensors, hint)
}

fn tensors<'a>(root: &'a Node) -> Result<Vec<Tensor<'a>>, ReadError> {
    let members = root.members().iter().filter(|(name, _)| name != "__metadata__");
    members.map(|(name, node)| tensor(name, node)).collect()
}

/// Reads the headers of several files of one model, with their names. A tensor that several files
/// contain counts once.
pub(super) fn from_headers(roots: &[&Node], names: &[&str], hint: &str) -> Result<Checkpoint, ReadError> {
    let mut all = Vec::new();
    for root in roots {
        all.extend(tensors(root)?);
    }
    let mut seen = std::collections::HashSet::with_capacity(all.len());
    all.retain(|tensor| seen.insert(tensor.name));
    if all.is_empty() {
        return Err(ReadError::whole("The headers have no tensors."));
    }
    // With every shard the hint need not name a missing one.
    let missing = model::missing_shards(names);
    let hint = match names.first().filter(|_| missing.is_some()) {
        Some(name) => (*name).to_string(),
        None => hint.replace("-of-", " "),
    };
    let mut read = of_tensors(&all, &hint)?;
    if let Some(missing) = missing {
        read.model = Err(UnknownModel::from(missing));
        read.is_complete = false;
    }
    Ok(read)
}

fn of_tensors(tensors: &[Tensor], hint: &str) -> Result<Checkpoint, ReadError> {
    let mut report = ReadReport::default();
    let stored = stored::of(tensors);
    let found = precision::of(tensors, &stored, &mut report);
    let model = model::of(tensors, &stored, &found, hint, &mut report);
    let total = |tensors: &[Tensor]| tensors.iter().fold(0_u64, |sum, tensor| sum.saturating_add(tensor.bytes));
    let mut sizes: Vec<FileTensor> =
        tensors.iter().map(|t| FileTensor { name: t.name.to_string(), bytes: Bytes(t.bytes) }).collect();
    sizes.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.name.cmp(&b.name)));
    Ok(Checkpoint {
        bytes: Bytes(total(tensors)),
        tensors: tensors.len() as u64,
        sizes,
        parts: shares(tensors, |tensor| part(tensor.name)),
        formats: shares(tensors, |tensor| tensor.format),
        layers: layers(tensors),
        blocks: precision::blocks(&stored),
        embedding: model::embedding(&stored),
        is_complete: model.is_ok(),
        model,
        precision: found.precision,
        report,
    })
}

fn tensor<'a>(name: &'a str, node: &'a Node) -> Result<Tensor<'a>, ReadError> {
    let error = |message: &str| ReadError::at(node.line, spanned_json::shorten(name), message);
    let format = node.get("dtype").and_then(Node::text).ok_or_else(|| error("Its dtype is missing."))?;
    let shape = node.get("shape").ok_or_else(|| error("Its shape is missing."))?;
    let shape: Vec<u64> = shape
        .items()
        .iter()
        .map(Node::whole)
        .collect::<Option<_>>()
        .ok_or_else(|| error("Its shape must be whole numbers."))?;
    let offsets = node.get("data_offsets").map(Node::items).unwrap_or(&[]);
    let [Some(start), Some(end)] = [offsets.first().and_then(Node::whole), offsets.get(1).and_then(Node::whole)] else {
        return Err(error("Its data_offsets must be two whole numbers."));
    };
    let bytes = end.checked_sub(start).ok_or_else(|| error("Its data_offsets end before they begin."))?;
    Ok(Tensor { name, format, shape, bytes })
}

/// The part of the model that a tensor belongs to.
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

/// The layer in a tensor's name: the number after `layers.`, `h.` or `blocks.`.
fn layer(name: &str) -> Option<u32> {
    let rest = ["layers.", ".h.", "blocks."].iter().find_map(|word| name.split_once(word).map(|(_, rest)| rest))?;
    rest.split('.').next()?.parse().ok()
}

/// The number of layers of the language model.
fn layers(tensors: &[Tensor]) -> Option<u32> {
    let of_language = tensors.iter().filter(|tensor| {
        let elsewhere = matches!(part(tensor.name), "vision and audio" | "multi-token prediction");
        !elsewhere && !tensor.name.contains("encoder")
    });
    of_language.filter_map(|tensor| layer(tensor.name)).max().map(|last| last.saturating_add(1))
}

/// Reads a `model.safetensors.index.json`: the bytes of all tensors, and their names.
///
/// # Errors
/// If it is not an index.
pub fn read_index(bytes: &[u8]) -> Result<Checkpoint, ReadError> {
    if bytes.len() as u64 > MAX_HEADER_LEN {
        return Err(ReadError::whole(format!(
            "The file has {} MB, but an index has a few MB.",
            bytes.len() / 1_000_000
        )));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| ReadError::whole("The file is not text."))?;
    from_index(&spanned_json::parse(text)?)
}

pub(super) fn from_index(root: &Node) -> Result<Checkpoint, ReadError> {
    let map = root.get("weight_map").filter(|map| map.is_object());
    let map = map.ok_or_else(|| {
        ReadError::at(root.line, "weight_map", "The field is missing, so this is not an index of safetensors files.")
    })?;
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
        report.assume("metadata.total_size", 0, "the file does not state the size of the tensors");
    }
    let names: Vec<Tensor> =
        map.members().iter().map(|(name, _)| Tensor { name, format: "", shape: vec![0], bytes: 0 }).collect();
    Ok(Checkpoint {
        bytes: Bytes(bytes.unwrap_or(0)),
        tensors: names.len() as u64,
        sizes: Vec::new(),
        parts: shares(&names, |tensor| part(tensor.name)),
        formats: Vec::new(),
        layers: layers(&names),
        blocks: Vec::new(),
        embedding: None,
        is_complete: true,
        model: Err("It has the names of tensors but not their shapes, so it does not determine the model.".into()),
        precision: precision::of_names(names.iter().map(|tensor| tensor.name)),
        report,
    })
}
