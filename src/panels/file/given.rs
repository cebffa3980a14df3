//! A file that a person gives, read in pieces. Logs are kept as their reading, other files as
//! bytes.

use crate::import::model_file;
use crate::log::{self, LogReader, LogReading};
use crate::units::grouped;
use std::borrow::Cow;
use std::ops::Range;

/// Bytes of a file that are read at once.
const PIECE: u64 = 4 << 20;
/// Bytes that are examined to tell a text from a binary file.
pub const BEGINNING: usize = 4096;
/// The most bytes of a model's file: the safetensors format's own limit for a header. Other kinds
/// are shorter.
pub const LONGEST: u64 = 100_000_000;

/// A file, read as far as an answer needs it.
#[derive(Debug)]
pub enum Given {
    /// The bytes of what may be a model's file; of a safetensors file, up to the end of its header.
    Bytes(Vec<u8>),
    /// The lines of a log.
    Log(LogReading),
    /// Nothing, and the reason as a sentence.
    Unreadable(String),
}

impl Given {
    /// A text or file that is in memory.
    pub fn of(bytes: &[u8]) -> Given {
        let mut reader = GivenReader::new(bytes.len() as u64);
        while let Some(piece) = reader.next_piece() {
            reader.feed(&bytes[piece.start as usize..piece.end as usize]);
        }
        reader.finish()
    }

    /// Whether it holds nothing to answer about.
    pub fn is_blank(&self) -> bool {
        match self {
            Given::Bytes(bytes) => bytes.trim_ascii().is_empty(),
            Given::Log(_) | Given::Unreadable(_) => false,
        }
    }
}

/// Whether a safetensors header follows, as far as its first bytes say.
pub fn is_tensors(bytes: &[u8]) -> bool {
    bytes
        .split_first_chunk::<8>()
        .is_some_and(|(length, rest)| rest.first() == Some(&b'{') && u64::from_le_bytes(*length) <= LONGEST)
}

/// Reads a file of any length in pieces. Memory is bounded: a log is parsed piece by piece, and
/// bytes are kept only of files up to [`LONGEST`].
///
/// ```
/// use trtllm_memory::panels::GivenReader;
/// let log = b"[TensorRT-LLM][INFO] Loaded engine size: 6695 MiB\n";
/// let mut reader = GivenReader::new(log.len() as u64);
/// while let Some(piece) = reader.next_piece() {
///     reader.feed(&log[piece.start as usize..piece.end as usize]);
/// }
/// let html = trtllm_memory::panels::answer_given("panel=file", &reader.finish());
/// assert!(html.contains("6,695 MiB"));
/// ```
#[derive(Debug)]
pub struct GivenReader {
    /// Bytes of the file.
    size: u64,
    /// Bytes that were read.
    read: u64,
    /// Bytes that are to be read.
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
    /// A reader of a file of `size` bytes.
    pub fn new(size: u64) -> GivenReader {
        GivenReader { size, read: 0, end: size, content: Content::Unread }
    }

    /// Whether nothing was read yet.
    pub fn is_at_start(&self) -> bool {
        self.read == 0
    }

    /// The bytes to read next; `None` at the end.
    pub fn next_piece(&self) -> Option<Range<u64>> {
        (self.read < self.end).then(|| self.read..self.end.min(self.read.saturating_add(PIECE)))
    }

    /// Takes the bytes of [`GivenReader::next_piece`]; if there are none, the file ends here.
    pub fn feed(&mut self, bytes: &[u8]) {
        if let Content::Unread = self.content {
            (self.content, self.end) = content(bytes, self.size);
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
    }

    /// How much of the file was read: the percentage, a line end, and a sentence.
    pub fn progress(&self) -> String {
        let percent = self.read.saturating_mul(100) / self.end.max(1);
        match self.next_piece() {
            Some(_) => format!("{percent}\nReading {} MB.", megabytes(self.end)),
            None => format!("{percent}\nAll {} MB were read.", megabytes(self.read)),
        }
    }

    /// The file as far as it was read.
    pub fn finish(self) -> Given {
        match self.content {
            Content::Unread => Given::Bytes(Vec::new()),
            Content::Bytes(bytes) => of_bytes(bytes),
            Content::Log(log) => Given::Log(log.finish()),
            Content::LongObject(log) => match log.finish() {
                reading if reading.is_empty() => Given::Unreadable(too_long(self.size)),
                reading => Given::Log(reading),
            },
        }
    }
}

/// A model's file as its bytes, or a log of JSON lines, which begins like a model's file, as its
/// reading.
fn of_bytes(bytes: Vec<u8>) -> Given {
    let is_log = is_object(&bytes) && model_file::read(&with_length(&bytes), "").is_err();
    match is_log.then(|| log::read(&bytes)) {
        Some(reading) if !reading.is_empty() => Given::Log(reading),
        _ => Given::Bytes(bytes),
    }
}

/// What a file holds by its first bytes, and how many of its bytes are to be read.
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

/// Whether a text begins as an object of JSON does.
pub fn is_object(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().first() == Some(&b'{')
}

/// A safetensors header that was copied without the length before it gets that back.
pub fn with_length(bytes: &[u8]) -> Cow<'_, [u8]> {
    let text = bytes.trim_ascii_start();
    let is_header = text.first() == Some(&b'{')
        && text.windows(14).take(BEGINNING).any(|window| window == b"\"data_offsets\"")
        && text.len() as u64 <= LONGEST;
    if is_header { [&(text.len() as u64).to_le_bytes(), text].concat().into() } else { bytes.into() }
}

/// Whether these first bytes are no text.
pub fn is_binary(bytes: &[u8]) -> bool {
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
