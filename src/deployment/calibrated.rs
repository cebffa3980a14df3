//! Sizes measured in a user's log, which scale the laws.

use super::InvalidValue;
use crate::units::{Bytes, grouped_decimal};
use std::fmt;
use std::str::FromStr;

/// A measured size and the law's prediction for the measured configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Calibrated {
    /// The size in the log.
    pub measured: Bytes,
    /// The size that the law predicts for the same configuration.
    pub law: Bytes,
}

impl Calibrated {
    /// The largest factor of a calibration. Beyond it the log measured something other than the law
    /// describes.
    pub const MOST: f64 = 16.0;

    /// Returns a calibration; `None` if its factor is out of range.
    pub fn new(measured: Bytes, law: Bytes) -> Option<Calibrated> {
        let found = Calibrated { measured, law };
        (law.0 > 0 && (1.0 / Calibrated::MOST..=Calibrated::MOST).contains(&found.factor())).then_some(found)
    }

    /// Returns the factor that multiplies the law.
    pub fn factor(self) -> f64 {
        self.measured.0 as f64 / (self.law.0 as f64).max(1.0)
    }

    /// Returns the calibration unchanged if its factor is in range.
    ///
    /// # Errors
    /// If the factor is out of range. The message contains an example.
    pub(crate) fn check(self) -> Result<Calibrated, InvalidValue> {
        Calibrated::new(self.measured, self.law).ok_or_else(not_calibrated)
    }
}

fn not_calibrated() -> InvalidValue {
    InvalidValue::new(format!(
        "must be measured bytes/predicted bytes, such as 1189102346/1166016512, at most a factor of {} apart",
        grouped_decimal(Calibrated::MOST, 0)
    ))
}

/// Parses the measured bytes, a slash, and the law's bytes.
impl FromStr for Calibrated {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Calibrated, InvalidValue> {
        let bytes = |text: &str| text.trim().parse().map(Bytes).map_err(|_| not_calibrated());
        let (measured, law) = text.split_once('/').ok_or_else(not_calibrated)?;
        Calibrated { measured: bytes(measured)?, law: bytes(law)? }.check()
    }
}

impl fmt::Display for Calibrated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.measured.0, self.law.0)
    }
}
