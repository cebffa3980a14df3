//! What `trtllm-build` makes of its settings, in its order (`tensorrt_llm/builder.py` build and _init_max_seq_len,
//! `tensorrt_llm/_common.py` check_max_num_tokens).

use super::Drafts;
use super::pytorch;
use crate::architecture::{Architecture, Attention, Positions};
use crate::deployment::{Backend, Behavior, Deployment, KvCacheDtype, Note, QuantAlgo, SpeculativeDecodingMode};
use crate::units::grouped;
use std::fmt::Arguments;

/// `max_num_tokens` of `trtllm-build` unless told otherwise (`builder.py` BuildConfig).
pub(crate) const DEFAULT_MAX_NUM_TOKENS: u64 = 8192;
/// `max_input_len` of `trtllm-build` unless told otherwise (`builder.py` BuildConfig).
const DEFAULT_MAX_INPUT_LEN: u64 = 1024;
/// `max_num_tokens` above which `trtllm-build` warns.
const UNUSUAL_MAX_NUM_TOKENS: u64 = 16_384;
/// Compute capability of the first cards with kernels for FP8 attention: Ada.
const FP8_ATTENTION_FROM: (u8, u8) = (8, 9);
/// Compute capability of the first cards with kernels for context FMHA: Ampere.
const CONTEXT_FMHA_FROM: (u8, u8) = (8, 0);

/// The limits that an engine is built with.
pub(in crate::deployment) struct Limits {
    pub max_batch_size: u64,
    pub max_num_tokens: u64,
    pub max_input_len: u64,
    pub max_seq_len: u64,
    pub tokens_per_block: u64,
}

impl Limits {
    pub(in crate::deployment) fn of(d: &Deployment, drafts: &Drafts, notes: &mut Vec<Note>) -> Limits {
        if d.backend == Backend::Pytorch {
            return pytorch::limits(d, notes);
        }
        let version = d.version();
        let max_batch_size = d.max_batch_size.unwrap_or_else(|| version.default_max_batch_size());
        let tokens_per_block = d.tokens_per_block.unwrap_or_else(|| version.default_tokens_per_block());
        let max_seq_len = settled_max_seq_len(d, notes);
        let wanted_input = d.max_input_len.unwrap_or(DEFAULT_MAX_INPUT_LEN);
        let max_input_len = wanted_input.min(max_seq_len);
        if d.max_input_len.is_some_and(|given| given > max_seq_len) {
            Note::add(notes, "max_input_len", format_args!("Lowered to max_seq_len, {}.", grouped(max_seq_len)));
        } else if let (Some(_), None) = (d.model.encoder, d.max_input_len) {
            Note::add(
                notes,
                "max_input_len",
                format_args!(
                    "trtllm-build's default, {}. A decoder is built for max_batch_size · max_input_len tokens: give the length of its prompts, often 1.",
                    grouped(max_input_len)
                ),
            );
        } else if d.max_input_len.is_some() && d.model.encoder.is_none() && d.remove_input_padding && d.context_fmha {
            Note::add(
                notes,
                "max_input_len",
                format_args!("Ignored: with packed inputs and context FMHA only max_num_tokens bounds a step."),
            );
        }
        let mut limits = Limits { max_batch_size, max_num_tokens: 0, max_input_len, max_seq_len, tokens_per_block };
        limits.max_num_tokens = limits.checked_max_num_tokens(d, notes);
        limits.make_room_for_drafts(d, drafts, notes);
        limits
    }

    /// `check_max_num_tokens`, in its order.
    fn checked_max_num_tokens(&self, d: &Deployment, notes: &mut Vec<Note>) -> u64 {
        let mut note = |message: Arguments<'_>| Note::add(notes, "max_num_tokens", message);
        if !d.remove_input_padding {
            let padded = self.max_batch_size.saturating_mul(self.max_input_len);
            let padded_text = grouped(padded);
            note(format_args!(
                "Ignored without remove_input_padding: {padded_text} tokens, max_batch_size · max_input_len."
            ));
            return padded;
        }
        let mut tokens = d.max_num_tokens.unwrap_or(DEFAULT_MAX_NUM_TOKENS);
        if tokens > UNUSUAL_MAX_NUM_TOKENS {
            let usual = grouped(UNUSUAL_MAX_NUM_TOKENS);
            note(format_args!(
                "trtllm-build advises against more than {usual}: seldom faster, and activations grow with it."
            ));
        }
        let all = self.max_batch_size.saturating_mul(self.max_seq_len);
        if tokens > all {
            note(format_args!(
                "Lowered to {}, all that max_batch_size sequences of max_seq_len can hold.",
                grouped(all)
            ));
            tokens = all;
        }
        if tokens < self.max_input_len && !d.context_fmha {
            let input = grouped(self.max_input_len);
            note(format_args!("Raised to max_input_len, {input}: without context FMHA a prompt is read in one step."));
            tokens = self.max_input_len;
        } else if tokens < self.tokens_per_block && d.context_fmha {
            let block = grouped(self.tokens_per_block);
            note(format_args!("Raised to tokens_per_block, {block}; the runtime then needs enable_chunked_context."));
            tokens = self.tokens_per_block;
        }
        tokens
    }

    /// Sequences grow by the draft tokens, EAGLE's also by its steps, and a step must hold every draft.
    fn make_room_for_drafts(&mut self, d: &Deployment, drafts: &Drafts, notes: &mut Vec<Note>) {
        if d.speculative_decoding_mode == SpeculativeDecodingMode::None {
            return;
        }
        let steps = if d.speculative_decoding_mode == SpeculativeDecodingMode::Eagle { drafts.path_len } else { 0 };
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

fn settled_max_seq_len(d: &Deployment, notes: &mut Vec<Note>) -> u64 {
    let deduced = deduced_max_seq_len(&d.model);
    let Some(given) = d.max_seq_len else {
        Note::add(notes, "max_seq_len", format_args!("Deduced from the model: {} tokens.", grouped(deduced)));
        return deduced;
    };
    if given > deduced && !d.streamingllm && !matches!(d.model.positions, Positions::Alibi | Positions::Relative { .. })
    {
        let made_for = grouped(deduced);
        Note::add(notes, "max_seq_len", format_args!("Longer than the {made_for} tokens that the model was made for."));
    }
    given
}

/// `max_seq_len` where none is given: `max_position_embeddings` times the factor of RoPE scaling.
fn deduced_max_seq_len(model: &Architecture) -> u64 {
    let factor = model.rope_scaling_factor.unwrap_or(1.0);
    ((model.max_position_embeddings as f64 * factor).ceil() as u64).max(1)
}

/// How an engine attends to prompts.
pub(in crate::deployment) struct PromptAttention {
    /// Fused, in fact: asked for, and there is a kernel.
    pub fused: bool,
    pub paged: bool,
    pub fp8: bool,
}

impl PromptAttention {
    pub(in crate::deployment) fn of(d: &Deployment, notes: &mut Vec<Note>) -> PromptAttention {
        let version = d.version();
        let asked = (d.use_paged_context_fmha, d.use_fp8_context_fmha);
        let wanted_paged = asked.0.unwrap_or_else(|| version.has(Behavior::PagedContextFmhaByDefault));
        let wanted_fp8 = asked.1.unwrap_or_else(|| version.has(Behavior::Fp8ContextFmhaByDefault));
        let fp8_cache = d.kv_cache_dtype == KvCacheDtype::Fp8;
        let fp8_weights = matches!(d.quant_algo, QuantAlgo::Fp8 | QuantAlgo::W4A8Awq | QuantAlgo::Nvfp4);
        let (mut paged, mut fp8) = (wanted_paged && !d.streamingllm, wanted_fp8);
        let mut why_paged = "it doesn't go with streamingllm";
        let mut why_fp8 = "";
        if !d.context_fmha {
            (paged, fp8) = (false, false);
            (why_paged, why_fp8) = ("it needs context_fmha", "it needs context_fmha");
        } else if !fp8_weights || d.gpu.compute_capability < FP8_ATTENTION_FROM {
            why_fp8 = if fp8_weights {
                "it needs compute capability 8.9 or later"
            } else {
                "it needs quant_algo FP8, W4A8_AWQ or NVFP4"
            };
            fp8 = false;
            if paged && fp8_cache {
                (paged, why_paged) = (false, "over an fp8 KV cache it needs FP8 attention");
            }
        } else if paged && fp8 != fp8_cache {
            why_fp8 = "through the paged KV cache it goes with an fp8 KV cache";
            fp8 = fp8_cache;
        }
        if paged && d.kv_cache_dtype == KvCacheDtype::Int8 {
            (paged, why_paged) = (false, "it doesn't work with an int8 KV cache");
        }
        let mut corrected = |field, wanted: bool, is: bool, asked: Option<bool>, why: &str| {
            if wanted != is && (asked.is_some() || (field == "use_paged_context_fmha" && d.context_fmha)) {
                let state = if is { "on" } else { "off" };
                Note::add(notes, field, format_args!("Turned {state}: {why}."));
            }
        };
        corrected("use_paged_context_fmha", wanted_paged, paged, asked.0, why_paged);
        corrected("use_fp8_context_fmha", wanted_fp8, fp8, asked.1, why_fp8);
        let fused = d.context_fmha && has_context_fmha_kernel(d);
        if d.context_fmha && !fused {
            let missing = match d.model.positions {
                Positions::Relative { .. } => "a relative bias".to_string(),
                _ => format!("heads of {} on the {}", d.model.attention.head_dim(), d.gpu.name),
            };
            Note::add(
                notes,
                "context_fmha",
                format_args!("TensorRT-LLM has no kernel for {missing}: prompts are attended to without it."),
            );
        }
        PromptAttention { fused, paged: paged && fused, fp8: fp8 && fused }
    }
}

/// Head size without a kernel on data-centre Blackwell (NVIDIA/TensorRT-LLM issue 8308).
const HEAD_SIZE_WITHOUT_BLACKWELL_KERNEL: u64 = 96;

/// Whether context FMHA has a kernel for the card, the head size and the positions: none adds a relative bias. Cards before Ampere have none (a build for a T4 asked for
/// the unfused workspace, NVIDIA/TensorRT-LLM issue 1967).
fn has_context_fmha_kernel(d: &Deployment) -> bool {
    let capability = d.gpu.compute_capability;
    let blackwell = (10..12).contains(&capability.0);
    let odd_head = matches!(d.model.attention, Attention::Grouped { head_dim: HEAD_SIZE_WITHOUT_BLACKWELL_KERNEL, .. });
    let biased = matches!(d.model.positions, Positions::Relative { .. });
    capability >= CONTEXT_FMHA_FROM && !(blackwell && odd_head) && !biased
}
