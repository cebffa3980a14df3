//! What transformers' configuration classes set for keys that a file leaves out.

use crate::import::spanned_json::{self, Node, Value};

/// An object per model type, made by `tests/fixtures/count_defaults.py`. One of a model with an
/// encoder of images or audio names the model type of its text.
const CLASSES: &str = include_str!("class-defaults.jsonl");

/// Keys that only a part of a file leaves to its class: the dimensions of every model, and shared
/// experts, which a file that describes experts names if there are any.
const OF_PARTS: [&str; 19] = [
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
    "n_shared_experts",
    "num_shared_experts",
    "moe_num_shared_experts",
    "shared_intermediate_size",
    "shared_expert_intermediate_size",
    "moe_shared_expert_intermediate_size",
    "share_expert_dim",
];

/// The model type of the text of a model that also reads images or audio.
pub(super) fn text_type(model_type: &str) -> Option<String> {
    find(model_type)?.get("text").and_then(Node::text).map(str::to_string)
}

/// The defaults of the class of `model_type`, for a whole file or for a part of one.
pub(super) fn of(model_type: &str, is_part: bool) -> Option<Node<'static>> {
    let class = find(text_type(model_type).as_deref().unwrap_or(model_type))?;
    let Node { line, value: Value::Object(mut members) } = class else { return None };
    members.retain(|(key, _)| key != "model_type" && (is_part || !OF_PARTS.contains(&key.as_ref())));
    Some(Node { line, value: Value::Object(members) })
}

fn find(model_type: &str) -> Option<Node<'static>> {
    let start = format!("{{\"model_type\": \"{model_type}\",");
    let line = CLASSES.lines().find(|line| line.starts_with(&start))?;
    spanned_json::parse(line).ok()
}
