//! Decoder buffers, tensor by tensor: the sampler's state on the last pipeline stage.

use crate::deployment::Fact;
use crate::memory::quantity::{Evidence, Law, Number, Part, Symbol};
use crate::memory::terms::Terms;

/// The law of the decoder buffers without beam search.
pub static LAW: Law = Law {
    title: "The sampler's tensors, for every slot",
    evidence: Evidence::Exact { logs: 8 },
    below: 0.001,
    above: 0.001,
    source: "cpp/tensorrt_llm: GptDecoder, DecoderState, DecodingLayerWorkspace; decoder lines of eight public logs",
};

/// The law with beam search.
pub static BEAM_SEARCH: Law = Law {
    title: "The tensors of beam search, for every slot and beam",
    evidence: Evidence::Fitted { on: "one public log, 0.4 % too high" },
    below: 0.01,
    above: 0.01,
    source: "cpp/tensorrt_llm: DecoderState, layers/beamSearchLayer.cu",
};

/// Tokens that top-k sampling keeps of a row over all its thread blocks: 1024 · 8 (`samplingTopKKernels.h`).
const TOP_K_CANDIDATES: f64 = 8192.0;
/// Scalars of a slot, over all layers of the decoder.
const SCALARS: f64 = 217.0;
/// Scalars of a slot with beam search, and what each beam adds.
const BEAM_SCALARS: (f64, f64) = (200.0, 24.0);
/// Candidates of beam search in its two stages: 4 + 4 · 128 (`beamSearchLayer.cu`, kMaxVPartStage1 = 128).
const BEAM_CANDIDATES: f64 = 516.0;
/// Alignment of scratch buffers.
const ALIGNMENT: f64 = 256.0;

static PADDED_BEAM: Symbol = Symbol {
    text: "W'",
    meaning: "beams, rounded up to a power of two",
    origin: crate::memory::quantity::Origin::Derived,
};

/// The law that holds for a deployment's decoder buffers.
pub fn law(beam_width: u64) -> &'static Law {
    if beam_width > 1 { &BEAM_SEARCH } else { &LAW }
}

/// Bytes of decoder buffers on a rank. Only the last pipeline stage samples; the others hold cache indirections at most.
pub fn decoder_buffers<N: Number>(terms: &Terms<N>) -> N {
    let version = terms.plan.version;
    let mut all = if terms.is_last_stage() { sampler(terms) } else { Vec::new() };
    let beams_differ = terms.plan.max_beam_width > 1 && version.has(Fact::DecoderKeepsAnotherRow);
    if version.has(Fact::DecoderHoldsCacheIndirection) || beams_differ {
        let indirection = terms.slots() * terms.beam() * terms.sequence() * 8.0;
        all.push(indirection.part(|| Part::bytes("cache indirection, in and out")));
    }
    N::sum_of(all)
}

/// The sampler's tensors.
fn sampler<N: Number>(terms: &Terms<N>) -> Vec<N> {
    let beams = || terms.slots() * terms.beam();
    let vocabulary = || terms.runtime_vocab();
    let mut all = vec![
        (beams() * terms.sequence() * 16.0).part(|| Part::bytes("ids, parent ids and log probabilities")),
        (terms.logit() * terms.slots() * vocabulary()).part(|| Part::bytes("embedding bias")),
        (terms.logit() * beams() * vocabulary()).part(|| Part::bytes("logits of the sampler")),
        (beams() * terms.plain_vocab() * 4.0).part(|| Part::bytes("penalty counts")),
    ];
    if terms.plan.max_beam_width > 1 {
        let padded = terms.plan.max_beam_width.next_power_of_two() as f64;
        let padded = || N::symbol(&PADDED_BEAM, padded);
        all.push(
            (beams() * terms.sequence() * 20.0 + terms.beam() * terms.sequence() * 16.0)
                .part(|| Part::bytes("beam hypotheses and gathered ids")),
        );
        all.push((beams() * terms.plain_vocab() * 4.0).part(|| Part::bytes("penalty counts of the step before")));
        let candidates = terms.logit() * terms.slots() * padded() * padded() * BEAM_CANDIDATES;
        all.push(candidates.part(|| Part::bytes("scratch of beam search")));
        all.push(
            (terms.slots() * (terms.beam() * BEAM_SCALARS.1 + BEAM_SCALARS.0))
                .part(|| Part::bytes("scalars of the slots")),
        );
    } else {
        let logits = (terms.logit() * terms.slots() * vocabulary()).round_up(ALIGNMENT);
        let ids = (terms.slots() * (TOP_K_CANDIDATES * 4.0)).round_up(ALIGNMENT);
        let values = (terms.logit() * terms.slots() * TOP_K_CANDIDATES).round_up(ALIGNMENT);
        all.push((logits + ids + values).part(|| Part::bytes("scratch of top-k sampling")));
        all.push((terms.slots() * SCALARS).part(|| Part::bytes("scalars of the slots")));
    }
    if terms.plan.version.has(Fact::DecoderKeepsDraftLogits) {
        all.push(
            (terms.slots() * vocabulary() * 4.0).part(|| Part::bytes("draft logits, kept without speculation too")),
        );
    }
    if terms.plan.version.has(Fact::DecoderKeepsAnotherRow) {
        all.push((terms.slots() * vocabulary() * 4.0).part(|| Part::bytes("another row of the vocabulary")));
    }
    all
}
