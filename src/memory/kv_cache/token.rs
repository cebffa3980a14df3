//! Bytes of a cached token.

use super::windows::Window;
use crate::memory::backend::BackendModel;
use crate::memory::inputs::Inputs;
use crate::memory::law::{Origin, Part, Symbol};
use crate::memory::number::Number;

/// Bytes of a token on this rank, in all attention layers.
pub(crate) fn bytes_per_token<N: Number>(inputs: &Inputs<N>) -> N {
    let backend = inputs.resolved.backend;
    (backend.bytes_in_layer(inputs) * backend.kv_cache_layers(inputs))
        .part(|| Part::bytes("bytes of a token").symbol("bytes_per_token"))
}

/// Bytes of a token in the layers of `window`, one of `windows` distinct windows.
pub(super) fn bytes_in_window<N: Number>(inputs: &Inputs<N>, window: Window, windows: usize) -> N {
    static LAYERS: Symbol =
        Symbol { text: "L_w", meaning: "attention layers with this window on this rank", origin: Origin::Derived };
    if windows == 1 {
        return bytes_per_token(inputs);
    }
    (inputs.resolved.backend.bytes_in_layer(inputs) * N::symbol(&LAYERS, window.layers as f64))
        .part(|| Part::bytes("bytes of a token in this window's layers").symbol("bytes_per_token"))
}
