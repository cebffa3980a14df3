//! Decoder buffers of the PyTorch backend: the state of its sampler on the GPU for every slot
//! (`_torch/pyexecutor/sampler.py`).
//!
//! Logits, probabilities and penalties exist only within a step.

use crate::deployment::Behavior;
use crate::explanation_text::explanation_text;
use crate::memory::inputs::Inputs;
use crate::memory::law::{Evidence, Law, Origin, Part, Symbol};
use crate::memory::number::Number;

/// The sampler's buffers.
pub(super) static LAW: Law = Law {
    title: explanation_text("The sampler's tensors, for every slot"),
    evidence: Evidence::Source,
    below: 0.5,
    above: 2.0,
    source: explanation_text("tensorrt_llm/_torch/pyexecutor/sampler.py TorchSampler.Store"),
};

/// Stop words of a request, and tokens of a stop word (`DEFAULT_MAX_STOP_WORDS`,
/// `DEFAULT_MAX_STOP_WORD_LENGTH`).
const STOP_WORDS: (f64, f64) = (10.0, 20.0);

/// Bytes of the sampler's buffers on a rank. Only the last pipeline stage samples.
pub(super) fn sampler<N: Number>(inputs: &Inputs<N>) -> N {
    static STEP: Symbol =
        Symbol { text: "D", meaning: "tokens of a sequence in a step, drafts and one more", origin: Origin::Derived };
    if !inputs.is_last_stage() {
        return N::literal(0.0);
    }
    let tokens =
        || inputs.slots() * inputs.beam() * N::symbol(&STEP, inputs.resolved.pytorch.max_draft_len as f64 + 1.0) * 4.0;
    let mut all = vec![
        tokens().part(|| Part::bytes("new tokens")),
        tokens().part(|| Part::bytes("reasons to finish")),
        (inputs.slots() * 8.0).part(|| Part::bytes("lengths and end ids")),
    ];
    if inputs.resolved.version.has(Behavior::SamplerKeepsStopWords) {
        all.push((inputs.slots() * (STOP_WORDS.0 * STOP_WORDS.1 * 4.0)).part(|| Part::bytes("stop words")));
    }
    if inputs.resolved.limits.max_beam_width > 1 {
        let history = inputs.slots() * inputs.beam() * inputs.sequence() * 8.0;
        all.push(history.part(|| Part::bytes("tokens of the beams and their parent beams")));
    }
    N::sum_of(all)
}
