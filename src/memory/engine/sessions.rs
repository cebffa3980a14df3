//! The runtime buffers of the deprecated runtimes without in-flight batching: `GptSession`
//! (`cpp/tensorrt_llm/runtime/runtimeBuffers.cpp`, versions to about 0.14) and the Python session
//! (`tensorrt_llm/runtime/generation.py`).

use crate::deployment::{Fact, KvCacheType, Runtime, SpeculativeDecodingMode};
use crate::memory::kv_cache;
use crate::memory::quantity::{Evidence, Law, Number, Origin, Part, Symbol};
use crate::memory::terms::Terms;
use crate::told::told;

/// The law of the sessions' buffers.
pub static LAW: Law = Law {
    title: told("The tensors of a session, for the whole batch"),
    evidence: Evidence::Source,
    below: 0.05,
    above: 0.1,
    source: told(
        "cpp/tensorrt_llm/runtime: gptSession, runtimeBuffers, transformerBuffers; tensorrt_llm/runtime/generation.py",
    ),
};

/// Bytes of a session's buffers on a rank.
pub fn runtime_buffers<N: Number>(terms: &Terms<N>) -> N {
    let sets = match terms.plan.runtime {
        Runtime::PySession => python(terms),
        Runtime::Executor | Runtime::GptSession => micro_batch(terms),
    };
    if terms.batches.count > 1 {
        sets.part(|| Part::bytes("buffers of a micro-batch")) * terms.micro_batches()
    } else {
        sets
    }
}

fn beams<N: Number>(terms: &Terms<N>) -> N {
    terms.running_batch() * terms.beam()
}

/// Logits of every prompt token, where they are kept.
fn context_logits<N: Number>(terms: &Terms<N>) -> Option<N> {
    (terms.plan.gather_context_logits && terms.is_last_stage()).then(|| {
        let tokens = if terms.plan.remove_input_padding && terms.plan.runtime == Runtime::GptSession {
            terms.running_tokens()
        } else {
            terms.running_batch() * terms.input()
        };
        (terms.logit() * tokens * terms.runtime_vocab()).part(|| Part::bytes("logits of prompt tokens"))
    })
}

fn cache_indirection<N: Number>(terms: &Terms<N>) -> N {
    (beams(terms) * terms.window() * 8.0).part(|| Part::bytes("cache indirection, in and out"))
}

/// A set of `GptSession`'s buffers.
fn micro_batch<N: Number>(terms: &Terms<N>) -> N {
    let plan = terms.plan;
    let rows = if plan.max_beam_width > plan.max_input_len { terms.beam() } else { terms.input() };
    N::sum_of(
        [
            terms
                .is_last_stage()
                .then(|| (terms.logit() * beams(terms) * terms.runtime_vocab()).part(|| Part::bytes("logits"))),
            context_logits(terms),
            (plan.gather_generation_logits && terms.is_last_stage()).then(|| {
                let steps = terms.sequence() - terms.input();
                (terms.logit() * steps * beams(terms) * terms.runtime_vocab())
                    .part(|| Part::bytes("logits of generated tokens, of all steps"))
            }),
            Some(cache_indirection(terms)),
            terms.has_stages().then(|| {
                (terms.element() * terms.running_batch() * rows * terms.hidden())
                    .part(|| Part::bytes("hidden states between stages"))
            }),
            (plan.kv_cache_type == KvCacheType::Paged).then(|| {
                let entries = beams(terms) * kv_cache::pages_per_sequence(terms) * 2.0;
                let bytes = if plan.version.has(Fact::BlockPointersOfEveryLayer) {
                    entries * terms.attention_layers() * 8.0
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
fn python<N: Number>(terms: &Terms<N>) -> N {
    static HEADS: Symbol = Symbol {
        text: "1 + ℓ",
        meaning: "logits of a token: the model's and those of each Medusa head",
        origin: Origin::Derived,
    };
    let plan = terms.plan;
    let heads = match plan.speculative_decoding_mode {
        SpeculativeDecodingMode::Medusa => 1.0 + plan.max_draft_path_len as f64,
        _ => 1.0,
    };
    let logits = || {
        let logits = terms.logit() * terms.running_batch() * terms.runtime_vocab();
        if plan.max_draft_len == 0 { logits } else { logits * terms.step() * N::symbol(&HEADS, heads) }
    };
    N::sum_of(
        [
            terms.is_last_stage().then(|| logits().part(|| Part::bytes("logits"))),
            context_logits(terms),
            Some(cache_indirection(terms)),
            Some((beams(terms) * terms.sequence() * 8.0).part(|| Part::bytes("output ids and parent ids"))),
        ]
        .into_iter()
        .flatten(),
    )
}
