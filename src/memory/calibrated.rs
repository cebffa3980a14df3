//! Figures that a person's own log calibrates: the law times what the log measured over what the law said there.

use super::number::{Evidence, Law, Number, Origin, Part, Symbol};
use crate::deployment::Calibrated;
use crate::explanation_text::explanation_text;

/// A law that is scaled by a measurement. Its shape is the law's, so that it is near the measurement what the measurement was.
pub(super) static LAW: Law = Law {
    title: explanation_text("The law, scaled by what your log measured"),
    evidence: Evidence::Fitted { on: explanation_text("your own log") },
    below: 0.03,
    above: 0.03,
    source: explanation_text("the log that you gave; calibrated_ keys of the link"),
};

/// `law` as a log calibrates it, where one does.
pub(super) fn scaled<N: Number>(law: N, by: Option<Calibrated>) -> N {
    static MEASURED: Symbol = Symbol {
        text: "measured",
        meaning: "bytes that your log printed",
        origin: Origin::Chosen("the calibrated_ keys of the link"),
    };
    static PREDICTED: Symbol = Symbol {
        text: "predicted",
        meaning: "bytes by the law for the configuration of your log",
        origin: Origin::Chosen("the calibrated_ keys of the link"),
    };
    let Some(by) = by else { return law };
    let named = law.part(|| Part::bytes("by the law").symbol("law"));
    named * N::symbol(&MEASURED, by.measured.0 as f64) / N::symbol(&PREDICTED, by.law.0 as f64)
}
