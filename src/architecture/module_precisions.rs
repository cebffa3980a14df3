//! How a checkpoint stores its linear layers, block by block.

use super::{LayerSet, layer_set, layer_text};
use crate::quantization::QuantAlgo;
use serde::{Deserialize, Serialize};

/// The block of a tensor, as far as checkpoints quantize blocks differently and laws distinguish
/// them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// The projections of attention's inputs: queries, keys and values, also compressed ones, and
    /// output gates.
    AttentionInputs,
    /// Attention's output projection.
    AttentionOutput,
    /// The projections of recurrent layers.
    Recurrence,
    /// The dense feed-forward block.
    Mlp,
    /// The shared experts.
    SharedExperts,
    /// The routed experts.
    Experts,
    /// The indexer of sparse attention.
    Indexer,
    /// The projection to the vocabulary.
    LmHead,
    /// Elsewhere; never quantized.
    Other,
}

/// The blocks with linear layers in the order of [`Block`], and their names in a
/// [`ModulePrecisions`] as text.
const BLOCKS: [(Block, &str); 8] = [
    (Block::AttentionInputs, "attention"),
    (Block::AttentionOutput, "output"),
    (Block::Recurrence, "recurrent"),
    (Block::Mlp, "mlp"),
    (Block::SharedExperts, "shared"),
    (Block::Experts, "experts"),
    (Block::Indexer, "indexer"),
    (Block::LmHead, "lm_head"),
];

/// The blocks that a rule without blocks means. Checkpoints seldom quantize the others.
const USUAL: usize = 6;

/// The precision of each block of linear layers.
///
/// As text it is a list of rules, separated by commas or spaces. A rule is a `quant_algo`,
/// `blocks:quant_algo` or `blocks:quant_algo@layers`, with blocks joined by `+`; a later rule
/// overrides an earlier one. A rule without blocks means all blocks except the indexer and the LM
/// head.
///
/// ```
/// use trtllm_memory::architecture::{Block, ModulePrecisions};
/// use trtllm_memory::quantization::QuantAlgo;
/// let stored = ModulePrecisions::parse("NVFP4,attention+output:NO_QUANT", 61).unwrap();
/// assert_eq!(stored.of(Block::Experts), QuantAlgo::Nvfp4);
/// assert_eq!(stored.of(Block::AttentionOutput), QuantAlgo::None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModulePrecisions {
    /// The precision of each of [`BLOCKS`].
    blocks: [QuantAlgo; BLOCKS.len()],
    /// Layers in which a block differs. The sets of a block are disjoint.
    exceptions: Vec<(LayerSet, Block, QuantAlgo)>,
}

/// Everything in the model's own data type.
impl Default for ModulePrecisions {
    fn default() -> ModulePrecisions {
        ModulePrecisions::everywhere(QuantAlgo::None)
    }
}

impl ModulePrecisions {
    /// All blocks in one precision, except the indexer and the LM head.
    pub fn everywhere(algo: QuantAlgo) -> ModulePrecisions {
        let mut blocks = [QuantAlgo::None; BLOCKS.len()];
        blocks[..USUAL].fill(algo);
        ModulePrecisions { blocks, exceptions: Vec::new() }
    }

    /// Only these blocks in one precision.
    pub fn only(algo: QuantAlgo, quantized: &[Block]) -> ModulePrecisions {
        let mut precisions = ModulePrecisions::default();
        for block in quantized {
            precisions.set(*block, None, algo);
        }
        precisions
    }

    /// Parses rules for a model with `layers` layers. `None` if a rule has another form, or names
    /// an unknown block, precision or set of layers.
    pub fn parse(text: &str, layers: u32) -> Option<ModulePrecisions> {
        let mut precisions = ModulePrecisions::default();
        for rule in text.split([',', ' ']).filter(|rule| !rule.is_empty()) {
            let (blocks, precision) = rule.rsplit_once(':').map_or((None, rule), |(blocks, rest)| (Some(blocks), rest));
            let (algo, within) = precision.split_once('@').map_or((precision, None), |(algo, set)| (algo, Some(set)));
            let algo: QuantAlgo = algo.parse().ok()?;
            let within = match within {
                Some(set) => Some(layer_set(set, layers)?),
                None => None,
            };
            match blocks {
                None => BLOCKS[..USUAL].iter().for_each(|(block, _)| precisions.set(*block, within, algo)),
                Some(names) => {
                    for name in names.split('+') {
                        let (block, _) = BLOCKS.iter().find(|(_, known)| *known == name)?;
                        precisions.set(*block, within, algo);
                    }
                }
            }
        }
        Some(precisions)
    }

    /// Sets the precision of a block: of the layers `within`, or of all.
    pub fn set(&mut self, block: Block, within: Option<LayerSet>, algo: QuantAlgo) {
        let Some(everywhere) = self.blocks.get(block as usize).copied() else { return };
        for (layers, _, _) in self.exceptions.iter_mut().filter(|(_, other, _)| *other == block) {
            *layers = within.map_or(LayerSet::NONE, |within| layers.without(within));
        }
        self.exceptions.retain(|(layers, _, _)| !layers.is_empty());
        match within {
            None => self.blocks[block as usize] = algo,
            Some(layers) if algo != everywhere && !layers.is_empty() => {
                match self.exceptions.iter_mut().find(|(_, other, known)| (*other, *known) == (block, algo)) {
                    Some((known, _, _)) => *known = *known | layers,
                    None => self.exceptions.push((layers, block, algo)),
                }
            }
            Some(_) => {}
        }
    }

    /// Replaces each precision.
    pub fn replace(&mut self, by: impl Fn(QuantAlgo) -> QuantAlgo) {
        let exceptions = self.exceptions.iter_mut().map(|(_, _, algo)| algo);
        self.blocks.iter_mut().chain(exceptions).for_each(|algo| *algo = by(*algo));
    }

    /// Returns the precision of a block in most layers.
    pub fn of(&self, block: Block) -> QuantAlgo {
        self.blocks.get(block as usize).copied().unwrap_or_default()
    }

    /// Returns the precisions of a block in `layers`, each with its layers.
    pub fn within(&self, block: Block, layers: LayerSet) -> impl Iterator<Item = (QuantAlgo, LayerSet)> {
        let exceptions = self.exceptions.iter().filter(move |(_, other, _)| *other == block);
        let rest = exceptions.clone().fold(layers, |rest, (set, _, _)| rest.without(*set));
        let exceptions = exceptions.map(move |(set, _, algo)| (*algo, *set & layers));
        std::iter::once((self.of(block), rest)).chain(exceptions).filter(|(_, layers)| !layers.is_empty())
    }

    /// Returns the precision that names the whole: that of the experts, otherwise of the dense
    /// blocks, otherwise the first quantized one.
    pub fn main(&self) -> QuantAlgo {
        let of = |block: Block| Some(self.of(block)).filter(|algo| *algo != QuantAlgo::None);
        let elsewhere = || self.exceptions.iter().map(|(_, _, algo)| *algo).find(|algo| *algo != QuantAlgo::None);
        let first = || self.blocks.iter().copied().find(|algo| *algo != QuantAlgo::None);
        of(Block::Experts).or_else(|| of(Block::Mlp)).or_else(first).or_else(elsewhere).unwrap_or_default()
    }

    /// Whether the routed experts are the only quantized block.
    pub fn is_only_of_experts(&self) -> bool {
        let is_other = |block: &Block| *block != Block::Experts;
        let others =
            BLOCKS.iter().map(|(block, _)| *block).filter(is_other).all(|block| self.of(block) == QuantAlgo::None);
        let exceptional = self.exceptions.iter().any(|(_, block, algo)| is_other(block) && *algo != QuantAlgo::None);
        others && !exceptional && !self.is_unquantized()
    }

    /// Whether every block is in the model's own data type.
    pub fn is_unquantized(&self) -> bool {
        *self == ModulePrecisions::default()
    }

    /// Returns the rules as text, for a model with `layers` layers; empty without quantization.
    pub fn text(&self, layers: u32) -> String {
        let main = self.main();
        let mut rules = Vec::new();
        let usual = ModulePrecisions::everywhere(main);
        let as_usual = |index: usize| self.blocks[index] == usual.blocks[index];
        // The shorter of two forms: all blocks with exceptions, or the quantized blocks alone.
        let base = if (0..USUAL).filter(|index| as_usual(*index)).count() * 2 > USUAL && main != QuantAlgo::None {
            rules.push(main.name().to_string());
            usual
        } else {
            ModulePrecisions::default()
        };
        let mut differing: Vec<(QuantAlgo, Vec<&str>)> = Vec::new();
        for (index, (_, name)) in BLOCKS.iter().enumerate() {
            let algo = self.blocks[index];
            if algo == base.blocks[index] {
                continue;
            }
            match differing.iter_mut().find(|(known, _)| *known == algo) {
                Some((_, names)) => names.push(name),
                None => differing.push((algo, vec![name])),
            }
        }
        rules.extend(differing.iter().map(|(algo, names)| format!("{}:{algo}", names.join("+"))));
        for (set, block, algo) in &self.exceptions {
            let name = BLOCKS[*block as usize].1;
            rules.push(format!("{name}:{algo}@{}", layer_text(*set, layers)));
        }
        rules.join(",")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const LAYERS: u32 = 88;

    fn parsed(text: &str) -> ModulePrecisions {
        ModulePrecisions::parse(text, LAYERS).unwrap()
    }

    #[test]
    fn blocks_are_listed_in_their_order() {
        assert!(BLOCKS.iter().enumerate().all(|(at, (block, _))| *block as usize == at));
        assert_eq!(Block::Other as usize, BLOCKS.len());
    }

    #[test]
    fn rules_apply_to_their_blocks_and_later_ones_override() {
        let stored = parsed("FP8 experts+shared:NVFP4 output:NO_QUANT");
        assert_eq!(stored.of(Block::Mlp), QuantAlgo::Fp8);
        assert_eq!(stored.of(Block::SharedExperts), QuantAlgo::Nvfp4);
        assert_eq!(stored.of(Block::AttentionOutput), QuantAlgo::None);
        assert_eq!((stored.of(Block::LmHead), stored.of(Block::Indexer)), (QuantAlgo::None, QuantAlgo::None));
        assert_eq!(stored.main(), QuantAlgo::Nvfp4);
    }

    #[test]
    fn rules_for_layers_divide_a_block() {
        let stored = parsed("FP8,mlp:NVFP4@4-86");
        let parts: Vec<(QuantAlgo, u32)> =
            stored.within(Block::Mlp, LayerSet::first(LAYERS)).map(|(algo, set)| (algo, set.len())).collect();
        assert_eq!(parts, [(QuantAlgo::Fp8, 5), (QuantAlgo::Nvfp4, 83)]);
        let first: Vec<QuantAlgo> = stored.within(Block::Mlp, LayerSet::first(2)).map(|(algo, _)| algo).collect();
        assert_eq!(first, [QuantAlgo::Fp8]);
        assert_eq!(parsed("mlp:FP8@0-3 mlp:NVFP4@2-5").within(Block::Mlp, LayerSet::range(2..4)).count(), 1);
    }

    #[test]
    fn a_text_means_what_it_was_made_from() {
        for text in [
            "",
            "FP8_BLOCK_SCALES",
            "experts:W4A16_MXFP4",
            "NVFP4,attention+output:NO_QUANT",
            "experts:NVFP4@3-",
            "FP8,mlp:NVFP4@4-86",
            "experts:NVFP4,recurrent+shared:FP8",
            "lm_head:NVFP4",
        ] {
            assert_eq!(parsed(&parsed(text).text(LAYERS)), parsed(text), "{text}");
        }
        assert_eq!(parsed("NVFP4 attention+output:NO_QUANT").text(LAYERS), "NVFP4,attention+output:NO_QUANT");
        assert_eq!(parsed("experts:W4A16_MXFP4").text(LAYERS), "experts:W4A16_MXFP4");
    }

    #[test]
    fn a_malformed_rule_is_refused() {
        for text in ["FP9", "expert:FP8", "mlp:FP8@x", "mlp:", ":FP8"] {
            assert_eq!(ModulePrecisions::parse(text, LAYERS), None, "{text}");
        }
    }
}
