//! Figures calibrated by the user's own log: each is its law times the ratio of the measured size
//! to the predicted size.

use super::backend::BackendModel;
use super::contributor::Contributor;
use super::inputs::Inputs;
use super::law::{Evidence, Law, Origin, Part, Symbol};
use super::number::Number;
use super::overhead::{Cause, MEASURED, RankTopology};
use crate::deployment::{Calibrated, Calibration, Resolved};
use crate::explanation_text::explanation_text;

/// The law of a calibrated figure. Scaling keeps the shape of the original law, so the figure
/// equals the measurement for the configuration of the log.
pub(super) static LAW: Law = Law {
    title: explanation_text("The law, scaled to the size that your log printed"),
    evidence: Evidence::Fitted { on: explanation_text("your own log") },
    below: 0.03,
    above: 0.03,
    source: explanation_text("your log; the calibrated_ keys of the link"),
};

/// The figure of a law, scaled if a log calibrates it.
fn scaled<N: Number>(law: N, by: Option<Calibrated>) -> N {
    static MEASURED: Symbol = Symbol {
        text: "measured",
        meaning: "bytes that your log printed",
        origin: Origin::Chosen("the calibrated_ keys of the link"),
    };
    static PREDICTED: Symbol = Symbol {
        text: "predicted",
        meaning: "bytes that the law predicts for the configuration of your log",
        origin: Origin::Chosen("the calibrated_ keys of the link"),
    };
    let Some(by) = by else { return law };
    let named = law.part(|| Part::bytes("by the law").symbol("law"));
    named * N::symbol(&MEASURED, by.measured.0 as f64) / N::symbol(&PREDICTED, by.law.0 as f64)
}

/// The law of each contributor, in the order of [`Contributor::ALL`].
pub(super) fn laws(resolved: &Resolved) -> [&'static Law; 6] {
    let Calibration { activations, runtime_buffers, decoder_buffers, mut overhead } = resolved.given.calibration;
    let mut laws = resolved.backend.laws(resolved);
    // The free memory in a log determines the overhead better than any scaling.
    if resolved.machine.free_memory.is_some() {
        laws[Contributor::Overhead as usize] = &MEASURED;
        overhead = None;
    }
    for (law, by) in laws.iter_mut().zip([None, activations, runtime_buffers, decoder_buffers, None, overhead]) {
        if by.is_some() {
            *law = &LAW;
        }
    }
    laws
}

/// Bytes of weights, activations, runtime buffers and decoder buffers on a rank.
pub(super) fn buffers<N: Number>(inputs: &Inputs<N>) -> [N; 4] {
    let [weights, activations, runtime, decoder] = inputs.resolved.backend.buffers(inputs);
    let by = inputs.resolved.given.calibration;
    [
        weights,
        scaled(activations, by.activations),
        scaled(runtime, by.runtime_buffers),
        scaled(decoder, by.decoder_buffers),
    ]
}

/// The overhead of a rank at the time when the KV cache is sized.
pub(super) fn overhead<N: Number>(inputs: &Inputs<N>, topology: RankTopology) -> Cause<N> {
    let cause = inputs.resolved.backend.overhead(inputs, topology);
    if inputs.resolved.given.calibration.overhead.is_none() {
        return cause;
    }
    let bytes = scaled(cause.bytes, inputs.resolved.given.calibration.overhead);
    Cause { band: LAW.band(bytes.value()), bytes }
}
