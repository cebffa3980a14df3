//! What each way of drafting tokens adds to the runtime buffers and to the decoder.

mod eagle;
mod external;
mod lookahead;
mod medusa;
mod redrafter;

use crate::deployment::SpeculativeDecodingMode as Mode;
use crate::memory::quantity::{Evidence, Law, Number, Part};
use crate::memory::terms::Terms;
use crate::told::told;

/// The law of the buffers of engines that draft. No public log shows them; what is uncertain is the scratch of CUB and
/// the scalars of slots.
pub static LAW: Law = Law {
    title: told("The tensors of the runtime and of speculative decoding, for every slot"),
    evidence: Evidence::Source,
    below: 0.02,
    above: 0.02,
    source: told(
        "cpp/tensorrt_llm: medusaBuffers, lookaheadBuffers, eagleBuffers, explicitDraftTokensBuffers, decoderState and their layers",
    ),
};

/// What a buffer set has for drafts, beside the logits.
pub fn inputs<N: Number>(terms: &Terms<N>) -> Option<N> {
    let bytes = match terms.plan.speculative_decoding_mode {
        _ if !terms.is_last_stage() => return None,
        Mode::None | Mode::DraftTokensExternal => return None,
        Mode::Medusa => medusa::inputs(terms),
        Mode::LookaheadDecoding => lookahead::inputs(terms),
        Mode::Eagle => eagle::inputs(terms),
        Mode::ExplicitDraftTokens => redrafter::inputs(terms),
    };
    Some(bytes)
}

/// What the decoder has for drafts, beside what every decoder has. `None` where tokens are sampled one at a time.
pub fn decoder<N: Number>(terms: &Terms<N>) -> Option<N> {
    let layer = match terms.plan.speculative_decoding_mode {
        Mode::None => return None,
        Mode::DraftTokensExternal => return Some(external::decoder(terms)),
        Mode::Medusa => medusa::decoder(terms),
        Mode::LookaheadDecoding => lookahead::decoder(terms),
        Mode::Eagle => eagle::decoder(terms),
        Mode::ExplicitDraftTokens => redrafter::decoder(terms),
    };
    Some(layer + state(terms))
}

/// Bytes of a value of the decoder's logits: ReDrafter's are of the model's type.
pub fn decoder_logit<N: Number>(terms: &Terms<N>) -> N {
    if terms.plan.speculative_decoding_mode == Mode::ExplicitDraftTokens { terms.element() } else { terms.logit() }
}

/// The tensors of the decoder's state that drafts of every kind need (`DecoderState::reshapeSpeculativeDecodingBuffers`).
fn state<N: Number>(terms: &Terms<N>) -> N {
    let slots = || terms.slots();
    let varies = terms.plan.speculative_decoding_mode != Mode::Medusa;
    let tokens = slots() * terms.step() * 5.0 + slots() * terms.drafts() * 4.0;
    let accepted = slots() * 8.0 + slots() * terms.path() * 4.0 + 4.0;
    let lengths = varies.then(|| slots() * 8.0);
    N::sum_of([Some(tokens), Some(accepted), lengths].into_iter().flatten())
        .part(|| Part::bytes("new, next and accepted tokens"))
}

/// 32-bit words that hold a bit for each token of a step.
fn mask_words<N: Number>(terms: &Terms<N>) -> N {
    (terms.step() / 32.0).ceil().part(|| Part::count("words of a mask").symbol("m"))
}
