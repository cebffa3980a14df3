//! The questions under the chart, one tab each, so that nothing opens over the picture.

use crate::web::browser;
use crate::web::dom::{El, el, fill_once, key};
use crate::web::live::Live;
use crate::web::panel::panel;
use crate::web::state::AppState;
use crate::web::theme::Appearance;
use crate::web::view::Tab;
use crate::web::worker;
use web_sys::Event;

fn tab_id(tab: Tab) -> String {
    format!("tab_{}", tab.id())
}

/// The row of tabs, and the panel of the one that is open.
pub(super) fn questions(state: AppState, appearance: Appearance) -> El {
    let open = state.view.tab;
    let key_down = move |event: Event| {
        let count = Tab::ALL.len();
        let here = Tab::ALL.iter().position(|tab| *tab == open.get_untracked()).unwrap_or(0);
        let next = match key(&event).as_str() {
            "ArrowRight" => (here + 1) % count,
            "ArrowLeft" => (here + count - 1) % count,
            "Home" => 0,
            "End" => count - 1,
            _ => return,
        };
        event.prevent_default();
        open.set(Tab::ALL[next]);
        browser::focus(&tab_id(Tab::ALL[next]));
    };
    let tabs = Tab::ALL.into_iter().map(|tab| {
        let is_open = move || open.get() == tab;
        el("button")
            .attr("type", "button")
            .attr("role", "tab")
            .id(&tab_id(tab))
            .attr("aria-controls", tab.id())
            .text(tab.label())
            .live_bool("aria-selected", is_open)
            .live_attr("tabindex", move || Some(if is_open() { "0" } else { "-1" }.into()))
            .on("click", move |_| open.set(tab))
    });
    let panels = Tab::ALL.into_iter().map(|tab| {
        let place = el("div")
            .attr("role", "tabpanel")
            .id(tab.id())
            .attr("aria-labelledby", &tab_id(tab))
            .live_flag("hidden", move || open.get() != tab);
        // A panel keeps from then on what was chosen in it.
        fill_once(&place, move || open.get() == tab, move || content(state, appearance, tab));
        place
    });
    let tablist =
        el("div").attr("role", "tablist").attr("aria-label", "Questions").children(tabs).on("keydown", key_down);
    el("section").class("questions").attr("aria-label", "Questions").child(tablist).children(panels)
}

fn content(state: AppState, appearance: Appearance, tab: Tab) -> Vec<El> {
    let panel = panel(state, appearance, tab.spec(), move || match tab {
        Tab::Why => vec![
            ("contributor", state.view.explained.get().key().to_string()),
            ("rank", state.shown_rank().to_string()),
        ],
        Tab::Compare => vec![("compared", state.pinned.get())],
        _ => Vec::new(),
    });
    if tab == Tab::File { vec![progress(), panel] } else { vec![panel] }
}

/// The progress of reading a long file. The sentence is announced, so it changes only at the end.
fn progress() -> El {
    let progress = Live::new(String::new());
    worker::follow_progress(move |now| progress.set(now.unwrap_or_default().to_string()));
    let percent = move || progress.with(|now| now.split_once('\n').map(|(percent, _)| percent.to_string()));
    let sentence = move || progress.with(|now| now.split_once('\n').map(|(_, said)| said.to_string()));
    let bar = el("progress").attr("max", "100").attr("aria-label", "Part of the file that was read");
    let bar = bar.live_attr("value", percent).live_flag("hidden", move || percent().is_none_or(|at| at == "100"));
    let said = el("span").attr("role", "status").live_text(move || sentence().unwrap_or_default());
    el("div").class("progress").child(said).child(bar)
}
