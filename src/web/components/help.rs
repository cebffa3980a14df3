//! The help of a setting, as a popover that moves nothing.

use crate::deployment::setting;
use crate::web::browser::{closest, focus};
use crate::web::state::{AppState, SettingState};
use leptos::ev;
use leptos::prelude::*;
use web_sys::{Element, Event};

/// The width of the popover and its distance from the sign, in pixels.
const WIDTH: i32 = 304;
const GAP: i32 = 6;

/// The shown help.
#[derive(Debug, Clone, PartialEq)]
struct Shown {
    key: &'static str,
    left: i32,
    top: i32,
}

/// The help that is shown, as Leptos context.
#[derive(Clone, Copy)]
pub(super) struct HelpState {
    shown: RwSignal<Option<Shown>>,
}

impl HelpState {
    /// Follows the pointer and the focus. The listeners serve all signs: those at each sign would
    /// be almost half of the page's.
    pub(super) fn new() -> HelpState {
        let help = HelpState { shown: RwSignal::new(None) };
        window_event_listener(ev::pointerover, move |event| help.show(&event));
        window_event_listener(ev::pointerout, move |event| help.leave(&event));
        window_event_listener(ev::focusin, move |event| help.show(&event));
        window_event_listener(ev::focusout, move |event| help.leave(&event));
        window_event_listener(ev::click, move |event| {
            // Safari does not focus a clicked button.
            if let Some(sign) = sign(&event) {
                focus(&sign);
            }
            help.show(&event);
        });
        window_event_listener(ev::keydown, move |event| {
            if event.key() == "Escape" {
                help.hide();
            }
        });
        window_event_listener(ev::scroll, move |_| help.hide());
        help
    }

    fn show(self, event: &Event) {
        let key = || closest(event, "[data-field]")?.get_attribute("data-field");
        let Some((sign, row)) = sign(event).and_then(|sign| Some((sign, setting(&key()?)?))) else {
            return;
        };
        let (sign, width) = (sign.get_bounding_client_rect(), window().inner_width().ok());
        let room = width.and_then(|width| width.as_f64()).map_or(WIDTH, |width| width as i32);
        let left = (sign.left() as i32 - 12).min(room - WIDTH - 8).max(8);
        self.shown.set(Some(Shown { key: row.key, left, top: sign.bottom() as i32 + GAP }));
    }

    fn leave(self, event: &Event) {
        if sign(event).is_some() {
            self.hide();
        }
    }

    fn hide(self) {
        if self.shown.with_untracked(Option::is_some) {
            self.shown.set(None);
        }
    }
}

/// The sign that an event came from.
fn sign(event: &Event) -> Option<Element> {
    closest(event, ".q")
}

/// The sign beside a setting's name. It shows the help while the pointer or the focus is on it.
#[component]
pub(super) fn Help(setting: SettingState) -> impl IntoView {
    let (key, name) = (setting.setting.key, setting.setting.name);
    view! {
        <button class="q" type="button" aria-label=format!("Help: {name}") aria-describedby=format!("{key}_help")>
            "?"
        </button>
        <HelpText setting/>
    }
}

/// The hidden text that describes the control of a setting to assistive technology.
#[component]
pub(super) fn HelpText(setting: SettingState) -> impl IntoView {
    let id = format!("{}_help", setting.setting.key);
    view! { <span id=id hidden>{Signal::derive(move || setting.help())}</span> }
}

/// The popover of the page.
#[component]
pub(super) fn HelpPopover() -> impl IntoView {
    let (app, help) = (AppState::from_context(), expect_context::<HelpState>());
    let shown = move |read: fn(&Shown) -> String| {
        Signal::derive(move || help.shown.with(|shown| shown.as_ref().map(read).unwrap_or_default()))
    };
    let key = shown(|shown| shown.key.to_string());
    let text = Signal::derive(move || key.with(|key| app.view.help(key)));
    view! {
        <div
            class="pop"
            role="tooltip"
            hidden=Signal::derive(move || text.with(String::is_empty))
            style:left=shown(|shown| format!("{}px", shown.left))
            style:top=shown(|shown| format!("{}px", shown.top))
        >
            <p>{text}</p>
            <p class="key">{key}</p>
        </div>
    }
}
