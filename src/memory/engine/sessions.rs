//! The runtime buffers of the deprecated runtimes without in-flight batching: `GptSession`
//! (`cpp/tensorrt_llm/runtime/runtimeBuffers.cpp`, versions up to about 0.14) and the Python
//! session (`tensorrt_llm/runtime/generation.py`).

use super::kv_cache::pages_per_sequence;
use crate::deployment::{Behavior, KvCacheType, Runtime, SpeculativeDecodingMode};
use crate::explanation_text::explanation_text;
use crate::memory::inputs::Inputs;
use crate::memory::law::{Evidence, Law, Origin, Part, Symbol};
use crate::memory::number::Number;

/// The sessions' buffers.
pub(super) static LAW: Law = Law {
    title: explanation_text("The tensors of a session, for the whole batch"),
    evidence: Evidence::Source,
    below: 0.05,
    above: 0.1,
    source: explanation_text(
        "cpp/tensorrt_llm/runtime: gptSession, runtimeBuffers, transformerBuffers; tensorrt_llm/runtime/generation.py",
    ),
};

/// Bytes of a session's buffers on a rank.
pub(super) fn runtime_buffers<N: Number>(inputs: &Inputs<N>) -> N {
    let sets = match inputs.resolved.given.engine.runtime {
        Runtime::PySession => python(inputs),
        Runtime::Executor | Runtime::GptSession => micro_batch(inputs),
    };
    if inputs.batches.count > 1 {
        (sets.part(|| Part::bytes("buffers of a micro-batch")) * inputs.micro_batches())
            .part(|| Part::bytes("buffers of all micro-batches"))
    } else {
        sets
    }
}

fn beams<N: Number>(inputs: &Inputs<N>) -> N {
    inputs.running_batch() * inputs.beam()
}

/// Logits of every prompt token; `None` if they are not gathered.
fn context_logits<N: Number>(inputs: &Inputs<N>) -> Option<N> {
    (inputs.resolved.given.engine.gather_context_logits && inputs.is_last_stage()).then(|| {
        let tokens = if inputs.resolved.given.engine.plugins.remove_input_padding
            && inputs.resolved.given.engine.runtime == Runtime::GptSession
        {
            inputs.running_tokens()
        } else {
            inputs.running_batch() * inputs.input()
        };
        (inputs.logit() * tokens * inputs.runtime_vocab()).part(|| Part::bytes("logits of prompt tokens"))
    })
}

fn cache_indirection<N: Number>(inputs: &Inputs<N>) -> N {
    (beams(inputs) * inputs.window() * 8.0).part(|| Part::bytes("cache indirection, in and out"))
}

/// A set of `GptSession`'s buffers.
fn micro_batch<N: Number>(inputs: &Inputs<N>) -> N {
    let resolved = inputs.resolved;
    let rows =
        if resolved.limits.max_beam_width > resolved.limits.max_input_len { inputs.beam() } else { inputs.input() };
    N::sum_of(
        [
            inputs
                .is_last_stage()
                .then(|| (inputs.logit() * beams(inputs) * inputs.runtime_vocab()).part(|| Part::bytes("logits"))),
            context_logits(inputs),
            (resolved.given.engine.gather_generation_logits && inputs.is_last_stage()).then(|| {
                let steps = inputs.sequence() - inputs.input();
                (inputs.logit() * steps * beams(inputs) * inputs.runtime_vocab())
                    .part(|| Part::bytes("logits of generated tokens, of all steps"))
            }),
            Some(cache_indirection(inputs)),
            inputs.has_stages().then(|| {
                (inputs.element() * inputs.running_batch() * rows * inputs.hidden())
                    .part(|| Part::bytes("hidden states between stages"))
            }),
            (resolved.given.engine.kv_cache_type == KvCacheType::Paged).then(|| {
                let entries = beams(inputs) * pages_per_sequence(inputs) * 2.0;
                let bytes = if resolved.version.has(Behavior::BlockPointersOfEveryLayer) {
                    entries * inputs.attention_layers() * 8.0
                } else {
                    entries * 4.0
                };
                bytes.part(|| Part::bytes("tables of KV blocks"))
            }),
        ]
        .into_iter()
        .flatten(),
    )
}

/// The Python session's tensors.
fn python<N: Number>(inputs: &Inputs<N>) -> N {
    static HEADS: Symbol = Symbol {
        text: "1 + ℓ",
        meaning: "logits of a token: the model's and those of each Medusa head",
        origin: Origin::Derived,
    };
    let resolved = inputs.resolved;
    let heads = match resolved.given.engine.speculative_decoding_mode {
        SpeculativeDecodingMode::Medusa => 1.0 + resolved.engine.drafts.path_len as f64,
        _ => 1.0,
    };
    let logits = || {
        let logits = inputs.logit() * inputs.running_batch() * inputs.runtime_vocab();
        if resolved.engine.drafts.tokens == 0 { logits } else { logits * inputs.step() * N::symbol(&HEADS, heads) }
    };
    N::sum_of(
        [
            inputs.is_last_stage().then(|| logits().part(|| Part::bytes("logits"))),
            context_logits(inputs),
            Some(cache_indirection(inputs)),
            Some((beams(inputs) * inputs.sequence() * 8.0).part(|| Part::bytes("output ids and parent ids"))),
        ]
        .into_iter()
        .flatten(),
    )
}
