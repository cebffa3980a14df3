//! The engine file: the weights and TensorRT's plan of the network. Logs print its size as "Loaded
//! engine size".

use super::engine;
use crate::deployment::{Behavior, QuantAlgo, Resolved};
use crate::memory::inputs::Inputs;
use crate::memory::law::{Origin, Part, Symbol};
use crate::memory::number::Number;
use crate::units::MIB;

/// MiB of the plan per layer with TensorRT 9 (0.12 in three logs).
const LAYER_BY_TENSORRT_9: f64 = 0.12;
/// MiB of the plan per layer if plugins run the GEMMs (0.24 to 0.27 in five logs).
const LAYER_OF_PLUGINS: f64 = 0.25;
/// MiB of the plan per layer if TensorRT runs the GEMMs itself (0.52 and 0.60 in two logs).
const LAYER_OF_TENSORRT: f64 = 0.56;
/// MiB of the plan per layer for each profile after the first (0.24 and 0.40 in two logs).
const LAYER_OF_PROFILE: f64 = 0.32;
/// Profiles after the first, if an engine has several (`models/generation_mixin.py`).
const MORE_PROFILES: f64 = 5.0;

static LAYER: Symbol =
    Symbol { text: "plan", meaning: "bytes of TensorRT's plan for a layer", origin: Origin::Calibrated };

/// Bytes of the engine file on a rank; of the decoder's file if the model has an encoder.
///
/// The result is within 0.4 % of the files in ten public logs, TensorRT-LLM 0.8 to 1.2.
///
/// ```
/// use trtllm_memory::{link, testing::{Inputs, engine_file_size}};
/// let decoded = link::decode("v=1&model=llama-3.1-8b&trtllm_version=0.18&dtype=float16");
/// let resolved = decoded.deployment.resolve().unwrap();
/// // NVIDIA/TensorRT-LLM issue 3636: "Loaded engine size: 15388 MiB".
/// assert_eq!(engine_file_size(&Inputs::<f64>::new(&resolved, 0)) as u64 >> 20, 15_388);
/// ```
pub fn engine_file_size<N: Number>(inputs: &Inputs<N>) -> N {
    let layer = N::symbol(&LAYER, plan_of_a_layer(inputs.resolved) * MIB as f64);
    let network = (inputs.layers() * layer).part(|| Part::bytes("TensorRT's plan"));
    engine(inputs).part(|| Part::bytes("weights")) + network
}

/// MiB of TensorRT's plan per layer.
fn plan_of_a_layer(resolved: &Resolved) -> f64 {
    let by_tensorrt = !resolved.given.engine.plugins.gemm_plugin
        && matches!(resolved.precision.quant_algo, QuantAlgo::None | QuantAlgo::Fp8);
    let first = match resolved.version.has(Behavior::PlannedByTensorRt9) {
        true => LAYER_BY_TENSORRT_9,
        false if by_tensorrt => LAYER_OF_TENSORRT,
        false => LAYER_OF_PLUGINS,
    };
    if resolved.given.engine.plugins.multiple_profiles { first + MORE_PROFILES * LAYER_OF_PROFILE } else { first }
}
