//! Every model of the catalogue against published parameter counts.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use trtllm_memory::architecture::{Architecture, find, models};

/// A row of `fixtures/parameters.csv`.
///
/// The columns are the model, its exact count, the source of the count, the count on the
/// checkpoint's page, and the tensors that only the page counts.
struct Row<'a> {
    model: &'a str,
    parameters: u64,
    published: Option<u64>,
    published_less: &'a str,
}

fn rows() -> Vec<Row<'static>> {
    let rows = include_str!("../fixtures/parameters.csv").lines().skip(1).map(|line| {
        let mut columns = line.splitn(5, ',');
        let mut column = || columns.next().unwrap();
        let (model, parameters) = (column(), column().parse().unwrap());
        let (_source, published) = (column(), column().parse().ok());
        Row { model, parameters, published, published_less: column() }
    });
    rows.collect()
}

#[test]
fn each_models_tensors_add_up_to_its_exact_count() {
    let wrong: Vec<String> = rows()
        .iter()
        .filter_map(|row| {
            let counted = find(row.model).map(Architecture::parameters);
            (counted != Some(row.parameters)).then(|| format!("{}: {counted:?}, not {}", row.model, row.parameters))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_model_of_the_catalogue_has_a_published_count() {
    let rows = rows();
    let unchecked: Vec<&str> = models()
        .iter()
        .filter(|model| model.checkpoint.base.is_none())
        .map(|model| model.name.as_str())
        .filter(|name| rows.iter().all(|row| row.model != *name))
        .collect();
    assert!(unchecked.is_empty(), "{unchecked:?}");
}

/// A quantized version has the parameters of its model, whose count is published.
#[test]
fn each_quantized_version_has_the_count_of_its_model() {
    let rows = rows();
    let mut checked = 0;
    for version in models() {
        let Some(base) = version.checkpoint.base.as_deref() else { continue };
        let published = rows.iter().find(|row| row.model == base);
        assert_eq!(Some(version.parameters()), published.map(|row| row.parameters), "{}", version.name);
        checked += 1;
    }
    assert!(checked > 300, "{checked}");
}

#[test]
fn a_different_published_count_names_the_additional_tensors() {
    for row in rows() {
        let same = row.published.is_none_or(|published| published == row.parameters);
        assert!(same || !row.published_less.is_empty(), "{}", row.model);
    }
}

#[test]
fn the_catalogue_contains_commonly_served_families() {
    for name in [
        "meta-llama/Llama-2-7b-hf",
        "meta-llama/Llama-3.1-405B",
        "meta-llama/Llama-4-Scout-17B-16E-Instruct",
        "mistralai/Mixtral-8x22B-v0.1",
        "Qwen/Qwen3-235B-A22B",
        "google/gemma-3-27b-it",
        "microsoft/phi-4",
        "tiiuae/falcon-180B",
        "EleutherAI/gpt-j-6b",
        "EleutherAI/gpt-neox-20b",
        "bigscience/bloom",
        "facebook/opt-66b",
        "mosaicml/mpt-30b",
        "baichuan-inc/Baichuan2-13B-Chat",
        "THUDM/chatglm3-6b",
        "bigcode/starcoder2-15b",
        "databricks/dbrx-instruct",
        "nvidia/Nemotron-4-340B-Instruct",
        "CohereForAI/c4ai-command-r-plus",
        "openai/gpt-oss-120b",
        "THUDM/glm-4-9b",
        "deepseek-ai/DeepSeek-R1",
        "moonshotai/Kimi-K2-Instruct",
        "google/flan-t5-xl",
        "facebook/bart-large-cnn",
        "openai/whisper-large-v3",
    ] {
        assert!(find(name).is_some(), "{name}");
    }
}

#[test]
fn active_parameters_count_only_the_selected_experts() {
    // DeepSeek publishes 37 B active of 671 B parameters; embedding and head count in full.
    let model = find("deepseek-ai/DeepSeek-V3").unwrap();
    let active = model.active_parameters() as f64 / 1e9;
    assert!((37.0..39.0).contains(&active), "{active}");
    assert_eq!(model.parameters(), 671_026_404_352);
}
