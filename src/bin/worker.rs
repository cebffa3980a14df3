//! The worker behind the page: connects [`trtllm_memory::worker`] to the browser.
//!
//! The page sends a list of files that belong together, a question, or a withdrawal. A question is
//! a number, a line end and the text of a [`Request`]. A withdrawal is the number alone. The worker
//! sends the number and the answer. While it reads a file it sends `progress`, the percentage and a
//! sentence.

use js_sys::Array;
use std::cell::RefCell;
use trtllm_memory::protocol::Request;
use trtllm_memory::worker::{Given, GivenReader, answer, answer_text};
use wasm_bindgen::prelude::*;
use web_sys::{Blob, DedicatedWorkerGlobalScope, File, FileReaderSync, MessageEvent};

/// The answer about a file that the browser can no longer read.
const GONE: &str = "The browser could not read it: it was changed or removed after it was chosen.";

/// The files that were given last. They are read when a question needs them, in pieces. Each piece
/// has a task of its own, so that the worker takes newer files and answers other questions in
/// between.
#[derive(Default)]
struct Worker {
    files: Vec<Blob>,
    /// The content of the files, once they were read; blank until then.
    given: Given,
    is_read: bool,
    /// The files while they are being read.
    reader: Option<GivenReader>,
    /// The number and the request of the question that waits for the file.
    waiting: Option<(String, Request)>,
    /// Whether a task that reads the next piece is due.
    is_due: bool,
}

thread_local! {
    static WORKER: RefCell<Worker> = RefCell::default();
    static SCOPE: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    static READ_ON: js_sys::Function =
        Closure::<dyn Fn()>::new(|| WORKER.with_borrow_mut(Worker::read_on)).into_js_value().unchecked_into();
}

fn main() {
    let on_message = Closure::<dyn Fn(MessageEvent)>::new(|event: MessageEvent| {
        let message = event.data();
        WORKER.with_borrow_mut(|worker| match message.dyn_ref::<Array>() {
            Some(files) => worker.set_files(files.iter().filter_map(|file| file.dyn_into::<Blob>().ok()).collect()),
            None => worker.on_text(&message.as_string().unwrap_or_default()),
        });
    });
    SCOPE.with(|scope| scope.set_onmessage(Some(on_message.into_js_value().unchecked_ref())));
    // The page keeps its messages until this one.
    send("ready");
}

fn send(message: &str) {
    let _ = SCOPE.with(|scope| scope.post_message(&JsValue::from_str(message)));
}

impl Worker {
    /// Takes files in place of those before. They are read once a question needs them.
    fn set_files(&mut self, files: Vec<Blob>) {
        self.stop();
        send("progress\n");
        (self.given, self.is_read) = (Given::default(), false);
        self.files = files;
    }

    /// Answers a question, or withdraws one.
    fn on_text(&mut self, message: &str) {
        let Some((number, text)) = message.split_once('\n') else {
            if self.waiting.as_ref().is_some_and(|(number, _)| number == message) {
                self.stop();
                send("progress\n");
            }
            return;
        };
        match text.parse::<Request>() {
            Ok(request) if request.needs_given() && !self.is_read && !self.files.is_empty() => {
                let name = |file: &Blob| file.dyn_ref::<File>().map(File::name).unwrap_or_default();
                let files = self.files.iter().map(|file| (name(file), file.size() as u64));
                self.reader = Some(GivenReader::of_files(files.collect()));
                self.waiting = Some((number.into(), request));
                self.read_piece();
            }
            Ok(request) => reply(number, &answer(&request, &self.given)),
            Err(_) => reply(number, &answer_text(text, &self.given)),
        }
    }

    /// Ends the reading of a file. The question that waits for it is answered as if nothing was
    /// given.
    fn stop(&mut self) {
        self.reader = None;
        if let Some((number, request)) = self.waiting.take() {
            reply(&number, &answer(&request, &Given::default()));
        }
    }

    fn read_on(&mut self) {
        self.is_due = false;
        self.read_piece();
    }

    /// Reads the next piece, and answers after the last one.
    fn read_piece(&mut self) {
        let Some(mut reader) = self.reader.take() else { return };
        let is_first = reader.is_at_start();
        let file = self.files.get(reader.file());
        let given = match reader.next_piece().map(|range| file.and_then(|file| bytes(file, range))) {
            Some(Some(bytes)) => {
                reader.feed(&bytes);
                if reader.next_piece().is_some() {
                    send(&format!("progress\n{}", reader.progress()));
                    self.reader = Some(reader);
                    return self.schedule();
                }
                if !is_first {
                    send(&format!("progress\n{}", reader.progress()));
                }
                reader.finish()
            }
            Some(None) => {
                send("progress\n");
                Given::unreadable(GONE)
            }
            None => reader.finish(),
        };
        if let Some((number, request)) = self.waiting.take() {
            reply(&number, &answer(&request, &given));
        }
        (self.given, self.is_read) = (given, true);
    }

    fn schedule(&mut self) {
        if !std::mem::replace(&mut self.is_due, true) {
            let _ = READ_ON.with(|run| SCOPE.with(|scope| scope.set_timeout_with_callback(run)));
        }
    }
}

fn reply(number: &str, answer: &str) {
    send(&format!("{number}\n{answer}"));
}

/// Bytes of a file; `None` if the browser cannot read them.
fn bytes(file: &Blob, range: std::ops::Range<u64>) -> Option<Vec<u8>> {
    let piece = file.slice_with_f64_and_f64(range.start as f64, range.end as f64).ok()?;
    let buffer = FileReaderSync::new().ok()?.read_as_array_buffer(&piece).ok()?;
    Some(js_sys::Uint8Array::new(&buffer).to_vec())
}
