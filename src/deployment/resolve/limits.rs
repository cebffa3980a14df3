//! The limits as `trtllm-build` resolves them, in its order (`tensorrt_llm/builder.py` build and
//! _init_max_seq_len, `tensorrt_llm/_common.py` check_max_num_tokens).

use super::drafts::Drafts;
use crate::architecture::{Architecture, Positions};
use crate::deployment::{Deployment, Note, SpeculativeDecodingMode};
use crate::units::grouped;
use std::fmt::Arguments;

/// Default `max_num_tokens` of `trtllm-build` (`builder.py` BuildConfig).
pub(crate) const DEFAULT_MAX_NUM_TOKENS: u64 = 8192;
/// Default `max_input_len` of `trtllm-build` (`builder.py` BuildConfig).
const DEFAULT_MAX_INPUT_LEN: u64 = 1024;
/// The `max_num_tokens` above which `trtllm-build` warns.
const UNUSUAL_MAX_NUM_TOKENS: u64 = 16_384;

/// The limits of a step and of a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResolvedLimits {
    /// Maximum number of sequences in a (micro-)batch.
    pub max_batch_size: u64,
    /// Maximum number of tokens in a step.
    pub max_num_tokens: u64,
    /// Maximum length of a prompt.
    pub max_input_len: u64,
    /// Maximum length of a sequence.
    pub max_seq_len: u64,
    /// Maximum number of beams.
    pub max_beam_width: u64,
    /// Maximum number of sequences in a batch of the running executor.
    pub runtime_max_batch_size: u64,
    /// Maximum number of tokens in a step of the running executor.
    pub runtime_max_num_tokens: u64,
}

impl ResolvedLimits {
    /// Returns the limits of a running executor: at most those of the engine or PyTorch backend.
    pub(super) fn running(d: &Deployment, limits: StepLimits) -> ResolvedLimits {
        let StepLimits { max_batch_size, max_num_tokens, max_input_len, max_seq_len } = limits;
        let at_most = |given: Option<u64>, limit: u64| given.map_or(limit, |most| most.min(limit));
        ResolvedLimits {
            max_batch_size,
            max_num_tokens,
            max_input_len,
            max_seq_len,
            max_beam_width: d.limits.max_beam_width,
            runtime_max_batch_size: at_most(d.engine.runtime_max_batch_size, max_batch_size),
            runtime_max_num_tokens: at_most(d.engine.runtime_max_num_tokens, max_num_tokens),
        }
    }
}

/// The limits with which an engine is built or the PyTorch backend is started.
pub(super) struct StepLimits {
    pub max_batch_size: u64,
    pub max_num_tokens: u64,
    pub max_input_len: u64,
    pub max_seq_len: u64,
}

impl StepLimits {
    /// Returns the limits of an engine with these drafts and KV-cache blocks.
    pub(super) fn of_engine(
        d: &Deployment,
        drafts: Drafts,
        tokens_per_block: u64,
        notes: &mut Vec<Note>,
    ) -> StepLimits {
        let max_batch_size = d.limits.max_batch_size.unwrap_or_else(|| d.version().default_max_batch_size());
        let max_seq_len = resolved_max_seq_len(d, notes);
        let max_input_len = d.engine.max_input_len.unwrap_or(DEFAULT_MAX_INPUT_LEN).min(max_seq_len);
        note_max_input_len(d, max_input_len, max_seq_len, notes);
        let mut limits = StepLimits { max_batch_size, max_num_tokens: 0, max_input_len, max_seq_len };
        limits.max_num_tokens = limits.checked_max_num_tokens(d, tokens_per_block, notes);
        limits.make_room_for_drafts(d, drafts, notes);
        limits
    }

    /// Returns `max_num_tokens` after the corrections of `check_max_num_tokens`, in its order.
    fn checked_max_num_tokens(&self, d: &Deployment, tokens_per_block: u64, notes: &mut Vec<Note>) -> u64 {
        let mut note = |message: Arguments<'_>| Note::add(notes, "max_num_tokens", message);
        if !d.engine.plugins.remove_input_padding {
            let padded = self.max_batch_size.saturating_mul(self.max_input_len);
            let padded_text = grouped(padded);
            note(format_args!(
                "Ignored without remove_input_padding: {padded_text} tokens, max_batch_size · max_input_len."
            ));
            return padded;
        }
        let mut tokens = d.limits.max_num_tokens.unwrap_or(DEFAULT_MAX_NUM_TOKENS);
        if tokens > UNUSUAL_MAX_NUM_TOKENS {
            let usual = grouped(UNUSUAL_MAX_NUM_TOKENS);
            note(format_args!(
                "trtllm-build advises against more than {usual}: it is seldom faster and increases activations."
            ));
        }
        let all = self.max_batch_size.saturating_mul(self.max_seq_len);
        if tokens > all {
            note(format_args!(
                "Lowered to {}, the maximum for max_batch_size sequences of max_seq_len tokens.",
                grouped(all)
            ));
            tokens = all;
        }
        if tokens < self.max_input_len && !d.engine.plugins.context_fmha {
            let input = grouped(self.max_input_len);
            note(format_args!(
                "Raised to max_input_len, {input}: without context FMHA a prompt is processed in one step."
            ));
            tokens = self.max_input_len;
        } else if tokens < tokens_per_block && d.engine.plugins.context_fmha {
            let block = grouped(tokens_per_block);
            note(format_args!(
                "Raised to tokens_per_block, {block}; the runtime then requires enable_chunked_context."
            ));
            tokens = tokens_per_block;
        }
        tokens
    }

    /// Raises `max_seq_len` by the draft tokens, and for EAGLE by its steps. Raises
    /// `max_num_tokens` so that a step fits all drafts.
    fn make_room_for_drafts(&mut self, d: &Deployment, drafts: Drafts, notes: &mut Vec<Note>) {
        if d.engine.speculative_decoding_mode == SpeculativeDecodingMode::None {
            return;
        }
        let steps =
            if d.engine.speculative_decoding_mode == SpeculativeDecodingMode::Eagle { drafts.path_len } else { 0 };
        self.max_seq_len = self.max_seq_len.saturating_add(drafts.tokens).saturating_add(steps);
        let (longer, drafted) = (grouped(self.max_seq_len), grouped(drafts.tokens + steps));
        Note::add(notes, "max_seq_len", format_args!("Raised by {drafted} for the draft tokens, to {longer}."));
        let all = self.max_batch_size.saturating_mul(drafts.tokens + 1);
        if self.max_num_tokens < all {
            Note::add(
                notes,
                "max_num_tokens",
                format_args!("Raised to {}, max_batch_size · (max_draft_len + 1).", grouped(all)),
            );
            self.max_num_tokens = all;
        }
    }
}

/// Adds a note on the resolution of `max_input_len`.
fn note_max_input_len(d: &Deployment, max_input_len: u64, max_seq_len: u64, notes: &mut Vec<Note>) {
    let plugins = &d.engine.plugins;
    let mut note = |message: Arguments<'_>| Note::add(notes, "max_input_len", message);
    match (d.engine.max_input_len, d.model.encoder) {
        (Some(given), _) if given > max_seq_len => {
            note(format_args!("Lowered to max_seq_len, {}.", grouped(max_seq_len)));
        }
        (None, Some(_)) => note(format_args!(
            "trtllm-build's default, {}. A decoder is built for max_batch_size · max_input_len tokens: set \
             max_input_len to the length of its prompts, often 1.",
            grouped(max_input_len)
        )),
        (Some(_), None) if plugins.remove_input_padding && plugins.context_fmha => {
            note(format_args!("Ignored: with packed inputs and context FMHA only max_num_tokens limits a step."));
        }
        _ => {}
    }
}

/// Returns `max_seq_len` as given, or as deduced from the model.
fn resolved_max_seq_len(d: &Deployment, notes: &mut Vec<Note>) -> u64 {
    let deduced = deduced_max_seq_len(&d.model);
    let Some(given) = d.limits.max_seq_len else {
        Note::add(notes, "max_seq_len", format_args!("Deduced from the model: {} tokens.", grouped(deduced)));
        return deduced;
    };
    if given > deduced
        && !d.engine.plugins.streamingllm
        && !matches!(d.model.positions, Positions::Alibi | Positions::Relative { .. })
    {
        let made_for = grouped(deduced);
        Note::add(notes, "max_seq_len", format_args!("Longer than the model's own limit of {made_for} tokens."));
    }
    given
}

/// Returns the default `max_seq_len`: `max_position_embeddings` times the factor of RoPE scaling.
fn deduced_max_seq_len(model: &Architecture) -> u64 {
    let factor = model.rope_scaling_factor.unwrap_or(1.0);
    ((model.max_position_embeddings as f64 * factor).ceil() as u64).max(1)
}
