//! Asks the program beside the page; see [`crate::answers`]. It is loaded at the first question.

use super::dom::{listen, watch};
use js_sys::{Array, JSON, Reflect};
use leptos::prelude::*;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use wasm_bindgen::prelude::*;
use web_sys::{MessageEvent, Worker};

/// What a question is answered by when the program beside the page can't be had.
const SILENCE: &str = "{\"problem\":\"The browser did not load the part of this page that answers this.\"}";

/// A value of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply(JsValue);

impl Reply {
    fn parse(text: &str) -> Reply {
        Reply(JSON::parse(text).unwrap_or(JsValue::NULL))
    }

    /// The value under a key.
    pub fn get(&self, key: &str) -> Reply {
        Reply(Reflect::get(&self.0, &JsValue::from_str(key)).unwrap_or(JsValue::UNDEFINED))
    }

    /// The text under a key; `None` where there is none.
    pub fn maybe(&self, key: &str) -> Option<String> {
        self.get(key).0.as_string()
    }

    /// The text under a key; empty where there is none.
    pub fn text(&self, key: &str) -> String {
        self.maybe(key).unwrap_or_default()
    }

    /// The number under a key; zero where there is none.
    pub fn number(&self, key: &str) -> f64 {
        self.get(key).0.as_f64().unwrap_or_default()
    }

    /// The values of a list under a key; none where there is none.
    pub fn list(&self, key: &str) -> Vec<Reply> {
        let list = self.get(key).0;
        if list.is_object() { Array::from(&list).iter().map(Reply).collect() } else { Vec::new() }
    }
}

type Then = Box<dyn FnOnce(Reply)>;

/// The program beside the page, and who waits for its answers.
struct Connection {
    worker: Option<Worker>,
    /// Whether it listens.
    stands: bool,
    /// Questions that it wasn't told yet.
    unasked: Vec<Array>,
    waiting: Vec<(f64, Then)>,
    next: f64,
}

thread_local! {
    static CONNECTION: RefCell<Option<Connection>> = const { RefCell::new(None) };
}

/// Asks, and goes on with the answer.
fn ask(question: &str, then: Then) {
    CONNECTION.with_borrow_mut(|connection| {
        let connection = connection.get_or_insert_with(connect);
        let Some(worker) = &connection.worker else {
            return set_timeout(move || then(Reply::parse(SILENCE)), Duration::ZERO);
        };
        connection.next += 1.0;
        connection.waiting.push((connection.next, then));
        let message = Array::of2(&JsValue::from_f64(connection.next), &JsValue::from_str(question));
        if connection.stands {
            let _ = worker.post_message(&message);
        } else {
            connection.unasked.push(message);
        }
    });
}

fn connect() -> Connection {
    let worker = Worker::new(&format!("worker.js?{}", version())).ok();
    if let Some(worker) = &worker {
        listen(worker, "message", |event| {
            if let Some(event) = event.dyn_ref::<MessageEvent>() {
                heard(&event.data());
            }
        });
        listen(worker, "error", |_| failed());
    }
    Connection { worker, stands: false, unasked: Vec::new(), waiting: Vec::new(), next: 0.0 }
}

/// What the build calls this version of the page: the name of its program.
fn version() -> String {
    let link = document().query_selector("link[rel=preload][as=fetch]").ok().flatten();
    let address = link.and_then(|link| link.get_attribute("href")).unwrap_or_default();
    address.rsplit(['/', '-']).next().unwrap_or_default().to_string()
}

/// The first message says that the program stands, each other one is an answer.
fn heard(message: &JsValue) {
    let heard = CONNECTION.with_borrow_mut(|connection| {
        let connection = connection.as_mut()?;
        if message.is_null() {
            connection.stands = true;
            for question in connection.unasked.drain(..) {
                let _ = connection.worker.as_ref()?.post_message(&question);
            }
            return None;
        }
        let answer = Array::from(message);
        let number = answer.get(0).as_f64()?;
        let place = connection.waiting.iter().position(|(waiting, _)| *waiting == number)?;
        Some((connection.waiting.swap_remove(place).1, answer.get(1).as_string()?))
    });
    if let Some((then, answer)) = heard {
        then(Reply::parse(&answer));
    }
}

fn failed() {
    let waiting = CONNECTION.with_borrow_mut(|connection| {
        connection.as_mut().map(|connection| {
            connection.worker = None;
            std::mem::take(&mut connection.waiting)
        })
    });
    for (_, then) in waiting.into_iter().flatten() {
        then(Reply::parse(SILENCE));
    }
}

/// One who keeps asking: the question that was sent, and the last that came meanwhile.
#[derive(Default)]
struct Asker {
    is_waiting: bool,
    next: Option<String>,
}

/// The answer to a question that changes. It is asked after the next paint, and anew once the last one is answered, so that nothing
/// waits for it and questions don't pile up; where there is no question, the last answer stays.
pub fn follow(question: impl Fn() -> Option<String> + 'static) -> RwSignal<Option<Reply>, LocalStorage> {
    let answer = RwSignal::new_local(None);
    let asker = Rc::new(RefCell::new(Asker::default()));
    watch(move || {
        if let Some(question) = question() {
            asker.borrow_mut().next = Some(question);
            send(asker.clone(), answer);
        }
    });
    answer
}

fn send(asker: Rc<RefCell<Asker>>, answer: RwSignal<Option<Reply>, LocalStorage>) {
    if std::mem::replace(&mut asker.borrow_mut().is_waiting, true) {
        return;
    }
    super::browser::after_paint(move || {
        let question = asker.borrow_mut().next.take().unwrap_or_default();
        let then = move |reply| {
            let _ = answer.try_set(Some(reply));
            let mut now = asker.borrow_mut();
            now.is_waiting = false;
            let more = now.next.is_some();
            drop(now);
            if more {
                send(asker, answer);
            }
        };
        ask(&question, Box::new(then));
    });
}
