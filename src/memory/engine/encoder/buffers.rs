//! Buffers around the two engines (`batch_manager/encoderBuffers.cpp`, `transformerBuffers.cpp`).

use crate::deployment::Fact;
use crate::memory::quantity::{Number, Origin, Part, Symbol};
use crate::memory::terms::Terms;

/// Rows and columns that a packed mask is padded to, and tokens of a word (`roundUpPackedMaskMNDims`).
const MASK_ROWS: f64 = 128.0;
const MASK_COLUMNS: f64 = 256.0;
const MASK_WORD: f64 = 32.0;

/// The buffers of the encoder's engine, allocated before the decoder and in no line of the log.
pub fn engine_buffers<N: Number>(terms: &Terms<N>) -> Option<N> {
    terms.plan.model.encoder?;
    let tokens = || terms.encoder_batch() * terms.encoder_input();
    Some(N::sum_of([
        (terms.element() * tokens() * terms.hidden()).part(|| Part::bytes("encoder's output")),
        (tokens() * 8.0).part(|| Part::bytes("input ids and positions")),
        (terms.encoder_batch() * 4.0 + terms.encoder_input() * 4.0).part(|| Part::bytes("lengths")),
    ]))
}

/// The decoder's copy of the encoder's output, in each set of its buffers. Before it followed the encoder's longest input it was as
/// long as the decoder's own prompts.
pub fn inputs<N: Number>(terms: &Terms<N>) -> Option<N> {
    terms.plan.model.encoder?;
    let length = || match terms.plan.version.has(Fact::EncoderBuffersFollowEncoder) {
        true => terms.encoder_input(),
        false => terms.input(),
    };
    let rows = terms.running_batch() * length() + 1.0;
    let lengths = terms.running_batch() * 4.0 + length() * 4.0 + 1.0;
    Some((terms.element() * rows * terms.hidden() + lengths).part(|| Part::bytes("encoder's output in the decoder")))
}

/// Masks and block tables of cross attention, made after the KV cache was measured.
pub fn cross_tables<N: Number>(terms: &Terms<N>) -> Option<N> {
    terms.plan.model.encoder?;
    let mask = terms.running_tokens() * terms.encoder_input();
    let rows = terms.running_batch() * terms.input().round_up(MASK_ROWS);
    let packed = rows * (terms.encoder_input().round_up(MASK_COLUMNS) / MASK_WORD) * 4.0;
    let lengths = (terms.running_batch() + 1.0) * 8.0;
    let pages = (terms.encoder_input() / terms.block()).ceil();
    let offsets = terms.running_batch() * terms.beam() * pages * 8.0;
    let set = N::sum_of([
        mask.part(|| Part::bytes("mask of cross attention")),
        packed.part(|| Part::bytes("packed mask of cross attention")),
        lengths.part(|| Part::bytes("lengths")),
        offsets.part(|| Part::bytes("tables of cross blocks")),
    ]);
    Some((terms.sets() * set).part(|| Part::bytes("masks and tables of cross attention")))
}

/// What a full batch of the encoder makes: its inputs where they are frames, and outputs that each request keeps until its own first
/// step.
pub fn first_batch<N: Number>(terms: &Terms<N>) -> Option<N> {
    static MELS: Symbol = Symbol { text: "mels", meaning: "features of a frame", origin: Origin::Model };
    let encoder = terms.plan.model.encoder?;
    let outputs = (terms.element() * terms.encoder_batch() * terms.encoder_output() * terms.hidden())
        .part(|| Part::bytes("outputs of the requests"));
    let features = encoder.hears().then(|| {
        let frames = terms.encoder_batch() * terms.encoder_input();
        (terms.element() * frames * N::symbol(&MELS, encoder.mels as f64)).part(|| Part::bytes("features"))
    });
    Some(N::sum_of([Some(outputs), features].into_iter().flatten()).part(|| Part::bytes("a batch of the encoder")))
}
