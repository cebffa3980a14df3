//! The statements of TensorRT-LLM's page "Memory Usage of TensorRT-LLM" (docs/source/reference/
//! memory.md, 0.19), each found on the page within two clicks: the explanation of a figure, and a
//! part to unfold.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use trtllm_memory::worker::{Given, answer_text};

/// A statement, and the way to it.
struct Statement {
    /// What it says.
    says: &'static str,
    /// The deployment, as a link of version 1: the page of the documentation is about engines.
    link: &'static str,
    /// The first click: a panel with the figure that it explains.
    panel: &'static str,
    /// The second click: a part to unfold; empty if none is needed.
    part: &'static str,
    /// Texts of the answer that state it.
    phrases: &'static [&'static str],
}

/// The deployment of the page's example log.
const DOCUMENTATION: &str = "model=meta-llama/Llama-2-7b-hf&quant_algo=FP8&kv_cache_dtype=fp8&max_batch_size=256\
                             &max_num_tokens=8192&max_seq_len=2048&tokens_per_block=64&trtllm_version=0.13";
/// The same, with the free memory that the log printed.
const LOGGED: &str = "model=meta-llama/Llama-2-7b-hf&quant_algo=FP8&kv_cache_dtype=fp8&max_batch_size=256\
                      &max_num_tokens=8192&max_seq_len=2048&tokens_per_block=64&trtllm_version=0.13\
                      &free_memory_gib=70.48";
const EIGHT: &str = "model=meta-llama/Llama-2-7b-hf&tp_size=8&trtllm_version=0.13";
const WEIGHTS: &str = "why&contributor=weights";
const ACTIVATIONS: &str = "why&contributor=activations";
const KV_CACHE: &str = "why&contributor=kv_cache";
const SMI: &str = "why&contributor=nvidia_smi";

const STATEMENTS: &[Statement] = &[
    Statement {
        says: "W1: weights, activations, and inputs and outputs are the big parts",
        link: DOCUMENTATION,
        panel: SMI,
        part: "nvidia_smi/sentences",
        phrases: &["three big parts: weights, activations, and inputs and outputs, mostly the KV cache"],
    },
    Statement {
        // The log's engine takes 6678 MiB.
        says: "W2: the model, its precision and the split fix the weights",
        link: DOCUMENTATION,
        panel: WEIGHTS,
        part: "weights/sentences",
        phrases: &["Weights: 6.52 GiB", "fixed by the model, its precision and the split over GPUs"],
    },
    Statement {
        // 6,476,005,376 values of 32 layers, in one byte or in two.
        says: "W3: 8 bits shrink the weights",
        link: DOCUMENTATION,
        panel: WEIGHTS,
        part: "weights/sentences",
        phrases: &["take 6.03 GiB, scales included; in float16 they would take 12.06 GiB"],
    },
    Statement {
        // An eighth of 6,607,077,376 values in two bytes; the embedding of 262,144,000 B is whole.
        says: "W4: eight ranks have about an eighth each, and what is not divided",
        link: EIGHT,
        panel: WEIGHTS,
        part: "",
        phrases: &[
            "Each of the 8 GPUs holds 1/8 of every large matrix, 1.54 GiB.",
            "0.25 GiB are whole copies on every GPU: vocab_embedding",
            "4,096 × 1,536 float16 32 layers 384.00 MiB 1 of 8",
            "32,000 × 4,096 float16 1 250.00 MiB whole copy",
        ],
    },
    Statement {
        says: "W4: a pipeline stage has some of the layers",
        link: "model=meta-llama/Llama-2-7b-hf&pp_size=3&backend=pytorch",
        panel: WEIGHTS,
        part: "weights/sentences",
        phrases: &[
            "Pipeline stage 1 of 3 holds layers 1 to 11 of 32.",
            "Only the first stage has the embedding, only the last the LM head",
            "the first stages hold one more",
        ],
    },
    Statement {
        says: "W4: KV heads are repeated if there are fewer than ranks",
        link: "model=meta-llama/Llama-3.1-8B&tp_size=16",
        panel: WEIGHTS,
        part: "weights/sentences",
        phrases: &["The model has 8 KV heads, fewer than the GPUs that share a layer"],
    },
    Statement {
        says: "A1: TensorRT reuses memory; the largest shapes of the largest profile count",
        link: DOCUMENTATION,
        panel: ACTIVATIONS,
        part: "activations/sentences",
        phrases: &[
            "places tensors that are never live together in the same block",
            "from the largest shapes of the optimization profile; with several profiles the maximum counts",
        ],
    },
    Statement {
        says: "A2: the size is fixed by the build",
        link: DOCUMENTATION,
        panel: ACTIVATIONS,
        part: "activations/sentences",
        phrases: &["can't be changed after the build", "trt.ICudaEngine.device_memory_size_v2"],
    },
    Statement {
        // Four blocks of 3 · 4096 values and two of 11,008, all in two bytes: 142,336 B a token.
        says: "A3: linear in the tokens of a step",
        link: DOCUMENTATION,
        panel: ACTIVATIONS,
        part: "",
        phrases: &["here up to 8,192. Every 1,000 more (max_num_tokens) add 0.13 GiB"],
    },
    Statement {
        says: "A4: max_num_tokens bounds packed input",
        link: DOCUMENTATION,
        panel: ACTIVATIONS,
        part: "activations/sentences",
        phrases: &["Input is packed: a step has at most max_num_tokens = 8,192 tokens"],
    },
    Statement {
        says: "A4: max_batch_size and max_input_len bound padded input",
        link: "model=meta-llama/Llama-2-7b-hf&remove_input_padding=false&max_batch_size=16&max_input_len=512",
        panel: ACTIVATIONS,
        part: "activations/sentences",
        phrases: &["max_batch_size × max_input_len = 16 × 512 = 8,192 tokens"],
    },
    Statement {
        says: "A5: beams belong to the batch dimension",
        link: "model=meta-llama/Llama-2-7b-hf&max_batch_size=64&max_beam_width=4",
        panel: ACTIVATIONS,
        part: "activations/sentences",
        phrases: &["max_batch_size × max_beam_width = 64 × 4. A smaller max_beam_width takes less memory"],
    },
    Statement {
        // 4 prompts · 32 heads · 1024² scores in two bytes.
        says: "A6: without context FMHA the workspace grows with the square of the prompt",
        link: "model=meta-llama/Llama-2-7b-hf&max_batch_size=4&max_input_len=1024&max_seq_len=2048&context_fmha=false",
        panel: ACTIVATIONS,
        part: "activations/sentences",
        phrases: &["grows with the square of max_input_len: the scores take 256.00 MiB"],
    },
    Statement {
        says: "A7: one block's activations live at a time",
        link: DOCUMENTATION,
        panel: ACTIVATIONS,
        part: "activations/sentences",
        phrases: &["Only one layer's activations live at a time", "32 layers don't cost 32 times as much"],
    },
    Statement {
        // With two ranks a token takes 4 · 6144 + 2 · 5504 values in two bytes; a stage has no
        // logits, which do not decide here.
        says: "A8: tensor parallelism divides activations, pipeline parallelism does not",
        link: DOCUMENTATION,
        panel: ACTIVATIONS,
        part: "activations/sentences",
        phrases: &[
            "Tensor parallelism splits some of these tensors; pipeline parallelism runs whole layers",
            "Now 1.09 GiB; with tp_size 2: 0.54 GiB; with pp_size 2: 1.09 GiB",
        ],
    },
    Statement {
        says: "A9: FP8 GEMMs may need more than the optimum",
        link: DOCUMENTATION,
        panel: ACTIVATIONS,
        part: "activations/sentences",
        phrases: &["FP8 GEMMs may need more activation memory than the theoretical optimum"],
    },
    Statement {
        // The log's runtime buffers.
        says: "R1: runtime buffers have the size of the largest batch and sequence",
        link: DOCUMENTATION,
        panel: "why&contributor=runtime_buffers",
        part: "",
        phrases: &[
            "Runtime buffers: 43.29 MiB",
            "before the KV cache, for max_batch_size 256 and max_seq_len 2,048",
            "so that it can't run out of memory later",
        ],
    },
    Statement {
        says: "R1: decoder buffers too",
        link: DOCUMENTATION,
        panel: "why&contributor=decoder_buffers",
        part: "",
        phrases: &[
            "180.30 MiB",
            "256 slots, allocated before the KV cache",
            "so that it can't run out of memory later",
        ],
    },
    Statement {
        // The log's blocks and tokens, and 259,840 / 2048 sequences.
        says: "K1: the paged cache is a number of blocks, allocated up front",
        link: LOGGED,
        panel: KV_CACHE,
        part: "kv_cache/sentences",
        phrases: &[
            "63.44 GiB = 4,060 blocks of 64 tokens",
            "allocated at start-up as 4,060 blocks of 64 tokens: 259,840 tokens, or 126 requests of 2,048 tokens",
        ],
    },
    Statement {
        says: "K2: 90 % of the free memory if nothing is set",
        link: LOGGED,
        panel: KV_CACHE,
        part: "kv_cache/sentences",
        phrases: &[
            "free_gpu_memory_fraction 0.9 × free_memory_gib 70.48",
            "Neither max_tokens nor free_gpu_memory_fraction is set, so the cache takes 90 % of the memory",
        ],
    },
    Statement {
        // 64,000 tokens in blocks of 64.
        says: "K2: the one that is set decides",
        link: "model=meta-llama/Llama-2-7b-hf&max_batch_size=64&max_seq_len=2048&tokens_per_block=64&max_tokens=64000\
               &trtllm_version=0.19",
        panel: KV_CACHE,
        part: "kv_cache/sentences",
        phrases: &["Only max_tokens is set, so it decides", "= 1,000 blocks of 64 tokens"],
    },
    Statement {
        // Half of 10 GiB holds 160 blocks of 64 tokens in 32 MiB.
        says: "K2: of both the smaller one",
        link: "model=meta-llama/Llama-2-7b-hf&max_batch_size=64&max_seq_len=2048&tokens_per_block=64&max_tokens=64000\
               &trtllm_version=0.19&free_memory_gib=10&free_gpu_memory_fraction=0.5",
        panel: KV_CACHE,
        part: "kv_cache/sentences",
        phrases: &[
            "the smaller of free_gpu_memory_fraction 0.5",
            "the smaller number counts, here that of free_gpu_memory_fraction",
            "= 160 blocks of 64 tokens",
        ],
    },
    Statement {
        says: "K3: in-flight batching runs requests as long as blocks are left",
        link: DOCUMENTATION,
        panel: KV_CACHE,
        part: "kv_cache/sentences",
        phrases: &["starts requests as long as blocks are left, up to max_batch_size 256"],
    },
    Statement {
        says: "K4: a session fails unless the pool holds the whole batch",
        link: "model=meta-llama/Llama-2-7b-hf&runtime=gpt_session&max_batch_size=64&max_seq_len=2048\
               &trtllm_version=0.13",
        panel: KV_CACHE,
        part: "kv_cache/sentences",
        phrases: &["must hold the whole batch", "Can't allocate new blocks. No free blocks left."],
    },
    Statement {
        // 8 sequences of 2000 tokens, 524,288 B each.
        says: "K5: a cache without pages has a tensor for each layer",
        link: "model=meta-llama/Llama-2-7b-hf&runtime=py_session&kv_cache_type=continuous&max_batch_size=8\
               &max_seq_len=2000",
        panel: KV_CACHE,
        part: "kv_cache/sentences",
        phrases: &["8,388,608,000 B", "one tensor [batch, 2, heads, max_seq_len, head_dim]"],
    },
    Statement {
        says: "K6: the Python runtime is linear in the batch and the length",
        link: "model=meta-llama/Llama-2-7b-hf&runtime=py_session&max_batch_size=8&max_seq_len=2000",
        panel: KV_CACHE,
        part: "kv_cache/sentences",
        phrases: &["linear in batch_size and in max_context_length + max_new_tokens"],
    },
    Statement {
        says: "P1: freed memory stays in a pool, which nvidia-smi shows as used",
        link: DOCUMENTATION,
        panel: SMI,
        part: "",
        phrases: &["nvidia-smi goes on showing it as used", "CUDA's stream-ordered pool"],
    },
    Statement {
        says: "P1: so does torch's",
        link: "backend=pytorch&max_batch_size=64",
        panel: SMI,
        part: "",
        phrases: &["nvidia-smi goes on showing it as used", "Torch's allocator keeps what it got from CUDA"],
    },
    Statement {
        // The panel of files lays the lines of a log beside the predictions.
        says: "F1: the log prints the allocations",
        link: "",
        panel: "file&example=docs",
        part: "",
        phrases: &["1,134.01 MiB", "43.29 MiB", "180.30 MiB"],
    },
    Statement {
        // The advice names the limits that an engine was built with.
        says: "F2: limits of the build cost memory at any load",
        link: "",
        panel: "advice",
        part: "",
        phrases: &["with limits larger than needed", "max_seq_len=2048 instead of 131072 build"],
    },
    Statement {
        // The whole batch at full length takes 256 · 2048 · 262,144 B = 128 GiB of KV cache, beside
        // 6.52 and 1.09 GiB.
        says: "F3: an engine that builds may fail at run time; the estimate is an upper bound",
        link: DOCUMENTATION,
        panel: ACTIVATIONS,
        part: "activations/sentences",
        phrases: &[
            "an engine can build and still fail at run time",
            "prints its own estimate (check_gpt_mem_usage): 135.61 GiB",
            "it warns, because the GPU has less",
        ],
    },
    Statement {
        // 2 · 2048 instead of 32 · 2048 tokens.
        says: "F4: max_batch_size bounds a micro-batch",
        link: "model=meta-llama/Llama-2-7b-hf&pp_size=4&remove_input_padding=false&max_input_len=2048&max_seq_len=4096\
               &max_batch_size=32&runtime=gpt_session&gen_micro_batch_size=2&trtllm_version=0.13",
        panel: ACTIVATIONS,
        part: "activations/sentences",
        phrases: &[
            "32 sequences run as 16 micro-batches of 2, so max_batch_size 2 is enough",
            "Built with 2, the engine would take 0.35 GiB of activations in place of 5.53 GiB",
        ],
    },
];

/// The text of HTML, with a space between elements that stand apart.
fn text(html: &str) -> String {
    let mut text = String::new();
    for piece in html.split('<') {
        let (tag, words) = piece.split_once('>').unwrap_or(("", piece));
        let name = tag.trim_start_matches('/').split([' ', '>']).next().unwrap_or_default();
        if !["b", "code", "wbr", "strong"].contains(&name) {
            text.push(' ');
        }
        text.push_str(words);
    }
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
    text.split_whitespace().collect::<Vec<&str>>().join(" ")
}

fn found(statement: &Statement) -> String {
    let encoded: String = form_urlencoded::byte_serialize(format!("v=1&{}", statement.link).as_bytes()).collect();
    text(&answer_text(&format!("panel={}&link={encoded}&open={}", statement.panel, statement.part), &Given::default()))
}

#[test]
fn every_statement_is_found_within_two_clicks() {
    let mut missing = String::new();
    for statement in STATEMENTS {
        let answer = found(statement);
        for phrase in statement.phrases.iter().filter(|phrase| !answer.contains(**phrase)) {
            missing.push_str(&format!("{}: no {phrase:?} in {answer}\n\n", statement.says));
        }
    }
    assert!(missing.is_empty(), "{missing}");
}

/// W1 to W4, A1 to A9, R1, K1 to K6, P1 and F1 to F4.
#[test]
fn no_statement_is_left_out() {
    let letters = [("W", 4), ("A", 9), ("R", 1), ("K", 6), ("P", 1), ("F", 4)];
    for (letter, last) in letters {
        for number in 1..=last {
            let id = format!("{letter}{number}:");
            assert!(STATEMENTS.iter().any(|statement| statement.says.starts_with(&id)), "{id}");
        }
    }
}

/// A part that is folded is not stated: the second click is needed.
#[test]
fn folded_parts_are_not_in_the_answer() {
    let needs_a_click = STATEMENTS.iter().filter(|statement| !statement.part.is_empty());
    for statement in needs_a_click {
        let folded = found(&Statement { part: "", ..*statement });
        assert!(statement.phrases.iter().any(|phrase| !folded.contains(phrase)), "{}", statement.says);
    }
}
