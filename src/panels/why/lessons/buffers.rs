//! Buffers of the runtime and the decoder, and the memory that no log counts.

use super::{code, is_engine};
use crate::memory::Contributor;
use crate::panels::why::subject::Subject;
use crate::units::{Bytes, grouped};
use maud::{Markup, html};

pub(super) fn of_runtime(subject: &Subject) -> Vec<Markup> {
    let limits = subject.resolved.limits;
    let mut all = vec![html! {
        @if is_engine(subject) {
            b { "The runtime allocates its inputs and outputs before the KV cache" } ", for "
            (code("max_batch_size")) " " (grouped(limits.runtime_max_batch_size)) " and " (code("max_seq_len")) " "
            (grouped(limits.max_seq_len)) ", so that it can't run out of memory later."
        } @else {
            b { "Workspaces and tables inside torch that stay allocated" } ", sized by " (code("max_num_tokens")) " "
            (grouped(limits.max_num_tokens)) " and " (code("max_batch_size")) " " (grouped(limits.max_batch_size)) "."
        }
    }];
    all.extend(halved(subject, Contributor::RuntimeBuffers));
    if is_engine(subject) && subject.resolved.parallel.pp_size > 1 {
        all.push(html! {
            "Each of the " (subject.resolved.parallel.pp_size) " micro-batches in flight has a set of buffers."
        });
    }
    all
}

pub(super) fn of_decoder(subject: &Subject) -> Vec<Markup> {
    let limits = subject.resolved.limits;
    let slots = subject.resolved.max_num_sequences();
    let mut all = vec![html! {
        b { "The sampler's state of " (grouped(slots)) " slots" }
        ", allocated before the KV cache for the largest batch"
        @if is_engine(subject) {
            ", " (code("max_seq_len")) " " (grouped(limits.max_seq_len)) " and " (code("max_beam_width")) " "
            (grouped(limits.max_beam_width)) ", so that it can't run out of memory later"
        }
        "."
    }];
    all.extend(halved(subject, Contributor::DecoderBuffers));
    all
}

/// The memory that half the batch would save.
fn halved(subject: &Subject, contributor: Contributor) -> Option<Markup> {
    let half = subject.resolved.limits.max_batch_size / 2;
    let report = subject.changed(|deployment| deployment.limits.max_batch_size = Some(half)).filter(|_| half > 0)?;
    let rank = report.ranks.get(subject.rank().rank as usize)?;
    let saved = subject.bytes(contributor) - rank.figure(contributor).bytes;
    (saved > Bytes::ZERO).then(|| {
        html! { "With half the " (code("max_batch_size")) " they would take " (subject.size(saved)) " less." }
    })
}

pub(super) fn of_overhead(subject: &Subject) -> Vec<Markup> {
    let after = subject.rank().after_kv_cache;
    let mut all = vec![html! {
        b { "No line of the log counts this memory." }
        " CUDA, its loaded code and the communication between GPUs take it outside the other five; a log with the \
         free memory replaces the estimate (" (code("free_memory_gib")) ")."
    }];
    if after > Bytes::ZERO {
        all.push(html! { (subject.size(after)) " are allocated after the KV cache has been sized." });
    }
    all
}
