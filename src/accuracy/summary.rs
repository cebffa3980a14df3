//! The errors of many cases in a few numbers.

use super::Case;

/// Errors of one kind of figure, as fractions of what was measured, without their signs.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Errors {
    /// How many cases there are.
    pub count: usize,
    /// Half of them are no further off.
    pub median: f64,
    /// Nine in ten are no further off.
    pub p90: f64,
    /// None is further off.
    pub worst: f64,
}

impl Errors {
    /// The errors of `cases`; zeros where there are none.
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
