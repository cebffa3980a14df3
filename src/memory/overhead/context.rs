//! The CUDA context. The driver reserves stack memory for all threads that can be resident on the
//! GPU.

use super::Cause;
use crate::memory::calibration::{CONTEXT_BASE, CONTEXT_THREAD};
use crate::memory::inputs::Inputs;
use crate::memory::law::Part;
use crate::memory::number::Number;

/// Bytes of one CUDA context. They don't depend on the process that created it.
pub fn context<N: Number>(inputs: &Inputs<N>) -> N {
    bytes(inputs).part(|| Part::bytes("CUDA context").symbol("context"))
}

fn bytes<N: Number>(inputs: &Inputs<N>) -> N {
    let threads = inputs.multiprocessors() * inputs.threads() * CONTEXT_THREAD.number::<N>();
    threads + CONTEXT_BASE.number::<N>()
}

/// The CUDA context of the rank's own process.
pub(in crate::memory) fn own<N: Number>(inputs: &Inputs<N>) -> Cause<N> {
    Cause::by(&CONTEXT_THREAD, "CUDA context of this rank", bytes(inputs))
}
