//! The verdict in one line with one bar, which stays in view when the result is scrolled away. On a
//! phone it is always in view.

use super::picture::Picture;
use crate::chart::{self, Size};
use crate::units::{Bytes, grouped_decimal};
use crate::web::browser::by_id;
use crate::web::state::AppState;
use leptos::prelude::*;
use leptos_use::{use_intersection_observer, use_media_query};

/// The width below which the brief is always shown. `layout.css` has the same number.
const PHONE: &str = "(max-width: 44.9375em)";
/// The height of the bar in pixels, and on a phone.
const HEIGHT: u32 = 12;
const PHONE_HEIGHT: u32 = 28;

/// The short form of the result.
#[component]
pub(super) fn Brief() -> impl IntoView {
    let app = AppState::from_context();
    let is_phone = use_media_query(PHONE);
    let (is_away, width) = (RwSignal::new(false), RwSignal::new(0));
    // The verdict is created after this component.
    Effect::new(move || {
        if let Some(verdict) = by_id("verdict") {
            let _ = use_intersection_observer(verdict, move |entries, _| {
                let is_here = entries.last().is_some_and(|entry| entry.is_intersecting());
                if is_away.get_untracked() == is_here {
                    is_away.set(!is_here);
                }
            });
        }
    });
    let is_shown = move || is_phone.get() || is_away.get();
    let verdict = app.verdict;
    let svg = Signal::derive(move || {
        let size = Size { width: width.get(), height: if is_phone.get() { PHONE_HEIGHT } else { HEIGHT } };
        let valid = app.valid.get().filter(|_| size.width > 0);
        valid
            .map(|valid| chart::strip(&valid.report, size, app.appearance.colors(), app.view.units.get()).svg)
            .unwrap_or_default()
    });
    let caption = Signal::derive(move || {
        let units = app.view.units.get();
        app.with_valid(|valid| {
            let rank = valid.report.kv_limiting_rank();
            let used = rank.map(|rank| {
                let size = |bytes: Bytes| grouped_decimal(bytes.giga(units), 1);
                let name = if valid.report.ranks.len() > 1 { format!("GPU {}: ", rank.rank) } else { String::new() };
                format!("{name}{} of {} {}", size(rank.used()), size(rank.total), units.giga())
            });
            used.unwrap_or_default()
        })
    });
    let headline = Signal::derive(move || verdict.with(|verdict| verdict.headline.clone()));
    view! {
        <div
            class="brief"
            hidden=Signal::derive(move || !is_shown())
            data-verdict=Signal::derive(move || verdict.with(|verdict| verdict.key))
        >
            <p class="brief-verdict">
                <span class="verdict-word">{headline}</span>
                " "
                <span>{Signal::derive(move || verdict.with(|verdict| verdict.sentence.clone()))}</span>
            </p>
            <Picture svg width is_decorative=true/>
            <p class="brief-caption">{caption}</p>
        </div>
    }
}
