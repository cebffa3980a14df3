//! The events in a log: the parser of a message, and the meaning of its figures.

use super::scan::{Scan, Size};
use crate::deployment::{QuantAlgo, Version};
use crate::memory::Contributor;
use crate::units::{GIB, MIB};
use serde::Serialize;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $contributor:expr, $label:literal, $counts:literal;)+) => {
        /// The kind of an event.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum EventKind { $($(#[$doc])* $kind),+ }

        impl EventKind {
            /// The display name.
            pub const fn label(self) -> &'static str {
                match self { $(EventKind::$kind => $label),+ }
            }

            /// The meaning of its figure.
            pub const fn counts(self) -> &'static str {
                match self { $(EventKind::$kind => $counts),+ }
            }

            /// The contributor that it measures; `None` if it measures none.
            pub const fn contributor(self) -> Option<Contributor> {
                match self { $(EventKind::$kind => $contributor),+ }
            }
        }
    };
}

kinds! {
    /// The version.
    Version = None, "Version", "";
    /// The serialized engine.
    EngineFile = Some(Contributor::Weights), "Engine file",
        "the size of the engine file: the weights and a small overhead";
    /// Weights of one engine on the GPU.
    EngineOnGpu = Some(Contributor::Weights), "Weights on the GPU",
        "the engine's weights on the GPU, truncated to whole MiB";
    /// Weights of all engines in the process.
    AllEnginesOnGpu = Some(Contributor::Weights), "Weights on the GPU",
        "the weights of all engines in the process, truncated to whole MiB";
    /// cuBLAS and cuDNN.
    LibraryInit = Some(Contributor::Overhead), "Library handle",
        "memory added by cuBLAS or cuDNN, and all memory in use on the GPU";
    /// Device memory of the execution context.
    ExecutionContext = Some(Contributor::Activations), "Execution context",
        "TensorRT's memory for activations and plugin workspaces, of the largest profile";
    /// The runtime's buffers.
    RuntimeBuffers = Some(Contributor::RuntimeBuffers), "Runtime buffers",
        "requested bytes of inputs, outputs and bookkeeping";
    /// The decoder's buffers.
    DecoderBuffers = Some(Contributor::DecoderBuffers), "Decoder buffers",
        "requested bytes of the sampler's state";
    /// Free memory when the KV cache is sized.
    FreeMemory = None, "Free memory",
        "free memory of CUDA and the memory pool just before the KV cache is allocated";
    /// Blocks of the primary pool.
    PrimaryBlocks = None, "KV cache blocks", "";
    /// Blocks in host memory.
    SecondaryBlocks = None, "KV cache blocks on the host", "";
    /// Blocks per sequence of the longest length.
    PagesPerSequence = None, "Blocks per sequence", "";
    /// Tokens per block.
    TokensPerBlock = None, "Tokens per block", "";
    /// The KV cache.
    KvCache = Some(Contributor::KvCache), "KV cache",
        "the primary pool, without block scales and offset tables";
    /// Tokens of the KV cache, in old versions.
    KvTokens = None, "KV cache tokens", "";
    /// The builder's figure for the weights.
    BuilderWeights = Some(Contributor::Weights), "Weights (builder)",
        "the engine's weights, exact to the byte";
    /// The builder's figure for the activations.
    BuilderActivations = Some(Contributor::Activations), "Activations (builder)",
        "the engine's execution context, exact to the byte";
    /// The largest plugin workspace.
    BuilderScratch = None, "Scratch (builder)",
        "the largest workspace, which is a part of the activations";
    /// Peak usage of the builder.
    BuilderPeak = None, "Peak while building",
        "memory in use while the engine is built, but not while it serves";
    /// Host memory.
    HostMemory = None, "Host memory", "memory of the host, not of a GPU";
    /// Weights in the checkpoint.
    TorchCheckpoint = None, "Checkpoint", "this rank's part of the checkpoint's tensors";
    /// Allocations of torch after loading and warm-up.
    TorchInside = Some(Contributor::Weights), "Inside torch, after warm-up",
        "weights, and the remaining buffers, workspaces and graphs inside torch";
    /// All other memory after loading.
    TorchOutside = Some(Contributor::Overhead), "Outside torch, after warm-up",
        "CUDA context, libraries, communication, graphs, other processes, and the temporary KV cache";
    /// Memory added by a full step.
    TorchDynamic = Some(Contributor::Activations), "Added by a full step",
        "the peak of torch's allocations above those that remain";
    /// All other memory at the peak.
    TorchOutsidePeak = Some(Contributor::Overhead), "Outside torch, at the peak",
        "memory outside torch after a full step";
    /// The peak of the profiling run.
    TorchPeak = None, "Peak of the profiling run",
        "all memory in use at the peak, including the temporary KV cache";
    /// The planned KV cache.
    KvPlanned = None, "Planned KV cache", "free_gpu_memory_fraction of the memory left at the peak";
    /// The limit of torch.
    TorchLimit = None, "Limit for torch", "";
    /// The attention workspace.
    AttentionWorkspace = None, "Attention workspace",
        "a workspace inside torch that grew to this size";
    /// Estimates of trtllm-bench.
    BenchEstimate = None, "Estimate of trtllm-bench", "a heuristic estimate, not a measurement";
    /// All memory in use, as measured by a benchmark.
    PeakUse = None, "Peak usage of the GPU", "all memory in use on the GPU";
    /// The runtime's own total.
    RuntimeUse = None, "Total of the runtime",
        "requested bytes of all GPU buffers of the runtime, including the KV cache but not the engine's weights";
    /// A limit that the runtime lowered.
    Reduced = None, "Limit lowered", "";
    /// A setting.
    Setting = None, "Setting", "";
    /// The number of ranks.
    Ranks = None, "Ranks", "";
    /// A failed allocation.
    OutOfMemory = None, "Out of memory", "";
    /// A tactic or a plugin that needs more memory than is available.
    NoWorkspace = None, "No workspace",
        "scratch space that a plugin requests while the engine is built";
    /// The KV cache has no free block.
    NoFreeBlocks = None, "No free blocks", "";
}

/// The contents of a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The kind.
    pub kind: EventKind,
    /// The size.
    pub size: Option<Size>,
    /// A second size: total memory, free memory, or the usage of all engines.
    pub other: Option<Size>,
    /// A count: blocks, tokens, ranks.
    pub count: Option<u64>,
    /// The rank, if the message itself names one.
    pub rank: Option<u64>,
    /// Settings, by link key.
    pub settings: Vec<(&'static str, String)>,
    /// Further figures of the message, by name.
    pub facts: Vec<(&'static str, f64)>,
}

impl Event {
    fn new(kind: EventKind) -> Event {
        Event { kind, size: None, other: None, count: None, rank: None, settings: Vec::new(), facts: Vec::new() }
    }

    fn sized(kind: EventKind, size: Size) -> Event {
        Event { size: Some(size), ..Event::new(kind) }
    }

    fn counted(kind: EventKind, count: u64) -> Event {
        Event { count: Some(count), ..Event::new(kind) }
    }

    fn setting(key: &'static str, value: impl ToString) -> Event {
        Event::new(EventKind::Setting).with(key, value)
    }

    fn with(mut self, key: &'static str, value: impl ToString) -> Event {
        self.settings.push((key, value.to_string()));
        self
    }

    fn with_fact(mut self, name: &'static str, value: Option<f64>) -> Event {
        self.facts.extend(value.map(|value| (name, value)));
        self
    }

    /// A further figure.
    pub fn fact(&self, name: &str) -> Option<f64> {
        self.facts.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }
}

/// Parses a message without its tags; `None` if it is not about memory or settings.
pub(super) fn parse_event(message: &str) -> Option<Event> {
    let scan = Scan(message);
    match message.as_bytes().first()? {
        b'A' => allocated(scan),
        b'B' | b'P' | b'E' | b'K' | b'F' | b'C' | b'g' | b'o' | b'r' | b'{' | b'"' => pytorch_and_tools(scan),
        b'L' | b'I' | b'T' | b'S' => engine(scan),
        b's' => engine(scan).or_else(|| memory(scan)),
        b'M' | b'm' | b'N' | b'U' | b'R' | b'V' => memory(scan),
        b't' => [engine, pytorch_and_tools].into_iter().find_map(|parse| parse(scan)),
        _ => None,
    }
    .or_else(|| failure(scan))
}

/// "Allocated … for …", "Allocate … bytes for k/v cache", "Attention …", "Adjusted …".
fn allocated(scan: Scan) -> Option<Event> {
    if let Some(rest) = scan.skip("Allocated ") {
        let size = rest.size()?;
        let kind = if rest.after("for execution context memory").is_some() {
            EventKind::ExecutionContext
        } else if rest.after("for runtime buf").is_some() {
            EventKind::RuntimeBuffers
        } else if rest.after("for decoder").is_some() {
            EventKind::DecoderBuffers
        } else {
            let tokens = rest.after("in paged KV cache")?.whole()?;
            return Some(Event { count: Some(tokens), ..Event::sized(EventKind::KvCache, size) });
        };
        return Some(Event::sized(kind, size));
    }
    if let Some(rest) = scan.skip("Allocate ") {
        rest.after("for k/v cache")?;
        return Some(Event::sized(EventKind::KvCache, rest.size()?));
    }
    if let Some(rest) = scan.skip("Attention workspace size is not enough") {
        return Some(Event::sized(EventKind::AttentionWorkspace, rest.after(" to ")?.size()?));
    }
    if let Some(rest) = scan.skip("Attention window size ") {
        return Some(Event::counted(EventKind::Reduced, rest.after("Reducing to")?.whole()?));
    }
    if let Some(rest) = scan.skip("Adjusted max_seq_len to") {
        return Some(Event::counted(EventKind::Reduced, rest.whole()?).with("max_seq_len", rest.whole()?));
    }
    if let Some(rest) = scan.skip("Adjusted ") {
        return Some(Event::counted(EventKind::Reduced, rest.after(" to ")?.whole()?));
    }
    None
}

/// Lines of TensorRT, settings of `TRTGptModel`, versions.
fn engine(scan: Scan) -> Option<Event> {
    if let Some(rest) = scan.skip("TRTGptModel ") {
        return model_setting(rest);
    }
    if let Some(rest) = scan.skip("Loaded engine size:") {
        return Some(Event::sized(EventKind::EngineFile, rest.size()?));
    }
    if let Some(rest) = scan.skip("TensorRT-managed allocation in ") {
        let (added, now) = (rest.after("GPU +")?.scaled(MIB)?, rest.after("now:")?.after("GPU ")?.scaled(MIB)?);
        let kind = if rest.skip("engine deserialization").is_some() {
            EventKind::EngineOnGpu
        } else {
            EventKind::AllEnginesOnGpu
        };
        let size = if kind == EventKind::EngineOnGpu && added.bytes.0 > 0 { added } else { now };
        return Some(Event { other: Some(now), ..Event::sized(kind, size) });
    }
    if scan.skip("Init cuBLAS").is_some() || scan.skip("Init cuDNN").is_some() {
        let (added, now) = (scan.after("GPU +")?.scaled(MIB)?, scan.after("now:")?.after("GPU ")?.scaled(MIB)?);
        return Some(Event { other: Some(now), ..Event::sized(EventKind::LibraryInit, added) });
    }
    for name in ["TensorRT-LLM version:", "TensorRT LLM version:"] {
        if let Some(rest) = scan.skip(name) {
            let event = Event::new(EventKind::Version);
            return Some(match rest.word().parse::<Version>().ok() {
                Some(version) => event.with("trtllm_version", version),
                None => event,
            });
        }
    }
    if let Some(rest) = scan.skip("Total ").or_else(|| scan.skip("Setting ")) {
        return totals(scan, rest);
    }
    if let Some(rest) = scan.skip("start MpiSession with") {
        return Some(Event::counted(EventKind::Ranks, rest.whole()?));
    }
    None
}

fn totals(scan: Scan, rest: Scan) -> Option<Event> {
    const BUILDER: [(&str, EventKind); 6] = [
        ("Weights Memory:", EventKind::BuilderWeights),
        ("Activation Memory:", EventKind::BuilderActivations),
        ("Scratch Memory:", EventKind::BuilderScratch),
        ("Host Persistent Memory:", EventKind::HostMemory),
        ("Device Persistent Memory:", EventKind::BuilderScratch),
        ("GPU memory usage of runtime:", EventKind::RuntimeUse),
    ];
    if let Some((after, kind)) = BUILDER.iter().find_map(|(name, kind)| rest.skip(name).map(|after| (after, *kind))) {
        return Some(Event::sized(kind, after.scaled(1)?));
    }
    if let Some(rest) = scan.skip("Setting PyTorch memory fraction to") {
        return Some(Event::sized(EventKind::TorchLimit, rest.after("(")?.size()?));
    }
    if let Some(rest) = scan.skip("Setting quant_algo=") {
        return rest.word().parse::<QuantAlgo>().ok().map(|algo| Event::setting("quant_algo", algo));
    }
    if let Some(rest) = scan.skip("Setting kv_cache_quant_algo=") {
        return Some(Event::setting("kv_cache_dtype", rest.word().to_ascii_lowercase()));
    }
    if let Some(rest) = scan.skip("Setting PyTorch max sequence length to") {
        return Some(Event::setting("max_seq_len", rest.whole()?));
    }
    None
}

/// A line of `TRTGptModel`.
fn model_setting(rest: Scan) -> Option<Event> {
    let value = |name: &str| rest.skip(name).and_then(Scan::whole);
    if let Some(sequences) = value("maxNumSequences:") {
        return Some(Event::counted(EventKind::Setting, sequences).with_fact("sequences", Some(sequences as f64)));
    }
    for (name, key) in [
        ("maxBatchSize:", "max_batch_size"),
        ("maxBeamWidth:", "max_beam_width"),
        ("maxSequenceLen:", "max_seq_len"),
        ("maxNumTokens:", "max_num_tokens"),
    ] {
        if let Some(value) = value(name) {
            return Some(Event::setting(key, value));
        }
    }
    if let Some(tokens) = value("maxDraftLen:") {
        let event = Event::new(EventKind::Setting);
        return Some(if tokens > 0 { event.with("max_draft_len", tokens) } else { event });
    }
    if let Some(overlap) = value("enableTrtOverlap:") {
        return Some(Event::setting("enable_trt_overlap", overlap != 0));
    }
    if let Some(rest) = rest.skip("mMaxAttentionWindowSize:") {
        let window = rest.whole()?;
        let layers = rest.after("*").and_then(Scan::number);
        return Some(
            Event::counted(EventKind::Setting, window)
                .with_fact("window", Some(window as f64))
                .with_fact("layers", layers),
        );
    }
    if let Some(input) = value("maxInputLen:") {
        let event = Event::new(EventKind::Setting);
        if rest.after("= max_input_len").is_some() {
            return Some(event.with("max_input_len", input));
        }
        return Some(match rest.after("chunked context is enabled") {
            Some(_) => event.with("enable_chunked_context", true),
            None => event,
        });
    }
    (rest.skip("normalizeLogProbs").is_some() || rest.skip("If model type").is_some())
        .then(|| Event::new(EventKind::Setting))
}

/// Lines of the KV cache, of the PyTorch backend's profiling, and their settings.
fn memory(scan: Scan) -> Option<Event> {
    if let Some(rest) = scan.skip("Memory usage when calculating max tokens in paged kv cache:") {
        let available = rest.after("available:")?.size()?;
        return Some(Event { other: rest.after("total:")?.size(), ..Event::sized(EventKind::FreeMemory, available) });
    }
    for (name, kind) in [
        ("Memory used after loading model weights (inside torch)", EventKind::TorchInside),
        ("Memory used after loading model weights (outside torch)", EventKind::TorchOutside),
        ("Memory dynamically allocated during inference (inside torch)", EventKind::TorchDynamic),
        ("Memory used outside torch", EventKind::TorchOutsidePeak),
    ] {
        if let Some(rest) = scan.skip(name) {
            return Some(Event::sized(kind, rest.after("profiling:")?.size()?));
        }
    }
    if scan.skip("Max KV cache ").is_some() {
        let pages = scan.after("per sequence:")?;
        let event = Event::counted(EventKind::PagesPerSequence, pages.whole()?)
            .with_fact("window", pages.after("window size=").and_then(Scan::number))
            .with_fact("tokens_per_block", pages.after("tokens per block=").and_then(Scan::number))
            .with_fact("primary", pages.after("primary blocks=").and_then(Scan::number))
            .with_fact("sequence", pages.after("max sequence length=").and_then(Scan::number));
        return Some(event);
    }
    if let Some(rest) = scan.skip("Max tokens in paged KV cache:") {
        let size = rest.after("Allocating")?.size()?;
        return Some(Event { count: rest.whole(), ..Event::sized(EventKind::KvCache, size) });
    }
    if let Some(rest) = scan.skip("Max Scratch Memory:") {
        return Some(Event::sized(EventKind::BuilderScratch, rest.scaled(1)?));
    }
    if let Some(rest) = scan.skip("Number of blocks in KV cache primary pool:") {
        return Some(Event::counted(EventKind::PrimaryBlocks, rest.whole()?));
    }
    if let Some(rest) = scan.skip("Number of blocks in KV cache secondary pool:") {
        return Some(Event::counted(EventKind::SecondaryBlocks, rest.whole()?));
    }
    if let Some(rest) = scan.skip("Number of tokens per block:") {
        return Some(Event::counted(EventKind::TokensPerBlock, rest.whole()?));
    }
    if let Some(rest) = scan.skip("MPI size:") {
        let event = Event::counted(EventKind::Ranks, rest.whole()?);
        return Some(Event { rank: rest.after("rank:").and_then(Scan::whole), ..event });
    }
    if let Some(rest) = scan.skip("Rank ") {
        let rank = rest.whole()?;
        if let Some(uses) = rest.after(" uses ") {
            uses.after("for model weights")?;
            return Some(Event { rank: Some(rank), ..Event::sized(EventKind::TorchCheckpoint, uses.size()?) });
        }
        rest.after("is using GPU")?;
        return Some(Event { rank: Some(rank), ..Event::new(EventKind::Ranks) });
    }
    if let Some(rest) = scan.skip("Use ") {
        rest.after("for model weights")?;
        return Some(Event::sized(EventKind::TorchCheckpoint, rest.size()?));
    }
    if scan.skip("Using LLM with PyTorch backend").is_some() {
        return Some(Event::setting("backend", "pytorch"));
    }
    if let Some(rest) = scan.skip("Using ") {
        let tokens = rest.whole()?;
        let pages = rest.after("in paged KV cache")?.after("and ").and_then(Scan::number);
        return Some(Event::counted(EventKind::KvTokens, tokens).with_fact("pages", pages));
    }
    if let Some(rest) = scan.skip("Validating KV Cache config against kv_cache_dtype=") {
        return Some(Event::setting("kv_cache_dtype", rest.word()));
    }
    if scan.skip("maxAttentionWindow and maxSequenceLen are too large").is_some() {
        let length = scan.after("reduced to")?.whole()?;
        return Some(Event::counted(EventKind::Reduced, length).with("max_seq_len", length));
    }
    if let Some(rest) = scan.skip("maxInputLen is reduced to") {
        return Some(Event::counted(EventKind::Reduced, rest.whole()?));
    }
    if ["max_seq_len=", "self.max_seq_len=", "max_batch_size"].iter().any(|name| scan.skip(name).is_some()) {
        return limits(scan);
    }
    if let Some(rest) = scan.skip("max_seq_len is not specified, using inferred value") {
        return Some(Event::setting("max_seq_len", rest.whole()?));
    }
    if let Some(rest) = scan.skip("model_name ") {
        // A line of a benchmark: name, configuration and results.
        let peak = rest.after("gpu_peak_mem(gb)").and_then(|peak| peak.scaled(GIB));
        let kind = if peak.is_some() { EventKind::PeakUse } else { EventKind::Setting };
        return Some(Event { size: peak, ..Event::new(kind) }.with("model", rest.word()));
    }
    if let Some(rest) = scan.skip("model=") {
        let mut event = Event::setting("model", rest.word());
        for (argument, key) in [
            ("tensor_parallel_size=", "tp_size"),
            ("pipeline_parallel_size=", "pp_size"),
            ("moe_expert_parallel_size=", "moe_ep_size"),
        ] {
            if let Some(ranks) = rest.after(argument).and_then(Scan::whole).filter(|ranks| *ranks > 0) {
                event = event.with(key, ranks);
            }
        }
        if rest.after("enable_attention_dp=").is_some_and(|value| value.skip("True").is_some()) {
            event = event.with("enable_attention_dp", true);
        }
        return Some(event);
    }
    None
}

/// `max_seq_len=257, max_num_requests=4096, max_num_tokens=8192`, with `=` or `: `.
fn limits(scan: Scan) -> Option<Event> {
    let mut event = Event::new(EventKind::Setting);
    for (name, key) in [
        ("max_seq_len", "max_seq_len"),
        ("max_num_requests", "max_batch_size"),
        ("max_num_tokens", "max_num_tokens"),
        ("max_batch_size", "max_batch_size"),
        ("max_input_len", "max_input_len"),
        ("max_beam_width", "max_beam_width"),
    ] {
        if let Some(value) = scan.after(name).and_then(Scan::whole) {
            event.settings.retain(|(known, _)| *known != key);
            event = event.with(key, value);
        }
    }
    // A single one may as well be in a comment.
    (event.settings.len() > 1).then_some(event)
}

fn pytorch_and_tools(scan: Scan) -> Option<Event> {
    if let Some(rest) = scan.skip("Peak memory during memory usage profiling") {
        let peak = rest.after("):")?.size()?;
        let event = Event {
            other: rest.after("device total memory").and_then(Scan::size),
            ..Event::sized(EventKind::TorchPeak, peak)
        };
        let per_token = rest.after("kv size per token is").or_else(|| rest.after("kv size is")).and_then(Scan::number);
        let size = |name: &str| rest.after(name).and_then(Scan::size).map(|size| size.bytes.0 as f64);
        let fraction = rest.after("fraction is set").and_then(Scan::number);
        return Some(
            event
                .with_fact("available", size("when calculating max tokens:"))
                .with_fact("temporary", size("tmp kv_mem"))
                .with_fact("per_token", per_token)
                .with_fact("fraction", fraction),
        );
    }
    if scan.skip("Both free").is_some() {
        let values = scan.after("are set (to ")?;
        let tokens = values.after(" and ")?.whole()?;
        return Some(
            Event::counted(EventKind::Setting, tokens)
                .with_fact("fraction", values.number())
                .with_fact("max_tokens", Some(tokens as f64)),
        );
    }
    if scan.skip("Build phase peak memory").is_some() || scan.skip("Peak memory usage during Engine building").is_some()
    {
        return Some(Event { size: scan.after(":").and_then(Scan::size), ..Event::new(EventKind::HostMemory) });
    }
    if let Some(rest) = scan.skip("Peak memory usage of TRT CPU/GPU memory allocators") {
        return Some(Event::sized(EventKind::BuilderPeak, rest.after("GPU ")?.size()?));
    }
    if let Some(rest) = scan.skip("Estimated max memory in KV cache") {
        return Some(Event::sized(EventKind::KvPlanned, rest.size()?));
    }
    if let Some(rest) = scan.skip("Estimated max tokens in KV cache") {
        return Some(Event::counted(EventKind::KvPlanned, rest.whole()?));
    }
    if let Some(rest) = scan.skip("Estimated ") {
        let value = rest.after(":")?;
        value.number()?;
        return Some(Event { size: value.size(), ..Event::new(EventKind::BenchEstimate) });
    }
    if let Some(rest) = scan.skip("gpu_peak_mem(gb)") {
        return Some(Event::sized(EventKind::PeakUse, rest.scaled(GIB)?));
    }
    if let Some(rest) = scan.skip("\"Runtime GPU Memory Usage\"").or_else(|| scan.after("\"Runtime GPU Memory Usage\""))
    {
        return Some(Event::sized(EventKind::RuntimeUse, rest.scaled(1)?));
    }
    if let Some(rest) = scan.skip("tensor_parallel_size=") {
        return Some(Event::setting("tp_size", rest.whole()?));
    }
    None
}

/// Lines of a failure.
fn failure(scan: Scan) -> Option<Event> {
    // Most lines are no failure and return here.
    if !["emory", "scratch", "locks"].iter().any(|word| scan.0.contains(word)) {
        return None;
    }
    if let Some(rest) = scan.after("CUDA out of memory.") {
        let event =
            Event { size: rest.after("Tried to allocate").and_then(Scan::size), ..Event::new(EventKind::OutOfMemory) };
        let free = rest.0.split_once(" is free").and_then(|(before, _)| {
            let figures = before.rsplit(" of which ").next()?;
            Scan(figures).size()
        });
        let rank = rest.after("GPU ").and_then(Scan::whole);
        return Some(Event { other: free, rank, ..event });
    }
    if let Some(rest) = scan.after("Requested amount of GPU memory") {
        return Some(Event::sized(EventKind::OutOfMemory, rest.size()?));
    }
    if scan.after("bytes of scratch space").is_some() {
        let (needed, there) = (scan.after("requires")?.size()?, scan.after("but only")?.scaled(1)?);
        return Some(Event { other: Some(there), ..Event::sized(EventKind::NoWorkspace, needed) });
    }
    if scan.after("Can't allocate new blocks").is_some() || scan.after("No free blocks left").is_some() {
        return Some(Event::new(EventKind::NoFreeBlocks));
    }
    if scan.after("out of memory").is_some() || scan.after("OutOfMemory").is_some() {
        return Some(Event::new(EventKind::OutOfMemory));
    }
    None
}
