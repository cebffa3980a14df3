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
    tied: Option<bool>,
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
            tied: record[tied].parse().ok(),
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
        let mut text: Map<String, Value> =
            self.dimensions.iter().map(|(key, value)| (key.clone(), written_out(value))).collect();
        text.insert("model_type".into(), self.text_model_type.clone().into());
        if self.kind != "composite" {
            text.insert("model_type".into(), self.model_type.clone().into());
            return text.into();
        }
        let mut root = json!({"model_type": self.model_type});
        if let Some(tied) = self.tied {
            text.remove("tie_word_embeddings");
            root["tie_word_embeddings"] = tied.into();
        }
        root["text_config"] = text.into();
        root
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
    /// Reads the configuration.
    fn outcome(&self) -> (Outcome, String) {
        match hf_config::read(self.config().to_string().as_bytes(), "") {
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

/// Model types that are read without a word and counted differently, with the reason.
const DIFFERENT: &[(&str, &str)] = &[
    ("nemo_speechlm", "the types of its layers are spelt as transformers saves them"),
    ("nemotron_h", "the types of its layers are spelt as transformers saves them"),
    ("nemotron_h_omni", "the types of its layers are spelt as transformers saves them"),
];

#[test]
fn default_configurations_have_the_parameters_that_transformers_counts() {
    let (mut right, mut wrong) = (0, Vec::new());
    for row in rows() {
        let (outcome, detail) = row.outcome();
        println!("{outcome:?} {} {}: {detail}", row.kind, row.model_type);
        match outcome {
            Outcome::Right => right += 1,
            Outcome::Wrong if DIFFERENT.iter().all(|(model_type, _)| *model_type != row.model_type) => {
                wrong.push(format!("{}: {detail}", row.model_type));
            }
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(right >= 101, "{right}");
}
