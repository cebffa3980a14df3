//! Light or dark: the system's scheme, unless the user chose one.

use crate::chart;
use crate::web::browser;
use leptos::prelude::*;
use leptos_use::use_preferred_dark;

/// The storage key of the choice. `boot.js` reads it before the first paint.
const STORED: &str = "theme";

/// The colour scheme of the page.
#[derive(Clone, Copy)]
pub(in crate::web) struct Appearance {
    /// The chosen scheme; `None` follows the system.
    chosen: RwSignal<Option<bool>>,
    system_is_dark: Signal<bool>,
}

impl Appearance {
    /// Returns the scheme that `boot.js` applied. In a frame, `frame.js` reports the choice of the
    /// embedding page.
    pub(super) fn new() -> Appearance {
        let read = || match browser::root_attribute("data-theme").as_deref() {
            Some("dark") => Some(true),
            Some("light") => Some(false),
            _ => None,
        };
        let chosen = RwSignal::new(read());
        window_event_listener_untyped("themechange", move |_| chosen.set(read()));
        Appearance { chosen, system_is_dark: use_preferred_dark() }
    }

    /// Whether the page is dark.
    pub(in crate::web) fn is_dark(self) -> bool {
        self.chosen.get().unwrap_or_else(|| self.system_is_dark.get())
    }

    /// The colours of the charts.
    pub(in crate::web) fn colors(self) -> &'static chart::Theme {
        if self.is_dark() { &chart::Theme::DARK } else { &chart::Theme::LIGHT }
    }

    /// Switches between light and dark, and stores the choice for the next visit.
    pub(in crate::web) fn toggle(self) {
        let is_dark = !untrack(|| self.is_dark());
        let name = if is_dark { "dark" } else { "light" };
        if let Some(root) = document().document_element() {
            let _ = root.set_attribute("data-theme", name);
        }
        if let Some(storage) = browser::storage() {
            let _ = storage.set_item(STORED, name);
        }
        self.chosen.set(Some(is_dark));
    }
}
