//! The questions under the chart, one tab each, so that nothing opens over the picture.

use super::why::Why;
use crate::web::browser;
use crate::web::state::AppState;
use crate::web::view::Tab;
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

fn tab_id(tab: Tab) -> String {
    format!("tab_{}", tab.id())
}

/// The row of tabs, and the panel of the one that is open.
#[component]
pub fn Questions() -> impl IntoView {
    let state = expect_context::<AppState>();
    let open = state.view.tab;
    let key_down = move |event: KeyboardEvent| {
        let count = Tab::ALL.len();
        let here = Tab::ALL.iter().position(|tab| *tab == open.get_untracked()).unwrap_or(0);
        let next = match event.key().as_str() {
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
        view! {
            <button
                type="button"
                role="tab"
                id=tab_id(tab)
                aria-controls=tab.id()
                aria-selected=move || if is_open() { "true" } else { "false" }
                tabindex=move || if is_open() { "0" } else { "-1" }
                on:click=move |_| open.set(tab)
            >
                {tab.label()}
            </button>
        }
    });
    let panels = Tab::ALL.into_iter().map(|tab| {
        let content = move || (open.get() == tab).then(|| content(tab));
        view! {
            <div role="tabpanel" id=tab.id() aria-labelledby=tab_id(tab) hidden=move || open.get() != tab>{content}</div>
        }
    });
    view! {
        <section class="questions" aria-label="Questions">
            <div role="tablist" aria-label="Questions" on:keydown=key_down>{tabs.collect_view()}</div>
            {panels.collect_view()}
        </section>
    }
}

fn content(tab: Tab) -> AnyView {
    match tab {
        Tab::Why => view! { <Why/> }.into_any(),
    }
}
