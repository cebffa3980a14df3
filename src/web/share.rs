//! Copies the link of the deployment, and shows its other forms.

use super::address;
use super::browser;
use super::clipboard::copy;
use super::dom::{El, el};
use super::live::Live;
use super::panel::panel;
use super::state::AppState;
use super::theme::Appearance;
use super::view::PanelSpec;
use crate::protocol::PanelId;
use std::time::Duration;
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlInputElement};

/// The id of the sheet below the button.
const SHEET: &str = "share_sheet";

/// The button that copies the link, and the sheet that it opens, with the link and its other forms.
pub(super) fn share(state: AppState, appearance: Appearance) -> El {
    // What became of the copy, and the link as it was then.
    let (copied, refused, link) = (Live::new(false), Live::new(false), Live::new(String::new()));
    let input = el("input").id("link").class("control").attr("type", "text").attr("readonly", "");
    let field = input.0.clone();
    let copy_link = move |_| {
        let field = field.clone();
        link.set(address::of(state));
        copy(&link.get_untracked(), move |done| {
            copied.set(done);
            refused.set(!done);
            if !done {
                select(field.clone());
            }
            browser::later(Box::new(move || copied.set(false)), Duration::from_secs(2));
        });
    };
    let text = move |idle: &str| if copied.get() { "Link copied" } else { idle }.to_string();
    let button = el("button")
        .id("share")
        .class("button accent")
        .attr("type", "button")
        .attr("popovertarget", SHEET)
        .live_text(move || text("Share"))
        .on("click", copy_link);
    let announced = el("span").class("visually-hidden").attr("role", "status").live_text(move || text(""));
    let label =
        move || if refused.get() { "The browser doesn't let this page copy. This is the link:" } else { "Link" };
    let close = el("button").class("button").attr("type", "button").attr("popovertarget", SHEET).text("Close");
    // Asked whenever the deployment changes while the sheet is open.
    let more = move || {
        let now = address::of(state);
        let page = now.split('#').next().unwrap_or_default().to_string();
        link.set(now);
        vec![("page", page), ("compared", state.pinned.get())]
    };
    let spec = PanelSpec { panel: PanelId::Share, is_about_the_deployment: true, takes_long: false };
    let sheet = el("section")
        .id(SHEET)
        .class("sheet")
        .attr("popover", "")
        .attr("aria-label", "Share")
        .child(el("label").attr("for", "link").live_text(move || label().into()))
        .child(input.live_value(move || link.get()))
        .child(panel(state, appearance, spec, more))
        .child(close);
    el("div").class("share").child(button).child(announced).child(sheet)
}

/// Selects the text of a field once it is to be seen.
fn select(field: Element) {
    if let Ok(field) = field.dyn_into::<HtmlInputElement>() {
        browser::before_paint(Box::new(move || {
            let _ = field.focus();
            field.select();
        }));
    }
}
