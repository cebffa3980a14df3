//! A CUDA context: the driver keeps an area for the stacks of all threads that the GPU can hold.

use super::Cause;
use crate::memory::calibration::{CONTEXT_BASE, CONTEXT_THREAD};
use crate::memory::quantity::{Number, Part};
use crate::memory::terms::Terms;

/// Bytes of one context. It doesn't depend on the process that made it.
pub fn context<N: Number>(terms: &Terms<N>) -> N {
    bytes(terms).part(|| Part::bytes("CUDA context").symbol("context"))
}

fn bytes<N: Number>(terms: &Terms<N>) -> N {
    let threads = terms.multiprocessors() * terms.threads() * CONTEXT_THREAD.number::<N>();
    threads + CONTEXT_BASE.number::<N>()
}

/// The context of the rank's own process.
pub(in crate::memory) fn own<N: Number>(terms: &Terms<N>) -> Cause<N> {
    Cause::by(&CONTEXT_THREAD, "CUDA context of this rank", bytes(terms))
}
