use crate::architecture::ModelRef;
use crate::deployment::{BuildLimits, Deployment, KvCacheConfig, Parallelism, setting};
use crate::import::hf_config;
use crate::link;
use crate::panels::answer;
use crate::worker::{Given, answer_text};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const CONFIG: &str = r#"{
  "model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 3072, "num_hidden_layers": 20,
  "num_attention_heads": 24, "num_key_value_heads": 8, "intermediate_size": 8192, "vocab_size": 64000,
  "max_position_embeddings": 8192, "tie_word_embeddings": false, "torch_dtype": "bfloat16",
  "made_by": "<script>alert(1)</script>"
}"#;

const FAILED: &str = "\
[TRT-LLM] [I] Using LLM with PyTorch backend
[TRT-LLM] [RANK 0] [I] max_seq_len=1025, max_num_requests=512, max_num_tokens=8192, max_batch_size=512
[TRT-LLM] [RANK 0] [I] Use 8.46 GB for model weights.
torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 900.00 MiB. \
GPU 0 has a total capacity of 79.18 GiB of which 400.50 MiB is free.
";

fn about(given: &str) -> String {
    answer_about("panel=file", given.as_bytes())
}

fn answer_about(request: &str, given: &[u8]) -> String {
    answer_text(request, &Given::of("", given))
}

fn unescaped(text: &str) -> String {
    text.replace("&amp;", "&").replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">")
}

/// The value of an attribute of the button with this label.
fn attribute(html: &str, name: &str, label: &str) -> String {
    let before = html.split(&format!(">{label}</button>")).next().unwrap();
    assert_ne!(before.len(), html.len(), "no button {label} in {html}");
    let button = before.rsplit("<button").next().unwrap();
    let value = button.split(&format!("{name}=\"")).nth(1).unwrap_or_else(|| panic!("no {name} at {label}"));
    unescaped(value.split('"').next().unwrap())
}

/// Applies the settings of a button to a deployment, as the page does.
fn take(mut deployment: Deployment, settings: &str) -> Deployment {
    for (key, value) in form_urlencoded::parse(settings.as_bytes()) {
        setting(&key).unwrap().read(&mut deployment, &value).unwrap_or_else(|advice| panic!("{key}={value} {advice}"));
    }
    deployment
}

#[test]
fn nothing_given_asks_for_something_and_says_no_more() {
    let html = answer("panel=file");
    assert!(html.contains("<textarea") && html.contains("type=\"file\"") && html.contains("data-ask=\"example=1"));
    assert!(!html.contains("problem") && !html.contains("<table"));
}

#[test]
fn the_documentations_log_shows_its_figures() {
    let html = answer("panel=file&example=1");
    for figure in ["6,678 MiB", "1,134.01 MiB", "4,060", "259,840", "63.44 GiB"] {
        assert!(html.contains(figure), "no {figure} in {html}");
    }
    assert_eq!(html.matches("data-line=").count(), 7, "{html}");
    let opened = link::decode(&attribute(&html, "data-open", "Load its settings")).deployment;
    assert_eq!(opened.model.name, "meta-llama/Llama-2-7b-hf");
    assert!(html.contains("inferred"));
}

#[test]
fn using_a_log_scales_what_it_measured() {
    let html = answer("panel=file&example=1");
    let with = link::decode(&attribute(&html, "data-open", "Calibrate with this log")).deployment;
    let without = link::decode(&attribute(&html, "data-open", "Load its settings")).deployment;
    assert!(with.calibration.activations.is_some() && with.calibration.overhead.is_some());
    assert_eq!(without.calibration.activations, None);
    let other = Deployment { parallel: Parallelism { tp_size: 2, ..Parallelism::default() }, ..Deployment::default() };
    let scaled = take(other, &attribute(&html, "data-take", "Calibrate the current configuration"));
    assert_eq!(scaled.parallel.tp_size, 2);
    assert_eq!(scaled.calibration.activations, with.calibration.activations);
}

#[test]
fn a_models_file_can_be_used_and_leaves_the_other_settings() {
    let html = about(CONFIG);
    let read = hf_config::read(CONFIG.as_bytes(), "").unwrap();
    let settings = attribute(&html, "data-take", "Use this model");
    let before = Deployment { parallel: Parallelism { tp_size: 4, ..Parallelism::default() }, ..Deployment::default() };
    let used = take(before, &settings);
    assert_eq!((used.parallel.tp_size, &used.model), (4, &read.model));
    // No dimension of a custom model stays.
    let other = r#"{"model_type": "qwen3_moe", "hidden_size": 2048, "num_hidden_layers": 4, "num_attention_heads": 16,
        "num_key_value_heads": 2, "head_dim": 256, "intermediate_size": 6144, "moe_intermediate_size": 768,
        "num_experts": 16,
        "num_experts_per_tok": 4, "vocab_size": 1000, "max_position_embeddings": 4096}"#;
    let other: ModelRef = hf_config::read(other.as_bytes(), "").unwrap().model;
    assert!(other.is_custom());
    assert_eq!(take(Deployment { model: other, ..Deployment::default() }, &settings).model, read.model);
}

#[test]
fn an_engine_brings_what_was_built() {
    let engine = r#"{"version": "0.17.0", "pretrained_config": {"architecture": "LlamaForCausalLM", "dtype": "bfloat16",
        "vocab_size": 128256, "hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32,
        "num_key_value_heads": 8, "intermediate_size": 14336, "max_position_embeddings": 131072,
        "mapping": {"world_size": 2, "tp_size": 2, "pp_size": 1},
        "quantization": {"quant_algo": "FP8", "kv_cache_quant_algo": "FP8"}},
        "build_config": {"max_input_len": 4096, "max_seq_len": 8192, "max_batch_size": 64, "max_num_tokens": 4096,
        "plugin_config": {"tokens_per_block": 32}}}"#;
    let html = about(engine);
    let before = Deployment {
        limits: BuildLimits { max_beam_width: 4, ..BuildLimits::default() },
        kv_cache: KvCacheConfig { free_gpu_memory_fraction: Some(0.5), ..KvCacheConfig::default() },
        ..Deployment::default()
    };
    let used = take(before.clone(), &attribute(&html, "data-take", "Use it with its build settings"));
    assert_eq!((used.parallel.tp_size, used.limits.max_batch_size, used.limits.max_seq_len), (2, Some(64), Some(8192)));
    assert_eq!(used.limits.max_beam_width, 1, "a build setting that the file leaves out has its default");
    assert_eq!(used.kv_cache.free_gpu_memory_fraction, Some(0.5), "the engine doesn't fix it");
    assert!(html.contains("Fixed in the engine") && html.contains("data-field=\"max_batch_size\""));
    let alone = take(before, &attribute(&html, "data-take", "Use only the model"));
    assert_eq!((alone.limits.max_beam_width, alone.parallel.tp_size), (4, 1));
}

#[test]
fn a_safetensors_header_is_read_with_and_without_its_length() {
    let header = r#"{"lm_head.weight": {"dtype": "BF16", "shape": [8, 4], "data_offsets": [0, 64]}}"#;
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.as_bytes());
    for html in [answer_about("panel=file", &file), about(header)] {
        assert!(html.contains("the header of a safetensors file") && html.contains("64 B"), "{html}");
        assert!(!html.contains("Use this model"));
    }
}

#[test]
fn a_log_that_ends_out_of_memory_is_diagnosed() {
    let html = about(FAILED);
    assert!(html.contains("An allocation of 900.00 MiB failed"), "{html}");
    assert!(html.contains("499.50 MiB was missing") && html.contains("Line 4"));
}

#[test]
fn text_of_files_is_only_ever_text() {
    let log = format!("{FAILED}[TensorRT-LLM][ERROR] memory <script>alert(1)</script><img src=x onerror=alert(1)>\n");
    let asked = "panel=file&open=ignored&open=unread&file=%3Cscript%3E%22%3E.json";
    for given in [log.as_str(), CONFIG, "<script>alert(1)</script>", "{\"<script>\": NaN}"] {
        let html = answer_about(asked, given.as_bytes());
        assert!(!html.contains("<script") && !html.contains("<img"), "{html}");
        assert!(html.contains("&lt;script&gt;"), "{html}");
    }
}

#[test]
fn what_can_not_be_read_says_which_line_and_field() {
    let layers = |text: &str| CONFIG.replace("\"num_hidden_layers\": 20", &format!("\"num_hidden_layers\": {text}"));
    for (given, parts) in [
        (layers("1e30"), ["line 2", "num_hidden_layers"]),
        (layers("NaN"), ["line 2", ""]),
        (
            CONFIG.replace("\"num_attention_heads\": 24", "\"num_attention_heads\": -24"),
            ["line 3", "num_attention_heads"],
        ),
        ("nginx: started\nnginx: ready\n".into(), ["2 lines", "TensorRT-LLM"]),
    ] {
        let html = about(&given).to_lowercase();
        assert!(html.contains("role=\"alert\""), "{given}: {html}");
        for part in parts {
            assert!(html.contains(&part.to_lowercase()), "{given}: no {part} in {html}");
        }
    }
    let twice = about(&layers("20, \"hidden_size\": 4096"));
    assert!(twice.contains("given more than once") && twice.contains("Use this model"), "{twice}");
    let junk: Vec<u8> = (0..100_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    assert!(answer_about("panel=file", &junk).contains("binary"));
}

#[test]
fn every_rank_can_be_chosen() {
    let mut log = String::from("[TensorRT-LLM] TensorRT-LLM version: 0.16.0\n");
    for rank in 0..2 {
        log += &format!("[TensorRT-LLM][INFO] MPI size: 2, MPI local size: 2, rank: {rank}\n");
    }
    log += "[TensorRT-LLM][INFO] Loaded engine size: 1005 MiB\n[TensorRT-LLM][INFO] Loaded engine size: 1007 MiB\n";
    let html = about(&log);
    assert_eq!(html.matches("<option").count(), 2, "{html}");
    assert!(html.contains("size: 1005 MiB") && !html.contains("size: 1007 MiB"));
    let second = answer_about("panel=file&rank=1", log.as_bytes());
    assert!(second.contains("size: 1007 MiB") && !second.contains("size: 1005 MiB"), "{second}");
}

#[test]
fn a_file_without_a_model_offers_none() {
    let index = r#"{"weight_map": {"model.layers.0.mlp.up_proj.weight": "a",
        "model.layers.0.mlp.up_proj.weight_scale_inv": "a"}}"#;
    let types = r#"{"quantization": {"quant_algo": "FP8", "kv_cache_quant_algo": "FP8"}}"#;
    let shard =
        r#"{"model.layers.9.mlp.up_proj.weight": {"dtype": "F8_E4M3", "shape": [8, 8], "data_offsets": [0, 64]}}"#;
    for (given, label, algo) in [
        (index, "Use its quantization", "FP8_BLOCK_SCALES"),
        (types, "Use these types", "FP8"),
        (shard, "Use its quantization", "FP8"),
    ] {
        let html = about(given);
        assert!(!html.contains("Use this model"), "{html}");
        let before = take(Deployment::default(), "model=Qwen/Qwen3-8B");
        let used = take(before.clone(), &attribute(&html, "data-take", label));
        assert_eq!((&used.model, used.quant_algo().name()), (&before.model, algo));
    }
    assert!(about(shard).contains("no embedding table") && about(index).contains("not their shapes"));
}

#[test]
fn a_shard_is_known_by_its_name() {
    let header = r#"{"model.embed_tokens.weight": {"dtype": "BF16", "shape": [8, 4], "data_offsets": [0, 64]}}"#;
    let name = "model-00001-of-00002.safetensors";
    let html = answer_text(&format!("panel=file&file={name}"), &Given::of(name, header.as_bytes()));
    assert!(html.contains("shard 1 of 2") && !html.contains("Use this model"), "{html}");
}

#[test]
fn tensors_in_formats_without_a_name_are_a_problem() {
    let html = about(r#"{"weight_map": {"model.layers.0.mlp.up_proj.qweight": "a"}}"#);
    assert!(
        html.contains("AWQ or GPTQ") && html.contains("class=\"problem\"") && !html.contains("data-take"),
        "{html}"
    );
}

#[test]
fn types_that_differ_by_module_need_the_config_beside_them() {
    let html = about(
        r#"{"quantization": {"quant_algo": "MIXED_PRECISION", "quantized_layers":
            {"model.layers.0.mlp.up_proj": {"quant_algo": "NVFP4"}}}}"#,
    );
    assert!(html.contains("config.json beside it") && !html.contains("data-take"), "{html}");
}

#[test]
fn a_file_of_another_kind_is_named() {
    for (given, words) in [
        (r#"{"peft_type": "LORA", "r": 16}"#, "LoRA adapter"),
        (r#"{"eos_token_id": 2, "temperature": 0.6}"#, "generation_config.json"),
        (
            r#"{"model_type": "bert", "hidden_size": 768, "num_hidden_layers": 12,
                "num_attention_heads": 12, "vocab_size": 9}"#,
            "bert does not generate text",
        ),
        ("[1, 2]", "can't be read"),
        ("7", "can't be read"),
    ] {
        let html = about(given);
        assert!(
            html.contains("role=\"alert\"") && html.contains(words) && !html.contains("data-take"),
            "{given}: {html}"
        );
    }
}
