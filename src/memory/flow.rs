//! What the two flows do differently, in one place: the laws of each contributor, the rule of the KV cache and the order of start-up.

use super::band::Band;
use super::engine::{activations, decoder_buffers, late, runtime_buffers};
use super::overhead::{self, Cause, Place};
use super::quantity::{Law, Number};
use super::report::{Contributor, Stage};
use super::terms::Terms;
use super::{kv_cache, own_log, pytorch, weights};
use crate::deployment::{Backend, Plan, Runtime};

/// The law behind each contributor, in their order; where a log calibrates one, that it does.
pub(super) fn laws(plan: &Plan) -> [&'static Law; 6] {
    let [activations, runtime, decoder] = plan.calibrated;
    // What a log left is known better than by any scaling.
    let overhead = plan.calibrated_overhead.filter(|_| plan.free_memory.is_none());
    let mut laws = uncalibrated_laws(plan);
    for (law, by) in laws.iter_mut().zip([None, activations, runtime, decoder, None, overhead]) {
        if by.is_some() {
            *law = &own_log::LAW;
        }
    }
    laws
}

fn uncalibrated_laws(plan: &Plan) -> [&'static Law; 6] {
    let overhead = |predicted| if plan.free_memory.is_some() { &overhead::MEASURED } else { predicted };
    match plan.backend {
        Backend::TensorRt => [
            weights::law(plan),
            activations::law(plan),
            runtime_buffers::law(plan),
            decoder_buffers::law(plan),
            if kv_cache::is_pooled(plan) { &kv_cache::LAW } else { &kv_cache::WHOLE_BATCH },
            overhead(&overhead::LAW),
        ],
        Backend::Pytorch => [
            &pytorch::weights::LAW,
            pytorch::activations::law(plan),
            &pytorch::persistent::LAW,
            &pytorch::sampler::LAW,
            &pytorch::kv_cache::LAW,
            overhead(&pytorch::outside::LAW),
        ],
    }
}

/// Bytes of weights, activations, runtime buffers and decoder buffers on a rank.
pub(super) fn predicted<N: Number>(terms: &Terms<N>) -> [N; 4] {
    let [weights, activations, runtime, decoder] = uncalibrated(terms);
    let by = terms.plan.calibrated;
    [weights, own_log::scaled(activations, by[0]), own_log::scaled(runtime, by[1]), own_log::scaled(decoder, by[2])]
}

fn uncalibrated<N: Number>(terms: &Terms<N>) -> [N; 4] {
    match terms.plan.backend {
        Backend::TensorRt => [
            weights::weights(terms),
            activations::activations(terms),
            runtime_buffers::runtime_buffers(terms),
            decoder_buffers::decoder_buffers(terms),
        ],
        Backend::Pytorch => [
            pytorch::weights::weights(terms),
            pytorch::activations::activations(terms),
            pytorch::persistent::persistent(terms),
            pytorch::sampler::sampler(terms),
        ],
    }
}

/// Overhead when the KV cache is sized.
pub(super) fn overhead<N: Number>(terms: &Terms<N>, place: Place) -> Cause<N> {
    let cause = match terms.plan.backend {
        Backend::TensorRt => overhead::overhead(terms, place),
        Backend::Pytorch => pytorch::outside::outside(terms, place),
    };
    if terms.plan.calibrated_overhead.is_none() {
        return cause;
    }
    let bytes = own_log::scaled(cause.bytes, terms.plan.calibrated_overhead);
    Cause { band: Band::of(&own_log::LAW, bytes.value()), bytes }
}

/// Bytes that are allocated after the KV cache was sized.
pub(super) fn late<N: Number>(terms: &Terms<N>) -> N {
    match terms.plan.backend {
        Backend::TensorRt => late::late(terms),
        // The block tables are among the buffers of the executor that was profiled.
        Backend::Pytorch => N::literal(0.0),
    }
}

/// How far off that may be.
pub(super) fn late_band(terms: &Terms<f64>) -> Band {
    match terms.plan.backend {
        Backend::TensorRt => late::band(terms),
        Backend::Pytorch => Band::EXACT,
    }
}

/// What is allocated at each stage of start-up, one after the other, on top of the overhead.
pub(super) fn stages(plan: &Plan) -> [(Stage, &'static [Contributor]); 4] {
    use Contributor::{Activations, DecoderBuffers, KvCache, RuntimeBuffers, Weights};
    let load: (Stage, &[Contributor]) = (Stage::LoadWeights, &[Weights]);
    let cache: (Stage, &[Contributor]) = (Stage::AllocateKvCache, &[KvCache]);
    let buffers: &[Contributor] = &[RuntimeBuffers, DecoderBuffers];
    match (plan.backend, plan.runtime) {
        (Backend::Pytorch, _) => [load, (Stage::WarmUp, buffers), (Stage::Profile, &[Activations]), cache],
        (Backend::TensorRt, Runtime::GptSession) => {
            [load, (Stage::CreateContext, &[Activations]), cache, (Stage::AllocateBuffers, buffers)]
        }
        (Backend::TensorRt, _) => {
            [load, (Stage::CreateContext, &[Activations]), (Stage::AllocateBuffers, buffers), cache]
        }
    }
}
