//! The model with given tensors, by their names and shapes.

use super::precision::Found;
use super::stored::Stored;
use super::{Tensor, UnknownModel, layer};
use crate::architecture::{Architecture, Attention, Dtype, Family, ModelRef, Recipe, limits, models, recipe_of};
use crate::import::hf_config::set;
use crate::import::known::{is_stored_so, named_length};
use crate::import::report::ReadReport;
use crate::import::spanned_json::shorten;

/// Suffixes of the embedding table's name in different families.
const EMBEDDINGS: [&str; 5] =
    ["embed_tokens.weight", "wte.weight", "word_embeddings.weight", "embed_in.weight", "tok_embeddings.weight"];
/// Suffixes of the LM head's name.
const LM_HEADS: [&str; 3] = ["lm_head.weight", "embed_out.weight", "output_layer.weight"];
/// Suffixes of fused projections of queries, keys and values.
const FUSED: [&str; 5] =
    ["qkv_proj.weight", "query_key_value.weight", "Wqkv.weight", "c_attn.weight", "attention.wqkv.weight"];

/// The model with these tensors: one of the catalogue, or a custom model if the tensors are those
/// of a Llama-like model. The number of values in the tensors must equal the number of parameters
/// of the model.
///
/// # Errors
/// If the tensors do not determine the model.
pub(super) fn of(
    tensors: &[Tensor],
    stored: &[Stored],
    found: &Found,
    hint: &str,
    report: &mut ReadReport,
) -> Result<ModelRef, UnknownModel> {
    // Each frequency rotates two values.
    let frequencies = tensors.iter().find(|tensor| tensor.name.ends_with("rotary_emb.inv_freq"));
    let rotary_dim = frequencies.and_then(|tensor| tensor.shape.first()?.checked_mul(2));
    let complete = CompleteModel::of(stored, rotary_dim, hint)?;
    let mut assumed = ReadReport::default();
    let recipe = complete.recipe(&mut assumed);
    let alike: Vec<&'static Architecture> =
        models().iter().filter(|model| complete.is_of(model, recipe.as_ref())).collect();
    let own = recipe.filter(|recipe| complete.has_parameters_of(&ModelRef::custom(recipe.clone())));
    // Those that are stored like the file precede the others, of which only the dimensions count.
    let stored_so: Vec<&'static Architecture> =
        alike.iter().copied().filter(|model| is_stored_so(model, &found.stored)).collect();
    if let Some(model) = complete.chosen(&stored_so, hint) {
        report.assume("model", &model.name, note(model, &stored_so, hint));
        return Ok(ModelRef::from(model));
    }
    let mut recipe = match (complete.chosen(&alike, hint), own) {
        (Some(model), _) => {
            report.assume(
                "model",
                &model.name,
                "the catalogue's model with these tensors; the precision is the file's",
            );
            let name = model.name.rsplit('/').next().unwrap_or_default().to_string();
            Recipe { name: name.into(), ..recipe_of(&model.name) }
        }
        (None, Some(recipe)) => {
            report.assumed.append(&mut assumed.assumed);
            recipe
        }
        (None, None) => return Err(complete.unknown()),
    };
    recipe.store(&found.stored);
    Ok(ModelRef::custom(recipe))
}

/// A note on the models that have these tensors, and on the choice among them.
fn note(chosen: &Architecture, alike: &[&Architecture], hint: &str) -> String {
    let others: Vec<&str> = alike.iter().map(|model| model.name.as_str()).filter(|name| *name != chosen.name).collect();
    if others.is_empty() {
        return "the catalogue's model with these tensors".into();
    }
    let why = if named_length(chosen, hint) > 0 {
        "the path of the file names the chosen one"
    } else {
        "the newest was chosen"
    };
    format!(
        "{} {} the same tensors; {why}. The config.json states the model",
        others.join(", "),
        if others.len() == 1 { "has" } else { "have" }
    )
}

/// The tensors of a complete model.
struct CompleteModel<'s, 't> {
    stored: &'s [Stored<'t>],
    embedding: &'s Stored<'t>,
    vocab: u64,
    hidden: u64,
    layers: u32,
    /// The number of values in all tensors.
    elements: u64,
    /// Whether tensors were removed from the header by hand: it has no normalisation.
    is_cut: bool,
    /// The number of values in the LM head.
    lm_head: u64,
    /// The size of a head; `None` if the tensors do not include the frequencies of its rotation.
    rotary_dim: Option<u64>,
}

impl<'s, 't> CompleteModel<'s, 't> {
    /// Checks that the tensors are those of a complete model.
    ///
    /// # Errors
    /// If they are only a part of a model.
    fn of(stored: &'s [Stored<'t>], rotary_dim: Option<u64>, hint: &str) -> Result<Self, UnknownModel> {
        if let Some((shard, count)) = shard(hint) {
            return Err(format!("It is shard {shard} of {count}, so it contains only a part of the model.").into());
        }
        if stored.iter().any(|tensor| tensor.name.contains("lora_A") || tensor.name.contains("lora_B")) {
            return Err("It contains a LoRA adapter, which is added to a model.".into());
        }
        let find = |endings: &[&str]| {
            endings.iter().find_map(|ending| stored.iter().find(|tensor| tensor.name.ends_with(ending)))
        };
        let embedding = find(&EMBEDDINGS)
            .ok_or("It has no embedding table, so it is a part of a model: a later shard, an adapter or a head.")?;
        let &[vocab, hidden] = &embedding.shape[..] else {
            return Err("Its embedding table is not a matrix.".into());
        };
        let mut layers: Vec<u32> = stored.iter().filter_map(|tensor| layer(&tensor.name)).collect();
        layers.sort_unstable();
        layers.dedup();
        if let Some(gap) = (0..).zip(&layers).find(|(expected, layer)| expected != *layer).map(|(expected, _)| expected)
        {
            return Err(
                format!("It has no layer {gap} but later ones, so it contains only a part of the model.").into()
            );
        }
        let Some(layers) = u32::try_from(layers.len()).ok().filter(|count| *count > 0) else {
            return Err("It has no layers, so it contains only a part of the model.".into());
        };
        let is_norm = |tensor: &&Stored| tensor.name.contains("norm") || tensor.name.contains("ln_");
        let mut norms = stored.iter().filter(is_norm).peekable();
        let is_cut = norms.peek().is_none();
        if !is_cut && norms.all(|norm| layer(&norm.name).is_some()) {
            return Err("It has no normalisation after the last layer, so it is the first of several shards.".into());
        }
        Ok(CompleteModel {
            stored,
            embedding,
            vocab,
            hidden,
            layers,
            elements: stored.iter().fold(0, |sum, tensor| sum.saturating_add(tensor.elements())),
            is_cut,
            lm_head: find(&LM_HEADS).map_or(0, Stored::elements),
            rotary_dim,
        })
    }

    fn has(&self, ending: &str) -> bool {
        self.stored.iter().any(|tensor| tensor.name.ends_with(ending))
    }

    fn rows(&self, ending: &str) -> Option<u64> {
        self.stored.iter().find(|tensor| tensor.name.ends_with(ending))?.shape.first().copied()
    }

    /// Whether the tensors have as many values as a model has parameters. They may include a copy
    /// of a tied LM head.
    fn has_parameters_of(&self, model: &Architecture) -> bool {
        let parameters = model.parameters();
        if self.is_cut {
            return self.elements <= parameters;
        }
        let without_head = self.elements.saturating_sub(self.lm_head);
        self.elements == parameters || model.tied_embeddings && without_head == parameters
    }

    fn dtype(&self) -> Dtype {
        match self.embedding.format {
            "F16" => Dtype::Float16,
            "F32" => Dtype::Float32,
            _ => Dtype::Bfloat16,
        }
    }

    /// Whether the tensors may be those of this model of the catalogue.
    fn is_of(&self, model: &Architecture, recipe: Option<&Recipe>) -> bool {
        let size = |model: &Architecture| (model.layers, model.hidden, model.vocab, model.dtype.bytes());
        if size(model) != (self.layers, self.hidden, self.vocab, self.dtype().bytes()) || !self.has_parameters_of(model)
        {
            return false;
        }
        let projections = match model.attention {
            Attention::Grouped { heads, kv_heads, head_dim } if !model.attention_gate => {
                Some((heads * head_dim, kv_heads * head_dim))
            }
            _ => None,
        };
        let rows = self.rows("self_attn.q_proj.weight").zip(self.rows("self_attn.k_proj.weight"));
        if rows.is_some() && projections.is_some() && rows != projections {
            return false;
        }
        // The parameters of a header with removed tensors can't be compared, so its dimensions are.
        let experts = |model: &Architecture| model.moe.map(|moe| (moe.experts, moe.intermediate));
        !self.is_cut
            || recipe.map(Recipe::build).is_some_and(|built| {
                built.attention == model.attention
                    && built.mlp.intermediate == model.mlp.intermediate
                    && experts(&built) == experts(model)
                    && built.tied_embeddings == model.tied_embeddings
            })
    }

    /// The model that a path names, or the newest, which is the last of the catalogue. Models
    /// without vision take precedence over those with vision.
    fn chosen(&self, alike: &[&'static Architecture], hint: &str) -> Option<&'static Architecture> {
        let has_vision = |model: &Architecture| model.name.contains("-VL-");
        let is_base = |model: &Architecture| model.checkpoint.base.is_none();
        alike.iter().copied().max_by_key(|model| (named_length(model, hint), is_base(model), !has_vision(model)))
    }

    /// The error for tensors of an unknown model.
    fn unknown(&self) -> UnknownModel {
        let fused = FUSED.iter().any(|ending| self.has(ending));
        let why = if fused {
            "Its projections are fused, so no tensor determines the number of heads, and"
        } else {
            "Its tensors are not those of a Llama-like model, and"
        };
        format!(
            "{why} no model of the catalogue has {} layers of {} values, {} rows of {} and as many parameters.",
            self.layers,
            self.hidden,
            self.vocab,
            shorten(&self.embedding.name)
        )
        .into()
    }

    /// The dimensions of a Llama-like model; `None` if the tensors are named differently.
    fn recipe(&self, report: &mut ReadReport) -> Option<Recipe> {
        let rows = |ending: &str| self.rows(ending);
        let has = |ending: &str| self.has(ending);
        let within = |value: u64, most: u64| (1..=most).contains(&value).then_some(value);
        let queries = rows("self_attn.q_proj.weight")?;
        let keys = rows("self_attn.k_proj.weight")?;
        let head_dim = rows("self_attn.q_norm.weight").filter(|size| *size < queries).or(self.rotary_dim);
        let head_dim = head_dim.unwrap_or_else(|| {
            let usual = if queries.is_multiple_of(128) && keys.is_multiple_of(128) { 128 } else { 64 };
            report.assume("head_dim", usual, "no tensor determines it");
            usual
        });
        let expert = |tensor: &Stored| tensor.name.split_once(".experts.")?.1.split('.').next()?.parse::<u64>().ok();
        let experts = self.stored.iter().filter_map(expert).max();
        let family = match (has("self_attn.q_norm.weight"), has("self_attn.q_proj.bias"), experts.is_some()) {
            (true, _, true) => Family::Qwen3Moe,
            (true, _, false) => Family::Qwen3,
            (false, true, _) => Family::Qwen2,
            (false, false, true) => Family::Mixtral,
            (false, false, false) => Family::Llama,
        };
        report.assume("model_type", family.label(), "from the tensors' names");
        let heads = within(queries / head_dim.max(1), limits::PART)?;
        let mut recipe = Recipe {
            family,
            layers: within(u64::from(self.layers), limits::LAYERS)? as u32,
            hidden: within(self.hidden, limits::WIDTH)?,
            heads,
            kv_heads: within(keys / head_dim.max(1), limits::PART).filter(|kv| *kv != heads),
            head_dim: within(head_dim, limits::PART).filter(|size| size * heads != self.hidden),
            intermediate: rows("mlp.gate_proj.weight")
                .or_else(|| rows("mlp.up_proj.weight"))
                .unwrap_or(0)
                .min(limits::WIDTH),
            vocab: within(self.vocab, limits::VOCABULARY)?,
            dtype: self.dtype(),
            max_position_embeddings: 4096,
            ..Recipe::default()
        };
        if let Some(experts) = experts.and_then(|last| within(last.saturating_add(1), limits::PART)) {
            let columns = rows(".experts.0.gate_proj.weight")
                .or_else(|| rows(".experts.0.w1.weight"))
                .unwrap_or(0)
                .min(limits::WIDTH);
            let top_k = 8.min(experts);
            report.assume("num_experts_per_tok", top_k, "no tensor determines it; it does not affect the weights");
            set(&mut recipe, "moe", &format!("{experts}/{top_k}/{columns}"));
            recipe.intermediate = 0;
        }
        if !has("lm_head.weight") {
            set(&mut recipe, "tied", "true");
        }
        report.assume("max_position_embeddings", 4096, "no tensor determines it");
        Some(recipe)
    }
}

/// The number of a shard and the number of shards, from a name such as
/// `model-00002-of-00004.safetensors`.
fn shard(path: &str) -> Option<(u64, u64)> {
    let name = path.rsplit(['/', '\\']).next()?;
    let (before, after) = name.rsplit_once("-of-")?;
    let shard = before.rsplit_once('-').map_or(before, |(_, number)| number).parse().ok()?;
    let digits = after.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(after.len());
    let count = after[..digits].parse().ok()?;
    (count > 1).then_some((shard, count))
}

/// The sentence about shards that are missing among files; `None` if none is, or if they are not
/// shards.
pub(super) fn missing_shards(names: &[&str]) -> Option<String> {
    let shards: Vec<(u64, u64)> = names.iter().filter_map(|name| shard(name)).collect();
    let (_, count) = shards.first()?;
    let missing: Vec<u64> =
        (1..=(*count).min(1 << 16)).filter(|at| !shards.iter().any(|(shard, _)| shard == at)).collect();
    let first = missing.first()?;
    Some(format!("Of {count} shards {} are missing, such as shard {first}.", missing.len()))
}

/// Rows and columns of the embedding table.
pub(super) fn embedding(stored: &[Stored]) -> Option<[u64; 2]> {
    let table = EMBEDDINGS.iter().find_map(|ending| stored.iter().find(|tensor| tensor.name.ends_with(ending)))?;
    <[u64; 2]>::try_from(&table.shape[..]).ok()
}
