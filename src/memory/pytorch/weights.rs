//! Weights of a rank in the PyTorch backend, tensor by tensor.
//!
//! Attention, dense blocks and shared experts are divided among the ranks that share attention, so
//! they are whole if attention is data-parallel. Experts are divided by `moe_tp_size` and
//! `moe_ep_size` in either case.
//!
//! The vocabulary is padded only to a multiple of the ranks. Embedding, LM head, norms, router and
//! biases are stored in `dtype`.

use super::experts::{draft_algo, kernels};
use crate::architecture::{Attention, Block, Dtype, LayerGroup, LayerSet, Split, Tensor, TensorKind};
use crate::deployment::{DecodingType, MoeBackend, QuantAlgo, Resolved};
use crate::explanation_text::explanation_text;
use crate::memory::inputs::Inputs;
use crate::memory::law::{Evidence, Law, Origin, Part, Symbol};
use crate::memory::number::Number;
use crate::memory::weights::{INPUTS, OUTPUTS, REPEATS, StoredTensor, format, quantized, repeated, stored};
use crate::units::Bytes;

/// The weights.
pub(crate) static LAW: Law = Law {
    title: explanation_text("The tensors of this rank, as the PyTorch backend stores them"),
    evidence: Evidence::Fitted {
        on: explanation_text("memory inside torch of 80 public logs, persistent buffers included: median error 0.1 %"),
    },
    below: 0.003,
    above: 0.005,
    source: explanation_text(
        "tensorrt_llm/_torch/modules: linear, embedding, attention, fused_moe/quantization; models/modeling_deepseekv3",
    ),
};

/// An Eagle3 draft. Its dimensions are only suggested by the target model's.
pub(crate) static EAGLE3: Law = Law {
    title: explanation_text("An Eagle3 draft: one layer as wide as the model, its input projection and its LM head"),
    evidence: Evidence::Guess,
    below: 0.4,
    above: 0.4,
    source: explanation_text("two public logs, 0.2 GiB too low"),
};

/// Columns of an FP8 block, which a rank can't divide.
const BLOCK: u64 = 128;

/// Bytes of weights on a rank.
pub(crate) fn weights<N: Number>(inputs: &Inputs<N>) -> N {
    let resolved = inputs.resolved;
    let modules = &resolved.precision.modules;
    let tensors = resolved.model.shared_tensors();
    let stage = LayerSet::range(resolved.layers_of_stage(inputs.stage));
    let mut parts = Vec::with_capacity(40);
    if inputs.is_first_stage() {
        parts.extend(tensors.first_stage.iter().map(|tensor| tensor_bytes(inputs, tensor, 1, QuantAlgo::None)));
    }
    for group in &tensors.groups {
        let layers = group.layers & stage;
        for tensor in group.tensors.iter().filter(|tensor| !is_balanced(resolved, tensor)) {
            let stored = modules.within(tensor.block, layers);
            parts.extend(stored.map(|(algo, layers)| tensor_bytes(inputs, tensor, layers.len(), algo)));
        }
    }
    parts.extend(towers(inputs));
    parts.extend(balanced(inputs).map(|bytes| bytes.part(|| Part::bytes("experts that the load balancer moves"))));
    for (algo, layers) in modules.within(Block::AttentionInputs, resolved.model.attention_layers & stage) {
        latent_copies(inputs, layers.len(), algo, &mut parts);
    }
    if inputs.is_last_stage() {
        let owned =
            |tensor: &&Tensor| !(tensors.tied_lm_head && inputs.is_first_stage() && tensor.kind == TensorKind::LmHead);
        let ends = tensors.last_stage.iter().filter(owned);
        parts.extend(ends.map(|tensor| tensor_bytes(inputs, tensor, 1, modules.of(tensor.block))));
        match resolved.given.pytorch.decoding_type {
            DecodingType::Mtp => parts.extend(draft_layers(inputs, &tensors.groups)),
            DecodingType::Eagle3 => parts.push(eagle3(inputs)),
            DecodingType::None | DecodingType::NGram => {}
        }
    }
    N::sum_of(parts)
}

/// Bytes of the vision and audio towers, in 16 bit and whole on every rank
/// (`models/modeling_qwen2vl.py` and others create them without a mapping).
fn towers<N: Number>(inputs: &Inputs<N>) -> Option<N> {
    static TOWER: Symbol =
        Symbol { text: "towers", meaning: "parameters of the vision and audio towers", origin: Origin::Model };
    let tower = inputs.resolved.tower();
    (tower > 0).then(|| {
        let bytes = N::symbol(&TOWER, tower as f64) * inputs.element();
        bytes.part(|| Part::bytes("vision and audio towers, whole on every rank"))
    })
}

/// Whether the load balancer moves a tensor's copies between ranks.
fn is_balanced(resolved: &Resolved, tensor: &Tensor) -> bool {
    resolved.pytorch.load_balancer_slots.is_some() && tensor.is_routed()
}

/// Bytes of the experts that the load balancer moves: this rank's share of the slots in every layer
/// with experts (`cpp/tensorrt_llm/runtime/moeLoadBalancer`).
fn balanced<N: Number>(inputs: &Inputs<N>) -> Option<N> {
    static SLOTS: Symbol = Symbol {
        text: "slots",
        meaning: "experts and copies on this rank",
        origin: Origin::Chosen("moe_load_balancer_slots"),
    };
    let resolved = inputs.resolved;
    let slots = resolved.pytorch.load_balancer_slots?.div_ceil(resolved.parallel.moe_ep_size);
    let stage = LayerSet::range(resolved.layers_of_stage(inputs.stage));
    let groups = &resolved.model.shared_tensors().groups;
    let mut bytes = Vec::new();
    for group in groups {
        for tensor in group.tensors.iter().filter(|tensor| tensor.is_routed()) {
            let stored = resolved.precision.modules.within(tensor.block, group.layers & stage);
            bytes.extend(stored.map(|(algo, layers)| {
                let layers = layers.len();
                repeated(matrix_bytes(inputs, tensor, algo), 1, layers)
                    .part(|| described(resolved, tensor, algo, 1, layers))
            }));
        }
    }
    (!bytes.is_empty()).then(|| N::sum_of(bytes) * N::symbol(&SLOTS, slots as f64))
}

/// Bytes of a rank's weights that lie outside torch, in memory that the host reaches too: the
/// experts that the load balancer moves
/// (`runtime/moeLoadBalancer/hostAccessibleDeviceAllocator.cpp`). What a log counts "inside torch"
/// is without them.
pub fn outside_torch(resolved: &Resolved, stage: u64) -> Bytes {
    Bytes::rounded(balanced(&Inputs::<f64>::new(resolved, stage)).unwrap_or_default())
}

/// Bytes of a tensor on this rank, in `repeats` layers whose block is stored as `stored_as`.
fn tensor_bytes<N: Number>(inputs: &Inputs<N>, tensor: &Tensor, repeats: u32, stored_as: QuantAlgo) -> N {
    let bytes = matrix_bytes(inputs, tensor, stored_as);
    let copies =
        if tensor.is_routed() { tensor.copies.div_ceil(inputs.resolved.parallel.moe_ep_size) } else { tensor.copies };
    repeated(bytes, copies, repeats).part(|| described(inputs.resolved, tensor, stored_as, copies, repeats))
}

/// A tensor as a part of the weights.
fn described(resolved: &Resolved, tensor: &Tensor, stored_as: QuantAlgo, copies: u64, repeats: u32) -> Part {
    let algo = format_of(tensor, stored_as);
    let (rows, columns) = local_shape(resolved, tensor, stored_as);
    let widened = algo == QuantAlgo::None && tensor.is_routed() && stored_as.is_mxfp4();
    let format = if widened { Dtype::Float32.name().to_string() } else { format(resolved, algo) };
    stored(StoredTensor::new(resolved, tensor, [rows, columns], copies, repeats, format))
}

/// Bytes of one copy of a tensor on this rank.
fn matrix_bytes<N: Number>(inputs: &Inputs<N>, tensor: &Tensor, stored_as: QuantAlgo) -> N {
    let resolved = inputs.resolved;
    let algo = format_of(tensor, stored_as);
    let (k, n) = local_shape(resolved, tensor, stored_as);
    let (k, n) = (N::symbol(&INPUTS, k as f64), N::symbol(&OUTPUTS, n as f64));
    match algo {
        // MXFP4 experts add their biases in 32 bit.
        QuantAlgo::None if tensor.is_routed() && stored_as.is_mxfp4() => k * n * 4.0,
        QuantAlgo::None => k * n * inputs.element(),
        QuantAlgo::Fp8BlockScales if packs_scales(resolved, tensor) => {
            let scales = (k.clone() / BLOCK as f64).ceil().round_up(4.0);
            (n.clone() * k).remark("FP8 values") + (n * scales).remark("a byte for each row and block")
        }
        algo => quantized(algo, inputs.element(), k, n, tensor.split),
    }
}

/// Whether the scales of FP8 blocks are stored again with a byte for each row and block, as
/// Blackwell's GEMMs read them (`linear.py` post_load_weights).
fn packs_scales(resolved: &Resolved, tensor: &Tensor) -> bool {
    let generated = tensor.is_routed() && kernels(resolved, QuantAlgo::Fp8BlockScales) != MoeBackend::DeepGemm;
    resolved.gpu.compute_capability.0 >= 10 && !generated
}

/// The format of a tensor in a block that is stored as `stored_as`: only its linear layers are
/// quantized.
fn format_of(tensor: &Tensor, stored_as: QuantAlgo) -> QuantAlgo {
    match tensor.kind {
        TensorKind::Linear | TensorKind::ExpertLinear | TensorKind::LatentProjection | TensorKind::LmHead => stored_as,
        _ => QuantAlgo::None,
    }
}

/// Inputs and outputs of a tensor on a rank, in a block that is stored as `stored_as`.
fn local_shape(resolved: &Resolved, tensor: &Tensor, stored_as: QuantAlgo) -> (u64, u64) {
    let Tensor { inputs, outputs, .. } = *tensor;
    let tp = resolved.parallel.attention_tp_size;
    let (inputs, outputs) = match tensor.split {
        Split::Whole | Split::ExpertsWhole => (inputs, outputs),
        Split::Outputs => (inputs, outputs.div_ceil(sharing(tensor, outputs, tp))),
        Split::Inputs => (inputs.div_ceil(sharing(tensor, inputs, tp)), outputs),
        Split::QueryKeyValue => {
            let heads = resolved.local_heads() + 2 * resolved.local_kv_heads();
            (inputs, heads * resolved.model.attention.head_dim())
        }
        Split::Vocabulary if tensor.kind != TensorKind::Embedding => (inputs, outputs.div_ceil(tp)),
        Split::Vocabulary if resolved.model.family.keeps_embedding_whole() => (inputs, outputs),
        Split::Vocabulary => (inputs.div_ceil(tp), outputs),
        Split::Experts => (inputs, outputs.div_ceil(resolved.parallel.moe_tp_size)),
        Split::ExpertsInputs => (inputs.div_ceil(resolved.parallel.moe_tp_size), outputs),
    };
    if stored_as.is_mxfp4() && tensor.is_routed() {
        padded(resolved, tensor, stored_as, inputs, outputs)
    } else {
        (inputs, outputs)
    }
}

/// Ranks among which the columns of a shared expert are divided: as many as get equal numbers of
/// blocks (`modeling_deepseekv3.py` _compute_shared_expert_tp_size).
fn sharing(tensor: &Tensor, columns: u64, tp: u64) -> u64 {
    if tensor.block == Block::SharedExperts { greatest_common_divisor(columns.div_ceil(BLOCK), tp) } else { tp }
}

fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a.max(1) } else { greatest_common_divisor(b, a % b) }
}

/// MXFP4 experts with the padding of their kernels: to 128, and the inputs of generated kernels to
/// 512 (`fused_moe/quantization.py`, MXFP4 weight methods).
fn padded(resolved: &Resolved, tensor: &Tensor, stored_as: QuantAlgo, inputs: u64, outputs: u64) -> (u64, u64) {
    let generated = kernels(resolved, stored_as) == MoeBackend::Trtllm;
    let first = tensor.split == Split::Experts;
    // Gate and up projection are padded separately.
    let outputs = if first { 2 * (outputs / 2).next_multiple_of(BLOCK) } else { outputs.next_multiple_of(BLOCK) };
    let inputs = match format_of(tensor, stored_as) {
        QuantAlgo::None => inputs,
        _ if generated && first => inputs.next_multiple_of(512),
        _ => inputs.next_multiple_of(BLOCK),
    };
    (inputs, outputs)
}

/// Copies that latent attention keeps of its projections (`_torch/modules/attention.py` MLA): the
/// keys' projection, transposed. With FP8 blocks on Blackwell also the projections of keys and
/// values in 16 bit.
fn latent_copies<N: Number>(inputs: &Inputs<N>, layers: u32, algo: QuantAlgo, parts: &mut Vec<N>) {
    let Attention::Latent { kv_lora_rank, qk_nope_head_dim, v_head_dim, .. } = inputs.resolved.model.attention else {
        return;
    };
    if layers == 0 {
        return;
    }
    let copy = |name: &'static str, values: u64, algo: QuantAlgo| {
        let element = match algo {
            QuantAlgo::Fp8BlockScales | QuantAlgo::Fp8 => N::literal(1.0),
            _ => inputs.element(),
        };
        let width = N::symbol(&INPUTS, kv_lora_rank as f64) * inputs.heads() * values as f64;
        (width * N::symbol(&REPEATS, f64::from(layers)) * element).part(|| {
            let format = if algo == QuantAlgo::None { format(inputs.resolved, algo) } else { "FP8".into() };
            let layers = u64::from(layers);
            Part::tensor(name, StoredTensor::of_heads(inputs.resolved, name, kv_lora_rank, values, layers, format))
        })
    };
    let stored = match algo {
        QuantAlgo::Fp8BlockScales | QuantAlgo::Fp8 => algo,
        _ => QuantAlgo::None,
    };
    parts.push(copy("projection of latent keys, transposed", qk_nope_head_dim, stored));
    if algo == QuantAlgo::Fp8BlockScales && inputs.resolved.gpu.compute_capability.0 >= 10 {
        let name = "projections of latent keys and values in 16 bit";
        parts.push(copy(name, qk_nope_head_dim + v_head_dim, QuantAlgo::None));
    }
}

/// The layers for multi-token prediction: one that runs again for each draft token, or several if
/// the checkpoint has them. Embedding and head are shared with the model (`modeling_deepseekv3.py`
/// DeepseekV3MTP).
fn draft_layers<N: Number>(inputs: &Inputs<N>, groups: &[LayerGroup]) -> Vec<N> {
    let resolved = inputs.resolved;
    let layers = match resolved.model.mtp_layers {
        0 => return Vec::new(),
        1 => 1,
        several => several.min(resolved.pytorch.max_draft_len.min(u64::from(several)) as u32),
    };
    let last = resolved.model.layers.saturating_sub(1);
    let alike =
        groups.iter().find(|group| group.layers.contains(last)).map_or(&[][..], |group| group.tensors.as_slice());
    let stored_as = |block: Block| draft_algo(resolved, block);
    let mut parts: Vec<N> =
        alike.iter().map(|tensor| tensor_bytes(inputs, tensor, layers, stored_as(tensor.block))).collect();
    latent_copies(inputs, layers, stored_as(Block::AttentionInputs), &mut parts);
    let projection = inputs.hidden() * inputs.hidden() * 2.0 * inputs.element() / attention_ranks(inputs);
    parts.push((projection * f64::from(layers)).part(|| Part::bytes("eh_proj")));
    vec![N::sum_of(parts).part(|| Part::bytes("draft layer of multi-token prediction"))]
}

/// An Eagle3 draft with one layer.
fn eagle3<N: Number>(inputs: &Inputs<N>) -> N {
    let hidden = || inputs.hidden() * inputs.element();
    let columns = match inputs.resolved.model.mlp.intermediate {
        0 => inputs.hidden() * 4.0,
        _ => inputs.mlp_columns() * inputs.ranks(),
    };
    let divided = inputs.plain_vocab() * hidden() + columns * hidden() * 3.0 + inputs.hidden() * hidden() * 2.0;
    let whole = inputs.hidden() * hidden() * 3.0;
    (divided / attention_ranks(inputs) + whole).part(|| Part::bytes("Eagle3 draft").law(&EAGLE3))
}

fn attention_ranks<N: Number>(inputs: &Inputs<N>) -> N {
    if inputs.resolved.parallel.attention_tp_size < inputs.resolved.parallel.tp_size {
        N::literal(1.0)
    } else {
        inputs.ranks()
    }
}

#[cfg(test)]
mod tests {
    use crate::deployment::Deployment;
    use crate::link;
    use crate::memory::{Contributor, estimate};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn weights(deployment: &Deployment) -> Vec<u64> {
        let report = estimate(deployment).unwrap();
        report.ranks.iter().map(|rank| rank.figure(Contributor::Weights).bytes.0).collect()
    }

    fn of(text: &str) -> Vec<u64> {
        weights(&link::decode(text).deployment)
    }

    /// The repository has 6.710 GiB of tensors, its vision tower in 16 bit included.
    #[test]
    fn a_vision_tower_is_in_the_weights() {
        let [bytes] = of("v=2&model=nvidia/Qwen2.5-VL-7B-Instruct-NVFP4&gpu=b200")[..] else { panic!() };
        let published = 6.710 * f64::from(1 << 30);
        assert!((bytes as f64 / published - 1.0).abs() < 1e-3, "{bytes}");
    }

    /// Qwen2.5-VL 7B's tower has 676,550,144 parameters, those of the whole model less the text's.
    #[test]
    fn each_rank_holds_the_whole_tower_unless_text_alone_is_served() {
        let two = "v=2&model=Qwen/Qwen2.5-VL-7B-Instruct&tp_size=2&trtllm_version=1.3";
        let (with, without) = (of(two), of(&format!("{two}&disable_mm_encoder=true")));
        let towers: Vec<u64> = with.iter().zip(&without).map(|(with, without)| with - without).collect();
        assert_eq!(towers, [2 * 676_550_144; 2]);
        let before = "v=2&model=Qwen/Qwen3.5-9B&trtllm_version=1.2";
        assert_eq!(of(before), of(&format!("{before}&disable_mm_encoder=true")), "1.2 loads the text model alone");
        assert_eq!(weights(&Deployment::engine()), of("v=1"), "engines have no towers");
    }

    /// MiniMax-M2's files have 230,121,630,720 bytes, as the README of hf-mem reports.
    #[test]
    fn a_quantized_repository_takes_the_bytes_of_its_files() {
        let [bytes] = of("v=2&model=MiniMaxAI/MiniMax-M2&gpu=gb300")[..] else { panic!() };
        assert!((bytes as f64 / 230_121_630_720.0 - 1.0).abs() < 1e-3, "{bytes}");
    }
}
