//! How many blocks each pool gets, and the bytes of all.

use super::requests::holds_whole_batch;
use super::{Binding, Window, bytes_in_window, bytes_per_token, sink_bubble};
use crate::deployment::{Backend, Behavior, KvCacheType, Resolved};
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
    /// alone, or the smaller where the fraction is given too. With several pools the latest engines ignore it, and the PyTorch
    /// backend bounds the bytes of all pools by it.
    pub fn tokens(&self, window: Window, available: N) -> N {
        self.limited(|| self.in_memory(window, self.own_part(available)))
    }

    /// The tokens that fit `in_memory`, or those that were asked for.
    pub(super) fn limited(&self, in_memory: impl FnOnce() -> N) -> N {
        let inputs = &self.inputs;
        let resolved = inputs.resolved;
        let ignored = self.pools_are_equal();
        let most = (!ignored && resolved.max_tokens.is_some()).then(|| inputs.max_tokens());
        match (resolved.free_gpu_memory_fraction.is_some() || most.is_none(), most) {
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
        let bytes = [self.bytes_of_max_tokens(), pytorch::kv_cache::most_bytes(inputs)]
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
            let all = N::sum_of(all).part(|| Part::bytes("one full sequence of every window"));
            bytes * length(window) / all
        };
        tokens.floor().part(|| Part::count("tokens that the fraction holds"))
    }

    /// Bytes that `max_tokens` leaves to several pools together in the PyTorch backend: as many as those tokens take in all layers
    /// (`_torch/pyexecutor/_util.py` configure_kv_cache_capacity; `calculate_max_num_blocks_for_vswa` ignores it for each pool).
    fn bytes_of_max_tokens(&self) -> Option<N> {
        let resolved = self.inputs.resolved;
        let bounds = self.pools_are_equal() && resolved.backend == Backend::Pytorch && resolved.max_tokens.is_some();
        bounds.then(|| {
            let bytes = self.inputs.max_tokens() * bytes_per_token(&self.inputs);
            bytes.part(|| Part::bytes("max_tokens in all layers"))
        })
    }

    /// Whether there are several pools of equal bytes.
    fn pools_are_equal(&self) -> bool {
        self.windows.len() > 1 && self.inputs.resolved.version.has(Behavior::WindowPoolsAreEqual)
    }

    /// What decides how large the pools are, that of `window` with them, if this rank decides.
    pub fn binding(&self, window: Window, available: N) -> Binding {
        let resolved = self.inputs.resolved;
        let most_bytes = pytorch::kv_cache::most_bytes(&self.inputs).map(|most| most.value());
        if self.pools_are_equal() {
            let share = (self.inputs.fraction() * self.own_part(available)).value();
            let by_tokens = self.bytes_of_max_tokens().map(|most| most.value());
            let bytes = [by_tokens, most_bytes].into_iter().flatten().fold(share, f64::min);
            return match (by_tokens, most_bytes) {
                (Some(most), _) if most <= bytes => Binding::MaxTokens,
                (_, Some(most)) if most <= bytes => Binding::MaxGpuTotalBytes,
                _ => Binding::FreeGpuMemoryFraction,
            };
        }
        let tokens = self.tokens(window, available).value();
        let per_token = bytes_per_token(&self.inputs).value();
        if resolved.max_tokens.is_some_and(|most| tokens >= most as f64) {
            Binding::MaxTokens
        } else if most_bytes.is_some_and(|most| tokens >= (most / per_token).floor()) {
            Binding::MaxGpuTotalBytes
        } else {
            Binding::FreeGpuMemoryFraction
        }
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
        let tokens = (resolved.host_cache_size.0 as f64 * share / bytes_of(window).max(f64::MIN_POSITIVE)).floor();
        (tokens / resolved.tokens_per_block as f64) as u64
    }

    /// Bytes of a KV cache that holds the whole batch at its full length: one tensor a layer, or in the Python session pages.
    pub fn whole_batch(&self) -> N {
        let inputs = &self.inputs;
        let sequences = || inputs.requests() * inputs.beam();
        let own = match inputs.resolved.kv_cache_type {
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
        let bubble = sink_bubble(inputs.resolved.sink_token_length, inputs.resolved.tokens_per_block);
        let tokens = if bubble == 0 { inputs.window() } else { inputs.window() + N::symbol(&BUBBLE, bubble as f64) };
        (tokens / inputs.block()).ceil().part(|| Part::count("pages of a sequence"))
    }
}
