//! The catalogue of known models, one row each in `models.csv`.
//!
//! A row holds the dimensions of Hugging Face's configuration. The features that all models of a
//! family share are in [`Family::conventions`]. The column `features` holds the model's own
//! features: words such as `tied`, and pairs such as `moe=8/2/14336` (experts, experts per token,
//! columns of an expert). A version of another row's model names it in the column `like` in place
//! of the dimensions; it has its features and those of its own row.
//!
//! The last columns say how the repository stores its weights: `quant_method`, the rules of a
//! [`ModulePrecisions`] (empty for the type in `dtype`), the KV cache that its files ask for (empty
//! if that is not known), and the evidence for the three.
//!
//! The page's program contains only the row of [`DEFAULT_MODEL`]; it loads the others as a file,
//! see [`provide`].

use super::recipe::Recipe;
use super::{
    Architecture, Checkpoint, CheckpointEvidence, Dtype, Family, ModulePrecisions, QuantMethod, StoredKvCache,
};
use crate::catalogue::{Catalogue, catalogue};
use crate::explanation_text::explanation_text;

/// The default model of a deployment.
pub const DEFAULT_MODEL: &str = "meta-llama/Llama-3.1-8B";

static CATALOGUE: Catalogue<Architecture> = catalogue!(include_str!("models.csv"), DEFAULT_MODEL, model);

/// The loaded models of the catalogue.
pub fn models() -> &'static [Architecture] {
    CATALOGUE.all()
}

/// Whether the whole catalogue is loaded, and not only the default model.
pub fn is_whole() -> bool {
    CATALOGUE.is_whole()
}

/// Loads all models of `models.csv` into a program that contains only the default one. Returns
/// whether `file` is a complete `models.csv`.
pub fn provide(file: &'static str) -> bool {
    CATALOGUE.provide(file)
}

/// The model with this name: a Hugging Face repository, with or without its organisation, or a
/// short name. Upper and lower case are equivalent. A full name takes precedence over a short one;
/// of models with the same short name the first is found.
///
/// ```
/// use trtllm_memory::architecture::find;
/// assert_eq!(find("qwen3-32b").unwrap().name, "Qwen/Qwen3-32B");
/// ```
pub fn find(name: &str) -> Option<&'static Architecture> {
    let name = name.trim();
    let whole = |known: &str| known.eq_ignore_ascii_case(name);
    let short = |known: &str| known.rsplit('/').next().is_some_and(|short| short.eq_ignore_ascii_case(name));
    let with = |is_meant: &dyn Fn(&str) -> bool| models().iter().find(|model| model.names().any(is_meant));
    with(&whole).or_else(|| with(&short))
}

/// The versions of a model in the catalogue, which differ in how they are stored: the repository
/// with its dimensions, and its quantized versions.
pub fn versions(model: &Architecture) -> impl Iterator<Item = &'static Architecture> {
    let base = base_of(model).to_string();
    models().iter().filter(move |version| base_of(version) == base)
}

/// The name of the catalogue's model with the dimensions of a repository.
fn base_of(model: &Architecture) -> &str {
    model.checkpoint.base.as_deref().unwrap_or(&model.name)
}

/// The columns of `models.csv`.
const COLUMNS: usize = 19;

/// Parses a row of `models.csv`; `None` if it is malformed, which a test rules out.
fn model(row: &'static str, before: &'static str) -> Option<Architecture> {
    let columns = columns(row)?;
    let [name, aliases, ..] = columns;
    let aliases = aliases.split_whitespace().map(str::to_string).collect();
    let (recipe, source) = described(&columns, before)?;
    let built = recipe.build();
    let checkpoint = checkpoint(&columns, built.layers)?;
    let source = self::source(source)?.to_string();
    Some(Architecture { name: name.to_string(), aliases, checkpoint, source, ..built })
}

fn columns(row: &'static str) -> Option<[&'static str; COLUMNS]> {
    row.split(',').collect::<Vec<&str>>().try_into().ok()
}

/// The source of a row's dimensions.
fn source(word: &str) -> Option<&'static str> {
    match word {
        "config" => Some(explanation_text("the repository's config.json")),
        "card" => Some(explanation_text("the dimensions that the model's authors publish")),
        "mlc" => Some(explanation_text("the model's preset in mlc-ai/mlc-llm")),
        _ => None,
    }
}

/// Parses the columns about the repository's weights.
fn checkpoint(columns: &[&'static str; COLUMNS], layers: u32) -> Option<Checkpoint> {
    let [_, _, like, .., method, stored, kv_cache, evidence] = *columns;
    Some(Checkpoint {
        base: (!like.is_empty()).then(|| like.to_string()),
        method: if method.is_empty() { None } else { Some(method.parse::<QuantMethod>().ok()?) },
        precisions: ModulePrecisions::parse(stored, layers)?,
        kv_cache: if kv_cache.is_empty() { StoredKvCache::Unknown } else { kv_cache.parse().ok()? },
        evidence: match evidence {
            "files" => CheckpointEvidence::Files,
            "card" => CheckpointEvidence::Card,
            "inferred" => CheckpointEvidence::Inferred,
            _ => return None,
        },
    })
}

/// Parses the dimensions and features of a row, and the word for their source. Those of a version
/// are in the row of its base, which is one of `rows`.
fn described(columns: &[&'static str; COLUMNS], rows: &'static str) -> Option<(Recipe, &'static str)> {
    let [_, _, like, .., own_features, source, _, _, _, _] = *columns;
    if like.is_empty() {
        return Some((recipe(columns)?, source));
    }
    let base = self::columns(row_of(like, rows)?)?;
    let (mut recipe, source) = described(&base, "")?;
    features(&mut recipe, own_features)?;
    Some((recipe, source))
}

/// Parses the dimensions and features in a row.
fn recipe(columns: &[&'static str; COLUMNS]) -> Option<Recipe> {
    let [
        name,
        _,
        _,
        family,
        layers,
        hidden,
        heads,
        kv_heads,
        head_dim,
        intermediate,
        vocab,
        dtype,
        positions,
        features,
        ..,
    ] = *columns;
    let optional = |text: &str| if text.is_empty() { Some(None) } else { text.parse::<u64>().ok().map(Some) };
    let mut recipe = Recipe {
        name: name.into(),
        family: Family::from_model_type(family)?,
        layers: layers.parse().ok()?,
        hidden: hidden.parse().ok()?,
        heads: heads.parse().ok()?,
        kv_heads: optional(kv_heads)?,
        head_dim: optional(head_dim)?,
        intermediate: optional(intermediate)?.unwrap_or(0),
        vocab: vocab.parse().ok()?,
        dtype: match dtype {
            "f16" => Dtype::Float16,
            "bf16" => Dtype::Bfloat16,
            "f32" => Dtype::Float32,
            _ => return None,
        },
        max_position_embeddings: positions.parse().ok()?,
        ..Recipe::default()
    };
    self::features(&mut recipe, features)?;
    Some(recipe)
}

/// Adds the features in a row's column.
fn features(recipe: &mut Recipe, words: &'static str) -> Option<()> {
    words.split(' ').filter(|word| !word.is_empty()).try_for_each(|word| recipe.word(word))
}

/// The row of the model with this name, the last one first; `None` if `rows` has no such model.
fn row_of(name: &str, rows: &'static str) -> Option<&'static str> {
    rows.rsplit('\n').find(|row| row.split(',').next() == Some(name))
}

/// The recipe of a catalogue model, to be edited: its dimensions and how its repository stores
/// them. A Llama's if the catalogue has no such model.
pub fn recipe_of(model: &str) -> Recipe {
    let whole = || {
        let rows = CATALOGUE.rows();
        let columns = columns(row_of(model, rows)?)?;
        let (mut recipe, _) = described(&columns, rows)?;
        // The row has the texts of these features already.
        let [.., method, stored, kv_cache, _] = columns;
        let stored_kv = if kv_cache.is_empty() { StoredKvCache::Unknown.name() } else { kv_cache };
        let of_checkpoint = [("stored", stored), ("quant_method", method), ("stored_kv", stored_kv)];
        for (name, value) in of_checkpoint.into_iter().filter(|_| !stored.is_empty()) {
            recipe.set(name, value).ok()?;
        }
        Some(recipe)
    };
    whole().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantization::QuantAlgo;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn every_row_is_parsed() {
        let rows: Vec<&str> = CATALOGUE.rows().lines().skip(1).collect();
        let is_parsed = |row: &&&str| row.split(',').next().and_then(find).is_some();
        let malformed: Vec<&&str> = rows.iter().filter(|row| !is_parsed(row)).collect();
        assert!(malformed.is_empty(), "{malformed:?}");
        assert!(rows.len() >= 320);
    }

    #[test]
    fn a_quantized_version_has_the_dimensions_of_its_base() {
        let (base, quantized) = (find("deepseek-ai/DeepSeek-R1").unwrap(), find("nvidia/DeepSeek-R1-FP4").unwrap());
        assert_eq!(quantized.parameters(), base.parameters());
        assert_eq!(quantized.checkpoint.base.as_deref(), Some("deepseek-ai/DeepSeek-R1"));
        assert_eq!(quantized.checkpoint.precisions.main(), QuantAlgo::Nvfp4);
        assert_eq!(base.checkpoint.label(), "FP8 blocks");
        let versions: Vec<&str> = versions(quantized).map(|version| version.name.as_str()).collect();
        assert_eq!(versions[0], "deepseek-ai/DeepSeek-R1");
        assert!(versions.len() >= 3, "{versions:?}");
    }

    #[test]
    fn the_page_holds_the_row_of_the_default_model() {
        assert_eq!(CATALOGUE.held_by_the_page().as_ref(), find(DEFAULT_MODEL));
    }

    #[test]
    fn every_whole_name_means_one_model() {
        let mut names: Vec<String> =
            models().iter().flat_map(Architecture::names).map(str::to_ascii_lowercase).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn models_are_found_by_name_and_alias() {
        assert_eq!(find("META-LLAMA/llama-2-7b-hf").unwrap().layers, 32);
        assert_eq!(find("llama-3.1-8b").unwrap().name, "meta-llama/Llama-3.1-8B");
        assert!(find("meta-llama").is_none());
    }

    #[test]
    fn the_layers_of_a_hybrid_model_are_distinguished() {
        let hybrid = find("nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16").unwrap();
        assert_eq!(hybrid.attention_layers.len(), 6);
        assert_eq!(hybrid.recurrence.unwrap().layers.len() + hybrid.moe.unwrap().layers.len() + 6, 52);
    }
}
