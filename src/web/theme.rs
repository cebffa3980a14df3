//! Light or dark: what the system says, unless a person chose otherwise.

use super::browser;
use super::dom::listen;
use super::live::Live;
use crate::chart;
use leptos::prelude::*;

/// The key under which the choice is kept; `boot.js` reads it too, before the first paint.
const KEPT: &str = "theme";

/// Whether the page is dark.
#[derive(Clone, Copy)]
pub(super) struct Appearance {
    /// `dark`, `light`, or nothing.
    chosen: Live<String>,
    /// Whether the system is dark.
    system: Live<bool>,
}

impl Appearance {
    /// Returns the theme that `boot.js` found. It follows the system unless the user chose one. In
    /// a frame, `frame.js` reports the choice of the embedding page.
    pub(super) fn new() -> Appearance {
        let read = || browser::looks("data-theme").unwrap_or_default();
        let chosen = Live::new(read());
        listen(&window(), "themechange", move |_| chosen.set(read()));
        let system = browser::media("(prefers-color-scheme: dark)");
        Appearance { chosen, system }
    }

    /// Whether the page is dark.
    pub(super) fn is_dark(self) -> bool {
        self.chosen.with(|chosen| if chosen.is_empty() { self.system.get() } else { chosen == "dark" })
    }

    /// The colours of the charts.
    pub(super) fn colours(self) -> &'static chart::Theme {
        if self.is_dark() { &chart::Theme::DARK } else { &chart::Theme::LIGHT }
    }

    /// Turns light into dark and dark into light, here and on the next visit.
    pub(super) fn toggle(self) {
        let dark = !untrack(|| self.is_dark());
        let name = if dark { "dark" } else { "light" };
        if let Some(root) = document().document_element() {
            let _ = root.set_attribute("data-theme", name);
        }
        if let Some(storage) = browser::storage() {
            let _ = storage.set_item(KEPT, name);
        }
        self.chosen.set(name.to_string());
    }
}
