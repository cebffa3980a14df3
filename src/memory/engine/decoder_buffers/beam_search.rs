//! Beam search (`layers/beamSearchLayer.cu`). It has different kernels for up to eight beams and
//! for more.

use super::layout::{ALIGNMENT, penalty_counts};
use crate::deployment::{Behavior, Resolved};
use crate::explanation_text::explanation_text;
use crate::memory::inputs::Inputs;
use crate::memory::law::{Evidence, Law, Origin, Part, Symbol};
use crate::memory::number::Number;

/// Up to eight beams.
static LAW: Law = Law {
    title: explanation_text("The tensors of beam search, for every slot and beam"),
    evidence: Evidence::Fitted { on: explanation_text("one public log, 0.4 % too high") },
    below: 0.01,
    above: 0.01,
    source: explanation_text("cpp/tensorrt_llm: DecoderState, layers/beamSearchLayer.cu"),
};

/// More than eight beams.
static WIDE: Law = Law {
    title: explanation_text("The tensors of beam search with more than eight beams"),
    evidence: Evidence::Source,
    below: 0.03,
    above: 0.03,
    source: explanation_text("cpp/tensorrt_llm: DecoderState, layers/beamSearchLayer.cu, kernels/topkLastDim.cu"),
};

/// Maximum number of beams of the first kind of kernels.
const FEW_BEAMS: u64 = 8;
/// Scalars of a slot, and additional ones for each beam.
const SCALARS: (f64, f64) = (200.0, 24.0);
/// Candidates of both stages in the first kind of kernels: 4 + 4 · 128 (kMaxVPartStage1 = 128).
const CANDIDATES: f64 = 516.0;
/// Counters of a row in the radix top-k: five of 128 bytes (`topkLastDim.cu`).
const COUNTERS: f64 = 640.0;
/// Histogram of a row in the radix top-k: 2048 buckets of 4 bytes (`topkLastDim.cu`).
const HISTOGRAM: f64 = 8192.0;

/// The law of a deployment with beam search.
pub(super) fn law(resolved: &Resolved) -> &'static Law {
    if is_wide(resolved) { &WIDE } else { &LAW }
}

fn is_wide(resolved: &Resolved) -> bool {
    resolved.limits.max_beam_width > FEW_BEAMS && resolved.version.has(Behavior::WideBeamSearch)
}

/// Beams, rounded up to a power of two.
fn padded<N: Number>(inputs: &Inputs<N>) -> N {
    static PADDED: Symbol =
        Symbol { text: "W'", meaning: "beams, rounded up to a power of two", origin: Origin::Derived };
    N::symbol(&PADDED, inputs.resolved.limits.max_beam_width.next_power_of_two() as f64)
}

/// The layers' buffers.
pub(super) fn layers<N: Number>(inputs: &Inputs<N>) -> N {
    let beams = || inputs.slots() * inputs.beam();
    let hypotheses = beams() * inputs.sequence() * 20.0 + inputs.beam() * inputs.sequence() * 16.0;
    let scratch = if is_wide(inputs.resolved) { wide_scratch(inputs) } else { scratch(inputs) };
    penalty_counts(inputs)
        + hypotheses.part(|| Part::bytes("beam hypotheses and gathered ids"))
        + (beams() * inputs.plain_vocab() * 4.0).part(|| Part::bytes("penalty counts of the step before"))
        + scratch.part(|| Part::bytes("scratch of beam search"))
        + (inputs.slots() * (inputs.beam() * SCALARS.1 + SCALARS.0)).part(|| Part::bytes("scalars of the slots"))
}

/// Scratch for up to eight beams.
fn scratch<N: Number>(inputs: &Inputs<N>) -> N {
    inputs.logit() * inputs.slots() * padded(inputs) * padded(inputs) * CANDIDATES
}

/// Scratch for more beams: the candidates of two stages, and a top-k over the vocabulary of every
/// beam or over all candidates.
fn wide_scratch<N: Number>(inputs: &Inputs<N>) -> N {
    let pair = || (inputs.logit() + 4.0) * 2.0;
    let squared = || padded(inputs) * padded(inputs);
    let first = pair() * inputs.slots() * squared();
    let second = pair() * inputs.slots() * padded(inputs);
    let of_vocabulary = top_k(inputs, inputs.slots() * inputs.beam(), inputs.plain_vocab(), padded(inputs) * 2.0);
    let of_candidates = top_k(inputs, inputs.slots(), squared() * 2.0, inputs.beam() * 2.0);
    let working = first.part(|| Part::bytes("candidates of the first stage"))
        + of_vocabulary.max(of_candidates).part(|| Part::bytes("radix top-k"));
    let moving = inputs.logit() * inputs.beam() * inputs.beam() * 2.0;
    second.part(|| Part::bytes("candidates of the second stage")) + working.max(moving)
}

/// Scratch of the radix top-k, which selects the `k` largest of `columns` values in each of `rows`
/// rows (`invokeComputeTopkLastDimWorkspaceSize`).
fn top_k<N: Number>(inputs: &Inputs<N>, rows: N, columns: N, k: N) -> N {
    let value = inputs.resolved.precision.logits_dtype.bytes() as f64;
    let step = 256.0 / value.min(4.0);
    // Rows up to this length may be buffered.
    let buffered = ((columns / (8.0 * (2.0 + (8.0 / value).floor()))).floor() / step).floor() * step;
    let aligned = |bytes: N| (bytes * rows.clone()).round_up(ALIGNMENT);
    let values = |count: &N| aligned(inputs.logit() * count.clone());
    let indices = |count: &N| aligned(count.clone() * 4.0);
    N::sum_of([
        N::literal(ALIGNMENT - 1.0),
        aligned(N::literal(COUNTERS)),
        aligned(N::literal(HISTOGRAM)),
        (values(&buffered) + indices(&buffered)) * 2.0,
        aligned((inputs.logit() + 4.0) * k.clone()),
        (values(&k) + indices(&k)) * 2.0,
    ])
}
