//! Summaries of the errors of many cases.

use super::Case;

/// The absolute errors of one kind of figure, as fractions of the measured values.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Errors {
    /// The number of cases.
    pub count: usize,
    /// The median.
    pub median: f64,
    /// The 90th percentile.
    pub p90: f64,
    /// The largest error.
    pub worst: f64,
}

impl Errors {
    /// Summarises the errors of `cases`; zeros if there are none.
    pub fn of<'a>(cases: impl IntoIterator<Item = &'a Case>) -> Errors {
        let mut sizes: Vec<f64> = cases.into_iter().map(|case| case.error.abs()).collect();
        sizes.sort_by(f64::total_cmp);
        let Some(worst) = sizes.last().copied() else {
            return Errors::default();
        };
        let at = |share: f64| {
            let rank = share * (sizes.len() - 1) as f64;
            let (below, above) = (sizes[rank.floor() as usize], sizes[rank.ceil() as usize]);
            below + (above - below) * rank.fract()
        };
        Errors { count: sizes.len(), median: at(0.5), p90: at(0.9), worst }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accuracy::shipped;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn quantiles_lie_between_the_errors_without_their_signs() {
        let one = shipped().cases.swap_remove(0);
        let with = |error: f64| Case { error, ..one.clone() };
        let cases: Vec<Case> = [-0.4, 0.1, 0.2, 0.3, -0.0].map(with).to_vec();
        let errors = Errors::of(&cases);
        assert_eq!((errors.count, errors.median, errors.worst), (5, 0.2, 0.4));
        assert!((errors.p90 - 0.36).abs() < 1e-12);
        assert_eq!(Errors::of([]), Errors::default());
    }
}
