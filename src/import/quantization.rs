//! The quantization stated by a checkpoint: ModelOpt's `hf_quant_config.json`,
//! `quantization_config`, and TensorRT-LLM's own names.

use super::report::ReadReport;
use super::spanned_json::{Node, shorten};
use crate::deployment::{KvCacheDtype, QuantAlgo};

/// The types of a checkpoint's weights and KV cache, as far as it states them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Quantization {
    /// The quantization of the weights.
    pub quant_algo: Option<QuantAlgo>,
    /// The type of the KV cache.
    pub kv_cache_dtype: Option<KvCacheDtype>,
    /// The layers stored in FP4, as the recipe's feature; `None` if all are.
    pub fp4_scope: Option<&'static str>,
}

/// Reads `quantization` of `hf_quant_config.json` or of a TensorRT-LLM checkpoint, or a
/// `quantization_config`.
pub(super) fn read(node: &Node, report: &mut ReadReport) -> Quantization {
    let algo = match node.get("quant_algo").and_then(Node::text) {
        Some(name) => named(name, node, report),
        None => by_method(node, report),
    };
    let cache = node.get("kv_cache_quant_algo").or_else(|| node.get("kv_cache_scheme"));
    let kv_cache_dtype = cache.and_then(|cache| match cache.text() {
        Some(name) => name.parse::<KvCacheDtype>().ok(),
        None => match (cache.get("num_bits").and_then(Node::whole), cache.get("type").and_then(Node::text)) {
            (Some(8), Some("float")) => Some(KvCacheDtype::Fp8),
            (Some(8), Some("int")) => Some(KvCacheDtype::Int8),
            (Some(4), Some("float")) => Some(KvCacheDtype::Nvfp4),
            _ => None,
        },
    });
    let fp4_scope = excluded(node, algo, report);
    Quantization { quant_algo: algo, kv_cache_dtype, fp4_scope }
}

/// The scope of FP4, if layers are excluded from it that other checkpoints quantize. Other
/// exclusions are reported.
fn excluded(node: &Node, algo: Option<QuantAlgo>, report: &mut ReadReport) -> Option<&'static str> {
    let usual = |name: &str| {
        ["lm_head", "embed_tokens", "router", ".gate", "norm", "vision", "visual", "mtp"]
            .iter()
            .any(|part| name.contains(part))
    };
    for key in ["exclude_modules", "ignore", "modules_to_not_convert"] {
        let others = node.get(key).map(Node::items).unwrap_or(&[]).iter().filter_map(Node::text);
        let others: Vec<&str> = others.filter(|name| !usual(name)).collect();
        if algo == Some(QuantAlgo::Nvfp4) && others.iter().any(|name| name.contains("self_attn")) {
            let output =
                |name: &&&str| name.trim_end_matches(['*', '.']).ends_with("self_attn") || name.contains("o_proj");
            return Some(if others.iter().any(|name| output(&name)) { "experts" } else { "mlp_and_output" });
        }
        if let Some(first) = others.first() {
            report.assume(
                key,
                format!("{}, … ({})", shorten(first), others.len()),
                "these modules stay in 16 bits in the checkpoint; the weights are underestimated, because all linear \
                 layers are counted as quantized",
            );
        }
    }
    None
}

/// The algorithm with this TensorRT-LLM name.
fn named(name: &str, node: &Node, report: &mut ReadReport) -> Option<QuantAlgo> {
    if let Ok(algo) = name.parse::<QuantAlgo>() {
        return Some(algo);
    }
    if name == "MIXED_PRECISION" {
        let layers = node.get("quantized_layers").map(Node::members).unwrap_or(&[]);
        let mut counts: Vec<(QuantAlgo, usize)> = Vec::new();
        let algos = layers.iter().filter_map(|(_, layer)| layer.get("quant_algo").and_then(Node::text));
        for algo in algos.filter_map(|text| text.parse::<QuantAlgo>().ok()) {
            match counts.iter_mut().find(|(known, _)| *known == algo) {
                Some((_, count)) => *count += 1,
                None => counts.push((algo, 1)),
            }
        }
        let most = counts.into_iter().max_by_key(|(_, count)| *count).map(|(algo, _)| algo);
        report.assume(
            "quant_algo",
            most.map_or("unknown", QuantAlgo::name),
            "the layers are quantized in several ways; the most common one is used for all",
        );
        return most;
    }
    let near = QuantAlgo::ALL.iter().copied().find(|algo| name.starts_with(algo.name()) && *algo != QuantAlgo::None);
    report.assume("quant_algo", near.map_or("NO_QUANT", QuantAlgo::name), format!("{} is not modelled", shorten(name)));
    near
}

/// The algorithm of a `quantization_config` with a method.
fn by_method(node: &Node, report: &mut ReadReport) -> Option<QuantAlgo> {
    let method = node.get("quant_method").and_then(Node::text)?;
    let bits = node.get("bits").or_else(|| node.get("w_bit")).and_then(Node::whole);
    let mut nearest = |algo: QuantAlgo| {
        report.assume("quant_algo", algo, format!("the nearest to {}, which is not modelled", shorten(method)));
        Some(algo)
    };
    match (method, bits) {
        ("fp8" | "fbgemm_fp8", _) if node.get("weight_block_size").is_some_and(|size| !size.is_null()) => {
            Some(QuantAlgo::Fp8BlockScales)
        }
        ("fbgemm_fp8", _) => Some(QuantAlgo::Fp8PerChannelPerToken),
        ("fp8", _) => Some(QuantAlgo::Fp8),
        ("awq", Some(4) | None) => Some(QuantAlgo::W4A16Awq),
        ("gptq", Some(8)) => Some(QuantAlgo::W8A16Gptq),
        ("gptq", Some(4) | None) => Some(QuantAlgo::W4A16Gptq),
        ("mxfp4", _) => "W4A16_MXFP4".parse::<QuantAlgo>().ok().or_else(|| nearest(QuantAlgo::Nvfp4)),
        ("bitsandbytes", _) if node.get("load_in_4bit").and_then(Node::bool) == Some(true) => nearest(QuantAlgo::W4A16),
        ("bitsandbytes", _) => nearest(QuantAlgo::W8A16),
        ("compressed-tensors" | "modelopt", _) => by_groups(node, report),
        _ => nearest(QuantAlgo::None),
    }
}

/// The algorithm of `config_groups`, which describe weights and activations.
fn by_groups(node: &Node, report: &mut ReadReport) -> Option<QuantAlgo> {
    let groups = node.get("config_groups")?.members();
    if groups.len() > 1 {
        report.assume(
            "config_groups",
            groups.len(),
            "the layers are quantized in several ways; the first one is used for all",
        );
    }
    let group = &groups.first()?.1;
    let weights = group.get("weights")?;
    let text = |key: &str| weights.get(key).and_then(Node::text).unwrap_or("");
    let activations = group.get("input_activations").is_some_and(|node| !node.is_null());
    let algo = match (text("type"), weights.get("num_bits").and_then(Node::whole)?, text("strategy")) {
        ("float", 8, "channel") => QuantAlgo::Fp8PerChannelPerToken,
        ("float", 8, "block") => QuantAlgo::Fp8BlockScales,
        ("float", 8, _) => QuantAlgo::Fp8,
        ("float", 4, _) => QuantAlgo::Nvfp4,
        ("int", 8, _) if activations => QuantAlgo::W8A8SqPerChannelPerTokenPlugin,
        ("int", 8, _) => QuantAlgo::W8A16,
        ("int", 4, _) => QuantAlgo::W4A16Awq,
        _ => return None,
    };
    let group_size = weights.get("group_size").and_then(Node::whole);
    if let (Some(theirs), Some(ours)) = (group_size, algo.group_size())
        && theirs != ours
    {
        report.assume(
            "group_size",
            ours,
            format!("the file has groups of {theirs} values; scales are counted for groups of {ours}"),
        );
    }
    Some(algo)
}
