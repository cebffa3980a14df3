//! Precisions of weights and KV cache that are worth proposing.

use crate::architecture::Architecture;
use crate::deployment::{KvCacheDtype, QuantAlgo};

/// Smaller types of the KV cache, the most accurate first.
pub(super) const SMALLER_CACHE: [KvCacheDtype; 3] = [KvCacheDtype::Fp8, KvCacheDtype::Int8, KvCacheDtype::Nvfp4];

/// The precisions that halve or quarter 16-bit weights, the most accurate first. A repository that
/// is quantized already comes first as it is stored; `None` stands for that.
pub(super) fn smaller_weights(model: &Architecture) -> &'static [Option<QuantAlgo>] {
    use QuantAlgo::{Fp8, Nvfp4, W4A16Awq, W8A16};
    match model.checkpoint.precisions.main() {
        QuantAlgo::None => &[Some(Fp8), Some(W8A16), Some(W4A16Awq), Some(Nvfp4)],
        stored if stored.is_mxfp4() => &[None, Some(Nvfp4)],
        _ => &[None, Some(Nvfp4), Some(W4A16Awq)],
    }
}

/// A precision as the text of the setting `quant_algo`.
pub(super) fn text(quant_algo: Option<QuantAlgo>) -> String {
    quant_algo.map_or("auto", QuantAlgo::name).into()
}
