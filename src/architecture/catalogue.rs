//! The catalogue of known models, one row each in `models.csv`.
//!
//! A row holds the dimensions of Hugging Face's configuration. The features that all models of a
//! family share are in [`Family::conventions`]. The column `features` holds the model's own
//! features: words such as `tied`, and pairs such as `moe=8/2/14336` (experts, experts per token,
//! columns of an expert).
//!
//! The page's program contains only the row of [`DEFAULT_MODEL`]; it loads the others as a file,
//! see [`provide`].

use super::recipe::Recipe;
use super::{Architecture, Dtype, Family};
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

/// Parses a row of `models.csv`; `None` if it is malformed, which a test rules out.
fn model(row: &'static str) -> Option<Architecture> {
    let source = match row.rsplit(',').next()? {
        "config" => explanation_text("the repository's config.json"),
        "card" => explanation_text("the dimensions that the model's authors publish"),
        "mlc" => explanation_text("the model's preset in mlc-ai/mlc-llm"),
        _ => return None,
    };
    let aliases = row.split(',').nth(1)?.split_whitespace().map(str::to_string).collect();
    Some(Architecture { aliases, source: source.to_string(), ..recipe(row)?.build() })
}

/// Parses the dimensions and features in a row.
fn recipe(row: &'static str) -> Option<Recipe> {
    let mut columns = row.split(',');
    let mut column = || columns.next();
    let name = column()?;
    column()?;
    let family = Family::from_model_type(column()?)?;
    let layers: u32 = column()?.parse().ok()?;
    let (hidden, heads): (u64, u64) = (column()?.parse().ok()?, column()?.parse().ok()?);
    let mut optional = || match column()? {
        "" => Some(None),
        text => text.parse::<u64>().ok().map(Some),
    };
    let (kv_heads, head_dim, intermediate) = (optional()?, optional()?, optional()?.unwrap_or(0));
    let vocab = column()?.parse().ok()?;
    let dtype = match column()? {
        "f16" => Dtype::Float16,
        "bf16" => Dtype::Bfloat16,
        "f32" => Dtype::Float32,
        _ => return None,
    };
    let max_position_embeddings = column()?.parse().ok()?;
    let mut recipe = Recipe {
        name: name.into(),
        family,
        layers,
        hidden,
        heads,
        kv_heads,
        head_dim,
        intermediate,
        vocab,
        dtype,
        max_position_embeddings,
        ..Recipe::default()
    };
    for word in column()?.split(' ').filter(|word| !word.is_empty()) {
        recipe.word(word)?;
    }
    Some(recipe)
}

/// The recipe of a catalogue model, to be edited; a Llama's if the catalogue has no such model.
pub fn recipe_of(model: &str) -> Recipe {
    let mut rows = CATALOGUE.rows().lines();
    rows.find(|row| row.split(',').next() == Some(model)).and_then(recipe).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn every_row_is_parsed() {
        let rows: Vec<&str> = CATALOGUE.rows().lines().skip(1).collect();
        let malformed: Vec<&&str> = rows.iter().filter(|row| model(row).is_none()).collect();
        assert!(malformed.is_empty(), "{malformed:?}");
        assert!(rows.len() >= 150);
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
