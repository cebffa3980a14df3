//! The quantization of a checkpoint's linear layers, by its tensors.

use super::Precision;
use super::stored::{Kind, Stored};
use crate::deployment::QuantAlgo;
use crate::import::report::ReadReport;
use crate::import::spanned_json::shorten;

/// The precision found in the tensors.
pub(super) struct Found {
    /// The precision of the linear layers.
    pub(super) precision: Precision,
    /// The layers stored in FP4, as the recipe's feature; `None` if all are.
    pub(super) fp4_scope: Option<&'static str>,
}

/// The precision of a checkpoint's linear layers. Layers in 16 bits beside quantized ones are
/// reported by name.
pub(super) fn of(stored: &[Stored], report: &mut ReadReport) -> Found {
    let mut kinds: Vec<(&Kind, usize)> = Vec::new();
    let linear = || stored.iter().filter(|weight| weight.is_linear());
    for weight in linear().filter(|weight| weight.kind != Kind::Float) {
        match kinds.iter_mut().find(|(kind, _)| *kind == &weight.kind) {
            Some((_, count)) => *count += 1,
            None => kinds.push((&weight.kind, 1)),
        }
    }
    let mix = || {
        let names: Vec<String> = kinds.iter().map(|(kind, count)| format!("{} ({count})", kind.name())).collect();
        Found { precision: Precision::Unnamed(names.join(" and ")), fp4_scope: None }
    };
    let algo = match kinds[..] {
        [] => return Found { precision: Precision::Plain, fp4_scope: None },
        [(Kind::Quantized(algo), _)] => *algo,
        _ => return mix(),
    };
    let is_expert = |weight: &Stored| weight.name.contains(".experts.");
    if algo.is_mxfp4() && linear().any(|weight| weight.kind != Kind::Float && !is_expert(weight)) {
        // The MXFP4 algorithms quantize only experts.
        return Found { precision: Precision::Unnamed("MXFP4 beyond the experts".into()), fp4_scope: None };
    }
    report.assume("quant_algo", algo, "from the tensors' number formats and scales");
    if let Some(format) = linear().find_map(|weight| weight.substitute_for) {
        report.assume("quant_algo", algo, format!("the nearest to {format}, which is not modelled"));
    }
    let differs = |group: &u64| algo.group_size().is_some_and(|ours| ours != *group);
    if let (Some(theirs), Some(ours)) = (linear().find_map(|weight| weight.group.filter(differs)), algo.group_size()) {
        let note = format!("the file has groups of {theirs} values; scales are counted for groups of {ours}");
        report.assume("group_size", ours, note);
    }
    let wide = || linear().filter(|weight| weight.kind == Kind::Float);
    let fp4_scope = scope(algo, linear().any(is_expert), &wide().collect::<Vec<&Stored>>());
    if let Some(first) = wide().next().filter(|_| fp4_scope.is_none() && !algo.is_mxfp4()) {
        report.assume(
            "modules_to_not_convert",
            format!("{}, … ({})", shorten(&first.name), wide().count()),
            "these linear layers are in 16 bits in the file; the weights are underestimated, because all linear layers \
                 are counted as quantized",
        );
    }
    Found { precision: Precision::Quantized(algo), fp4_scope }
}

/// The scope of FP4, if the model has experts and all layers in 16 bits belong to attention.
fn scope(algo: QuantAlgo, has_experts: bool, wide: &[&Stored]) -> Option<&'static str> {
    let all_attention = !wide.is_empty() && wide.iter().all(|weight| weight.name.contains("self_attn"));
    if !algo.is_nvfp4() || !has_experts || !all_attention {
        return None;
    }
    let output = wide.iter().any(|weight| weight.name.contains("o_proj"));
    Some(if output { "experts" } else { "mlp_and_output" })
}

/// The precision as far as the names of tensors, as in an index, determine it.
pub(super) fn of_names<'n>(names: impl Iterator<Item = &'n str> + Clone) -> Precision {
    let has = |ending: &str| names.clone().any(|name| name.ends_with(ending));
    let unnamed = |formats: &str| Precision::Unnamed(formats.into());
    if has(".weight_scale_inv") {
        Precision::Quantized(QuantAlgo::Fp8BlockScales)
    } else if has("_blocks") && has("_scales") {
        Precision::Quantized(QuantAlgo::W4A16Mxfp4)
    } else if has(".qweight") {
        unnamed("AWQ or GPTQ")
    } else if has(".weight_packed") {
        unnamed("packed values of 4 or 8 bits")
    } else if has(".weight_scale_2") {
        unnamed("NVFP4 or W4A8_AWQ")
    } else if has(".weight_scale") {
        unnamed("FP8 or INT8")
    } else if has(".absmax") || has(".SCB") {
        unnamed("a bitsandbytes format")
    } else {
        Precision::Plain
    }
}
