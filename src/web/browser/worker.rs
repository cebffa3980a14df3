//! The two workers, and the channels on which the page asks them. A worker starts with its first
//! request, so that the first picture loads without it.

use super::by_id;
use crate::protocol::Request;
use js_sys::Array;
use leptos::prelude::{RwSignal, Set, set_timeout};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::time::Duration;
use wasm_bindgen::prelude::*;
use web_sys::{Blob, MessageEvent, Worker, WorkerOptions, WorkerType};

/// Called with an answer, or with `None` if the worker failed.
type OnAnswer = Box<dyn Fn(Option<&str>)>;

/// The state of a [`Channel`]. While a request is being answered at most one more waits: the
/// newest.
struct ChannelState {
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
    /// The last file or files given, for the worker that replaces a failed one.
    given: Option<JsValue>,
    /// Messages from before the worker was ready.
    early: VecDeque<JsValue>,
}

#[derive(Default)]
struct Workers {
    /// One for quick answers, and one for slow answers, which delay no others.
    handles: [WorkerHandle; 2],
    channels: Vec<ChannelState>,
    progress: Option<RwSignal<Option<Progress>>>,
}

const QUICK: usize = 0;
const SLOW: usize = 1;

thread_local! {
    static WORKERS: RefCell<Workers> = RefCell::default();
}

/// The progress of reading a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::web) struct Progress {
    /// The read part, in percent.
    pub percent: String,
    /// A sentence for assistive technology. It changes only at the start and the end.
    pub sentence: String,
}

/// A channel of requests. The newest request counts: it replaces one that still waits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::web) struct Channel(usize);

impl Channel {
    /// A new channel for quick answers.
    pub(in crate::web) fn new(on_answer: impl Fn(Option<&str>) + 'static) -> Channel {
        Channel::at(QUICK, Box::new(on_answer))
    }

    /// A new channel for slow answers, which need no file.
    pub(in crate::web) fn slow(on_answer: impl Fn(Option<&str>) + 'static) -> Channel {
        Channel::at(SLOW, Box::new(on_answer))
    }

    fn at(worker: usize, on_answer: OnAnswer) -> Channel {
        WORKERS.with_borrow_mut(|workers| {
            workers.channels.push(ChannelState { worker, on_answer, is_asked: false, waiting: None });
            Channel(workers.channels.len() - 1)
        })
    }

    /// Sends a request, or keeps it until the present one is answered.
    pub(in crate::web) fn ask(self, request: &Request) {
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
    pub(in crate::web) fn withdraw(self) {
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

/// Keeps `progress` up to date with the file that is being read; `None` if none is.
pub(in crate::web) fn follow_progress(progress: RwSignal<Option<Progress>>) {
    WORKERS.with_borrow_mut(|workers| workers.progress = Some(progress));
}

fn report_progress(text: &str) {
    let now = text
        .split_once('\n')
        .map(|(percent, sentence)| Progress { percent: percent.to_string(), sentence: sentence.to_string() });
    if let Some(progress) = WORKERS.with_borrow(|workers| workers.progress) {
        progress.set(now);
    }
}

/// Gives the worker files for the requests that follow. The page itself never reads them.
pub(in crate::web) fn give<'a>(files: impl IntoIterator<Item = &'a Blob>) {
    let files = JsValue::from(files.into_iter().collect::<Array>());
    WORKERS.with_borrow_mut(|workers| {
        let handle = &mut workers.handles[QUICK];
        handle.send(QUICK, files.clone());
        handle.given = Some(files);
    });
}

impl WorkerHandle {
    fn send(&mut self, index: usize, message: JsValue) {
        if self.worker.is_none() {
            self.start(index);
            self.early.extend(self.given.clone());
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
            // In a later task, because the caller still borrows the workers.
            return set_timeout(move || on_failure(index), Duration::ZERO);
        };
        let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            on_message(index, &event.data().as_string().unwrap_or_default());
        });
        worker.set_onmessage(Some(on_message.into_js_value().unchecked_ref()));
        let on_error = Closure::<dyn Fn()>::new(move || on_failure(index));
        worker.set_onerror(Some(on_error.into_js_value().unchecked_ref()));
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
        return report_progress(answer);
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
        Channel(number).ask_text(next);
    }
}

/// Ends a failed worker. Its open requests are answered with `None`, and the next request starts
/// another worker.
fn on_failure(index: usize) {
    let open: Vec<usize> = WORKERS.with_borrow_mut(|workers| {
        // The next worker gets the given file, but none of the messages.
        let given = workers.handles[index].given.take();
        let failed = std::mem::replace(&mut workers.handles[index], WorkerHandle { given, ..WorkerHandle::default() });
        if let Some(worker) = failed.worker {
            worker.terminate();
        }
        let is_open = |channel: &ChannelState| channel.is_asked && channel.worker == index;
        let channels = workers.channels.iter_mut().enumerate().filter(|(_, channel)| is_open(channel));
        channels
            .map(|(number, channel)| {
                (channel.is_asked, channel.waiting) = (false, None);
                number
            })
            .collect()
    });
    if index == QUICK {
        report_progress("");
    }
    WORKERS.with_borrow(|workers| open.iter().for_each(|number| (workers.channels[*number].on_answer)(None)));
}
