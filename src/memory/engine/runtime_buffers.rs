//! Runtime buffers, tensor by tensor: what the C++ runtime allocates between the execution context and the decoder.

use crate::deployment::Fact;
use crate::memory::quantity::{Evidence, Law, Number, Part};
use crate::memory::terms::Terms;

/// The law of the runtime buffers.
pub static LAW: Law = Law {
    title: "The tensors of the runtime, for the largest batch and sequence",
    evidence: Evidence::Exact { logs: 8 },
    below: 0.001,
    above: 0.001,
    source: "cpp/tensorrt_llm/batch_manager: runtimeBuffers, transformerBuffers, decoderBuffers; runtime lines of eight public logs",
};

/// Bytes of runtime buffers on a rank.
pub fn runtime_buffers<N: Number>(terms: &Terms<N>) -> N {
    let version = terms.plan.version;
    let sequences = || terms.batch() * terms.beam();
    let slots = || terms.slots() * terms.beam();
    let rows = || terms.batch() * terms.beam();

    let mut per_set = Vec::with_capacity(8);
    if terms.is_last_stage() {
        per_set.push((terms.logit() * rows() * terms.runtime_vocab()).part(|| Part::bytes("logits")));
    }
    per_set.push((sequences() * terms.sequence() * 4.0).part(|| Part::bytes("cache indirection of a step")));
    per_set.push((terms.tokens() * 4.0).part(|| Part::bytes("input ids")));
    let copies = if version.has(Fact::BatchesCacheIndirectionCopies) { 40.0 } else { 8.0 };
    per_set.push((sequences() * 12.0 + terms.batch() * copies).part(|| Part::bytes("lengths, last tokens and slots")));
    if terms.has_micro_batches() {
        per_set.push(
            (terms.element() * terms.tokens() * terms.hidden()).part(|| Part::bytes("hidden states between stages")),
        );
    }
    let mut sets = N::sum_of(per_set);
    if terms.has_micro_batches() {
        sets = sets.part(|| Part::bytes("buffers of a micro-batch")) * terms.micro_batches();
    }

    let mut all = vec![sets, (terms.batch() * terms.micro_batches() * 8.0).part(|| Part::bytes("decoder inputs"))];
    if !version.has(Fact::DecoderHoldsCacheIndirection) && !version.has(Fact::DecoderKeepsAnotherRow) {
        all.push((slots() * terms.sequence() * 8.0).part(|| Part::bytes("cache indirection, in and out")));
    }
    if version.has(Fact::BuffersKeepLogProbs) {
        all.push((slots() * terms.sequence() * 4.0 + slots() * 12.0).part(|| Part::bytes("log probabilities")));
    }
    all.push(
        (slots() * terms.sequence() * 8.0 + slots() * 8.0)
            .part(|| Part::bytes("output ids and log probabilities of each slot")),
    );
    N::sum_of(all)
}
