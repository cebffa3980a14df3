//! The types of a model's computation and KV cache.

use crate::architecture::Dtype;
use crate::deployment::{Backend, Behavior, Deployment, KvCacheDtype, Note, QuantAlgo};
use std::fmt;

/// Types of weights, computation, logits and KV cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResolvedPrecision {
    /// The type of the model's computation.
    pub dtype: Dtype,
    /// The quantization of the weights.
    pub quant_algo: QuantAlgo,
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
    /// The name of the weights' precision: that of the quantization, or of `dtype` without one.
    pub fn weights_name(&self) -> &'static str {
        match self.quant_algo {
            QuantAlgo::None => self.dtype.name(),
            quantized => quantized.name(),
        }
    }

    pub(super) fn of(d: &Deployment, notes: &mut Vec<Note>) -> ResolvedPrecision {
        let dtype = d.precision.dtype.unwrap_or_else(|| checkpoint_dtype(d, notes));
        ResolvedPrecision {
            dtype,
            quant_algo: d.precision.quant_algo,
            kv_cache_dtype: kv_cache_dtype(d, dtype, notes),
            logits_dtype: logits_dtype(d),
        }
    }
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
        KvCacheDtype::Auto if d.backend == Backend::Pytorch && d.precision.quant_algo.has_fp8_kv_cache() => {
            Note::add(
                notes,
                "kv_cache_dtype",
                format_args!("auto is fp8, as in ModelOpt's checkpoints of this quant_algo."),
            );
            KvType::Quantized(KvCacheDtype::Fp8)
        }
        KvCacheDtype::Auto => KvType::Model(dtype),
        given => KvType::Quantized(given),
    }
}

fn logits_dtype(d: &Deployment) -> Dtype {
    let algo = d.precision.quant_algo;
    let fp8_has_16_bit = algo != QuantAlgo::Fp8 || d.version().has(Behavior::Fp8CheckpointsHave16BitLogits);
    let default = if algo.is_made_by_modelopt() && fp8_has_16_bit { Dtype::Float16 } else { Dtype::Float32 };
    d.engine.logits_dtype.unwrap_or(default)
}
