//! What is worth knowing about the memory of a deployment, at the field it concerns.

use super::KvCache;
use super::{kv_cache, overhead};
use crate::deployment::{Backend, Fact, KvCacheDtype, KvCacheType, KvType, Note, Plan, Runtime};
use crate::units::grouped;

/// The plan's notes and those that its memory gives rise to.
pub fn notes(plan: &Plan, kv: &KvCache) -> Vec<Note> {
    let mut notes = plan.notes.clone();
    notes.extend(overhead::notes(plan));
    let mut note = |field, message: String| notes.push(Note { field, message });
    if plan.kv_cache_dtype == KvType::Quantized(KvCacheDtype::Nvfp4) && plan.backend == Backend::TensorRt {
        note("kv_cache_dtype", "No known release of the engine flow can size an nvfp4 KV cache; fp8 works.".into());
    }
    if let Some(tokens) = kv.lowered_max_seq_len {
        note("max_seq_len", format!("TensorRT-LLM lowers it to {}, all that the KV cache holds.", grouped(tokens)));
    }
    if plan.kv_cache_type == KvCacheType::Continuous && plan.runtime == Runtime::Executor {
        note("kv_cache_type", "In-flight batching refuses it: the executor needs a paged KV cache.".into());
    }
    windows(plan, kv, &mut note);
    if plan.enable_trt_overlap && plan.runtime == Runtime::Executor && plan.pp_size == 1 {
        let message = match super::terms::MicroBatches::of(plan).count {
            1 => "Has no effect with beam search or speculative decoding.",
            _ => "The runtime buffers of both micro-batches are allocated.",
        };
        note("enable_trt_overlap", message.into());
    }
    notes
}

fn windows(plan: &Plan, kv: &KvCache, note: &mut impl FnMut(&'static str, String)) {
    let field = "max_attention_window";
    let several = plan.max_attention_window.windows(2).any(|pair| pair[0] != pair[1]);
    if several && !plan.version.has(Fact::WindowsHavePools) {
        let message = format!("In TensorRT-LLM {} the widest window sizes the KV cache of all layers.", plan.version);
        note(field, message);
    }
    if kv.windows.len() > 1 && plan.max_tokens.is_some() && plan.version.has(Fact::WindowPoolsAreEqual) {
        note("max_tokens", "Ignored where layers have several attention windows.".into());
    }
    let of = |stage| kv_cache::windows(plan, stage).into_iter().map(|window| window.tokens).collect::<Vec<u64>>();
    if several && plan.version.has(Fact::WindowsHavePools) && (1..plan.pp_size).any(|stage| of(stage) != of(0)) {
        let message =
            "TensorRT-LLM refuses pipeline stages with different windows; use a pp_size whose stages have all.";
        note(field, message.into());
    }
}
