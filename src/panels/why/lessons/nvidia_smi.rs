//! The memory that nvidia-smi shows: pools keep freed memory.

use super::{code, is_engine, say};
use crate::memory::Contributor;
use crate::panels::why::nvidia_smi::KEY;
use crate::panels::why::subject::Subject;
use maud::{Markup, html};

/// The sentences about the memory in use.
pub(in crate::panels::why) fn of_nvidia_smi(subject: &Subject) -> Markup {
    let activations = subject.headline(subject.bytes(Contributor::Activations));
    let mut all = vec![html! {
        b { "Freed memory stays in a pool" } ", so " (code("nvidia-smi")) " goes on showing it as used. "
        @if is_engine(subject) {
            "Buffers come from CUDA's stream-ordered pool; freed, they return to that pool and not to the driver."
        } @else {
            "Torch's allocator keeps what it got from CUDA: the " (activations)
            " of activations count, although only the largest step needs them."
        }
    }];
    all.push(html! {
        "Inference memory has three big parts: weights, activations, and inputs and outputs, mostly the KV cache. \
         Buffers and the memory outside TensorRT-LLM come on top."
    });
    if let Some(bound) = subject.report.upper_bound {
        all.push(html! {
            (code("trtllm-build")) "'s own estimate (" (code("check_gpt_mem_usage")) ") is "
            (subject.headline(bound.total()))
            ", an upper bound of engine, activations and a KV cache for the whole batch; buffers and CUDA are not \
             in it."
        });
    }
    say(subject, KEY, all)
}
