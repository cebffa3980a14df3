//! The overhead that follows from the free memory in a log, and the band of the memory left for the
//! KV cache.

use super::Cause;
use crate::deployment::Resolved;
use crate::explanation_text::explanation_text;
use crate::memory::band::Band;
use crate::memory::inputs::Inputs;
use crate::memory::law::{Evidence, Law, Origin, Symbol};
use crate::memory::number::Number;
use crate::units::Bytes;

/// The law of the overhead that follows from the free memory in a log.
pub(crate) static MEASURED: Law = Law {
    title: explanation_text("The total memory, less the free memory that you gave and the other figures"),
    evidence: Evidence::Given,
    below: 0.0,
    above: 0.0,
    source: explanation_text("free_memory_gib"),
};

/// Half a unit of the last printed digit of the free memory, a hundredth of a GiB.
const PRINTED_GIB: f64 = 0.005;

/// The overhead that follows from the free memory in a log: the remainder after the predicted
/// parts. It is as uncertain as they are.
pub(crate) fn measured<N: Number>(inputs: &Inputs<N>, free: Bytes, predicted: &[N; 4], band: Band) -> Cause<N> {
    static FREE: Symbol =
        Symbol { text: "free", meaning: "free memory that a log printed", origin: Origin::Chosen("free_memory_gib") };
    let left = inputs.total() - N::symbol(&FREE, free.0 as f64) - N::sum_of(predicted.clone());
    let bytes = left.max(N::literal(0.0));
    let below = band.above.min(bytes.value());
    Cause { bytes, band: Band { below, above: band.below } }
}

/// Uncertainty band of the memory left for the KV cache.
///
/// It combines the parts that are allocated before the KV cache with the total memory, which
/// depends on the driver unless the user sets it.
pub(crate) fn available_band(resolved: &Resolved, predicted: Band, overhead: Band) -> Band {
    if resolved.machine.free_memory.is_some() {
        let printed = Bytes::from_gib(PRINTED_GIB).0 as f64;
        return Band { below: printed, above: printed };
    }
    let total = if resolved.machine.gpu_memory == resolved.gpu.memory {
        let (low, high) = (resolved.gpu.memory_low, resolved.gpu.memory_high);
        Band {
            below: (resolved.machine.gpu_memory - low).0 as f64,
            above: (high - resolved.machine.gpu_memory).0 as f64,
        }
    } else {
        Band::EXACT
    };
    Band::of_sum([predicted.of_rest(), overhead.of_rest(), total])
}
