//! A CUDA context: the driver keeps an area for the stacks of all threads that the GPU can hold.

use super::Cause;
use crate::memory::calibration::{CONTEXT_BASE, CONTEXT_THREAD};
use crate::memory::inputs::Inputs;
use crate::memory::law::Part;
use crate::memory::number::Number;

/// Bytes of one context. It doesn't depend on the process that made it.
pub fn context<N: Number>(inputs: &Inputs<N>) -> N {
    bytes(inputs).part(|| Part::bytes("CUDA context").symbol("context"))
}

fn bytes<N: Number>(inputs: &Inputs<N>) -> N {
    let threads = inputs.multiprocessors() * inputs.threads() * CONTEXT_THREAD.number::<N>();
    threads + CONTEXT_BASE.number::<N>()
}

/// The context of the rank's own process.
pub(in crate::memory) fn own<N: Number>(inputs: &Inputs<N>) -> Cause<N> {
    Cause::by(&CONTEXT_THREAD, "CUDA context of this rank", bytes(inputs))
}
