//! Notes on the memory of a deployment, each attached to a setting.

use super::backend::BackendModel;
use super::inputs::MicroBatches;
use super::kv_cache::{self, KvCache};
use super::overhead;
use crate::deployment::{Behavior, KvCacheDtype, KvCacheType, KvType, Note, Resolved, Runtime};
use crate::units::{grouped, grouped_decimal};
use std::fmt::Arguments;

/// Returns the notes of the resolved deployment and those on its memory.
pub(super) fn notes(resolved: &Resolved, kv: &KvCache) -> Vec<Note> {
    let mut notes = resolved.notes.clone();
    notes.extend(overhead::notes(resolved));
    let mut note = |field, message: Arguments<'_>| Note::add(&mut notes, field, message);
    if resolved.precision.kv_cache_dtype == KvType::Quantized(KvCacheDtype::Nvfp4)
        && !resolved.backend.sizes_nvfp4_kv_cache()
    {
        note(
            "kv_cache_dtype",
            format_args!("No known release of the engine backend can size an nvfp4 KV cache; use fp8."),
        );
    }
    if let Some(tokens) = kv.lowered_max_seq_len {
        note(
            "max_seq_len",
            format_args!("TensorRT-LLM lowers it to {}, the capacity of the KV cache.", grouped(tokens)),
        );
    }
    if resolved.given.engine.kv_cache_type == KvCacheType::Continuous
        && resolved.given.engine.runtime == Runtime::Executor
    {
        note("kv_cache_type", format_args!("In-flight batching requires a paged KV cache."));
    }
    if let Some(table) = resolved.backend.rotation_table(resolved) {
        note(
            "max_batch_size",
            format_args!(
                "Each beam of each sequence has an M-RoPE table of {} in the runtime buffers. Lower \
                 max_batch_size first.",
                table
            ),
        );
    }
    cross_kv_cache(resolved, kv, &mut note);
    windows(resolved, kv, &mut note);
    if resolved.given.engine.enable_trt_overlap
        && resolved.given.engine.runtime == Runtime::Executor
        && resolved.parallel.pp_size == 1
    {
        let message = match MicroBatches::of(resolved).count {
            1 => "Has no effect with beam search or speculative decoding.",
            _ => "The runtime buffers of both micro-batches are allocated.",
        };
        note("enable_trt_overlap", format_args!("{message}"));
    }
    notes
}

/// Ratio between the requests that the two pools hold above which they count as unbalanced.
const UNBALANCED: f64 = 1.25;

/// Suggests the share for which both pools hold equally many requests, if they are far from it.
fn cross_kv_cache(resolved: &Resolved, kv: &KvCache, note: &mut impl FnMut(&'static str, Arguments<'_>)) {
    let (Some(cross), Some(own)) = (kv.cross, kv.windows.last()) else { return };
    let needed = (kv.requests.cross_blocks().max(1), kv.requests.most_blocks(own.tokens).max(1));
    let held = (cross.blocks / needed.0, own.blocks / needed.1);
    let unbalanced = (held.0.max(held.1) as f64) > held.0.min(held.1) as f64 * UNBALANCED;
    if !unbalanced || resolved.given.kv_cache.max_tokens.is_some() {
        return;
    }
    let ratio = needed.0 as f64 / needed.1 as f64;
    let share = match resolved.version.has(Behavior::CrossKvCacheSplitsBytes) {
        true => ratio / (ratio + 1.0),
        // own = (1 − x) · f of the memory; cross = x · f of the memory that is left.
        false => {
            let f = resolved.kv_cache.free_gpu_memory_fraction.unwrap_or(1.0);
            let linear = 1.0 - f + ratio;
            ((linear * linear + 4.0 * f * ratio).sqrt() - linear) / (2.0 * f)
        }
    };
    let (encoded, own, share) = (grouped(held.0), grouped(held.1), grouped_decimal(share, 2));
    note(
        "cross_kv_cache_fraction",
        format_args!(
            "The KV cache holds {encoded} encoder outputs, but the tokens of {own} requests: a share of about \
             {share} would balance the two."
        ),
    );
}

fn windows(resolved: &Resolved, kv: &KvCache, note: &mut impl FnMut(&'static str, Arguments<'_>)) {
    let field = "max_attention_window";
    let several = resolved.kv_cache.max_attention_window.windows(2).any(|pair| pair[0] != pair[1]);
    if several && !resolved.version.has(Behavior::WindowsHavePools) {
        note(
            field,
            format_args!(
                "In TensorRT-LLM {} the widest window determines the KV cache of all layers.",
                resolved.version
            ),
        );
    }
    if kv.windows.len() > 1
        && resolved.given.kv_cache.max_tokens.is_some()
        && resolved.version.has(Behavior::WindowPoolsAreEqual)
    {
        let message = if resolved.backend.limits_pool_bytes_by_max_tokens() {
            "Limits the bytes of all pools together: layers have several attention windows."
        } else {
            "Ignored if layers have several attention windows."
        };
        note("max_tokens", format_args!("{message}"));
    }
    let of = |stage| kv_cache::windows(resolved, stage).into_iter().map(|window| window.tokens).collect::<Vec<u64>>();
    if several
        && resolved.version.has(Behavior::WindowsHavePools)
        && (1..resolved.parallel.pp_size).any(|stage| of(stage) != of(0))
    {
        note(
            field,
            format_args!(
                "TensorRT-LLM rejects pipeline stages with different windows; use a pp_size for which every \
                 stage has all windows."
            ),
        );
    }
}
