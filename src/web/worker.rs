//! The two workers, and the channels on which the page asks them. A worker starts with its first
//! request, so that the first picture loads without it.

use super::browser::{by_id, later};
use super::dom::listen;
use crate::protocol::Request;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::time::Duration;
use wasm_bindgen::prelude::*;
use web_sys::{Blob, MessageEvent, Worker, WorkerOptions, WorkerType};

/// Called with an answer, or with `None` if the worker failed.
type OnAnswer = Box<dyn Fn(Option<&str>)>;

/// The state of an [`Answers`] channel. While a request is being answered at most one more waits:
/// the newest.
struct Channel {
    worker: usize,
    on_answer: OnAnswer,
    is_asked: bool,
    waiting: Option<String>,
}

/// A worker, and the messages to it.
#[derive(Default)]
struct WorkerHandle {
    worker: Option<Worker>,
    /// Whether the worker receives messages.
    is_ready: bool,
    /// The last file given, for the worker that replaces a failed one.
    given: Option<Blob>,
    /// Messages from before the worker was ready.
    early: VecDeque<JsValue>,
}

#[derive(Default)]
struct Workers {
    /// One for quick answers, and one for slow answers, which delay no others.
    handles: [WorkerHandle; 2],
    channels: Vec<Channel>,
    /// Called with the progress of reading a file: the percentage, a line end and a sentence;
    /// `None` if no file is being read.
    on_progress: Option<OnAnswer>,
}

const QUICK: usize = 0;
const SLOW: usize = 1;

thread_local! {
    static WORKERS: RefCell<Workers> = RefCell::default();
}

/// A channel of requests. The newest request counts: it replaces one that still waits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Answers(usize);

impl Answers {
    /// A new channel for quick answers.
    pub(super) fn new(on_answer: impl Fn(Option<&str>) + 'static) -> Answers {
        Answers::at(QUICK, Box::new(on_answer))
    }

    /// A new channel for slow answers, which need no file.
    pub(super) fn slow(on_answer: impl Fn(Option<&str>) + 'static) -> Answers {
        Answers::at(SLOW, Box::new(on_answer))
    }

    fn at(worker: usize, on_answer: OnAnswer) -> Answers {
        WORKERS.with_borrow_mut(|workers| {
            workers.channels.push(Channel { worker, on_answer, is_asked: false, waiting: None });
            Answers(workers.channels.len() - 1)
        })
    }

    /// Sends a request, or keeps it until the present one is answered.
    pub(super) fn ask(self, request: &Request) {
        self.ask_text(request.to_string());
    }

    fn ask_text(self, request: String) {
        WORKERS.with_borrow_mut(|workers| {
            let channel = &mut workers.channels[self.0];
            if channel.is_asked {
                channel.waiting = Some(request);
            } else {
                channel.is_asked = true;
                let worker = channel.worker;
                workers.handles[worker].send(worker, JsValue::from_str(&format!("{}\n{request}", self.0)));
            }
        });
    }

    /// Withdraws the requests. The worker stops reading a file for them.
    pub(super) fn withdraw(self) {
        WORKERS.with_borrow_mut(|workers| {
            let channel = &mut workers.channels[self.0];
            channel.waiting = None;
            if channel.is_asked {
                let worker = channel.worker;
                workers.handles[worker].send(worker, JsValue::from_str(&self.0.to_string()));
            }
        });
    }
}

/// Calls `on_progress` with the progress of reading a file: the percentage, a line end and a
/// sentence; `None` if no file is being read.
pub(super) fn follow_progress(on_progress: impl Fn(Option<&str>) + 'static) {
    WORKERS.with_borrow_mut(|workers| workers.on_progress = Some(Box::new(on_progress)));
}

fn report_progress(progress: Option<&str>) {
    WORKERS.with_borrow(|workers| workers.on_progress.iter().for_each(|report| report(progress)));
}

/// Gives the worker a file for the requests that follow. The page itself never reads it.
pub(super) fn give(file: &Blob) {
    WORKERS.with_borrow_mut(|workers| {
        let handle = &mut workers.handles[QUICK];
        handle.send(QUICK, file.into());
        handle.given = Some(file.clone());
    });
}

impl WorkerHandle {
    fn send(&mut self, index: usize, message: JsValue) {
        if self.worker.is_none() {
            self.start(index);
            self.early.extend(self.given.iter().map(JsValue::from));
        }
        match &self.worker {
            Some(worker) if self.is_ready => drop(worker.post_message(&message)),
            _ => self.early.push_back(message),
        }
    }

    fn start(&mut self, index: usize) {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        // The build names the program by its contents, and writes the name there.
        let program = by_id("app").and_then(|root| root.get_attribute("data-worker")).unwrap_or_default();
        let Ok(worker) = Worker::new_with_options(&program, &options) else {
            // Not at once: the caller still borrows the workers.
            return later(Box::new(move || on_failure(index)), Duration::ZERO);
        };
        listen(&worker, "message", move |event| {
            let message = event.dyn_ref::<MessageEvent>().and_then(|event| event.data().as_string());
            on_message(index, &message.unwrap_or_default());
        });
        listen(&worker, "error", move |_| on_failure(index));
        self.worker = Some(worker);
        self.is_ready = false;
    }
}

/// Takes a message of a worker: that it is ready, its progress with a file, or an answer.
fn on_message(index: usize, message: &str) {
    let Some((number, answer)) = message.split_once('\n') else {
        return WORKERS.with_borrow_mut(|workers| {
            let handle = &mut workers.handles[index];
            handle.is_ready = true;
            for message in std::mem::take(&mut handle.early) {
                handle.send(index, message);
            }
        });
    };
    let Ok(number) = number.parse::<usize>() else {
        return report_progress(Some(answer).filter(|progress| !progress.is_empty()));
    };
    let next = WORKERS.with_borrow_mut(|workers| {
        let channel = workers.channels.get_mut(number)?;
        channel.is_asked = false;
        channel.waiting.take()
    });
    WORKERS.with_borrow(|workers| {
        if let Some(channel) = workers.channels.get(number) {
            (channel.on_answer)(Some(answer));
        }
    });
    if let Some(next) = next {
        Answers(number).ask_text(next);
    }
}

/// Ends a failed worker. Its open requests are answered with `None`, and the next request starts
/// another worker.
fn on_failure(index: usize) {
    let open: Vec<usize> = WORKERS.with_borrow_mut(|workers| {
        if let Some(worker) = std::mem::take(&mut workers.handles[index]).worker {
            worker.terminate();
        }
        let is_open = |channel: &Channel| channel.is_asked && channel.worker == index;
        let channels = workers.channels.iter_mut().enumerate().filter(|(_, channel)| is_open(channel));
        channels
            .map(|(number, channel)| {
                (channel.is_asked, channel.waiting) = (false, None);
                number
            })
            .collect()
    });
    if index == QUICK {
        report_progress(None);
    }
    WORKERS.with_borrow(|workers| open.iter().for_each(|number| (workers.channels[*number].on_answer)(None)));
}
