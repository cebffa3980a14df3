//! The default configuration of each model type of transformers, counted by transformers itself
//! (`fixtures/count_defaults.py`).
#![cfg(not(target_arch = "wasm32"))]

use serde_json::{Map, Value, json};
use trtllm_memory::import::hf_config;

/// A row of `fixtures/transformers-defaults.csv` with a count.
struct Row {
    model_type: String,
    kind: String,
    parameters: u64,
    tied: bool,
    text_model_type: String,
    dimensions: Map<String, Value>,
}

fn rows() -> Vec<Row> {
    let text = include_str!("../fixtures/transformers-defaults.csv");
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(text.as_bytes());
    let names = reader.headers().unwrap().clone();
    let column = |name: &str| names.iter().position(|known| known == name).unwrap();
    let [model_type, kind, parameters, tied, text_model_type, dimensions] =
        ["model_type", "kind", "text_parameters", "tied", "text_model_type", "essential_dimensions"].map(column);
    let counted = reader.records().filter_map(|record| {
        let record = record.unwrap();
        Some(Row {
            model_type: record[model_type].into(),
            kind: record[kind].into(),
            parameters: record[parameters].parse().ok()?,
            tied: record[tied].parse().unwrap(),
            text_model_type: record[text_model_type].into(),
            dimensions: serde_json::from_str(&record[dimensions]).unwrap(),
        })
    });
    counted.collect()
}

/// Writes out a list that the table abbreviates: `["2xdense","40xsparse"]`, or a period of it.
fn written_out(value: &Value) -> Value {
    let whole = |text: &str| text.parse::<Value>().unwrap_or_else(|_| text.into());
    if let (Some(period), Some(length)) = (value["period"].as_array(), value["of"].as_u64()) {
        return period.iter().cycle().take(length as usize).cloned().collect();
    }
    let Some(items) = value.as_array() else { return value.clone() };
    let repeated = items.iter().flat_map(|item| match item.as_str().and_then(|text| text.split_once('x')) {
        Some((times, one)) if times.parse::<usize>().is_ok() => vec![whole(one); times.parse().unwrap()],
        _ => vec![item.clone()],
    });
    repeated.collect()
}

impl Row {
    /// The `config.json` of the default configuration.
    fn config(&self) -> Value {
        self.with_text(self.dimensions.iter().map(|(key, value)| (key.clone(), written_out(value))).collect())
    }

    /// A `config.json` that leaves dimensions to the class: all of them in a part of a composite
    /// file, and otherwise those that files may leave out.
    fn sparse_config(&self) -> Value {
        let sizes = ["num_hidden_layers", "n_layer", "n_layers", "hidden_size", "n_embd", "d_model", "vocab_size"];
        let parts = ["num_attention_heads", "n_head", "n_heads", "num_local_experts", "num_experts"];
        let is_stated = |key: &str| sizes.contains(&key) || parts.contains(&key) || key.contains("shared");
        let stated = self.dimensions.iter().filter(|(key, _)| self.kind != "composite" && is_stated(key));
        self.with_text(stated.map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    fn has_encoder(&self) -> bool {
        self.kind.starts_with("encoder")
    }

    fn with_text(&self, mut text: Map<String, Value>) -> Value {
        if self.kind != "composite" {
            text.insert("model_type".into(), self.model_type.clone().into());
            text.insert("is_encoder_decoder".into(), (self.kind == "encoder-decoder").into());
            return text.into();
        }
        text.insert("model_type".into(), self.text_model_type.clone().into());
        // The whole model's flag counts, which may differ from its part's.
        text.remove("tie_word_embeddings");
        json!({"model_type": self.model_type, "tie_word_embeddings": self.tied, "text_config": text})
    }
}

/// How a configuration was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// With the parameters that transformers counts, up to half a percent.
    Right,
    /// As one of the nearest family, with a word about it.
    Guessed,
    /// Not at all, with a reason.
    Refused,
    /// With other parameters and without a word.
    Wrong,
}

impl Row {
    /// Reads a configuration of this model type.
    fn outcome(&self, config: &Value) -> (Outcome, String) {
        match hf_config::read(config.to_string().as_bytes(), "") {
            Err(error) => (Outcome::Refused, error.to_string()),
            Ok(read) => {
                let difference = read.model.parameters() as f64 / self.parameters as f64 - 1.0;
                let note = read.report.assumed.iter().find(|item| item.field == "model_type");
                let outcome = match note {
                    Some(note) => {
                        assert!(note.note.contains("is unknown"), "{}: {}", self.model_type, note.note);
                        Outcome::Guessed
                    }
                    None if difference.abs() <= 0.005 => Outcome::Right,
                    None => Outcome::Wrong,
                };
                let family = read.model.family.label();
                (outcome, format!("{:+.3} % as {family}", difference * 100.0))
            }
        }
    }
}

/// Model types that are estimated as one of the nearest family, which the report says.
const GUESSED: [&str; 73] = [
    "axk1",
    "axk2",
    "bailing_hybrid",
    "bamba",
    "beam",
    "biogpt",
    "bitnet",
    "blip",
    "cosmos3_edge",
    "cpmant",
    "ctrl",
    "deepseek_v4",
    "diffllama",
    "doge",
    "dory",
    "dots3_note",
    "dots3_note_text",
    "evolla",
    "falcon_h1",
    "flint",
    "gemma3n",
    "gemma3n_text",
    "gemma4",
    "gemma4_text",
    "gemma4_unified",
    "gemma4_unified_assistant",
    "gemma4_unified_text",
    "git",
    "gpt_neox_japanese",
    "granite_swa",
    "granitemoe_swa",
    "granitemoehybrid",
    "hrm_text",
    "hy_v4",
    "hy_v4_vl",
    "idefics",
    "inkling2",
    "inkling2_loop",
    "inkling2_loop_text",
    "inkling2_text",
    "inkling_mm_model",
    "inkling_text",
    "jamba",
    "jetmoe",
    "kimi_linear",
    "kolibri1",
    "kyutai_speech_to_text",
    "laguna",
    "lara_mini",
    "lfm2",
    "lfm2_vl",
    "lfm3",
    "lfm3_vl",
    "longcat_flash",
    "mimo_v2_flash",
    "minimax",
    "minimax_m3_vl",
    "minimax_m3_vl_text",
    "mistral_large4",
    "molmo2",
    "moshi",
    "muse_glimmer",
    "muse_spark",
    "olmo_hybrid",
    "openai-gpt",
    "phi4_multimodal",
    "recurrent_gemma",
    "step3p7",
    "unlimited_ocr",
    "voxtral_realtime",
    "zamba",
    "zamba2",
    "zaya",
];

/// Models that generate text and are refused, with words of the reason.
const REFUSED: [(&str, &str); 16] = [
    ("blt", "num_hidden_layers: The field is missing"),
    ("ernie4_5_vl_moe", "moe_intermediate_size"),
    ("falcon_mamba", "has no layer with attention"),
    ("glm5_next", "head_dim"),
    ("gpt_neo", "num_attention_heads: The field is missing"),
    ("kosmos-2", "num_hidden_layers: The field is missing"),
    ("kosmos-2.5", "num_hidden_layers: The field is missing"),
    ("mamba", "has no layer with attention"),
    ("mamba2", "has no layer with attention"),
    ("modernbert-decoder", "does not generate text"),
    ("pi0", "num_hidden_layers: The field is missing"),
    ("rwkv", "has no layer with attention"),
    ("trocr", "num_hidden_layers: The field is missing"),
    ("xglm", "num_attention_heads: The field is missing"),
    ("xlnet", "does not generate text"),
    ("xlstm", "has no layer with attention"),
];

#[test]
fn default_configurations_have_the_parameters_that_transformers_counts() {
    let (mut right, mut unexpected) = (0, Vec::new());
    for row in rows().iter().filter(|row| !row.has_encoder()) {
        let name = row.model_type.as_str();
        let refused = REFUSED.iter().find(|(known, _)| *known == name);
        let expected = if GUESSED.contains(&name) {
            Outcome::Guessed
        } else if refused.is_some() {
            Outcome::Refused
        } else {
            Outcome::Right
        };
        let (outcome, detail) = row.outcome(&row.config());
        // A list says the worst that may become of its rows.
        if outcome > expected
            || outcome == Outcome::Refused && refused.is_some_and(|(_, words)| !detail.contains(words))
        {
            unexpected.push(format!("{name} is {outcome:?}, expected {expected:?}: {detail}"));
        }
        right += usize::from(outcome == Outcome::Right);
    }
    assert!(unexpected.is_empty(), "{}", unexpected.join("\n"));
    assert!(right >= 155, "{right}");
}

#[test]
fn models_with_an_encoder_are_counted_or_refused_by_name() {
    for row in rows().iter().filter(|row| row.has_encoder()) {
        let (outcome, detail) = row.outcome(&row.config());
        if ["t5", "bart", "whisper"].contains(&row.model_type.as_str()) {
            assert_eq!(outcome, Outcome::Right, "{}: {detail}", row.model_type);
        } else {
            assert_eq!(outcome, Outcome::Refused, "{}: {detail}", row.model_type);
            let named = [row.model_type.as_str(), "is_encoder_decoder"].iter().any(|name| detail.contains(name));
            assert!(named, "{}: {detail}", row.model_type);
        }
    }
}

/// What a file leaves out is what its class says. The part of a composite file may be empty.
#[test]
fn a_sparse_configuration_has_the_dimensions_of_its_class() {
    let rows = rows();
    // A composite class may build its part with other values than the part's own class has.
    let is_of_its_class = |row: &&Row| {
        let class = rows.iter().find(|other| other.model_type == row.text_model_type && other.kind == "decoder");
        class.is_none_or(|class| class.dimensions == row.dimensions)
    };
    let (mut right, mut wrong) = (0, Vec::new());
    for row in rows.iter().filter(|row| !row.has_encoder()).filter(is_of_its_class) {
        if row.outcome(&row.config()).0 != Outcome::Right {
            continue;
        }
        let (outcome, detail) = row.outcome(&row.sparse_config());
        match outcome {
            Outcome::Right => right += 1,
            // Kinds of layers, and sizes that a class derives from others, have no default.
            Outcome::Refused if detail.contains("missing") => {}
            _ => wrong.push(format!("{}: {detail}", row.model_type)),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(right >= 135, "{right}");
}

/// The parts of published files that state only what differs from the class.
#[test]
fn sparse_parts_of_published_files_are_read() {
    let read = |config: Value| hf_config::read(config.to_string().as_bytes(), "").unwrap();
    for (name, text) in [
        ("google/gemma-3-4b-it", json!({"hidden_size": 2560, "intermediate_size": 10240, "num_hidden_layers": 34})),
        (
            "google/gemma-3-12b-it",
            json!({
                "hidden_size": 3840, "intermediate_size": 15360, "num_hidden_layers": 48, "num_attention_heads": 16,
                "num_key_value_heads": 8
            }),
        ),
    ] {
        let mut text = text;
        text["model_type"] = "gemma3_text".into();
        text["sliding_window"] = 1024.into();
        text["rope_scaling"] = json!({"factor": 8.0, "rope_type": "linear"});
        let config = json!({"model_type": "gemma3", "torch_dtype": "bfloat16", "text_config": text});
        let file = read(config);
        assert_eq!(file.model.name, name);
        let assumed = file.report.assumed.iter().find(|item| item.field == "text_config.head_dim").unwrap();
        assert!(assumed.value == "256" && assumed.note.contains("the default of the model's class"), "{assumed:?}");
    }
    // LLaVA 1.5 7B has Llama's dimensions with 64 further tokens.
    let llava = json!({
        "model_type": "llava",
        "text_config": {"model_type": "llama", "max_position_embeddings": 4096, "vocab_size": 32064}
    });
    assert_eq!(read(llava).model.parameters(), 6_738_415_616 + 2 * 64 * 4096);
}

#[test]
fn what_a_file_says_goes_before_its_class() {
    let model = |more: Value| {
        let mut config = json!({
            "model_type": "mistral", "hidden_size": 2048, "num_hidden_layers": 4, "num_attention_heads": 12,
            "vocab_size": 32000, "max_position_embeddings": 32768
        });
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        hf_config::read(config.to_string().as_bytes(), "").unwrap().model
    };
    // Null is an answer; 8 key-value heads, the class's number, do not fit 12 heads.
    assert_eq!(model(json!({})).window(0), Some(4096));
    assert_eq!(model(json!({"sliding_window": null})).window(0), None);
    assert_eq!(model(json!({})).attention.kv_heads(), 12);
    assert_eq!(model(json!({"num_attention_heads": 16})).attention.kv_heads(), 8);
    assert_eq!(model(json!({"intermediate_size": 5632})).mlp.intermediate, 5632);
}
