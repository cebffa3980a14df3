//! The colour of a segment.

use crate::chart::Segment;
use leptos::prelude::*;

/// A square in the colour that a segment has in the charts, and in its pattern on paper.
#[component]
pub(super) fn Swatch(segment: Segment) -> impl IntoView {
    view! {
        <svg class=format!("sw c-{}", segment.key()) aria-hidden="true">
            <rect width="100%" height="100%"></rect>
        </svg>
    }
}
