//! Weights of a rank in the engine backend, tensor by tensor.
//!
//! Column-parallel layers divide their outputs by `tp_size`, row-parallel layers their inputs.
//! Norms are not divided. If there are fewer KV heads than ranks, each rank has one.
//!
//! Linear layers are stored as `quant_algo` specifies, with scales. Embedding, LM head, norms and
//! biases are stored in `dtype`, routers in 32 bit.

mod drafters;
mod encoder;
mod file;
mod linear;
mod stored;

pub(in crate::memory) use encoder::projects_cross_keys_alone;
pub use file::engine_file_size;

use super::inputs::Inputs;
use super::law::{Evidence, Law, Origin, Part, Symbol};
use super::number::Number;
use crate::architecture::{Attention, Dtype, LayerSet, Positions, Split, Tensor, TensorKind};
use crate::deployment::{Behavior, KvType, QuantAlgo, Resolved, SpeculativeDecodingMode};
use crate::explanation_text::explanation_text;
pub(super) use linear::quantized;
pub(super) use stored::format;
pub use stored::{StoredTensor, WeightGroup};

/// Weights in 16 bit, weight-only quantization and FP8.
pub(crate) static LAW: Law = Law {
    title: explanation_text("The tensors of this rank, as TensorRT-LLM stores them"),
    evidence: Evidence::Exact { logs: 14 },
    below: 0.0005,
    above: 0.0005,
    source: explanation_text(
        "tensorrt_llm/layers, tensorrt_llm/quantization/layers.py; engine sizes of fourteen public logs, \
         TensorRT-LLM 0.6 to 1.2; three more within 0.4 MiB",
    ),
};

/// Schemes that appear in no log with a known configuration.
pub(crate) static UNSEEN: Law = Law {
    title: explanation_text("The tensors of this rank, with the scales that this quant_algo adds"),
    evidence: Evidence::Source,
    below: 0.005,
    above: 0.005,
    source: explanation_text("tensorrt_llm/quantization/layers.py"),
};

/// GPTQ. Its zero points take memory only if they differ.
pub(crate) static GPTQ: Law = Law {
    title: explanation_text(
        "The tensors of this rank, with GPTQ's scales; the zero points of a symmetric checkpoint are all equal \
         and take no memory",
    ),
    evidence: Evidence::Fitted {
        on: explanation_text("the memory of a build and of a run, both without room for zero points"),
    },
    below: 0.005,
    above: 0.04,
    source: explanation_text(
        "NVIDIA/TensorRT-LLM issue 1920; public notes of TensorRT-LLM 0.17 on Windows, against INT4 weight-only there",
    ),
};

/// SmoothQuant.
pub(crate) static SMOOTH_QUANT: Law = Law {
    title: explanation_text("The tensors of this rank, with SmoothQuant's scales and smoothers"),
    evidence: Evidence::Fitted {
        on: explanation_text("an engine file, and an engine whose model isn't named and that is 0.07 % larger"),
    },
    below: 0.002,
    above: 0.002,
    source: explanation_text(
        "tensorrt_llm/quantization/layers.py; NVIDIA/TensorRT-LLM issue 1400; an engine on Hugging Face",
    ),
};

/// Mixture of experts.
pub(crate) static EXPERTS: Law = Law {
    title: explanation_text("The tensors of this rank, experts divided by moe_ep_size and moe_tp_size"),
    evidence: Evidence::Fitted {
        on: explanation_text("two engine files of Mixtral, and an engine of Qwen1.5-MoE that is 0.16 % larger"),
    },
    below: 0.002,
    above: 0.005,
    source: explanation_text(
        "tensorrt_llm/layers/moe.py; engines on Hugging Face; public run notes of TensorRT-LLM 1.2",
    ),
};

/// Latent attention. Its engines hold more than the model's parameters.
pub(crate) static LATENT: Law = Law {
    title: explanation_text(
        "The tensors of this rank; latent attention keeps its up projections in dtype, one of them twice, and a \
         RoPE table in each layer",
    ),
    evidence: Evidence::Fitted { on: explanation_text("one public log, whose engine is 1.0 % larger") },
    below: 0.01,
    above: 0.02,
    source: explanation_text("tensorrt_llm/layers/attention.py DeepseekV2Attention; NVIDIA/TensorRT-LLM issue 2683"),
};

/// Engines with draft weights.
pub(crate) static DRAFTERS: Law = Law {
    title: explanation_text("The tensors of this rank, with draft weights"),
    evidence: Evidence::Source,
    below: 0.01,
    above: 0.01,
    source: explanation_text("tensorrt_llm/models/medusa/model.py"),
};

/// EAGLE's engines. They may hold its layers once, or once for each step.
pub(crate) static EAGLE: Law = Law {
    title: explanation_text(
        "The tensors of this rank, and EAGLE's layers once for each step; TensorRT may store equal ones once",
    ),
    evidence: Evidence::Source,
    below: 0.25,
    above: 0.01,
    source: explanation_text("tensorrt_llm/models/eagle/model.py"),
};

/// The two engines of an encoder-decoder model.
pub(crate) static ENCODER_DECODER: Law = Law {
    title: explanation_text("The tensors of this rank in both engines, decoder and encoder"),
    evidence: Evidence::Fitted {
        on: explanation_text("Whisper's two engines in W8A16 and the decoder of flan-T5 XL, all within 0.2 %"),
    },
    below: 0.005,
    above: 0.005,
    source: explanation_text("tensorrt_llm/models/enc_dec/model.py; NVIDIA/TensorRT-LLM issues 2398 and 2419"),
};

/// The law of a deployment's weights.
pub fn law(resolved: &Resolved) -> &'static Law {
    match (resolved.given.engine.speculative_decoding_mode, resolved.precision.quant_algo) {
        (_, QuantAlgo::None | QuantAlgo::W8A16 | QuantAlgo::W4A16) if resolved.model.encoder.is_some() => {
            &ENCODER_DECODER
        }
        (SpeculativeDecodingMode::Medusa, _) => &DRAFTERS,
        (SpeculativeDecodingMode::Eagle, _) => &EAGLE,
        _ if resolved.model.encoder.is_some() => &UNSEEN,
        _ if resolved.model.is_latent() => &LATENT,
        (_, QuantAlgo::None | QuantAlgo::W8A16 | QuantAlgo::W4A16) if resolved.model.moe.is_some() => &EXPERTS,
        (_, QuantAlgo::W4A16Gptq | QuantAlgo::W8A16Gptq) => &GPTQ,
        _ if resolved.model.moe.is_some() => &UNSEEN,
        (_, QuantAlgo::None | QuantAlgo::W8A16 | QuantAlgo::W4A16 | QuantAlgo::W4A16Awq | QuantAlgo::Fp8) => &LAW,
        (_, algo) if algo.is_smooth_quant() => &SMOOTH_QUANT,
        _ => &UNSEEN,
    }
}

pub(super) static INPUTS: Symbol =
    Symbol { text: "K", meaning: "inputs of the tensor on this rank", origin: Origin::Derived };
pub(super) static OUTPUTS: Symbol =
    Symbol { text: "N", meaning: "outputs of the tensor on this rank", origin: Origin::Derived };
static COPIES: Symbol = Symbol { text: "E_local", meaning: "experts on this rank", origin: Origin::Derived };
pub(super) static REPEATS: Symbol =
    Symbol { text: "L", meaning: "layers of this kind on this rank", origin: Origin::Derived };
static ROTARY: Symbol = Symbol { text: "r", meaning: "rotated values of a head", origin: Origin::Model };
static TABLES: Symbol =
    Symbol { text: "tables", meaning: "RoPE tables that the engine keeps", origin: Origin::Derived };

/// Bytes of weights on a rank, with those of the encoder's engine if the model has an encoder.
pub fn weights<N: Number>(inputs: &Inputs<N>) -> N {
    match encoder::encoder(inputs) {
        Some(encoder) => engine(inputs).part(|| Part::bytes("the decoder's engine")) + encoder,
        None => engine(inputs),
    }
}

/// Bytes of the generating engine.
fn engine<N: Number>(inputs: &Inputs<N>) -> N {
    let resolved = inputs.resolved;
    let tensors = resolved.model.shared_tensors();
    let modules = &resolved.precision.modules;
    let stage = LayerSet::range(resolved.layers_of_stage(inputs.stage));
    let mut parts = Vec::with_capacity(32);
    if inputs.is_first_stage() {
        parts.extend(tensors.first_stage.iter().map(|tensor| tensor_bytes(inputs, tensor, 1, QuantAlgo::None)));
    }
    for group in &tensors.groups {
        let layers = group.layers & stage;
        for tensor in &group.tensors {
            let stored = modules.within(tensor.block, layers);
            parts.extend(stored.map(|(algo, layers)| tensor_bytes(inputs, tensor, layers.len(), algo)));
        }
    }
    if inputs.is_last_stage() {
        let shared = tensors.tied_lm_head && shares_embedding(resolved);
        let owned = tensors.last_stage.iter().filter(|tensor| !(shared && tensor.kind == TensorKind::LmHead));
        parts.extend(owned.map(|tensor| tensor_bytes(inputs, tensor, 1, modules.of(tensor.block))));
        parts.extend(drafters::of_mode(inputs));
    }
    add_constants(inputs, &mut parts);
    N::sum_of(parts)
}

/// Whether LM head and embedding share one table. They can share it only if both are divided alike.
fn shares_embedding(resolved: &Resolved) -> bool {
    let alike = resolved.parallel.tp_size == 1
        || (resolved.engine.use_parallel_embedding && resolved.given.engine.embedding_sharding_dim == 0);
    resolved.parallel.pp_size == 1 && alike && resolved.version.has(Behavior::StoresTiedEmbeddingsOnce)
}

/// Adds the engine's tensors that are not in the checkpoint: position tables and scales of the KV
/// cache.
fn add_constants<N: Number>(inputs: &Inputs<N>, parts: &mut Vec<N>) {
    let resolved = inputs.resolved;
    match resolved.model.positions {
        Positions::Rope { rotary_dim, tables } if resolved.version.has(Behavior::EngineHoldsRopeTable) => {
            let attending = resolved.model.attention_layers.count_in(resolved.layers_of_stage(inputs.stage));
            let tables = if resolved.model.is_latent() { attending } else { tables };
            let table = inputs.positions()
                * N::symbol(&ROTARY, rotary_dim as f64)
                * N::symbol(&TABLES, f64::from(tables))
                * 4.0;
            parts.push(table.part(|| Part::bytes("RoPE table, 32-bit cosines and sines")));
        }
        Positions::Relative { .. } => parts.push(encoder::relative_bias(inputs)),
        Positions::Alibi => parts.push((inputs.heads() * 4.0).part(|| Part::bytes("ALiBi's slopes"))),
        _ => {}
    }
    if let Attention::Latent { kv_lora_rank, qk_nope_head_dim, .. } = resolved.model.attention {
        let (k, n) = (N::symbol(&INPUTS, qk_nope_head_dim as f64), N::symbol(&OUTPUTS, kv_lora_rank as f64));
        let twin = k * n * inputs.heads() * inputs.element() * inputs.attention_layers();
        parts.push(twin.part(|| {
            let name = "attention.k_b_proj_trans, a second copy of the key's up projection";
            let layers = u64::from(resolved.model.attention_layers.count_in(resolved.layers_of_stage(inputs.stage)));
            let format = format(resolved, QuantAlgo::None);
            Part::tensor(name, StoredTensor::of_heads(resolved, name, kv_lora_rank, qk_nope_head_dim, layers, format))
        }));
    }
    parts.extend(encoder::cross_keys(inputs));
    if matches!(resolved.precision.kv_cache_dtype, KvType::Quantized(_)) {
        let attentions = if resolved.model.encoder.is_some() { 2.0 } else { 1.0 };
        parts.push((inputs.attention_layers() * (8.0 * attentions)).part(|| Part::bytes("scales of the KV cache")));
    }
}

/// Bytes of a tensor on this rank, in `repeats` layers whose block is stored as `stored_as`.
fn tensor_bytes<N: Number>(inputs: &Inputs<N>, tensor: &Tensor, repeats: u32, stored_as: QuantAlgo) -> N {
    let resolved = inputs.resolved;
    let (rows, columns, copies) = local_shape(resolved, tensor);
    let (k, n) = (N::symbol(&INPUTS, rows as f64), N::symbol(&OUTPUTS, columns as f64));
    let bytes = match tensor.kind {
        TensorKind::Linear | TensorKind::ExpertLinear => quantized(stored_as, inputs.element(), k, n, tensor.split),
        TensorKind::Router => k * n * 4.0,
        _ => k * n * inputs.element(),
    };
    repeated(bytes, copies, repeats).part(|| {
        let format = match tensor.kind {
            TensorKind::Linear | TensorKind::ExpertLinear => format(resolved, stored_as),
            TensorKind::Router => Dtype::Float32.name().to_string(),
            _ => resolved.precision.dtype.name().to_string(),
        };
        stored(StoredTensor::new(resolved, tensor, [rows, columns], copies, repeats, format))
    })
}

/// Bytes of `copies` of a tensor in `repeats` layers; `bytes` are those of one copy.
pub(super) fn repeated<N: Number>(mut bytes: N, copies: u64, repeats: u32) -> N {
    if copies != 1 {
        bytes = bytes * N::symbol(&COPIES, copies as f64);
    }
    if repeats != 1 {
        bytes = bytes * N::symbol(&REPEATS, f64::from(repeats));
    }
    bytes
}

/// A tensor as a part of the weights.
pub(super) fn stored(tensor: StoredTensor) -> Part {
    let StoredTensor { name, layers, .. } = tensor;
    Part::tensor(if layers == 1 { name.to_string() } else { format!("{name}, {layers} layers") }, tensor)
}

/// Inputs, outputs and copies of a tensor on a rank.
fn local_shape(resolved: &Resolved, tensor: &Tensor) -> (u64, u64, u64) {
    let Tensor { inputs, outputs, copies, .. } = *tensor;
    match tensor.split {
        Split::Whole => (inputs, outputs, copies),
        Split::Outputs => (inputs, outputs.div_ceil(resolved.parallel.tp_size), copies),
        Split::Inputs => (inputs.div_ceil(resolved.parallel.tp_size), outputs, copies),
        Split::QueryKeyValue => {
            let heads = resolved.local_heads() + 2 * resolved.local_kv_heads();
            (inputs, heads * resolved.model.attention.head_dim(), copies)
        }
        Split::Vocabulary if tensor.kind == TensorKind::Embedding => match resolved.given.engine.embedding_sharding_dim
        {
            _ if !resolved.engine.use_parallel_embedding => (inputs, outputs, copies),
            0 => (resolved.padded_vocab() / resolved.parallel.tp_size, outputs, copies),
            _ => (inputs, outputs.div_ceil(resolved.parallel.tp_size), copies),
        },
        Split::Vocabulary => (inputs, resolved.padded_vocab() / resolved.parallel.tp_size, copies),
        Split::Experts => {
            (inputs, outputs.div_ceil(resolved.parallel.moe_tp_size), copies.div_ceil(resolved.parallel.moe_ep_size))
        }
        Split::ExpertsWhole => (inputs, outputs, copies.div_ceil(resolved.parallel.moe_ep_size)),
        Split::ExpertsInputs => {
            (inputs.div_ceil(resolved.parallel.moe_tp_size), outputs, copies.div_ceil(resolved.parallel.moe_ep_size))
        }
    }
}
