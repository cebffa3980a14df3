//! The file or text that the reader gave, read in pieces and parsed once.

use crate::import::together::{self, NamedBytes};
use crate::import::{model_file, safetensors};
use crate::log::{self, LogReader, LogReading};
use crate::panels::Subject;
use crate::text::capitalized;
use crate::units::{Units, grouped};
use std::borrow::Cow;
use std::cell::OnceCell;
use std::ops::Range;

/// Bytes of a file that are read at once.
const PIECE: u64 = 4 << 20;
/// Bytes that are examined to tell a text from a binary file.
const BEGINNING: usize = 4096;
/// The most bytes of a model's file: those of a safetensors header. Other kinds are shorter.
const LONGEST: u64 = safetensors::MAX_HEADER_LEN;

/// The log of TensorRT-LLM's documentation: Llama 2 7B in FP8 on an H100
/// (`docs/source/reference/memory.md`).
const EXAMPLE: &str = "\
[TensorRT-LLM][INFO] Loaded engine size: 6695 MiB
[TensorRT-LLM][INFO] [MemUsageChange] Allocated 1134.01 MiB for execution context memory.
[TensorRT-LLM][INFO] [MemUsageChange] TensorRT-managed allocation in IExecutionContext creation: \
CPU +0, GPU +0, now: CPU 0, GPU 6678 (MiB)
[TensorRT-LLM][INFO] [MemUsageChange] Allocated 43.29 MB GPU memory for runtime buffers.
[TensorRT-LLM][INFO] [MemUsageChange] Allocated 180.30 MB GPU memory for decoder.
[TensorRT-LLM][INFO] Memory usage when calculating max tokens in paged kv cache: total: 79.10 GiB, available: 70.48 GiB
[TensorRT-LLM][INFO] Number of blocks in KV cache primary pool: 4060
[TensorRT-LLM][INFO] Number of blocks in KV cache secondary pool: 0, onboard blocks to primary memory before reuse: true
[TensorRT-LLM][INFO] Max KV cache pages per sequence: 32
[TensorRT-LLM][INFO] Number of tokens per block: 64.
[TensorRT-LLM][INFO] [MemUsageChange] Allocated 63.44 GiB for max tokens in paged KV cache (259840).
";

/// The file or text that the reader gave. It is parsed when it is made. A log is analyzed at most
/// once for each of the [`Units`]. A request that only unfolds a part repeats neither. The default
/// is blank: nothing was given.
#[derive(Debug, Default)]
pub struct Given {
    content: Parsed,
    /// The analysis of a log, for each of the units.
    analyzed: [OnceCell<Subject>; Units::ALL.len()],
}

#[derive(Debug, Default)]
enum Parsed {
    /// Only white space.
    #[default]
    Blank,
    /// A model's file, or the reason why it cannot be read.
    Subject(Subject),
    /// A log before its analysis.
    Log(LogReading),
}

impl From<Parsed> for Given {
    fn from(content: Parsed) -> Given {
        Given { content, analyzed: Default::default() }
    }
}

impl Given {
    /// Parses a text or file in memory. The name of a file may name its model; a text has no name.
    pub fn of(name: &str, bytes: &[u8]) -> Given {
        let mut reader = GivenReader::new(name, bytes.len() as u64);
        while let Some(piece) = reader.next_piece() {
            reader.feed(&bytes[piece.start as usize..piece.end as usize]);
        }
        reader.finish()
    }

    /// Parses several files in memory, with their names, as those of one model.
    pub fn of_files(files: &[(&str, &[u8])]) -> Given {
        let sizes = files.iter().map(|(name, bytes)| ((*name).to_string(), bytes.len() as u64));
        let mut reader = GivenReader::of_files(sizes.collect());
        while let Some(piece) = reader.next_piece() {
            let bytes = files.get(reader.file()).map_or(&[][..], |(_, bytes)| bytes);
            reader.feed(&bytes[piece.start as usize..piece.end as usize]);
        }
        reader.finish()
    }

    /// A file that cannot be read. The reason is a sentence.
    pub fn unreadable(reason: &str) -> Given {
        Parsed::Subject(Subject::Unreadable(reason.into())).into()
    }

    /// The log of TensorRT-LLM's documentation.
    pub fn example() -> Given {
        Given::of("", EXAMPLE.as_bytes())
    }

    /// The subject of the panel, with the sizes of its texts in `units`; `None` if it is blank.
    pub fn subject(&self, units: Units) -> Option<&Subject> {
        match &self.content {
            Parsed::Blank => None,
            Parsed::Subject(subject) => Some(subject),
            Parsed::Log(reading) => Some(self.analyzed[units as usize].get_or_init(|| analyzed(reading, units))),
        }
    }
}

/// The analysis of a log. A log without any of TensorRT-LLM's lines is unreadable.
fn analyzed(reading: &LogReading, units: Units) -> Subject {
    if !reading.is_empty() {
        return Subject::Log(Box::new(log::explain_in(reading.clone(), units)));
    }
    let none = match reading.lines {
        0 | 1 => "Its line isn't one".to_string(),
        lines => format!("None of its {} lines is one", grouped(lines)),
    };
    Subject::Unreadable(format!(
        "{none} that TensorRT-LLM writes about memory or settings, and it doesn't begin with {{ as a model's file does."
    ))
}

/// Whether the first bytes are those of a safetensors header.
fn is_tensors(bytes: &[u8]) -> bool {
    safetensors::header_len(bytes).is_some()
}

/// Reads a file of any length in pieces. Memory is bounded: a log is parsed piece by piece, and
/// bytes are kept only of files up to `LONGEST`.
///
/// ```
/// use trtllm_memory::worker::{GivenReader, answer_text};
/// let log = b"[TensorRT-LLM][INFO] Loaded engine size: 6695 MiB\n";
/// let mut reader = GivenReader::new("build.log", log.len() as u64);
/// while let Some(piece) = reader.next_piece() {
///     reader.feed(&log[piece.start as usize..piece.end as usize]);
/// }
/// let html = answer_text("panel=file", &reader.finish());
/// assert!(html.contains("6,695 MiB"));
/// ```
#[derive(Debug)]
pub struct GivenReader {
    /// The name and the size in bytes of each file.
    files: Vec<(String, u64)>,
    /// The files that were read.
    done: Vec<Content>,
    /// The bytes read so far of the current file.
    read: u64,
    /// The number of bytes to read of it.
    end: u64,
    content: Content,
}

/// The content of a file, as its beginning shows it.
#[derive(Debug)]
enum Content {
    /// Not known yet.
    Unread,
    Bytes(Vec<u8>),
    Log(Box<LogReader>),
    /// A JSON object beyond [`LONGEST`]: too long for a model's file, but perhaps a log of JSON
    /// lines.
    LongObject(Box<LogReader>),
}

impl GivenReader {
    /// Returns a reader of a file of `size` bytes. Its name may name the model.
    pub fn new(name: &str, size: u64) -> GivenReader {
        GivenReader::of_files(vec![(name.into(), size)])
    }

    /// Returns a reader of several files, each with its name and its size in bytes. The files of a
    /// model are read together.
    pub fn of_files(files: Vec<(String, u64)>) -> GivenReader {
        let end = files.first().map_or(0, |(_, size)| *size);
        let mut reader = GivenReader { files, done: Vec::new(), read: 0, end, content: Content::Unread };
        reader.pass();
        reader
    }

    /// Whether nothing was read yet.
    pub fn is_at_start(&self) -> bool {
        self.read == 0 && self.done.iter().all(|content| matches!(content, Content::Unread))
    }

    /// The place of the file that the next piece belongs to.
    pub fn file(&self) -> usize {
        self.done.len()
    }

    /// The bytes to read next of [`GivenReader::file`]; `None` at the end of the last file.
    pub fn next_piece(&self) -> Option<Range<u64>> {
        (self.read < self.end).then(|| self.read..self.end.min(self.read.saturating_add(PIECE)))
    }

    /// Takes the bytes of [`GivenReader::next_piece`]; if there are none, the file ends here.
    pub fn feed(&mut self, bytes: &[u8]) {
        if let Content::Unread = self.content {
            let size = self.files.get(self.done.len()).map_or(0, |(_, size)| *size);
            (self.content, self.end) = content(bytes, size);
        }
        let wanted = self.next_piece().map_or(0, |piece| piece.end - piece.start);
        let bytes = &bytes[..bytes.len().min(wanted as usize)];
        self.read += bytes.len() as u64;
        if bytes.is_empty() {
            self.end = self.read;
        }
        match &mut self.content {
            Content::Unread => {}
            Content::Bytes(kept) => kept.extend_from_slice(bytes),
            Content::Log(log) | Content::LongObject(log) => log.feed(bytes),
        }
        self.pass();
    }

    /// Passes to the next file that has bytes, if the current one was read.
    fn pass(&mut self) {
        while self.read >= self.end && self.done.len() + 1 < self.files.len() {
            self.done.push(std::mem::replace(&mut self.content, Content::Unread));
            self.read = 0;
            self.end = self.files.get(self.done.len()).map_or(0, |(_, size)| *size);
        }
    }

    /// The progress of reading: the percentage, a line end, and a sentence.
    pub fn progress(&self) -> String {
        let percent = self.read.saturating_mul(100) / self.end.max(1);
        match self.next_piece() {
            Some(_) => format!("{percent}\nReading {} MB.", megabytes(self.end)),
            None => format!("{percent}\nAll {} MB were read.", megabytes(self.read)),
        }
    }

    /// Parses the file, as far as it was read. Several files are parsed together.
    pub fn finish(mut self) -> Given {
        self.done.push(self.content);
        let names = self.files.iter().map(|(name, _)| name.as_str());
        if self.done.len() > 1 {
            return together(names.zip(self.done).collect()).into();
        }
        let (name, size) = self.files.first().map_or(("", 0), |(name, size)| (name.as_str(), *size));
        let parsed = match self.done.pop().unwrap_or(Content::Unread) {
            Content::Unread => Parsed::Blank,
            Content::Bytes(bytes) => parse(&bytes, name),
            Content::Log(log) => Parsed::Log(log.finish()),
            Content::LongObject(log) => match log.finish() {
                reading if reading.is_empty() => Parsed::Subject(Subject::Unreadable(too_long(size))),
                reading => Parsed::Log(reading),
            },
        };
        parsed.into()
    }
}

/// Parses several files as those of one model. Without a model's file, the only log among them
/// counts.
fn together(files: Vec<(&str, Content)>) -> Parsed {
    let mut models: Vec<(&str, Vec<u8>)> = Vec::new();
    let mut others: Vec<(&str, LogReading)> = Vec::new();
    for (name, content) in files {
        match content {
            Content::Bytes(bytes) if is_binary(&bytes) && !is_tensors(&bytes) => {}
            Content::Bytes(bytes) => models.push((name, with_length(&bytes).into_owned())),
            Content::Log(log) | Content::LongObject(log) => others.push((name, log.finish())),
            Content::Unread => {}
        }
    }
    if models.is_empty() {
        let logs = others.iter().filter(|(_, log)| !log.is_empty()).count();
        return match others.into_iter().find(|(_, log)| !log.is_empty()) {
            Some((_, log)) if logs == 1 => Parsed::Log(log),
            Some((name, _)) => Parsed::Subject(Subject::Unreadable(format!(
                "{logs} of these files are logs. A log is read alone: give {name} or another one."
            ))),
            None => Parsed::Subject(Subject::Unreadable("None of these files is a model's file or a log.".into())),
        };
    }
    let parts: Vec<NamedBytes> = models.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
    Parsed::Subject(match together::read(&parts) {
        Ok(file) => Subject::Model(Box::new(file)),
        Err(error) => Subject::Unreadable(capitalized(&error.to_string())),
    })
}

/// Parses a model's file, or a log of JSON lines, which begins as a model's file does.
fn parse(bytes: &[u8], name: &str) -> Parsed {
    if bytes.trim_ascii().is_empty() {
        return Parsed::Blank;
    }
    if !is_tensors(bytes) && is_binary(bytes) {
        return Parsed::Subject(Subject::Unreadable("It is binary: neither text nor a safetensors file.".into()));
    }
    let error = match model_file::read(&with_length(bytes), name) {
        Ok(file) => return Parsed::Subject(Subject::Model(Box::new(file))),
        Err(error) => error,
    };
    match is_object(bytes).then(|| log::read(bytes)) {
        Some(reading) if !reading.is_empty() => Parsed::Log(reading),
        _ => Parsed::Subject(Subject::Unreadable(capitalized(&error.to_string()))),
    }
}

/// The kind of content that the first bytes show, and the number of bytes to read.
fn content(bytes: &[u8], size: u64) -> (Content, u64) {
    if is_tensors(bytes) {
        let length = bytes.first_chunk::<8>().map_or(0, |length| u64::from_le_bytes(*length));
        return (Content::Bytes(Vec::new()), size.min(8 + length));
    }
    if is_binary(bytes) {
        return (Content::Bytes(Vec::new()), size.min(BEGINNING as u64));
    }
    let content = match (is_object(bytes) || bytes.trim_ascii().is_empty(), size <= LONGEST) {
        (true, true) => Content::Bytes(Vec::new()),
        (true, false) => Content::LongObject(Box::default()),
        (false, _) => Content::Log(Box::default()),
    };
    (content, size)
}

/// Whether a text begins like a JSON object.
fn is_object(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().first() == Some(&b'{')
}

/// Restores the length before a safetensors header that was copied without it.
fn with_length(bytes: &[u8]) -> Cow<'_, [u8]> {
    let text = bytes.trim_ascii_start();
    let is_header = text.first() == Some(&b'{')
        && text.windows(14).take(BEGINNING).any(|window| window == b"\"data_offsets\"")
        && text.len() as u64 <= LONGEST;
    if is_header { [&(text.len() as u64).to_le_bytes(), text].concat().into() } else { bytes.into() }
}

/// Whether the first bytes are not text.
fn is_binary(bytes: &[u8]) -> bool {
    bytes.iter().take(BEGINNING).any(|byte| *byte == 0)
}

fn megabytes(bytes: u64) -> String {
    grouped(bytes / 1_000_000)
}

fn too_long(size: u64) -> String {
    format!(
        "It begins with {{ as a model's file does, but it has {} MB. \
         No config.json, safetensors header or index has more than {} MB.",
        megabytes(size),
        megabytes(LONGEST)
    )
}

#[cfg(test)]
mod tests;
