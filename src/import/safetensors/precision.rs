//! The quantization of a checkpoint's linear layers, by its tensors.

use super::stored::{Kind, Stored};
use super::{Precision, Tensor, layer};
use crate::architecture::{Block, Checkpoint, ModulePrecisions, QuantMethod, StoredKvCache};
use crate::deployment::QuantAlgo;
use crate::import::quantization::{Tally, note_group};
use crate::import::report::ReadReport;

/// The precision found in the tensors.
pub(super) struct Found {
    /// The precision of the linear layers.
    pub(super) precision: Precision,
    /// How the tensors are stored, block by block.
    pub(super) stored: Checkpoint,
}

/// The precision of a checkpoint's linear layers.
pub(super) fn of(tensors: &[Tensor], stored: &[Stored], report: &mut ReadReport) -> Found {
    let mut kinds: Vec<(&Kind, usize)> = Vec::new();
    let linear = || stored.iter().filter(|weight| weight.is_linear());
    for weight in linear().filter(|weight| weight.kind != Kind::Float) {
        match kinds.iter_mut().find(|(kind, _)| *kind == &weight.kind) {
            Some((_, count)) => *count += 1,
            None => kinds.push((&weight.kind, 1)),
        }
    }
    let names = || {
        let names: Vec<String> = kinds.iter().map(|(kind, count)| format!("{} ({count})", kind.name())).collect();
        names.join(" and ")
    };
    let unstored = |precision: Precision| Found { precision, stored: Checkpoint::default() };
    let precision = match kinds[..] {
        [] => return unstored(Precision::Plain),
        [(Kind::Quantized(algo), _)] => Precision::Quantized(*algo),
        _ if kinds.iter().all(|(kind, _)| matches!(kind, Kind::Quantized(_))) => Precision::Mixed(names()),
        _ => return unstored(Precision::Unnamed(names())),
    };
    let shown = match &precision {
        Precision::Quantized(algo) => algo.to_string(),
        _ => names(),
    };
    report.assume("quant_algo", shown, "from the tensors' number formats and scales");
    if let Some(format) = linear().find_map(|weight| weight.substitute_for) {
        report.assume("quant_algo", names(), format!("the nearest to {format}, which is not modelled"));
    }
    if let Precision::Quantized(algo) = precision
        && let Some(ours) = algo.group_size()
        && let Some(theirs) = linear().find_map(|weight| weight.group.filter(|group| *group != ours))
    {
        note_group(theirs, ours, report);
    }
    let stored = Checkpoint {
        method: method(tensors, &kinds),
        precisions: precisions(stored, report),
        kv_cache: kv_cache(tensors),
        ..Checkpoint::default()
    };
    Found { precision, stored }
}

/// The precision of each block.
fn precisions(stored: &[Stored], report: &mut ReadReport) -> ModulePrecisions {
    let mut tally = Tally::default();
    for weight in stored {
        let algo = match &weight.kind {
            Kind::Quantized(algo) => *algo,
            _ => QuantAlgo::None,
        };
        match (layer(&weight.name), block(&weight.name)) {
            (None, Block::LmHead) => tally.add(Block::LmHead, 0, algo, weight.elements()),
            (Some(layer), block) if weight.is_linear() && block != Block::Other => {
                tally.add(block, layer, algo, weight.elements());
            }
            _ => {}
        }
    }
    tally.precisions(report)
}

/// The values of each block's linear layers.
pub(super) fn blocks(stored: &[Stored]) -> Vec<(Block, u64)> {
    let mut blocks: Vec<(Block, u64)> = Vec::new();
    for weight in stored.iter().filter(|weight| weight.is_linear()) {
        let block = block(&weight.name);
        match blocks.iter_mut().find(|(known, _)| *known == block) {
            Some((_, sum)) => *sum = sum.saturating_add(weight.elements()),
            None => blocks.push((block, weight.elements())),
        }
    }
    blocks
}

/// The block of a linear layer, by its name.
fn block(name: &str) -> Block {
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let ends = |words: &[&str]| words.iter().any(|word| name.strip_suffix(".weight").unwrap_or(name).ends_with(word));
    if has(&[".indexer."]) {
        if ends(&[".wq_b", ".wk"]) { Block::Indexer } else { Block::Other }
    } else if has(&["shared_expert", "shared_mlp"]) {
        Block::SharedExperts
    } else if has(&[".experts."]) {
        Block::Experts
    } else if has(&["linear_attn", "mamba", ".in_proj", "mixer.out_proj"]) {
        Block::Recurrence
    } else if has(&["attn", "attention"]) || ends(&[".q_proj", ".k_proj", ".v_proj", ".o_proj"]) {
        let output = ends(&[".o_proj", ".out_proj", ".dense", ".c_proj", ".wo"]);
        if output { Block::AttentionOutput } else { Block::AttentionInputs }
    } else if has(&["lm_head", "embed_out"]) {
        Block::LmHead
    } else if has(&["mlp", "feed_forward", "ffn", "mixer"]) {
        Block::Mlp
    } else {
        Block::Other
    }
}

/// The format that the tensors' names show; `None` if several have such names.
fn method(tensors: &[Tensor], kinds: &[(&Kind, usize)]) -> Option<QuantMethod> {
    let has = |ending: &str| tensors.iter().any(|tensor| tensor.name.ends_with(ending));
    let is = |algo: QuantAlgo| kinds.iter().any(|(kind, _)| **kind == Kind::Quantized(algo));
    if has(".qweight") {
        Some(if is(QuantAlgo::W4A16Awq) { QuantMethod::Awq } else { QuantMethod::Gptq })
    } else if has(".weight_packed") {
        Some(QuantMethod::CompressedTensors)
    } else if has("_blocks") {
        Some(QuantMethod::Mxfp4)
    } else if has(".weight_scale_inv") {
        Some(QuantMethod::Fp8)
    } else if has(".weight_scale_2") || has(".pre_quant_scale") {
        Some(QuantMethod::ModelOpt)
    } else if has(".absmax") || has(".SCB") {
        Some(QuantMethod::BitsAndBytes)
    } else {
        None
    }
}

/// The KV cache: FP8 if the tensors include its scales, otherwise only the configuration says it.
fn kv_cache(tensors: &[Tensor]) -> StoredKvCache {
    let has_scales = tensors.iter().any(|tensor| tensor.name.ends_with(".k_scale"));
    if has_scales { StoredKvCache::Fp8 } else { StoredKvCache::Unknown }
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
