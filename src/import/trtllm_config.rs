//! The `config.json` of a TensorRT-LLM checkpoint or engine.

use super::foreign;
use super::hf_config::{self, set};
use super::known::{named, with_dimensions};
use super::object_reader::ObjectReader;
use super::quantization;
use super::report::{Item, ReadError, ReadReport};
use super::spanned_json::{self, Node};
use crate::architecture::{Dtype, Family, ModelRef, Recipe, limits};
use crate::deployment::{Backend, Deployment, KvCacheDtype, QuantAlgo, SpeculativeDecodingMode, Version, setting};

/// The contents of such a file.
#[derive(Debug, Clone, PartialEq)]
pub struct TrtConfig {
    /// Whether it is an engine's, so that its build settings can't be changed.
    pub is_engine: bool,
    /// The settings, by their link keys.
    pub settings: Vec<(&'static str, String)>,
    /// The model: one of the catalogue if the dimensions are equal, otherwise a custom model.
    pub model: ModelRef,
    /// The fields that were read, assumed and ignored.
    pub report: ReadReport,
}

impl TrtConfig {
    /// Applies the model and every setting to a deployment, which becomes one of an engine.
    pub fn apply(&self, deployment: &mut Deployment) {
        deployment.model = self.model.clone();
        deployment.backend = Backend::TensorRt;
        deployment.precision.quant_algo = Some(QuantAlgo::None);
        for (key, value) in &self.settings {
            if let Some(field) = setting(key) {
                // The values were validated when they were read.
                let _ = field.read(deployment, value);
            }
        }
    }

    /// The link keys of settings that an engine can't change: those of the build phase.
    pub fn locked(&self) -> Vec<&'static str> {
        use crate::deployment::{Phase, SETTINGS};
        let built = SETTINGS.iter().filter(|field| self.is_engine && field.phase == Phase::Build);
        built.map(|field| field.key).collect()
    }
}

/// Reads the `config.json` of a checkpoint or an engine, of version 0.5 or later.
///
/// # Errors
/// If it is not JSON or no such file, or if a value is impossible.
pub fn read(bytes: &[u8], hint: &str) -> Result<TrtConfig, ReadError> {
    from_node(&spanned_json::parse(hf_config::text(bytes)?)?, hint)
}

/// Whether this is the file of a checkpoint or an engine, and not of a Hugging Face model.
pub(super) fn is_trtllm_config(root: &Node) -> bool {
    root.get("pretrained_config").is_some()
        || root.get("builder_config").is_some()
        || (root.get("architecture").is_some() && root.get("mapping").is_some())
}

struct Reader {
    settings: Vec<(&'static str, String)>,
    report: ReadReport,
    trial: Deployment,
}

impl Reader {
    /// Records a setting, or reports that it can't have the value.
    fn put(&mut self, key: &'static str, value: impl ToString) {
        let value = value.to_string();
        let Some(field) = setting(key) else { return };
        match field.read(&mut self.trial, &value) {
            Ok(()) => self.settings.push((key, value)),
            Err(error) => self.report.ignored.push(Item {
                field: key.into(),
                line: None,
                value: spanned_json::shorten(&value),
                note: format!("{key}: {error}"),
            }),
        }
    }

    fn extend(&mut self, report: ReadReport) {
        self.report.read.extend(report.read);
        self.report.assumed.extend(report.assumed);
        self.report.ignored.extend(report.ignored);
    }
}

pub(super) fn from_node(root: &Node, hint: &str) -> Result<TrtConfig, ReadError> {
    let mut reader = Reader { settings: Vec::new(), report: ReadReport::default(), trial: Deployment::engine() };
    if let Some(Ok(version)) = root.get("version").and_then(Node::text).map(str::parse::<Version>) {
        reader.put("trtllm_version", version);
    }
    let old = root.get("builder_config");
    let pretrained = old.or_else(|| root.get("pretrained_config")).unwrap_or(root);
    if !pretrained.is_object() {
        return Err(ReadError::at(pretrained.line, "pretrained_config", "Must be an object."));
    }
    let mut fields = ObjectReader::new(pretrained, "");
    let model = model(pretrained, &mut fields, &mut reader, hint)?;
    let build = old.or_else(|| root.get("build_config"));
    let is_engine = build.is_some();
    if let Some(build) = build {
        let mut limits = ObjectReader::new(build, "build_config.");
        build_limits(&mut limits, &mut reader)?;
        let plugins = build.get("plugin_config").or_else(|| root.get("plugin_config"));
        if let Some(plugins) = plugins {
            let mut plugins = ObjectReader::new(plugins, "plugin_config.");
            plugin_settings(&mut plugins, &mut reader)?;
            reader.extend(plugins.finish(|_| ""));
        }
        limits.take(&["plugin_config"]);
        // In the old format both readers share one object, so the fields that one ignores may be
        // the other's.
        let report = limits.finish(|_| "");
        reader.extend(if old.is_some() { ReadReport { ignored: Vec::new(), ..report } } else { report });
    }
    let report = fields.finish(|_| "");
    reader.extend(if old.is_some() { ReadReport { ignored: Vec::new(), ..report } } else { report });
    Ok(TrtConfig { is_engine, settings: reader.settings, model, report: reader.report })
}

fn model(root: &Node, fields: &mut ObjectReader, reader: &mut Reader, hint: &str) -> Result<ModelRef, ReadError> {
    let missing = |name: &str| ReadError { field: name.into(), ..ReadError::whole("The field is missing.") };
    let (width, part) = (limits::WIDTH, limits::PART);
    let layers = fields.whole(&["num_hidden_layers", "num_layers"], 1, limits::LAYERS)?;
    let layers = layers.ok_or_else(|| missing("num_hidden_layers"))? as u32;
    let hidden = fields.whole(&["hidden_size"], 1, width)?.ok_or_else(|| missing("hidden_size"))?;
    let heads = fields.whole(&["num_attention_heads", "num_heads"], 1, part)?;
    let heads = heads.ok_or_else(|| missing("num_attention_heads"))?;
    let vocab = fields.whole(&["vocab_size"], 1, limits::VOCABULARY)?.ok_or_else(|| missing("vocab_size"))?;
    let kv_heads = fields.whole(&["num_key_value_heads", "num_kv_heads"], 1, part)?.filter(|kv| *kv != heads);
    let head_dim = fields.whole(&["head_size"], 1, part)?.filter(|size| size.checked_mul(heads) != Some(hidden));
    let intermediate = fields.whole(&["intermediate_size", "mlp_hidden_size", "inter_size"], 1, width)?;
    let positions = fields.whole(&["max_position_embeddings"], 1, limits::POSITIONS)?.unwrap_or(2048);
    let class = fields.text(&["architecture", "name"]).unwrap_or("").to_string();
    let kind = fields.text(&["model_type", "qwen_type", "chatglm_version"]).map(str::to_string);
    let family = kind.as_deref().and_then(Family::from_model_type).or_else(|| family_of(&class));
    if family.is_none()
        && let Some(message) = foreign::encoder(&[kind.as_deref().unwrap_or(""), &class], root)
    {
        return Err(ReadError { field: "architecture".into(), ..ReadError::whole(message) });
    }
    let family = family.unwrap_or_else(|| {
        let note = format!("{} is unknown; this is the nearest family", spanned_json::shorten(&class));
        fields.report.assume("architecture", Family::Llama.label(), note);
        Family::Llama
    });
    let dtype = fields.text(&["dtype", "precision"]).and_then(Dtype::parse);
    let mut recipe = Recipe {
        family,
        layers,
        hidden,
        heads,
        kv_heads,
        head_dim,
        intermediate: intermediate.unwrap_or(4 * hidden).min(width),
        vocab,
        dtype: dtype.unwrap_or_default(),
        max_position_embeddings: positions,
        ..Recipe::default()
    };
    details(fields, &mut recipe)?;
    let model = match named(&with_dimensions(&recipe, false), hint) {
        Some(model) => {
            fields.report.assume("model", &model.name, "the catalogue's model with these dimensions");
            ModelRef::from(model)
        }
        None => ModelRef::custom(recipe),
    };
    reader.trial.model = model.clone();
    if let Some(dtype) = dtype.filter(|dtype| *dtype != model.dtype) {
        reader.put("dtype", dtype);
    }
    if let Some(logits) = fields.text(&["logits_dtype"]) {
        reader.put("logits_dtype", logits);
    }
    ranks(fields, reader)?;
    if let Some(node) = fields.node(&["quantization"]) {
        let found = quantization::read(node, &mut fields.report)?;
        reader.put("quant_algo", found.main());
        reader.put("kv_cache_dtype", found.kv_cache_dtype());
        if !found.is_uniform() {
            let note = "some modules stay in 16 bits or differ; all linear layers are counted as quantized alike";
            fields.report.assume("quantization", found.main(), note);
        }
    } else if let Some(mode) = fields.whole(&["quant_mode"], 0, u64::from(u32::MAX))? {
        old_quantization(mode, reader);
    }
    if let Some(answer) = fields.flag(&["use_parallel_embedding"])? {
        reader.put("use_parallel_embedding", answer);
    }
    if let Some(dimension) = fields.whole(&["embedding_sharding_dim"], 0, 1)? {
        reader.put("embedding_sharding_dim", dimension);
    }
    Ok(model)
}

/// Reads the features that differ from the family's conventions.
fn details(fields: &mut ObjectReader, recipe: &mut Recipe) -> Result<(), ReadError> {
    let conventions = recipe.family.conventions();
    let set_flag =
        |recipe: &mut Recipe, name: &str, value: bool| set(recipe, name, if value { "true" } else { "false" });
    if let Some(bias) = fields.flag(&["attn_bias"])?.filter(|bias| *bias != conventions.qkv_bias) {
        // Qwen's configurations state false here although the models have the bias.
        if bias {
            set_flag(recipe, "qkv_bias", bias);
        }
    }
    if let Some(bias) = fields.flag(&["mlp_bias"])?.filter(|bias| *bias && !conventions.mlp_bias) {
        set_flag(recipe, "mlp_bias", bias);
    }
    if fields.flag(&["qk_layernorm"])? == Some(true) && conventions.qk_norm == Default::default() {
        set(recipe, "qk_norm", "head");
    }
    if fields.flag(&["share_embedding_table", "tie_word_embeddings"])? == Some(true) {
        set_flag(recipe, "tied", true);
    }
    match fields.text(&["position_embedding_type"]) {
        Some("learned_absolute") => set(recipe, "learned", &recipe.max_position_embeddings.to_string()),
        Some("alibi" | "alibi_with_scale") => set_flag(recipe, "alibi", true),
        _ => {}
    }
    if let Some(moe) = fields.node(&["moe"]) {
        let size = |name: &str| moe.get(name).and_then(Node::whole).filter(|n| (1..=limits::PART).contains(n));
        if let (Some(experts), Some(top_k)) = (size("num_experts").filter(|n| *n > 1), size("top_k")) {
            let width = fields.whole(&["moe_inter_size", "moe_intermediate_size"], 1, limits::WIDTH)?;
            let columns = width.unwrap_or(recipe.intermediate);
            set(recipe, "moe", &format!("{experts}/{top_k}/{columns}"));
            let shared = fields.whole(
                &["shared_expert_intermediate_size", "moe_shared_expert_intermediate_size"],
                0,
                limits::WIDTH,
            )?;
            if let Some(shared) = shared.filter(|shared| *shared > 0) {
                set(recipe, "shared", &shared.to_string());
                set_flag(recipe, "shared_gate", recipe.family == Family::Qwen2Moe);
            }
            recipe.intermediate = 0;
        }
    }
    let factor = fields.node(&["rotary_scaling", "rope_scaling"]).and_then(|node| {
        let kind = node.get("rope_type").or_else(|| node.get("type")).and_then(Node::text)?;
        let factor = node.get("factor").and_then(Node::number).filter(|factor| (1.0..=1e6).contains(factor))?;
        matches!(kind, "linear" | "dynamic" | "yarn").then_some((kind, factor))
    });
    if let Some((kind, factor)) = factor {
        let feature = if kind == "yarn" { "yarn" } else { "scaling" };
        set(recipe, feature, &(factor.ceil() as u64).to_string());
    }
    let head_dim = recipe.effective_head_dim();
    let share = fields.positive(&["rotary_pct"])?.map(|share| (share.min(1.0) * head_dim as f64) as u64);
    let rotary = fields.whole(&["rotary_dim", "rotary_embedding_dim"], 0, limits::PART)?.filter(|n| *n > 0).or(share);
    if let Some(rotary) = rotary.filter(|rotary| *rotary > 0 && *rotary < head_dim) {
        set(recipe, "rotary", &rotary.to_string());
    }
    Ok(())
}

fn ranks(fields: &mut ObjectReader, reader: &mut Reader) -> Result<(), ReadError> {
    let mapping = fields.node(&["mapping"]);
    let given = |name: &str| mapping.and_then(|node| node.get(name)).and_then(Node::whole).filter(|size| *size > 0);
    let tp = given("tp_size").or(fields.whole(&["tensor_parallel"], 1, 1024)?);
    let pp = given("pp_size").or(fields.whole(&["pipeline_parallel"], 1, 1024)?);
    reader.put("tp_size", tp.unwrap_or(1));
    reader.put("pp_size", pp.unwrap_or(1));
    if reader.trial.model.moe.is_some() {
        for (name, key) in [("moe_tp_size", "moe_tp_size"), ("moe_ep_size", "moe_ep_size")] {
            if let Some(size) = given(name) {
                reader.put(key, size);
            }
        }
    }
    Ok(())
}

/// Reads `quant_mode` of versions up to 0.8: a sum of flags (`tensorrt_llm/quantization/mode.py`).
fn old_quantization(mode: u64, reader: &mut Reader) {
    let has = |bit: u64| mode & (1 << bit) != 0;
    let algo = match () {
        () if has(9) => QuantAlgo::Fp8,
        () if has(5) => QuantAlgo::W4A16Awq,
        () if has(2) && has(3) && has(4) => QuantAlgo::W8A8SqPerChannelPerTokenPlugin,
        () if has(2) => QuantAlgo::W8A8SqPerTensorPlugin,
        () if has(0) => QuantAlgo::W4A16,
        () if has(1) => QuantAlgo::W8A16,
        () => QuantAlgo::None,
    };
    reader.put("quant_algo", algo);
    reader.put(
        "kv_cache_dtype",
        if has(7) {
            KvCacheDtype::Fp8
        } else if has(6) {
            KvCacheDtype::Int8
        } else {
            KvCacheDtype::Auto
        },
    );
}

fn build_limits(fields: &mut ObjectReader, reader: &mut Reader) -> Result<(), ReadError> {
    const MOST: u64 = 1 << 32;
    for key in ["max_batch_size", "max_num_tokens", "max_input_len", "max_beam_width"] {
        if let Some(value) = fields.whole(&[key], 1, MOST)? {
            reader.put(key, value);
        }
    }
    let output = fields.whole(&["max_output_len"], 1, MOST)?;
    let length = match (fields.whole(&["max_seq_len"], 1, MOST)?, output, reader.trial.engine.max_input_len) {
        (Some(length), ..) => Some(length),
        // Versions before 0.11 have the lengths of input and output.
        (None, Some(output), Some(input)) => Some(input.saturating_add(output)),
        _ => None,
    };
    if let Some(length) = length {
        reader.put("max_seq_len", length);
    }
    if let Some(rows) = fields.whole(&["max_prompt_embedding_table_size"], 0, MOST)? {
        reader.put("max_prompt_embedding_table_size", rows);
    }
    for key in ["gather_context_logits", "gather_generation_logits"] {
        if let Some(answer) = fields.flag(&[key])? {
            reader.put(key, answer);
        }
    }
    if let Some(kind) = fields.text(&["kv_cache_type"]) {
        reader.put("kv_cache_type", kind.to_ascii_lowercase());
    }
    // A member of an IntFlag, which begins with 1 for none.
    if let Some(mode) = fields.whole(&["speculative_decoding_mode"], 0, MOST)? {
        let modes = SpeculativeDecodingMode::ALL.iter().enumerate();
        let found = modes.filter(|(bit, _)| mode == 1 << bit).map(|(_, mode)| *mode).next();
        reader.put("speculative_decoding_mode", found.unwrap_or(SpeculativeDecodingMode::None));
    }
    if let Some(tokens) = fields.whole(&["max_draft_len"], 0, MOST)?.filter(|tokens| *tokens > 0) {
        reader.put("max_draft_len", tokens);
    }
    if let Some(lora) = fields.node(&["lora_config"]) {
        let modules: Vec<&str> =
            lora.get("lora_target_modules").map(Node::items).unwrap_or(&[]).iter().filter_map(Node::text).collect();
        if let (Some(rank), false) = (lora.get("max_lora_rank").and_then(Node::whole), modules.is_empty()) {
            reader.put("max_lora_rank", rank);
            reader.put("lora_target_modules", modules.join(","));
        }
    }
    Ok(())
}

fn plugin_settings(fields: &mut ObjectReader, reader: &mut Reader) -> Result<(), ReadError> {
    if let Some(tokens) = fields.whole(&["tokens_per_block"], 1, 1 << 20)? {
        reader.put("tokens_per_block", tokens);
    }
    for key in [
        "remove_input_padding",
        "use_paged_context_fmha",
        "use_fp8_context_fmha",
        "use_fused_mlp",
        "multiple_profiles",
        "streamingllm",
    ] {
        if let Some(answer) = fields.flag(&[key])? {
            reader.put(key, answer);
        }
    }
    // In the first versions a name such as ContextFMHAType.enabled, or 0 for off.
    if let Some(node) = fields.node(&["context_fmha"]) {
        let off = node.bool() == Some(false) || node.whole() == Some(0);
        reader.put("context_fmha", !off);
    }
    let gemm = fields.node(&["gemm_plugin"]).is_some_and(|node| node.bool() != Some(false));
    reader.put("gemm_plugin", gemm);
    if fields.flag(&["paged_kv_cache"])? == Some(false) {
        reader.put("kv_cache_type", "continuous");
    }
    Ok(())
}

/// The family of a class in `tensorrt_llm/models`, or of a name in versions up to 0.8.
fn family_of(class: &str) -> Option<Family> {
    let class = class.to_ascii_lowercase();
    // The longest family name that the class begins with: Qwen2MoeForCausalLM is not of the family
    // Qwen.
    let plain = |name: &str| name.replace('_', "");
    let known = Family::ALL
        .iter()
        .copied()
        .flat_map(|family| family.model_types().iter().map(move |name| (plain(name), family)));
    let begins = known.filter(|(name, _)| class.starts_with(name.as_str())).max_by_key(|(name, _)| name.len());
    begins.map(|(_, family)| family).or(match class.as_str() {
        name if name.starts_with("gpt") => Some(Family::Gpt2),
        _ => None,
    })
}
