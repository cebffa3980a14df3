//! What is worth knowing about the memory of a deployment, at the field it concerns.

use super::KvCache;
use super::{kv_cache, overhead};
use crate::deployment::{Backend, Behavior, KvCacheDtype, KvCacheType, KvType, Note, Resolved, Runtime};
use crate::units::{Bytes, grouped, grouped_decimal};
use std::fmt::Arguments;

/// The plan's notes and those that its memory gives rise to.
pub(super) fn notes(resolved: &Resolved, kv: &KvCache) -> Vec<Note> {
    let mut notes = resolved.notes.clone();
    notes.extend(overhead::notes(resolved));
    let mut note = |field, message: Arguments<'_>| Note::add(&mut notes, field, message);
    if resolved.kv_cache_dtype == KvType::Quantized(KvCacheDtype::Nvfp4) && resolved.backend == Backend::TensorRt {
        note(
            "kv_cache_dtype",
            format_args!("No known release of the engine flow can size an nvfp4 KV cache; fp8 works."),
        );
    }
    if let Some(tokens) = kv.lowered_max_seq_len {
        note(
            "max_seq_len",
            format_args!("TensorRT-LLM lowers it to {}, all that the KV cache holds.", grouped(tokens)),
        );
    }
    if resolved.kv_cache_type == KvCacheType::Continuous && resolved.runtime == Runtime::Executor {
        note("kv_cache_type", format_args!("In-flight batching refuses it: the executor needs a paged KV cache."));
    }
    if resolved.model.mrope && resolved.backend == Backend::TensorRt {
        let table =
            resolved.model.max_position_embeddings.saturating_mul(resolved.model.rotary_dim()).saturating_mul(4);
        note(
            "max_batch_size",
            format_args!(
                "Each beam of each sequence has a table of rotations in the runtime buffers, {}: lower max_batch_size first.",
                Bytes(table)
            ),
        );
    }
    cross_kv_cache(resolved, kv, &mut note);
    windows(resolved, kv, &mut note);
    if resolved.enable_trt_overlap && resolved.runtime == Runtime::Executor && resolved.pp_size == 1 {
        let message = match super::inputs::MicroBatches::of(resolved).count {
            1 => "Has no effect with beam search or speculative decoding.",
            _ => "The runtime buffers of both micro-batches are allocated.",
        };
        note("enable_trt_overlap", format_args!("{message}"));
    }
    notes
}

/// Requests of the one pool to those of the other from which on the pools count as unbalanced.
const UNBALANCED: f64 = 1.25;

/// Which share would let both pools hold equally many requests, where they are far from it.
fn cross_kv_cache(resolved: &Resolved, kv: &KvCache, note: &mut impl FnMut(&'static str, Arguments<'_>)) {
    let (Some(cross), Some(own)) = (kv.cross, kv.windows.last()) else { return };
    let needed = (kv.requests.cross_blocks().max(1), kv.requests.most_blocks(own.tokens).max(1));
    let held = (cross.blocks / needed.0, own.blocks / needed.1);
    let unbalanced = (held.0.max(held.1) as f64) > held.0.min(held.1) as f64 * UNBALANCED;
    if !unbalanced || resolved.max_tokens.is_some() {
        return;
    }
    let ratio = needed.0 as f64 / needed.1 as f64;
    let share = match resolved.version.has(Behavior::CrossKvCacheSplitsBytes) {
        true => ratio / (ratio + 1.0),
        // own = (1 − x) · f of the memory, cross = x · f of what that leaves.
        false => {
            let f = resolved.free_gpu_memory_fraction.unwrap_or(1.0);
            let linear = 1.0 - f + ratio;
            ((linear * linear + 4.0 * f * ratio).sqrt() - linear) / (2.0 * f)
        }
    };
    let (encoded, own, share) = (grouped(held.0), grouped(held.1), grouped_decimal(share, 2));
    note(
        "cross_kv_cache_fraction",
        format_args!(
            "There is room for an encoder's output {encoded} times and for the tokens of a request {own} times: about {share} would balance the two."
        ),
    );
}

fn windows(resolved: &Resolved, kv: &KvCache, note: &mut impl FnMut(&'static str, Arguments<'_>)) {
    let field = "max_attention_window";
    let several = resolved.max_attention_window.windows(2).any(|pair| pair[0] != pair[1]);
    if several && !resolved.version.has(Behavior::WindowsHavePools) {
        note(
            field,
            format_args!("In TensorRT-LLM {} the widest window sizes the KV cache of all layers.", resolved.version),
        );
    }
    if kv.windows.len() > 1 && resolved.max_tokens.is_some() && resolved.version.has(Behavior::WindowPoolsAreEqual) {
        note("max_tokens", format_args!("Ignored where layers have several attention windows."));
    }
    let of = |stage| kv_cache::windows(resolved, stage).into_iter().map(|window| window.tokens).collect::<Vec<u64>>();
    if several
        && resolved.version.has(Behavior::WindowsHavePools)
        && (1..resolved.pp_size).any(|stage| of(stage) != of(0))
    {
        note(
            field,
            format_args!(
                "TensorRT-LLM refuses pipeline stages with different windows; use a pp_size whose stages have all."
            ),
        );
    }
}
