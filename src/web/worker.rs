//! Asking the workers. Each starts with its first question, so that the first picture loads without them.

use super::browser::{by_id, later};
use super::dom::listen;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::time::Duration;
use wasm_bindgen::prelude::*;
use web_sys::{Blob, MessageEvent, Worker, WorkerOptions, WorkerType};

/// What takes an answer, or nothing where the worker could not give one.
type Take = Box<dyn Fn(Option<&str>)>;

/// A way to ask, along which the newest question counts: one waits at most while another is being answered.
struct Channel {
    desk: usize,
    take: Take,
    asked: bool,
    waiting: Option<String>,
}

/// A worker, and what is said to it.
#[derive(Default)]
struct Desk {
    worker: Option<Worker>,
    /// Whether the worker listens.
    ready: bool,
    /// What was given last, for a worker that takes the place of one that failed.
    given: Option<Blob>,
    /// What was said before the worker listened.
    early: VecDeque<JsValue>,
}

#[derive(Default)]
struct Office {
    /// One that answers at once, and one whose answers take long, so that they keep nobody waiting.
    desks: [Desk; 2],
    channels: Vec<Channel>,
}

const QUICK: usize = 0;
const SLOW: usize = 1;

thread_local! {
    static OFFICE: RefCell<Office> = RefCell::default();
}

/// A channel whose answers `take` takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Answers(usize);

impl Answers {
    /// A new channel.
    pub(super) fn new(take: impl Fn(Option<&str>) + 'static) -> Answers {
        Answers::at(QUICK, Box::new(take))
    }

    /// A new channel for questions whose answers take long, and that need nothing that was given.
    pub(super) fn that_take_long(take: impl Fn(Option<&str>) + 'static) -> Answers {
        Answers::at(SLOW, Box::new(take))
    }

    fn at(desk: usize, take: Take) -> Answers {
        OFFICE.with_borrow_mut(|office| {
            office.channels.push(Channel { desk, take, asked: false, waiting: None });
            Answers(office.channels.len() - 1)
        })
    }

    /// Asks; a question that still waits is dropped.
    pub(super) fn ask(self, request: String) {
        OFFICE.with_borrow_mut(|office| {
            let channel = &mut office.channels[self.0];
            if channel.asked {
                channel.waiting = Some(request);
            } else {
                channel.asked = true;
                let desk = channel.desk;
                office.desks[desk].send(desk, JsValue::from_str(&format!("{}\n{request}", self.0)));
            }
        });
    }
}

/// Gives the worker a file, which it keeps for the questions that follow. The page itself never reads it.
pub(super) fn give(file: &Blob) {
    OFFICE.with_borrow_mut(|office| {
        let desk = &mut office.desks[QUICK];
        desk.send(QUICK, file.into());
        desk.given = Some(file.clone());
    });
}

impl Desk {
    fn send(&mut self, place: usize, said: JsValue) {
        if self.worker.is_none() {
            self.start(place);
            self.early.extend(self.given.iter().map(JsValue::from));
        }
        match &self.worker {
            Some(worker) if self.ready => drop(worker.post_message(&said)),
            _ => self.early.push_back(said),
        }
    }

    fn start(&mut self, place: usize) {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        // The build names it by its contents, there.
        let program = by_id("app").and_then(|root| root.get_attribute("data-worker")).unwrap_or_default();
        let Ok(worker) = Worker::new_with_options(&program, &options) else {
            // Not at once: whoever asks still holds the office.
            return later(Box::new(move || give_up(place)), Duration::ZERO);
        };
        listen(&worker, "message", move |event| {
            let said = event.dyn_ref::<MessageEvent>().and_then(|event| event.data().as_string()).unwrap_or_default();
            hear(place, &said);
        });
        listen(&worker, "error", move |_| give_up(place));
        self.worker = Some(worker);
        self.ready = false;
    }
}

fn hear(place: usize, said: &str) {
    let Some((number, answer)) = said.split_once('\n') else {
        return OFFICE.with_borrow_mut(|office| {
            let desk = &mut office.desks[place];
            desk.ready = true;
            for said in std::mem::take(&mut desk.early) {
                desk.send(place, said);
            }
        });
    };
    let Ok(number) = number.parse::<usize>() else {
        return;
    };
    let next = OFFICE.with_borrow_mut(|office| {
        let channel = office.channels.get_mut(number)?;
        channel.asked = false;
        channel.waiting.take()
    });
    OFFICE.with_borrow(|office| {
        if let Some(channel) = office.channels.get(number) {
            (channel.take)(Some(answer));
        }
    });
    if let Some(next) = next {
        Answers(number).ask(next);
    }
}

/// A worker failed: whoever waits for it is told so, and the next question starts another.
fn give_up(place: usize) {
    let waiting: Vec<usize> = OFFICE.with_borrow_mut(|office| {
        if let Some(worker) = std::mem::take(&mut office.desks[place]).worker {
            worker.terminate();
        }
        let here = |channel: &Channel| channel.asked && channel.desk == place;
        let asked = office.channels.iter_mut().enumerate().filter(|(_, channel)| here(channel));
        asked
            .map(|(number, channel)| {
                (channel.asked, channel.waiting) = (false, None);
                number
            })
            .collect()
    });
    OFFICE.with_borrow(|office| waiting.iter().for_each(|number| (office.channels[*number].take)(None)));
}
