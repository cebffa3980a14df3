//! The number of blocks of each pool, and their bytes.

use super::requests::{holds_whole_batch, sink_bubble};
use super::token::{bytes_in_window, bytes_per_token};
use super::windows::Window;
use crate::deployment::{Behavior, KvCacheType, Resolved};
use crate::memory::backend::BackendModel;
use crate::memory::inputs::Inputs;
use crate::memory::law::{Origin, Part, Symbol};
use crate::memory::number::Number;
use serde::Serialize;

/// The setting that limits the size of the KV cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Binding {
    /// The fraction of the free memory.
    FreeGpuMemoryFraction,
    /// The requested number of tokens.
    MaxTokens,
    /// The requested number of bytes.
    MaxGpuTotalBytes,
    /// None: the whole batch is allocated at its full length.
    WholeBatch,
}

/// Blocks of a pool, with their uncertainty.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Blocks {
    /// The likely number.
    pub likely: f64,
    /// Lower end of the uncertainty band.
    pub low: f64,
    /// Upper end of the uncertainty band.
    pub high: f64,
}

/// A pool of KV blocks, the same on all ranks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pool {
    /// Its window on the rank that limits it.
    pub window: Window,
    /// Its blocks.
    pub blocks: Blocks,
    /// The index of the budget that limits it.
    pub budget: usize,
}

/// The pools of a deployment.
#[derive(Debug, Clone)]
pub(crate) struct AllPools {
    /// The decoder's own pools, one for each window, the narrowest first; none if the whole batch
    /// is allocated at once.
    pub own: Vec<Pool>,
    /// The pool of encoder outputs, if the model has an encoder.
    pub cross: Option<Pool>,
}

impl AllPools {
    /// The pool for layers with as many tokens as `window`.
    pub(crate) fn of(&self, window: Window) -> Option<&Pool> {
        self.own.iter().find(|pool| pool.window.tokens == window.tokens)
    }
}

/// The pools of a rank, one for each window of its layers.
pub(crate) struct Pools<'a, N> {
    pub(super) inputs: Inputs<'a, N>,
    pub(super) windows: &'a [Window],
}

/// Whether the KV cache is a pool of blocks that requests share.
pub(crate) fn is_pooled(resolved: &Resolved) -> bool {
    !holds_whole_batch(resolved)
}

impl<'a, N: Number> Pools<'a, N> {
    /// The pools of a stage with these windows.
    pub(crate) fn new(inputs: Inputs<'a, N>, windows: &'a [Window]) -> Pools<'a, N> {
        Pools { inputs, windows }
    }

    /// Bytes of a token in the layers of `window`.
    pub(crate) fn bytes_in_window(&self, window: Window) -> N {
        bytes_in_window(&self.inputs, window, self.windows.len())
    }

    /// Tokens of `window`'s pool in the `available` memory if this rank limits it.
    ///
    /// If neither the fraction nor `max_tokens` is set, the pool takes 90 % of the free memory. If
    /// `max_tokens` is set, it takes the smaller of both from 0.20 on. Older versions ignore the
    /// fraction unless it is set. With several pools, the latest engines ignore `max_tokens`, and
    /// the PyTorch backend limits the bytes of all pools by it.
    pub(crate) fn tokens(&self, window: Window, available: N) -> N {
        self.limited(|| self.in_memory(window, self.own_part(available)))
    }

    /// The tokens that fit `in_memory`, or the requested tokens.
    pub(super) fn limited(&self, in_memory: impl FnOnce() -> N) -> N {
        let inputs = &self.inputs;
        let resolved = inputs.resolved;
        let ignored = self.pools_are_equal();
        let most = (!ignored && resolved.given.kv_cache.max_tokens.is_some()).then(|| inputs.max_tokens());
        match (resolved.kv_cache.free_gpu_memory_fraction.is_some() || most.is_none(), most) {
            (true, Some(most)) => in_memory().min(most),
            (true, None) => in_memory(),
            (false, Some(most)) => most,
            (false, None) => N::literal(0.0),
        }
    }

    fn in_memory(&self, window: Window, available: N) -> N {
        static WINDOW: Symbol =
            Symbol { text: "w", meaning: "tokens of this window", origin: Origin::Chosen("max_attention_window") };
        static WINDOWS: Symbol = Symbol {
            text: "windows",
            meaning: "different windows, whose pools are equally large",
            origin: Origin::Derived,
        };
        let inputs = &self.inputs;
        let share = inputs.fraction() * available;
        let bytes = [self.bytes_of_max_tokens(), self.max_bytes()]
            .into_iter()
            .flatten()
            .fold(share, |bytes, most| bytes.min(most));
        let tokens = if self.windows.len() == 1 {
            bytes / bytes_per_token(inputs)
        } else if inputs.resolved.version.has(Behavior::WindowPoolsAreEqual) {
            bytes / (N::symbol(&WINDOWS, self.windows.len() as f64) * self.bytes_in_window(window))
        } else {
            let length = |window: Window| N::symbol(&WINDOW, window.tokens as f64);
            let all = self.windows.iter().map(|other| length(*other) * self.bytes_in_window(*other));
            let all = N::sum_of(all).part(|| Part::bytes("a full sequence of every window"));
            bytes * length(window) / all
        };
        tokens.floor().part(|| Part::count("tokens that the fraction holds"))
    }

    /// Bytes that `max_tokens` leaves to several pools together: as many as those tokens take in
    /// all layers. `None` unless there are several pools and the backend limits their bytes.
    fn bytes_of_max_tokens(&self) -> Option<N> {
        let resolved = self.inputs.resolved;
        let limits = self.pools_are_equal()
            && resolved.given.kv_cache.max_tokens.is_some()
            && resolved.backend.limits_pool_bytes_by_max_tokens();
        limits.then(|| {
            let bytes = self.inputs.max_tokens() * bytes_per_token(&self.inputs);
            bytes.part(|| Part::bytes("max_tokens in all layers"))
        })
    }

    /// Whether there are several pools of equal bytes.
    fn pools_are_equal(&self) -> bool {
        self.windows.len() > 1 && self.inputs.resolved.version.has(Behavior::WindowPoolsAreEqual)
    }

    /// Upper limit of the pools in bytes; `None` if the deployment has none.
    fn max_bytes(&self) -> Option<N> {
        static MOST: Symbol = Symbol {
            text: "max_gpu_total_bytes",
            meaning: "most bytes of the KV cache",
            origin: Origin::Chosen("max_gpu_total_bytes"),
        };
        let resolved = self.inputs.resolved;
        resolved.backend.max_kv_cache_bytes(resolved).map(|most| N::symbol(&MOST, most as f64))
    }

    /// The setting that decides the size of `window`'s pool, if this rank decides.
    pub(crate) fn binding(&self, window: Window, available: N) -> Binding {
        let max_bytes = self.max_bytes().map(|most| most.value());
        if self.pools_are_equal() {
            let share = (self.inputs.fraction() * self.own_part(available)).value();
            let by_tokens = self.bytes_of_max_tokens().map(|most| most.value());
            let bytes = [by_tokens, max_bytes].into_iter().flatten().fold(share, f64::min);
            return match (by_tokens, max_bytes) {
                (Some(most), _) if most <= bytes => Binding::MaxTokens,
                (_, Some(most)) if most <= bytes => Binding::MaxGpuTotalBytes,
                _ => Binding::FreeGpuMemoryFraction,
            };
        }
        let tokens = self.tokens(window, available).value();
        let bytes_per_token = bytes_per_token(&self.inputs).value();
        if self.inputs.resolved.given.kv_cache.max_tokens.is_some_and(|most| tokens >= most as f64) {
            Binding::MaxTokens
        } else if max_bytes.is_some_and(|most| tokens >= (most / bytes_per_token).floor()) {
            Binding::MaxGpuTotalBytes
        } else {
            Binding::FreeGpuMemoryFraction
        }
    }

    /// Blocks for `tokens`, rounded up or down as the backend does. Rounded up, a pool may exceed
    /// its share by up to one block.
    pub(crate) fn blocks(&self, tokens: N) -> N {
        let tokens = tokens.part(|| Part::count("tokens, on the rank with room for the fewest").symbol("tokens"));
        let resolved = self.inputs.resolved;
        let blocks = tokens / self.inputs.block();
        let whole = if resolved.backend.rounds_blocks_down(resolved) { blocks.floor() } else { blocks.ceil() };
        whole.part(|| Part::count("blocks"))
    }

    /// Bytes of `blocks` of `window`'s pool on this rank.
    pub(crate) fn bytes(&self, window: Window, blocks: N) -> N {
        let bytes = blocks * self.inputs.block() * self.bytes_in_window(window);
        let tokens = window.tokens;
        if self.windows.len() == 1 { bytes } else { bytes.part(|| Part::bytes(format!("pool of window {tokens}"))) }
    }

    /// Blocks of `window`'s pool in host memory, from `host_cache_size`.
    pub(crate) fn secondary_blocks(&self, window: Window) -> u64 {
        let resolved = self.inputs.resolved;
        let bytes_of = |window: Window| self.bytes_in_window(window).value();
        let share = if self.windows.len() == 1 {
            1.0
        } else if resolved.version.has(Behavior::WindowPoolsAreEqual) {
            1.0 / self.windows.len() as f64
        } else {
            let weight = |window: Window| window.tokens as f64 * bytes_of(window);
            weight(window) / self.windows.iter().map(|other| weight(*other)).sum::<f64>()
        };
        let tokens =
            (resolved.kv_cache.host_cache_size.0 as f64 * share / bytes_of(window).max(f64::MIN_POSITIVE)).floor();
        (tokens / resolved.kv_cache.tokens_per_block as f64) as u64
    }

    /// Bytes of a KV cache for the whole batch at its full length: one tensor for each layer, or
    /// pages in the Python session.
    pub(crate) fn whole_batch(&self) -> N {
        let inputs = &self.inputs;
        let sequences = || inputs.requests() * inputs.beam();
        let own = match inputs.resolved.given.engine.kv_cache_type {
            KvCacheType::Continuous => sequences() * inputs.window() * bytes_per_token(inputs),
            KvCacheType::Paged => sequences() * self.session_pages() * inputs.block() * bytes_per_token(inputs),
        };
        match inputs.resolved.model.encoder {
            Some(_) => own + sequences() * inputs.encoder_output() * bytes_per_token(inputs),
            None => own,
        }
    }

    /// Pages of a sequence in the Python session.
    fn session_pages(&self) -> N {
        static BUBBLE: Symbol =
            Symbol { text: "bubble", meaning: "tokens that sinks waste in a block", origin: Origin::Derived };
        let inputs = &self.inputs;
        let bubble =
            sink_bubble(inputs.resolved.given.engine.sink_token_length, inputs.resolved.kv_cache.tokens_per_block);
        let tokens = if bubble == 0 { inputs.window() } else { inputs.window() + N::symbol(&BUBBLE, bubble as f64) };
        (tokens / inputs.block()).ceil().part(|| Part::count("pages of a sequence"))
    }
}
