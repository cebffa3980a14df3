//! Weights: the part that is divided among the GPUs, and the whole copies.

use super::code;
use crate::memory::{Contributor, StoredTensor};
use crate::panels::why::rows::{self, Row};
use crate::panels::why::subject::Subject;
use crate::units::{Bytes, grouped};
use maud::{Markup, html};

/// Names that a sentence lists at most.
const NAMED: usize = 4;
/// Share of the whole copies below which a tensor is not named.
const WORTH_NAMING: f64 = 0.02;

pub(super) fn sentences(subject: &Subject) -> Vec<Markup> {
    let Some(explanation) = subject.explanation(Contributor::Weights) else { return Vec::new() };
    let rows = rows::of(subject, Contributor::Weights, explanation).unwrap_or_default();
    let parallel = subject.resolved.parallel;
    let mut all = Vec::new();
    all.push(if parallel.tp_size > 1 { divided(subject, &rows) } else { whole(subject) });
    if parallel.pp_size > 1 {
        all.push(stage(subject));
    }
    all.push(precision(subject, &rows));
    let repeated = rows.iter().filter_map(Row::tensor).any(|tensor| tensor.repeats_kv_heads);
    if repeated {
        all.push(html! {
            "The model has " (subject.resolved.model.attention.kv_heads())
            " KV heads, fewer than the GPUs that share a layer, so several GPUs hold the same heads."
        });
    }
    all.push(html! {
        "Weights are fixed by the model, its precision and the split over GPUs. Batch size and sequence length don't \
         change them."
    });
    all
}

/// Bytes of the tensors that pass a test.
fn bytes(rows: &[Row], is: impl Fn(&StoredTensor) -> bool) -> Bytes {
    rows.iter().filter(|row| row.tensor().is_some_and(&is)).map(|row| row.bytes).sum()
}

/// Several GPUs share each layer.
fn divided(subject: &Subject, rows: &[Row]) -> Markup {
    let tp = subject.resolved.parallel.tp_size;
    let shared: Bytes = rows.iter().filter(|row| row.is_shared()).map(|row| row.bytes).sum();
    let whole: Bytes = rows.iter().filter(|row| !row.is_shared()).map(|row| row.bytes).sum();
    let mut copies: Vec<&Row> = rows.iter().filter(|row| !row.is_shared()).collect();
    copies.retain(|row| row.bytes.0 as f64 > whole.0 as f64 * WORTH_NAMING);
    copies.truncate(NAMED);
    let equal = rows.iter().filter_map(Row::tensor).filter(|tensor| tensor.ranks > 1).all(|tensor| tensor.ranks == tp);
    html! {
        b {
            "Each of the " (grouped(tp)) " GPUs "
            @if subject.resolved.parallel.pp_size > 1 { "of this stage " }
            @if equal { "holds 1/" (grouped(tp)) } @else { "holds its share" }
            " of every large matrix, "
            (subject.headline(shared)) "."
        }
        " The other " (subject.headline(whole)) " are whole copies on every GPU"
        @for (index, row) in copies.iter().enumerate() {
            @if index == 0 { ": " } @else if index + 1 == copies.len() { " and " } @else { ", " }
            (name(row))
        }
        ". Doubling " (code("tp_size")) " halves the first part only."
    }
}

fn name(row: &Row) -> Markup {
    match row.tensor() {
        Some(tensor) => {
            let name = tensor.name;
            let name = name.strip_prefix("transformer.").unwrap_or(name);
            code(name.strip_suffix(".weight").unwrap_or(name))
        }
        None => html! { (row.name) },
    }
}

/// One GPU holds each layer.
fn whole(subject: &Subject) -> Markup {
    let now = subject.bytes(Contributor::Weights);
    let halved = subject.changed(|deployment| deployment.parallel.tp_size = 2);
    let halved = halved.and_then(|report| Some(report.ranks.first()?.figure(Contributor::Weights).bytes));
    html! {
        b { "Each tensor is whole on its GPU." }
        @if let Some(halved) = halved.filter(|halved| *halved < now) {
            " With " (code("tp_size")) " 2 each of two GPUs would hold " (subject.headline(halved))
            ": half of every large matrix, and whole copies of the rest."
        }
    }
}

/// Pipeline stages hold different layers.
fn stage(subject: &Subject) -> Markup {
    let stage = subject.rank().pp_rank;
    let layers = subject.resolved.layers_of_stage(stage);
    html! {
        "Pipeline stage " (stage + 1) " of " (subject.resolved.parallel.pp_size) " holds layers "
        (layers.start + 1) " to " (layers.end) " of " (subject.resolved.model.layers)
        ". Only the first stage has the embedding, only the last the LM head"
        @if !u64::from(subject.resolved.model.layers).is_multiple_of(subject.resolved.parallel.pp_size) {
            "; the layers don't divide evenly, so the first stages hold one more"
        }
        "."
    }
}

/// The size in the data type of the model.
fn precision(subject: &Subject, rows: &[Row]) -> Markup {
    let dtype = subject.resolved.precision.dtype;
    let quantized = |tensor: &StoredTensor| tensor.format.contains('+');
    let now = bytes(rows, quantized);
    let plain: f64 = rows
        .iter()
        .filter_map(Row::tensor)
        .filter(|tensor| quantized(tensor))
        .map(StoredTensor::unquantized_bytes)
        .sum();
    html! {
        @if now > Bytes::ZERO {
            "The quantized tensors take " (subject.headline(now)) ", scales included; in " (dtype.name())
            " they would take "
            (subject.headline(Bytes::rounded(plain))) ". The other tensors stay in " (dtype.name()) " or 32 bit."
        } @else {
            "Every value takes " (dtype.bytes()) " bytes. " (code("quant_algo"))
            " with 8 or 4 bits shrinks the linear layers to a half or a quarter, plus scales; embedding, LM head and \
             norms stay as they are."
        }
    }
}
