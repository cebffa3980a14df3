//! The few things of the browser that Leptos has no name for.

use super::dom::listen;
use super::live::Live;
use leptos::prelude::*;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlElement, ResizeObserver, Storage};

/// The element with this id.
pub(super) fn by_id(id: &str) -> Option<HtmlElement> {
    document().get_element_by_id(id)?.dyn_into().ok()
}

/// Returns an option of the page's appearance. `boot.js` and `frame.js` read it from the address
/// and store it at the root element.
pub(super) fn looks(attribute: &str) -> Option<String> {
    document().document_element()?.get_attribute(attribute)
}

/// Moves the focus to a control, opening the group that hides it.
pub(super) fn focus(id: &str) {
    let Some(element) = by_id(id) else {
        return;
    };
    if let Ok(Some(details)) = element.closest("details") {
        let _ = details.set_attribute("open", "");
    }
    let _ = element.focus();
}

/// What this site keeps between visits, where the browser lets it.
pub(super) fn storage() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

/// Whether a media query holds, now and later.
pub(super) fn media(query: &'static str) -> Live<bool> {
    let holds = Live::new(false);
    if let Ok(Some(list)) = window().match_media(query) {
        holds.set(list.matches());
        let current = list.clone();
        listen(&list, "change", move |_| holds.set(current.matches()));
    }
    holds
}

/// The width, in pixels, of what can't be measured: that of a small phone.
const NARROWEST: usize = 288;

/// The width of an element in whole pixels, now and later; zero until it is laid out.
pub(super) fn width_of(element: &Element) -> Live<usize> {
    let (width, observed) = (Live::new(0), element.clone());
    let resized = Closure::<dyn Fn()>::new(move || {
        let now = observed.client_width().max(0) as usize;
        width.renew(now);
    });
    match ResizeObserver::new(resized.as_ref().unchecked_ref()) {
        Ok(observer) => observer.observe(element),
        // An old browser has narrow pictures.
        Err(_) => width.set(NARROWEST),
    }
    resized.forget();
    width
}

/// Runs a closure in a separate task after `delay`. All such tasks share one JavaScript closure.
pub(super) fn later(run: Box<dyn FnOnce()>, delay: Duration) {
    set_timeout(run, delay);
}

/// Runs something before the browser next paints.
pub(super) fn before_paint(run: Box<dyn FnOnce()>) {
    request_animation_frame(run);
}

/// Runs something once what has changed so far is on the screen.
pub(super) fn after_paint(run: impl FnOnce() + 'static) {
    before_paint(Box::new(move || later(Box::new(run), Duration::ZERO)));
}

/// Runs the last of a series of calls once `delay` has passed without another call. The series
/// shares one timer, because a new timer at each slider move would take much of its frame.
#[derive(Clone)]
pub(super) struct Debounced {
    /// In milliseconds.
    delay: f64,
    waiting: Rc<RefCell<Option<Waiting>>>,
}

/// What is to run, and when, in milliseconds of the browser's clock.
struct Waiting {
    call: Box<dyn FnOnce()>,
    due: f64,
}

impl Debounced {
    /// Calls wait for this many milliseconds.
    pub(super) fn new(milliseconds: u32) -> Debounced {
        Debounced { delay: milliseconds.into(), waiting: Rc::default() }
    }

    /// Runs `call` later, and none that was to run before it.
    pub(super) fn call(&self, call: impl FnOnce() + 'static) {
        let waiting = Waiting { call: Box::new(call), due: js_sys::Date::now() + self.delay };
        if self.waiting.replace(Some(waiting)).is_none() {
            self.wait(self.delay);
        }
    }

    /// Whether a call is still to run.
    pub(super) fn is_waiting(&self) -> bool {
        self.waiting.borrow().is_some()
    }

    fn wait(&self, time: f64) {
        let this = self.clone();
        later(Box::new(move || this.wake()), Duration::from_millis(time as u64));
    }

    fn wake(&self) {
        let due = self.waiting.borrow().as_ref().map_or(0.0, |waiting| waiting.due);
        // A clock that was set back must not keep a call waiting.
        let left = (due - js_sys::Date::now()).ceil().min(self.delay);
        if left > 0.0 {
            self.wait(left);
        } else if let Some(waiting) = self.waiting.take() {
            (waiting.call)();
        }
    }
}

/// Scrolls an element's own list, and nothing else, as far as it takes to show the element.
pub(super) fn reveal(element: &HtmlElement) {
    let options = web_sys::ScrollIntoViewOptions::new();
    options.set_block(web_sys::ScrollLogicalPosition::Nearest);
    element.scroll_into_view_with_scroll_into_view_options(&options);
}
