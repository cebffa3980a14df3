//! What each way of drafting tokens adds to the runtime buffers and to the decoder.

mod eagle;
mod external;
mod lookahead;
mod medusa;
mod redrafter;

use crate::deployment::SpeculativeDecodingMode as Mode;
use crate::explanation_text::explanation_text;
use crate::memory::inputs::Inputs;
use crate::memory::number::{Evidence, Law, Number, Part};

/// The law of the buffers of engines that draft. No public log shows them; what is uncertain is the scratch of CUB and
/// the scalars of slots.
pub static LAW: Law = Law {
    title: explanation_text("The tensors of the runtime and of speculative decoding, for every slot"),
    evidence: Evidence::Source,
    below: 0.02,
    above: 0.02,
    source: explanation_text(
        "cpp/tensorrt_llm: medusaBuffers, lookaheadBuffers, eagleBuffers, explicitDraftTokensBuffers, decoderState and their layers",
    ),
};

/// What a buffer set has for drafts, beside the logits.
pub fn inputs<N: Number>(inputs: &Inputs<N>) -> Option<N> {
    let bytes = match inputs.resolved.given.engine.speculative_decoding_mode {
        _ if !inputs.is_last_stage() => return None,
        Mode::None | Mode::DraftTokensExternal => return None,
        Mode::Medusa => medusa::inputs(inputs),
        Mode::LookaheadDecoding => lookahead::inputs(inputs),
        Mode::Eagle => eagle::inputs(inputs),
        Mode::ExplicitDraftTokens => redrafter::inputs(inputs),
    };
    Some(bytes)
}

/// What the decoder has for drafts, beside what every decoder has. `None` where tokens are sampled one at a time.
pub fn decoder<N: Number>(inputs: &Inputs<N>) -> Option<N> {
    let layer = match inputs.resolved.given.engine.speculative_decoding_mode {
        Mode::None => return None,
        Mode::DraftTokensExternal => return Some(external::decoder(inputs)),
        Mode::Medusa => medusa::decoder(inputs),
        Mode::LookaheadDecoding => lookahead::decoder(inputs),
        Mode::Eagle => eagle::decoder(inputs),
        Mode::ExplicitDraftTokens => redrafter::decoder(inputs),
    };
    Some(layer + state(inputs))
}

/// Bytes of a value of the decoder's logits: ReDrafter's are of the model's type.
pub fn decoder_logit<N: Number>(inputs: &Inputs<N>) -> N {
    if inputs.resolved.given.engine.speculative_decoding_mode == Mode::ExplicitDraftTokens {
        inputs.element()
    } else {
        inputs.logit()
    }
}

/// The tensors of the decoder's state that drafts of every kind need (`DecoderState::reshapeSpeculativeDecodingBuffers`).
fn state<N: Number>(inputs: &Inputs<N>) -> N {
    let slots = || inputs.slots();
    let varies = inputs.resolved.given.engine.speculative_decoding_mode != Mode::Medusa;
    let tokens = slots() * inputs.step() * 5.0 + slots() * inputs.drafts() * 4.0;
    let accepted = slots() * 8.0 + slots() * inputs.path() * 4.0 + 4.0;
    let lengths = varies.then(|| slots() * 8.0);
    N::sum_of([Some(tokens), Some(accepted), lengths].into_iter().flatten())
        .part(|| Part::bytes("new, next and accepted tokens"))
}

/// 32-bit words that hold a bit for each token of a step.
fn mask_words<N: Number>(inputs: &Inputs<N>) -> N {
    (inputs.step() / 32.0).ceil().part(|| Part::count("words of a mask").symbol("m"))
}
