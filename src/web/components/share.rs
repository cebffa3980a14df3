//! Copies the link of the deployment, and shows its other forms.

use super::panel::Panel;
use crate::protocol::PanelId;
use crate::web::browser;
use crate::web::browser::clipboard::copy;
use crate::web::state::{AppState, page_address};
use leptos::html::Input;
use leptos::prelude::*;
use std::time::Duration;

/// The id of the sheet below the button.
const SHEET: &str = "share_sheet";

/// The result of the last copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Copied {
    No,
    Yes,
    Refused,
}

/// The button that copies the link, and the sheet that it opens.
#[component]
pub(super) fn Share() -> impl IntoView {
    let app = AppState::from_context();
    let (copied, link) = (RwSignal::new(Copied::No), RwSignal::new(String::new()));
    let input = NodeRef::<Input>::new();
    let copy_link = move |_| {
        link.set(page_address(app));
        copy(&link.get_untracked(), move |is_done| {
            copied.set(if is_done { Copied::Yes } else { Copied::Refused });
            if !is_done {
                // The sheet opens after this event.
                browser::after_paint(move || {
                    if let Some(input) = input.get_untracked() {
                        let _ = input.focus();
                        input.select();
                    }
                });
            }
            let reset = move || copied.update(|now| *now = if *now == Copied::Yes { Copied::No } else { *now });
            set_timeout(reset, Duration::from_secs(2));
        });
    };
    let status = move |idle: &'static str| {
        Signal::derive(move || if copied.get() == Copied::Yes { "Link copied" } else { idle }.to_string())
    };
    let label = Signal::derive(move || {
        match copied.get() {
            Copied::Refused => "The browser doesn't let this page copy. This is the link:",
            _ => "Link",
        }
        .to_string()
    });
    // Evaluated whenever the deployment changes while the sheet is open.
    let more = move || {
        app.settled.track();
        let address = page_address(app);
        let page = address.split('#').next().unwrap_or_default().to_string();
        link.set(address);
        vec![("page", page), ("compared", app.pinned.get())]
    };
    view! {
        <div class="share">
            <button id="share" class="button accent" type="button" popovertarget=SHEET on:click=copy_link>
                {status("Share")}
            </button>
            <span class="visually-hidden" role="status">{status("")}</span>
            <section id=SHEET class="sheet" popover="" aria-label="Share">
                <label for="link">{label}</label>
                <input
                    id="link"
                    class="control"
                    type="text"
                    readonly
                    node_ref=input
                    prop:value=Signal::derive(move || link.get())
                />
                <Panel panel=PanelId::Share is_about_the_deployment=true more/>
                <button class="button" type="button" popovertarget=SHEET>"Close"</button>
            </section>
        </div>
    }
}
