//! The causes that the overhead is the sum of.

use crate::memory::band::Band;
use crate::memory::calibration::Constant;
use crate::memory::law::Part;
use crate::memory::number::Number;

/// One reason why memory is taken, and how far off it may be, whatever the others are.
#[derive(Debug, Clone, PartialEq)]
pub struct Cause<N> {
    /// Its likely size, as a named part.
    pub bytes: N,
    /// How far off that may be.
    pub band: Band,
}

impl<N: Number> Cause<N> {
    /// A cause whose size may lie `below` or `above` the likely one by so many bytes.
    pub fn new(label: &'static str, bytes: N, below: f64, above: f64) -> Cause<N> {
        let band = Band { below, above };
        Cause { bytes: bytes.part(|| Part::bytes(label).band(band)), band }
    }

    /// A cause of an exact size.
    pub fn exact(label: &'static str, bytes: N) -> Cause<N> {
        Cause::new(label, bytes, 0.0, 0.0)
    }

    /// A cause that is as uncertain as `constant`, which it is proportional to.
    pub fn by(constant: &Constant, label: &'static str, bytes: N) -> Cause<N> {
        let value = bytes.value();
        Cause::new(label, bytes, value * constant.below(), value * constant.above())
    }

    /// A cause that is probably absent, and takes `most` bytes otherwise.
    pub fn perhaps(label: &'static str, most: f64) -> Cause<N> {
        Cause::new(label, N::literal(0.0), 0.0, most)
    }
}

/// The sum of `causes`, which are independent of each other, and its band.
pub fn sum<N: Number>(causes: Vec<Cause<N>>) -> Cause<N> {
    let band = Band::of_sum(causes.iter().map(|cause| cause.band));
    Cause { bytes: N::sum_of(causes.into_iter().map(|cause| cause.bytes)), band }
}
