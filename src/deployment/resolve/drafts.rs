//! The sizes of speculative decoding in an engine.

use crate::deployment::{Deployment, SpeculativeDecodingMode};

/// Default draft tokens: those of the examples for Medusa and EAGLE, a usual number for a draft
/// model.
const DEFAULT_DRAFT_LEN: (u64, u64) = (63, 10);
/// Default Medusa heads, EAGLE layers, and ReDrafter's beams and tokens, as in the examples.
const DEFAULT_DRAFT_STEPS: (u64, u64, u64) = (4, 4, 5);

/// The sizes of speculative decoding (`runtime/speculativeDecodingModule.h`, `gptJsonConfig.cpp`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drafts {
    /// Maximum number of draft tokens per sequence in a step; 0 without speculation.
    pub tokens: u64,
    /// Number of tokens in the longest draft path.
    pub path_len: u64,
    /// Number of draft paths per sequence.
    pub paths: u64,
}

impl Drafts {
    /// Returns the sizes for the mode and its settings.
    pub(super) fn of(d: &Deployment) -> Drafts {
        let (tree, chain) = DEFAULT_DRAFT_LEN;
        let (medusa, eagle, redrafter) = DEFAULT_DRAFT_STEPS;
        match d.engine.speculative_decoding_mode {
            SpeculativeDecodingMode::None => Drafts { tokens: 0, path_len: 0, paths: 0 },
            SpeculativeDecodingMode::DraftTokensExternal => {
                let tokens = d.limits.max_draft_len.unwrap_or(chain);
                Drafts { tokens, path_len: tokens, paths: 1 }
            }
            SpeculativeDecodingMode::Medusa => {
                let tokens = d.limits.max_draft_len.unwrap_or(tree);
                Drafts { tokens, path_len: d.engine.num_medusa_heads.unwrap_or(medusa), paths: tokens }
            }
            SpeculativeDecodingMode::LookaheadDecoding => {
                let config = d.engine.lookahead_config.unwrap_or_default();
                let tokens = config.draft_tokens();
                Drafts { tokens, path_len: config.ngram - 1, paths: tokens }
            }
            SpeculativeDecodingMode::ExplicitDraftTokens => {
                let paths = d.engine.redrafter_num_beams.unwrap_or(redrafter);
                let path_len = d.engine.redrafter_draft_len_per_beam.unwrap_or(redrafter);
                Drafts { tokens: paths * path_len, path_len, paths }
            }
            SpeculativeDecodingMode::Eagle => {
                let tokens = d.limits.max_draft_len.unwrap_or(tree);
                Drafts { tokens, path_len: d.engine.num_eagle_layers.unwrap_or(eagle), paths: tokens + 1 }
            }
        }
    }
}
