//! Models from files: configurations of each family, engine configurations and safetensors headers.
#![cfg(not(target_arch = "wasm32"))]

use proptest::prelude::*;
use trtllm_memory::architecture::{
    Architecture, Block, Dtype, Family, ModelRef, ModulePrecisions, Recipe, find, layer_set, layer_text, models,
};
use trtllm_memory::deployment::{Deployment, Phase, QuantAlgo, SETTINGS, setting};
use trtllm_memory::import::model_file::{self, ModelFile};
use trtllm_memory::import::safetensors::{Checkpoint, Precision};
use trtllm_memory::import::spanned_json::{self, Node};
use trtllm_memory::import::{hf_config, safetensors, together, trtllm_config};
use trtllm_memory::link;
use trtllm_memory::memory::{Contributor, estimate};

/// The configurations, one per line: the model's name in the catalogue, the dimensions in its
/// config.json, and its quantization, `None` if absent.
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
fn a_configuration_gives_the_dimensions_of_the_catalogue() {
    let mut wrong = Vec::new();
    for (name, config, algo) in families() {
        let expected = find(&name).unwrap();
        match hf_config::read(config.as_bytes(), &name) {
            Ok(read) if read.model == ModelRef::from(expected) => {
                let stored = read.model.checkpoint.precisions.main();
                assert_eq!(stored.name(), algo.as_deref().unwrap_or("NO_QUANT"), "{name}");
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
        "{{\"model_type\": \"llama\", \"hidden_size\": 2048,\n\"num_hidden_layers\": 4, \"num_attention_heads\": \
         16,\n\"intermediate_size\": 5632, \"vocab_size\": 32000, \"max_position_embeddings\": \
         4096, \"torch_dtype\": \"bfloat16\"{change}}}"
    )
}

#[test]
fn invalid_values_are_named_by_line_and_field() {
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
        (&b"\x00\x01\xfe\xff"[..], "not text"),
        (b"[1, 2]", "must be an object"),
        (b"{\"model_type\": \"llama\"}", "is missing"),
        (b"", "end of the file"),
    ] {
        let error = hf_config::read(junk, "").unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
    assert!(hf_config::read(&vec![b' '; 200 << 20], "").unwrap_err().message.contains("209 MB"));
}

#[test]
fn read_assumed_and_ignored_fields_are_listed() {
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
fn an_unknown_architecture_is_estimated_as_the_nearest_family_with_a_note() {
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
        assert!(assumed.note.contains("brand_new is unknown"), "{}", assumed.note);
        assert!(estimate(&Deployment { model: read.model, ..Deployment::engine() }).is_ok());
    }
}

#[test]
fn quantization_is_read_in_every_format() {
    let groups = |weights: &str, input: &str| {
        format!(
            "{{\"quant_method\": \"compressed-tensors\", \"config_groups\": {{\"group_0\": {{\"weights\": \
             {weights}, \"input_activations\": {input}}}}}}}"
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
        assert_eq!(read.model.checkpoint.precisions.main(), algo, "{config}");
        let mut deployment = Deployment::default();
        read.apply(&mut deployment);
        assert_eq!((deployment.precision.quant_algo, deployment.quant_algo()), (None, algo), "{config}");
    }
    let own = b"{\"producer\": {}, \"quantization\": {\"quant_algo\": \"FP8\", \"kv_cache_quant_algo\": \"FP8\"}}";
    let ModelFile::Quantization(stated, _) = model_file::read(own, "").unwrap() else {
        panic!("the kind of the file is not recognised")
    };
    assert_eq!((stated.main().name(), stated.kv_cache_dtype().name()), ("FP8", "fp8"));
}

#[test]
fn an_engine_sets_and_locks_every_build_setting() {
    let file = model_file::read(include_bytes!("../fixtures/configs/engine.json"), "Llama-3.1-8B").unwrap();
    let mut deployment = Deployment::default();
    file.apply(&mut deployment);
    assert_eq!(
        link::encode(&deployment),
        "v=2&tp_size=2&pp_size=2&quant_algo=FP8&kv_cache_dtype=fp8&max_batch_size=64&max_num_tokens=4096\
         &max_seq_len=8192&trtllm_version=0.17&backend=tensorrt&max_input_len=4096&max_beam_width=2\
         &tokens_per_block=32&use_paged_context_fmha=true\
         &use_fp8_context_fmha=false&use_fused_mlp=true&multiple_profiles=true&gather_generation_logits=true\
         &logits_dtype=float32&use_parallel_embedding=true"
    );
    let locked = file.locked();
    for built in SETTINGS.iter().filter(|field| field.phase == Phase::Build) {
        assert!(locked.contains(&built.key), "{}", built.key);
    }
    assert!(!locked.contains(&"free_gpu_memory_fraction"));

    let old = trtllm_config::read(include_bytes!("../fixtures/configs/engine-0.7.json"), "").unwrap();
    let mut deployment = Deployment::engine();
    old.apply(&mut deployment);
    assert_eq!((&deployment.model.name[..], deployment.parallel.tp_size), ("meta-llama/Llama-2-7b-hf", 2));
    assert_eq!(
        (deployment.precision.quant_algo, deployment.precision.kv_cache_dtype.name()),
        (Some(QuantAlgo::W8A16), "int8")
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
        (vec![0xff; 64], "so it has none"),
        (vec![1], "shorter"),
    ] {
        let error = safetensors::read_header(&bytes).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    let index = b"{\"metadata\": {\"total_size\": 16060522496}, \"weight_map\": \
                  {\"lm_head.weight\": \"a\", \"model.layers.0.mlp.up_proj.weight\": \"a\"}}";
    let ModelFile::Tensors(index) = model_file::read(index, "").unwrap() else {
        panic!("the kind of the file is not recognised")
    };
    assert_eq!((index.bytes.0, index.tensors), (16_060_522_496, 2));
}

/// A tensor of a header: name, number format and shape.
type Entry = (String, &'static str, Vec<u64>);

/// The start of a safetensors file with these tensors.
fn header(tensors: &[Entry]) -> Vec<u8> {
    let mut at = 0;
    let entries: Vec<String> = tensors
        .iter()
        .map(|(name, format, shape)| {
            let bits = match *format {
                "F32" | "I32" => 32,
                "BF16" | "F16" => 16,
                _ => 8,
            };
            let start = at;
            at += shape.iter().product::<u64>() * bits / 8;
            format!("\"{name}\": {{\"dtype\": \"{format}\", \"shape\": {shape:?}, \"data_offsets\": [{start}, {at}]}}")
        })
        .collect();
    safetensors_start(&format!("{{{}}}", entries.join(", ")))
}

/// Returns the tensors of a linear layer with this name, number of outputs and number of inputs.
type Linear = dyn Fn(String, u64, u64) -> Vec<Entry>;

/// The dimensions of a model with the layers of Llama.
struct Dimensions {
    layers: u64,
    hidden: u64,
    queries: u64,
    keys: u64,
    intermediate: u64,
    vocab: u64,
    head_norms: bool,
}

/// The dimensions in the config.json of Qwen/Qwen3-8B.
const QWEN3_8B: Dimensions = Dimensions {
    layers: 36,
    hidden: 4096,
    queries: 4096,
    keys: 1024,
    intermediate: 12288,
    vocab: 151_936,
    head_norms: true,
};
/// The dimensions in the config.json of meta-llama/Llama-3.1-8B.
const LLAMA_3_8B: Dimensions = Dimensions {
    layers: 32,
    hidden: 4096,
    queries: 4096,
    keys: 1024,
    intermediate: 14336,
    vocab: 128_256,
    head_norms: false,
};

impl Dimensions {
    /// The tensors in the format in which transformers saves them; `linear` returns the tensors of
    /// a linear layer with this name, number of outputs and number of inputs.
    fn tensors(&self, linear: impl Fn(String, u64, u64) -> Vec<Entry>) -> Vec<Entry> {
        let wide = |name: &str, shape: &[u64]| (name.to_string(), "BF16", shape.to_vec());
        let mut tensors = vec![wide("model.embed_tokens.weight", &[self.vocab, self.hidden])];
        for layer in 0..self.layers {
            let name = |part: &str| format!("model.layers.{layer}.{part}");
            for (part, outputs, inputs) in [
                ("self_attn.q_proj", self.queries, self.hidden),
                ("self_attn.k_proj", self.keys, self.hidden),
                ("self_attn.v_proj", self.keys, self.hidden),
                ("self_attn.o_proj", self.hidden, self.queries),
                ("mlp.gate_proj", self.intermediate, self.hidden),
                ("mlp.up_proj", self.intermediate, self.hidden),
                ("mlp.down_proj", self.hidden, self.intermediate),
            ] {
                tensors.extend(linear(name(part), outputs, inputs));
            }
            for norm in ["input_layernorm", "post_attention_layernorm"] {
                tensors.push(wide(&name(&format!("{norm}.weight")), &[self.hidden]));
            }
            for norm in ["q_norm", "k_norm"].into_iter().filter(|_| self.head_norms) {
                tensors.push(wide(&name(&format!("self_attn.{norm}.weight")), &[128]));
            }
        }
        tensors.push(wide("model.norm.weight", &[self.hidden]));
        tensors.push(wide("lm_head.weight", &[self.vocab, self.hidden]));
        tensors
    }
}

fn bf16(name: String, outputs: u64, inputs: u64) -> Vec<Entry> {
    vec![(format!("{name}.weight"), "BF16", vec![outputs, inputs])]
}

fn fp8(name: String, outputs: u64, inputs: u64) -> Vec<Entry> {
    let weight = (format!("{name}.weight"), "F8_E4M3", vec![outputs, inputs]);
    vec![weight, (format!("{name}.weight_scale"), "F32", vec![]), (format!("{name}.input_scale"), "F32", vec![])]
}

fn fp8_blocks(name: String, outputs: u64, inputs: u64) -> Vec<Entry> {
    let scales = vec![outputs.div_ceil(128), inputs.div_ceil(128)];
    let weight = (format!("{name}.weight"), "F8_E4M3", vec![outputs, inputs]);
    vec![weight, (format!("{name}.weight_scale_inv"), "F32", scales)]
}

fn nvfp4(name: String, outputs: u64, inputs: u64) -> Vec<Entry> {
    vec![
        (format!("{name}.weight"), "U8", vec![outputs, inputs / 2]),
        (format!("{name}.weight_scale"), "F8_E4M3", vec![outputs, inputs / 16]),
        (format!("{name}.weight_scale_2"), "F32", vec![]),
    ]
}

fn awq(name: String, outputs: u64, inputs: u64) -> Vec<Entry> {
    vec![
        (format!("{name}.qweight"), "I32", vec![inputs, outputs / 8]),
        (format!("{name}.qzeros"), "I32", vec![inputs / 128, outputs / 8]),
        (format!("{name}.scales"), "F16", vec![inputs / 128, outputs]),
    ]
}

fn gptq(bits: u64) -> impl Fn(String, u64, u64) -> Vec<Entry> {
    move |name, outputs, inputs| {
        vec![
            (format!("{name}.qweight"), "I32", vec![inputs * bits / 32, outputs]),
            (format!("{name}.qzeros"), "I32", vec![inputs / 128, outputs * bits / 32]),
            (format!("{name}.scales"), "F16", vec![inputs / 128, outputs]),
            (format!("{name}.g_idx"), "I32", vec![inputs]),
        ]
    }
}

fn model_optimizer_awq(name: String, outputs: u64, inputs: u64) -> Vec<Entry> {
    vec![
        (format!("{name}.weight"), "U8", vec![outputs / 2, inputs]),
        (format!("{name}.weight_scale"), "F32", vec![outputs, inputs / 128]),
        (format!("{name}.pre_quant_scale"), "BF16", vec![inputs]),
    ]
}

fn compressed_int4(name: String, outputs: u64, inputs: u64) -> Vec<Entry> {
    vec![
        (format!("{name}.weight_packed"), "I32", vec![outputs, inputs / 8]),
        (format!("{name}.weight_scale"), "BF16", vec![outputs, inputs / 128]),
        (format!("{name}.weight_shape"), "I64", vec![2]),
    ]
}

fn one_scale_a_row(format: &'static str) -> impl Fn(String, u64, u64) -> Vec<Entry> {
    move |name, outputs, inputs| {
        let weight = (format!("{name}.weight"), format, vec![outputs, inputs]);
        vec![weight, (format!("{name}.weight_scale"), "BF16", vec![outputs, 1])]
    }
}

fn tensors_of(file: &[u8], hint: &str) -> Checkpoint {
    let ModelFile::Tensors(checkpoint) = model_file::read(file, hint).unwrap() else {
        panic!("the kind of the file is not recognised")
    };
    checkpoint
}

#[test]
fn tensor_formats_of_a_header_determine_the_quantization() {
    let cases: [(&Linear, Precision); 11] = [
        (&bf16, Precision::Plain),
        (&fp8, Precision::Quantized(QuantAlgo::Fp8)),
        (
            &|name, outputs, inputs| fp8(name, outputs, inputs).into_iter().take(1).collect(),
            Precision::Quantized(QuantAlgo::Fp8),
        ),
        (&fp8_blocks, Precision::Quantized(QuantAlgo::Fp8BlockScales)),
        (&one_scale_a_row("F8_E4M3"), Precision::Quantized(QuantAlgo::Fp8PerChannelPerToken)),
        (&one_scale_a_row("I8"), Precision::Quantized(QuantAlgo::W8A8SqPerChannelPerTokenPlugin)),
        (&nvfp4, Precision::Quantized(QuantAlgo::Nvfp4)),
        (&awq, Precision::Quantized(QuantAlgo::W4A16Awq)),
        (&gptq(4), Precision::Quantized(QuantAlgo::W4A16Gptq)),
        (&model_optimizer_awq, Precision::Quantized(QuantAlgo::W4A16Awq)),
        (&compressed_int4, Precision::Quantized(QuantAlgo::W4A16Gptq)),
    ];
    for (linear, precision) in cases {
        let file = tensors_of(&header(&QWEN3_8B.tensors(linear)), "");
        assert_eq!(file.precision, precision);
        let model = file.model.clone().unwrap_or_else(|why| panic!("{precision:?}: {why}"));
        let base = find("Qwen/Qwen3-8B").unwrap();
        let dimensions = |model: &Architecture| (model.layers, model.attention, model.mlp, model.parameters());
        assert_eq!(dimensions(&model), dimensions(base), "{precision:?}");
        let mut deployment = Deployment::default();
        ModelFile::Tensors(file).apply(&mut deployment);
        let expected = if let Precision::Quantized(algo) = precision { algo } else { QuantAlgo::None };
        // The checkpoint's own precision counts, and no setting is needed.
        assert_eq!((deployment.precision.quant_algo, deployment.quant_algo()), (None, expected));
        assert_eq!(model.checkpoint.precisions, ModulePrecisions::everywhere(expected), "{}", model.name);
    }
    let eight = tensors_of(&header(&QWEN3_8B.tensors(gptq(8))), "");
    assert_eq!(eight.precision, Precision::Quantized(QuantAlgo::W8A16Gptq));
}

#[test]
fn a_mix_of_formats_is_read_block_by_block() {
    let mixed = |name: String, outputs, inputs| match name.contains("self_attn") {
        true => fp8(name, outputs, inputs),
        false => nvfp4(name, outputs, inputs),
    };
    let file = tensors_of(&header(&QWEN3_8B.tensors(mixed)), "");
    assert_eq!(file.precision, Precision::Mixed("FP8 (144) and NVFP4 (108)".into()));
    let stored = file.model.clone().unwrap().checkpoint.precisions.clone();
    assert_eq!((stored.of(Block::AttentionOutput), stored.of(Block::Mlp)), (QuantAlgo::Fp8, QuantAlgo::Nvfp4));
    assert_eq!(ModelFile::Tensors(file).lack_of_quantization(), None);
    // Without a model no quant_algo describes the mix.
    let shard = tensors_of(&header(&QWEN3_8B.tensors(mixed)), "model-00001-of-00002.safetensors");
    let lack = ModelFile::Tensors(shard).lack_of_quantization().unwrap();
    assert!(lack.contains("FP8 (144) and NVFP4 (108)") && lack.contains("quant_algo="), "{lack}");

    for (linear, name) in [(one_scale_a_row("F8_E5M2"), "F8_E5M2"), (one_scale_a_row("I16"), "I16")] {
        let file = tensors_of(&header(&QWEN3_8B.tensors(linear)), "");
        assert!(matches!(&file.precision, Precision::Unnamed(names) if names.contains(name)), "{:?}", file.precision);
    }
    let two_bits = tensors_of(&header(&QWEN3_8B.tensors(gptq(2))), "");
    assert_eq!(two_bits.precision, Precision::Unnamed("GPTQ with 2 bits (252)".into()));
    let mx = |name: String, outputs, inputs: u64| {
        let weight = (format!("{name}.weight"), "F8_E4M3", vec![outputs, inputs]);
        vec![weight, (format!("{name}.weight_scale"), "U8", vec![outputs, inputs / 32])]
    };
    let mx = tensors_of(&header(&QWEN3_8B.tensors(mx)), "");
    assert_eq!(mx.precision, Precision::Quantized(QuantAlgo::Mxfp8));
}

#[test]
fn layers_in_16_bits_beside_quantized_ones_keep_them() {
    let wide_layers = |name: String, outputs, inputs| match name.starts_with("model.layers.0.") {
        true => bf16(name, outputs, inputs),
        false => fp8(name, outputs, inputs),
    };
    let file = tensors_of(&header(&QWEN3_8B.tensors(wide_layers)), "");
    assert_eq!(file.precision, Precision::Quantized(QuantAlgo::Fp8));
    let stored = file.model.unwrap().checkpoint.precisions.text(36);
    assert_eq!(stored, "FP8,attention:NO_QUANT@0-0,output:NO_QUANT@0-0,mlp:NO_QUANT@0-0");
    // Within a block most elements decide, and the rest is reported.
    let wide_outputs = |name: String, outputs, inputs| match name.contains("down_proj") {
        true => bf16(name, outputs, inputs),
        false => fp8(name, outputs, inputs),
    };
    let file = tensors_of(&header(&QWEN3_8B.tensors(wide_outputs)), "");
    assert!(file.report.assumed.iter().any(|item| item.note.contains("stored differently")), "{:?}", file.report);
}

#[test]
fn experts_in_fp4_leave_attention_in_16_bit() {
    // Qwen/Qwen3-30B-A3B with only its routed experts in NVFP4.
    let wide = |name: String, shape: &[u64]| (name, "BF16", shape.to_vec());
    let mut tensors = vec![wide("model.embed_tokens.weight".into(), &[151_936, 2048])];
    for layer in 0..48 {
        let name = |part: &str| format!("model.layers.{layer}.{part}");
        for (part, outputs, inputs) in [("q", 4096, 2048), ("k", 512, 2048), ("v", 512, 2048), ("o", 2048, 4096)] {
            tensors.push(wide(name(&format!("self_attn.{part}_proj.weight")), &[outputs, inputs]));
        }
        tensors.extend(["q_norm", "k_norm"].map(|norm| wide(name(&format!("self_attn.{norm}.weight")), &[128])));
        tensors.push(wide(name("mlp.gate.weight"), &[128, 2048]));
        tensors.extend(
            ["input_layernorm", "post_attention_layernorm"].map(|norm| wide(name(&format!("{norm}.weight")), &[2048])),
        );
        for expert in 0..128 {
            for (part, outputs, inputs) in [("gate", 768, 2048), ("up", 768, 2048), ("down", 2048, 768)] {
                tensors.extend(nvfp4(name(&format!("mlp.experts.{expert}.{part}_proj")), outputs, inputs));
            }
        }
    }
    tensors.extend([wide("model.norm.weight".into(), &[2048]), wide("lm_head.weight".into(), &[151_936, 2048])]);
    let file = tensors_of(&header(&tensors), "");
    assert_eq!(file.precision, Precision::Quantized(QuantAlgo::Nvfp4));
    let model = file.model.unwrap();
    let stored = &model.checkpoint.precisions;
    assert_eq!(model.parameters(), 30_532_122_624);
    assert_eq!(*stored, ModulePrecisions::only(QuantAlgo::Nvfp4, &[Block::Experts]));
}

#[test]
fn models_with_the_same_tensors_are_named_and_the_newest_is_chosen() {
    let bytes = header(&LLAMA_3_8B.tensors(bf16));
    let taken = |hint: &str| {
        let file = tensors_of(&bytes, hint);
        let note = file.report.assumed.iter().find(|item| item.field == "model").map(|item| item.note.clone()).unwrap();
        (file.model.unwrap().name.clone(), note)
    };
    let (name, note) = taken("model.safetensors");
    assert_eq!(name, "meta-llama/Llama-3.1-8B");
    assert!(note.contains("meta-llama/Meta-Llama-3-8B") && note.contains("newest"), "{note}");
    let (name, note) = taken("models/Meta-Llama-3-8B-Instruct/model.safetensors");
    assert_eq!(name, "meta-llama/Meta-Llama-3-8B");
    assert!(note.contains("meta-llama/Llama-3.1-8B") && note.contains("path"), "{note}");
}

#[test]
fn a_tied_head_that_is_stored_twice_counts_once() {
    // Qwen/Qwen3-0.6B: tie_word_embeddings is true, but its file also contains the head.
    let small = Dimensions {
        layers: 28,
        hidden: 1024,
        queries: 2048,
        keys: 1024,
        intermediate: 3072,
        vocab: 151_936,
        head_norms: true,
    };
    let model = tensors_of(&header(&small.tensors(bf16)), "").model.unwrap();
    assert_eq!((model.name.as_str(), model.parameters()), ("Qwen/Qwen3-0.6B", 596_049_920));
}

#[test]
fn a_header_in_32_bits_gives_a_model_in_32_bits() {
    let wide =
        |tensors: Vec<Entry>| tensors.into_iter().map(|(name, _, shape)| (name, "F32", shape)).collect::<Vec<_>>();
    let model = tensors_of(&header(&wide(LLAMA_3_8B.tensors(bf16))), "").model.unwrap();
    assert_eq!((model.dtype, model.parameters()), (Dtype::Float32, 8_030_261_248));
}

#[test]
fn a_model_outside_the_catalogue_is_built_from_its_tensors() {
    let own = Dimensions { layers: 7, intermediate: 5120, ..LLAMA_3_8B };
    let model = tensors_of(&header(&own.tensors(bf16)), "").model.unwrap();
    assert!(model.is_custom());
    // Embedding and head; attention, feed-forward block and norms of each layer; the last norm.
    let layer = 4096 * (4096 + 1024 + 1024 + 4096) + 3 * 4096 * 5120 + 2 * 4096;
    assert_eq!(model.parameters(), 2 * 128_256 * 4096 + 7 * layer + 4096);
}

#[test]
fn a_part_of_a_model_is_not_taken_for_a_model() {
    let all = LLAMA_3_8B.tensors(bf16);
    let layer = |entry: &Entry| entry.0.split('.').nth(2).and_then(|number| number.parse::<u64>().ok());
    let only =
        |keep: &dyn Fn(&Entry) -> bool| header(&all.iter().filter(|entry| keep(entry)).cloned().collect::<Vec<_>>());
    let fused = |name: String, outputs, inputs| match name.rsplit('.').next() {
        Some("q_proj") => bf16(name.replace("q_proj", "qkv_proj"), outputs + 2048, inputs),
        Some("k_proj" | "v_proj") => Vec::new(),
        _ => bf16(name, outputs, inputs),
    };
    let odd = Dimensions { layers: 31, ..LLAMA_3_8B };
    let strange: Vec<Entry> = odd
        .tensors(bf16)
        .into_iter()
        .chain((0..31).map(|layer| (format!("model.layers.{layer}.mlp.extra.weight"), "BF16", vec![4096, 64])))
        .collect();
    for (bytes, name, words) in [
        (header(&all), "model-00001-of-00004.safetensors", "shard 1 of 4"),
        (
            only(&|entry| entry.0.contains("embed") || layer(entry) < Some(9) && layer(entry).is_some()),
            "",
            "the first of several shards",
        ),
        (only(&|entry| layer(entry) >= Some(9)), "", "no embedding table"),
        (only(&|entry| layer(entry) != Some(9)), "", "no layer 9"),
        (only(&|entry| layer(entry).is_none()), "", "no layer"),
        (header(&odd.tensors(fused)), "", "fused"),
        (header(&strange), "", "no model of the catalogue"),
        (
            header(&[("base.layers.0.self_attn.q_proj.lora_A.weight".into(), "BF16", vec![16, 4096])]),
            "adapter_model.safetensors",
            "LoRA adapter",
        ),
    ] {
        let file = model_file::read(&bytes, name).unwrap();
        assert_eq!(file.model(), None, "{words}");
        let lack = file.lack_of_model().unwrap();
        assert!(lack.contains(words) && lack.contains("config.json") && lack.contains("model="), "{words}: {lack}");
        let mut deployment = Deployment::engine();
        file.apply(&mut deployment);
        assert_eq!(deployment, Deployment::engine(), "{words}");
    }
    // A model with a fused projection is found in the catalogue by its number of parameters.
    let found = tensors_of(&header(&LLAMA_3_8B.tensors(fused)), "").model.unwrap();
    assert_eq!(found.name, "meta-llama/Llama-3.1-8B");
}

#[test]
fn an_index_gives_its_quantization_if_tensor_names_determine_it() {
    let index = |names: &[&str]| {
        let map: Vec<String> =
            names.iter().map(|name| format!("\"model.layers.0.mlp.up_proj.{name}\": \"a\"")).collect();
        tensors_of(format!("{{\"weight_map\": {{{}}}}}", map.join(", ")).as_bytes(), "").precision
    };
    assert_eq!(index(&["weight"]), Precision::Plain);
    assert_eq!(index(&["weight", "weight_scale_inv"]), Precision::Quantized(QuantAlgo::Fp8BlockScales));
    assert_eq!(index(&["weight_blocks", "weight_scales"]), Precision::Quantized(QuantAlgo::W4A16Mxfp4));
    for names in [&["weight", "weight_scale"][..], &["qweight", "scales"], &["weight_packed", "weight_scale"]] {
        assert!(matches!(index(names), Precision::Unnamed(_)), "{names:?}");
    }
}

#[test]
fn a_file_of_another_kind_is_named_and_refused() {
    let bert = r#"{"model_type": "bert", "architectures": ["BertForMaskedLM"], "hidden_size": 768,
        "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072, "vocab_size": 30522,
        "max_position_embeddings": 512,
        "type_vocab_size": 2}"#;
    let clip = r#"{"model_type": "clip", "architectures": ["CLIPModel"], "projection_dim": 512, "text_config":
        {"model_type": "clip_text_model", "hidden_size": 512, "num_hidden_layers": 12, "num_attention_heads": 8,
        "intermediate_size": 2048, "vocab_size": 49408, "max_position_embeddings": 77},
        "vision_config": {"hidden_size": 768}}"#;
    let engine = r#"{"pretrained_config": {"architecture": "BertForSequenceClassification", "hidden_size": 768,
        "num_hidden_layers": 12, "num_attention_heads": 12, "vocab_size": 30522}, "build_config": {}}"#;
    let eagle = llama(", \"architectures\": [\"LlamaForCausalLMEagle3\"], \"draft_vocab_size\": 32000");
    let medusa = llama(", \"medusa_num_heads\": 4");
    for (content, words) in [
        (bert, "bert does not generate text"),
        (
            &bert.replace("\"bert\"", "\"brand_new\"").replace("BertForMaskedLM", "BrandNewModel"),
            "does not generate text",
        ),
        (clip, "clip does not generate text"),
        (engine, "BertForSequenceClassification does not generate text"),
        (&eagle, "EAGLE head"),
        (&medusa, "Medusa head"),
        (
            r#"{"_from_model_config": true, "bos_token_id": 1, "eos_token_id": 2, "temperature": 0.6}"#,
            "generation_config.json",
        ),
        (r#"{"version": "1.0", "added_tokens": [], "model": {"type": "BPE", "vocab": {}}}"#, "tokenizer.json"),
        (r#"{"tokenizer_class": "LlamaTokenizer", "bos_token": "<s>"}"#, "tokenizer_config.json"),
        (r#"{"peft_type": "LORA", "r": 16, "base_model_name_or_path": "org/base"}"#, "LoRA adapter"),
        (r#"{"dim": 4096, "n_layers": 32, "n_heads": 32, "quantization": {"qformat_weight": "fp8"}}"#, "params.json"),
        (r#"{"bits": 4, "group_size": 128, "desc_act": true}"#, "quantize_config.json"),
        (r#"{"_class_name": "FluxPipeline", "_diffusers_version": "0.30.0"}"#, "diffusion"),
        (r#"{"image_processor_type": "CLIPImageProcessor"}"#, "image processor"),
        (r#"{"quantization": 4}"#, "Must be an object"),
        (r#"{"colour": "red"}"#, "not the config.json of a model"),
        ("{}", "not the config.json of a model"),
        ("[1, 2]", "must be an object; this is a list of 2"),
        ("7", "must be an object; this is 7"),
        ("\"llama\"", "must be an object"),
        ("null", "must be an object"),
        ("GGUF\u{3}\0\0\0", "GGUF"),
        ("PK\u{3}\u{4}\u{14}", "ZIP"),
    ] {
        let error = model_file::read(content.as_bytes(), "").unwrap_err().to_string();
        assert!(error.contains(words), "{content}: {error}");
    }
    // The configuration of a decoder is accepted even if it contains such fields.
    let decoder = llama(", \"tokenizer_class\": \"LlamaTokenizer\", \"eos_token_id\": 2, \"quantization\": null");
    assert!(model_file::read(decoder.as_bytes(), "").unwrap().model().is_some());
}

/// Links with custom models that were shared, with their number of parameters.
#[test]
fn frozen_links_of_custom_models_keep_their_meaning() {
    for (text, parameters) in [
        ("v=1&model=custom", 6_738_415_616_u64),
        (
            "v=1&model=custom&m.family=llama&m.layers=2&m.hidden=64&m.heads=4&m.kv_heads=2&m.intermediate=128\
             &m.vocab=100&m.positions=4096&m.tied=true",
            80_448,
        ),
        (
            "v=1&model=custom&m.family=qwen3_moe&m.layers=94&m.hidden=4096&m.heads=64&m.kv_heads=4&m.head_dim=128\
             &m.intermediate=0&m.vocab=151936&m.positions=40960&m.moe=128/8/1536",
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
    fn a_link_restores_a_custom_model(recipe in recipe(), shuffled in any::<bool>()) {
        let deployment = Deployment { model: ModelRef::custom(recipe), ..Deployment::engine() };
        let text = link::encode(&deployment);
        let pairs = text.split('&');
        // The order of the pairs has no meaning.
        let text = if shuffled { pairs.rev().collect::<Vec<_>>().join("&") } else { text };
        let decoded = link::decode(&text);
        prop_assert!(decoded.problems.is_empty(), "{text}: {:?}", decoded.problems);
        prop_assert_eq!(&decoded.deployment, &deployment);
        if let Ok(report) = estimate(&deployment) {
            prop_assert_eq!(report.parameters, deployment.model.parameters());
        }
    }

    #[test]
    fn every_set_of_layers_has_a_text_form(members in proptest::collection::vec(0u32..64, 0..40), layers in 1u32..64) {
        let set = members.into_iter().filter(|layer| *layer < layers).collect();
        prop_assert_eq!(layer_set(&layer_text(set, layers), layers), Some(set));
    }

    #[test]
    fn no_damaged_header_makes_a_reader_panic(at in 8usize..6000, byte in 32u8..127, which in 0usize..6) {
        let small = Dimensions {
            layers: 2,
            hidden: 256,
            queries: 256,
            keys: 128,
            intermediate: 512,
            vocab: 64,
            head_norms: true,
        };
        let linear: [&Linear; 6] = [&bf16, &fp8_blocks, &nvfp4, &awq, &gptq(4), &compressed_int4];
        let mut bytes = header(&small.tensors(linear[which]));
        let at = 8 + at % (bytes.len() - 8);
        bytes[at] = byte;
        if let Ok(file) = model_file::read(&bytes, "") {
            let mut deployment = Deployment::engine();
            file.apply(&mut deployment);
            prop_assert_eq!(&link::decode(&link::encode(&deployment)).deployment, &deployment);
            let _ = estimate(&deployment);
        }
    }

    #[test]
    fn no_file_makes_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = model_file::read(&bytes, "");
    }

    #[test]
    fn no_damaged_file_makes_a_reader_panic(
        at in 0usize..6000,
        byte in any::<u8>(),
        cut in any::<bool>(),
        which in 0usize..52,
    ) {
        let engine = include_bytes!("../fixtures/configs/engine.json").to_vec();
        let mut bytes = families().nth(which).map_or(engine, |(_, config, _)| config.into_bytes());
        let at = at % bytes.len();
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        if let Ok(file) = model_file::read(&bytes, "") {
            let mut deployment = Deployment::engine();
            file.apply(&mut deployment);
            let _ = estimate(&deployment);
        }
    }
}

#[test]
fn every_model_of_the_catalogue_can_be_made_custom() {
    for model in models() {
        let own = ModelRef::custom(ModelRef::from(model).to_recipe());
        assert_eq!(own.parameters(), model.parameters(), "{}", model.name);
        let mut deployment = Deployment { model: model.into(), ..Deployment::engine() };
        setting("m.layers").unwrap().read(&mut deployment, &model.layers.to_string()).unwrap();
        assert!(deployment.model.is_custom() && link::encode(&deployment).contains("model=custom"));
    }
}

#[test]
fn positions_with_three_coordinates_are_read() {
    let config = concat!(
        r#"{"model_type": "qwen2_vl", "hidden_size": 3584, "num_hidden_layers": 28, "num_attention_heads": 28, "#,
        r#""num_key_value_heads": 4,
        "intermediate_size": 18944, "vocab_size": 152064, "max_position_embeddings": 32768, "torch_dtype": "bfloat16",
        "tie_word_embeddings": false, "rope_scaling": {"type": "mrope", "mrope_section": [16, 24, 24]}}"#,
    );
    let read = hf_config::read(config.as_bytes(), "").unwrap();
    assert_eq!(read.model, ModelRef::from(find("Qwen/Qwen2-VL-7B-Instruct").unwrap()));
}

/// The configuration of a Llama-like model with 32 layers of 4096 values, and its quantization.
fn quantized(model_type: &str, intermediate: u64, quantization: &str) -> String {
    format!(
        "{{\"model_type\": \"{model_type}\", \"hidden_size\": 4096, \"num_hidden_layers\": 32, \
         \"num_attention_heads\": 32, \"num_key_value_heads\": 8, \"intermediate_size\": {intermediate}, \
         \"vocab_size\": 128256, \"max_position_embeddings\": 8192, \"torch_dtype\": \"bfloat16\", \
         \"tie_word_embeddings\": false, \"quantization_config\": {quantization}}}"
    )
}

/// The bytes of weights on one B200, in units of 10^9.
fn gigabytes(config: &str) -> f64 {
    let read = hf_config::read(config.as_bytes(), "").unwrap_or_else(|error| panic!("{error}: {config}"));
    let mut deployment = link::decode("gpu=b200").deployment;
    read.apply(&mut deployment);
    let report = estimate(&deployment).unwrap_or_else(|error| panic!("{error}: {config}"));
    report.ranks[0].figure(Contributor::Weights).bytes.0 as f64 / 1e9
}

/// A list of one module in each of 32 layers, as JSON.
fn in_each_layer(module: &str, value: &str) -> String {
    let items = (0..32).map(|layer| format!("\"model.layers.{layer}.{module}\"{value}"));
    items.collect::<Vec<String>>().join(", ")
}

/// The elements of the blocks of [`quantized`]: embedding and head, queries, keys and values of
/// all layers, their outputs, and the feed-forward blocks.
fn blocks_of(intermediate: u64) -> [f64; 4] {
    let attention = 32 * 4096 * (4096 + 2 * 1024);
    [2 * 128_256 * 4096, attention, 32 * 4096 * 4096, 32 * 3 * 4096 * intermediate].map(|size: u64| size as f64 / 1e9)
}

const FP4: f64 = 0.5 + 1.0 / 16.0;

#[test]
fn each_module_has_its_own_precision() {
    let [ends, inputs, outputs, mlp] = blocks_of(14_336);
    let close = |config: &str, expected: f64| {
        let found = gigabytes(config);
        assert!((found - expected).abs() < 0.01 * expected, "{found} in place of {expected}: {config}");
    };
    // NVFP4 feed-forward blocks, two output projections in FP8, all else in 16 bit.
    let fp4 = ": {\"quant_algo\": \"W4A16_NVFP4\"}";
    let modules = ["gate_proj", "up_proj", "down_proj"].map(|name| in_each_layer(&format!("mlp.{name}"), fp4));
    let fp8 = [0, 1].map(|layer| format!("\"model.layers.{layer}.self_attn.o_proj\": {{\"quant_algo\": \"FP8\"}}"));
    let mixed = format!(
        "{{\"quant_method\": \"modelopt\", \"quant_algo\": \"MIXED_PRECISION\", \"quantized_layers\": {{{}, {}}}}}",
        modules.join(", "),
        fp8.join(", ")
    );
    let outputs_stored = outputs * (2.0 * 30.0 + 2.0) / 32.0;
    close(&quantized("qwen3", 14_336, &mixed), 2.0 * (ends + inputs) + outputs_stored + FP4 * mlp);
    // Two groups: attention in FP8, feed-forward blocks in NVFP4.
    let groups = r#"{"quant_method": "compressed-tensors", "config_groups": {
        "group_0": {"targets": ["re:.*self_attn.*"], "input_activations": {"num_bits": 8, "type": "float"},
            "weights": {"num_bits": 8, "type": "float", "strategy": "channel"}},
        "group_1": {"targets": ["re:.*mlp.*"], "input_activations": {"num_bits": 4, "type": "float"},
            "weights": {"num_bits": 4, "type": "float", "strategy": "tensor_group", "group_size": 16}}},
        "ignore": ["lm_head"]}"#;
    close(&quantized("llama", 14_336, groups), 2.0 * ends + inputs + outputs + FP4 * mlp);
    // A dense model whose attention stays in 16 bit, by wildcards and by names.
    let [ends, inputs, outputs, mlp] = blocks_of(20_000);
    let attention = [in_each_layer("self_attn*", ""), "\"*.self_attn.*\"".into(), in_each_layer("self_attn", "")];
    for excluded in attention {
        let config = format!(
            "{{\"quant_method\": \"modelopt\", \"quant_algo\": \"NVFP4\", \"ignore\": [\"lm_head\", {excluded}]}}"
        );
        close(&quantized("llama", 20_000, &config), 2.0 * (ends + inputs + outputs) + FP4 * mlp);
    }
}

#[test]
fn an_unread_pattern_and_modules_without_a_place_are_reported() {
    let of = |ignored: &str| {
        let config =
            format!("{{\"quant_method\": \"modelopt\", \"quant_algo\": \"FP8\", \"ignore\": [\"{ignored}\"]}}");
        let read = hf_config::read(quantized("llama", 14_336, &config).as_bytes(), "").unwrap();
        read.report.assumed.iter().find(|item| item.field == "quantization_config").map(|item| item.note.clone())
    };
    assert!(of("re:(?=x)").unwrap().contains("can't be read"));
    assert!(of("model.layers.3.colour").unwrap().contains("match no linear layer"));
    for usual in ["lm_head", "model.layers.0.mlp.gate", "visual.blocks.0.attn.qkv", "re:.*router.*", "*mtp*"] {
        assert_eq!(of(usual), None, "{usual}");
    }
    // In a sum of elements, two of three equal projections decide; the third is reported.
    assert!(of("*.down_proj").unwrap().contains("stored differently"));
}

#[test]
fn a_file_keeps_its_own_scope_beside_the_catalogues() {
    // The dimensions of Qwen/Qwen3-0.6B, with attention in 16 bit.
    let config = r#"{"model_type": "qwen3", "head_dim": 128, "hidden_size": 1024, "intermediate_size": 3072,
        "max_position_embeddings": 40960, "num_attention_heads": 16, "num_hidden_layers": 28,
        "num_key_value_heads": 8, "tie_word_embeddings": true, "torch_dtype": "bfloat16", "vocab_size": 151936,
        "quantization_config": {"quant_method": "modelopt", "quant_algo": "NVFP4",
            "ignore": ["lm_head", "model.layers.*.self_attn*"]}}"#;
    let (ends, attention, mlp) = (151_936.0 * 1024.0, 28.0 * 1024.0 * 128.0 * 48.0, 28.0 * 3.0 * 1024.0 * 3072.0);
    let found = gigabytes(config);
    assert!((found - (2.0 * (ends + attention) + FP4 * mlp) / 1e9).abs() < 0.01, "{found}");
    let read = hf_config::read(config.as_bytes(), "").unwrap();
    assert!(read.model.is_custom() && read.model.parameters() == find("Qwen/Qwen3-0.6B").unwrap().parameters());
}

#[test]
fn a_file_that_is_stored_like_a_repository_gives_that_repository() {
    let config = |quantization: &str| {
        format!(
            "{{\"model_type\": \"llama\", \"hidden_size\": 4096, \"num_hidden_layers\": 32, \
             \"num_attention_heads\": 32, \"num_key_value_heads\": 8, \"intermediate_size\": 14336, \
             \"vocab_size\": 128256, \"max_position_embeddings\": 131072, \"torch_dtype\": \"bfloat16\", \
             \"tie_word_embeddings\": false, \"quantization_config\": {quantization}}}"
        )
    };
    let named = |quantization: &str, hint: &str| {
        hf_config::read(config(quantization).as_bytes(), hint).unwrap().model.name.clone()
    };
    let fp8 =
        r#"{"quant_method": "modelopt", "quant_algo": "FP8", "kv_cache_quant_algo": "FP8", "ignore": ["lm_head"]}"#;
    assert_eq!(named(fp8, ""), "nvidia/Llama-3.1-8B-Instruct-FP8");
    let awq = r#"{"quant_method": "awq", "bits": 4, "group_size": 128}"#;
    assert_eq!(named(awq, ""), "hugging-quants/Meta-Llama-3.1-8B-Instruct-AWQ-INT4");
    assert_eq!(named("null", ""), "meta-llama/Llama-3.1-8B");
    // The same weights with the KV cache in the model's own type are no repository's.
    let own = named(r#"{"quant_method": "modelopt", "quant_algo": "FP8", "kv_cache_quant_algo": null}"#, "");
    assert_eq!(own, "Llama-3.1-8B");
}

#[test]
fn the_kv_cache_is_in_fp8_only_if_the_file_says_so() {
    for (quantization, bytes) in [
        (r#"{"quant_method": "modelopt", "quant_algo": "NVFP4", "kv_cache_quant_algo": null}"#, 131_072.0),
        (r#"{"quant_method": "modelopt", "quant_algo": "NVFP4"}"#, 131_072.0),
        (r#"{"quant_method": "modelopt", "quant_algo": "NVFP4", "kv_cache_quant_algo": "FP8"}"#, 65_536.0),
        (r#"{"quant_method": "modelopt", "quant_algo": "NVFP4", "kv_cache_quant_algo": "NVFP4"}"#, 36_864.0),
        (r#"{"quant_method": "fp8", "activation_scheme": "static"}"#, 131_072.0),
        (
            r#"{"quant_method": "compressed-tensors", "kv_cache_scheme": null, "config_groups": {"group_0": {
                "targets": ["Linear"], "input_activations": {"num_bits": 4, "type": "float"}, "weights": {
                "num_bits": 4, "type": "float", "strategy": "tensor_group", "group_size": 16}}}}"#,
            131_072.0,
        ),
    ] {
        let read = hf_config::read(quantized("llama", 20_000, quantization).as_bytes(), "").unwrap();
        let mut deployment = link::decode("gpu=b200").deployment;
        read.apply(&mut deployment);
        assert_eq!(estimate(&deployment).unwrap().kv_cache.bytes_per_token, bytes, "{quantization}");
    }
}

#[test]
fn every_format_is_read_or_refused_by_name_and_none_is_taken_for_16_bit() {
    let read = |quantization: &str| hf_config::read(quantized("llama", 14_336, quantization).as_bytes(), "");
    for (quantization, algo, format) in [
        (r#"{"quant_method": "gptq", "bits": 4, "group_size": 128}"#, "W4A16_GPTQ", "GPTQ"),
        (r#"{"quant_method": "gptq", "bits": 8}"#, "W8A16_GPTQ", "GPTQ"),
        (r#"{"quant_method": "awq", "bits": 4}"#, "W4A16_AWQ", "AutoAWQ"),
        (r#"{"quant_method": "awq", "bits": 8}"#, "W8A16", "AutoAWQ"),
        (r#"{"quant_method": "auto-round", "bits": 4}"#, "W4A16_GPTQ", "AutoRound"),
        (r#"{"quant_method": "quark", "global_quant_config": {"weight": {"dtype": "fp8_e4m3"}}}"#, "FP8", "Quark"),
        (r#"{"quant_method": "torchao", "quant_type": "int4_weight_only"}"#, "W4A16_AWQ", "TorchAO"),
        (r#"{"quant_method": "hqq", "quant_config": {"weight_quant_params": {"nbits": 8}}}"#, "W8A16", "HQQ"),
        (r#"{"quant_method": "bitsandbytes", "load_in_4bit": true}"#, "W4A16", "bitsandbytes"),
        (r#"{"group_size": 64, "bits": 4}"#, "W4A16_AWQ", "MLX"),
        (
            r#"{"quant_method": "fbgemm_fp8", "modules_to_not_convert": ["self_attn"]}"#,
            "FP8_PER_CHANNEL_PER_TOKEN",
            "FBGEMM",
        ),
        (r#"{"quant_method": "mxfp8"}"#, "MXFP8", ""),
        (r#"{"quant_method": "modelopt", "quant_algo": "FP8_PB_WO"}"#, "FP8_BLOCK_SCALES", ""),
        (r#"{"quant_method": "modelopt", "quant_algo": "MXFP8"}"#, "MXFP8", ""),
    ] {
        let model = read(quantization).unwrap_or_else(|error| panic!("{error}: {quantization}")).model;
        assert_eq!(model.checkpoint.precisions.main().name(), algo, "{quantization}");
        let deployment = Deployment { model, ..link::decode("gpu=b200").deployment };
        match estimate(&deployment) {
            Ok(_) => assert_eq!(format, "", "{quantization}"),
            Err(error) => {
                let error = error.to_string();
                assert!(!format.is_empty() && error.contains(format) && error.contains("does not load"), "{error}");
            }
        }
    }
    for (quantization, field, words) in [
        (r#"{"quant_method": "exl2", "bits": 4.5}"#, "quant_method", "exl2"),
        (r#"{"quant_method": "gptq", "bits": 3}"#, "bits", "must be 4 or 8; it is 3"),
        (r#"{"quant_method": "modelopt", "quant_algo": "W9A9"}"#, "quant_algo", "W9A9"),
        (
            r#"{"quant_method": "modelopt", "quant_algo": "MIXED_PRECISION"}"#,
            "quantized_layers",
            "hf_quant_config.json",
        ),
        (r#"{"quant_method": "modelopt"}"#, "config_groups", "hf_quant_config.json"),
        (r#"{"quant_method": "torchao", "quant_type": "ternary"}"#, "quant_type", "ternary"),
        (r#"{"bits": 3, "group_size": 64}"#, "bits", "MLX"),
        (
            r#"{"quant_method": "compressed-tensors",
                "config_groups": {"a": {"weights": {"num_bits": 2, "type": "int"}}}}"#,
            "config_groups",
            "int of 2 bits",
        ),
    ] {
        let error = read(quantization).unwrap_err();
        assert!(
            error.field == field && error.message.contains(words) && error.line.is_some(),
            "{quantization}: {error}"
        );
    }
}

#[test]
fn a_repository_that_the_backend_does_not_load_names_one_that_it_does() {
    let error = estimate(&link::decode("model=moonshotai/Kimi-K2.5&gpu=b200&tp_size=8").deployment).unwrap_err();
    assert_eq!(error.0.len(), 1, "{error}");
    let message = error.0[0].to_string();
    assert!(message.contains("integer formats") && message.contains("nvidia/Kimi-K2.5-NVFP4"), "{message}");
    assert_eq!(error.0[0].field, "quant_algo");
    assert!(
        estimate(&link::decode("model=moonshotai/Kimi-K2.5&gpu=b200&tp_size=8&quant_algo=NVFP4").deployment).is_ok()
    );
}

const MISTRAL: &str = r#"{"dim": 4096, "n_layers": 34, "head_dim": 128, "hidden_dim": 14336, "n_heads": 32,
    "n_kv_heads": 8, "norm_eps": 1e-05, "vocab_size": 131072, "rope_theta": 1000000.0, "max_seq_len": 262144"#;

#[test]
fn a_params_json_is_a_models_file() {
    let parameters = |more: &str| {
        let file = model_file::read(format!("{MISTRAL}{more}}}").as_bytes(), "params.json").unwrap();
        file.model().cloned().unwrap()
    };
    let small = parameters("");
    assert_eq!((small.parameters(), small.max_position_embeddings), (8_489_553_920, 262_144));
    assert!(small.checkpoint.precisions.is_unquantized());
    let quantized = parameters(r#", "quantization": {"qformat_weight": "fp8_e4m3", "qscheme_act": "TENSOR"}"#);
    assert_eq!(quantized.checkpoint.precisions.main(), QuantAlgo::Fp8);
    // Every second layer has a window.
    let windowed = parameters(r#", "sliding_window": [null, 4096]"#).windows.unwrap();
    assert_eq!((windowed.tokens, windowed.layers.len(), windowed.layers.contains(1)), (4096, 17, true));
    // Mistral Large 3: latent attention and experts.
    let large = r#"{"dim": 7168, "n_layers": 61, "n_heads": 128, "hidden_dim": 16384, "vocab_size": 131072,
        "q_lora_rank": 1536, "kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128,
        "moe": {"num_experts": 128, "expert_hidden_dim": 4096, "num_shared_experts": 1, "num_experts_per_tok": 4,
            "first_k_dense_replace": 3, "route_every_n": 1}}"#;
    let large = model_file::read(large.as_bytes(), "params.json").unwrap();
    assert_eq!(large.model().unwrap().parameters(), 673_421_089_792);
    let error =
        model_file::read(format!("{MISTRAL}, \"quantization\": {{\"qformat_weight\": \"int4\"}}}}").as_bytes(), "");
    assert!(error.unwrap_err().message.contains("fp8_e4m3; it is int4"));
}

/// Reads files together, with their names.
fn together(files: &[(&str, &[u8])]) -> Result<ModelFile, String> {
    together::read(files).map_err(|error| error.to_string())
}

#[test]
fn files_of_a_checkpoint_are_read_together() {
    let config = llama("");
    let types: &[u8] = br#"{"producer": {"name": "modelopt"}, "quantization": {"quant_algo": "NVFP4",
        "kv_cache_quant_algo": "FP8", "exclude_modules": ["lm_head", "model.layers.0*"]}}"#;
    let files = [("hf_quant_config.json", types), ("config.json", config.as_bytes())];
    let read = together(&files).unwrap();
    let stored = &read.model().unwrap().checkpoint;
    assert_eq!((stored.precisions.of(Block::Mlp), stored.kv_cache.name()), (QuantAlgo::Nvfp4, "fp8"));
    assert_eq!(stored.precisions.text(4), "NVFP4,attention:NO_QUANT@0-0,output:NO_QUANT@0-0,mlp:NO_QUANT@0-0");
    // It takes precedence over the configuration's own quantization, which may be incomplete.
    let config = llama(", \"quantization_config\": {\"quant_method\": \"modelopt\"}");
    let same = together(&[("config.json", config.as_bytes()), ("hf_quant_config.json", types)]).unwrap();
    assert_eq!(same.model().unwrap().checkpoint, *stored);
    // Files that say nothing about memory are listed.
    let generation: &[u8] = br#"{"eos_token_id": 2, "temperature": 0.6}"#;
    let adapter: &[u8] = br#"{"peft_type": "LORA", "r": 16}"#;
    let config = llama("");
    let more =
        [("config.json", config.as_bytes()), ("generation_config.json", generation), ("adapter_config.json", adapter)];
    let ignored = together(&more).unwrap().report().ignored.clone();
    assert!(
        ignored.iter().any(|item| item.field == "adapter_config.json" && item.note.contains("max_lora_rank to 16"))
    );
    assert!(ignored.iter().any(|item| item.field == "generation_config.json"));
}

#[test]
fn files_that_contradict_each_other_or_lack_a_model_are_named() {
    let config = llama("");
    let other = llama("").replace("\"num_hidden_layers\": 4", "\"num_hidden_layers\": 6");
    let index = |layers: u64| {
        let names = (0..layers).map(|layer| format!("\"model.layers.{layer}.mlp.up_proj.weight\": \"a.safetensors\""));
        format!("{{\"metadata\": {{\"total_size\": 1}}, \"weight_map\": {{{}}}}}", names.collect::<Vec<_>>().join(", "))
    };
    let (right, wrong) = (index(4), index(80));
    let config = ("config.json", config.as_bytes());
    assert!(together(&[config, ("model.safetensors.index.json", right.as_bytes())]).is_ok());
    let table = header(&[("model.embed_tokens.weight".into(), "BF16", vec![32_000, 4096])]);
    for (files, words) in [
        ([config, ("model.safetensors.index.json", wrong.as_bytes())], "index.json has tensors of 80"),
        ([config, ("b/config.json", other.as_bytes())], "config.json and b/config.json differ"),
        ([config, ("model-00001-of-00002.safetensors", &table)], "one of 32000 × 4096"),
        ([config, ("notes.json", b"{")], "notes.json: Invalid JSON"),
        ([("tokenizer.json", br#"{"added_tokens": [], "model": {}}"#), ("a.gguf", b"GGUF\x03")], "None of these files"),
    ] {
        let error = together(&files).unwrap_err();
        assert!(error.contains(words), "{error}");
    }
    let types: &[u8] = br#"{"quantization": {"quant_algo": "FP8"}}"#;
    let lacking =
        together(&[("hf_quant_config.json", types), ("model.safetensors.index.json", right.as_bytes())]).unwrap();
    let lack = lacking.lack_of_model().unwrap();
    assert!(lack.contains("config.json beside it"), "{lack}");
}

#[test]
fn the_headers_of_all_shards_are_a_model_and_those_of_some_are_not() {
    let all = QWEN3_8B.tensors(nvfp4);
    let (first, second) = all.split_at(all.len() / 2);
    let (first, second) = (header(first), header(second));
    let names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
    let file = together(&[(names[0], &first), (names[1], &second)]).unwrap();
    let model = file.model().unwrap();
    assert_eq!((model.layers, model.checkpoint.precisions.main()), (36, QuantAlgo::Nvfp4));
    let part = together(&[("model-00001-of-00003.safetensors", &first), ("model-00002-of-00003.safetensors", &second)]);
    let lack = part.unwrap().lack_of_model().unwrap();
    assert!(lack.contains("1 are missing, such as shard 3"), "{lack}");
}

/// The model of a configuration with 4096 values in 32 layers, with these fields instead of or
/// beside the usual ones.
fn changed(model_type: &str, without: &[&str], more: &str) -> Result<ModelRef, String> {
    let usual = [
        ("hidden_size", "4096"),
        ("num_hidden_layers", "32"),
        ("num_attention_heads", "32"),
        ("num_key_value_heads", "8"),
        ("intermediate_size", "14336"),
        ("vocab_size", "128256"),
        ("max_position_embeddings", "8192"),
        ("torch_dtype", "\"bfloat16\""),
        ("tie_word_embeddings", "false"),
    ];
    let fields =
        usual.iter().filter(|(name, _)| !without.contains(name)).map(|(name, value)| format!("\"{name}\": {value}"));
    let config = format!("{{\"model_type\": \"{model_type}\", {}{more}}}", fields.collect::<Vec<_>>().join(", "));
    hf_config::read(config.as_bytes(), "").map(|read| read.model).map_err(|error| error.to_string())
}

#[test]
fn lists_of_equal_numbers_are_numbers_and_zero_is_none() {
    let plain = changed("llama", &[], "").unwrap();
    let list = format!(", \"intermediate_size\": [{}]", ["14336"; 32].join(", "));
    assert_eq!(changed("llama", &["intermediate_size"], &list).unwrap(), plain);
    assert_eq!(changed("llama", &[], ", \"head_dim\": 0, \"sliding_window\": 0").unwrap(), plain);
    let differing = changed("llama", &["intermediate_size"], ", \"intermediate_size\": [1, 2]").unwrap_err();
    assert!(differing.contains("it is a list of 2"), "{differing}");
    let experts = ", \"num_local_experts\": 8, \"moe_intermediate_size\": 512, \"moe_topk\": [2, 2, 2]";
    assert_eq!(changed("brand_new", &[], experts).unwrap().moe.unwrap().top_k, 2);
}

#[test]
fn a_missing_feed_forward_size_is_the_class_default_or_an_error() {
    let model = changed("llama", &["intermediate_size"], "").unwrap();
    assert_eq!(model.mlp.intermediate, 11_008);
    let error = changed("internlm2", &["intermediate_size"], "").unwrap_err();
    assert!(error.contains("intermediate_size") && error.contains("missing"), "{error}");
}

#[test]
fn a_size_of_dense_blocks_beside_that_of_experts_is_not_the_experts() {
    let config = r#"{"model_type": "minimax_m3_vl", "hidden_size": 1024, "num_hidden_layers": 4,
        "num_attention_heads": 16, "num_key_value_heads": 4, "head_dim": 64, "vocab_size": 32000,
        "max_position_embeddings": 8192, "torch_dtype": "bfloat16", "tie_word_embeddings": false,
        "dense_intermediate_size": 8192, "intermediate_size": 512, "num_local_experts": 16, "num_experts_per_tok": 2,
        "moe_layer_freq": [0, 1, 1, 1]}"#;
    let model = hf_config::read(config.as_bytes(), "").unwrap().model;
    assert_eq!((model.moe.unwrap().intermediate, model.mlp.intermediate), (512, 8192));
    assert_eq!((model.parameters() as f64 / 1e7).round(), 18.0);
}

#[test]
fn layers_without_attention_have_no_kv_cache() {
    let types = |kinds: &[&str]| {
        let kinds: Vec<String> = kinds.iter().map(|kind| format!("\"{kind}\"")).collect();
        format!("[{}]", kinds.join(", "))
    };
    let hybrid = types(&[&["mamba"; 28][..], &["attention"; 4]].concat());
    let mamba = ", \"mamba_n_heads\": 128, \"mamba_d_head\": 64, \"mamba_d_state\": 128, \"mamba_d_conv\": 4, \
                 \"mamba_n_groups\": 1";
    let bytes = |model: ModelRef| {
        let deployment = Deployment { model, ..Deployment::default() };
        estimate(&deployment).unwrap().kv_cache.bytes_per_token
    };
    for more in [
        format!(", \"layer_types\": {hybrid}{mamba}"),
        format!(", \"layer_types\": {}", types(&[&["conv"; 28][..], &["full_attention"; 4]].concat())),
        ", \"attn_layer_indices\": [3, 11, 19, 27]".to_string(),
        ", \"attn_layer_period\": 8, \"attn_layer_offset\": 4".to_string(),
    ] {
        let model = changed("brand_new", &[], &more).unwrap();
        // 4 layers, keys and values of 8 heads of 128 elements, two bytes each.
        assert_eq!((model.attention_layers.len(), bytes(model)), (4, 16_384.0), "{more}");
    }
    let recurrent = changed("granitemoehybrid", &[], &format!(", \"layer_types\": {hybrid}{mamba}")).unwrap();
    assert_eq!(recurrent.recurrence.unwrap().layers.len(), 28);
    let every = types(&["sliding_attention"; 32]);
    assert_eq!(changed("llama", &[], &format!(", \"layer_types\": {every}")).unwrap().attention_layers.len(), 32);
    // Nemotron-H as transformers 5 saves it.
    let kinds = types(&["linear_attention", "moe", "full_attention", "mlp"]);
    let nemotron = format!(
        ", \"layers_block_type\": {kinds}, \"mamba_num_heads\": 128, \"num_local_experts\": 8, \
         \"num_experts_per_tok\": 2, \"moe_intermediate_size\": 512"
    );
    let model = changed("nemotron_h", &["num_hidden_layers"], &nemotron).unwrap();
    let sets = [model.attention_layers, model.recurrence.unwrap().layers, model.moe.unwrap().layers, model.mlp.layers];
    assert_eq!(sets.map(|set| set.iter().collect::<Vec<u32>>()), [[2], [0], [1], [3]]);
}

#[test]
fn an_activation_without_a_gate_goes_before_a_guess() {
    for activation in ["relu2", "xielu"] {
        let model = changed("brand_new", &[], &format!(", \"hidden_act\": \"{activation}\"")).unwrap();
        assert!(!model.mlp.gated, "{activation}");
    }
    assert!(changed("brand_new", &[], ", \"hidden_act\": \"silu\"").unwrap().mlp.gated);
}

#[test]
fn the_whole_models_flag_of_tied_embeddings_goes_before_the_text_models() {
    let config = |root: &str, text: &str| {
        let inner = llama(text).replace("\"model_type\": \"llama\"", "\"model_type\": \"qwen3\"");
        let config = format!("{{\"model_type\": \"brand_new_vl\"{root}, \"text_config\": {inner}}}");
        hf_config::read(config.as_bytes(), "").unwrap().model.tied_embeddings
    };
    let (tied, untied) = (", \"tie_word_embeddings\": true", ", \"tie_word_embeddings\": false");
    assert!(config(tied, untied) && config(tied, "") && config("", tied));
    assert!(!config(untied, tied) && !config("", untied));
}

#[test]
fn the_files_tensors_are_compared_with_the_model() {
    let config = |intermediate: u64| {
        format!(
            "{{\"model_type\": \"qwen3\", \"hidden_size\": 4096, \"num_hidden_layers\": 36, \"head_dim\": 128, \
             \"num_attention_heads\": 32, \"num_key_value_heads\": 8, \"intermediate_size\": {intermediate}, \
             \"vocab_size\": 151936, \"max_position_embeddings\": 40960, \"torch_dtype\": \"bfloat16\", \
             \"tie_word_embeddings\": false}}"
        )
    };
    let tensors = header(&QWEN3_8B.tensors(bf16));
    let read = |intermediate: u64| {
        let config = config(intermediate);
        together(&[("config.json", config.as_bytes()), ("model.safetensors", &tensors)]).unwrap().report().clone()
    };
    // Qwen3-8B has 8,190,735,360 parameters of two bytes.
    let same = read(12_288);
    let item = same.read.iter().find(|item| item.field == "model.safetensors").unwrap();
    assert_eq!(item.value, "16.38 GB");
    assert!(item.note.contains("16.38 GB"), "{}", item.note);
    assert!(same.assumed.iter().all(|item| item.field != "model.safetensors"), "{:?}", same.assumed);
    // Another feed-forward block: the block and the bytes differ.
    let other = read(6144);
    let differing: Vec<&str> =
        other.assumed.iter().filter(|item| item.field == "model.safetensors").map(|item| item.value.as_str()).collect();
    assert_eq!(differing, ["feed-forward block: 5,435.8 M values", "16.38 GB"]);
    // A model that is named beside them is compared too.
    let shard = model_file::read(&tensors, "model-00001-of-00002.safetensors").unwrap();
    let named = |name: &str| shard.compared_with(&ModelRef::from(find(name).unwrap()));
    assert!(named("Qwen/Qwen3-8B").is_ok());
    let error = named("Qwen/Qwen3-0.6B").unwrap_err().to_string();
    assert!(error.contains("Qwen/Qwen3-0.6B describes 28 layers") && error.contains("tensors of 36"), "{error}");
    // An index has only the sum.
    let index =
        r#"{"metadata": {"total_size": 32762941440}, "weight_map": {"model.layers.35.mlp.up_proj.weight": "a"}}"#;
    let config = config(12_288);
    let twice = together(&[("config.json", config.as_bytes()), ("model.safetensors.index.json", index.as_bytes())]);
    let report = twice.unwrap().report().clone();
    let item = report.assumed.iter().find(|item| item.field == "model.safetensors.index.json").unwrap();
    assert!(item.note.contains("100.0 % less") && item.note.contains("an index does not say"), "{}", item.note);
}

#[test]
fn a_path_that_names_a_quantized_version_asks_for_its_quantization() {
    let config = families().find(|(name, ..)| name == "Qwen/Qwen3-235B-A22B").unwrap().1;
    let read = hf_config::read(config.as_bytes(), "models/Qwen3-235B-A22B-NVFP4/config.json").unwrap();
    let note = read.report.assumed.iter().find(|item| item.field == "quantization_config").unwrap();
    assert!(note.note.contains("path names Qwen3-235B-A22B-NVFP4") && note.note.contains("hf_quant_config.json"));
    assert!(read.model.checkpoint.precisions.is_unquantized());
}

#[test]
fn a_quantization_of_modules_that_the_model_lacks_is_refused() {
    let config = r#"{"quant_method": "compressed-tensors", "config_groups": {"group_0": {"targets": ["re:.*colour.*"],
        "weights": {"num_bits": 8, "type": "float", "strategy": "channel"}}}}"#;
    let error = hf_config::read(quantized("llama", 14_336, config).as_bytes(), "").unwrap_err();
    assert!(error.field == "quantization_config" && error.message.contains("no linear layer"), "{error}");
}
