//! The uncertainty band of a figure.

use crate::units::Bytes;

/// The uncertainty of a figure in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Band {
    /// Bytes by which the true value may be smaller.
    pub below: f64,
    /// Bytes by which the true value may be larger.
    pub above: f64,
}

impl Band {
    /// The band of an exact figure.
    pub const EXACT: Band = Band { below: 0.0, above: 0.0 };

    /// The band of a sum of independent figures: the root of the sum of the squared deviations.
    pub fn of_sum(bands: impl IntoIterator<Item = Band>) -> Band {
        let (below, above) = bands.into_iter().fold((0.0, 0.0), |(below, above), band| {
            (below + band.below * band.below, above + band.above * band.above)
        });
        Band { below: below.sqrt(), above: above.sqrt() }
    }

    /// The band of the remainder after subtracting a figure from an exact total.
    pub fn of_rest(self) -> Band {
        Band { below: self.above, above: self.below }
    }

    /// The lowest and the highest size that `likely` may truly have.
    pub fn ends(self, likely: Bytes) -> (Bytes, Bytes) {
        (likely - Bytes::rounded(self.below), likely + Bytes::rounded(self.above))
    }

    /// The wider side.
    pub fn widest(self) -> f64 {
        self.below.max(self.above)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn independent_causes_add_up_as_squares() {
        let band = Band::of_sum([Band { below: 3.0, above: 0.0 }, Band { below: 4.0, above: 2.0 }]);
        assert_eq!(band, Band { below: 5.0, above: 2.0 });
        assert_eq!(band.of_rest(), Band { below: 2.0, above: 5.0 });
        assert_eq!(Band::of_sum([]), Band::EXACT);
        assert_eq!(band.ends(Bytes(3)), (Bytes(0), Bytes(5)));
    }
}
