//! The texts of the verdict on the current settings.

use super::{Problem, Valid};
use crate::units::Units;
use leptos::prelude::*;
use std::sync::Arc;

/// The texts of a verdict.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::web) struct Verdict {
    /// `fits`, `fits_uncertain`, `fails` or `impossible`.
    pub key: &'static str,
    /// The first words, which have the colour.
    pub headline: String,
    /// The rest of the sentence.
    pub sentence: String,
    /// The limits.
    pub detail: String,
}

/// The verdict on the current settings: that of the models, or the first problem.
pub(super) fn verdict(
    problems: Memo<Vec<Problem>>,
    valid: Memo<Option<Arc<Valid>>>,
    units: RwSignal<Units>,
) -> Memo<Verdict> {
    Memo::new(move |_| match problems.with(|problems| problems.first().cloned()) {
        Some(problem) => impossible(problem),
        None => valid.with(|valid| valid.as_deref().map(|valid| estimated(valid, units.get())).unwrap_or_default()),
    })
}

fn impossible(Problem { message, is_unreadable, .. }: Problem) -> Verdict {
    Verdict {
        key: "impossible",
        headline: if is_unreadable { "Not understood:" } else { "Not possible:" }.into(),
        sentence: message,
        detail: "Nothing is estimated for these settings.".into(),
    }
}

fn estimated(Valid { report, .. }: &Valid, units: Units) -> Verdict {
    Verdict {
        key: report.verdict.key(),
        headline: report.headline().into(),
        sentence: report.sentence(units),
        detail: report.detail(units),
    }
}
