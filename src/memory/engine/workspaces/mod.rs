//! Workspaces of kernels and plugins inside the execution context. They run one after another, so
//! only the largest counts.

mod attention;
mod experts;

pub(crate) use attention::{UNFUSED, attention};
pub(crate) use experts::{experts, router};

use crate::architecture::Norm;
use crate::deployment::{LoraModule, QuantAlgo};
use crate::memory::inputs::Inputs;
use crate::memory::law::{Origin, Part, Symbol};
use crate::memory::number::Number;

/// cuBLAS workspace of the GEMM, attention and LoRA plugins (`CUBLAS_WORKSPACE_SIZE`).
const CUBLAS: f64 = 33_554_432.0;
/// Parts into which the LoRA plugin may split a product (`kernels/lora/lora.cpp`).
const LORA_SPLITS: f64 = 16.0;
/// Bytes of a module's product per sequence in the LoRA plugin: sizes, pointers, strides and
/// offsets of a group GEMM.
const LORA_PROBLEM: f64 = 112.0;

pub(super) fn cublas<N: Number>() -> N {
    N::literal(CUBLAS).part(|| Part::bytes("cuBLAS workspace"))
}

/// The largest workspace that is live together with the activations.
pub(super) fn largest<N: Number>(inputs: &Inputs<N>) -> N {
    let plugins = of_plugins(inputs);
    if inputs.resolved.model.norm == Norm::Scale && !plugin_normalizes(inputs.resolved.precision.quant_algo) {
        return plugins.max(norm(inputs)).part(|| Part::bytes("largest workspace").symbol("workspace"));
    }
    plugins
}

/// The largest workspace of a plugin, without RMSNorm's scratch.
pub(super) fn of_plugins<N: Number>(inputs: &Inputs<N>) -> N {
    let adapters = (inputs.resolved.given.engine.max_lora_rank > 0).then(|| lora(inputs));
    N::max_of([Some(cublas()), Some(attention(inputs)), adapters].into_iter().flatten())
        .part(|| Part::bytes("largest workspace of a plugin").symbol("workspace"))
}

/// The workspace that TensorRT 9 keeps in addition to its blocks: that of the GEMM plugin, or
/// without context FMHA that of the attention plugin.
pub(super) fn fixed<N: Number>(inputs: &Inputs<N>) -> N {
    if inputs.resolved.engine.context_fmha { cublas() } else { attention(inputs) }
}

/// Whether a plugin that quantizes and normalizes replaces TensorRT's RMSNorm.
fn plugin_normalizes(algo: QuantAlgo) -> bool {
    algo.is_smooth_quant() || algo == QuantAlgo::Fp8PerChannelPerToken
}

/// The scratch of RMSNorm. TensorRT computes it in 32 bit over the whole hidden size, whatever
/// `tp_size` is. It matches the scratch that three builds printed, to the byte.
fn norm<N: Number>(inputs: &Inputs<N>) -> N {
    (inputs.tokens() * inputs.hidden() * 4.0 + inputs.tokens() * 4.0).part(|| Part::bytes("RMSNorm in 32 bit"))
}

/// The LoRA plugin's workspace (`cpp/tensorrt_llm/kernels/lora/lora.cpp` getWorkspaceSize).
/// Queries, keys and values pass through one plugin.
fn lora<N: Number>(inputs: &Inputs<N>) -> N {
    static RANK: Symbol =
        Symbol { text: "rank", meaning: "largest rank of an adapter", origin: Origin::Chosen("max_lora_rank") };
    static MODULES: Symbol =
        Symbol { text: "modules", meaning: "modules that pass the plugin together", origin: Origin::Derived };
    let together = [LoraModule::AttnQ, LoraModule::AttnK, LoraModule::AttnV];
    let modules =
        inputs.resolved.engine.lora_target_modules.iter().filter(|module| together.contains(module)).count().max(1);
    let modules = || N::symbol(&MODULES, modules as f64);
    let low_rank = || inputs.tokens() * modules() * N::symbol(&RANK, inputs.resolved.given.engine.max_lora_rank as f64);
    let splits = (low_rank() * (LORA_SPLITS * 4.0)).max(cublas());
    let sequences = (inputs.batch() * inputs.beam()).min(inputs.tokens());
    let rows = (low_rank() * inputs.element()).round_up(16.0);
    N::sum_of([
        splits.part(|| Part::bytes("split products")),
        rows.part(|| Part::bytes("low-rank products")),
        (sequences * modules() * LORA_PROBLEM).part(|| Part::bytes("sizes and pointers of the group GEMM")),
    ])
    .part(|| Part::bytes("LoRA plugin"))
}
