use super::*;
use crate::deployment::Precision;
use crate::link;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn of(text: &str) -> Vec<Recipe> {
    let decoded = link::decode(&format!("v=1&{text}"));
    assert_eq!(decoded.problems, []);
    recipes(&decoded.deployment).unwrap()
}

fn text(recipes: &[Recipe], key: &str) -> String {
    let recipe = recipes.iter().find(|recipe| recipe.key == key).unwrap();
    recipe.steps.iter().map(|step| step.text.as_str()).collect()
}

/// Flags of `trtllm-build` in TensorRT-LLM 0.19 (`tensorrt_llm/commands/build.py` and
/// `plugin/plugin.py`).
const BUILD_FLAGS: &str = "--checkpoint_dir --output_dir --max_batch_size --max_input_len --max_seq_len \
    --max_beam_width --max_num_tokens --max_prompt_embedding_table_size --kv_cache_type --workers --logits_dtype \
    --gather_context_logits --gather_generation_logits --lora_plugin --lora_target_modules --max_lora_rank \
    --speculative_decoding_mode --max_draft_len --gemm_plugin --context_fmha --remove_input_padding --tokens_per_block \
    --use_paged_context_fmha --use_fp8_context_fmha --multiple_profiles --streamingllm --use_fused_mlp";

#[test]
fn the_documentations_example_is_quantized_and_built_as_its_figures_say() {
    let all =
        of("model=meta-llama/Llama-2-7b-hf&quant_algo=FP8&kv_cache_dtype=fp8&max_batch_size=256&max_num_tokens=8192&\
        max_seq_len=2048&tokens_per_block=64&trtllm_version=0.13");
    let engine = text(&all, "engine");
    for words in [
        "huggingface-cli download meta-llama/Llama-2-7b-hf --local-dir model\n",
        "examples/quantization/quantize.py",
        "--qformat fp8",
        "--kv_cache_dtype fp8",
        "trtllm-build",
        "--max_batch_size 256",
        "--max_num_tokens 8192",
        "--max_seq_len 2048",
        "--tokens_per_block 64",
    ] {
        assert!(engine.contains(words), "{words} in\n{engine}");
    }
    assert!(all.iter().all(|recipe| recipe.key != "trtllm-serve"), "0.13 has no trtllm-serve");
    assert!(text(&all, "run.py").contains("--kv_cache_free_gpu_memory_fraction 0.9"));
}

#[test]
fn every_flag_of_the_build_is_trtllm_builds_own() {
    let all = of("max_batch_size=8&max_input_len=100&max_beam_width=2&context_fmha=false&remove_input_padding=false&\
        gemm_plugin=false&tokens_per_block=64&multiple_profiles=true&gather_context_logits=true&\
        gather_generation_logits=true&logits_dtype=float16&use_fused_mlp=false&max_lora_rank=8&\
        max_prompt_embedding_table_size=64&tp_size=2&streamingllm=true");
    let more = of("speculative_decoding_mode=medusa&use_fp8_context_fmha=false&kv_cache_type=continuous");
    let mut seen = 0;
    for engine in [text(&all, "engine"), text(&more, "engine")] {
        let build = &engine[engine.find("trtllm-build").unwrap()..];
        for word in build.split_whitespace().filter(|word| word.starts_with("--")) {
            seen += 1;
            assert!(BUILD_FLAGS.split_whitespace().any(|flag| flag == word), "{word}");
        }
    }
    assert!(seen > 25, "{seen}");
}

#[test]
fn older_versions_get_the_flags_that_they_had() {
    let engine = text(&of("trtllm_version=0.9&max_seq_len=2048&kv_cache_type=continuous"), "engine");
    for words in ["--max_input_len 1024", "--max_output_len 1024", "--paged_kv_cache disable", "--gemm_plugin bfloat16"]
    {
        assert!(engine.contains(words), "{words} in\n{engine}");
    }
    assert!(engine.contains("python3 examples/llama/convert_checkpoint.py"));
    assert!(text(&of("trtllm_version=0.20"), "engine").contains("examples/models/core/llama/convert_checkpoint.py"));
}

#[test]
fn the_server_gets_what_its_flags_lack_in_a_file() {
    let plain = of("tp_size=2");
    let serve = text(&plain, "trtllm-serve");
    assert!(serve.contains("--tp_size 2") && serve.contains("--kv_cache_free_gpu_memory_fraction 0.9"), "{serve}");
    assert!(!serve.contains("config.yaml"));

    let more =
        of("max_tokens=100000&free_gpu_memory_fraction=0.8&max_attention_window=4096,8192&enable_block_reuse=false&\
        cuda_graph_mode=true&cuda_graph_cache_size=16&trtllm_version=1.2");
    let serve = text(&more, "trtllm-serve");
    let yaml = "kv_cache_config:\n  free_gpu_memory_fraction: 0.8\n  max_tokens: 100000\n  \
        max_attention_window: [4096, 8192]\n  enable_block_reuse: false\nextended_runtime_perf_knob_config:\n  \
        cuda_graph_mode: true\n  cuda_graph_cache_size: 16\n";
    assert!(serve.starts_with(yaml), "{serve}");
    assert!(serve.contains("--backend trt") && serve.contains("--config config.yaml"), "{serve}");
    assert!(!serve.contains("--kv_cache_free_gpu_memory_fraction"), "the file takes the place of the flag");

    let python = text(&more, "llm-api");
    assert!(python.starts_with("from tensorrt_llm._tensorrt_engine import LLM\n"));
    assert!(python.contains("kv_cache_config=KvCacheConfig(\n            free_gpu_memory_fraction=0.8,\n"), "{python}");
    assert!(python.contains("import KvCacheConfig, ExtendedRuntimePerfKnobConfig\n"));

    let triton = text(&more, "triton");
    assert!(
        triton.contains("key: \"max_tokens_in_paged_kv_cache\"\n  value: { string_value: \"100000\" }"),
        "{triton}"
    );
}

#[test]
fn every_model_and_precision_has_a_way_or_a_note() {
    for model in crate::architecture::models() {
        for quant_algo in crate::deployment::QuantAlgo::ALL {
            let deployment = Deployment {
                model: model.into(),
                precision: Precision { quant_algo: Some(*quant_algo), ..Precision::default() },
                ..Deployment::engine()
            };
            let Ok(all) = recipes(&deployment) else { continue };
            let engine = &all[0];
            let makes = engine.steps.iter().any(|step| step.text.contains("--output_dir checkpoint"));
            assert!(makes || !engine.notes.is_empty(), "{} {quant_algo}", model.name);
        }
    }
}

#[test]
fn names_from_outside_are_quoted() {
    let mut recipe = Deployment::engine().model.to_recipe();
    recipe.name = "x/$(rm -rf ~)\"'".into();
    let model = crate::architecture::ModelRef::custom(recipe);
    let all = recipes(&Deployment { model, ..Deployment::engine() }).unwrap();
    assert!(text(&all, "engine").contains("download 'x/$(rm -rf ~)\"'\"'\""));
    assert!(text(&all, "llm-api").contains("tokenizer=\"x/$(rm -rf ~)\\\"'\""));
}

#[test]
fn recipes_read_as_one_document() {
    let document = markdown(&of("max_tokens=1000"));
    assert!(document.starts_with("## Build the engine, once\n\nDownload the model\n\n```sh\n"));
    assert!(document.contains("\nThe server's configuration: `config.yaml`\n\n```yaml\nkv_cache_config:\n"));
    assert_eq!(document.matches("```").count() % 2, 0);
}

#[test]
fn the_pytorch_backend_reads_the_checkpoint_itself() {
    let all = of("backend=pytorch&model=deepseek-ai/DeepSeek-R1&gpu=gb200&tp_size=4&moe_ep_size=4&quant_algo=NVFP4&\
        kv_cache_dtype=fp8&max_batch_size=32&max_seq_len=10240&moe_backend=TRTLLM&decoding_type=MTP&\
        enable_attention_dp=true&cuda_graph_max_batch_size=32&cuda_graph_enable_padding=true&trtllm_version=1.2");
    assert_eq!(all.iter().map(|recipe| recipe.key).collect::<Vec<_>>(), ["trtllm-serve", "llm-api"]);
    let serve = text(&all, "trtllm-serve");
    let yaml = "kv_cache_config:\n  free_gpu_memory_fraction: 0.9\n  dtype: \"fp8\"\nenable_attention_dp: true\n\
        cuda_graph_config:\n  max_batch_size: 32\n  enable_padding: true\nmoe_config:\n  backend: \"TRTLLM\"\n\
        speculative_config:\n  decoding_type: \"MTP\"\n  num_nextn_predict_layers: 3\n";
    assert!(serve.starts_with(yaml), "{serve}");
    for words in [
        "trtllm-serve \\\n    nvidia/DeepSeek-R1",
        "--backend pytorch",
        "--tp_size 4",
        "--ep_size 4",
        "--max_batch_size 32",
        "--max_num_tokens 8192",
        "--max_seq_len 10240",
        "--config config.yaml",
    ] {
        assert!(serve.contains(words), "{words} in\n{serve}");
    }
    let python = text(&all, "llm-api");
    assert!(python.starts_with("from tensorrt_llm import LLM\n"));
    assert!(python.contains("MTPDecodingConfig(\n            num_nextn_predict_layers=3,\n        ),"), "{python}");
    assert!(!python.contains("decoding_type"));
}

#[test]
fn a_precision_that_nobody_publishes_is_made_first() {
    let all = of("backend=pytorch&model=Qwen/Qwen2.5-7B-Instruct&quant_algo=W4A16_AWQ&cuda_graph_max_batch_size=0");
    assert!(text(&all, "checkpoint").contains("--qformat int4_awq"));
    let serve = text(&all, "trtllm-serve");
    assert!(
        serve.starts_with("cuda_graph_config: null\n") && serve.contains("trtllm-serve \\\n    checkpoint"),
        "{serve}"
    );
    assert!(text(&of("backend=pytorch"), "trtllm-serve").starts_with("trtllm-serve \\\n    meta-llama/Llama-3.1-8B"));
}

#[test]
fn options_that_an_older_version_names_otherwise_are_left_out_and_that_is_said() {
    let all = of("backend=pytorch&trtllm_version=0.20&kv_cache_dtype=fp8&disable_overlap_scheduler=true");
    let serve = all.iter().find(|recipe| recipe.key == "trtllm-serve").unwrap();
    assert!(serve.notes.iter().any(|note| note.contains("0.20")));
    assert!(!text(&all, "trtllm-serve").contains("disable_overlap_scheduler"));
    assert!(text(&all, "llm-api").starts_with("from tensorrt_llm._torch import LLM\n"));
}

/// What a person calls a model of their own is an argument, never an option or a command of the
/// program, in every command and precision. A Hugging Face name begins with a letter or a digit, so
/// that such a name is a folder.
#[test]
fn a_models_name_is_no_option_and_no_command() {
    for backend in ["tensorrt", "pytorch"] {
        for algo in ["NO_QUANT", "FP8", "NVFP4", "W4A16_AWQ", "W8A16"] {
            for version in ["0.19", "1.0", "1.2"] {
                let link = format!(
                    "model=custom&m.name=--help&backend={backend}&quant_algo={algo}&trtllm_version={version}&gpu=b200"
                );
                let Ok(all) = recipes(&link::decode(&format!("v=1&{link}")).deployment) else { continue };
                let shell = all.iter().flat_map(|recipe| &recipe.steps).filter(|step| step.language == Language::Shell);
                for step in shell {
                    assert!(!step.text.split_whitespace().any(|word| word == "--help"), "{link}\n{}", step.text);
                }
            }
        }
    }
    let served = |name: &str| {
        let text = text(&of(&format!("model=custom&m.name={name}&backend=pytorch")), "trtllm-serve");
        let mut words = text.split_whitespace().skip_while(|word| *word != "trtllm-serve").skip(1);
        words.find(|word| *word != "\\").map(str::to_string)
    };
    assert_eq!(served("--help").as_deref(), Some("./--help"));
    assert_eq!(served("disaggregated").as_deref(), Some("./disaggregated"));
    assert_eq!(served("my/model").as_deref(), Some("my/model"));
}

#[test]
fn slots_that_no_load_balancer_takes_are_not_written() {
    let r1 = "model=deepseek-ai/DeepSeek-R1&gpu=b300&tp_size=8&backend=pytorch\
        &enable_attention_dp=true&moe_load_balancer_slots=288";
    assert!(!text(&of(r1), "trtllm-serve").contains("num_slots"));
    assert!(text(&of(&format!("{r1}&moe_ep_size=8")), "trtllm-serve").contains("num_slots: 288"));
}
