//! When the program itself fails: a message in place of a page that no longer answers.

use super::browser;

/// Shows the element that `index.html` keeps for this, with what went wrong.
pub fn show_panics() {
    std::panic::set_hook(Box::new(|what| {
        if let Some(place) = browser::by_id("failure-reason") {
            place.set_text_content(Some(&what.to_string()));
        }
        if let Some(message) = browser::by_id("failure") {
            let _ = message.remove_attribute("hidden");
        }
    }));
}
