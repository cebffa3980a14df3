//! The quantization stated by a checkpoint: ModelOpt's `hf_quant_config.json`,
//! `quantization_config`, and TensorRT-LLM's own names.

mod linears;
mod methods;
mod target;

pub(super) use linears::{Tally, are_alike};
pub(super) use methods::note_group;

use super::report::{ReadError, ReadReport};
use super::spanned_json::{Node, shorten};
use crate::architecture::{Architecture, Checkpoint, ModulePrecisions, QuantMethod, StoredKvCache};
use crate::deployment::{KvCacheDtype, QuantAlgo};
use target::Target;

/// The types of a checkpoint's weights and KV cache, as far as it states them. The precision of
/// each module follows once the model is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quantization {
    /// The format of the quantized tensors; `None` if the file does not state it.
    pub method: Option<QuantMethod>,
    /// The KV cache that the file asks for.
    pub kv_cache: StoredKvCache,
    /// The type of the KV cache if it is neither the model's own nor FP8.
    pub kv_cache_dtype: Option<KvCacheDtype>,
    /// The modules and their precision; later rules override earlier ones.
    rules: Vec<(Target, QuantAlgo)>,
}

impl Quantization {
    /// Returns the precision that names the whole: the one that most rules have.
    pub fn main(&self) -> QuantAlgo {
        let general = self.rules.iter().find(|(target, _)| matches!(target, Target::Linears | Target::Experts));
        if let Some((_, algo)) = general {
            return *algo;
        }
        let mut counts: Vec<(QuantAlgo, usize)> = Vec::new();
        for (_, algo) in self.rules.iter().filter(|(_, algo)| *algo != QuantAlgo::None) {
            match counts.iter_mut().find(|(known, _)| known == algo) {
                Some((_, count)) => *count += 1,
                None => counts.push((*algo, 1)),
            }
        }
        counts.into_iter().max_by_key(|(_, count)| *count).map(|(algo, _)| algo).unwrap_or_default()
    }

    /// Returns the type of the KV cache as a setting.
    pub fn kv_cache_dtype(&self) -> KvCacheDtype {
        match self.kv_cache {
            StoredKvCache::Fp8 => KvCacheDtype::Fp8,
            _ => self.kv_cache_dtype.unwrap_or_default(),
        }
    }

    /// Whether one precision describes every linear layer.
    pub fn is_uniform(&self) -> bool {
        self.rules.iter().all(|(target, _)| target.is_elsewhere(u32::MAX))
    }

    /// Returns how a checkpoint of this model is stored.
    ///
    /// # Errors
    /// If it is quantized, but none of the model's linear layers is.
    pub(super) fn stored(&self, model: &Architecture, report: &mut ReadReport) -> Result<Checkpoint, ReadError> {
        let precisions = if self.rules.is_empty() {
            ModulePrecisions::default()
        } else {
            linears::precisions(model, &self.rules, report).precisions(report)
        };
        if precisions.is_unquantized() && !self.rules.is_empty() {
            let message = format!(
                "It quantizes modules to {}, but by its names no linear layer of the model that the file describes.",
                self.main()
            );
            return Err(ReadError { field: "quantization_config".into(), ..ReadError::whole(message) });
        }
        Ok(Checkpoint { method: self.method, precisions, kv_cache: self.kv_cache, ..Checkpoint::default() })
    }
}

/// The lists of modules that stay in 16 bits.
const EXCLUDED: [&str; 5] =
    ["exclude_modules", "ignore", "modules_to_not_convert", "ignored_layers", "llm_int8_skip_modules"];

/// Reads `quantization` of `hf_quant_config.json` or of a TensorRT-LLM checkpoint, or a
/// `quantization_config`.
///
/// # Errors
/// If it states a format that is not known.
pub(super) fn read(node: &Node, report: &mut ReadReport) -> Result<Quantization, ReadError> {
    let mut read = Quantization::default();
    match (node.get("quant_algo").and_then(Node::text), node.get("quant_method").and_then(Node::text)) {
        // ModelOpt also describes its groups for other readers.
        (Some(name), method) => {
            read.method = Some(method.and_then(|method| method.parse().ok()).unwrap_or(QuantMethod::ModelOpt));
            read.rules = named(name, node)?;
        }
        (None, Some(method)) => methods::read(method, node, &mut read, report)?,
        // MLX states only groups and bits.
        (None, None) if node.get("bits").is_some() => methods::mlx(node, &mut read)?,
        (None, None) => {}
    }
    if read.rules.iter().all(|(_, algo)| *algo == QuantAlgo::None) {
        read.method = None;
        read.rules.clear();
    } else {
        exclude(node, &mut read, report);
    }
    kv_cache(node, &mut read);
    Ok(read)
}

/// Adds the modules that stay in 16 bits.
fn exclude(node: &Node, read: &mut Quantization, report: &mut ReadReport) {
    let lists = EXCLUDED.iter().filter_map(|key| node.get(key)).flat_map(Node::items).filter_map(Node::text);
    read.rules.extend(lists.filter_map(Target::parse).map(|target| (target, QuantAlgo::None)));
    for (target, _) in read.rules.iter().filter(|(target, _)| target.is_unreadable()) {
        let note = "this regular expression can't be read here, so it has no effect";
        report.assume("quantization_config", target.shown(), note);
    }
}

/// Reads the type of the KV cache. Without one, TensorRT-LLM uses the model's own.
fn kv_cache(node: &Node, read: &mut Quantization) {
    let cache = node.get("kv_cache_quant_algo").or_else(|| node.get("kv_cache_scheme"));
    let dtype = cache.and_then(|cache| match cache.text() {
        Some(name) => name.to_ascii_lowercase().parse::<KvCacheDtype>().ok(),
        None => match (cache.get("num_bits").and_then(Node::whole), cache.get("type").and_then(Node::text)) {
            (Some(8), Some("float")) => Some(KvCacheDtype::Fp8),
            (Some(8), Some("int")) => Some(KvCacheDtype::Int8),
            (Some(4), Some("float")) => Some(KvCacheDtype::Nvfp4),
            _ => None,
        },
    });
    match dtype {
        Some(KvCacheDtype::Fp8) => read.kv_cache = StoredKvCache::Fp8,
        Some(KvCacheDtype::Auto) | None => {}
        other => read.kv_cache_dtype = other,
    }
}

/// The rules of ModelOpt's `quant_algo`.
fn named(name: &str, node: &Node) -> Result<Vec<(Target, QuantAlgo)>, ReadError> {
    if !name.eq_ignore_ascii_case("MIXED_PRECISION") {
        let algo = algo(name, node)?;
        let target = if algo.is_mxfp4() { Target::Experts } else { Target::Linears };
        return Ok(vec![(target, algo)]);
    }
    let layers = node.get("quantized_layers").map(Node::members).unwrap_or_default();
    if layers.is_empty() {
        let message = "MIXED_PRECISION needs the precision of each module, which hf_quant_config.json has in \
                       quantized_layers. Give that file too.";
        return Err(ReadError::at(node.line, "quantized_layers", message));
    }
    let rule = |(module, layer): &(std::borrow::Cow<str>, Node)| {
        let Some(name) = layer.get("quant_algo").and_then(Node::text) else {
            let message = format!("The quant_algo of {} is missing.", shorten(module));
            return Err(ReadError::at(layer.line, "quantized_layers", message));
        };
        let algo = algo(name, layer)?;
        Ok(Target::parse(module).map(|target| (target, algo)))
    };
    layers.iter().filter_map(|layer| rule(layer).transpose()).collect()
}

/// The algorithm with ModelOpt's or TensorRT-LLM's name.
fn algo(name: &str, node: &Node) -> Result<QuantAlgo, ReadError> {
    let upper = name.to_ascii_uppercase();
    match upper.as_str() {
        "FP8_PB_WO" | "FP8_PB_REAL" => Ok(QuantAlgo::Fp8BlockScales),
        "NVFP4_AWQ" => Ok(QuantAlgo::Nvfp4),
        "MXFP4" => Ok(QuantAlgo::W4A16Mxfp4),
        "NONE" => Ok(QuantAlgo::None),
        other => other.parse::<QuantAlgo>().map_err(|_| {
            let message = format!("{} is not a precision that TensorRT-LLM loads.", shorten(name));
            ReadError::at(node.line, "quant_algo", message)
        }),
    }
}
