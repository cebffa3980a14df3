//! The pool of encoder outputs: the keys and values that cross attention reads
//! (`trtGptModelInflightBatching.cpp` createKvCacheManager). Block size and bytes per token equal
//! those of the decoder's own pools.

use super::pools::Pools;
use super::token::bytes_per_token;
use super::windows::Window;
use crate::deployment::Behavior;
use crate::memory::law::{Origin, Part, Symbol};
use crate::memory::number::Number;

impl<N: Number> Pools<'_, N> {
    /// The share of cross attention.
    fn cross_share(&self) -> N {
        static CROSS: Symbol = Symbol {
            text: "x",
            meaning: "share of the KV cache for cross attention",
            origin: Origin::Chosen("cross_kv_cache_fraction"),
        };
        N::symbol(&CROSS, self.inputs.resolved.engine.cross_kv_cache_fraction)
    }

    /// The share of the decoder's own tokens.
    fn own_share(&self) -> N {
        N::literal(1.0) - self.cross_share()
    }

    fn splits_bytes(&self) -> bool {
        self.inputs.resolved.version.has(Behavior::CrossKvCacheSplitsBytes)
    }

    /// The part of the `available` memory for the decoder's own pools: all of it if blocks are
    /// divided instead of bytes.
    pub(super) fn own_part(&self, available: N) -> N {
        match self.inputs.resolved.model.encoder {
            Some(_) if self.splits_bytes() => available * self.own_share(),
            _ => available,
        }
    }

    /// Blocks of `window`'s pool in the `available` memory if this rank limits it.
    pub(crate) fn own_blocks(&self, window: Window, available: N) -> N {
        let blocks = self.blocks(self.tokens(window, available));
        match self.inputs.resolved.model.encoder {
            Some(_) if !self.splits_bytes() => {
                (blocks * self.own_share()).floor().part(|| Part::count("blocks of the decoder's own tokens"))
            }
            _ => blocks,
        }
    }

    /// Blocks of the pool of encoder outputs in the memory that is `available` before any pool;
    /// `None` if the model has no encoder.
    ///
    /// If blocks are divided instead of bytes, TensorRT-LLM measures the memory again after it has
    /// allocated the decoder's own pools.
    pub(crate) fn cross_blocks(&self, available: N) -> Option<N> {
        self.inputs.resolved.model.encoder?;
        let tokens = |available: N| {
            self.limited(|| {
                let tokens = self.inputs.fraction() * available / bytes_per_token(&self.inputs);
                tokens.floor().part(|| Part::count("tokens that the fraction holds"))
            })
        };
        let blocks = if self.splits_bytes() {
            self.blocks(tokens(available * self.cross_share()))
        } else {
            let own =
                self.windows.iter().map(|window| self.bytes(*window, self.own_blocks(*window, available.clone())));
            let own = N::sum_of(own).part(|| Part::bytes("pool of the decoder's own tokens"));
            let left = (available - own).max(N::literal(0.0));
            let left = left.part(|| Part::bytes("memory left for cross attention").symbol("available"));
            (self.blocks(tokens(left)) * self.cross_share()).floor()
        };
        Some(blocks.part(|| Part::count("blocks of encoders' outputs")))
    }

    /// Bytes of `blocks` of encoder outputs on this rank.
    pub(crate) fn cross_bytes(&self, blocks: N) -> N {
        (blocks * self.inputs.block() * bytes_per_token(&self.inputs)).part(|| Part::bytes("pool of cross attention"))
    }
}
