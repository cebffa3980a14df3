//! Models from their own files: small configurations of each family's shape, engines, safetensors headers.
#![cfg(not(target_arch = "wasm32"))]

use proptest::prelude::*;
use trtllm_memory::architecture::{Family, ModelRef, Recipe, find, layer_set, layer_text, models};
use trtllm_memory::deployment::{Deployment, FIELDS, Phase, QuantAlgo, field};
use trtllm_memory::import::model_file::{self, ModelFile};
use trtllm_memory::import::spanned_json::{self, Node};
use trtllm_memory::import::{hf_config, safetensors, trtllm_config};
use trtllm_memory::link;
use trtllm_memory::memory::estimate;

/// The configurations, each a line: the catalogue's name of the model, and what its repository's config.json says of its dimensions.
fn families() -> impl Iterator<Item = (String, String, Option<String>)> {
    include_str!("../fixtures/configs/families.jsonl").lines().map(|line| {
        let node = spanned_json::parse(line).unwrap();
        let name = node.get("model").and_then(Node::text).unwrap().to_string();
        let algo = node.get("quant_algo").and_then(Node::text).map(str::to_string);
        let start = line.find("\"config\": ").unwrap() + "\"config\": ".len();
        let end = line.rfind(", \"quant_algo\"").unwrap_or(line.len() - 1);
        (name, line[start..end].to_string(), algo)
    })
}

#[test]
fn a_configuration_gives_the_catalogues_dimensions() {
    let mut wrong = Vec::new();
    for (name, config, algo) in families() {
        let expected = find(&name).unwrap();
        match hf_config::read(config.as_bytes(), &name) {
            Ok(read) if read.model == ModelRef::from(expected) => {
                assert_eq!(read.quant_algo.map(|algo| algo.to_string()), algo, "{name}");
            }
            Ok(read) => wrong.push(format!("{name}: {:#?}\nfor {expected:#?}", *read.model)),
            Err(error) => wrong.push(format!("{name}: {error}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_family_of_the_catalogue_has_a_configuration() {
    let seen: Vec<Family> = families().map(|(name, ..)| find(&name).unwrap().family).collect();
    let missing: Vec<Family> =
        models().iter().map(|model| model.family).filter(|family| !seen.contains(family)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn llama(change: &str) -> String {
    format!(
        "{{\"model_type\": \"llama\", \"hidden_size\": 2048,\n\"num_hidden_layers\": 4, \"num_attention_heads\": 16,\n\"intermediate_size\": 5632, \"vocab_size\": 32000, \"max_position_embeddings\": 4096, \"torch_dtype\": \"bfloat16\"{change}}}"
    )
}

#[test]
fn what_cannot_be_right_is_named_by_line_and_field() {
    for (change, line, field, words) in [
        (",\n\"num_key_value_heads\": -8", 4, "num_key_value_heads", "whole number from 1 to 16,384; it is -8"),
        (",\n\"num_hidden_layers\": 1e30", 4, "num_hidden_layers", "1e30"),
        (",\n\n\"vocab_size\": NaN", 5, "vocab_size", "NaN"),
        (",\n\"num_key_value_heads\": 3", 4, "num_key_value_heads", "evenly"),
        (",\n\"hidden_size\": \"wide\"", 4, "hidden_size", "wide"),
        (",\n\"num_local_experts\": 4, \"num_experts_per_tok\": 9", 4, "num_experts_per_tok", "9 of 4"),
        (",\n\"kv_lora_rank\": 512", 0, "qk_nope_head_dim", "missing"),
        (",\n\"is_encoder_decoder\": true", 1, "is_encoder_decoder", "T5, BART and Whisper"),
    ] {
        let error = hf_config::read(llama(change).as_bytes(), "").unwrap_err();
        assert_eq!((error.line.unwrap_or(0), error.field.as_str()), (line, field), "{error}");
        assert!(error.message.contains(words), "{error}");
    }
    for (junk, words) in [
        (&b"\x00\x01\xfe\xff"[..], "no text"),
        (b"[1, 2]", "is an object"),
        (b"{\"model_type\": \"llama\"}", "Is missing"),
        (b"", "end of the file"),
    ] {
        let error = hf_config::read(junk, "").unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
    assert!(hf_config::read(&vec![b' '; 200 << 20], "").unwrap_err().message.contains("209 MB"));
}

#[test]
fn what_was_read_assumed_and_ignored_is_listed() {
    let config = llama(",\n\"vision_config\": {}, \"hidden_size\": 1024, \"colour\": \"<b>red</b>\"");
    let read = hf_config::read(config.as_bytes(), "").unwrap();
    assert_eq!(read.model.hidden, 1024);
    let named =
        |items: &[trtllm_memory::import::report::Item]| items.iter().map(|item| item.field.clone()).collect::<Vec<_>>();
    assert!(named(&read.report.read).contains(&"hidden_size".to_string()));
    assert_eq!(named(&read.report.ignored), ["vision_config", "colour"]);
    let twice = read.report.assumed.iter().find(|item| item.field == "hidden_size").unwrap();
    assert!(twice.note.contains("lines 1 and 4"), "{}", twice.note);
}

#[test]
fn an_unknown_architecture_is_estimated_as_the_nearest_family_and_says_so() {
    for (fields, family) in [
        ("", Family::Llama),
        (", \"num_local_experts\": 8, \"num_experts_per_tok\": 2", Family::Mixtral),
        (
            ", \"kv_lora_rank\": 512, \"qk_nope_head_dim\": 128, \"qk_rope_head_dim\": 64, \"v_head_dim\": 128",
            Family::DeepSeekV3,
        ),
        (", \"linear_num_key_heads\": 16", Family::Qwen35),
    ] {
        let config = llama(fields).replace("\"llama\"", "\"brand_new\"");
        let read = hf_config::read(config.as_bytes(), "").unwrap();
        assert_eq!(read.model.family, family);
        let assumed = read.report.assumed.iter().find(|item| item.field == "model_type").unwrap();
        assert!(assumed.note.contains("brand_new isn't known"), "{}", assumed.note);
        assert!(estimate(&Deployment { model: read.model, ..Deployment::default() }).is_ok());
    }
}

#[test]
fn quantization_is_read_in_each_of_its_forms() {
    let groups = |weights: &str, input: &str| {
        format!(
            "{{\"quant_method\": \"compressed-tensors\", \"config_groups\": {{\"group_0\": {{\"weights\": {weights}, \"input_activations\": {input}}}}}}}"
        )
    };
    for (config, algo) in [
        ("{\"quant_method\": \"fp8\", \"weight_block_size\": [128, 128]}".to_string(), QuantAlgo::Fp8BlockScales),
        ("{\"quant_method\": \"fp8\"}".into(), QuantAlgo::Fp8),
        ("{\"quant_method\": \"awq\", \"bits\": 4}".into(), QuantAlgo::W4A16Awq),
        ("{\"quant_method\": \"gptq\", \"bits\": 8}".into(), QuantAlgo::W8A16Gptq),
        ("{\"quant_method\": \"modelopt\", \"quant_algo\": \"NVFP4\"}".into(), QuantAlgo::Nvfp4),
        (
            groups("{\"type\": \"float\", \"num_bits\": 8, \"strategy\": \"channel\"}", "{}"),
            QuantAlgo::Fp8PerChannelPerToken,
        ),
        (groups("{\"type\": \"int\", \"num_bits\": 8}", "null"), QuantAlgo::W8A16),
    ] {
        let read = hf_config::read(llama(&format!(", \"quantization_config\": {config}")).as_bytes(), "").unwrap();
        assert_eq!(read.quant_algo, Some(algo), "{config}");
    }
    let own = b"{\"producer\": {}, \"quantization\": {\"quant_algo\": \"FP8\", \"kv_cache_quant_algo\": \"FP8\"}}";
    let ModelFile::Quantization(algo, cache, _) = model_file::read(own, "").unwrap() else {
        panic!("its kind isn't seen")
    };
    assert_eq!((algo.unwrap().to_string(), cache.unwrap().to_string()), ("FP8".into(), "fp8".into()));
}

#[test]
fn an_engine_fills_every_build_knob_and_locks_it() {
    let file = model_file::read(include_bytes!("../fixtures/configs/engine.json"), "Llama-3.1-8B").unwrap();
    let mut deployment = Deployment::default();
    file.apply(&mut deployment);
    assert_eq!(
        link::encode(&deployment),
        "v=1&tp_size=2&pp_size=2&quant_algo=FP8&kv_cache_dtype=fp8&max_batch_size=64&max_num_tokens=4096&max_seq_len=8192\
         &trtllm_version=0.17&max_input_len=4096&max_beam_width=2&tokens_per_block=32&use_paged_context_fmha=true\
         &use_fp8_context_fmha=false&use_fused_mlp=true&multiple_profiles=true&gather_generation_logits=true\
         &logits_dtype=float32&use_parallel_embedding=true"
    );
    let locked = file.locked();
    for built in FIELDS.iter().filter(|field| field.phase == Phase::Build) {
        assert!(locked.contains(&built.key), "{}", built.key);
    }
    assert!(!locked.contains(&"free_gpu_memory_fraction"));

    let old = trtllm_config::read(include_bytes!("../fixtures/configs/engine-0.7.json"), "").unwrap();
    let mut deployment = Deployment::default();
    old.apply(&mut deployment);
    assert_eq!((&deployment.model.name[..], deployment.parallel.tp_size), ("meta-llama/Llama-2-7b-hf", 2));
    assert_eq!(
        (deployment.precision.quant_algo, deployment.precision.kv_cache_dtype.name()),
        (QuantAlgo::W8A16, "int8")
    );
    assert_eq!((deployment.limits.max_seq_len, deployment.kv_cache.tokens_per_block), (Some(2560), Some(128)));
}

/// The start of a safetensors file.
fn safetensors_start(header: &str) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(header.as_bytes());
    bytes
}

#[test]
fn a_safetensors_header_gives_exact_bytes_and_a_model() {
    let mut tensors = vec![
        ("model.embed_tokens.weight".to_string(), vec![32_000, 512]),
        ("lm_head.weight".into(), vec![32_000, 512]),
    ];
    for layer in 0..3 {
        for (name, shape) in
            [("self_attn.q_proj", [1024, 512]), ("self_attn.k_proj", [256, 512]), ("mlp.gate_proj", [1536, 512])]
        {
            tensors.push((format!("model.layers.{layer}.{name}.weight"), shape.to_vec()));
        }
    }
    let mut at = 0;
    let entries: Vec<String> = tensors
        .iter()
        .map(|(name, shape)| {
            let start = at;
            at += shape.iter().product::<u64>() * 2;
            format!("\"{name}\": {{\"dtype\": \"BF16\", \"shape\": {shape:?}, \"data_offsets\": [{start}, {at}]}}")
        })
        .collect();
    let header = format!("{{\"__metadata__\": {{\"format\": \"pt\"}}, {}}}", entries.join(", "));
    let file = safetensors::read_header(&safetensors_start(&header)).unwrap();
    assert_eq!((file.bytes.0, file.tensors), (at, 11));
    assert_eq!(file.sizes[0].bytes.0, 32_000 * 512 * 2);
    let model = file.model.unwrap();
    assert_eq!((model.layers, model.hidden, model.vocab, model.mlp.intermediate), (3, 512, 32_000, 1536));
    assert_eq!((model.attention.heads(), model.attention.kv_heads()), (8, 2));

    for (bytes, words) in [
        (safetensors_start(&header)[..40].to_vec(), "more of the file is needed"),
        (
            safetensors_start("{\"a\": {\"dtype\": \"F16\", \"shape\": [1], \"data_offsets\": [9, 3]}}"),
            "end before they begin",
        ),
        (
            safetensors_start("{\"a\": {\"dtype\": \"F16\", \"shape\": [-1], \"data_offsets\": [0, 2]}}"),
            "whole numbers",
        ),
        (vec![0xff; 64], "so it is none"),
        (vec![1], "shorter"),
    ] {
        let error = safetensors::read_header(&bytes).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    let index = b"{\"metadata\": {\"total_size\": 16060522496}, \"weight_map\": {\"lm_head.weight\": \"a\", \"model.layers.0.mlp.up_proj.weight\": \"a\"}}";
    let ModelFile::Tensors(index) = model_file::read(index, "").unwrap() else { panic!("its kind isn't seen") };
    assert_eq!((index.bytes.0, index.tensors), (16_060_522_496, 2));
}

/// Links that were made with models of one's own, and what they must mean for ever.
#[test]
fn frozen_links_of_own_models_keep_their_meaning() {
    for (text, parameters) in [
        ("v=1&model=custom", 6_738_415_616_u64),
        (
            "v=1&model=custom&m.family=llama&m.layers=2&m.hidden=64&m.heads=4&m.kv_heads=2&m.intermediate=128&m.vocab=100&m.positions=4096&m.tied=true",
            80_448,
        ),
        (
            "v=1&model=custom&m.family=qwen3_moe&m.layers=94&m.hidden=4096&m.heads=64&m.kv_heads=4&m.head_dim=128&m.intermediate=0&m.vocab=151936&m.positions=40960&m.moe=128/8/1536",
            235_093_634_560,
        ),
        ("v=1&model=llama-2-7b&m.layers=1", 464_531_456),
    ] {
        let decoded = link::decode(text);
        assert!(decoded.problems.is_empty(), "{text}: {:?}", decoded.problems);
        assert_eq!(decoded.deployment.model.parameters(), parameters, "{text}");
    }
}

fn recipe() -> impl Strategy<Value = Recipe> {
    let sizes = (1u32..=256, 1u64..=20_000, 1u64..=256, 1u64..=32, 0u64..=80_000, 1u64..=300_000);
    let more = (
        0..Family::ALL.len(),
        proptest::option::of(1u64..=512),
        any::<[bool; 6]>(),
        2u64..=512,
        1u32..=12,
        1u64..=100_000,
    );
    (sizes, more).prop_map(
        |(
            (layers, hidden, kv_heads, group, intermediate, vocab),
            (family, head_dim, flags, experts, period, tokens),
        )| {
            let mut recipe = Recipe {
                family: Family::ALL[family],
                layers,
                hidden,
                heads: kv_heads * group,
                kv_heads: (group > 1).then_some(kv_heads),
                head_dim,
                intermediate,
                vocab,
                max_position_embeddings: tokens,
                ..Recipe::default()
            };
            let mut set = |wanted: bool, name: &str, value: String| {
                if wanted {
                    recipe.set(name, &value).unwrap();
                }
            };
            set(flags[0], "tied", "true".into());
            set(flags[1], "qkv_bias", flags[0].to_string());
            set(flags[2], "moe", format!("{experts}/2/128"));
            set(flags[2], "moe_layers", format!("{}/{period}", period - 1));
            set(flags[3], "window", format!("{tokens}:!0/{period}"));
            set(flags[4], "mla", "-/512/128/64/128".into());
            set(flags[5], "attention", format!("{}-", layers / 2));
            recipe
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn a_model_of_ones_own_survives_its_link(recipe in recipe(), shuffled in any::<bool>()) {
        let deployment = Deployment { model: ModelRef::custom(recipe), ..Deployment::default() };
        let text = link::encode(&deployment);
        let pairs = text.split('&');
        // The order of the pairs means nothing.
        let text = if shuffled { pairs.rev().collect::<Vec<_>>().join("&") } else { text };
        let decoded = link::decode(&text);
        prop_assert!(decoded.problems.is_empty(), "{text}: {:?}", decoded.problems);
        prop_assert_eq!(&decoded.deployment, &deployment);
        if let Ok(report) = estimate(&deployment) {
            prop_assert_eq!(report.parameters, deployment.model.parameters());
        }
    }

    #[test]
    fn a_text_names_every_set_of_layers(members in proptest::collection::vec(0u32..64, 0..40), layers in 1u32..64) {
        let set = members.into_iter().filter(|layer| *layer < layers).collect();
        prop_assert_eq!(layer_set(&layer_text(set, layers), layers), Some(set));
    }

    #[test]
    fn no_file_makes_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = model_file::read(&bytes, "");
    }

    #[test]
    fn no_mutilated_file_makes_a_reader_panic(at in 0usize..6000, byte in any::<u8>(), cut in any::<bool>(), which in 0usize..52) {
        let engine = include_bytes!("../fixtures/configs/engine.json").to_vec();
        let mut bytes = families().nth(which).map_or(engine, |(_, config, _)| config.into_bytes());
        let at = at % bytes.len();
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        if let Ok(file) = model_file::read(&bytes, "") {
            let mut deployment = Deployment::default();
            file.apply(&mut deployment);
            let _ = estimate(&deployment);
        }
    }
}

#[test]
fn every_model_of_the_catalogue_can_be_made_ones_own() {
    for model in models() {
        let own = ModelRef::custom(ModelRef::from(model).to_recipe());
        assert_eq!(own.parameters(), model.parameters(), "{}", model.name);
        let mut deployment = Deployment { model: model.into(), ..Deployment::default() };
        field("m.layers").unwrap().read(&mut deployment, &model.layers.to_string()).unwrap();
        assert!(deployment.model.is_custom() && link::encode(&deployment).contains("model=custom"));
    }
}

#[test]
fn three_coordinates_of_a_position_are_read() {
    let config = r#"{"model_type": "qwen2_vl", "hidden_size": 3584, "num_hidden_layers": 28, "num_attention_heads": 28, "num_key_value_heads": 4,
        "intermediate_size": 18944, "vocab_size": 152064, "max_position_embeddings": 32768, "torch_dtype": "bfloat16",
        "tie_word_embeddings": false, "rope_scaling": {"type": "mrope", "mrope_section": [16, 24, 24]}}"#;
    let read = hf_config::read(config.as_bytes(), "").unwrap();
    assert_eq!(read.model, ModelRef::from(find("Qwen/Qwen2-VL-7B-Instruct").unwrap()));
}
