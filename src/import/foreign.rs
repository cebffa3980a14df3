//! Unsupported files: files without a model that are often found beside one, and models that do not
//! generate text.
//!
//! The error message names the kind of file, and the file to give instead.

use super::spanned_json::Node;

/// Fields with dimensions. Every model's configuration has at least one of them.
const DIMENSIONS: [&str; 14] = [
    "hidden_size",
    "n_embd",
    "n_embed",
    "d_model",
    "num_hidden_layers",
    "n_layer",
    "n_layers",
    "num_layers",
    "text_config",
    "llm_config",
    "language_config",
    "thinker_config",
    "hybrid_override_pattern",
    "layers_block_type",
];

/// Files without dimensions, by combinations of fields that only they have. The first match counts.
const FILES: [(&[&str], &str); 13] = [
    (
        &["peft_type"],
        "This is the adapter_config.json of a LoRA adapter. Give the config.json of its base model; the adapter is \
         described by max_lora_rank and lora_target_modules.",
    ),
    (&["_diffusers_version"], "This is part of a diffusion pipeline, which does not generate text."),
    (&["added_tokens", "model"], "This is a tokenizer.json. Give the config.json beside it."),
    (&["added_tokens_decoder"], "This is a tokenizer_config.json. Give the config.json beside it."),
    (&["chat_template"], "This is a chat template. Give the config.json beside it."),
    (&["image_processor_type"], "This is an image processor's configuration. Give the config.json beside it."),
    (&["feature_extractor_type"], "This is a feature extractor's configuration. Give the config.json beside it."),
    (&["processor_class"], "This is a processor's or a tokenizer's configuration. Give the config.json beside it."),
    (&["tokenizer_class"], "This is a tokenizer_config.json. Give the config.json beside it."),
    (&["bits", "group_size"], "This is the quantize_config.json of GPTQ. Give the config.json beside it."),
    (&["w_bit", "q_group_size"], "This is the quant_config.json of AWQ. Give the config.json beside it."),
    (&["log_history"], "This is the trainer_state.json of a training run. Give the config.json beside it."),
    (&["eos_token_id"], "This is a generation_config.json. Give the config.json beside it."),
];

/// The error message for an unsupported binary file, by its first bytes.
pub(super) fn binary(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"GGUF") {
        Some("This is a GGUF file, which TensorRT-LLM does not load. Give the config.json of the model.")
    } else if bytes.starts_with(b"PK\x03\x04") {
        Some("This is a PyTorch checkpoint or another ZIP archive. Give the config.json beside it.")
    } else {
        None
    }
}

/// The error message for a JSON file without a model.
pub(super) fn file(root: &Node) -> Option<&'static str> {
    let has = |names: &[&str]| names.iter().all(|name| root.get(name).is_some());
    if has(&["dim", "n_layers"]) && !has(&["d_model"]) {
        return Some(
            "This is a params.json without hidden_dim, such as Meta's. Give the config.json of the same model.",
        );
    }
    // An hf_quant_config.json is supported without dimensions.
    if DIMENSIONS.iter().any(|name| root.get(name).is_some()) || has(&["quantization"]) {
        return None;
    }
    FILES.iter().find(|(names, _)| has(names)).map(|(_, message)| *message)
}

/// Parts of the names of models and classes that encode text, images or audio and do not generate
/// text.
const ENCODERS: [&str; 26] = [
    "bert",
    "electra",
    "mpnet",
    "longformer",
    "bigbird",
    "xlnet",
    "roformer",
    "nystromformer",
    "layoutlm",
    "data2vec",
    "clip",
    "siglip",
    "clap",
    "dinov",
    "beit",
    "deit",
    "swin",
    "convnext",
    "resnet",
    "segformer",
    "detr",
    "owlv",
    "wav2vec",
    "wavlm",
    "unispeech",
    "encodec",
];
/// Model types that are compared as whole names.
const ENCODER_TYPES: [&str; 8] = ["vit", "xlm", "xmod", "ernie", "esm", "sam", "align", "luke"];
/// Model types of which no layer has attention.
const WITHOUT_ATTENTION: [&str; 5] = ["mamba", "mamba2", "falcon_mamba", "rwkv", "xlstm"];
/// Suffixes of classes with a head that does not generate text.
const OTHER_HEADS: [&str; 8] = [
    "formaskedlm",
    "forsequenceclassification",
    "fortokenclassification",
    "forquestionanswering",
    "formultiplechoice",
    "forpretraining",
    "forctc",
    "forimageclassification",
];

/// The error message for a configuration of no known family, if its `model_type` or class shows
/// that the model does not generate text.
pub(super) fn encoder(names: &[&str], text: &Node) -> Option<String> {
    let is_encoder = |name: &&&str| {
        let plain = name.to_ascii_lowercase().replace(['-', '_'], "");
        ENCODER_TYPES.contains(&plain.as_str())
            || ENCODERS.iter().any(|part| plain.contains(part))
            || OTHER_HEADS.iter().any(|head| plain.ends_with(head))
    };
    let found = names.iter().find(is_encoder).copied().or_else(|| {
        // Token types: BERT and similar models.
        text.get("type_vocab_size").and_then(|_| names.iter().copied().find(|name| !name.is_empty()))
    })?;
    Some(format!(
        "{} does not generate text, so it has no KV cache and is not estimated.",
        super::spanned_json::shorten(found)
    ))
}

/// The error message for a model whose layers are all recurrent.
pub(super) fn without_attention(model_type: &str) -> Option<String> {
    WITHOUT_ATTENTION
        .contains(&model_type)
        .then(|| format!("{model_type} has no layer with attention, so it has no KV cache and is not estimated."))
}

/// The error message for the configuration of a drafting head. Its dimensions look like those of a
/// small model.
pub(super) fn drafting_head(class: &str, text: &Node) -> Option<&'static str> {
    let class = class.to_ascii_lowercase();
    // Eagle is also the name of a multimodal model, whose class is ForConditionalGeneration.
    if class.contains("eagle") && class.contains("forcausallm") || text.get("draft_vocab_size").is_some() {
        return Some(
            "This is an EAGLE head, which drafts tokens for another model. Give the config.json of that model, and \
             the head as speculative_decoding_mode=eagle or decoding_type=Eagle3.",
        );
    }
    let medusa = class.contains("medusa") || text.get("medusa_num_heads").is_some();
    medusa.then_some(
        "This is a Medusa head, which drafts tokens for another model. Give the config.json of that model, and the \
         head as speculative_decoding_mode=medusa.",
    )
}
