//! Activations in the PyTorch backend: the peak of the profiling pass above the persistent memory.
//! The pass is a step of `max_num_tokens` tokens.
//!
//! Torch frees tensors once their last reader has run, so the peak occurs within one layer. In a
//! model with experts it occurs in the experts, or in latent attention if that is not divided among
//! ranks.

use super::experts::{kernels, rows};
use crate::deployment::{MoeBackend, QuantAlgo, Resolved};
use crate::explanation_text::explanation_text;
use crate::memory::calibration::{
    CUTE_DSL_PEAK, CUTLASS_PEAK, DEEP_GEMM_PEAK, FP8_BLOCK_PEAK, GENERATED_PEAK, LATE_LOADS,
};
use crate::memory::inputs::Inputs;
use crate::memory::law::{Evidence, Law, Part};
use crate::memory::number::Number;

/// Dense models.
pub(super) static DENSE: Law = Law {
    title: explanation_text("The live tensors of one layer at the peak of the profiling pass"),
    evidence: Evidence::Fitted {
        on: explanation_text("32 measured KV capacities, all met; four public logs within 3 %"),
    },
    below: 0.15,
    above: 0.15,
    source: explanation_text("tensorrt_llm/_torch/modules/gated_mlp.py, attention.py; profiling lines of public logs"),
};

/// Models with experts.
pub(super) static EXPERTS: Law = Law {
    title: explanation_text("The rows of the experts, or of latent attention, at the peak of the profiling pass"),
    evidence: Evidence::Fitted { on: explanation_text("profiling lines of 80 public logs: median error 0.14 GiB") },
    below: 0.2,
    above: 0.2,
    source: explanation_text("tensorrt_llm/_torch/modules/fused_moe; trtllm-gen Routing::getMaxPermutedPaddedCount"),
};

/// The law of a deployment's activations.
pub(super) fn law(resolved: &Resolved) -> &'static Law {
    if resolved.model.moe.is_some() { &EXPERTS } else { &DENSE }
}

/// Live hidden states at the peak, per value of a token: the residual, the normed input, and the
/// output.
const HIDDEN_ROWS: f64 = 3.0;
/// Gate projection, up projection and their product, per column.
const MLP_ROWS: f64 = 3.0;
/// Tile size to which generated kernels pad the rows of each expert: with FP8 and with FP4 inputs.
const TILE: (f64, f64) = (128.0, 256.0);
/// Number of tokens below which experts run without sorting.
const SORTED_TOKENS: u64 = 1024;
/// Values per head in latent attention: query, key and value; with sparse attention also the
/// absorbed query and its output.
const LATENT_VALUES: (f64, f64) = (512.0, 1088.0);

/// Bytes of the peak above the persistent memory.
pub(super) fn activations<N: Number>(inputs: &Inputs<N>) -> N {
    let peak = if inputs.resolved.model.moe.is_some() { experts(inputs) } else { dense(inputs) };
    N::sum_of([LATE_LOADS.number::<N>().part(|| Part::bytes("kernels that load in the first full step")), peak])
}

fn dense<N: Number>(inputs: &Inputs<N>) -> N {
    let resolved = inputs.resolved;
    let mut live = vec![
        (inputs.tokens() * inputs.hidden() * inputs.element() * HIDDEN_ROWS).part(|| Part::bytes("hidden states")),
        (inputs.tokens() * inputs.heads() * inputs.head_dim() * inputs.element())
            .part(|| Part::bytes("attended values")),
        (inputs.tokens() * columns(inputs) * inputs.element() * MLP_ROWS)
            .part(|| Part::bytes("projections of the MLP")),
    ];
    let quantized = match resolved.precision.quant_algo {
        QuantAlgo::Fp8 | QuantAlgo::Fp8PerChannelPerToken | QuantAlgo::W4A8Awq | QuantAlgo::W4A8Nvfp4Fp8 => {
            Some(N::literal(1.0))
        }
        QuantAlgo::Fp8BlockScales => Some(FP8_BLOCK_PEAK.number()),
        QuantAlgo::Nvfp4 => Some(N::literal(0.5625)),
        _ => None,
    };
    if let Some(bytes) = quantized {
        live.push(
            (inputs.tokens() * columns(inputs) * bytes).part(|| Part::bytes("quantized input of the last projection")),
        );
    }
    if inputs.is_last_stage() {
        let length = resolved.limits.max_seq_len.saturating_sub(1).clamp(1, resolved.limits.max_num_tokens.max(1));
        let requests = resolved.limits.max_num_tokens.div_ceil(length) as f64;
        let logits = inputs.plain_vocab() * (inputs.element() + 4.0) * requests;
        live.push(logits.part(|| Part::bytes("logits of the profiled requests")));
    }
    N::sum_of(live).part(|| Part::bytes("one layer at its peak"))
}

/// Columns of the MLP on this rank: all columns if attention is data-parallel. If there is no MLP,
/// the width of a recurrent layer.
fn columns<N: Number>(inputs: &Inputs<N>) -> N {
    if inputs.resolved.parallel.attention_tp_size < inputs.resolved.parallel.tp_size {
        inputs.mlp_columns() * inputs.ranks()
    } else {
        inputs.mlp_columns()
    }
}

fn experts<N: Number>(inputs: &Inputs<N>) -> N {
    let resolved = inputs.resolved;
    let hidden = || inputs.tokens() * inputs.hidden() * inputs.element();
    let latent = match (resolved.model.is_latent(), resolved.model.indexer.is_some()) {
        (false, _) => None,
        (true, false) => Some(LATENT_VALUES.0),
        (true, true) => Some(LATENT_VALUES.1),
    };
    let attention = || {
        latent.map(|values| {
            (inputs.tokens() * inputs.heads() * inputs.element() * values)
                .part(|| Part::bytes("values of latent attention"))
        })
    };
    let named = |rows: N| rows.part(|| Part::bytes("rows of the experts"));
    let live: Vec<N> = match kernels(resolved, resolved.precision.quant_algo) {
        MoeBackend::Trtllm => {
            vec![
                named(hidden() * GENERATED_PEAK.number::<N>()),
                sorted(inputs).part(|| Part::bytes("rows sorted by expert")),
            ]
        }
        MoeBackend::CuteDsl => [named(hidden() * CUTE_DSL_PEAK.number::<N>())].into_iter().chain(attention()).collect(),
        MoeBackend::DeepGemm => {
            [named(hidden() * DEEP_GEMM_PEAK.number::<N>())].into_iter().chain(attention()).collect()
        }
        _ => [named(hidden() * CUTLASS_PEAK.number::<N>())].into_iter().chain(attention()).collect(),
    };
    N::sum_of(live).part(|| Part::bytes("one layer at its peak"))
}

/// Hidden states sorted by expert. The rows of each expert are padded to a tile.
fn sorted<N: Number>(inputs: &Inputs<N>) -> N {
    if inputs.resolved.limits.max_num_tokens < SORTED_TOKENS {
        return N::literal(0.0);
    }
    let tile = if inputs.resolved.precision.quant_algo.is_fp8_gemm() { TILE.0 } else { TILE.1 };
    (rows(inputs) * inputs.top_k() + inputs.experts() * (tile - 1.0)) * inputs.hidden() * inputs.element()
}
