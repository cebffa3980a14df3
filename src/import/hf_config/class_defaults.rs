//! What transformers' configuration classes set for keys that a file leaves out.

use crate::import::spanned_json::{self, Node, Value};

/// An object per model type, made by `tests/fixtures/count_defaults.py`. One of a model with an
/// encoder of images or audio names the model type of its text.
const CLASSES: &str = include_str!("class-defaults.jsonl");

/// Keys without which a file is not a model's configuration. A part of a file may leave them out.
const REQUIRED: [&str; 12] = [
    "num_hidden_layers",
    "n_layer",
    "n_layers",
    "num_layers",
    "hidden_size",
    "n_embd",
    "d_model",
    "num_attention_heads",
    "n_head",
    "n_heads",
    "num_heads",
    "vocab_size",
];

/// The model type of the text of a model that also reads images or audio.
pub(super) fn text_type(model_type: &str) -> Option<String> {
    find(model_type)?.get("text").and_then(Node::text).map(str::to_string)
}

/// The defaults of the class of `model_type`. Those of a whole file lack the keys that it must
/// state.
pub(super) fn of(model_type: &str, is_part: bool) -> Option<Node<'static>> {
    let class = find(text_type(model_type).as_deref().unwrap_or(model_type))?;
    let Node { line, value: Value::Object(mut members) } = class else { return None };
    members.retain(|(key, _)| key != "model_type" && (is_part || !REQUIRED.contains(&key.as_ref())));
    Some(Node { line, value: Value::Object(members) })
}

fn find(model_type: &str) -> Option<Node<'static>> {
    let start = format!("{{\"model_type\": \"{model_type}\",");
    let line = CLASSES.lines().find(|line| line.starts_with(&start))?;
    spanned_json::parse(line).ok()
}
