//! Precisions of weights and KV cache that are worth proposing.

use crate::architecture::{Architecture, Family};
use crate::deployment::{KvCacheDtype, QuantAlgo};

/// Smaller types of the KV cache, the most accurate first.
pub(super) const SMALLER_CACHE: [KvCacheDtype; 3] = [KvCacheDtype::Fp8, KvCacheDtype::Int8, KvCacheDtype::Nvfp4];

/// The precisions that halve or quarter the weights, the most accurate first. Models that are
/// published quantized have the precision of their own checkpoint first.
pub(super) fn smaller_weights(model: &Architecture) -> &'static [QuantAlgo] {
    use QuantAlgo::{Fp8, Fp8BlockScales, Nvfp4, W4A8Mxfp4Mxfp8, W4A16Awq, W4A16Mxfp4, W8A16};
    match model.family {
        Family::GptOss => &[W4A16Mxfp4, W4A8Mxfp4Mxfp8, Nvfp4],
        Family::DeepSeekV3 | Family::DeepSeekV32 | Family::MiniMaxM2 => &[Fp8BlockScales, Nvfp4, W4A16Awq],
        _ => &[Fp8, W8A16, W4A16Awq, Nvfp4],
    }
}
