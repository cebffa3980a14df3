//! The questions about the result, in three groups of tabs.

use super::panel::Panel;
use crate::protocol::{PanelGroup, PanelId};
use crate::web::browser;
use crate::web::browser::worker::{Progress, follow_progress};
use crate::web::state::{AppState, Tab};
use leptos::prelude::*;

/// The tabs, and the panel of the open one.
#[component]
pub(super) fn Tabs() -> impl IntoView {
    let app = AppState::from_context();
    let key_down = move |event: web_sys::KeyboardEvent| {
        let tabs: Vec<Tab> = Tab::all().collect();
        let here = tabs.iter().position(|tab| *tab == app.view.tab.get_untracked()).unwrap_or(0);
        let next = match event.key().as_str() {
            "ArrowRight" => (here + 1) % tabs.len(),
            "ArrowLeft" => (here + tabs.len() - 1) % tabs.len(),
            "Home" => 0,
            "End" => tabs.len() - 1,
            _ => return,
        };
        event.prevent_default();
        app.view.open_tab(tabs[next]);
        if let Some(button) = browser::by_id(&tabs[next].button_id()) {
            browser::focus(&button);
        }
    };
    let group = |group: PanelGroup| {
        let buttons = group.panels().iter().map(|panel| view! { <TabButton tab=Tab(*panel)/> }).collect_view();
        view! {
            <div class="tab-group" role="presentation">
                <span class="tab-group-label" aria-hidden="true">{group.label()}</span>
                {buttons}
            </div>
        }
    };
    view! {
        <div class="tabs" role="tablist" aria-label="Questions" on:keydown=key_down>
            {PanelGroup::ALL.map(group).collect_view()}
        </div>
        {Tab::all().map(|tab| view! { <TabPanel tab/> }).collect_view()}
    }
}

#[component]
fn TabButton(tab: Tab) -> impl IntoView {
    let app = AppState::from_context();
    let is_open = move || app.view.tab.get() == tab;
    view! {
        <button
            type="button"
            role="tab"
            id=tab.button_id()
            aria-controls=tab.0.name()
            aria-selected=Signal::derive(move || is_open().to_string())
            tabindex=Signal::derive(move || if is_open() { "0" } else { "-1" })
            on:click=move |_| app.view.open_tab(tab)
        >
            {tab.0.label()}
        </button>
    }
}

/// A panel, created when its tab is first opened. It keeps what was chosen in it.
#[component]
fn TabPanel(tab: Tab) -> impl IntoView {
    let app = AppState::from_context();
    let is_open = move || app.view.tab.get() == tab;
    let was_opened = Memo::new(move |before: Option<&bool>| before == Some(&true) || is_open());
    let more = move || match tab.0 {
        PanelId::Why => {
            vec![("contributor", app.view.explained.get()), ("rank", app.settled_rank().to_string())]
        }
        PanelId::Compare => vec![("compared", app.pinned.get())],
        _ => Vec::new(),
    };
    // Some panels would otherwise answer for a deployment that is not the current one.
    let is_stale = Signal::derive(move || {
        let follows = tab.is_about_the_deployment() && !matches!(tab.0, PanelId::Search | PanelId::Compare);
        follows && app.problems.with(|problems| !problems.is_empty())
    });
    let is_withheld = Signal::derive(move || tab.0 == PanelId::Export && is_stale.get());
    let note = match tab.0 {
        PanelId::Export => "There is nothing to export until the settings are possible.",
        _ => "About the last valid settings, until the current ones are possible.",
    };
    view! {
        <div role="tabpanel" id=tab.0.name() aria-labelledby=tab.button_id() hidden=Signal::derive(move || !is_open())>
            <p class="note" hidden=Signal::derive(move || !is_stale.get())>{note}</p>
            <div
                role="group"
                aria-label=tab.0.label()
                class:stale=is_stale
                aria-disabled=move || is_stale.get().then_some("true")
                hidden=is_withheld
            >
                <Show when=move || was_opened.get()>
                    {(tab.0 == PanelId::File).then(|| view! { <FileProgress/> })}
                    <Panel
                        panel=tab.0
                        is_about_the_deployment=tab.is_about_the_deployment()
                        is_slow={tab.0 == PanelId::Search}
                        more
                    />
                </Show>
            </div>
        </div>
    }
}

/// The progress of reading a long file. The sentence is announced, so it changes only at the end.
#[component]
fn FileProgress() -> impl IntoView {
    let progress = RwSignal::new(None::<Progress>);
    follow_progress(progress);
    let percent =
        Signal::derive(move || progress.with(|progress| progress.as_ref().map(|progress| progress.percent.clone())));
    let sentence =
        Signal::derive(move || progress.with(|progress| progress.as_ref().map(|progress| progress.sentence.clone())));
    view! {
        <div class="progress">
            <span role="status">{sentence}</span>
            <progress
                max="100"
                aria-label="Part of the file that was read"
                value=percent
                hidden=Signal::derive(move || percent.get().is_none_or(|percent| percent == "100"))
            ></progress>
        </div>
    }
}
