//! When the program itself fails: what it can still say. `failure.js` shows it.

use super::browser;

/// Leaves what went wrong, and of which version, where `failure.js` finds it.
pub(super) fn tell_panics() {
    tell("data-version", env!("CARGO_PKG_VERSION"));
    std::panic::set_hook(Box::new(|what| tell("data-panic", &what.to_string())));
}

fn tell(name: &str, text: &str) {
    if let Some(place) = browser::by_id("failure") {
        let _ = place.set_attribute(name, text);
    }
}
