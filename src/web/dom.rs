//! Elements and what keeps them up to date.
//!
//! Leptos' `view!` creates a type for the shape of every element and for every closure in it. With
//! as many inputs as this page has, those would be most of the download. Here elements are plain
//! and closures boxed, so that a component costs only its calls. Effects and owners are Leptos';
//! values are from [`super::live`].

use crate::chart::{Change, changes};
use leptos::prelude::*;
use std::cell::{Cell, RefCell};
use wasm_bindgen::prelude::*;
use web_sys::{Element, Event, Node};

/// The namespace of elements in pictures.
const SVG: &str = "http://www.w3.org/2000/svg";

/// An element.
#[derive(Clone)]
pub(super) struct El(pub Element);

/// A new element of this kind.
pub(super) fn el(tag: &str) -> El {
    made(document().create_element(tag))
}

/// A new element of a picture.
pub(super) fn svg(tag: &str) -> El {
    made(document().create_element_ns(Some(SVG), tag))
}

/// Only a name that is none can't be made, and no name here comes from outside.
fn made(element: Result<Element, JsValue>) -> El {
    El(element.unwrap_or_else(|_| document().create_element("div").unwrap_throw()))
}

/// Changes something of an element; `None` takes it away.
type Write = fn(&Element, &str, Option<&str>);

/// A closure that is only called by reference. A boxed `dyn Fn` has two more call methods, for each
/// closure of the page.
trait Call<Arguments, Answer> {
    fn call(&self, arguments: Arguments) -> Answer;
}

impl<Closure: Fn() -> Answer, Answer> Call<(), Answer> for Closure {
    fn call(&self, (): ()) -> Answer {
        self()
    }
}

impl<Closure: Fn(Event)> Call<Event, ()> for Closure {
    fn call(&self, event: Event) {
        self(event);
    }
}

/// What something of an element is to be.
type Read<Answer> = Box<dyn Call<(), Answer>>;

impl El {
    /// With an attribute.
    pub(super) fn attr(self, name: &str, value: &str) -> El {
        let _ = self.0.set_attribute(name, value);
        self
    }

    /// With classes.
    pub(super) fn class(self, names: &str) -> El {
        self.attr("class", names)
    }

    /// With an id.
    pub(super) fn id(self, id: &str) -> El {
        self.attr("id", id)
    }

    /// With more text.
    pub(super) fn text(self, text: &str) -> El {
        self.append(&document().create_text_node(text))
    }

    /// With one more child.
    pub(super) fn child(self, child: El) -> El {
        self.append(&child.0)
    }

    /// With more children.
    pub(super) fn children(self, children: impl IntoIterator<Item = El>) -> El {
        children.into_iter().fold(self, El::child)
    }

    fn append(self, node: &Node) -> El {
        let _ = self.0.append_child(node);
        self
    }

    /// Always with this text, and no children.
    pub(super) fn live_text(self, read: impl Fn() -> String + 'static) -> El {
        self.keep("", Box::new(move || Some(read())), write_text)
    }

    /// Always with this attribute; without it for `None`.
    pub(super) fn live_attr(self, name: &'static str, read: impl Fn() -> Option<String> + 'static) -> El {
        self.keep(name, Box::new(read), write_attribute)
    }

    /// With this attribute while something holds.
    pub(super) fn live_flag(self, name: &'static str, holds: impl Fn() -> bool + 'static) -> El {
        self.keep(name, Box::new(move || holds().then(String::new)), write_attribute)
    }

    /// With an attribute that says whether something holds.
    pub(super) fn live_bool(self, name: &'static str, holds: impl Fn() -> bool + 'static) -> El {
        self.keep(name, Box::new(move || Some(if holds() { "true" } else { "false" }.to_string())), write_attribute)
    }

    /// With this class while something holds.
    pub(super) fn live_class(self, name: &'static str, holds: impl Fn() -> bool + 'static) -> El {
        self.keep(name, Box::new(move || holds().then(String::new)), |element, name, holds| {
            let _ = element.class_list().toggle_with_force(name, holds.is_some());
        })
    }

    /// Always with this property of its style.
    pub(super) fn live_style(self, name: &'static str, read: impl Fn() -> String + 'static) -> El {
        self.keep(name, Box::new(move || Some(read())), |element, name, value| {
            if let Some(element) = element.dyn_ref::<web_sys::HtmlElement>() {
                let _ = element.style().set_property(name, value.unwrap_or_default());
            }
        })
    }

    /// A control that always has this value.
    pub(super) fn live_value(self, read: impl Fn() -> String + 'static) -> El {
        self.keep("value", Box::new(move || Some(read())), |element, name, value| {
            set_property(element, name, &JsValue::from_str(value.unwrap_or_default()));
        })
    }

    /// A checkbox that is always on while something holds.
    pub(super) fn live_checked(self, holds: impl Fn() -> bool + 'static) -> El {
        self.keep("checked", Box::new(move || holds().then(String::new)), |element, name, holds| {
            set_property(element, name, &JsValue::from_bool(holds.is_some()));
        })
    }

    /// Always with this markup, which the page made itself: one tag or text a line.
    pub(super) fn live_markup(self, read: impl Fn() -> String + 'static) -> El {
        let (element, before) = (self.0.clone(), RefCell::new(None));
        watch(move || {
            let now = read();
            if !before.take().is_some_and(|before: String| patch(&element, &before, &now)) {
                element.set_inner_html(&now);
            }
            before.replace(Some(now));
        });
        self
    }

    /// Always with these children.
    pub(super) fn live_children(self, make: impl Fn() -> Vec<El> + 'static) -> El {
        let element = self.0.clone();
        let make: Read<Vec<El>> = Box::new(make);
        watch(move || {
            element.set_text_content(None);
            for child in make.call(()) {
                let _ = element.append_child(&child.0);
            }
        });
        self
    }

    fn keep(self, name: &'static str, read: Read<Option<String>>, write: Write) -> El {
        let place = self.place(name, write);
        watch(move || place.set(read.call(())));
        self
    }

    fn place(&self, name: &'static str, write: Write) -> Place {
        Place { element: self.0.clone(), name, write, before: RefCell::new(None) }
    }

    /// The place of its text, for [`live_all`].
    pub(super) fn text_place(&self) -> Place {
        self.place("", write_text)
    }

    /// Returns the place of an attribute, for [`live_all`]. An attribute without a value is present
    /// while a condition holds.
    pub(super) fn attr_place(&self, name: &'static str) -> Place {
        self.place(name, write_attribute)
    }

    /// Calls `react` on each event of this kind.
    pub(super) fn on(self, event: &str, react: impl Fn(Event) + 'static) -> El {
        listen(&self.0, event, react);
        self
    }
}

/// Something of an element that follows from values.
pub(super) struct Place {
    element: Element,
    name: &'static str,
    write: Write,
    before: RefCell<Option<Option<String>>>,
}

impl Place {
    /// Writes what is other than before.
    fn set(&self, now: Option<String>) {
        if self.before.borrow().as_ref() != Some(&now) {
            (self.write)(&self.element, self.name, now.as_deref());
            self.before.replace(Some(now));
        }
    }
}

/// Keeps many places up to date, in their order, with one effect. A separate effect for each place
/// would take longer than its update.
pub(super) fn live_all(places: Vec<Place>, read: impl Fn() -> Vec<Option<String>> + 'static) {
    let read: Read<Vec<Option<String>>> = Box::new(read);
    watch(move || {
        for (place, now) in places.iter().zip(read.call(())) {
            place.set(now);
        }
    });
}

/// Calls `react` on each event of this kind at the target.
pub(super) fn listen(target: &web_sys::EventTarget, event: &str, react: impl Fn(Event) + 'static) {
    let react: Box<dyn Call<Event, ()>> = Box::new(react);
    let react = Closure::<dyn Fn(Event)>::new(move |event| react.call(event)).into_js_value();
    let _ = target.add_event_listener_with_callback(event, react.unchecked_ref());
}

/// Runs something now and whenever a signal changes that it read.
pub(super) fn watch(run: impl Fn() + 'static) {
    let run: Read<()> = Box::new(run);
    Effect::new(move |_: Option<()>| run.call(()));
}

/// Adds the children of `place` when `is_wanted` first returns true. Their owner is the current
/// one, so that a change of a signal in `is_wanted` does not dispose of them.
pub(super) fn fill_once(place: &El, is_wanted: impl Fn() -> bool + 'static, children: impl Fn() -> Vec<El> + 'static) {
    let (owner, place, filled) = (Owner::current(), place.clone(), Cell::new(false));
    let children: Box<dyn Fn() -> Vec<El>> = Box::new(children);
    watch(move || {
        if is_wanted() && !filled.replace(true) {
            let fill = || place.clone().children(children());
            match &owner {
                Some(owner) => drop(owner.with(fill)),
                None => drop(fill()),
            }
        }
    });
}

/// Updates the markup of an element's children to other markup of the same shape. Returns whether
/// the shapes match. The update takes a tenth of the time of new elements and keeps the focus.
fn patch(element: &Element, before: &str, now: &str) -> bool {
    let Some(changes) = changes(before, now) else {
        return false;
    };
    let all = element.get_elements_by_tag_name("*");
    for change in changes {
        match change {
            Change::Attribute { element, name, value } => {
                let _ = all.item(element as u32).map(|element| element.set_attribute(name, value));
            }
            Change::Text { element, text } => {
                let _ = all.item(element as u32).map(|element| element.set_text_content(Some(text)));
            }
        }
    }
    true
}

/// Replaces the data of the text node, which is less work for a browser than a new node.
fn write_text(element: &Element, _: &str, text: Option<&str>) {
    match element.first_child() {
        Some(node) => node.set_node_value(text),
        None => element.set_text_content(text),
    }
}

fn write_attribute(element: &Element, name: &str, value: Option<&str>) {
    let _ = match value {
        Some(value) => element.set_attribute(name, value),
        None => element.remove_attribute(name),
    };
}

/// Sets a property unless it is so already, because setting moves the cursor in a field.
fn set_property(element: &Element, name: &str, value: &JsValue) {
    let name = JsValue::from_str(name);
    if js_sys::Reflect::get(element, &name).ok().as_ref() != Some(value) {
        let _ = js_sys::Reflect::set(element, &name, value);
    }
}

/// The element that an event came from.
pub(super) fn target(event: &Event) -> Option<Element> {
    event.target()?.dyn_into().ok()
}

/// The value of the control that an event came from.
pub(super) fn value(event: &Event) -> String {
    let value = event.target().and_then(|target| js_sys::Reflect::get(&target, &JsValue::from_str("value")).ok());
    value.and_then(|value| value.as_string()).unwrap_or_default()
}

/// Returns the value of the control that an event came from; for a checkbox, `true` or nothing.
pub(super) fn entered(event: &Event) -> String {
    let checkbox = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlInputElement>().ok());
    match checkbox.filter(|input| input.type_() == "checkbox") {
        Some(input) => if input.checked() { "true" } else { "" }.to_string(),
        None => value(event),
    }
}

/// The key of a keyboard event.
pub(super) fn key(event: &Event) -> String {
    event.dyn_ref::<web_sys::KeyboardEvent>().map(web_sys::KeyboardEvent::key).unwrap_or_default()
}

/// Moves the focus and the tab stop from an element to its neighbour if `key` is an arrow key.
pub(super) fn rove(from: &Element, key: &str) -> bool {
    let by = match key {
        "ArrowUp" | "ArrowRight" => 1,
        "ArrowDown" | "ArrowLeft" => -1,
        _ => return false,
    };
    let Some(all) = from.parent_element().map(|parent| parent.children()) else {
        return false;
    };
    let count = all.length() as isize;
    let here = (0..all.length()).find(|index| all.item(*index).as_ref() == Some(from));
    if let Some(next) = here.and_then(|here| all.item((here as isize + by).rem_euclid(count.max(1)) as u32)) {
        let _ = from.set_attribute("tabindex", "-1");
        let _ = next.set_attribute("tabindex", "0");
        focus(&next);
    }
    true
}

/// Moves the focus to an element, also to one of a picture.
pub(super) fn focus(element: &Element) {
    let _ = element.unchecked_ref::<web_sys::HtmlElement>().focus();
}
