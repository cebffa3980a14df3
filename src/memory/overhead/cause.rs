//! Causes: the terms that add up to the overhead.

use crate::memory::band::Band;
use crate::memory::calibration::Constant;
use crate::memory::law::Part;
use crate::memory::number::Number;

/// One cause of overhead, with an uncertainty band that is independent of the other causes.
#[derive(Debug, Clone, PartialEq)]
pub struct Cause<N> {
    /// The likely size, as a named part.
    pub bytes: N,
    /// The uncertainty band.
    pub band: Band,
}

impl<N: Number> Cause<N> {
    /// A cause with an uncertainty of `below` and `above` bytes.
    pub fn new(label: &'static str, bytes: N, below: f64, above: f64) -> Cause<N> {
        let band = Band { below, above };
        Cause { bytes: bytes.part(|| Part::bytes(label).band(band)), band }
    }

    /// A cause of exact size.
    pub fn exact(label: &'static str, bytes: N) -> Cause<N> {
        Cause::new(label, bytes, 0.0, 0.0)
    }

    /// A cause that is proportional to `constant` and has its relative uncertainty.
    pub fn by(constant: &Constant, label: &'static str, bytes: N) -> Cause<N> {
        let value = bytes.value();
        Cause::new(label, bytes, value * constant.below(), value * constant.above())
    }

    /// A cause that is probably absent, but may take up to `most` bytes.
    pub fn perhaps(label: &'static str, most: f64) -> Cause<N> {
        Cause::new(label, N::literal(0.0), 0.0, most)
    }
}

/// The sum of `causes` and its band. The causes are independent of each other.
pub(crate) fn sum<N: Number>(causes: Vec<Cause<N>>) -> Cause<N> {
    let band = Band::of_sum(causes.iter().map(|cause| cause.band));
    Cause { bytes: N::sum_of(causes.into_iter().map(|cause| cause.bytes)), band }
}
