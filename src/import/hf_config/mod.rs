//! A model from its Hugging Face `config.json`.

mod class_defaults;
mod encoder_decoder;
mod parts;

use super::foreign;
use super::known::{stored_as, with_dimensions};
use super::object_reader::ObjectReader;
use super::quantization::{self, Quantization};
use super::report::{ReadError, ReadReport};
use super::spanned_json::{self, Node};
use crate::architecture::{Dtype, Family, ModelRef, Recipe, limits};
use crate::deployment::{Deployment, KvCacheDtype};

/// The largest size of a configuration file, in bytes.
const LONGEST: usize = 16 << 20;

/// The contents of a `config.json`.
#[derive(Debug, Clone, PartialEq)]
pub struct HfConfig {
    /// The model: one of the catalogue if dimensions and precision are equal, otherwise a custom
    /// model. Its checkpoint is stored as the file says.
    pub model: ModelRef,
    /// The type of the KV cache if it is neither the model's own nor FP8.
    pub kv_cache_dtype: Option<KvCacheDtype>,
    /// The fields that were read, assumed and ignored.
    pub report: ReadReport,
}

impl HfConfig {
    /// Applies the model to a deployment, in the precision of its checkpoint.
    pub fn apply(&self, deployment: &mut Deployment) {
        deployment.model = self.model.clone();
        deployment.precision.quant_algo = None;
        deployment.precision.kv_cache_dtype = self.kv_cache_dtype.unwrap_or_default();
    }
}

/// The text of a configuration file.
///
/// # Errors
/// If the file is too large, or not UTF-8.
pub(super) fn text(bytes: &[u8]) -> Result<&str, ReadError> {
    if bytes.len() > LONGEST {
        let message = format!("The file has {} MB, but a config.json has a few KB.", bytes.len() / 1_000_000);
        return Err(ReadError::whole(message));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() as u32 + 1;
        ReadError::at(line, "", format!("The file is not text: byte {} is not UTF-8.", error.valid_up_to()))
    })
}

/// Reads a `config.json`. If several models of the catalogue have its dimensions, its path or
/// repository, `hint`, may name one of them.
///
/// # Errors
/// If it is not JSON or not a model's configuration, or if a dimension is impossible.
///
/// ```
/// use trtllm_memory::import::hf_config;
/// let config = br#"{"model_type": "llama", "hidden_size": 4096, "num_hidden_layers": 32,
///     "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 14336,
///     "vocab_size": 128256, "max_position_embeddings": 131072, "torch_dtype": "bfloat16"}"#;
/// let read = hf_config::read(config, "").unwrap();
/// assert_eq!(read.model.name, "meta-llama/Llama-3.1-8B");
/// ```
pub fn read(bytes: &[u8], hint: &str) -> Result<HfConfig, ReadError> {
    from_node(&spanned_json::parse(text(bytes)?)?, hint, None)
}

/// Reads an `hf_quant_config.json`, which has only types.
///
/// # Errors
/// If it is not JSON, or if it has no quantization.
pub fn read_quantization(bytes: &[u8]) -> Result<(Quantization, ReadReport), ReadError> {
    quantization_of(&spanned_json::parse(text(bytes)?)?)
}

pub(super) fn quantization_of(node: &Node) -> Result<(Quantization, ReadReport), ReadError> {
    let quantization =
        node.get("quantization").ok_or_else(|| ReadError::at(node.line, "quantization", "The field is missing."))?;
    if !quantization.is_object() {
        let message = format!("Must be an object; it is {}.", quantization.shown());
        return Err(ReadError::at(quantization.line, "quantization", message));
    }
    let mut report = ReadReport::default();
    let quantization = quantization::read(quantization, &mut report)?;
    Ok((quantization, report))
}

/// The parts of multimodal configurations that describe the language model, with the prefix of
/// their fields.
const TEXT_PARTS: [(&str, &str); 4] = [
    ("text_config", "text_config."),
    ("llm_config", "llm_config."),
    ("language_config", "language_config."),
    ("thinker_config", "thinker_config."),
];

/// The reason why a field is ignored; empty if it is not known.
fn why(name: &str) -> &'static str {
    match name {
        "vision_config" | "audio_config" | "projector_hidden_act" | "mm_tokens_per_image" => {
            "only the language model is estimated"
        }
        "mtp_layers_block_type" | "mtp_use_dedicated_embeddings" => {
            "multi-token-prediction layers are only loaded for that kind of speculative decoding"
        }
        "attention_chunk_size" => "the KV cache keeps all tokens",
        _ => "",
    }
}

/// Reads a `config.json`. The quantization of an `hf_quant_config.json` beside it, `beside`, takes
/// precedence over its own (`model_config.py` from_pretrained).
pub(super) fn from_node(root: &Node, hint: &str, beside: Option<&Quantization>) -> Result<HfConfig, ReadError> {
    if !root.is_object() {
        return Err(ReadError::at(
            root.line,
            "",
            format!("A config.json must be an object; this is {}.", root.shown()),
        ));
    }
    let part = TEXT_PARTS.iter().find_map(|(key, path)| {
        let node = root.get(key)?;
        let inner = node.get("text_config").filter(|inner| inner.is_object());
        node.is_object().then_some((inner.unwrap_or(node), *path))
    });
    let (text, path) = part.unwrap_or((root, ""));
    let mut fields = ObjectReader::new(text, path);
    let mut whole = ObjectReader::new(root, "");
    for (key, _) in TEXT_PARTS {
        whole.take(&[key]);
    }
    let states_encoder = fields.flag(&["is_encoder_decoder"])?.unwrap_or(false);
    let family = family(&mut fields, &mut whole, text)?;
    let own = [text, root].into_iter().find_map(|node| node.get("model_type").and_then(Node::text));
    let defaults = class_defaults::of(own.unwrap_or_default(), !path.is_empty());
    fields.fall_back_to(defaults.as_ref());
    let is_encoder_decoder = matches!(family, Family::T5 | Family::Bart | Family::Whisper);
    if states_encoder && !is_encoder_decoder {
        let message = "Encoder-decoder models other than T5, BART and Whisper are not supported.";
        return Err(ReadError::at(text.line, "is_encoder_decoder", message));
    }
    let mut recipe = if is_encoder_decoder {
        encoder_decoder::dimensions(&mut fields, family)?
    } else {
        dimensions(&mut fields, family)?
    };
    let named = fields.text(&["dtype", "torch_dtype"]).or_else(|| whole.text(&["dtype", "torch_dtype"]));
    let dtype = named.and_then(|name| Dtype::parse(name.strip_prefix("torch.").unwrap_or(name)));
    recipe.dtype = dtype.unwrap_or(Dtype::Float16);
    if dtype.is_none() {
        fields.report.assume("torch_dtype", "float16", "not in the file; TensorRT-LLM's default");
    }
    // The whole model's flag goes before that of its language model.
    let own = fields.flag(&["tie_word_embeddings"])?;
    let tied = whole.flag(&["tie_word_embeddings"])?.or(own);
    let tied = tied.unwrap_or_else(|| {
        let tied = is_tied(family);
        fields.report.assume("tie_word_embeddings", tied, "the family's default");
        tied
    });
    if tied {
        set(&mut recipe, "tied", "true");
    }
    if !is_encoder_decoder {
        parts::read(&mut fields, &mut recipe)?;
        feed_forward_size(&mut fields, &mut recipe)?;
    }
    let quantized =
        fields.node(&["quantization_config"]).or_else(|| whole.node(&["quantization_config", "quantization"]));
    let own = match (beside, quantized) {
        (None, Some(node)) => quantization::read(node, &mut fields.report)?,
        _ => Quantization::default(),
    };
    let quantization = beside.unwrap_or(&own);
    check(text, &recipe)?;
    let path_or_name = whole.text(&["_name_or_path"]).unwrap_or("");
    let name = path_or_name.rsplit('/').next().unwrap_or("");
    let sound = |letter: char| letter.is_ascii_alphanumeric() || "-._".contains(letter);
    if !name.is_empty() && name.len() <= 96 && name.chars().all(sound) {
        recipe.name = name.to_string().into();
    }
    let stored = quantization.stored(&recipe.build(), &mut fields.report)?;
    let alike = with_dimensions(&recipe, dtype.is_some());
    let hint = format!("{hint} {path_or_name}");
    let model = stored_as(&alike, recipe, &stored, &hint, &mut fields.report);
    let mut report = fields.finish(why);
    if !path.is_empty() {
        let outer = whole.finish(why);
        report.read.extend(outer.read);
        report.assumed.extend(outer.assumed);
        report.ignored.extend(outer.ignored);
    }
    Ok(HfConfig { model, kv_cache_dtype: quantization.kv_cache_dtype, report })
}

/// Sets a feature to a value that was formatted here. Its parts are bounded, so it is always valid.
pub(in crate::import) fn set(recipe: &mut Recipe, name: &str, value: &str) {
    let result = recipe.set(name, value);
    debug_assert!(result.is_ok(), "{name}={value}: {result:?}");
}

/// Checks dimensions that depend on each other.
fn check(text: &Node, recipe: &Recipe) -> Result<(), ReadError> {
    let model = recipe.build();
    let (heads, kv_heads) = (model.attention.heads(), model.attention.kv_heads());
    let error = |names: [&str; 3], message: String| {
        let node = names.iter().find_map(|name| text.get(name)).unwrap_or(text);
        Err(ReadError::at(node.line, names[0], message))
    };
    if !heads.is_multiple_of(kv_heads.max(1)) {
        let message = format!("{heads} attention heads can't share {kv_heads} key-value heads evenly.");
        return error(["num_key_value_heads", "num_kv_heads", "multi_query_group_num"], message);
    }
    if let Some(moe) = model.moe.filter(|moe| moe.top_k > moe.experts) {
        let message = format!("A token can't use {} of {} experts.", moe.top_k, moe.experts);
        return error(["num_experts_per_tok", "moe_top_k", "experts_per_token"], message);
    }
    Ok(())
}

/// Whether the LM head is the embedding table by default, according to the model's class.
fn is_tied(family: Family) -> bool {
    // Models of the last families have code of their own, or a class that the table leaves out.
    let by_class = || class_defaults::of(family.name(), true)?.get("tie_word_embeddings")?.bool();
    by_class().unwrap_or(matches!(family, Family::MiniCpm | Family::T5 | Family::Bart | Family::Whisper))
}

/// The family, or the nearest one.
///
/// # Errors
/// If the file describes a drafting head or a model that does not generate text.
fn family(fields: &mut ObjectReader, whole: &mut ObjectReader, text: &Node) -> Result<Family, ReadError> {
    let outer = whole.text(&["model_type"]);
    let named = fields.text(&["model_type"]).or(outer).unwrap_or("");
    let class = whole.node(&["architectures"]).and_then(|node| node.items().first()).and_then(Node::text).unwrap_or("");
    if let Some(message) = foreign::drafting_head(class, text) {
        return Err(ReadError::at(text.line, "", message));
    }
    let of_text = || class_defaults::text_type(named).as_deref().and_then(Family::from_model_type);
    let known = Family::from_model_type(named).or_else(|| outer.and_then(Family::from_model_type)).or_else(of_text);
    if let Some(family) = known {
        return Ok(family);
    }
    if let Some(message) = foreign::encoder(&[outer.unwrap_or(""), named, class], text) {
        return Err(ReadError::at(text.line, "model_type", message));
    }
    if let Some(message) = foreign::without_attention(named) {
        return Err(ReadError::at(text.line, "model_type", message));
    }
    let has = |names: &[&str]| names.iter().any(|name| text.get(name).is_some_and(|node| !node.is_null()));
    let beginning =
        |name: &str| name.to_ascii_lowercase().chars().take_while(|c| c.is_ascii_alphanumeric()).collect::<String>();
    let stem = |name: &str| beginning(name).trim_end_matches(|c: char| c.is_ascii_digit()).to_string();
    let experts = has(&["num_local_experts", "num_experts", "n_routed_experts"]);
    // Gated blocks have these activations, and no family without gates does.
    let activation = text.get("hidden_act").and_then(Node::text);
    let is_gated = matches!(activation, Some("silu" | "swiglu"));
    let relative = || {
        let start = if named.is_empty() { class } else { named };
        let shared = |family: &Family| {
            let alike = |name: &&str| name.bytes().zip(start.bytes()).take_while(|(a, b)| a == b).count();
            (family.model_types().iter().map(alike).max(), family.name().contains("moe") == experts)
        };
        let start = stem(start);
        let mut related: Vec<Family> =
            Family::ALL.iter().copied().filter(|family| start.len() > 2 && stem(family.name()) == start).collect();
        related.retain(|family| family.conventions().gated || !is_gated);
        related.into_iter().max_by_key(shared)
    };
    let nearest = if has(&["block_configs"]) {
        Family::Llama
    } else if has(&["kv_lora_rank"]) {
        if has(&["index_n_heads"]) { Family::DeepSeekV32 } else { Family::DeepSeekV3 }
    } else if has(&["linear_num_key_heads"]) {
        Family::Qwen35
    } else if has(&["mamba_num_heads"]) {
        Family::NemotronH
    } else if let Some(family) = relative() {
        family
    } else if experts {
        Family::Mixtral
    } else {
        Family::Llama
    };
    let shown = if named.is_empty() { class } else { named };
    fields.report.assume(
        "model_type",
        nearest.label(),
        format!("{} is unknown; the model is estimated as one of the nearest family", spanned_json::shorten(shown)),
    );
    Ok(nearest)
}

/// Reads the dimensions that every model has.
fn dimensions(fields: &mut ObjectReader, family: Family) -> Result<Recipe, ReadError> {
    let missing = |name: &str| ReadError {
        field: name.into(),
        ..ReadError::whole("The field is missing, so this is not the config.json of a model.")
    };
    let layers = match fields.whole(&["num_hidden_layers", "n_layer", "n_layers", "num_layers"], 1, limits::LAYERS)? {
        Some(layers) => layers,
        None => parts::pattern(fields)?
            .map(|pattern| pattern.len() as u64)
            .filter(|layers| (1..=limits::LAYERS).contains(layers))
            .ok_or_else(|| missing("num_hidden_layers"))?,
    };
    let hidden = fields
        .whole(&["hidden_size", "n_embd", "d_model", "n_embed"], 1, limits::WIDTH)?
        .ok_or_else(|| missing("hidden_size"))?;
    let heads = fields
        .whole(&["num_attention_heads", "n_head", "n_heads"], 1, limits::PART)?
        .ok_or_else(|| missing("num_attention_heads"))?;
    let vocab = fields
        .whole(&["vocab_size", "padded_vocab_size"], 1, limits::VOCABULARY)?
        .ok_or_else(|| missing("vocab_size"))?;
    if family == Family::ChatGlm {
        fields.take(&["padded_vocab_size"]);
    }
    let max_position_embeddings = positions(fields)?;
    let head_dim = fields.whole_or_none(&["head_dim", "kv_channels", "attention_head_dim"], limits::PART)?;
    let head_dim = head_dim.filter(|size| size.checked_mul(heads) != Some(hidden));
    let kv_heads = kv_heads(fields, family, heads)?.filter(|kv_heads| *kv_heads != heads);
    let intermediate = fields.whole(
        &[
            "intermediate_size_mlp",
            "dense_intermediate_size",
            "intermediate_size",
            "ffn_hidden_size",
            "n_inner",
            "inner_dim",
            "ffn_dim",
        ],
        1,
        limits::WIDTH,
    )?;
    let blocks = fields.node(&["block_configs"]);
    let (kv_heads, intermediate) = match blocks {
        Some(blocks) => parts::blocks(fields, blocks, heads, hidden),
        None => (kv_heads, intermediate),
    };
    let intermediate = match (intermediate, family) {
        // Qwen 1 states the combined size of gate and up projection.
        (Some(both), Family::Qwen) => both / 2,
        (Some(one), _) => one,
        (
            None,
            Family::Gpt2
            | Family::GptBigCode
            | Family::GptJ
            | Family::GptNeoX
            | Family::Falcon
            | Family::Bloom
            | Family::Mpt,
        ) => {
            let ratio = fields.whole(&["expansion_ratio"], 1, 64)?.unwrap_or(4);
            fields.report.assume("intermediate_size", ratio * hidden, "the family's multiple of hidden_size");
            (ratio * hidden).min(limits::WIDTH)
        }
        (None, _) => 0,
    };
    Ok(Recipe {
        family,
        layers: layers as u32,
        hidden,
        heads,
        kv_heads,
        head_dim,
        intermediate,
        vocab,
        max_position_embeddings,
        ..Recipe::default()
    })
}

/// Sets the size of the feed-forward block if the file does not state it, to that of the model's
/// class in transformers.
///
/// # Errors
/// If the class has none.
fn feed_forward_size(fields: &mut ObjectReader, recipe: &mut Recipe) -> Result<(), ReadError> {
    if recipe.intermediate > 0 || recipe.feature("moe").is_some() || recipe.feature("pattern").is_some() {
        return Ok(());
    }
    let usual = match recipe.family {
        Family::Llama | Family::Olmo | Family::Olmo2 | Family::SmolLm3 => 11_008,
        Family::Mistral | Family::Apertus => 14_336,
        Family::Qwen2 | Family::Qwen3 => 22_016,
        Family::Gemma => 24_576,
        Family::Gemma2 | Family::Gemma3 => 9216,
        Family::Phi | Family::Phi3 => 8192,
        Family::Qwen35 | Family::StarCoder2 => 12_288,
        Family::Exaone4 => 16_384,
        Family::Arcee => 18_432,
        Family::Cohere | Family::Cohere2 => 22_528,
        Family::Nemotron => 24_576,
        Family::SeedOss => 27_648,
        _ => {
            return Err(ReadError {
                field: "intermediate_size".into(),
                ..ReadError::whole("The field is missing, so the size of the feed-forward blocks is not known.")
            });
        }
    };
    fields.report.assume("intermediate_size", usual, "not in the file; the default of the model's class");
    recipe.intermediate = usual;
    Ok(())
}

fn positions(fields: &mut ObjectReader) -> Result<u64, ReadError> {
    const NAMES: [&str; 8] = [
        "max_position_embeddings",
        "n_positions",
        "seq_length",
        "max_seq_len",
        "n_ctx",
        "max_sequence_length",
        "model_max_length",
        "max_seq_length",
    ];
    if let Some(positions) = fields.whole(&NAMES, 1, limits::POSITIONS)? {
        return Ok(positions);
    }
    fields.report.assume("max_position_embeddings", 2048, "not in the file");
    Ok(2048)
}

fn kv_heads(fields: &mut ObjectReader, family: Family, heads: u64) -> Result<Option<u64>, ReadError> {
    const NAMES: [&str; 3] = ["num_key_value_heads", "num_kv_heads", "n_head_kv"];
    match family {
        Family::Falcon => {
            let new = fields.flag(&["new_decoder_architecture"])?.unwrap_or(false);
            let multi_query = fields.flag(&["multi_query"])?.unwrap_or(true);
            let given = fields.whole(&NAMES, 1, limits::PART)?;
            Ok(if new {
                given
            } else if multi_query {
                Some(1)
            } else {
                None
            })
        }
        Family::GptBigCode => Ok(fields.flag(&["multi_query"])?.unwrap_or(true).then_some(1)),
        Family::ChatGlm if fields.flag(&["multi_query_attention"])? == Some(true) => {
            fields.whole(&["multi_query_group_num"], 1, limits::PART)
        }
        Family::Dbrx => {
            let node = fields.node(&["attn_config"]).and_then(|node| node.get("kv_n_heads"));
            Ok(node.and_then(Node::whole).filter(|kv| (1..=heads).contains(kv)))
        }
        // The class's number is for the class's heads.
        _ if fields.default_of(NAMES[0]).is_some_and(|usual| !heads.is_multiple_of(usual.max(1))) => Ok(None),
        _ => fields.whole(&NAMES, 1, limits::PART),
    }
}
