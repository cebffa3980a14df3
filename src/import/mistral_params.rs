//! The `params.json` of Mistral's own format, translated to the fields of a `config.json`
//! (`tensorrt_llm/_torch/models/checkpoints/mistral/config_loader.py`).

use super::report::ReadError;
use super::spanned_json::{Node, Value, shorten};
use std::borrow::Cow;

/// Positions of a model whose file states none.
const POSITIONS: f64 = 128_000.0;

/// Fields of `params.json`, and the name of each in a `config.json`.
const FIELDS: [(&str, &str); 17] = [
    ("dim", "hidden_size"),
    ("n_layers", "num_hidden_layers"),
    ("n_heads", "num_attention_heads"),
    ("n_kv_heads", "num_key_value_heads"),
    ("hidden_dim", "intermediate_size"),
    ("head_dim", "head_dim"),
    ("vocab_size", "vocab_size"),
    ("tied_embeddings", "tie_word_embeddings"),
    ("q_lora_rank", "q_lora_rank"),
    ("kv_lora_rank", "kv_lora_rank"),
    ("qk_nope_head_dim", "qk_nope_head_dim"),
    ("qk_rope_head_dim", "qk_rope_head_dim"),
    ("v_head_dim", "v_head_dim"),
    ("max_position_embeddings", "max_position_embeddings"),
    ("max_seq_len", "max_seq_len"),
    ("vision_encoder", "vision_config"),
    ("multimodal", "vision_config"),
];

/// Fields of its `moe`.
const EXPERTS: [(&str, &str); 5] = [
    ("num_experts", "n_routed_experts"),
    ("expert_hidden_dim", "moe_intermediate_size"),
    ("num_shared_experts", "n_shared_experts"),
    ("num_experts_per_tok", "num_experts_per_tok"),
    ("first_k_dense_replace", "first_k_dense_replace"),
];

/// Whether a file is a `params.json` with all dimensions. Meta's has none of the feed-forward
/// blocks.
pub(super) fn is_params(root: &Node) -> bool {
    ["dim", "n_layers", "n_heads", "hidden_dim"].iter().all(|name| root.get(name).is_some())
}

/// Returns the fields of the `config.json` with the same meaning.
///
/// # Errors
/// If its quantization is not one that TensorRT-LLM reads.
pub(super) fn translated<'a>(root: &Node<'a>) -> Result<Node<'a>, ReadError> {
    let mut fields: Vec<(Cow<'a, str>, Node<'a>)> = Vec::new();
    let line = root.line;
    let mut put = |name: &'static str, value: Value<'a>, line: u32| {
        fields.push((Cow::Borrowed(name), Node { line, value }));
    };
    for (theirs, ours) in FIELDS {
        if let Some(node) = root.get(theirs).filter(|node| !node.is_null()) {
            put(ours, node.value.clone(), node.line);
        }
    }
    if root.get("max_position_embeddings").is_none() && root.get("max_seq_len").is_none() {
        put("max_position_embeddings", Value::Number(POSITIONS), line);
    }
    if root.get("tied_embeddings").is_none() {
        put("tie_word_embeddings", Value::Bool(false), line);
    }
    let moe = root.get("moe").filter(|moe| moe.is_object());
    for (theirs, ours) in EXPERTS {
        if let Some(node) = moe.and_then(|moe| moe.get(theirs)).filter(|node| !node.is_null()) {
            put(ours, node.value.clone(), node.line);
        }
    }
    if let Some(every) = moe.and_then(|moe| moe.get("route_every_n")).filter(|node| !node.is_null()) {
        put("moe_layer_freq", every.value.clone(), every.line);
    }
    let shared = moe.and_then(|moe| moe.get("num_shared_experts")).and_then(Node::whole).unwrap_or(0);
    let kind = match moe {
        Some(_) if shared > 0 => "deepseek_v3",
        Some(_) => "mixtral",
        None => "mistral",
    };
    put("model_type", Value::Text(kind.into()), line);
    put("torch_dtype", Value::Text("bfloat16".into()), line);
    if let Some(window) = root.get("sliding_window") {
        windows(root, window, &mut put);
    }
    if let Some(yarn) = root.get("yarn").filter(|yarn| yarn.is_object()) {
        let mut scaling: Vec<(Cow<'a, str>, Node<'a>)> = yarn.members().to_vec();
        scaling.push((Cow::Borrowed("type"), Node { line: yarn.line, value: Value::Text("yarn".into()) }));
        put("rope_scaling", Value::Object(scaling), yarn.line);
    }
    if let Some(quantization) = root.get("quantization").filter(|node| node.is_object()) {
        let format = quantization.get("qformat_weight").and_then(Node::text).unwrap_or("not stated");
        if format != "fp8_e4m3" {
            let message = format!("The qformat_weight must be fp8_e4m3; it is {}.", shorten(format));
            return Err(ReadError::at(quantization.line, "quantization", message));
        }
        let method = Node { line: quantization.line, value: Value::Text("fp8".into()) };
        let method = vec![(Cow::Borrowed("quant_method"), method)];
        put("quantization_config", Value::Object(method), quantization.line);
    }
    Ok(Node { line, value: Value::Object(fields) })
}

/// Translates the window of each layer: a number for all, or numbers and nulls that repeat.
fn windows<'a>(root: &Node<'a>, window: &Node<'a>, put: &mut impl FnMut(&'static str, Value<'a>, u32)) {
    let line = window.line;
    let Some(tokens) = window.items().iter().find(|item| !item.is_null()) else {
        if window.items().is_empty() {
            put("sliding_window", window.value.clone(), line);
        }
        return;
    };
    let layers = root.get("n_layers").and_then(Node::whole).unwrap_or(0).min(1 << 10) as usize;
    let kinds = window.items().iter().cycle().take(layers).map(|item| {
        let kind = if item.is_null() { "full_attention" } else { "sliding_attention" };
        Node { line, value: Value::Text(kind.into()) }
    });
    put("layer_types", Value::List(kinds.collect()), line);
    put("sliding_window", tokens.value.clone(), line);
}
