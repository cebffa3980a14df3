//! The catalogue of known models, one row each in `models.csv`.
//!
//! A row holds the dimensions of Hugging Face's configuration; what its family has in common with all its models is in
//! [`Family::conventions`], and `features` says what sets the model apart: words such as `tied`, and pairs such as
//! `moe=8/2/14336` (experts, experts per token, columns of an expert).

use super::{
    Architecture, Attention, Dtype, Family, Fp4Scope, Indexer, LayerSet, Mlp, Moe, Positions, QkNorm, Recurrence,
    RecurrenceKind, Windows,
};
use std::sync::OnceLock;

/// Every model of the catalogue.
pub fn models() -> &'static [Architecture] {
    static MODELS: OnceLock<Vec<Architecture>> = OnceLock::new();
    MODELS.get_or_init(|| include_str!("models.csv").lines().skip(1).filter_map(model).collect())
}

/// The model with this name: a Hugging Face repository, with or without its organisation, or a short name; upper and
/// lower case are alike. A whole name goes before a short one, and of models that share a short one the first has it.
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

/// The models that `text` may mean, the likeliest first: those whose name or an alias contains each of its words. A name
/// that begins with the text goes first, a shorter one before a longer one.
pub fn suggest(text: &str) -> Vec<&'static Architecture> {
    let text = text.trim().to_ascii_lowercase();
    let words: Vec<&str> =
        text.split(|c: char| !c.is_ascii_alphanumeric() && c != '.').filter(|word| !word.is_empty()).collect();
    let rank = |model: &'static Architecture| {
        let matching = model.names().filter_map(|name| {
            let name = name.to_ascii_lowercase();
            let short = name.rsplit('/').next().unwrap_or(&name);
            words
                .iter()
                .all(|word| name.contains(word))
                .then_some((!(short.starts_with(&text) || name.starts_with(&text)), short.len()))
        });
        let best = matching.min()?;
        Some((best, model))
    };
    // Inserted where they belong: the standard library's sorts are large, and the catalogue is not.
    let mut found: Vec<((bool, usize), &'static Architecture)> = Vec::new();
    for (rank, model) in models().iter().filter_map(rank) {
        found.insert(found.partition_point(|(better, _)| *better <= rank), (rank, model));
    }
    found.into_iter().map(|(_, model)| model).collect()
}

/// A row of `models.csv`; `None` where it can't be read, which a test rules out.
fn model(row: &str) -> Option<Architecture> {
    let mut columns = row.split(',');
    let mut column = || columns.next();
    let (name, aliases, family) = (column()?, column()?, Family::from_model_type(column()?)?);
    let conventions = family.conventions();
    let layers: u32 = column()?.parse().ok()?;
    let (hidden, heads): (u64, u64) = (column()?.parse().ok()?, column()?.parse().ok()?);
    let mut or = |default: u64| match column()? {
        "" => Some(default),
        text => text.parse().ok(),
    };
    let (kv_heads, head_dim, intermediate) = (or(heads)?, or(hidden / heads)?, or(0)?);
    let vocab = column()?.parse().ok()?;
    let dtype = match column()? {
        "f16" => Dtype::Float16,
        "bf16" => Dtype::Bfloat16,
        _ => return None,
    };
    let max_position_embeddings = column()?.parse().ok()?;
    let features = Features(column()?.split(' ').map(|word| word.split_once('=').unwrap_or((word, ""))).collect());
    let source = match column()? {
        "config" => "the repository's config.json",
        "card" => "the dimensions that the model's authors publish",
        "mlc" => "the model's preset in mlc-ai/mlc-llm",
        _ => return None,
    };

    let every_layer = LayerSet::first(layers);
    let pattern = |letter: char| -> LayerSet {
        let letters = features.get("pattern").unwrap_or("").chars().enumerate();
        letters.filter(|(_, found)| *found == letter).map(|(layer, _)| layer as u32).collect()
    };
    let attention = match features.get("mla") {
        Some(dimensions) => {
            let (q_lora_rank, rest) = dimensions.split_once('/')?;
            let [kv_lora_rank, qk_nope_head_dim, qk_rope_head_dim, v_head_dim] = numbers(rest)?;
            let q_lora_rank = q_lora_rank.parse().ok();
            Attention::Latent { heads, q_lora_rank, kv_lora_rank, qk_nope_head_dim, qk_rope_head_dim, v_head_dim }
        }
        None => Attention::Grouped { heads, kv_heads, head_dim },
    };
    let attention_layers = match (features.get("attention"), features.has("pattern")) {
        (Some(layers_that_attend), _) => layer_set(layers_that_attend, layers)?,
        (None, true) => pattern('*'),
        (None, false) => every_layer,
    };
    let recurrence = match (features.get("delta"), features.get("mamba")) {
        (Some(dimensions), _) => {
            Some((RecurrenceKind::GatedDeltaNet, dimensions, every_layer.without(attention_layers)))
        }
        (None, Some(dimensions)) => Some((RecurrenceKind::Mamba2, dimensions, pattern('M'))),
        (None, None) => None,
    };
    let recurrence = match recurrence {
        Some((kind, dimensions, layers)) => {
            let [groups, state, heads, head_dim, convolution] = numbers(dimensions)?;
            Some(Recurrence { kind, layers, groups, state, heads, head_dim, convolution })
        }
        None => None,
    };
    let expert_layers = match features.get("moe_layers") {
        Some(set) => layer_set(set, layers)?,
        None if features.has("pattern") => pattern('E'),
        None => every_layer,
    };
    let moe = match features.get("moe") {
        Some(dimensions) => {
            let [experts, top_k, intermediate] = numbers(dimensions)?;
            Some(Moe {
                experts,
                top_k,
                intermediate,
                shared_intermediate: features.number("shared").unwrap_or(0),
                shared_gate: features.has("shared_gate"),
                router_bias: features.has("router_bias"),
                layers: expert_layers,
            })
        }
        None => None,
    };
    let dense_layers = match (intermediate, features.has("pattern"), &moe) {
        (0, ..) => LayerSet::NONE,
        (_, true, _) => pattern('-'),
        (_, false, Some(moe)) => every_layer.without(moe.layers),
        (_, false, None) => every_layer,
    };
    let positions = if let Some(rows) = features.number("learned") {
        Positions::Learned { rows }
    } else if features.has("alibi") {
        Positions::Alibi
    } else if features.has("no_positions") {
        Positions::None
    } else {
        let whole_head = match attention {
            Attention::Grouped { head_dim, .. } => head_dim,
            Attention::Latent { qk_rope_head_dim, .. } => qk_rope_head_dim,
        };
        Positions::Rope {
            rotary_dim: features.number("rotary").unwrap_or(whole_head),
            tables: features.number("tables").unwrap_or(1) as u32,
        }
    };
    let windows = match features.get("window") {
        Some(window) => {
            let (tokens, layers_with_it) = window.split_once(':').unwrap_or((window, "0-"));
            Some(Windows { tokens: tokens.parse().ok()?, layers: layer_set(layers_with_it, layers)? })
        }
        None => None,
    };
    let indexer = match features.get("indexer") {
        Some(indexer) => {
            let (dimensions, layers_with_it) = indexer.split_once(':').unwrap_or((indexer, "0-"));
            let [heads, head_dim] = numbers(dimensions)?;
            Some(Indexer { heads, head_dim, layers: layer_set(layers_with_it, layers)? })
        }
        None => None,
    };
    let fp4_scope = match features.get("fp4") {
        Some("mlp_and_output") => Fp4Scope::MlpAndOutput,
        Some("experts") => Fp4Scope::Experts,
        Some(_) => return None,
        None => Fp4Scope::Everything,
    };
    let qk_norm = match features.get("qk_norm") {
        Some("head") => QkNorm::Head,
        Some("full") => QkNorm::Full,
        Some(_) => return None,
        None => conventions.qk_norm,
    };
    Some(Architecture {
        name: name.to_string(),
        aliases: aliases.split_whitespace().map(str::to_string).collect(),
        family,
        layers,
        hidden,
        vocab,
        tied_embeddings: features.has("tied"),
        dtype,
        max_position_embeddings,
        rope_scaling_factor: features.number("scaling").or(features.number("yarn")).map(|factor| factor as f64),
        yarn: features.has("yarn"),
        positions,
        attention,
        attention_layers,
        windows,
        qkv_bias: conventions.qkv_bias || features.has("qkv_bias"),
        dense_bias: conventions.dense_bias,
        qk_norm,
        attention_gate: features.has("gate"),
        attention_sinks: features.has("sinks"),
        indexer,
        mtp_layers: features.number("mtp").unwrap_or(0) as u32,
        fp4_scope,
        recurrence,
        mlp: Mlp { intermediate, gated: conventions.gated, bias: conventions.mlp_bias, layers: dense_layers },
        moe,
        norm: conventions.norm,
        norms_per_layer: features.number("norms").map_or(conventions.norms_per_layer, |norms| norms as u32),
        embedding_norm: features.has("embedding_norm"),
        lm_head_bias: conventions.lm_head_bias,
        parallel_attention_mlp: conventions.parallel_attention_mlp,
        source: source.to_string(),
    })
}

/// What sets a model apart: words, and pairs joined by `=`.
struct Features<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Features<'a> {
    fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    fn get(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.get(name)?.parse().ok()
    }
}

/// `N` whole numbers between slashes.
fn numbers<const N: usize>(text: &str) -> Option<[u64; N]> {
    let numbers: Vec<u64> = text.split('/').map(|number| number.parse().ok()).collect::<Option<_>>()?;
    numbers.try_into().ok()
}

/// The layers that `text` names, of `layers`: `3-` from the fourth on, `0-1` the first two, `1/2` those whose index leaves 1 when
/// divided by 2, `!` all others, `+` both.
fn layer_set(text: &str, layers: u32) -> Option<LayerSet> {
    if let Some(others) = text.strip_prefix('!') {
        return Some(LayerSet::first(layers).without(layer_set(others, layers)?));
    }
    let mut union = LayerSet::NONE;
    for part in text.split('+') {
        let set = if let Some((remainder, period)) = part.split_once('/') {
            LayerSet::every(period.parse().ok()?, remainder.parse().ok()?, 0..layers)
        } else {
            let (first, last) = part.split_once('-')?;
            let end = if last.is_empty() { layers } else { last.parse::<u32>().ok()?.checked_add(1)? };
            LayerSet::range(first.parse().ok()?..end.min(layers))
        };
        union = union.iter().chain(set.iter()).collect();
    }
    Some(union)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn every_row_is_read() {
        let rows: Vec<&str> = include_str!("models.csv").lines().skip(1).collect();
        let unread: Vec<&&str> = rows.iter().filter(|row| model(row).is_none()).collect();
        assert!(unread.is_empty(), "{unread:?}");
        assert!(rows.len() >= 150);
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
    fn models_are_found_by_name_alias_and_part() {
        assert_eq!(find("META-LLAMA/llama-2-7b-hf").unwrap().layers, 32);
        assert_eq!(find("llama-3.1-8b").unwrap().name, "meta-llama/Llama-3.1-8B");
        assert!(find("meta-llama").is_none());
        assert_eq!(suggest("qwen3-32")[0].name, "Qwen/Qwen3-32B");
        assert_eq!(suggest("llama 70b 3.3")[0].name, "meta-llama/Llama-3.3-70B-Instruct");
        assert!(suggest("no such model").is_empty());
    }

    #[test]
    fn layers_are_told_apart() {
        assert_eq!(layer_set("3-", 61), Some(LayerSet::range(3..61)));
        assert_eq!(layer_set("!5/6", 12), Some(LayerSet::range(0..5).iter().chain(6..11).collect()));
        assert_eq!(layer_set("0-1+2/4", 10), Some([0, 1, 2, 6].into_iter().collect()));
        assert_eq!(layer_set("x", 10), None);
        let hybrid = find("nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16").unwrap();
        assert_eq!(hybrid.attention_layers.len(), 6);
        assert_eq!(hybrid.recurrence.unwrap().layers.len() + hybrid.moe.unwrap().layers.len() + 6, 52);
    }
}
