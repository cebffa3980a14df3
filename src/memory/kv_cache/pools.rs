//! How many blocks each pool gets, and the bytes of all.

use super::requests::holds_whole_batch;
use super::{Window, bytes_in_window, bytes_per_token, sink_bubble};
use crate::deployment::{Behavior, KvCacheType, Resolved};
use crate::memory::inputs::Inputs;
use crate::memory::number::{Number, Origin, Part, Symbol};
use crate::memory::pytorch;

/// The pools of a rank: one for each window of its layers.
pub struct Pools<'a, N> {
    pub(super) inputs: Inputs<'a, N>,
    pub(super) windows: &'a [Window],
}

/// Whether the KV cache is a pool of blocks that requests share.
pub fn is_pooled(resolved: &Resolved) -> bool {
    !holds_whole_batch(resolved)
}

impl<'a, N: Number> Pools<'a, N> {
    /// The pools of a stage with these windows.
    pub fn new(inputs: Inputs<'a, N>, windows: &'a [Window]) -> Pools<'a, N> {
        Pools { inputs, windows }
    }

    /// Bytes of a token in the layers of `window`.
    pub fn bytes_in_window(&self, window: Window) -> N {
        bytes_in_window(&self.inputs, window, self.windows.len())
    }

    /// Tokens for `window` out of the memory that is `available`, if this rank decides.
    ///
    /// Neither setting given: 90 % of the free memory. `max_tokens` given: from 0.20 on the smaller of both, before that
    /// alone, or the smaller where the fraction is given too. With several pools the latest versions ignore it.
    pub fn tokens(&self, window: Window, available: N) -> N {
        self.limited(|| self.in_memory(window, self.own_part(available)))
    }

    /// The tokens that fit `in_memory`, or those that were asked for.
    pub(super) fn limited(&self, in_memory: impl FnOnce() -> N) -> N {
        let inputs = &self.inputs;
        let resolved = inputs.resolved;
        let ignored = self.windows.len() > 1 && resolved.version.has(Behavior::WindowPoolsAreEqual);
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
        let bytes = match pytorch::kv_cache::most_bytes(inputs) {
            Some(most) => share.min(most),
            None => share,
        };
        let tokens = if self.windows.len() == 1 {
            bytes / bytes_per_token(inputs)
        } else if inputs.resolved.version.has(Behavior::WindowPoolsAreEqual) {
            bytes / (N::symbol(&WINDOWS, self.windows.len() as f64) * self.bytes_in_window(window))
        } else {
            let length = |window: Window| N::symbol(&WINDOW, window.tokens as f64);
            let all = self.windows.iter().map(|other| length(*other) * self.bytes_in_window(*other));
            let all = N::sum_of(all).part(|| Part::bytes("one full sequence of every window"));
            bytes * length(window) / all
        };
        tokens.floor().part(|| Part::count("tokens that the fraction holds"))
    }

    /// Blocks that hold `tokens`: rounded up, so that a pool may take up to a block more than its share; by the PyTorch backend
    /// rounded down from 1.2 on.
    pub fn blocks(&self, tokens: N) -> N {
        let tokens = tokens.part(|| Part::count("tokens, on the rank with room for the fewest").symbol("tokens"));
        let blocks = tokens / self.inputs.block();
        let whole = if pytorch::kv_cache::rounds_down(self.inputs.resolved) { blocks.floor() } else { blocks.ceil() };
        whole.part(|| Part::count("blocks"))
    }

    /// Bytes of `blocks` of `window` on this rank.
    pub fn bytes(&self, window: Window, blocks: N) -> N {
        let bytes = blocks * self.inputs.block() * self.bytes_in_window(window);
        let tokens = window.tokens;
        if self.windows.len() == 1 { bytes } else { bytes.part(|| Part::bytes(format!("pool of window {tokens}"))) }
    }

    /// Blocks in host memory for `window`, out of `host_cache_size`.
    pub fn secondary_blocks(&self, window: Window) -> u64 {
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

    /// Bytes of a KV cache that holds the whole batch at its full length: one tensor a layer, or in the Python session pages.
    pub fn whole_batch(&self) -> N {
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
