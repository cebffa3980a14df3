//! The answer: verdict, chart, figures, and the questions below them.

pub mod chart;
pub mod figures;
mod questions;
mod tooltip;
pub mod verdict;
pub mod warnings;
mod why;

use super::browser;
use leptos::prelude::*;

/// Below this width the chart is one lying bar, and stays in view with the verdict. `layout.css` has the same number.
const NARROW: &str = "(max-width: 719px)";

/// The answer.
#[component]
pub fn Results() -> impl IntoView {
    let narrow = browser::media(NARROW);
    view! {
        <div class="results">
            <warnings::Warnings/>
            <div class="summary">
                <verdict::Verdict/>
                <chart::Chart strip=narrow/>
            </div>
            <figures::Figures/>
            <questions::Questions/>
        </div>
    }
}
