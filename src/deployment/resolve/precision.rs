//! The types of a model's computation and KV cache.

use crate::architecture::{Block, CheckpointEvidence, Dtype, Fp4Scope, ModulePrecisions, StoredKvCache};
use crate::deployment::{Backend, Behavior, Deployment, KvCacheDtype, MoeBackend, Note, QuantAlgo, Resolved};
use std::fmt;

/// Types of weights, computation, logits and KV cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedPrecision {
    /// The type of the model's computation.
    pub dtype: Dtype,
    /// The quantization of the weights: that of the experts if blocks differ.
    pub quant_algo: QuantAlgo,
    /// The quantization of each block of linear layers.
    pub modules: ModulePrecisions,
    /// The type of the KV cache's values; never `auto`.
    pub kv_cache_dtype: KvType,
    /// The type of the logits.
    pub logits_dtype: Dtype,
}

/// The resolved type of the KV cache's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KvType {
    /// The type of the model's computation.
    Model(Dtype),
    /// A type that is independent of the computation's.
    Quantized(KvCacheDtype),
}

impl KvType {
    /// Returns the bytes per value, block scales included: NVFP4 has a one-byte scale per 16
    /// values.
    pub fn bytes(self) -> f64 {
        match self {
            KvType::Model(dtype) => dtype.bytes() as f64,
            KvType::Quantized(KvCacheDtype::Nvfp4) => 0.5 + 1.0 / 16.0,
            KvType::Quantized(KvCacheDtype::Fp8 | KvCacheDtype::Int8) => 1.0,
            KvType::Quantized(_) => 2.0,
        }
    }

    /// Returns TensorRT-LLM's name, such as `fp16`.
    pub fn name(self) -> &'static str {
        match self {
            KvType::Model(Dtype::Float16) => "fp16",
            KvType::Model(Dtype::Bfloat16) => "bf16",
            KvType::Model(Dtype::Float32) => "fp32",
            KvType::Quantized(dtype) => dtype.name(),
        }
    }
}

impl fmt::Display for KvType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl ResolvedPrecision {
    /// Returns the name of the weights' precision: that of the quantization, or of `dtype` without
    /// one.
    pub fn weights_name(&self) -> &'static str {
        match self.quant_algo {
            QuantAlgo::None => self.dtype.name(),
            quantized => quantized.name(),
        }
    }

    pub(super) fn of(d: &Deployment, notes: &mut Vec<Note>) -> ResolvedPrecision {
        let dtype = d.precision.dtype.unwrap_or_else(|| checkpoint_dtype(d, notes));
        let quant_algo = d.quant_algo();
        note_conversion(d, notes);
        ResolvedPrecision {
            dtype,
            quant_algo,
            modules: modules(d, quant_algo),
            kv_cache_dtype: kv_cache_dtype(d, dtype, notes),
            logits_dtype: logits_dtype(d),
        }
    }
}

impl Deployment {
    /// Returns the quantization of the weights: the given one, or that of the checkpoint; of the
    /// experts if blocks differ.
    pub fn quant_algo(&self) -> QuantAlgo {
        self.precision.quant_algo.unwrap_or_else(|| loaded(self, self.model.checkpoint.precisions.main()))
    }

    /// Whether the weights run as the repository stores them, without a conversion.
    fn runs_as_stored(&self) -> bool {
        let stored = self.model.checkpoint.precisions.main();
        self.precision.quant_algo.is_none_or(|given| given == stored || given == loaded(self, stored))
    }
}

impl Resolved {
    /// Returns the precision that the repository is stored in: `FP8 blocks`, `bfloat16`.
    pub fn stored_precision(&self) -> String {
        let label = self.model.checkpoint.label();
        if label.is_empty() { self.precision.dtype.name().into() } else { label }
    }

    /// Whether the weights run as the repository stores them, without a conversion.
    pub fn runs_as_stored(&self) -> bool {
        self.given.runs_as_stored()
    }

    /// Returns a text on the precision beside that of the repository, such as "auto: FP8 blocks, as
    /// the checkpoint is stored".
    ///
    /// ```
    /// use trtllm_memory::link;
    /// let text = |link: &str| link::decode(link).deployment.resolve().unwrap().checkpoint_text();
    /// let r1 = "v=2&model=deepseek-ai/DeepSeek-R1&gpu=h200&tp_size=8";
    /// assert_eq!(text(r1), "auto: FP8 blocks, as the checkpoint is stored");
    /// assert_eq!(text("v=2&quant_algo=FP8"), "FP8: the checkpoint is stored in bfloat16");
    /// ```
    pub fn checkpoint_text(&self) -> String {
        let stored = self.stored_precision();
        match self.given.precision.quant_algo {
            None => format!("auto: {stored}, as the checkpoint is stored"),
            Some(_) if self.runs_as_stored() => format!("{stored}, as the checkpoint is stored"),
            Some(given) if self.model.checkpoint.precisions.is_unquantized() => {
                format!("{given}: the checkpoint is stored in {stored}")
            }
            Some(given) => format!("{given}: the checkpoint is stored as {stored}"),
        }
    }
}

/// Returns the quantization as which TensorRT-LLM loads a stored one. For MXFP4 it chooses the type
/// of the activations (`model_config.py` get_mxfp4_quant_algo).
fn loaded(d: &Deployment, stored: QuantAlgo) -> QuantAlgo {
    match stored {
        QuantAlgo::W4A16Mxfp4 if d.gpu.compute_capability < (10, 0) => QuantAlgo::W4A16Mxfp4,
        QuantAlgo::W4A16Mxfp4 if d.pytorch.moe_backend == MoeBackend::Triton => QuantAlgo::W4A8Mxfp4Fp8,
        QuantAlgo::W4A16Mxfp4 => QuantAlgo::W4A8Mxfp4Mxfp8,
        other => other,
    }
}

/// Returns the quantization of each block. A checkpoint of one's own is quantized as ModelOpt does
/// it for such a model; engines quantize every linear layer.
fn modules(d: &Deployment, algo: QuantAlgo) -> ModulePrecisions {
    if d.precision.quant_algo.is_none() {
        let mut stored = d.model.checkpoint.precisions.clone();
        stored.replace(|algo| loaded(d, algo));
        return stored;
    }
    match d.model.fp4_scope {
        _ if d.backend == Backend::TensorRt => ModulePrecisions::everywhere(algo),
        _ if algo.is_mxfp4() => ModulePrecisions::only(algo, &[Block::Experts]),
        Fp4Scope::Experts if algo.is_nvfp4() => ModulePrecisions::only(algo, &[Block::Experts]),
        Fp4Scope::MlpAndOutput if algo.is_nvfp4() => {
            let mut modules = ModulePrecisions::everywhere(algo);
            modules.set(Block::AttentionInputs, None, QuantAlgo::None);
            modules
        }
        _ => ModulePrecisions::everywhere(algo),
    }
}

/// Adds a note if the repository stores its weights in another precision than the given one, or if
/// its precision is only inferred.
fn note_conversion(d: &Deployment, notes: &mut Vec<Note>) {
    let checkpoint = &d.model.checkpoint;
    let stored = &checkpoint.precisions;
    let Some(given) = d.precision.quant_algo else {
        if !stored.is_unquantized() && checkpoint.evidence == CheckpointEvidence::Inferred {
            let (label, evidence) = (checkpoint.label(), checkpoint.evidence.text());
            Note::add(notes, "quant_algo", format_args!("{} is stored as {label}, {evidence}.", d.model.name));
        }
        return;
    };
    if stored.is_unquantized() || d.runs_as_stored() {
        return;
    }
    let (name, label) = (&d.model.name, checkpoint.label());
    let wanted = if given == QuantAlgo::None { "16 bit" } else { given.name() };
    Note::add(
        notes,
        "quant_algo",
        format_args!("{name} is stored as {label}: convert it to {wanted}, or choose auto to run it as it is stored."),
    );
}

/// Returns the default type of the computation for a checkpoint, which is never 32-bit.
fn checkpoint_dtype(d: &Deployment, notes: &mut Vec<Note>) -> Dtype {
    match d.model.dtype {
        Dtype::Bfloat16 if d.gpu.compute_capability < (8, 0) => {
            Note::add(
                notes,
                "dtype",
                format_args!("{} does not support bfloat16: the model runs in float16.", d.gpu.name),
            );
            Dtype::Float16
        }
        Dtype::Float32 => Dtype::Float16,
        dtype => dtype,
    }
}

fn kv_cache_dtype(d: &Deployment, dtype: Dtype, notes: &mut Vec<Note>) -> KvType {
    match d.precision.kv_cache_dtype {
        KvCacheDtype::Auto if d.backend == Backend::Pytorch && asks_for_fp8(d, notes) => {
            KvType::Quantized(KvCacheDtype::Fp8)
        }
        KvCacheDtype::Auto => KvType::Model(dtype),
        given => KvType::Quantized(given),
    }
}

/// Returns whether the checkpoint asks for an FP8 KV cache. Adds a note on it.
fn asks_for_fp8(d: &Deployment, notes: &mut Vec<Note>) -> bool {
    let name = &d.model.name;
    let mut note = |message: fmt::Arguments| Note::add(notes, "kv_cache_dtype", message);
    match (d.precision.quant_algo, d.model.checkpoint.kv_cache) {
        (Some(given), _) if given.has_fp8_kv_cache() => {
            note(format_args!("auto is fp8, as in ModelOpt's checkpoints of this quant_algo."));
            true
        }
        (None, StoredKvCache::Fp8) => {
            note(format_args!("auto is fp8: the files of {name} ask for it."));
            true
        }
        (None, StoredKvCache::Unknown) => {
            note(format_args!("Whether the files of {name} ask for fp8 is not known; auto is the larger type."));
            false
        }
        _ => false,
    }
}

fn logits_dtype(d: &Deployment) -> Dtype {
    let algo = d.quant_algo();
    let fp8_has_16_bit = algo != QuantAlgo::Fp8 || d.version().has(Behavior::Fp8CheckpointsHave16BitLogits);
    let default = if algo.is_made_by_modelopt() && fp8_has_16_bit { Dtype::Float16 } else { Dtype::Float32 };
    d.engine.logits_dtype.unwrap_or(default)
}
