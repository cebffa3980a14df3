//! What was not understood in a link.

use crate::web::dom::{El, el};
use crate::web::state::AppState;

/// The parts of the link that were ignored.
pub(crate) fn warnings(state: AppState) -> El {
    let warnings = state.warnings;
    let list = el("ul").live_children(move || warnings.get().iter().map(|warning| el("li").text(warning)).collect());
    let title = el("p").text("The link was not understood in full; the rest of it holds.");
    let dismiss = el("button").class("button").attr("type", "button").text("Dismiss");
    el("div")
        .id("link-warnings")
        .class("warnings")
        .attr("role", "status")
        .live_flag("hidden", move || warnings.with(Vec::is_empty))
        .child(el("div").child(title).child(list))
        .child(dismiss.on("click", move |_| warnings.set(Vec::new())))
}
