//! The GPT attention plugin's workspace, buffer by buffer (`cpp/tensorrt_llm/common/attentionOp.cpp`): the larger of what
//! prompts and generation need.

use super::cublas;
use crate::architecture::Dtype;
use crate::deployment::{Fact, Plan};
use crate::memory::quantity::{Evidence, Law, Number, Origin, Part, Symbol};
use crate::memory::terms::Terms;
use crate::told::told;

/// Attention without context FMHA.
pub static UNFUSED: Law = Law {
    title: told("The attention plugin's workspace without context FMHA, which grows with the square of the prompt"),
    evidence: Evidence::Exact { logs: 1 },
    below: 0.03,
    above: 0.01,
    source: told(
        "cpp/tensorrt_llm/common/attentionOp.cpp getWorkspaceSizeForContext; NVIDIA/TensorRT-LLM issue 8308 to the byte; a build of 0.11, issue 1967, asked for 2 % less",
    ),
};

/// Alignment of every buffer in a plugin's workspace (`calculateTotalWorkspaceSize`).
const ALIGNMENT: f64 = 256.0;
/// Buffers of a few bytes, each of which takes an alignment: counters and scales.
const SMALL_BUFFERS: f64 = 7.0;
/// Parts that a multi-block generation kernel may divide its sequences into (`kXQA_MAX_NUM_SUB_SEQ`).
const SUB_SEQUENCES: f64 = 6000.0;
/// Beams that a row of multi-block scratch has room for (`kMaxBeamWidth` of XQA).
const XQA_BEAMS: f64 = 4.0;
/// Query rows of a thread block that generates with latent attention (`getWorkspaceSizeForGeneration`).
const LATENT_ROWS: f64 = 256.0;
/// Shared memory of a thread block that the masked attention kernel leaves alone, in bytes.
const RESERVED_SHARED_MEMORY: u64 = 2048;

static GROUP: Symbol = Symbol { text: "g", meaning: "query heads of a KV head", origin: Origin::Derived };
static TILES: Symbol =
    Symbol { text: "tiles", meaning: "parts that a sequence is attended to in, at most", origin: Origin::Derived };
static DRAFTED: Symbol = Symbol { text: "D", meaning: "tokens of a sequence in a step", origin: Origin::Derived };
static LATENT: Symbol =
    Symbol { text: "c", meaning: "values that latent attention caches for a token", origin: Origin::Model };

/// The plugin's workspace.
pub fn attention<N: Number>(terms: &Terms<N>) -> N {
    let own = context(terms).max(generation(terms));
    match terms.plan.model.encoder {
        Some(_) if !terms.plan.context_fmha => own.max(cross(terms)),
        _ => own,
    }
    .part(|| Part::bytes("attention plugin"))
}

fn buffer<N: Number>(name: &'static str, bytes: N) -> N {
    bytes.round_up(ALIGNMENT).part(|| Part::bytes(name))
}

/// Size of a head as the plugin sees it: with latent attention that of the cached vector.
fn head_size<N: Number>(terms: &Terms<N>) -> N {
    match terms.plan.latent_values() {
        Some(values) => N::symbol(&LATENT, values as f64),
        None => terms.head_dim(),
    }
}

fn kv_heads<N: Number>(terms: &Terms<N>) -> N {
    if terms.plan.latent_values().is_some() { N::literal(1.0) } else { terms.kv_heads() }
}

fn sequences<N: Number>(terms: &Terms<N>) -> N {
    terms.batch() * terms.beam()
}

/// The workspace for prompts (`getWorkspaceSizeForContext`).
pub fn context<N: Number>(terms: &Terms<N>) -> N {
    let plan = terms.plan;
    let query = || terms.heads() * head_size(terms);
    let key = || kv_heads(terms) * head_size(terms);
    let buffers = [
        cublas(),
        buffer("lengths of queries", (sequences(terms) + 1.0) * 4.0),
        buffer("lengths of keys", (sequences(terms) + 1.0) * 4.0),
        buffer("rotary frequencies", sequences(terms) * terms.rotary_dim() * 2.0),
        buffer("sequence and place of each token", terms.tokens() * 8.0),
        N::literal(SMALL_BUFFERS * ALIGNMENT).part(|| Part::bytes("counters and scales")),
    ];
    let sum = if plan.context_fmha {
        let value = || if plan.use_fp8_context_fmha { N::literal(1.0) } else { terms.element() };
        let copied = match (plan.use_paged_context_fmha, plan.use_fp8_context_fmha) {
            (true, _) => Some(buffer("queries", terms.tokens() * query() * value())),
            (false, true) => Some(buffer("queries, keys and values in FP8", terms.tokens() * (query() + key() * 2.0))),
            (false, false) => None,
        };
        N::sum_of(buffers.into_iter().chain(copied))
    } else {
        N::sum_of(buffers.into_iter().chain(unfused(terms, terms.input(), "attention scores, S_in squared")))
    };
    sum.part(|| Part::bytes("attention to prompts"))
}

/// The buffers of attention without a fused kernel, to `keys` keys in each sequence.
fn unfused<N: Number>(terms: &Terms<N>, keys: N, score_name: &'static str) -> Vec<N> {
    let query = || terms.heads() * head_size(terms);
    let key = || kv_heads(terms) * head_size(terms);
    let prompts = || sequences(terms) * terms.input();
    let kept = || sequences(terms) * keys.clone();
    let scores = || terms.heads() * prompts() * keys.clone();
    vec![
        buffer("attention mask", terms.tokens() * keys.clone() * terms.element()),
        buffer("queries", prompts() * query() * terms.element()),
        buffer("keys", kept() * key() * terms.element()),
        buffer("values", kept() * key() * terms.element()),
        buffer("attention scores", scores() * terms.element()).part(|| Part::bytes(score_name).law(&UNFUSED)),
        buffer("attended values", terms.tokens() * query() * terms.element()),
        buffer("attention scores in 32 bit", scores() * 4.0),
        buffer("padding offsets", terms.tokens() * 4.0),
        buffer("padding offsets of an encoder", terms.tokens() * 4.0),
    ]
}

/// The workspace of cross attention without a fused kernel, whose keys are the encoder's output.
fn cross<N: Number>(terms: &Terms<N>) -> N {
    let buffers = unfused(terms, terms.encoder_input(), "attention scores, S_in times L_e");
    N::sum_of(std::iter::once(cublas()).chain(buffers)).part(|| Part::bytes("attention to the encoder's output"))
}

/// The workspace for generation (`getWorkspaceSizeForGeneration`).
pub fn generation<N: Number>(terms: &Terms<N>) -> N {
    let plan = terms.plan;
    let larger = if plan.latent_values().is_some() {
        latent(terms)
    } else if plan.dtype == Dtype::Float32 {
        masked(terms)
    } else {
        masked(terms).max(grouped(terms))
    };
    larger.part(|| Part::bytes("attention in generation"))
}

/// Masked multi-head attention: partial results of every part of a sequence, and with StreamingLLM a shifted copy of the keys.
fn masked<N: Number>(terms: &Terms<N>) -> N {
    let rows = || sequences(terms) * terms.heads();
    let tiles = || N::symbol(&TILES, tiles(terms.plan));
    let buffers = [
        buffer("partial results", rows() * terms.head_dim() * tiles() * terms.element()),
        buffer("partial sums", rows() * tiles() * 4.0),
        buffer("partial maxima", rows() * tiles() * 4.0),
    ];
    let shifted = terms.plan.streamingllm.then(|| {
        let keys = rows() * terms.head_dim() * terms.sequence() * terms.element();
        buffer("shifted keys of StreamingLLM", keys)
    });
    N::sum_of(buffers.into_iter().chain(shifted)).part(|| Part::bytes("masked attention"))
}

/// Grouped-query kernels (XQA): rotated queries and converted outputs, and the scratch of multi-block kernels
/// (`cpp/tensorrt_llm/kernels/xqaDispatcher.cpp` getWorkspaceSize). Every buffer has the alignment of a row of that scratch.
fn grouped<N: Number>(terms: &Terms<N>) -> N {
    let plan = terms.plan;
    let group = plan.local_heads() as f64 / plan.local_kv_heads().max(1) as f64;
    let multi_block = plan.version.has(Fact::ReservesMultiBlock);
    let row = (N::symbol(&GROUP, group) * terms.head_dim() * (2.0 * XQA_BEAMS)).round_up(128.0);
    let alignment = if multi_block { row.value().max(128.0) } else { ALIGNMENT };
    let aligned = |name: &'static str, bytes: N| bytes.round_up(alignment).part(|| Part::bytes(name));
    let tokens = match plan.version.has(Fact::GenerationWorkspaceFollowsBatch) {
        true => {
            (sequences(terms) * N::symbol(&DRAFTED, plan.max_draft_len.saturating_add(1) as f64)).min(terms.tokens())
        }
        false => terms.tokens(),
    };
    let copies = if plan.version.has(Fact::ConvertsAttentionOutputs) { 2.0 } else { 1.0 };
    let buffers = [
        aligned("rotated queries and outputs", tokens * terms.heads() * terms.head_dim() * (2.0 * copies)),
        aligned("lengths of queries", (sequences(terms) + 1.0) * 4.0),
        aligned("lengths of keys", (sequences(terms) + 1.0) * 4.0),
        aligned("rotary frequencies", sequences(terms) * terms.rotary_dim() * 2.0),
        aligned("sequence and place of each token", terms.tokens() * 8.0),
        N::literal(2.0 * alignment).part(|| Part::bytes("scales")),
    ];
    let scratch = multi_block.then(|| {
        let rows = (group / 32.0).ceil() * 32.0;
        [
            aligned("semaphores of multi-block kernels", N::literal(2.0 * SUB_SEQUENCES)),
            aligned("row maxima of multi-block kernels", N::literal(4.0 * rows * SUB_SEQUENCES)),
            aligned("row sums of multi-block kernels", N::literal(4.0 * rows * SUB_SEQUENCES)),
            aligned("results of multi-block kernels", row * SUB_SEQUENCES),
            N::literal(alignment).part(|| Part::bytes("room for alignment")),
        ]
    });
    N::sum_of(buffers.into_iter().chain(scratch.into_iter().flatten())).part(|| Part::bytes("grouped-query attention"))
}

/// Latent attention: partial results of the thread blocks that share a sequence.
fn latent<N: Number>(terms: &Terms<N>) -> N {
    let blocks = || terms.multiprocessors() * LATENT_ROWS;
    N::sum_of([
        buffer("partial results", blocks() * head_size(terms) * terms.element()),
        buffer("partial sums", blocks() * 4.0),
        buffer("partial maxima", blocks() * 4.0),
        buffer("lengths of queries", (sequences(terms) + 1.0) * 4.0),
        buffer("lengths of keys", (sequences(terms) + 1.0) * 4.0),
    ])
    .part(|| Part::bytes("latent attention"))
}

/// Parts that masked attention may divide a sequence into: so many that scores fit the shared memory, and enough to fill the GPU.
fn tiles(plan: &Plan) -> f64 {
    let multiprocessors = u64::from(plan.gpu.multiprocessors);
    let heads = plan.local_heads().max(1);
    // Four positions need 16 bytes for the scores in 32 bit, and as many values in the model's type beside them.
    let position = if plan.dtype == Dtype::Float32 { 16 } else { 16 + 4 * plan.dtype.bytes() };
    let room = shared_memory(plan.gpu.compute_capability).saturating_sub(RESERVED_SHARED_MEMORY) / position;
    let fitting = plan.max_seq_len.saturating_add(1).div_ceil(4).div_ceil(room.max(1));
    fitting.max(multiprocessors.div_ceil(heads)) as f64
}

/// Shared memory that a thread block may ask for, in bytes (CUDA C++ Programming Guide, technical specifications).
fn shared_memory(compute_capability: (u8, u8)) -> u64 {
    const KIB: u64 = 1024;
    match compute_capability {
        (7, 0 | 2) => 96 * KIB,
        (7, _) => 64 * KIB,
        (8, 0 | 7) => 163 * KIB,
        (8, _) | (12, _) => 99 * KIB,
        _ => 227 * KIB,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::link;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn bytes(link: &str, of: impl Fn(&Terms<f64>) -> f64) -> u64 {
        let plan = link::decode(link).deployment.plan().unwrap();
        of(&Terms::new(&plan, 0)) as u64
    }

    #[test]
    fn without_fmha_the_workspace_is_that_of_a_public_build_to_the_byte() {
        // NVIDIA/TensorRT-LLM issue 8308: "requires 1369927092251392 bytes of scratch space".
        let link = "model=microsoft/Phi-3-mini-128k-instruct&gpu=b200&quant_algo=FP8&context_fmha=false&max_batch_size=512&max_input_len=118000&max_num_tokens=118000&trtllm_version=1.0";
        assert_eq!(bytes(link, attention), 1_369_927_092_251_392);
        // The flag is on there, but the card has no kernel for heads of 96.
        assert_eq!(bytes(&link.replace("&context_fmha=false", ""), attention), 1_369_927_092_251_392);
    }

    #[test]
    fn the_documents_example_without_fmha_takes_202_gib() {
        let link = "model=meta-llama/Llama-2-7b-hf&context_fmha=false&max_batch_size=64&max_input_len=4096&remove_input_padding=false";
        assert_eq!((bytes(link, attention) as f64 / (1u64 << 30) as f64 * 100.0).round(), 20_204.0);
    }

    #[test]
    fn generation_takes_the_scratch_of_public_builds_to_the_byte() {
        // Build notes of GPT-2 in 0.20: "Max Scratch Memory: 105548288 bytes" and "206474752 bytes".
        let gpt2 = "model=openai-community/gpt2&gpu=a100-80gb&dtype=float16&max_seq_len=4096&trtllm_version=0.20";
        assert_eq!(bytes(&format!("{gpt2}&max_batch_size=64&max_num_tokens=32768"), attention), 105_548_288);
        assert_eq!(bytes(&format!("{gpt2}&max_batch_size=128&max_num_tokens=65536"), attention), 206_474_752);
        // NVIDIA/TensorRT-LLM issue 2810: the first profile of a Llama 70B on four ranks has a scratch of 51412992 bytes.
        let llama = "model=meta-llama/Llama-3.1-70B-Instruct&tp_size=4&quant_algo=FP8&max_batch_size=512&max_num_tokens=64&trtllm_version=0.17";
        assert_eq!(bytes(llama, grouped), 51_412_992);
    }

    #[test]
    fn streaming_llm_keeps_a_shifted_copy_of_all_keys() {
        let link =
            "model=meta-llama/Llama-2-7b-hf&max_batch_size=8&max_seq_len=4096&max_num_tokens=2048&streamingllm=true";
        let shifted = 2 * 8 * 32 * 128 * 4096;
        assert!(bytes(link, attention) > shifted);
        assert!(bytes(&link.replace("&streamingllm=true", ""), attention) < super::super::CUBLAS as u64 * 2);
    }
}
