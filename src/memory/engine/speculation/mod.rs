//! The additions of each speculative decoding mode to the runtime buffers and to the decoder.

mod eagle;
mod external;
mod lookahead;
mod medusa;
mod redrafter;

use crate::deployment::SpeculativeDecodingMode as Mode;
use crate::explanation_text::explanation_text;
use crate::memory::inputs::Inputs;
use crate::memory::law::{Evidence, Law, Part};
use crate::memory::number::Number;

/// The buffers of engines with speculative decoding. No public log shows them. The scratch of CUB
/// and the scalars of slots are uncertain.
pub(super) static LAW: Law = Law {
    title: explanation_text("The tensors of the runtime and of speculative decoding, for every slot"),
    evidence: Evidence::Source,
    below: 0.02,
    above: 0.02,
    source: explanation_text(
        "cpp/tensorrt_llm: medusaBuffers, lookaheadBuffers, eagleBuffers, explicitDraftTokensBuffers, \
         decoderState and their layers",
    ),
};

/// The draft tensors of a buffer set, without the logits; `None` if it has none.
pub(super) fn inputs<N: Number>(inputs: &Inputs<N>) -> Option<N> {
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

/// The draft tensors of the decoder; `None` if it samples one token at a time.
pub(super) fn decoder<N: Number>(inputs: &Inputs<N>) -> Option<N> {
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

/// Bytes of a logit in the decoder. ReDrafter's are in the model's data type.
pub(super) fn decoder_logit<N: Number>(inputs: &Inputs<N>) -> N {
    if inputs.resolved.given.engine.speculative_decoding_mode == Mode::ExplicitDraftTokens {
        inputs.element()
    } else {
        inputs.logit()
    }
}

/// The tensors of the decoder's state for drafts of any kind
/// (`DecoderState::reshapeSpeculativeDecodingBuffers`).
fn state<N: Number>(inputs: &Inputs<N>) -> N {
    let slots = || inputs.slots();
    let varies = inputs.resolved.given.engine.speculative_decoding_mode != Mode::Medusa;
    let tokens = slots() * inputs.step() * 5.0 + slots() * inputs.drafts() * 4.0;
    let accepted = slots() * 8.0 + slots() * inputs.path() * 4.0 + 4.0;
    let lengths = varies.then(|| slots() * 8.0);
    N::sum_of([Some(tokens), Some(accepted), lengths].into_iter().flatten())
        .part(|| Part::bytes("new, next and accepted tokens"))
}

/// 32-bit words with a bit for each token of a step.
fn mask_words<N: Number>(inputs: &Inputs<N>) -> N {
    (inputs.step() / 32.0).ceil().part(|| Part::count("words of a mask").symbol("m"))
}
