//! Panics of the program. `failure.js` shows them.

use super::by_id;

/// Stores the version, and the message of a panic, where `failure.js` reads them.
pub(in crate::web) fn report_panics() {
    store("data-version", env!("CARGO_PKG_VERSION"));
    std::panic::set_hook(Box::new(|panic| store("data-panic", &panic.to_string())));
}

fn store(name: &str, text: &str) {
    if let Some(place) = by_id("failure") {
        let _ = place.set_attribute(name, text);
    }
}
