//! Activations: linear in the tokens of a step, and no larger for more layers.

use super::{code, is_engine};
use crate::deployment::Deployment;
use crate::memory::inputs::MicroBatches;
use crate::memory::{Contributor, Explanation, Report, estimate_resolved};
use crate::panels::why::subject::Subject;
use crate::units::{Bytes, grouped};
use maud::{Markup, html};

/// Tokens of a step by which the factor is stated.
const TOKENS: u64 = 1000;

pub(super) fn sentences(subject: &Subject) -> Vec<Markup> {
    let engine = is_engine(subject);
    let padded = engine && !subject.resolved.given.engine.plugins.remove_input_padding;
    let mut all = vec![factor(subject, padded), one_layer(subject)];
    if engine {
        all.extend([build(), fixed(), tokens(subject, padded)]);
        all.push(context_fmha(subject));
        all.push(beams(subject));
    } else {
        all.push(html! {
            "TensorRT-LLM runs one step of " (code("max_num_tokens")) " tokens at start-up and measures the peak. \
             Torch frees each tensor after its last use, so the peak lies inside one layer."
        });
    }
    all.push(parallelism(subject));
    if engine && subject.resolved.precision.quant_algo.is_fp8_gemm() {
        all.push(html! {
            "FP8 GEMMs may need more activation memory than the theoretical optimum: a known issue of TensorRT."
        });
    }
    if engine && subject.resolved.parallel.pp_size > 1 {
        all.push(micro_batches(subject));
    }
    all.extend(upper_bound(subject));
    all
}

/// The activations of the largest rank.
fn most(report: &Report) -> Bytes {
    report.ranks.iter().map(|rank| rank.figure(Contributor::Activations).bytes).max().unwrap_or_default()
}

fn changed(subject: &Subject, change: impl FnOnce(&mut Deployment)) -> Option<Bytes> {
    subject.changed(change).map(|report| most(&report))
}

/// The memory of another thousand tokens, or of a thousand fewer if more than now are impossible.
fn factor(subject: &Subject, padded: bool) -> Markup {
    let (tokens, now) = (subject.resolved.limits.max_num_tokens, most(&subject.report));
    let with = |tokens: u64| {
        let mut deployment = subject.request.deployment.clone();
        deployment.limits.max_num_tokens = Some(tokens);
        let resolved = deployment.resolve().ok()?;
        (resolved.limits.max_num_tokens == tokens).then(|| most(&estimate_resolved(&resolved)))
    };
    let by_tokens = !padded && subject.resolved.model.encoder.is_none();
    let more = || with(tokens + TOKENS).map(|more| ("more", "add", more - now));
    let fewer = || tokens.checked_sub(TOKENS).and_then(with).map(|fewer| ("fewer", "save", now - fewer));
    let factor = Some(()).filter(|()| by_tokens).and_then(|()| more().or_else(fewer));
    html! {
        b { "Activations grow with the tokens of a step" }
        ", here up to " (grouped(subject.resolved.engine_tokens())) "."
        @match factor {
            Some((which, does, Bytes::ZERO)) => {
                " At this size other tensors decide: " (grouped(TOKENS)) " " (which) " (" (code("max_num_tokens"))
                ") "
                (does) " nothing."
            }
            Some((which, does, bytes)) => {
                " Every " (grouped(TOKENS)) " " (which) " (" (code("max_num_tokens")) ") " (does) " "
                (subject.headline(bytes)) "."
            }
            None => {}
        }
    }
}

fn one_layer(subject: &Subject) -> Markup {
    let layers = subject.resolved.layers_of_stage(subject.rank().pp_rank).len();
    html! {
        "Only one layer's activations live at a time: the next layer reuses its buffers, so " (layers)
        " layers don't cost " (layers) " times as much."
    }
}

fn build() -> Markup {
    html! {
        "TensorRT places tensors that are never live together in the same block. It computes the size when the \
         engine is built, from the largest shapes of the optimization profile; with several profiles the maximum \
         counts. The load of the moment doesn't matter."
    }
}

fn fixed() -> Markup {
    html! {
        "The size can't be changed after the build. " (code("trt.ICudaEngine.device_memory_size_v2"))
        " of the engine returns it."
    }
}

/// Packed against padded input.
fn tokens(subject: &Subject, padded: bool) -> Markup {
    let limits = subject.resolved.limits;
    let product = limits.max_batch_size.saturating_mul(limits.max_input_len);
    html! {
        @if padded {
            "Input is padded (" (code("remove_input_padding")) " off): a step has max_batch_size × max_input_len = "
            (grouped(limits.max_batch_size)) " × " (grouped(limits.max_input_len)) " = " (grouped(product)) " tokens."
        } @else {
            "Input is packed: a step has at most " (code("max_num_tokens")) " = " (grouped(limits.max_num_tokens))
            " tokens. Padded, it would have max_batch_size × max_input_len = " (grouped(product)) "."
        }
    }
}

fn beams(subject: &Subject) -> Markup {
    html! {
        "Beams count as sequences: the batch dimension is max_batch_size × max_beam_width = "
        (grouped(subject.resolved.limits.max_batch_size)) " × " (grouped(subject.resolved.limits.max_beam_width))
        ". A smaller " (code("max_beam_width")) " takes less memory."
    }
}

/// The workspace of attention without a fused kernel.
fn context_fmha(subject: &Subject) -> Markup {
    let explanation = subject.explanation(Contributor::Activations);
    let scores = explanation.and_then(|explanation| named(explanation, "attention scores, S_in squared"));
    let unfused = || changed(subject, |deployment| deployment.engine.plugins.context_fmha = false);
    html! {
        @match scores {
            Some(scores) => {
                "Context FMHA is off, so the attention plugin stores every score. Its workspace grows with the \
                 square of " (code("max_input_len")) ": the scores take " (scores.text)
                ", and a prompt twice as long four times that."
            }
            None => {
                "Context FMHA keeps attention from storing its scores."
                @if let Some(unfused) = unfused().filter(|unfused| *unfused > most(&subject.report)) {
                    " Without it the workspace would grow with the square of the prompt: activations of "
                    (subject.headline(unfused)) "."
                }
            }
        }
    }
}

fn named<'a>(explanation: &'a Explanation, label: &str) -> Option<&'a Explanation> {
    explanation.parts.iter().find_map(|part| if part.label == label { Some(part) } else { named(part, label) })
}

/// Twice as many GPUs, as tensor and as pipeline parallelism.
fn parallelism(subject: &Subject) -> Markup {
    let parallel = subject.resolved.parallel;
    let tensor = changed(subject, |deployment| deployment.parallel.tp_size = parallel.tp_size * 2);
    let pipeline = changed(subject, |deployment| deployment.parallel.pp_size = parallel.pp_size * 2);
    let now = most(&subject.report);
    html! {
        "Tensor parallelism splits some of these tensors; pipeline parallelism runs whole layers, so it doesn't."
        @if let Some((tensor, pipeline)) = tensor.zip(pipeline) {
            " Now " (subject.headline(now)) "; with " (code("tp_size")) " " (parallel.tp_size * 2) ": "
            (subject.headline(tensor)) "; with " (code("pp_size")) " " (parallel.pp_size * 2) ": "
            (subject.headline(pipeline)) "."
        }
    }
}

/// The batch of a micro-batch under pipeline parallelism.
fn micro_batches(subject: &Subject) -> Markup {
    let (built, stages) = (subject.resolved.limits.max_batch_size, subject.resolved.parallel.pp_size);
    let MicroBatches { size, count } = MicroBatches::of(&subject.resolved);
    let all = size.saturating_mul(count);
    let other = if built > size { size } else { all };
    let now = most(&subject.report);
    let then = changed(subject, |deployment| {
        deployment.limits.max_batch_size = Some(other);
        deployment.engine.gen_micro_batch_size = deployment.engine.gen_micro_batch_size.map(|most| most.min(other));
    });
    html! {
        "With " (stages) " stages, " (code("max_batch_size")) " bounds a micro-batch. " (grouped(all))
        " sequences run as " (grouped(count)) " micro-batches of " (grouped(size)) ", so "
        (code("max_batch_size")) " " (grouped(size)) " is enough."
        @if let Some(then) = then.filter(|then| then.0.abs_diff(now.0) > now.0 / 16) {
            " Built with " (grouped(other)) ", the engine would take " (subject.headline(then))
            " of activations in place of "
            (subject.headline(now)) "."
        }
    }
}

/// TensorRT-LLM's own estimate after a build.
fn upper_bound(subject: &Subject) -> Option<Markup> {
    let bound = subject.report.upper_bound?;
    Some(html! {
        "A build allocates neither all activations nor the KV cache, so an engine can build and still fail at \
         run time. "
        (code("trtllm-build")) " therefore prints its own estimate (" (code("check_gpt_mem_usage")) "): "
        (subject.headline(bound.total()))
        ", an upper bound of engine, activations and a KV cache for the whole batch at full length"
        @if bound.exceeds_gpu { "; it warns, because the GPU has less" }
        "."
    })
}
