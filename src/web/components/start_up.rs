//! The memory of a rank over the phases of its start.

use super::picture::Picture;
use super::pointing::SegmentFigure;
use crate::chart::{self, Size};
use crate::memory::start_up;
use crate::web::state::AppState;
use leptos::prelude::*;

/// The height in pixels, as in the style sheet.
const HEIGHT: u32 = 252;

/// The start-up as stacked bars, one for each phase.
#[component]
pub(super) fn StartUp() -> impl IntoView {
    let app = AppState::from_context();
    let width = RwSignal::new(0);
    let svg = Signal::derive(move || {
        let (width, units, colors) = (width.get(), app.view.units.get(), app.appearance.colors());
        let kind = app.view.kind.get();
        let valid = app.valid.get().filter(|_| width > 0);
        valid.map_or_else(String::new, |valid| {
            valid.shown_rank(kind).map_or_else(String::new, |rank| {
                let start = start_up(&valid.resolved, &valid.report, rank);
                chart::start_up(&start, Size { width, height: HEIGHT }, colors, units).svg
            })
        })
    });
    let whose = Signal::derive(move || {
        let (units, kind) = (app.view.units.get(), app.view.kind.get());
        app.with_valid(|valid| match valid.shown_rank(kind).filter(|_| valid.report.ranks.len() > 1) {
            Some(rank) => format!("{} in use on GPU {}", units.giga(), rank.rank),
            None => format!("{} in use, phase by phase", units.giga()),
        })
    });
    view! {
        <SegmentFigure id="start-up" class="start-up" label="Memory in use, phase by phase of the start">
            <figcaption>
                <b>"Start-up"</b>
                " "
                <span class="faint">{whose}</span>
            </figcaption>
            <Picture svg width/>
        </SegmentFigure>
    }
}
