//! Asking the worker. It starts with the first question, so that the first picture loads without it.

use super::dom::listen;
use leptos::prelude::set_timeout;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::time::Duration;
use wasm_bindgen::prelude::*;
use web_sys::{Blob, MessageEvent, Worker, WorkerOptions, WorkerType};

/// The worker's program, as Trunk names it.
const PROGRAM: &str = "./answers_loader.js";

/// What takes an answer, or nothing where the worker could not give one.
type Take = Box<dyn Fn(Option<&str>)>;

/// A way to ask, along which the newest question counts: one waits at most while another is being answered.
struct Channel {
    take: Take,
    asked: bool,
    waiting: Option<String>,
}

#[derive(Default)]
struct Office {
    worker: Option<Worker>,
    /// Whether the worker listens.
    ready: bool,
    channels: Vec<Channel>,
    /// What was given last, for a worker that takes the place of one that failed.
    given: Option<Blob>,
    /// What was said before the worker listened.
    early: VecDeque<JsValue>,
}

thread_local! {
    static OFFICE: RefCell<Office> = RefCell::default();
}

/// A channel whose answers `take` takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Answers(usize);

impl Answers {
    /// A new channel.
    pub fn new(take: impl Fn(Option<&str>) + 'static) -> Answers {
        OFFICE.with_borrow_mut(|office| {
            office.channels.push(Channel { take: Box::new(take), asked: false, waiting: None });
            Answers(office.channels.len() - 1)
        })
    }

    /// Asks; a question that still waits is dropped.
    pub fn ask(self, request: String) {
        OFFICE.with_borrow_mut(|office| {
            let channel = &mut office.channels[self.0];
            if channel.asked {
                channel.waiting = Some(request);
            } else {
                channel.asked = true;
                office.send(JsValue::from_str(&format!("{}\n{request}", self.0)));
            }
        });
    }
}

/// Gives the worker a file, which it keeps for the questions that follow. The page itself never reads it.
pub fn give(file: &Blob) {
    OFFICE.with_borrow_mut(|office| {
        office.send(file.into());
        office.given = Some(file.clone());
    });
}

impl Office {
    fn send(&mut self, said: JsValue) {
        if self.worker.is_none() {
            self.start();
            self.early.extend(self.given.iter().map(JsValue::from));
        }
        match &self.worker {
            Some(worker) if self.ready => drop(worker.post_message(&said)),
            _ => self.early.push_back(said),
        }
    }

    fn start(&mut self) {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let Ok(worker) = Worker::new_with_options(PROGRAM, &options) else {
            // Not at once: whoever asks still holds the office.
            return set_timeout(give_up, Duration::ZERO);
        };
        listen(&worker, "message", |event| {
            let said = event.dyn_ref::<MessageEvent>().and_then(|event| event.data().as_string()).unwrap_or_default();
            hear(&said);
        });
        listen(&worker, "error", |_| give_up());
        self.worker = Some(worker);
        self.ready = false;
    }
}

fn hear(said: &str) {
    let Some((number, answer)) = said.split_once('\n') else {
        return OFFICE.with_borrow_mut(|office| {
            office.ready = true;
            for said in std::mem::take(&mut office.early) {
                office.send(said);
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

/// The worker failed: whoever waits is told so, and the next question starts another.
fn give_up() {
    OFFICE.with_borrow_mut(|office| {
        if let Some(worker) = office.worker.take() {
            worker.terminate();
        }
        office.ready = false;
        office.early.clear();
    });
    let waiting: Vec<usize> = OFFICE.with_borrow_mut(|office| {
        let asked = office.channels.iter_mut().enumerate().filter(|(_, channel)| channel.asked);
        asked
            .map(|(number, channel)| {
                (channel.asked, channel.waiting) = (false, None);
                number
            })
            .collect()
    });
    OFFICE.with_borrow(|office| waiting.iter().for_each(|number| (office.channels[*number].take)(None)));
}
