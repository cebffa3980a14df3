//! The features of a model: biases, latent and windowed attention, experts, recurrent layers,
//! positions.

use super::set;
use crate::architecture::{Family, LayerSet, Recipe, layer_text, limits};
use crate::import::object_reader::ObjectReader;
use crate::import::report::ReadError;
use crate::import::spanned_json::Node;

/// Reads all features into `recipe`.
pub(super) fn read(fields: &mut ObjectReader, recipe: &mut Recipe) -> Result<(), ReadError> {
    biases(fields, recipe)?;
    norms(fields, recipe)?;
    latent(fields, recipe)?;
    let hybrid = recurrent(fields, recipe)?;
    if hybrid != Some("pattern") {
        attention_layers(fields, recipe)?;
    }
    windows(fields, recipe)?;
    experts(fields, recipe)?;
    let further = ["num_mtp_modules", "num_nextn_predict_layers", "mtp_num_hidden_layers"];
    if let Some(layers) = fields.whole(&further, 0, limits::LAYERS)?.filter(|layers| *layers > 0) {
        set(recipe, "mtp", &layers.to_string());
    }
    rotary(fields, recipe)
}

fn set_flag(recipe: &mut Recipe, name: &str, value: bool) {
    set(recipe, name, if value { "true" } else { "false" });
}

fn biases(fields: &mut ObjectReader, recipe: &mut Recipe) -> Result<(), ReadError> {
    let conventions = recipe.family.conventions();
    let attention = fields.flag(&["attention_bias"])?;
    let qkv = fields.flag(&["qkv_bias", "add_qkv_bias", "use_qkv_bias"])?;
    let all = match recipe.family {
        Family::InternLm => fields.flag(&["bias"])?,
        _ => None,
    };
    if let Some(qkv) = qkv.or(attention).or(all).filter(|qkv| *qkv != conventions.qkv_bias) {
        set_flag(recipe, "qkv_bias", qkv);
        if attention.or(all) == Some(qkv) && conventions.dense_bias != qkv {
            set_flag(recipe, "dense_bias", qkv);
        }
    } else if attention == Some(false) && conventions.dense_bias {
        set_flag(recipe, "dense_bias", false);
    }
    for (key, feature, convention) in
        [("mlp_bias", "mlp_bias", conventions.mlp_bias), ("lm_head_bias", "lm_head_bias", conventions.lm_head_bias)]
    {
        if let Some(answer) = fields.flag(&[key])?.filter(|answer| *answer != convention) {
            set_flag(recipe, feature, answer);
        }
    }
    // Activations that no gated block has.
    let activation = fields.text(&["hidden_act", "mlp_hidden_act", "hidden_activation", "activation_function"]);
    if matches!(activation, Some("relu2" | "xielu" | "relu_squared" | "squared_relu")) && conventions.gated {
        set_flag(recipe, "gated", false);
    }
    let parallel = fields.flag(&["use_parallel_residual", "parallel_attn"])?;
    if let Some(parallel) = parallel.filter(|parallel| *parallel != conventions.parallel_attention_mlp) {
        set_flag(recipe, "parallel", parallel);
    }
    Ok(())
}

fn norms(fields: &mut ObjectReader, recipe: &mut Recipe) -> Result<(), ReadError> {
    match recipe.family {
        Family::Falcon if fields.flag(&["new_decoder_architecture"])? != Some(true) => set(recipe, "norms", "1"),
        Family::Bloom => set_flag(recipe, "embedding_norm", true),
        _ => {}
    }
    let normed = fields.flag(&["use_qk_norm", "qk_layernorm", "qk_layer_norm"])?;
    match (normed, recipe.family) {
        (Some(true), Family::Cohere) => set(recipe, "qk_norm", "full"),
        // The norm of Llama 4 has no parameters.
        (_, Family::Llama4) => {}
        (Some(true), family) if family.conventions().qk_norm == Default::default() => set(recipe, "qk_norm", "head"),
        _ => {}
    }
    if fields.text(&["qk_norm_type"]) == Some("per_head") {
        set(recipe, "qk_norm", "head");
    }
    let gate = fields.flag(&["attn_output_gate", "attention_output_gate", "mla_use_output_gate"])?;
    if gate.unwrap_or(matches!(recipe.family, Family::Qwen35 | Family::AfMoe)) {
        set_flag(recipe, "gate", true);
    }
    let sinks = fields.flag(&["add_full_attention_sink_bias", "add_swa_attention_sink_bias"])?;
    if sinks.unwrap_or(false) || recipe.family == Family::GptOss {
        set_flag(recipe, "sinks", true);
    }
    Ok(())
}

fn latent(fields: &mut ObjectReader, recipe: &mut Recipe) -> Result<(), ReadError> {
    let part = limits::PART;
    let Some(kv_lora) = fields.whole_or_none(&["kv_lora_rank"], part)? else { return Ok(()) };
    let size = |fields: &mut ObjectReader, name: &str| -> Result<u64, ReadError> {
        fields.whole(&[name], 1, part)?.ok_or_else(|| ReadError {
            field: name.into(),
            ..ReadError::whole("The field is missing, although kv_lora_rank indicates latent attention.")
        })
    };
    let query = fields.whole_or_none(&["q_lora_rank"], part)?.map_or_else(|| "-".into(), |rank| rank.to_string());
    let (nope, rope) = (size(fields, "qk_nope_head_dim")?, size(fields, "qk_rope_head_dim")?);
    let value = size(fields, "v_head_dim")?;
    set(recipe, "mla", &format!("{query}/{kv_lora}/{nope}/{rope}/{value}"));
    (recipe.kv_heads, recipe.head_dim) = (None, None);
    if let Some(heads) = fields.whole(&["index_n_heads"], 1, part)? {
        let head_dim = fields.whole(&["index_head_dim"], 1, part)?.unwrap_or(128);
        let every = LayerSet::first(recipe.layers);
        let layers = match fields.node(&["indexer_types"]) {
            Some(types) => layers_named(types, &["full"], recipe.layers),
            None => every,
        };
        let layers = if layers == every { String::new() } else { format!(":{}", layer_text(layers, recipe.layers)) };
        set(recipe, "indexer", &format!("{heads}/{head_dim}{layers}"));
    }
    Ok(())
}

/// The layers that have one of `names` in a list.
fn layers_named(list: &Node, names: &[&str], layers: u32) -> LayerSet {
    let items = list.items().iter().take(layers as usize).enumerate();
    items.filter(|(_, item)| item.text().is_some_and(|name| names.contains(&name))).map(|(at, _)| at as u32).collect()
}

/// The layers that have 1 or `true` in a list.
fn layers_flagged(list: &Node, layers: u32) -> LayerSet {
    let items = list.items().iter().take(layers as usize).enumerate();
    items.filter(|(_, item)| item.whole() == Some(1) || item.bool() == Some(true)).map(|(at, _)| at as u32).collect()
}

/// A letter for each layer; `None` if the file does not state the kinds of the layers.
pub(super) fn pattern(fields: &mut ObjectReader) -> Result<Option<String>, ReadError> {
    if let Some(pattern) = fields.text(&["hybrid_override_pattern"]) {
        return Ok(Some(pattern.to_string()));
    }
    let Some(kinds) = fields.node(&["layers_block_type"]) else { return Ok(None) };
    let letters = kinds.items().iter().map(|kind| match kind.text() {
        Some("mamba" | "linear_attention") => 'M',
        Some("moe") => 'E',
        Some("mlp") => '-',
        _ => '*',
    });
    let pattern: String = letters.collect();
    // With only these kinds each layer has a feed-forward block too, which a pattern can't express.
    Ok(Some(pattern).filter(|pattern| pattern.contains(['E', '-'])))
}

/// Reads recurrent layers. Returns the feature that determines them.
fn recurrent(fields: &mut ObjectReader, recipe: &mut Recipe) -> Result<Option<&'static str>, ReadError> {
    let part = limits::PART;
    if let Some(groups) = fields.whole(&["linear_num_key_heads"], 1, part)? {
        let mut size = |name: &str, usual: u64| fields.whole(&[name], 1, part).map(|size| size.unwrap_or(usual));
        let key = size("linear_key_head_dim", 128)?;
        let (heads, value) = (size("linear_num_value_heads", 2 * groups)?, size("linear_value_head_dim", 128)?);
        let convolution = size("linear_conv_kernel_dim", 4)?;
        set(recipe, "delta", &format!("{groups}/{key}/{heads}/{value}/{convolution}"));
        return Ok(Some("delta"));
    }
    if let Some(linear) = fields.node(&["linear_attn_config"]) {
        let size = |name: &str, usual: u64| {
            linear.get(name).and_then(Node::whole).filter(|n| (1..=part).contains(n)).unwrap_or(usual)
        };
        let (heads, head_dim) = (size("num_heads", recipe.heads), size("head_dim", 128));
        let convolution = size("short_conv_kernel_size", 4);
        set(recipe, "delta", &format!("{heads}/{head_dim}/{heads}/{head_dim}/{convolution}"));
        // The file counts layers from 1.
        let full = linear.get("full_attn_layers").map(Node::items).unwrap_or(&[]).iter().filter_map(Node::whole);
        let full =
            full.filter_map(|layer| u32::try_from(layer.checked_sub(1)?).ok()).filter(|layer| *layer < recipe.layers);
        set(recipe, "attention", &layer_text(full.collect(), recipe.layers));
        fields.report.assume("linear_attn_config", "gated delta net", "the nearest kind that is modelled");
        return Ok(Some("delta"));
    }
    let names = ["mamba_num_heads", "mamba_n_heads"];
    let Some(heads) = fields.whole_or_none(&names, part)? else { return Ok(None) };
    let mut size = |names: &[&str], usual: u64| fields.whole(names, 1, part).map(|size| size.unwrap_or(usual));
    let (groups, state) = (size(&["n_groups", "mamba_n_groups"], 8)?, size(&["ssm_state_size", "mamba_d_state"], 128)?);
    let head_dim = size(&["mamba_head_dim", "mamba_d_head"], 64)?;
    let convolution = size(&["conv_kernel", "mamba_d_conv"], 4)?;
    set(recipe, "mamba", &format!("{groups}/{state}/{heads}/{head_dim}/{convolution}"));
    if fields.text(&["mamba_ssm_cache_dtype"]).is_some_and(|dtype| dtype.ends_with("float32")) {
        set(recipe, "wide_state", "true");
    }
    if recipe.family != Family::NemotronH {
        // Each layer has a feed-forward block beside attention or recurrence.
        return Ok(Some("mamba"));
    }
    if let Some(pattern) = pattern(fields)? {
        recipe.set("pattern", &pattern).map_err(|error| ReadError {
            field: "hybrid_override_pattern".into(),
            ..ReadError::whole(format!("It {error}."))
        })?;
        if !pattern.contains('-') {
            recipe.intermediate = 0;
        }
    }
    set_flag(recipe, "no_positions", true);
    Ok(Some("pattern"))
}

/// Reads the layers with attention, in models in which some have none: those have no KV cache.
fn attention_layers(fields: &mut ObjectReader, recipe: &mut Recipe) -> Result<(), ReadError> {
    if recipe.feature("attention").is_some() {
        return Ok(());
    }
    let layers = recipe.layers;
    let kinds = fields.node(&["layer_types", "layers_block_type"]);
    let is_recurrent = recipe.feature("delta").is_some();
    let interval = fields.whole(&["full_attention_interval"], 1, limits::LAYERS)?;
    let indices = fields.node(&["attn_layer_indices"]);
    let period = fields.whole(&["attn_layer_period"], 1, limits::LAYERS)?;
    let offset = fields.whole(&["attn_layer_offset"], 0, limits::LAYERS)?.unwrap_or(0);
    let attending = match (kinds, indices, period) {
        (Some(kinds), ..) => kinds
            .items()
            .iter()
            .take(layers as usize)
            .enumerate()
            .filter(|(_, kind)| kind.text().is_none_or(attends))
            .map(|(layer, _)| layer as u32)
            .collect(),
        (None, Some(indices), _) => {
            let given = indices.items().iter().filter_map(Node::whole);
            given.filter_map(|layer| u32::try_from(layer).ok()).filter(|layer| *layer < layers).collect()
        }
        (None, None, Some(period)) => LayerSet::every(period as u32, offset as u32, 0..layers),
        (None, None, None) if is_recurrent => {
            let interval = interval.unwrap_or(4) as u32;
            LayerSet::every(interval, interval - 1, 0..layers)
        }
        (None, None, None) => return Ok(()),
    };
    let without = LayerSet::first(layers).without(attending);
    if without.is_empty() && !is_recurrent {
        return Ok(());
    }
    set(recipe, "attention", &layer_text(attending, layers));
    if !is_recurrent && recipe.feature("mamba").is_none() {
        let note = "layers without attention have no KV cache; the weights and states of what replaces it are left out";
        fields.report.assume("layer_types", without.len(), note);
    }
    Ok(())
}

/// Whether layers of this kind have attention: all kinds but linear attention, whose name says so
/// too.
fn attends(kind: &str) -> bool {
    kind.contains("attention") && kind != "linear_attention" || matches!(kind, "hybrid" | "attn" | "global" | "local")
}

fn windows(fields: &mut ObjectReader, recipe: &mut Recipe) -> Result<(), ReadError> {
    let used = fields.flag(&["use_sliding_window"])?;
    let tokens = fields.whole_or_none(&["sliding_window", "sliding_window_size"], limits::POSITIONS)?;
    let first = fields.whole(&["max_window_layers"], 0, 1 << 20)?;
    let types = fields.node(&["layer_types"]);
    let pattern = fields.node(&["sliding_window_pattern", "_sliding_window_pattern"]).and_then(Node::whole);
    let hybrid = fields.node(&["hybrid_layer_pattern"]);
    let Some(tokens) = tokens.filter(|_| used != Some(false)) else { return Ok(()) };
    if tokens >= recipe.max_position_embeddings {
        return Ok(());
    }
    let layers = recipe.layers;
    let every = LayerSet::first(layers);
    let periodic =
        |period: u64| every.without(LayerSet::every(period as u32, period.saturating_sub(1) as u32, 0..layers));
    let set_of_layers = match (types, hybrid, recipe.family) {
        (Some(types), ..) => layers_named(types, &["sliding_attention"], layers),
        (None, Some(hybrid), _) => layers_flagged(hybrid, layers),
        (.., Family::Gemma2 | Family::GptOss) => LayerSet::every(2, 0, 0..layers),
        (.., Family::Gemma3) => periodic(pattern.filter(|period| *period < 256).unwrap_or(6)),
        _ => match (pattern, first.filter(|_| used == Some(true))) {
            (Some(period), _) if period < 256 => periodic(period),
            (_, Some(first)) => LayerSet::range(first.min(u64::from(layers)) as u32..layers),
            _ => every,
        },
    };
    let layers = if set_of_layers == every { String::new() } else { format!(":{}", layer_text(set_of_layers, layers)) };
    if !set_of_layers.is_empty() {
        set(recipe, "window", &format!("{tokens}{layers}"));
    }
    Ok(())
}

fn experts(fields: &mut ObjectReader, recipe: &mut Recipe) -> Result<(), ReadError> {
    let (part, width) = (limits::PART, limits::WIDTH);
    if fields.flag(&["is_moe", "enable_moe_block"])? == Some(false) {
        return Ok(());
    }
    let nested = fields.node(&["ffn_config"]);
    let inner = |name: &str, max: u64| {
        nested.and_then(|node| node.get(name)).and_then(Node::whole).filter(|n| (1..=max).contains(n))
    };
    let experts =
        fields.whole(&["num_local_experts", "n_routed_experts", "num_experts", "moe_num_experts"], 0, part)?;
    let Some(experts) = experts.or_else(|| inner("moe_num_experts", part)).filter(|experts| *experts > 1) else {
        return Ok(());
    };
    let chosen = fields.whole(
        &[
            "num_experts_per_tok",
            "experts_per_token",
            "num_experts_per_token",
            "moe_top_k",
            "top_k_experts",
            "moe_topk",
            "moe_k",
        ],
        1,
        part,
    )?;
    fields.take(&["experts_per_token"]);
    let top_k = chosen.or_else(|| inner("moe_top_k", part)).unwrap_or_else(|| {
        fields.report.assume("num_experts_per_tok", 2, "not in the file");
        2
    });
    let own = fields
        .whole_or_none(&["moe_intermediate_size", "expert_ffn_hidden_size"], width)?
        .or_else(|| inner("ffn_hidden_size", width));
    // If the experts have a separate size, intermediate_size is that of the dense layers. If these
    // have a field of their own, it is the experts'.
    let size = match own {
        Some(size) => size,
        None => fields.whole_or_none(&["intermediate_size"], width)?.unwrap_or(recipe.intermediate),
    };
    let latent = fields.whole(&["moe_latent_size", "routed_expert_hidden_size"], 1, recipe.hidden)?;
    let counted = latent.map_or(size, |latent| (size * latent / recipe.hidden).max(1));
    if let Some(latent) = latent {
        let note =
            format!("experts process {latent} of {} values, which is modelled by narrower experts", recipe.hidden);
        fields.report.assume("moe_intermediate_size", counted, note);
    }
    set(recipe, "moe", &format!("{experts}/{top_k}/{counted}"));
    let shared = fields.whole(
        &[
            "shared_expert_intermediate_size",
            "moe_shared_expert_intermediate_size",
            "shared_intermediate_size",
            "share_expert_dim",
        ],
        0,
        width,
    )?;
    let count = fields.whole(&["n_shared_experts", "num_shared_experts", "moe_num_shared_experts"], 0, part)?;
    let shared = shared
        .or(count.map(|count| count.saturating_mul(size)))
        .unwrap_or(if recipe.family == Family::Llama4 { size } else { 0 });
    if shared > 0 {
        set(recipe, "shared", &shared.min(width).to_string());
    }
    if shared > 0 && matches!(recipe.family, Family::Qwen2Moe | Family::Qwen35) {
        set_flag(recipe, "shared_gate", true);
    }
    if recipe.family == Family::GptOss {
        set_flag(recipe, "router_bias", true);
    }
    if recipe.feature("pattern").is_some() {
        return Ok(());
    }
    let layers = expert_layers(fields, recipe)?;
    if layers == LayerSet::first(recipe.layers) {
        recipe.intermediate = 0;
    } else {
        set(recipe, "moe_layers", &layer_text(layers, recipe.layers));
    }
    Ok(())
}

/// Key-value heads and intermediate size of a model whose layers differ (Nemotron-NAS): those of
/// the first layer with attention, and the mean.
pub(super) fn blocks(fields: &mut ObjectReader, blocks: &Node, heads: u64, hidden: u64) -> (Option<u64>, Option<u64>) {
    let each = |part: &'static str, name: &'static str| {
        blocks.items().iter().filter_map(move |block| block.get(part)?.get(name)?.number())
    };
    let group = each("attention", "n_heads_in_group").find(|group| *group >= 1.0 && heads as f64 % group == 0.0);
    let kv_heads = group.map(|group| heads / group as u64);
    let count = blocks.items().len().max(1) as f64;
    // Two thirds, rounded up to a multiple of 256, as in every gated block of this family.
    let mean =
        each("ffn", "ffn_mult").map(|times| (times * hidden as f64 * 2.0 / 3.0 / 256.0).ceil() * 256.0).sum::<f64>()
            / count;
    let intermediate = (1.0..=limits::WIDTH as f64).contains(&mean).then_some(mean as u64);
    let note = "the layers differ; each is counted with the mean feed-forward block, and with attention";
    fields.report.assume("block_configs", intermediate.unwrap_or(0), note);
    (kv_heads, intermediate)
}

fn expert_layers(fields: &mut ObjectReader, recipe: &Recipe) -> Result<LayerSet, ReadError> {
    let layers = recipe.layers;
    let most = 1 << 20;
    let types = fields.node(&["mlp_layer_types"]);
    let listed = fields.node(&["moe_layer_freq"]).filter(|node| !node.items().is_empty());
    let dense = fields.whole(&["first_k_dense_replace", "num_dense_layers", "moe_layer_start_index"], 0, most)?;
    let frequency = if listed.is_some() { None } else { fields.whole(&["moe_layer_freq"], 1, most)? };
    let step = fields.whole(&["decoder_sparse_step", "interleave_moe_layer_step"], 0, most)?;
    let only = fields.node(&["mlp_only_layers"]);
    let period = fields.whole(&["expert_layer_period"], 1, most)?;
    let offset = fields.whole(&["expert_layer_offset"], 0, most)?.unwrap_or(0);
    if let Some(types) = types {
        return Ok(layers_named(types, &["sparse", "moe"], layers));
    }
    if let Some(listed) = listed {
        return Ok(layers_flagged(listed, layers));
    }
    let first = dense.unwrap_or(0).min(u64::from(layers)) as u32;
    let mut set = LayerSet::range(first..layers);
    if let Some(period) = frequency.filter(|period| *period > 1) {
        set = set & LayerSet::every(period as u32, 0, 0..layers);
    }
    if let Some(step) = step.filter(|step| *step > 1) {
        set = set & LayerSet::every(step as u32, step as u32 - 1, 0..layers);
    }
    if let Some(period) = period.filter(|period| *period > 1) {
        set = set & LayerSet::every(period as u32, offset as u32, 0..layers);
    }
    let only = only.map(Node::items).unwrap_or(&[]).iter().filter_map(Node::whole);
    let only: LayerSet = only.filter_map(|layer| u32::try_from(layer).ok()).collect();
    Ok(set.without(only))
}

fn rotary(fields: &mut ObjectReader, recipe: &mut Recipe) -> Result<(), ReadError> {
    let scaling = fields.node(&["rope_scaling", "rope_parameters"]);
    let also = fields.node(&["rope_parameters"]);
    // If layers differ, those with full attention count.
    let whole = |node: &Node, key: &str| -> Option<f64> {
        node.get(key).or_else(|| node.get("full_attention").and_then(|full| full.get(key))).and_then(Node::number)
    };
    let kind = scaling.and_then(|node| {
        let node = node.get("full_attention").unwrap_or(node);
        node.get("rope_type").or_else(|| node.get("type")).and_then(Node::text)
    });
    match recipe.family {
        Family::Gpt2 | Family::GptBigCode => {
            let rows = recipe.max_position_embeddings.to_string();
            set(recipe, "learned", &rows);
            return Ok(());
        }
        Family::Opt => {
            // Two rows are reserved for padding.
            let rows = recipe.max_position_embeddings.saturating_add(2).min(limits::POSITIONS).to_string();
            set(recipe, "learned", &rows);
            return Ok(());
        }
        Family::Bloom | Family::Mpt => {
            set_flag(recipe, "alibi", true);
            return Ok(());
        }
        Family::Falcon if fields.flag(&["alibi"])? == Some(true) => {
            set_flag(recipe, "alibi", true);
            return Ok(());
        }
        // Only the code of the 13B models states it.
        Family::Baichuan if recipe.hidden >= 5120 => {
            set_flag(recipe, "alibi", true);
            fields.report.assume("position_embedding", "ALiBi", "as in Baichuan's 13B models");
            return Ok(());
        }
        _ if recipe.feature("no_positions").is_some() => return Ok(()),
        _ => {}
    }
    if matches!(kind, Some("longrope" | "su")) || recipe.family == Family::Gemma3 {
        set(recipe, "tables", "2");
    }
    // No later family with such sections has engines.
    let sections = scaling.is_some_and(|node| node.get("mrope_section").is_some());
    if sections && recipe.family == Family::Qwen2 {
        set_flag(recipe, "mrope", true);
    }
    let factor = scaling.and_then(|node| whole(node, "factor"));
    if let (Some("linear" | "dynamic" | "yarn"), Some(factor)) = (kind, factor)
        && (1.0..=1_048_576.0).contains(&factor)
    {
        if factor.fract() != 0.0 {
            fields.report.assume("rope_scaling.factor", factor.ceil(), "rounded up to a whole number");
        }
        let feature = if kind == Some("yarn") { "yarn" } else { "scaling" };
        set(recipe, feature, &(factor.ceil() as u64).to_string());
    }
    let head_dim = recipe.effective_head_dim();
    let share = fields
        .positive(&["partial_rotary_factor", "rotary_pct", "rope_pct"])?
        .or_else(|| scaling.or(also).and_then(|node| whole(node, "partial_rotary_factor")))
        .or_else(|| also.and_then(|node| whole(node, "partial_rotary_factor")));
    let given = fields.whole(&["rotary_dim"], 1, limits::PART)?;
    let usual = match recipe.family {
        Family::ChatGlm | Family::Glm4Moe => Some(0.5),
        _ => None,
    };
    let rotary = given.or_else(|| share.or(usual).map(|share| (share.min(1.0) * head_dim as f64) as u64));
    if let Some(rotary) = rotary.filter(|rotary| *rotary < head_dim && *rotary > 0 && recipe.feature("mla").is_none()) {
        set(recipe, "rotary", &rotary.to_string());
    }
    Ok(())
}
