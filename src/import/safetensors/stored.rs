//! The weights in a checkpoint: their unpacked shapes and their quantization.

use super::{Tensor, layer, part};
use crate::deployment::QuantAlgo;
use std::collections::HashMap;

/// 4-bit values in a 32-bit word.
const PACKED: u64 = 8;
/// Values that share a scale in MXFP4 and MXFP8 (OCP Microscaling Formats 1.0, 5.2).
const MX_GROUP: u64 = 32;
/// Values that share a scale in GPTQ as TensorRT-LLM has it.
const GROUP: u64 = 128;

/// The storage format of a weight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// Floats of 16 or more bits.
    Float,
    /// The format of this algorithm.
    Quantized(QuantAlgo),
    /// A format of no known algorithm, with its name.
    Other(String),
}

impl Kind {
    /// The display name.
    pub(super) fn name(&self) -> &str {
        match self {
            Kind::Float => "16 bits",
            Kind::Quantized(algo) => algo.name(),
            Kind::Other(name) => name,
        }
    }
}

/// A weight of the language model.
#[derive(Debug, Clone)]
pub(super) struct Stored<'t> {
    /// The name that it would have without quantization: `….q_proj.weight`.
    pub(super) name: String,
    /// The number format in the file.
    pub(super) format: &'t str,
    /// The unpacked shape.
    pub(super) shape: Vec<u64>,
    /// The storage format.
    pub(super) kind: Kind,
    /// Values along the inputs that share a scale; `None` in formats without groups.
    pub(super) group: Option<u64>,
    /// The name of a format that is not modelled, if `kind` is only the nearest algorithm.
    pub(super) substitute_for: Option<&'static str>,
}

impl Stored<'_> {
    /// The number of values.
    pub(super) fn elements(&self) -> u64 {
        self.shape.iter().fold(1, |product, size| product.saturating_mul(*size))
    }

    /// Whether it is the weight of a linear layer within the model's layers. The router is not
    /// counted, because no scheme quantizes it.
    pub(super) fn is_linear(&self) -> bool {
        let others = [".gate.weight", "router", "shared_expert_gate", "conv1d", "bias"];
        self.shape.len() >= 2 && layer(&self.name).is_some() && !others.iter().any(|word| self.name.contains(word))
    }
}

/// Whether a tensor is not a parameter: it belongs to a quantized weight, or is computed.
fn is_companion(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    let known = [
        "qzeros",
        "g_idx",
        "weight_g_idx",
        "weight_shape",
        "weight_zero_point",
        "input_zero_point",
        "SCB",
        "weight_format",
        "absmax",
        "quant_map",
        "nested_absmax",
        "nested_quant_map",
        "inv_freq",
        "masked_bias",
        "cos_cached",
        "sin_cached",
    ];
    last.contains("scale") || known.contains(&last) || name.contains(".quant_state.") || name.ends_with(".attn.bias")
}

/// The weights of the language model, without vision, audio and multi-token prediction.
pub(super) fn of<'t>(tensors: &'t [Tensor]) -> Vec<Stored<'t>> {
    let file = File { tensors: tensors.iter().map(|tensor| (tensor.name, tensor)).collect() };
    let packed = file.values_per_word(tensors);
    tensors
        .iter()
        .filter(|tensor| !matches!(part(tensor.name), "vision and audio" | "multi-token prediction"))
        .filter(|tensor| !is_companion(tensor.name))
        .map(|tensor| file.stored(tensor, packed))
        .collect()
}

struct File<'t> {
    tensors: HashMap<&'t str, &'t Tensor<'t>>,
}

impl<'t> File<'t> {
    fn get(&self, before: &str, ending: &str) -> Option<&'t Tensor<'t>> {
        self.tensors.get(format!("{before}{ending}").as_str()).copied()
    }

    /// The number of values in a 32-bit word of `weight_packed`, derived from the inputs of a
    /// projection, which are the hidden size.
    fn values_per_word(&self, tensors: &[Tensor]) -> u64 {
        let columns = |ending: &str| {
            let tensor = tensors.iter().find(|tensor| tensor.name.ends_with(ending))?;
            tensor.shape.last().copied().filter(|columns| *columns > 0)
        };
        let words = columns("q_proj.weight_packed").or_else(|| columns("gate_proj.weight_packed"));
        match (columns("embed_tokens.weight"), words) {
            (Some(hidden), Some(words)) if hidden.is_multiple_of(words) => hidden / words,
            _ => PACKED,
        }
    }

    fn stored(&self, tensor: &'t Tensor<'t>, packed: u64) -> Stored<'t> {
        let plain = |kind: Kind| Stored {
            name: tensor.name.to_string(),
            format: tensor.format,
            shape: tensor.shape.clone(),
            kind,
            group: None,
            substitute_for: None,
        };
        let name = tensor.name;
        if let Some(before) = name.strip_suffix("qweight") {
            return self.int_words(before, plain(Kind::Other("packed integers".into())));
        }
        if let Some(before) = name.strip_suffix("_packed") {
            return self.compressed(before, packed, plain(Kind::Other("packed values".into())));
        }
        if let (Some(before), [outer @ .., groups, bytes]) = (name.strip_suffix("_blocks"), &tensor.shape[..])
            && let Some(inputs) = groups.checked_mul(*bytes).and_then(|bytes| bytes.checked_mul(2))
        {
            let shape = [outer, &[inputs]].concat();
            let stored = plain(Kind::Quantized(QuantAlgo::W4A16Mxfp4));
            return Stored { name: before.into(), shape, ..stored };
        }
        match tensor.format {
            "F8_E4M3" => plain(self.fp8(tensor)),
            "U8" | "F4" => self.four_bits(tensor, plain(Kind::Other(tensor.format.into()))),
            "I8" if self.get(name.strip_suffix("weight").unwrap_or(name), "SCB").is_some() => {
                Stored { substitute_for: Some("bitsandbytes INT8"), ..plain(Kind::Quantized(QuantAlgo::W8A16)) }
            }
            "I8" if self.get(name, "_scale").is_some() => {
                plain(Kind::Quantized(QuantAlgo::W8A8SqPerChannelPerTokenPlugin))
            }
            "F64" | "F32" | "F16" | "BF16" => plain(Kind::Float),
            other => plain(Kind::Other(super::spanned_json::shorten(other))),
        }
    }

    /// The kind of 8-bit floats, by the shape of their scales.
    fn fp8(&self, tensor: &Tensor) -> Kind {
        let inverse = self.get(tensor.name, "_scale_inv");
        let Some(scale) = inverse.or_else(|| self.get(tensor.name, "_scale")) else {
            return Kind::Quantized(QuantAlgo::Fp8);
        };
        let [outer @ .., outputs, inputs] = &tensor.shape[..] else { return Kind::Quantized(QuantAlgo::Fp8) };
        let product = |sizes: &[u64]| sizes.iter().fold(1_u64, |product, size| product.saturating_mul(*size));
        let (copies, scales) = (product(outer), product(&scale.shape));
        let is_exponent = matches!(scale.format, "U8" | "F8_E8M0");
        if is_exponent && scales == copies.saturating_mul(*outputs).saturating_mul(inputs.div_ceil(MX_GROUP)) {
            return Kind::Quantized(QuantAlgo::Mxfp8);
        }
        Kind::Quantized(if scales == 1 || scales == copies {
            QuantAlgo::Fp8
        } else if inverse.is_none() && [outputs, inputs].iter().any(|size| scales == copies.saturating_mul(**size)) {
            QuantAlgo::Fp8PerChannelPerToken
        } else {
            QuantAlgo::Fp8BlockScales
        })
    }

    /// Unpacks two 4-bit values per byte, by the format of their scales: NVFP4 and MXFP4 pack
    /// inputs, ModelOpt's INT4 packs outputs.
    fn four_bits(&self, tensor: &Tensor, plain: Stored<'t>) -> Stored<'t> {
        let last_doubled = |shape: &[u64]| match (tensor.format, shape) {
            ("U8", [outer @ .., last]) => [outer, &[last.saturating_mul(2)]].concat(),
            _ => shape.to_vec(),
        };
        let name = tensor.name;
        if self.get(name, ".absmax").is_some() {
            let shape = vec![2, plain.elements()];
            return Stored {
                shape,
                substitute_for: Some("4-bit bitsandbytes"),
                kind: Kind::Quantized(QuantAlgo::W4A16),
                ..plain
            };
        }
        let Some(scale) = self.get(name, "_scale") else { return plain };
        let shape = last_doubled(&tensor.shape);
        match scale.format {
            "F8_E4M3" => Stored { shape, kind: Kind::Quantized(QuantAlgo::Nvfp4), ..plain },
            "U8" | "F8_E8M0" => Stored { shape, kind: Kind::Quantized(QuantAlgo::W4A16Mxfp4), ..plain },
            _ => {
                let Some((outputs, rest)) = tensor.shape.split_first() else { return plain };
                let group =
                    rest.last().zip(scale.shape.last()).and_then(|(inputs, groups)| inputs.checked_div(*groups));
                let activations = self.get(name.strip_suffix("weight").unwrap_or(name), "input_scale").is_some();
                let algo = if activations { QuantAlgo::W4A8Awq } else { QuantAlgo::W4A16Awq };
                let shape = [&[outputs.saturating_mul(2)], rest].concat();
                Stored { shape, kind: Kind::Quantized(algo), group, ..plain }
            }
        }
    }

    /// Unpacks 32-bit words of AWQ and GPTQ. AWQ packs outputs, so a row has fewer words than
    /// scales; GPTQ packs inputs.
    fn int_words(&self, before: &str, plain: Stored<'t>) -> Stored<'t> {
        let name = format!("{before}weight");
        let (scales, zeros) = (self.get(before, "scales"), self.get(before, "qzeros"));
        let (Some(scales), Some(zeros)) = (scales, zeros) else { return Stored { name, ..plain } };
        let ([rows, columns], [groups, outputs], [_, zeros]) = (&plain.shape[..], &scales.shape[..], &zeros.shape[..])
        else {
            return Stored { name, ..plain };
        };
        let (rows, outputs) = (*rows, *outputs);
        let bits = |words: u64| words.saturating_mul(32).checked_div(outputs).unwrap_or(0);
        let (method, bits, inputs) = if *columns < outputs {
            ("AWQ", bits(*columns), rows)
        } else {
            let bits = bits(*zeros);
            ("GPTQ", bits, rows.saturating_mul(32).checked_div(bits).unwrap_or(0))
        };
        let kind = match (method, bits) {
            ("AWQ", 4) => Kind::Quantized(QuantAlgo::W4A16Awq),
            ("GPTQ", 4) => Kind::Quantized(QuantAlgo::W4A16Gptq),
            ("GPTQ", 8) => Kind::Quantized(QuantAlgo::W8A16Gptq),
            _ => Kind::Other(format!("{method} with {bits} bits")),
        };
        let group = inputs.checked_div(*groups);
        Stored { name, shape: vec![outputs, inputs], kind, group, ..plain }
    }

    /// Unpacks weights of compressed-tensors: 4-bit floats as in NVFP4 and MXFP4, and integers in
    /// 32-bit words.
    fn compressed(&self, before: &str, packed: u64, plain: Stored<'t>) -> Stored<'t> {
        let name = before.to_string();
        let scale = self.get(before, "_scale");
        let times = |values: u64| match &plain.shape[..] {
            [outer @ .., last] => [outer, &[last.saturating_mul(values)]].concat(),
            [] => Vec::new(),
        };
        let (kind, values, grouped) = match (plain.format, scale.map(|scale| scale.format)) {
            ("U8", Some("F8_E4M3")) => (Kind::Quantized(QuantAlgo::Nvfp4), 2, false),
            ("U8", Some("U8" | "F8_E8M0")) => (Kind::Quantized(QuantAlgo::W4A16Mxfp4), 2, false),
            ("I32", Some(_)) => {
                let inputs = plain.shape.last().map(|words| words.saturating_mul(packed));
                let size = inputs.zip(scale.and_then(|scale| scale.shape.last()));
                let grouped = size.and_then(|(inputs, groups)| inputs.checked_div(*groups)) == Some(GROUP);
                let algo = match (packed, grouped) {
                    (PACKED, true) => Kind::Quantized(QuantAlgo::W4A16Gptq),
                    (PACKED, false) => Kind::Quantized(QuantAlgo::W4A16),
                    (4, _) => Kind::Quantized(QuantAlgo::W8A16),
                    (values, _) => Kind::Other(format!("{values} integers in 32 bits")),
                };
                (algo, packed, grouped && packed == PACKED)
            }
            _ => return Stored { name, ..plain },
        };
        let shape = times(values);
        let groups = scale.and_then(|scale| scale.shape.last()).filter(|_| grouped);
        let group = shape.last().zip(groups).and_then(|(inputs, groups)| inputs.checked_div(*groups));
        Stored { name, shape, kind, group, ..plain }
    }
}
