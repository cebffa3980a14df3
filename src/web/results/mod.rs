//! The answer: verdict, chart, figures, and the questions below them.

pub(super) mod chart;
pub(super) mod figures;
mod questions;
mod segment;
mod tooltip;
pub(super) mod verdict;
pub(super) mod warnings;

use super::browser;
use super::dom::{El, el};
use super::state::AppState;
use super::theme::Appearance;

/// The width below which the chart is one horizontal bar that stays in view with the verdict.
/// `layout.css` has the same number.
const NARROW: &str = "(max-width: 44.9375em)";

/// Adds the picture, and what is said of it.
pub(super) fn picture(results: El, state: AppState, appearance: Appearance) -> El {
    let narrow = browser::media(NARROW);
    let chart = chart::chart(state, appearance, move || narrow.get());
    let summary = el("div").class("summary").children(verdict::verdict(state)).child(chart);
    results.child(warnings::warnings(state)).child(summary)
}

/// Adds what stands beside and below the picture.
pub(super) fn details(results: &El, state: AppState, appearance: Appearance) {
    results.clone().child(figures::figures(state, appearance)).child(questions::questions(state, appearance));
}
