//! The states of recurrent layers. They are allocated for every slot at start-up
//! (`batch_manager/rnnStateManager.cpp`).

use crate::memory::inputs::Inputs;
use crate::memory::law::{Origin, Part, Symbol};
use crate::memory::number::Number;

/// Bytes of the states on a rank; `None` if the model has no recurrent layers. The C++ runtime
/// doesn't divide them among the `tp_size` ranks.
pub(super) fn states<N: Number>(inputs: &Inputs<N>) -> Option<N> {
    static LAYERS: Symbol = Symbol { text: "L_r", meaning: "recurrent layers on this rank", origin: Origin::Derived };
    static STATE: Symbol = Symbol { text: "s", meaning: "values of a layer's state", origin: Origin::Model };
    static CHANNELS: Symbol = Symbol { text: "c_r", meaning: "channels of the convolution", origin: Origin::Model };
    static TAPS: Symbol =
        Symbol { text: "taps − 1", meaning: "inputs that the convolution remembers", origin: Origin::Model };
    let recurrence = inputs.resolved.model.recurrence?;
    let layers = f64::from(recurrence.layers.count_in(inputs.resolved.layers_of_stage(inputs.stage)));
    let slots = || N::symbol(&LAYERS, layers) * inputs.slots();
    let state = N::symbol(&STATE, recurrence.state as f64 * recurrence.inner() as f64);
    let taps = N::symbol(&TAPS, recurrence.convolution.saturating_sub(1) as f64);
    let recurrent = (slots() * state * 4.0).part(|| Part::bytes("states in 32 bit"));
    let convolution = (inputs.element() * slots() * taps * N::symbol(&CHANNELS, recurrence.channels() as f64))
        .part(|| Part::bytes("inputs of the convolutions"));
    Some((recurrent + convolution).part(|| Part::bytes("recurrent states")))
}
