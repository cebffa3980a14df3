//! Files that say nothing of a deployment's model but stand beside those that do, and models that
//! generate no text.
//!
//! Each is named in the refusal, with what to give in its place.

use super::spanned_json::Node;

/// Fields of which every model's configuration has one.
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

/// Files without dimensions, by fields that only they have together. The first that suits counts.
const FILES: [(&[&str], &str); 13] = [
    (
        &["peft_type"],
        "This is the adapter_config.json of a LoRA adapter. Give the config.json of its base model; the adapter is \
         described by max_lora_rank and lora_target_modules.",
    ),
    (&["_diffusers_version"], "This is a part of a diffusion pipeline, which is no text generator."),
    (&["added_tokens", "model"], "This is a tokenizer.json. Give the config.json beside it."),
    (&["added_tokens_decoder"], "This is a tokenizer_config.json. Give the config.json beside it."),
    (&["chat_template"], "This is a chat template. Give the config.json beside it."),
    (&["image_processor_type"], "This is an image processor's configuration. Give the config.json beside it."),
    (&["feature_extractor_type"], "This is a feature extractor's configuration. Give the config.json beside it."),
    (&["processor_class"], "This is a processor's or a tokenizer's configuration. Give the config.json beside it."),
    (&["tokenizer_class"], "This is a tokenizer_config.json. Give the config.json beside it."),
    (&["bits", "group_size"], "This is the quantize_config.json of GPTQ. Give the config.json beside it."),
    (&["w_bit", "q_group_size"], "This is the quant_config.json of AWQ. Give the config.json beside it."),
    (&["log_history"], "This is the trainer_state.json of a training. Give the config.json beside it."),
    (&["eos_token_id"], "This is a generation_config.json. Give the config.json beside it."),
];

/// What a binary file is, if it is none that says a model, by its first bytes.
pub(super) fn binary(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"GGUF") {
        Some("This is a GGUF file, which TensorRT-LLM doesn't load. Give the config.json of the model.")
    } else if bytes.starts_with(b"PK\x03\x04") {
        Some("This is a PyTorch checkpoint or another ZIP archive. Give the config.json beside it.")
    } else {
        None
    }
}

/// What a JSON file is, if it is none that says a model.
pub(super) fn file(root: &Node) -> Option<&'static str> {
    let has = |names: &[&str]| names.iter().all(|name| root.get(name).is_some());
    if has(&["dim", "n_layers"]) && !has(&["d_model"]) {
        return Some(
            "This is a params.json in Mistral's or Meta's own format. Give the config.json of the same model.",
        );
    }
    // The quantization of hf_quant_config.json stands for itself.
    if DIMENSIONS.iter().any(|name| root.get(name).is_some()) || has(&["quantization"]) {
        return None;
    }
    FILES.iter().find(|(names, _)| has(names)).map(|(_, message)| *message)
}

/// Parts of the names of models and classes that read text, images or sound and generate no text.
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
/// Model types that are no parts of longer names.
const ENCODER_TYPES: [&str; 6] = ["vit", "xlm", "esm", "sam", "align", "luke"];
/// Ends of classes with a head that generates no text.
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

/// Why a configuration of no known family isn't a text generator's, by `model_type` and class, if
/// that shows.
pub(super) fn encoder(names: &[&str], text: &Node) -> Option<String> {
    let is_encoder = |name: &&&str| {
        let plain = name.to_ascii_lowercase().replace(['-', '_'], "");
        ENCODER_TYPES.contains(&plain.as_str())
            || ENCODERS.iter().any(|part| plain.contains(part))
            || OTHER_HEADS.iter().any(|head| plain.ends_with(head))
    };
    let found = names.iter().find(is_encoder).copied().or_else(|| {
        // Kinds of tokens: BERT and its relatives.
        text.get("type_vocab_size").and_then(|_| names.iter().copied().find(|name| !name.is_empty()))
    })?;
    Some(format!(
        "{} is no text generator, so it has no KV cache and isn't estimated.",
        super::spanned_json::shorten(found)
    ))
}

/// Why a configuration is that of a drafting head, if it is. Its dimensions look like those of a
/// small model.
pub(super) fn drafting_head(class: &str, text: &Node) -> Option<&'static str> {
    let class = class.to_ascii_lowercase();
    // Eagle is also the name of a multimodal model, which is ForConditionalGeneration.
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
