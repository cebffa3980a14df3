//! The pool of encoders' outputs, as keys and values that cross attention reads (`trtGptModelInflightBatching.cpp`
//! createKvCacheManager). It has a block size and bytes of a token in common with the decoder's own pool.

use super::{Pools, Window, bytes_per_token};
use crate::deployment::Behavior;
use crate::memory::number::{Number, Origin, Part, Symbol};

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

    /// Of the memory that is `available`, what the decoder's own pools may take: all where the blocks are shared instead.
    pub(super) fn own_part(&self, available: N) -> N {
        match self.inputs.resolved.model.encoder {
            Some(_) if self.splits_bytes() => available * self.own_share(),
            _ => available,
        }
    }

    /// Blocks of `window`'s pool out of the memory that is `available`, if this rank decides.
    pub fn own_blocks(&self, window: Window, available: N) -> N {
        let blocks = self.blocks(self.tokens(window, available));
        match self.inputs.resolved.model.encoder {
            Some(_) if !self.splits_bytes() => {
                (blocks * self.own_share()).floor().part(|| Part::count("blocks of the decoder's own tokens"))
            }
            _ => blocks,
        }
    }

    /// Blocks of the pool of encoders' outputs out of the memory that is `available` before any pool, where the model has an
    /// encoder. Where blocks are shared, the memory is measured again once the decoder's own pools are there.
    pub fn cross_blocks(&self, available: N) -> Option<N> {
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

    /// Bytes of `blocks` of encoders' outputs on this rank.
    pub fn cross_bytes(&self, blocks: N) -> N {
        (blocks * self.inputs.block() * bytes_per_token(&self.inputs)).part(|| Part::bytes("pool of cross attention"))
    }
}
