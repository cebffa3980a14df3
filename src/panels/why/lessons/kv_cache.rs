//! The KV cache: a pool of blocks, and the rule that sizes it.

use super::{code, is_engine};
use crate::deployment::{KvCacheType, Runtime};
use crate::memory::Binding;
use crate::panels::why::subject::Subject;
use crate::units::{Bytes, grouped};
use maud::{Markup, html};

pub(super) fn sentences(subject: &Subject) -> Vec<Markup> {
    let cache = &subject.report.kv_cache;
    let mut all = vec![token(subject)];
    if cache.binding == Binding::WholeBatch {
        all.push(whole_batch(subject));
        return all;
    }
    all.push(html! {
        "The cache is allocated at start-up as " (grouped(cache.blocks)) " blocks of " (cache.tokens_per_block)
        " tokens: " (grouped(cache.tokens)) " tokens, or " (grouped(cache.max_sequences)) " requests of "
        (grouped(subject.report.max_seq_len)) " tokens."
    });
    all.push(rule(subject));
    all.push(scheduling(subject));
    all
}

/// The bytes of a token.
fn token(subject: &Subject) -> Markup {
    let size = subject.size(Bytes::rounded(subject.report.kv_cache.bytes_per_token));
    let tp = subject.resolved.parallel.attention_tp_size;
    let kv_heads = subject.resolved.model.attention.kv_heads();
    html! {
        "A token takes " (size)
        @if subject.resolved.latent_values().is_some() {
            " on " b { "every" } " GPU: latent attention caches one vector a layer, which tensor parallelism \
             doesn't split."
        } @else if tp > kv_heads {
            " on each GPU: its keys and values in every layer. " (grouped(kv_heads)) " KV heads over " (grouped(tp))
            " GPUs leave one head on each, so several GPUs cache the same one."
        } @else if tp > 1 {
            " on each GPU: keys and values of " (grouped(subject.resolved.local_kv_heads())) " of "
            (grouped(kv_heads))
            " KV heads in every layer."
        } @else {
            ": its keys and values, " (grouped(kv_heads)) " heads in every layer."
        }
    }
}

/// The setting that sizes the pool.
fn rule(subject: &Subject) -> Markup {
    let fraction = subject.resolved.given.kv_cache.free_gpu_memory_fraction;
    let tokens = subject.resolved.given.kv_cache.max_tokens;
    let in_effect = subject.resolved.kv_cache.free_gpu_memory_fraction.is_some();
    let binds = match subject.report.kv_cache.binding {
        Binding::MaxTokens => "max_tokens",
        Binding::MaxGpuTotalBytes => "max_gpu_total_bytes",
        Binding::FreeGpuMemoryFraction | Binding::WholeBatch => "free_gpu_memory_fraction",
    };
    html! {
        @match (fraction, tokens) {
            (None, None) => {
                "Neither " (code("max_tokens")) " nor " (code("free_gpu_memory_fraction"))
                " is set, so the cache takes 90 % of the memory that is still free"
                @if !is_engine(subject) {
                    " at the peak of the profiling step"
                } @else if subject.resolved.given.engine.runtime == Runtime::GptSession {
                    " after weights and activations"
                } @else {
                    " after weights, activations and buffers"
                }
                "."
            }
            (Some(_), None) => { "Only " (code("free_gpu_memory_fraction")) " is set, so it decides." }
            (None, Some(_)) if !in_effect => { "Only " (code("max_tokens")) " is set, so it decides." }
            (_, Some(_)) => {
                "The tokens that the fraction holds are compared with " (code("max_tokens"))
                "; the smaller number counts, here that of " (code(binds)) "."
            }
        }
    }
}

fn scheduling(subject: &Subject) -> Markup {
    if subject.resolved.given.engine.runtime == Runtime::Executor || !is_engine(subject) {
        return html! {
            "In-flight batching starts requests as long as blocks are left, up to " (code("max_batch_size")) " "
            (grouped(subject.resolved.limits.runtime_max_batch_size)) "."
        };
    }
    html! {
        "Without in-flight batching the pool must hold the whole batch. Otherwise the session fails with \
         “Can't allocate new blocks. No free blocks left.”"
    }
}

/// A cache without a shared pool.
fn whole_batch(subject: &Subject) -> Markup {
    let limits = subject.resolved.limits;
    let engine = &subject.resolved.given.engine;
    html! {
        @if engine.kv_cache_type == KvCacheType::Continuous {
            "The cache isn't paged: each layer has one tensor [batch, 2, heads, max_seq_len, head_dim], for "
        } @else {
            "The Python runtime allocates the whole batch at its full length: "
        }
        (grouped(limits.runtime_max_batch_size)) " sequences of " (grouped(limits.max_seq_len)) " tokens. "
        @if engine.runtime == Runtime::PySession {
            "In the Python runtime it is linear in batch_size and in max_context_length + max_new_tokens."
        }
    }
}
