//! Buffers of the encoder's engine, and those that the decoder has because of the encoder
//! (`batch_manager/encoderBuffers.cpp`, `transformerBuffers.cpp`).

use crate::deployment::Behavior;
use crate::memory::inputs::Inputs;
use crate::memory::law::{Origin, Part, Symbol};
use crate::memory::number::Number;

/// Rows and columns to which a packed mask is padded, and tokens per word
/// (`roundUpPackedMaskMNDims`).
const MASK_ROWS: f64 = 128.0;
const MASK_COLUMNS: f64 = 256.0;
const MASK_WORD: f64 = 32.0;

/// The buffers of the encoder's engine. They are allocated before the decoder, and no log line
/// counts them.
pub(crate) fn engine_buffers<N: Number>(inputs: &Inputs<N>) -> Option<N> {
    inputs.resolved.model.encoder?;
    let tokens = || inputs.encoder_batch() * inputs.encoder_input();
    Some(N::sum_of([
        (inputs.element() * tokens() * inputs.hidden()).part(|| Part::bytes("encoder's output")),
        (tokens() * 8.0).part(|| Part::bytes("input ids and positions")),
        (inputs.encoder_batch() * 4.0 + inputs.encoder_input() * 4.0).part(|| Part::bytes("lengths")),
    ]))
}

/// The decoder's copy of the encoder's output, in each set of its buffers. In older versions its
/// length is that of the decoder's prompts.
pub(crate) fn inputs<N: Number>(inputs: &Inputs<N>) -> Option<N> {
    inputs.resolved.model.encoder?;
    let length = || match inputs.resolved.version.has(Behavior::EncoderBuffersFollowEncoder) {
        true => inputs.encoder_input(),
        false => inputs.input(),
    };
    let rows = inputs.running_batch() * length() + 1.0;
    let lengths = inputs.running_batch() * 4.0 + length() * 4.0 + 1.0;
    Some((inputs.element() * rows * inputs.hidden() + lengths).part(|| Part::bytes("encoder's output in the decoder")))
}

/// Masks and block tables of cross attention. They are allocated after the KV cache has been sized.
pub(crate) fn cross_tables<N: Number>(inputs: &Inputs<N>) -> Option<N> {
    inputs.resolved.model.encoder?;
    let mask = inputs.running_tokens() * inputs.encoder_input();
    let rows = inputs.running_batch() * inputs.input().round_up(MASK_ROWS);
    let packed = rows * (inputs.encoder_input().round_up(MASK_COLUMNS) / MASK_WORD) * 4.0;
    let lengths = (inputs.running_batch() + 1.0) * 8.0;
    let pages = (inputs.encoder_input() / inputs.block()).ceil();
    let offsets = inputs.running_batch() * inputs.beam() * pages * 8.0;
    let set = N::sum_of([
        mask.part(|| Part::bytes("mask of cross attention")),
        packed.part(|| Part::bytes("packed mask of cross attention")),
        lengths.part(|| Part::bytes("lengths")),
        offsets.part(|| Part::bytes("tables of cross blocks")),
    ]);
    Some((inputs.sets() * set).part(|| Part::bytes("masks and tables of cross attention")))
}

/// The tensors of a full encoder batch: inputs if they are frames, and outputs, which each request
/// keeps until its first step.
pub(crate) fn first_batch<N: Number>(inputs: &Inputs<N>) -> Option<N> {
    static MELS: Symbol = Symbol { text: "mels", meaning: "features of a frame", origin: Origin::Model };
    let encoder = inputs.resolved.model.encoder?;
    let outputs = (inputs.element() * inputs.encoder_batch() * inputs.encoder_output() * inputs.hidden())
        .part(|| Part::bytes("outputs of the requests"));
    let features = encoder.reads_audio().then(|| {
        let frames = inputs.encoder_batch() * inputs.encoder_input();
        (inputs.element() * frames * N::symbol(&MELS, encoder.mels as f64)).part(|| Part::bytes("features"))
    });
    Some(N::sum_of([Some(outputs), features].into_iter().flatten()).part(|| Part::bytes("a batch of the encoder")))
}
