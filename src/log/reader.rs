//! The reader of a log: the measured sizes of each rank, the stated configuration, and every line
//! about memory in order.

use super::events::{Event, EventKind};
use super::rank_reading::RankReading;
use super::ranks::{Tracks, stage};
use super::scan::{Scan, plain};
use super::split::{Message, mentions_memory, messages};
use crate::text::shortened;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// The length in bytes at which lines are truncated. Log lines are shorter.
const LONGEST_LINE: usize = 1 << 16;
/// Characters of a line that the timeline and the list of unread lines show, at most.
const LONGEST_TEXT: usize = 240;
/// The largest number of lines in the timeline.
const MOST_ENTRIES: usize = 4096;
/// The largest number of unrecognised lines that are listed.
const MOST_UNREAD: usize = 100;

/// A line of the timeline.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The line of the log, from 1.
    pub line: u64,
    /// The index of the rank that wrote it.
    pub rank: Option<usize>,
    /// The parsed event.
    pub event: Event,
    /// The message without colour codes and tags. It is untrusted text of the file, to be shown
    /// only as text.
    pub text: String,
}

/// A setting that the log states.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LoggedSetting {
    /// The link key.
    pub key: &'static str,
    /// The value, formatted as in a link.
    pub value: String,
    /// The line that states it.
    pub line: u64,
}

/// An unrecognised line that mentions memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unread {
    /// The line of the log, from 1.
    pub line: u64,
    /// The text, truncated.
    pub text: String,
}

/// The contents of a log.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LogReading {
    /// The ranks; the engines, if one process has several.
    pub ranks: Vec<RankReading>,
    /// The settings, each with its last value in the log.
    pub configuration: Vec<LoggedSetting>,
    /// The recognised lines, in order.
    pub timeline: Vec<Entry>,
    /// The first of the unrecognised lines that mention memory.
    pub unread: Vec<Unread>,
    /// The number of such lines.
    pub unread_count: u64,
    /// The number of lines.
    pub lines: u64,
    /// The number of ranks that the log states.
    pub stated_ranks: Option<u64>,
    /// The number of layers that a line states.
    pub layers: Option<u32>,
    /// The number of sequences for which the runtime has slots.
    pub sequences: Option<u64>,
}

impl LogReading {
    /// Whether no line was recognised.
    pub fn is_empty(&self) -> bool {
        self.timeline.is_empty()
    }

    /// The value of a setting; `None` if the log does not state it.
    pub fn setting(&self, key: &str) -> Option<&str> {
        self.configuration.iter().find(|setting| setting.key == key).map(|setting| setting.value.as_str())
    }

    /// Whether the log is of the PyTorch backend.
    pub fn is_pytorch(&self) -> bool {
        self.setting("backend") == Some("pytorch")
    }
}

/// A reader of a log in pieces.
///
/// ```
/// use trtllm_memory::log::LogReader;
/// use trtllm_memory::memory::Contributor;
/// let mut reader = LogReader::default();
/// reader.feed(b"[TensorRT-LLM][INFO] [MemUsageChange] Allocated 1134.01 MiB for execu");
/// reader.feed(b"tion context memory.\n");
/// let reading = reader.finish();
/// let context = reading.ranks[0].size(Contributor::Activations).unwrap();
/// assert_eq!(context.bytes.mib().round(), 1134.0);
/// ```
#[derive(Debug, Default)]
pub struct LogReader {
    tracks: Tracks,
    reading: LogReading,
    /// The start of an incomplete line.
    pending: Vec<u8>,
}

impl LogReader {
    /// Reads the next bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            self.append(&rest[..end]);
            // A carriage return redraws a line, as progress bars do. Only a line feed ends the
            // line.
            let ends = rest[end] == b'\n';
            let line = std::mem::take(&mut self.pending);
            self.line(&line);
            self.reading.lines += u64::from(ends);
            self.pending = line;
            self.pending.clear();
            rest = &rest[end + 1..];
        }
        self.append(rest);
    }

    fn append(&mut self, bytes: &[u8]) {
        let room = LONGEST_LINE.saturating_sub(self.pending.len());
        self.pending.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn line(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let text = String::from_utf8_lossy(bytes);
        let text = plain(&text);
        for message in messages(&text) {
            self.message(message);
        }
    }

    fn message(&mut self, message: Message) {
        let line = self.reading.lines + 1;
        let Some(event) = message.event else {
            if mentions_memory(message.text) {
                self.reading.unread_count += 1;
                if self.reading.unread.len() < MOST_UNREAD {
                    self.reading.unread.push(Unread { line, text: shortened(message.text, LONGEST_TEXT) });
                }
            } else {
                self.find_model(message.text, line);
            }
            return;
        };
        for (key, value) in &event.settings {
            self.set(key, value.clone(), line);
        }
        self.record(&event);
        let rank = event.rank.or(message.rank);
        let measures =
            stage(event.kind).is_some() || event.kind.contributor().is_some() || event.kind == EventKind::TorchPeak;
        let at =
            if measures && event.kind != EventKind::OutOfMemory { self.tracks.assign(event.kind, rank) } else { None };
        if let Some(track) = at.and_then(|at| self.tracks.ranks.get_mut(at)) {
            track.stated |= rank.is_some();
            track.add(&event);
        }
        if self.reading.timeline.len() < MOST_ENTRIES {
            self.reading.timeline.push(Entry { line, rank: at, event, text: shortened(message.text, LONGEST_TEXT) });
        }
    }

    /// Records figures of the whole log.
    fn record(&mut self, event: &Event) {
        match event.kind {
            EventKind::Ranks => {
                let most = event.count.or(event.rank.map(|rank| rank.saturating_add(1)));
                self.reading.stated_ranks = self.reading.stated_ranks.max(most.filter(|ranks| *ranks <= 1024));
                self.tracks.stated = self.reading.stated_ranks;
            }
            EventKind::TorchInside | EventKind::TorchPeak | EventKind::TorchCheckpoint => self.pytorch(),
            EventKind::Setting => {
                if event.settings.iter().any(|(key, value)| *key == "backend" && value == "pytorch") {
                    self.pytorch();
                }
                if let Some((_, ranks)) = event.settings.iter().find(|(key, _)| *key == "tp_size") {
                    self.tracks.stated = self.tracks.stated.max(ranks.parse().ok().filter(|ranks| *ranks <= 1024));
                }
                self.reading.layers =
                    event.fact("layers").filter(|n| *n < 257.0).map(|n| n as u32).or(self.reading.layers);
                self.reading.sequences = event.fact("sequences").map(|n| n as u64).or(self.reading.sequences);
            }
            _ => {}
        }
    }

    fn pytorch(&mut self) {
        self.tracks.pytorch = true;
        let line = self.reading.lines + 1;
        self.set("backend", "pytorch".into(), line);
    }

    fn set(&mut self, key: &'static str, value: String, line: u64) {
        match self.reading.configuration.iter_mut().find(|setting| setting.key == key) {
            Some(setting) => (setting.value, setting.line) = (value, line),
            None => self.reading.configuration.push(LoggedSetting { key, value, line }),
        }
    }

    /// Looks for the model's name in an otherwise irrelevant line: a checkpoint's path, or a served
    /// name.
    fn find_model(&mut self, text: &str, line: u64) {
        if !text.as_bytes().contains(&b'/') || self.reading.setting("model").is_some() {
            return;
        }
        let path = ["Serving model:", "Found ", "Loading model from ", "prefetching "]
            .iter()
            .find_map(|word| Scan(text).after(word));
        if let Some(path) = path {
            let name = path.word();
            if name.contains('/') && name.len() < 256 {
                self.set("model", name.to_string(), line);
            }
        }
    }

    /// Ends reading and returns the contents of the log.
    pub fn finish(mut self) -> LogReading {
        let line = std::mem::take(&mut self.pending);
        if !line.is_empty() {
            self.line(&line);
            self.reading.lines += 1;
        }
        for rank in &mut self.tracks.ranks {
            rank.complete();
        }
        let mut reading = self.reading;
        reading.ranks = self.tracks.ranks;
        number(&mut reading.ranks);
        reading
    }
}

/// Numbers the ranks that no line names. Rank 0 often has the least free memory, because the
/// processes of other ranks have contexts on its GPU.
fn number(ranks: &mut [RankReading]) {
    const MARGIN: u64 = 100 << 20;
    let taken: Vec<u64> = ranks.iter().filter_map(|rank| rank.rank).collect();
    let mut free = (0..).filter(|number| !taken.contains(number));
    let left = |rank: &RankReading| rank.available.map_or(u64::MAX, |size| size.bytes.0);
    let mut order: Vec<usize> = (0..ranks.len()).filter(|at| ranks[*at].rank.is_none()).collect();
    let least = order.iter().copied().min_by_key(|at| left(&ranks[*at]));
    if let Some(least) = least
        && order.iter().all(|at| *at == least || left(&ranks[*at]) > left(&ranks[least]).saturating_add(MARGIN))
    {
        order.retain(|at| *at != least);
        order.insert(0, least);
    }
    for at in order {
        ranks[at].rank = free.next();
    }
}

/// Reads a whole log.
pub fn read(bytes: &[u8]) -> LogReading {
    let mut reader = LogReader::default();
    reader.feed(bytes);
    reader.finish()
}

/// As an object, without redundant fields of the event.
impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("line", &self.line)?;
        map.serialize_entry("rank", &self.rank)?;
        map.serialize_entry("kind", &self.event.kind)?;
        map.serialize_entry("bytes", &self.event.size)?;
        map.serialize_entry("count", &self.event.count)?;
        map.serialize_entry("text", &self.text)?;
        map.end()
    }
}
