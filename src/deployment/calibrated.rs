//! What a person's own log measured, to scale the laws by.

use crate::units::{Bytes, grouped_decimal};
use std::fmt;

/// A measured size beside the law's figure for the configuration that it was measured at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Calibrated {
    /// What the log printed.
    pub measured: Bytes,
    /// What the law said for the same configuration.
    pub law: Bytes,
}

impl Calibrated {
    /// The largest factor that a calibration may have: beyond it the log shows something else than the law describes.
    pub const MOST: f64 = 16.0;

    /// A calibration, where law and measurement are of one order.
    pub fn new(measured: Bytes, law: Bytes) -> Option<Calibrated> {
        let found = Calibrated { measured, law };
        (law.0 > 0 && (1.0 / Calibrated::MOST..=Calibrated::MOST).contains(&found.factor())).then_some(found)
    }

    /// What the law is multiplied by.
    pub fn factor(self) -> f64 {
        self.measured.0 as f64 / (self.law.0 as f64).max(1.0)
    }

    /// The calibration that `text` writes: measured bytes, a slash, the law's bytes.
    ///
    /// # Errors
    /// With an example, if it is none.
    pub fn parse(text: &str) -> Result<Calibrated, String> {
        let sizes = text.split_once('/').and_then(|(measured, law)| {
            Calibrated::new(Bytes(measured.trim().parse().ok()?), Bytes(law.trim().parse().ok()?))
        });
        sizes.ok_or_else(|| {
            format!(
                "must be measured bytes over the law's bytes, such as 1189102346/1166016512, at most {} times apart",
                grouped_decimal(Calibrated::MOST, 0)
            )
        })
    }
}

impl fmt::Display for Calibrated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.measured.0, self.law.0)
    }
}
