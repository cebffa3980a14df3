//! The memory of each kind of rank as horizontal bars.

use super::picture::Picture;
use super::pointing::SegmentFigure;
use super::tooltip::Tooltip;
use crate::chart::{self, Drawing};
use crate::web::state::AppState;
use leptos::prelude::*;
use std::sync::Arc;

/// The chart of the page.
#[component]
pub(super) fn Bars() -> impl IntoView {
    let app = AppState::from_context();
    let width = RwSignal::new(0);
    let drawing = Memo::new(move |_| {
        let (width, colors, units) = (width.get(), app.appearance.colors(), app.view.units.get());
        let valid = app.valid.get().filter(|_| width > 0)?;
        Some(Arc::new(chart::ranks(&valid.report, width, colors, units)))
    });
    let svg = Signal::derive(move || {
        drawing.with(|drawing: &Option<Arc<Drawing>>| {
            drawing.as_ref().map(|drawing| drawing.svg.clone()).unwrap_or_default()
        })
    });
    view! {
        <SegmentFigure id="chart" class="bars" label="How the memory of each GPU is used" is_chart=true>
            <Picture svg width/>
            <Tooltip drawing/>
        </SegmentFigure>
    }
}
