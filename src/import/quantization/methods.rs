//! The formats that `quant_method` of a `quantization_config` names.

use super::target::Target;
use super::{Quantization, algo};
use crate::architecture::QuantMethod;
use crate::deployment::QuantAlgo;
use crate::import::report::{ReadError, ReadReport};
use crate::import::spanned_json::{Node, shorten};

/// Values that share a scale, where TensorRT-LLM has one size only.
const GROUP: u64 = 128;

/// Reads a `quantization_config` with this method.
///
/// # Errors
/// If the method, or its number of bits, is not known.
pub(super) fn read(
    method: &str,
    node: &Node,
    read: &mut Quantization,
    report: &mut ReadReport,
) -> Result<(), ReadError> {
    let known = match method {
        "auto_round" | "intel/auto-round" => Some(QuantMethod::AutoRound),
        "bitsandbytes_4bit" | "bitsandbytes_8bit" => Some(QuantMethod::BitsAndBytes),
        "awq_marlin" => Some(QuantMethod::Awq),
        "gptq_marlin" | "gptqmodel" => Some(QuantMethod::Gptq),
        other => other.parse::<QuantMethod>().ok(),
    };
    let Some(known) = known else {
        let names = QuantMethod::NAMES.join(", ");
        let message = format!("{} is a format that TensorRT-LLM does not load; known are {names}.", shorten(method));
        return Err(ReadError::at(node.line, "quant_method", message));
    };
    read.method = Some(known);
    let uniform = match known {
        QuantMethod::Fp8 => {
            Some(if has(node, "weight_block_size") { QuantAlgo::Fp8BlockScales } else { QuantAlgo::Fp8 })
        }
        QuantMethod::FbgemmFp8 => Some(QuantAlgo::Fp8PerChannelPerToken),
        QuantMethod::Mxfp8 => Some(QuantAlgo::Mxfp8),
        QuantMethod::Mxfp4 => {
            read.rules.push((Target::Experts, QuantAlgo::W4A16Mxfp4));
            None
        }
        QuantMethod::Awq => Some(integers(node, method, QuantAlgo::W4A16Awq, QuantAlgo::W8A16, report)?),
        QuantMethod::Gptq | QuantMethod::AutoRound => {
            Some(integers(node, method, QuantAlgo::W4A16Gptq, QuantAlgo::W8A16Gptq, report)?)
        }
        QuantMethod::BitsAndBytes if flag(node, "load_in_4bit") || method.ends_with("4bit") => Some(QuantAlgo::W4A16),
        QuantMethod::BitsAndBytes => Some(QuantAlgo::W8A16),
        QuantMethod::Hqq => {
            let inner = node.get("quant_config").and_then(|inner| inner.get("weight_quant_params"));
            let inner = inner.or_else(|| node.get("weight_quant_params")).unwrap_or(node);
            Some(integers(inner, method, QuantAlgo::W4A16Awq, QuantAlgo::W8A16, report)?)
        }
        QuantMethod::TorchAo => Some(torch_ao(node)?),
        QuantMethod::Quark => Some(quark(node)?),
        QuantMethod::Mlx => Some(integers(node, method, QuantAlgo::W4A16Awq, QuantAlgo::W8A16Gptq, report)?),
        QuantMethod::ModelOpt | QuantMethod::CompressedTensors => {
            groups(node, read, report)?;
            None
        }
    };
    read.rules.extend(uniform.map(|algo| (Target::Linears, algo)));
    Ok(())
}

/// Reads the quantization of MLX, which has no `quant_method`.
///
/// # Errors
/// If the number of bits is not known.
pub(super) fn mlx(node: &Node, read: &mut Quantization) -> Result<(), ReadError> {
    read.method = Some(QuantMethod::Mlx);
    let mode = node.get("mode").and_then(Node::text).unwrap_or("affine");
    let algo = match (mode, node.get("bits").and_then(Node::whole)) {
        ("mxfp4", _) => QuantAlgo::W4A16Mxfp4,
        ("nvfp4", _) => QuantAlgo::Nvfp4,
        ("mxfp8", _) => QuantAlgo::Mxfp8,
        (_, Some(4)) => QuantAlgo::W4A16Awq,
        (_, Some(8)) => QuantAlgo::W8A16Gptq,
        _ => return Err(unknown_bits(node, "MLX's format")),
    };
    read.rules.push((Target::Linears, algo));
    Ok(())
}

fn has(node: &Node, key: &str) -> bool {
    node.get(key).is_some_and(|node| !node.is_null())
}

fn flag(node: &Node, key: &str) -> bool {
    node.get(key).and_then(Node::bool) == Some(true)
}

fn text<'n>(node: &'n Node, key: &str) -> &'n str {
    node.get(key).and_then(Node::text).unwrap_or_default()
}

fn unknown_bits(node: &Node, method: &str) -> ReadError {
    let bits = ["bits", "w_bit", "nbits"].iter().find_map(|key| node.get(key));
    let (line, shown) = bits.map_or((node.line, "not stated".into()), |bits| (bits.line, bits.shown()));
    let message = format!("The number of bits of {} must be 4 or 8; it is {shown}.", shorten(method));
    ReadError::at(line, "bits", message)
}

/// The algorithm of integers with scales for groups, by their number of bits.
fn integers(
    node: &Node,
    method: &str,
    four: QuantAlgo,
    eight: QuantAlgo,
    report: &mut ReadReport,
) -> Result<QuantAlgo, ReadError> {
    let bits = ["bits", "w_bit", "nbits"].iter().find_map(|key| node.get(key));
    let algo = match bits.map(Node::whole) {
        Some(Some(4)) | None => four,
        Some(Some(8)) => eight,
        _ => return Err(unknown_bits(node, method)),
    };
    let group = ["group_size", "q_group_size"].iter().find_map(|key| node.get(key)).and_then(Node::whole);
    if let (Some(theirs), Some(ours)) = (group, algo.group_size())
        && theirs != ours
    {
        note_group(theirs, ours, report);
    }
    Ok(algo)
}

/// Reports that the scales of another group size are counted than the file has.
pub(in crate::import) fn note_group(theirs: u64, ours: u64, report: &mut ReadReport) {
    let note = format!("the file has groups of {theirs} values; scales are counted for groups of {ours}");
    report.assume("group_size", ours, note);
}

/// The algorithm of TorchAO's `quant_type`: a name, or a configuration with a type.
fn torch_ao(node: &Node) -> Result<QuantAlgo, ReadError> {
    let stated = node.get("quant_type");
    let inner = stated.and_then(|node| node.get("default")).and_then(|node| node.get("_type"));
    let name = stated.and_then(Node::text).or_else(|| inner.and_then(Node::text)).unwrap_or("not stated");
    let plain = name.to_ascii_lowercase().replace('_', "");
    let has = |part: &str| plain.contains(part);
    if has("int4") {
        Ok(QuantAlgo::W4A16Awq)
    } else if has("nvfp4") {
        Ok(QuantAlgo::Nvfp4)
    } else if has("float8") || has("fp8") {
        Ok(QuantAlgo::Fp8PerChannelPerToken)
    } else if has("int8dynamic") {
        Ok(QuantAlgo::W8A8SqPerChannelPerTokenPlugin)
    } else if has("int8") {
        Ok(QuantAlgo::W8A16)
    } else {
        let message = format!("{} is not a known quantization of TorchAO.", shorten(name));
        Err(ReadError::at(stated.unwrap_or(node).line, "quant_type", message))
    }
}

/// The algorithm of AMD's Quark: `global_quant_config` describes weights and activations.
fn quark(node: &Node) -> Result<QuantAlgo, ReadError> {
    let global = node.get("global_quant_config");
    let weight = global.and_then(|global| global.get("weight")).unwrap_or(node);
    // Several scales in a row are a list.
    let weight = weight.items().first().unwrap_or(weight);
    let dtype = text(weight, "dtype");
    match (dtype, text(weight, "qscheme")) {
        ("fp8_e4m3", "per_channel") => Ok(QuantAlgo::Fp8PerChannelPerToken),
        ("fp8_e4m3", _) => Ok(QuantAlgo::Fp8),
        ("fp4", _) => Ok(QuantAlgo::W4A16Mxfp4),
        ("int4" | "uint4", _) => Ok(QuantAlgo::W4A16Awq),
        ("int8" | "uint8", _) => Ok(QuantAlgo::W8A16),
        _ => {
            let dtype = if dtype.is_empty() { "not stated".into() } else { shorten(dtype) };
            let message = format!("{dtype} is not a known type of Quark's weights.");
            Err(ReadError::at(weight.line, "global_quant_config.weight.dtype", message))
        }
    }
}

/// Reads `config_groups`, each with its modules, the most general ones first.
fn groups(node: &Node, read: &mut Quantization, report: &mut ReadReport) -> Result<(), ReadError> {
    let Some(groups) = node.get("config_groups").filter(|groups| !groups.members().is_empty()) else {
        let message = "The field is missing, so the precision of the weights is not known. hf_quant_config.json may \
                       state it: give that file too.";
        return Err(ReadError::at(node.line, "config_groups", message));
    };
    let mut rules: Vec<(Target, QuantAlgo)> = Vec::new();
    for (name, group) in groups.members() {
        let algo = match group.get("quant_algo").and_then(Node::text) {
            Some(name) => algo(name, group)?,
            None => match group.get("weights").filter(|weights| !weights.is_null()) {
                Some(weights) => of_weights(name, group, weights, report)?,
                // Only activations, such as those of the KV cache.
                None => continue,
            },
        };
        let targets = group.get("targets").map(Node::items).unwrap_or_default();
        let targets: Vec<Target> = targets.iter().filter_map(Node::text).filter_map(Target::parse).collect();
        match targets.is_empty() {
            true => rules.push((Target::Linears, algo)),
            false => rules.extend(targets.into_iter().map(|target| (target, algo))),
        }
    }
    // A name precedes an expression, and that precedes a class.
    rules.sort_by_key(|(target, _)| match target {
        Target::Linears | Target::Experts => 0,
        Target::Expression(_) | Target::Glob(_) => 1,
        Target::Name(_) => 2,
    });
    read.rules = rules;
    Ok(())
}

/// The algorithm of a group's weights and activations.
fn of_weights(name: &str, group: &Node, weights: &Node, report: &mut ReadReport) -> Result<QuantAlgo, ReadError> {
    let (kind, strategy) = (text(weights, "type"), text(weights, "strategy"));
    let bits = weights.get("num_bits").and_then(Node::whole);
    let size = weights.get("group_size").and_then(Node::whole);
    let activations = has(group, "input_activations");
    let is_exponent = text(weights, "scale_dtype").contains("uint8") || size == Some(32);
    let algo = match (kind, bits, strategy) {
        ("float", Some(8), "channel") => QuantAlgo::Fp8PerChannelPerToken,
        ("float", Some(8), "block") => QuantAlgo::Fp8BlockScales,
        ("float", Some(8), "group") if size == Some(32) => QuantAlgo::Mxfp8,
        ("float", Some(8), _) => QuantAlgo::Fp8,
        ("float", Some(4), _) if is_exponent => QuantAlgo::W4A16Mxfp4,
        ("float", Some(4), _) if activations => QuantAlgo::Nvfp4,
        ("float", Some(4), _) => QuantAlgo::W4A16Nvfp4,
        ("int", Some(8), _) if activations => QuantAlgo::W8A8SqPerChannelPerTokenPlugin,
        ("int", Some(8), _) => QuantAlgo::W8A16,
        ("int", Some(4), _) if size == Some(GROUP) => QuantAlgo::W4A16Gptq,
        ("int", Some(4), _) => QuantAlgo::W4A16,
        _ => {
            let bits = bits.map_or_else(|| "an unknown number of".into(), |bits| bits.to_string());
            let kind = if kind.is_empty() { "numbers".into() } else { shorten(kind) };
            let message = format!("The weights of {} are {kind} of {bits} bits, which is not known.", shorten(name));
            return Err(ReadError::at(weights.line, "config_groups", message));
        }
    };
    if let Some(theirs) = size.filter(|_| algo == QuantAlgo::W4A16) {
        let note = format!("the file has groups of {theirs} values; their scales are not counted");
        report.assume("group_size", "none", note);
    }
    Ok(algo)
}
