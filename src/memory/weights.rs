//! Weights of a rank, tensor by tensor.
//!
//! Column-parallel layers divide their outputs by `tp_size`, row-parallel ones their inputs; norms stay whole; KV
//! heads fewer than ranks are kept once on each. Linear layers are stored as `quant_algo` says, with its scales;
//! embedding, LM head, norms and biases stay in `dtype`, routers in 32 bit.

use super::quantity::{Evidence, Law, Number, Origin, Part, Symbol};
use super::terms::Terms;
use crate::architecture::{Positions, Split, Tensor, TensorKind};
use crate::deployment::{Fact, KvType, Plan, QuantAlgo};

/// The law of the weights in 16 bit and weight-only.
pub static LAW: Law = Law {
    title: "The tensors of this rank, as TensorRT-LLM stores them",
    evidence: Evidence::Exact { logs: 9 },
    below: 0.0005,
    above: 0.0005,
    source: "tensorrt_llm/layers, tensorrt_llm/quantization/layers.py; engine sizes of nine public logs",
};

/// The law for schemes that no log with a known configuration has shown.
pub static UNSEEN: Law = Law {
    title: "The tensors of this rank, with the scales that this quant_algo adds",
    evidence: Evidence::Source,
    below: 0.005,
    above: 0.005,
    source: "tensorrt_llm/quantization/layers.py",
};

/// The law that holds for a deployment's weights.
pub fn law(plan: &Plan) -> &'static Law {
    match plan.quant_algo {
        QuantAlgo::None
        | QuantAlgo::W8A16
        | QuantAlgo::W4A16Awq
        | QuantAlgo::Fp8
        | QuantAlgo::W8A8SqPerTensorPlugin
            if plan.model.moe.is_none() =>
        {
            &LAW
        }
        _ => &UNSEEN,
    }
}

pub(super) static INPUTS: Symbol =
    Symbol { text: "K", meaning: "inputs of the tensor on this rank", origin: Origin::Derived };
pub(super) static OUTPUTS: Symbol =
    Symbol { text: "N", meaning: "outputs of the tensor on this rank", origin: Origin::Derived };
pub(super) static COPIES: Symbol = Symbol { text: "E_local", meaning: "experts on this rank", origin: Origin::Derived };
pub(super) static REPEATS: Symbol =
    Symbol { text: "L", meaning: "layers of this kind on this rank", origin: Origin::Derived };
static ROTARY: Symbol = Symbol { text: "r", meaning: "rotated values of a head", origin: Origin::Model };
static TABLES: Symbol = Symbol { text: "tables", meaning: "RoPE tables that the model keeps", origin: Origin::Model };

/// Bytes of weights on a rank.
pub fn weights<N: Number>(terms: &Terms<N>) -> N {
    let plan = terms.plan;
    let tensors = plan.model.tensors();
    let layers = plan.layers_of_stage(terms.stage);
    let mut parts = Vec::with_capacity(32);
    if terms.is_first_stage() {
        parts.extend(tensors.first_stage.iter().map(|tensor| tensor_bytes(terms, tensor, 1)));
    }
    for group in &tensors.groups {
        let repeats = group.layers.count_in(layers.clone());
        if repeats > 0 {
            parts.extend(group.tensors.iter().map(|tensor| tensor_bytes(terms, tensor, repeats)));
        }
    }
    if terms.is_last_stage() {
        parts.extend(tensors.last_stage.iter().map(|tensor| tensor_bytes(terms, tensor, 1)));
    }
    if let Positions::Rope { rotary_dim, tables } = plan.model.positions
        && plan.version.has(Fact::EngineHoldsRopeTable)
    {
        let table =
            terms.positions() * N::symbol(&ROTARY, rotary_dim as f64) * N::symbol(&TABLES, f64::from(tables)) * 4.0;
        parts.push(table.part(|| Part::bytes("RoPE table, 32-bit cosines and sines")));
    }
    if matches!(plan.kv_cache_dtype, KvType::Quantized(_)) {
        parts.push((terms.attention_layers() * 8.0).part(|| Part::bytes("scales of the KV cache")));
    }
    N::sum_of(parts)
}

/// Bytes of a tensor on this rank, in `repeats` layers.
fn tensor_bytes<N: Number>(terms: &Terms<N>, tensor: &Tensor, repeats: u32) -> N {
    let plan = terms.plan;
    let (inputs, outputs, copies) = local_shape(plan, tensor);
    let (k, n) = (N::symbol(&INPUTS, inputs as f64), N::symbol(&OUTPUTS, outputs as f64));
    let mut bytes = match tensor.kind {
        TensorKind::Linear | TensorKind::ExpertLinear => {
            quantized(plan.quant_algo, terms.element(), k, n, tensor.split)
        }
        TensorKind::Router => k * n * 4.0,
        _ => k * n * terms.element(),
    };
    if copies != 1 {
        bytes = bytes * N::symbol(&COPIES, copies as f64);
    }
    if repeats != 1 {
        bytes = bytes * N::symbol(&REPEATS, f64::from(repeats));
    }
    bytes.part(|| {
        Part::bytes(if repeats == 1 { tensor.name.to_string() } else { format!("{}, {repeats} layers", tensor.name) })
    })
}

/// Inputs, outputs and copies of a tensor on a rank.
fn local_shape(plan: &Plan, tensor: &Tensor) -> (u64, u64, u64) {
    let Tensor { inputs, outputs, copies, .. } = *tensor;
    match tensor.split {
        Split::Whole => (inputs, outputs, copies),
        Split::Outputs => (inputs, outputs.div_ceil(plan.tp_size), copies),
        Split::Inputs => (inputs.div_ceil(plan.tp_size), outputs, copies),
        Split::QueryKeyValue => {
            let heads = plan.local_heads() + 2 * plan.local_kv_heads();
            (inputs, heads * plan.model.attention.head_dim(), copies)
        }
        Split::Vocabulary if tensor.kind == TensorKind::Embedding && !plan.use_parallel_embedding => {
            (inputs, outputs, copies)
        }
        Split::Vocabulary => {
            let local = plan.padded_vocab() / plan.tp_size;
            if tensor.kind == TensorKind::Embedding { (local, outputs, copies) } else { (inputs, local, copies) }
        }
        Split::Experts => (inputs, outputs.div_ceil(plan.moe_tp_size), copies.div_ceil(plan.moe_ep_size)),
        Split::ExpertsWhole => (inputs, outputs, copies.div_ceil(plan.moe_ep_size)),
        Split::ExpertsInputs => (inputs.div_ceil(plan.moe_tp_size), outputs, copies.div_ceil(plan.moe_ep_size)),
    }
}

/// Bytes of a linear layer with `k` inputs and `n` outputs on this rank (`tensorrt_llm/quantization/layers.py`).
pub(super) fn quantized<N: Number>(algo: QuantAlgo, element: N, k: N, n: N, split: Split) -> N {
    let groups = |k: &N, size: u64| (k.clone() / size as f64).ceil();
    let matrix = || k.clone() * n.clone();
    let row_parallel = matches!(split, Split::Inputs | Split::ExpertsInputs);
    let smoother = || if row_parallel { k.clone() * 4.0 } else { N::literal(0.0) };
    match algo {
        QuantAlgo::None => k * n * element,
        QuantAlgo::W8A16 => matrix() + n * 2.0,
        QuantAlgo::W4A16 => matrix() / 2.0 + n * 2.0,
        QuantAlgo::W4A16Awq => matrix() / 2.0 + groups(&k, 128) * n * 2.0 + k * 2.0,
        QuantAlgo::W4A8Awq => matrix() / 2.0 + groups(&k, 128) * n * 2.0 + k * 2.0 + 4.0,
        QuantAlgo::W4A16Gptq => matrix() / 2.0 + groups(&k, 128) * n * 4.0,
        QuantAlgo::W8A16Gptq => matrix() + groups(&k, 128) * n * 4.0,
        QuantAlgo::W8A8SqPerTensorPlugin | QuantAlgo::W8A8SqPerTensorPerTokenPlugin => matrix() + smoother() + 8.0,
        QuantAlgo::W8A8SqPerChannel
        | QuantAlgo::W8A8SqPerChannelPerTokenPlugin
        | QuantAlgo::W8A8SqPerChannelPerTensorPlugin => matrix() + n.clone() * 4.0 + smoother() + 4.0,
        QuantAlgo::W4A8QservePerGroup => matrix() / 2.0 + groups(&k, 128) * n.clone() * 2.0 + n * 2.0,
        QuantAlgo::W4A8QservePerChannel => matrix() / 2.0 + n * 4.0,
        QuantAlgo::Fp8 => matrix() + 8.0,
        QuantAlgo::Fp8PerChannelPerToken => matrix() + n * 4.0,
        QuantAlgo::Fp8BlockScales => matrix() + groups(&k, 128) * groups(&n, 128) * 4.0,
        QuantAlgo::Nvfp4 | QuantAlgo::W4A8Nvfp4Fp8 => {
            matrix() / 2.0 + n.round_up(128.0) * (k / 16.0).round_up(4.0) + 12.0
        }
        QuantAlgo::W4A16Mxfp4 | QuantAlgo::W4A8Mxfp4Mxfp8 | QuantAlgo::W4A8Mxfp4Fp8 => {
            matrix() / 2.0 + n * groups(&k, 32)
        }
    }
}
