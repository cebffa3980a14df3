//! The screens of the page on a phone.

use crate::protocol::PanelGroup;
use crate::web::state::{AppState, Place, Tab};
use leptos::prelude::*;

/// The bar at the bottom of a phone: the settings, the memory, and the three groups of tabs.
#[component]
pub(super) fn Places() -> impl IntoView {
    let app = AppState::from_context();
    let screens = [("Settings", Place::Settings), ("Memory", Place::Memory)].map(|(label, place)| {
        let is_here = move || app.view.place.get() == place;
        view! {
            <button
                type="button"
                aria-current=Signal::derive(move || is_here().then_some("page"))
                on:click=move |_| app.view.place.set(place)
            >
                {label}
            </button>
        }
    });
    let groups = PanelGroup::ALL.map(|group| {
        let label = match group {
            PanelGroup::Understand => "Why",
            PanelGroup::Decide => "Decide",
            PanelGroup::InAndOut => "Import",
        };
        let holds = move |tab: Tab| group.panels().contains(&tab.0);
        let is_here = move || app.view.place.get() == Place::Panel && holds(app.view.tab.get());
        let first = group.panels().first().copied().map(Tab);
        let open = move |_| match first.filter(|_| !holds(app.view.tab.get_untracked())) {
            Some(tab) => app.view.open_tab(tab),
            None => app.view.place.set(Place::Panel),
        };
        view! {
            <button type="button" aria-current=Signal::derive(move || is_here().then_some("page")) on:click=open>
                {label}
            </button>
        }
    });
    view! { <nav class="places" aria-label="Screens">{screens.collect_view()}{groups.collect_view()}</nav> }
}
