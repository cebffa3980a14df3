//! A log as it is read: per rank what was measured, what the log says of the configuration, and every memory line in order.

use super::events::{Event, EventKind};
use super::ranks::{Tracks, stage};
use super::scan::{Scan, Size, plain};
use super::split::{Message, messages, speaks_of_memory};
use crate::memory::Contributor;
use crate::text::shortened;
use crate::units::Bytes;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// Longer lines are cut, in bytes: they are no log lines.
const LONGEST_LINE: usize = 1 << 16;
/// Characters of a line that the timeline and the list of unread lines show, at most.
const LONGEST_TEXT: usize = 240;
/// Most lines in the timeline, and most that are listed as not understood.
const MOST_ENTRIES: usize = 4096;
const MOST_UNREAD: usize = 100;

/// What a rank's lines say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RankReading {
    /// Its number, where a line says it.
    pub rank: Option<u64>,
    /// Whether a line said the number; else it was put in by order.
    pub stated: bool,
    /// Sizes, in the order of [`Contributor::ALL`], and the lines that they come from.
    pub measured: [Option<(Size, EventKind)>; 6],
    /// The engine file.
    pub engine_file: Option<Size>,
    /// Total memory of the GPU.
    pub total: Option<Size>,
    /// Memory left when the KV cache is sized.
    pub available: Option<Size>,
    /// Blocks of the KV cache.
    pub blocks: Option<u64>,
    /// Tokens of a block.
    pub tokens_per_block: Option<u64>,
    /// Tokens of the KV cache.
    pub tokens: Option<u64>,
    /// Blocks of the longest sequence.
    pub pages_per_sequence: Option<u64>,
    /// PyTorch backend: peak of the profiling run.
    pub peak: Option<Size>,
    /// PyTorch backend: the KV cache that stood while the peak was measured.
    pub temporary_kv_cache: Option<Size>,
    /// PyTorch backend: outside torch after warm-up.
    pub outside_torch: Option<Size>,
    /// PyTorch backend: bytes of a token in the KV cache.
    pub kv_bytes_per_token: Option<f64>,
}

impl RankReading {
    /// The measured size of a contributor.
    pub fn size(&self, contributor: Contributor) -> Option<Size> {
        self.measured[contributor as usize].map(|(size, _)| size)
    }

    /// Bytes of a token in the KV cache: printed, or the pool's size over its tokens, with half its rounding.
    pub fn bytes_per_token(&self) -> Option<(f64, f64)> {
        if let Some(bytes) = self.kv_bytes_per_token {
            return Some((bytes, 0.0));
        }
        let (size, tokens) = (self.size(Contributor::KvCache)?, self.tokens.filter(|tokens| *tokens > 0)?);
        Some((size.bytes.0 as f64 / tokens as f64, size.rounding.0 as f64 / tokens as f64))
    }

    /// PyTorch backend: what lies outside torch at the peak, without the temporary KV cache that the line counts.
    pub fn outside_at_peak(&self) -> Option<Size> {
        let (all, _) =
            self.measured[Contributor::Overhead as usize].filter(|(_, kind)| *kind == EventKind::TorchOutsidePeak)?;
        let temporary = self.temporary_kv_cache.map_or(Bytes::ZERO, |size| size.bytes);
        Some(Size { bytes: all.bytes.saturating_sub(temporary), ..all })
    }

    fn put(&mut self, kind: EventKind, size: Size) {
        let Some(contributor) = kind.contributor() else { return };
        let worth = |kind: EventKind| match kind {
            EventKind::EngineOnGpu | EventKind::ExecutionContext | EventKind::TorchInside => 3,
            EventKind::AllEnginesOnGpu => 2,
            EventKind::BuilderWeights | EventKind::BuilderActivations | EventKind::TorchOutsidePeak => 1,
            _ => 0,
        };
        let known = &mut self.measured[contributor as usize];
        if known.is_none_or(|(_, before)| worth(kind) >= worth(before)) {
            *known = Some((size, kind));
        }
    }

    fn take(&mut self, event: &Event) {
        match event.kind {
            EventKind::EngineFile => self.engine_file = event.size,
            EventKind::FreeMemory => (self.available, self.total) = (event.size, event.other.or(self.total)),
            EventKind::PrimaryBlocks => self.blocks = event.count,
            EventKind::TokensPerBlock => self.tokens_per_block = event.count,
            EventKind::KvTokens => {
                self.tokens = event.count;
                self.pages_per_sequence = event.fact("pages").map(|pages| pages as u64).or(self.pages_per_sequence);
            }
            EventKind::KvCache => self.tokens = event.count.or(self.tokens),
            EventKind::PagesPerSequence => {
                self.pages_per_sequence = event.count;
                self.tokens_per_block = event.fact("tokens_per_block").map(|n| n as u64).or(self.tokens_per_block);
                self.blocks = event.fact("primary").map(|n| n as u64).or(self.blocks);
            }
            EventKind::TorchPeak => {
                self.peak = event.size;
                self.total = event.other.or(self.total);
                self.kv_bytes_per_token = event.fact("per_token");
                self.temporary_kv_cache = event.fact("temporary").map(|bytes| Size::exact(bytes as u64));
                self.available = event.fact("available").map(|bytes| Size::exact(bytes as u64));
            }
            EventKind::TorchOutside => self.outside_torch = event.size,
            _ => {}
        }
        if event.kind == EventKind::LibraryInit {
            return;
        }
        if let Some(size) = event.size {
            self.put(event.kind, size);
        }
    }

    /// What follows from the lines of this rank together.
    fn settle(&mut self) {
        // The line counts all engines of the process.
        if let (Some((all, EventKind::AllEnginesOnGpu)), Some(own)) = (self.measured[0], self.engine_file)
            && all.bytes.0 as f64 > own.bytes.0 as f64 * 1.05
        {
            self.measured[0] = Some((own, EventKind::EngineFile));
        }
        if let (Some(tokens), Some(block)) = (self.tokens, self.tokens_per_block.filter(|block| *block > 0)) {
            let blocks = tokens / block;
            self.blocks = Some(blocks).filter(|_| tokens.is_multiple_of(block)).or(self.blocks);
        } else if let (Some(tokens), Some(blocks), None) =
            (self.tokens, self.blocks.filter(|n| *n > 0), self.tokens_per_block)
        {
            self.tokens_per_block = Some(tokens / blocks).filter(|_| tokens.is_multiple_of(blocks));
        }
    }
}

/// A line of the timeline.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Line of the log, from 1.
    pub line: u64,
    /// Which of the ranks wrote it, by its place among them.
    pub rank: Option<usize>,
    /// What it says.
    pub event: Event,
    /// The message, without colours and tags. Text of the file, to be shown as text only.
    pub text: String,
}

/// A setting that the log says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// The link key.
    pub key: &'static str,
    /// Its value, as a link writes it.
    pub value: String,
    /// The line that says it.
    pub line: u64,
}

/// A line that speaks of memory and wasn't understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unread {
    /// Line of the log, from 1.
    pub line: u64,
    /// Its text, cut.
    pub text: String,
}

/// A log, read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LogReading {
    /// The ranks, and where a process has several engines, these.
    pub ranks: Vec<RankReading>,
    /// The settings, each with the last value that the log says.
    pub configuration: Vec<Setting>,
    /// Every line that counts, in the order of time.
    pub timeline: Vec<Entry>,
    /// Lines that speak of memory and weren't understood, the first of them.
    pub unread: Vec<Unread>,
    /// How many there are.
    pub unread_count: u64,
    /// Lines of the log.
    pub lines: u64,
    /// Ranks that the log says there are.
    pub stated_ranks: Option<u64>,
    /// Layers that a line says.
    pub layers: Option<u32>,
    /// Sequences that the runtime keeps slots for.
    pub sequences: Option<u64>,
}

impl LogReading {
    /// Whether anything in it is TensorRT-LLM's.
    pub fn is_empty(&self) -> bool {
        self.timeline.is_empty()
    }

    /// What the log says of a setting.
    pub fn setting(&self, key: &str) -> Option<&str> {
        self.configuration.iter().find(|setting| setting.key == key).map(|setting| setting.value.as_str())
    }

    /// Whether the PyTorch backend wrote it.
    pub fn is_torch(&self) -> bool {
        self.setting("backend") == Some("pytorch")
    }
}

/// Reads a log in pieces, as they come.
///
/// ```
/// use trtllm_memory::log::LogReader;
/// use trtllm_memory::memory::Contributor;
/// let mut reader = LogReader::default();
/// reader.feed(b"[TensorRT-LLM][INFO] [MemUsageChange] Allocated 1134.01 MiB for execu");
/// reader.feed(b"tion context memory.\n");
/// let reading = reader.finish();
/// assert_eq!(reading.ranks[0].size(Contributor::Activations).unwrap().bytes.mib().round(), 1134.0);
/// ```
#[derive(Debug, Default)]
pub struct LogReader {
    tracks: Tracks,
    reading: LogReading,
    /// The beginning of a line whose end hasn't come yet.
    pending: Vec<u8>,
}

impl LogReader {
    /// Takes the next bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            self.append(&rest[..end]);
            // A carriage return redraws a line, as progress bars do; only the line feed ends it.
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
            if speaks_of_memory(message.text) {
                self.reading.unread_count += 1;
                if self.reading.unread.len() < MOST_UNREAD {
                    self.reading.unread.push(Unread { line, text: shortened(message.text, LONGEST_TEXT) });
                }
            } else {
                self.name(message.text, line);
            }
            return;
        };
        for (key, value) in &event.settings {
            self.set(key, value.clone(), line);
        }
        self.note(&event);
        let rank = event.rank.or(message.rank);
        let measures =
            stage(event.kind).is_some() || event.kind.contributor().is_some() || event.kind == EventKind::TorchPeak;
        let at = if measures && event.kind != EventKind::OutOfMemory { self.tracks.of(event.kind, rank) } else { None };
        if let Some(track) = at.and_then(|at| self.tracks.ranks.get_mut(at)) {
            track.stated |= rank.is_some();
            track.take(&event);
        }
        if self.reading.timeline.len() < MOST_ENTRIES {
            self.reading.timeline.push(Entry { line, rank: at, event, text: shortened(message.text, LONGEST_TEXT) });
        }
    }

    /// What counts for the whole log.
    fn note(&mut self, event: &Event) {
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
            None => self.reading.configuration.push(Setting { key, value, line }),
        }
    }

    /// A model's name in a line that says nothing else: a path of a checkpoint, a served name.
    fn name(&mut self, text: &str, line: u64) {
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

    /// What the log says as a whole.
    pub fn finish(mut self) -> LogReading {
        let line = std::mem::take(&mut self.pending);
        if !line.is_empty() {
            self.line(&line);
            self.reading.lines += 1;
        }
        for rank in &mut self.tracks.ranks {
            rank.settle();
        }
        let mut reading = self.reading;
        reading.ranks = self.tracks.ranks;
        number(&mut reading.ranks);
        reading
    }
}

/// Numbers the ranks that no line named. Rank 0 often has least memory left, for other ranks' processes have contexts on its GPU.
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

/// As an object: sizes in bytes under the contributors' keys.
impl Serialize for RankReading {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Measured<'a>(&'a RankReading);
        impl Serialize for Measured<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(None)?;
                for contributor in Contributor::ALL {
                    map.serialize_entry(contributor.key(), &self.0.size(contributor))?;
                }
                map.end()
            }
        }
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("rank", &self.rank)?;
        map.serialize_entry("rank_stated", &self.stated)?;
        map.serialize_entry("measured", &Measured(self))?;
        map.serialize_entry("engine_file", &self.engine_file)?;
        map.serialize_entry("total", &self.total)?;
        map.serialize_entry("available", &self.available)?;
        map.serialize_entry("blocks", &self.blocks)?;
        map.serialize_entry("tokens_per_block", &self.tokens_per_block)?;
        map.serialize_entry("tokens", &self.tokens)?;
        map.serialize_entry("pages_per_sequence", &self.pages_per_sequence)?;
        map.serialize_entry("peak", &self.peak)?;
        map.serialize_entry("outside_torch", &self.outside_torch)?;
        map.end()
    }
}

/// As an object, without what stands in the event twice.
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
