//! What the two flows do differently, in one place: the laws of each contributor, the rule of the KV cache and the order of start-up.

use super::band::Band;
use super::engine::{activations, decoder_buffers, post_kv_cache, runtime_buffers};
use super::inputs::Inputs;
use super::number::{Law, Number};
use super::overhead::{self, Cause, RankTopology};
use super::report::{Contributor, Stage};
use super::{calibrated, kv_cache, pytorch, weights};
use crate::deployment::{Backend, Calibration, Resolved, Runtime};

/// The law behind each contributor, in their order; where a log calibrates one, that it does.
pub(super) fn laws(resolved: &Resolved) -> [&'static Law; 6] {
    let Calibration { activations, runtime_buffers, decoder_buffers, overhead } = resolved.given.calibration;
    // What a log left is known better than by any scaling.
    let overhead = overhead.filter(|_| resolved.machine.free_memory.is_none());
    let mut laws = uncalibrated_laws(resolved);
    for (law, by) in laws.iter_mut().zip([None, activations, runtime_buffers, decoder_buffers, None, overhead]) {
        if by.is_some() {
            *law = &calibrated::LAW;
        }
    }
    laws
}

fn uncalibrated_laws(resolved: &Resolved) -> [&'static Law; 6] {
    let overhead = |predicted| if resolved.machine.free_memory.is_some() { &overhead::MEASURED } else { predicted };
    match resolved.backend {
        Backend::TensorRt => [
            weights::law(resolved),
            activations::law(resolved),
            runtime_buffers::law(resolved),
            decoder_buffers::law(resolved),
            if kv_cache::is_pooled(resolved) { &kv_cache::LAW } else { &kv_cache::WHOLE_BATCH },
            overhead(&overhead::LAW),
        ],
        Backend::Pytorch => [
            &pytorch::weights::LAW,
            pytorch::activations::law(resolved),
            &pytorch::persistent::LAW,
            &pytorch::sampler::LAW,
            &pytorch::kv_cache::LAW,
            overhead(&pytorch::overhead::LAW),
        ],
    }
}

/// Bytes of weights, activations, runtime buffers and decoder buffers on a rank.
pub(super) fn predicted<N: Number>(inputs: &Inputs<N>) -> [N; 4] {
    let [weights, activations, runtime, decoder] = uncalibrated(inputs);
    let by = inputs.resolved.given.calibration;
    [
        weights,
        calibrated::scaled(activations, by.activations),
        calibrated::scaled(runtime, by.runtime_buffers),
        calibrated::scaled(decoder, by.decoder_buffers),
    ]
}

fn uncalibrated<N: Number>(inputs: &Inputs<N>) -> [N; 4] {
    match inputs.resolved.backend {
        Backend::TensorRt => [
            weights::weights(inputs),
            activations::activations(inputs),
            runtime_buffers::runtime_buffers(inputs),
            decoder_buffers::decoder_buffers(inputs),
        ],
        Backend::Pytorch => [
            pytorch::weights::weights(inputs),
            pytorch::activations::activations(inputs),
            pytorch::persistent::persistent(inputs),
            pytorch::sampler::sampler(inputs),
        ],
    }
}

/// Overhead when the KV cache is sized.
pub(super) fn overhead<N: Number>(inputs: &Inputs<N>, place: RankTopology) -> Cause<N> {
    let cause = match inputs.resolved.backend {
        Backend::TensorRt => overhead::overhead(inputs, place),
        Backend::Pytorch => pytorch::overhead::overhead(inputs, place),
    };
    if inputs.resolved.given.calibration.overhead.is_none() {
        return cause;
    }
    let bytes = calibrated::scaled(cause.bytes, inputs.resolved.given.calibration.overhead);
    Cause { band: Band::of(&calibrated::LAW, bytes.value()), bytes }
}

/// Bytes that are allocated after the KV cache was sized.
pub(super) fn allocated_after_kv_cache<N: Number>(inputs: &Inputs<N>) -> N {
    match inputs.resolved.backend {
        Backend::TensorRt => post_kv_cache::allocated_after_kv_cache(inputs),
        // The block tables are among the buffers of the executor that was profiled.
        Backend::Pytorch => N::literal(0.0),
    }
}

/// How far off that may be.
pub(super) fn after_kv_cache_band(inputs: &Inputs<f64>) -> Band {
    match inputs.resolved.backend {
        Backend::TensorRt => post_kv_cache::band(inputs),
        Backend::Pytorch => Band::EXACT,
    }
}

/// What is allocated at each stage of start-up, one after the other, on top of the overhead.
pub(super) fn stages(resolved: &Resolved) -> [(Stage, &'static [Contributor]); 4] {
    use Contributor::{Activations, DecoderBuffers, KvCache, RuntimeBuffers, Weights};
    let load: (Stage, &[Contributor]) = (Stage::LoadWeights, &[Weights]);
    let cache: (Stage, &[Contributor]) = (Stage::AllocateKvCache, &[KvCache]);
    let buffers: &[Contributor] = &[RuntimeBuffers, DecoderBuffers];
    match (resolved.backend, resolved.given.engine.runtime) {
        (Backend::Pytorch, _) => [load, (Stage::WarmUp, buffers), (Stage::Profile, &[Activations]), cache],
        (Backend::TensorRt, Runtime::GptSession) => {
            [load, (Stage::CreateContext, &[Activations]), cache, (Stage::AllocateBuffers, buffers)]
        }
        (Backend::TensorRt, _) => {
            [load, (Stage::CreateContext, &[Activations]), (Stage::AllocateBuffers, buffers), cache]
        }
    }
}
