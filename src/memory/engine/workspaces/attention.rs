//! The workspace of the GPT attention plugin, buffer by buffer
//! (`cpp/tensorrt_llm/common/attentionOp.cpp`). It is the larger one of the workspaces for prompts
//! and for generation.

use super::cublas;
use crate::architecture::Dtype;
use crate::deployment::{Behavior, Resolved};
use crate::explanation_text::explanation_text;
use crate::memory::inputs::Inputs;
use crate::memory::law::{Evidence, Law, Origin, Part, Symbol};
use crate::memory::number::Number;

/// Attention without context FMHA.
pub(crate) static UNFUSED: Law = Law {
    title: explanation_text(
        "The attention plugin's workspace without context FMHA, which grows with the square of the prompt",
    ),
    evidence: Evidence::Exact { logs: 1 },
    below: 0.03,
    above: 0.01,
    source: explanation_text(
        "cpp/tensorrt_llm/common/attentionOp.cpp getWorkspaceSizeForContext; NVIDIA/TensorRT-LLM issue 8308 to \
         the byte; a build of 0.11, issue 1967, asked for 2 % less",
    ),
};

/// Alignment of every buffer in a plugin's workspace (`calculateTotalWorkspaceSize`).
const ALIGNMENT: f64 = 256.0;
/// Buffers of a few bytes, counters and scales. Each takes an alignment.
const SMALL_BUFFERS: f64 = 7.0;
/// Sequence parts of a multi-block generation kernel at most (`kXQA_MAX_NUM_SUB_SEQ`).
const SUB_SEQUENCES: f64 = 6000.0;
/// Beams per row of multi-block scratch (`kMaxBeamWidth` of XQA).
const XQA_BEAMS: f64 = 4.0;
/// Query rows per thread block in generation with latent attention
/// (`getWorkspaceSizeForGeneration`).
const LATENT_ROWS: f64 = 256.0;
/// Bytes of a thread block's shared memory that the masked attention kernel leaves unused.
const RESERVED_SHARED_MEMORY: u64 = 2048;

static GROUP: Symbol = Symbol { text: "g", meaning: "query heads of a KV head", origin: Origin::Derived };
static TILES: Symbol =
    Symbol { text: "tiles", meaning: "parts that a sequence is attended to in, at most", origin: Origin::Derived };
static DRAFTED: Symbol = Symbol { text: "D", meaning: "tokens of a sequence in a step", origin: Origin::Derived };
static LATENT: Symbol =
    Symbol { text: "c", meaning: "values that latent attention caches for a token", origin: Origin::Model };

/// The plugin's workspace.
pub(crate) fn attention<N: Number>(inputs: &Inputs<N>) -> N {
    let own = context(inputs).max(generation(inputs));
    match inputs.resolved.model.encoder {
        Some(_) if !inputs.resolved.engine.context_fmha => own.max(cross(inputs)),
        _ => own,
    }
    .part(|| Part::bytes("attention plugin"))
}

fn buffer<N: Number>(name: &'static str, bytes: N) -> N {
    bytes.round_up(ALIGNMENT).part(|| Part::bytes(name))
}

/// Size of a head in the plugin; with latent attention that of the cached vector.
fn head_size<N: Number>(inputs: &Inputs<N>) -> N {
    match inputs.resolved.latent_values() {
        Some(values) => N::symbol(&LATENT, values as f64),
        None => inputs.head_dim(),
    }
}

fn kv_heads<N: Number>(inputs: &Inputs<N>) -> N {
    if inputs.resolved.latent_values().is_some() { N::literal(1.0) } else { inputs.kv_heads() }
}

fn sequences<N: Number>(inputs: &Inputs<N>) -> N {
    inputs.batch() * inputs.beam()
}

/// The workspace for prompts (`getWorkspaceSizeForContext`).
fn context<N: Number>(inputs: &Inputs<N>) -> N {
    let resolved = inputs.resolved;
    let query = || inputs.heads() * head_size(inputs);
    let key = || kv_heads(inputs) * head_size(inputs);
    let buffers = [
        cublas(),
        buffer("lengths of queries", (sequences(inputs) + 1.0) * 4.0),
        buffer("lengths of keys", (sequences(inputs) + 1.0) * 4.0),
        buffer("rotary frequencies", sequences(inputs) * inputs.rotary_dim() * 2.0),
        buffer("sequence and place of each token", inputs.tokens() * 8.0),
        N::literal(SMALL_BUFFERS * ALIGNMENT).part(|| Part::bytes("counters and scales")),
    ];
    let sum = if resolved.engine.context_fmha {
        let value = || if resolved.engine.use_fp8_context_fmha { N::literal(1.0) } else { inputs.element() };
        let copied = match (resolved.engine.use_paged_context_fmha, resolved.engine.use_fp8_context_fmha) {
            (true, _) => Some(buffer("queries", inputs.tokens() * query() * value())),
            (false, true) => Some(buffer("queries, keys and values in FP8", inputs.tokens() * (query() + key() * 2.0))),
            (false, false) => None,
        };
        N::sum_of(buffers.into_iter().chain(copied))
    } else {
        N::sum_of(buffers.into_iter().chain(unfused(inputs, inputs.input(), "attention scores, S_in squared")))
    };
    sum.part(|| Part::bytes("attention to prompts"))
}

/// The buffers of attention without a fused kernel, with `keys` keys in each sequence.
fn unfused<N: Number>(inputs: &Inputs<N>, keys: N, score_name: &'static str) -> Vec<N> {
    let query = || inputs.heads() * head_size(inputs);
    let key = || kv_heads(inputs) * head_size(inputs);
    let prompts = || sequences(inputs) * inputs.input();
    let kept = || sequences(inputs) * keys.clone();
    let scores = || inputs.heads() * prompts() * keys.clone();
    vec![
        buffer("attention mask", inputs.tokens() * keys.clone() * inputs.element()),
        buffer("queries", prompts() * query() * inputs.element()),
        buffer("keys", kept() * key() * inputs.element()),
        buffer("values", kept() * key() * inputs.element()),
        buffer("attention scores", scores() * inputs.element()).part(|| Part::bytes(score_name).law(&UNFUSED)),
        buffer("attended values", inputs.tokens() * query() * inputs.element()),
        buffer("attention scores in 32 bit", scores() * 4.0),
        buffer("padding offsets", inputs.tokens() * 4.0),
        buffer("padding offsets of an encoder", inputs.tokens() * 4.0),
    ]
}

/// The workspace of cross attention without a fused kernel. Its keys are the encoder's output.
fn cross<N: Number>(inputs: &Inputs<N>) -> N {
    let buffers = unfused(inputs, inputs.encoder_input(), "attention scores, S_in times L_e");
    N::sum_of(std::iter::once(cublas()).chain(buffers)).part(|| Part::bytes("attention to the encoder's output"))
}

/// The workspace for generation (`getWorkspaceSizeForGeneration`).
fn generation<N: Number>(inputs: &Inputs<N>) -> N {
    let resolved = inputs.resolved;
    let larger = if resolved.latent_values().is_some() {
        latent(inputs)
    } else if resolved.precision.dtype == Dtype::Float32 {
        masked(inputs)
    } else {
        masked(inputs).max(grouped(inputs))
    };
    larger.part(|| Part::bytes("attention in generation"))
}

/// Masked multi-head attention: partial results of every sequence part, and a shifted copy of the
/// keys with StreamingLLM.
fn masked<N: Number>(inputs: &Inputs<N>) -> N {
    let rows = || sequences(inputs) * inputs.heads();
    let tiles = || N::symbol(&TILES, tiles(inputs.resolved));
    let buffers = [
        buffer("partial results", rows() * inputs.head_dim() * tiles() * inputs.element()),
        buffer("partial sums", rows() * tiles() * 4.0),
        buffer("partial maxima", rows() * tiles() * 4.0),
    ];
    let shifted = inputs.resolved.given.engine.plugins.streamingllm.then(|| {
        let keys = rows() * inputs.head_dim() * inputs.sequence() * inputs.element();
        buffer("shifted keys of StreamingLLM", keys)
    });
    N::sum_of(buffers.into_iter().chain(shifted)).part(|| Part::bytes("masked attention"))
}

/// Grouped-query kernels (XQA): rotated queries and converted outputs, and the scratch of
/// multi-block kernels (`cpp/tensorrt_llm/kernels/xqaDispatcher.cpp` getWorkspaceSize). Every
/// buffer is aligned to a row of that scratch.
fn grouped<N: Number>(inputs: &Inputs<N>) -> N {
    let resolved = inputs.resolved;
    let group = resolved.local_heads() as f64 / resolved.local_kv_heads().max(1) as f64;
    let multi_block = resolved.version.has(Behavior::ReservesMultiBlock);
    let row = (N::symbol(&GROUP, group) * inputs.head_dim() * (2.0 * XQA_BEAMS)).round_up(128.0);
    let alignment = if multi_block { row.value().max(128.0) } else { ALIGNMENT };
    let aligned = |name: &'static str, bytes: N| bytes.round_up(alignment).part(|| Part::bytes(name));
    let tokens = match resolved.version.has(Behavior::GenerationWorkspaceFollowsBatch) {
        true => (sequences(inputs) * N::symbol(&DRAFTED, resolved.engine.drafts.tokens.saturating_add(1) as f64))
            .min(inputs.tokens()),
        false => inputs.tokens(),
    };
    let copies = if resolved.version.has(Behavior::ConvertsAttentionOutputs) { 2.0 } else { 1.0 };
    let buffers = [
        aligned("rotated queries and outputs", tokens * inputs.heads() * inputs.head_dim() * (2.0 * copies)),
        aligned("lengths of queries", (sequences(inputs) + 1.0) * 4.0),
        aligned("lengths of keys", (sequences(inputs) + 1.0) * 4.0),
        aligned("rotary frequencies", sequences(inputs) * inputs.rotary_dim() * 2.0),
        aligned("sequence and place of each token", inputs.tokens() * 8.0),
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
fn latent<N: Number>(inputs: &Inputs<N>) -> N {
    let blocks = || inputs.multiprocessors() * LATENT_ROWS;
    N::sum_of([
        buffer("partial results", blocks() * head_size(inputs) * inputs.element()),
        buffer("partial sums", blocks() * 4.0),
        buffer("partial maxima", blocks() * 4.0),
        buffer("lengths of queries", (sequences(inputs) + 1.0) * 4.0),
        buffer("lengths of keys", (sequences(inputs) + 1.0) * 4.0),
    ])
    .part(|| Part::bytes("latent attention"))
}

/// Parts into which masked attention may divide a sequence: enough for the scores to fit the shared
/// memory, and enough to fill the GPU.
fn tiles(resolved: &Resolved) -> f64 {
    let multiprocessors = u64::from(resolved.gpu.multiprocessors);
    let heads = resolved.local_heads().max(1);
    // Four positions need 16 bytes for the 32-bit scores, and as many values in the model's data
    // type.
    let position =
        if resolved.precision.dtype == Dtype::Float32 { 16 } else { 16 + 4 * resolved.precision.dtype.bytes() };
    let room = shared_memory(resolved.gpu.compute_capability).saturating_sub(RESERVED_SHARED_MEMORY) / position;
    let fitting = resolved.limits.max_seq_len.saturating_add(1).div_ceil(4).div_ceil(room.max(1));
    fitting.max(multiprocessors.div_ceil(heads)) as f64
}

/// Bytes of shared memory available to a thread block (CUDA C++ Programming Guide, technical
/// specifications).
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
    use crate::link;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn bytes(link: &str, of: impl Fn(&Inputs<f64>) -> f64) -> u64 {
        let resolved = link::decode(&format!("v=1&{link}")).deployment.resolve().unwrap();
        of(&Inputs::new(&resolved, 0)) as u64
    }

    #[test]
    fn without_fmha_the_workspace_is_that_of_a_public_build_to_the_byte() {
        // NVIDIA/TensorRT-LLM issue 8308: "requires 1369927092251392 bytes of scratch space".
        let link = "model=microsoft/Phi-3-mini-128k-instruct&gpu=b200&quant_algo=FP8&context_fmha=false&\
                    max_batch_size=512&max_input_len=118000&max_num_tokens=118000&trtllm_version=1.0";
        assert_eq!(bytes(link, attention), 1_369_927_092_251_392);
        // The build enables the flag, but the GPU has no kernel for heads of 96.
        assert_eq!(bytes(&link.replace("&context_fmha=false", ""), attention), 1_369_927_092_251_392);
    }

    #[test]
    fn the_documents_example_without_fmha_takes_202_gib() {
        let link = "model=meta-llama/Llama-2-7b-hf&context_fmha=false&max_batch_size=64&\
                    max_input_len=4096&remove_input_padding=false";
        assert_eq!((bytes(link, attention) as f64 / (1u64 << 30) as f64 * 100.0).round(), 20_204.0);
    }

    #[test]
    fn generation_takes_the_scratch_of_public_builds_to_the_byte() {
        // Build notes of GPT-2 in 0.20: "Max Scratch Memory: 105548288 bytes" and "206474752
        // bytes".
        let gpt2 = "model=openai-community/gpt2&gpu=a100-80gb&dtype=float16&max_seq_len=4096&trtllm_version=0.20";
        assert_eq!(bytes(&format!("{gpt2}&max_batch_size=64&max_num_tokens=32768"), attention), 105_548_288);
        assert_eq!(bytes(&format!("{gpt2}&max_batch_size=128&max_num_tokens=65536"), attention), 206_474_752);
        // NVIDIA/TensorRT-LLM issue 2810: the first profile of a Llama 70B on four ranks has a
        // scratch of 51412992 bytes.
        let llama = "model=meta-llama/Llama-3.1-70B-Instruct&tp_size=4&quant_algo=FP8&max_batch_size=512&\
                     max_num_tokens=64&trtllm_version=0.17";
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
