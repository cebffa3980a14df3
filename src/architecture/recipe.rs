//! The description of a model by its family, its dimensions and its features, as catalogue rows,
//! links and configurations state it.

use super::{
    Architecture, Attention, Checkpoint, CheckpointEvidence, Dtype, Encoder, Family, Fp4Scope, Indexer, LayerSet, Mlp,
    ModulePrecisions, Moe, Norm, Positions, QkNorm, QuantMethod, Recurrence, RecurrenceKind, StoredKvCache, Windows,
};
use crate::explanation_text::explanation_text;
use std::borrow::Cow;

/// The largest sizes of a custom model. They lie far above those of every known model, and keep
/// every product of three sizes within 64 bits.
pub mod limits {
    /// Layers; also the limit of a [`LayerSet`](super::LayerSet).
    pub const LAYERS: u64 = super::LayerSet::LIMIT as u64;
    /// `hidden_size` and `intermediate_size`.
    pub const WIDTH: u64 = 1 << 20;
    /// Heads, experts, ranks of compressed projections, sizes of a head.
    pub const PART: u64 = 1 << 14;
    /// `vocab_size`.
    pub const VOCABULARY: u64 = 1 << 24;
    /// Positions, and tokens of a window.
    pub const POSITIONS: u64 = 1 << 32;
}

/// The description of a model: its family, its dimensions, and features such as `moe=8/2/14336`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe {
    /// The name given by the user.
    pub name: Cow<'static, str>,
    /// The family. Its conventions apply unless a feature overrides them.
    pub family: Family,
    /// `num_hidden_layers`.
    pub layers: u32,
    /// `hidden_size`.
    pub hidden: u64,
    /// `num_attention_heads`.
    pub heads: u64,
    /// `num_key_value_heads`; equal to `heads` if unset.
    pub kv_heads: Option<u64>,
    /// `head_dim`; `hidden / heads` if unset.
    pub head_dim: Option<u64>,
    /// `intermediate_size` of the dense blocks; 0 if every layer has experts.
    pub intermediate: u64,
    /// `vocab_size`.
    pub vocab: u64,
    /// `torch_dtype`.
    pub dtype: Dtype,
    /// `max_position_embeddings`.
    pub max_position_embeddings: u64,
    /// Features that differ from the family's conventions; see [`Recipe::set`].
    pub features: Features,
}

/// Features and their values. Each feature occurs once; their order does not matter.
#[derive(Debug, Clone, Default, Eq)]
pub struct Features(Vec<(&'static str, Cow<'static, str>)>);

impl PartialEq for Features {
    fn eq(&self, other: &Features) -> bool {
        self.0.len() == other.0.len() && self.0.iter().all(|feature| other.0.contains(feature))
    }
}

/// The dimensions of Llama 2 7B, as a starting point.
impl Default for Recipe {
    fn default() -> Recipe {
        Recipe {
            name: Cow::Borrowed("custom"),
            family: Family::Llama,
            layers: 32,
            hidden: 4096,
            heads: 32,
            kv_heads: None,
            head_dim: None,
            intermediate: 11_008,
            vocab: 32_000,
            dtype: Dtype::Bfloat16,
            max_position_embeddings: 4096,
            features: Features::default(),
        }
    }
}

/// A feature that does not exist, or a value that a feature can't have.
///
/// The message is a sentence without its subject.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InvalidFeature {
    message: Cow<'static, str>,
}

impl From<InvalidFeature> for String {
    fn from(error: InvalidFeature) -> String {
        error.message.into_owned()
    }
}

/// The format of a feature's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `true` or `false`; a name without a value means `true`.
    Flag,
    /// A whole number up to this maximum.
    Number(u64),
    /// This many whole numbers, separated by slashes.
    Numbers(usize),
    /// Five whole numbers, separated by slashes; the first may be `-`.
    Latent,
    /// A set of layers.
    Layers,
    /// Tokens, then optionally a colon and the layers.
    Window,
    /// Two whole numbers, then optionally a colon and the layers.
    Indexer,
    /// A letter for each layer: `M` Mamba, `*` attention, `E` experts, `-` feed-forward.
    Pattern,
    /// One of these names.
    Choice(&'static [&'static str]),
    /// The rules of a [`ModulePrecisions`].
    Precisions,
}

/// Every feature, with the format of its value.
const FEATURES: [(&str, Form); 44] = [
    ("tied", Form::Flag),
    ("qkv_bias", Form::Flag),
    ("dense_bias", Form::Flag),
    ("mlp_bias", Form::Flag),
    ("lm_head_bias", Form::Flag),
    ("gated", Form::Flag),
    ("parallel", Form::Flag),
    ("embedding_norm", Form::Flag),
    ("norm", Form::Choice(&["scale", "scale_and_bias", "plain"])),
    ("norms", Form::Number(8)),
    ("qk_norm", Form::Choice(&["absent", "head", "full"])),
    ("gate", Form::Flag),
    ("sinks", Form::Flag),
    ("mla", Form::Latent),
    ("indexer", Form::Indexer),
    ("window", Form::Window),
    ("attention", Form::Layers),
    ("moe", Form::Numbers(3)),
    ("shared", Form::Number(limits::WIDTH)),
    ("shared_gate", Form::Flag),
    ("router_bias", Form::Flag),
    ("moe_layers", Form::Layers),
    ("delta", Form::Numbers(5)),
    ("mamba", Form::Numbers(5)),
    ("wide_state", Form::Flag),
    ("pattern", Form::Pattern),
    ("rotary", Form::Number(limits::WIDTH)),
    ("tables", Form::Number(8)),
    ("learned", Form::Number(limits::POSITIONS)),
    ("alibi", Form::Flag),
    ("relative", Form::Number(limits::PART)),
    ("no_positions", Form::Flag),
    ("mrope", Form::Flag),
    ("encoder", Form::Numbers(4)),
    ("encoder_positions", Form::Number(limits::POSITIONS)),
    ("mels", Form::Number(limits::PART)),
    ("scaling", Form::Number(1 << 20)),
    ("yarn", Form::Number(1 << 20)),
    ("mtp", Form::Number(limits::LAYERS)),
    ("fp4", Form::Choice(&["mlp_and_output", "experts"])),
    ("tower", Form::Number(1 << 40)),
    ("stored", Form::Precisions),
    ("quant_method", Form::Choice(QuantMethod::NAMES)),
    ("stored_kv", Form::Choice(StoredKvCache::NAMES)),
];

impl Form {
    /// Validates a value and returns it in its stored form.
    fn parse(self, value: &str) -> Result<Cow<'static, str>, InvalidFeature> {
        let valid = match self {
            Form::Flag => match value {
                "" | "true" => return Ok(Cow::Borrowed("true")),
                "false" => return Ok(Cow::Borrowed("false")),
                _ => false,
            },
            Form::Choice(names) => match names.iter().find(|name| **name == value) {
                Some(name) => return Ok(Cow::Borrowed(*name)),
                None => false,
            },
            Form::Number(max) => value.parse::<u64>().is_ok_and(|number| number <= max),
            Form::Numbers(count) => count_numbers(value, limits::WIDTH) == Some(count),
            Form::Latent => {
                count_numbers(value.strip_prefix("-/").unwrap_or(value), limits::PART)
                    == Some(if value.starts_with('-') { 4 } else { 5 })
            }
            Form::Layers => layer_set(value, LayerSet::LIMIT).is_some(),
            Form::Window => {
                let (tokens, layers) = value.split_once(':').unwrap_or((value, "0-"));
                count_numbers(tokens, limits::POSITIONS) == Some(1) && layer_set(layers, LayerSet::LIMIT).is_some()
            }
            Form::Indexer => {
                let (sizes, layers) = value.split_once(':').unwrap_or((value, "0-"));
                count_numbers(sizes, limits::PART) == Some(2) && layer_set(layers, LayerSet::LIMIT).is_some()
            }
            Form::Pattern => {
                value.len() <= limits::LAYERS as usize && value.bytes().all(|letter| b"M*E-".contains(&letter))
            }
            Form::Precisions => match ModulePrecisions::parse(value, LayerSet::LIMIT) {
                Some(_) => return Ok(value.split_whitespace().collect::<Vec<&str>>().join(",").into()),
                None => false,
            },
        };
        if valid { Ok(Cow::Owned(value.into())) } else { Err(self.error(value)) }
    }

    fn error(self, value: &str) -> InvalidFeature {
        let message = match self {
            Form::Flag => "must be true or false".into(),
            Form::Number(max) => format!("must be a whole number up to {max}").into(),
            Form::Numbers(count) => {
                format!("must be {count} whole numbers separated by slashes, each up to {}", limits::WIDTH).into()
            }
            Form::Latent => {
                "must be q_lora_rank (or -), kv_lora_rank, qk_nope_head_dim, qk_rope_head_dim and v_head_dim, \
                             separated by slashes"
                    .into()
            }
            Form::Layers => {
                "must be a set of layers: 3- for the fourth and all later ones, 0-1 for the first two, 1/2 for \
                             every second one, ! for all others, + to join sets"
                    .into()
            }
            Form::Window => {
                "must be a number of tokens, then optionally a colon and the layers, such as 4096:0/2".into()
            }
            Form::Indexer => {
                "must be heads and head size, then optionally a colon and the layers, such as 64/128:3-".into()
            }
            Form::Pattern => {
                "must have one letter per layer: M for Mamba, * for attention, E for experts, - for feed-forward".into()
            }
            Form::Precisions => {
                "must be a quant_algo, or blocks and their quant_algo, such as NVFP4,attention+output:NO_QUANT".into()
            }
            Form::Choice(names) => format!("unknown value \"{value}\"; expected one of {}", names.join(", ")).into(),
        };
        InvalidFeature { message }
    }
}

/// The number of whole numbers between slashes; `None` if an item is not a whole number up to
/// `max`.
fn count_numbers(text: &str, max: u64) -> Option<usize> {
    let mut count = 0;
    for number in text.split('/') {
        number.parse::<u64>().ok().filter(|number| *number <= max)?;
        count += 1;
    }
    Some(count)
}

/// Parses exactly `N` whole numbers separated by slashes.
fn numbers<const N: usize>(text: &str) -> Option<[u64; N]> {
    let mut numbers = [0; N];
    fill(&mut numbers, text).map(|()| numbers)
}

fn fill(numbers: &mut [u64], text: &str) -> Option<()> {
    let mut texts = text.split('/');
    for number in numbers {
        *number = texts.next()?.parse().ok()?;
    }
    texts.next().is_none().then_some(())
}

impl Recipe {
    /// The value of the feature `name`; `None` if unset.
    pub fn feature(&self, name: &str) -> Option<&str> {
        self.features.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_ref())
    }

    /// Sets a feature. An empty value resets it to the family's convention.
    ///
    /// # Errors
    /// If there is no such feature, or if it can't have the value.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), InvalidFeature> {
        let Some((name, form)) = FEATURES.iter().find(|(known, _)| *known == name) else {
            return Err(InvalidFeature { message: "is not a feature of a model".into() });
        };
        let parsed = if value.is_empty() { None } else { Some(form.parse(value)?) };
        self.features.0.retain(|(known, _)| known != name);
        self.features.0.extend(parsed.map(|value| (*name, value)));
        Ok(())
    }

    /// Sets a feature from a word of a catalogue row; a name without a value is a flag. `None` if
    /// the word is invalid.
    pub(super) fn word(&mut self, word: &'static str) -> Option<()> {
        let (name, value) = word.split_once('=').unwrap_or((word, "true"));
        let (name, form) = FEATURES.iter().find(|(known, _)| *known == name)?;
        form.parse(value).ok()?;
        self.features.0.push((name, Cow::Borrowed(value)));
        Some(())
    }

    fn flag(&self, name: &str, convention: bool) -> bool {
        self.feature(name).map_or(convention, |value| value == "true")
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.feature(name)?.parse().ok()
    }

    fn sizes<const N: usize>(&self, name: &str) -> Option<[u64; N]> {
        numbers(self.feature(name)?)
    }

    fn layers_of(&self, name: &str) -> Option<LayerSet> {
        layer_set(self.feature(name)?, self.layers)
    }

    fn letters(&self, letter: char) -> LayerSet {
        let letters = self.feature("pattern").unwrap_or("").chars().take(self.layers as usize).enumerate();
        letters.filter(|(_, found)| *found == letter).map(|(layer, _)| layer as u32).collect()
    }

    /// Elements of a query head, as given or by default.
    pub fn effective_head_dim(&self) -> u64 {
        self.head_dim.unwrap_or_else(|| (self.hidden / self.heads.max(1)).max(1))
    }

    fn attention(&self) -> Attention {
        let heads = self.heads;
        let latent = self.feature("mla").and_then(|dimensions| {
            let (q_lora_rank, rest) = dimensions.split_once('/')?;
            let [kv_lora_rank, qk_nope_head_dim, qk_rope_head_dim, v_head_dim] = numbers(rest)?;
            let q_lora_rank = q_lora_rank.parse().ok();
            Some(Attention::Latent { heads, q_lora_rank, kv_lora_rank, qk_nope_head_dim, qk_rope_head_dim, v_head_dim })
        });
        latent.unwrap_or_else(|| Attention::Grouped {
            heads,
            kv_heads: self.kv_heads.unwrap_or(heads),
            head_dim: self.effective_head_dim(),
        })
    }

    fn positions(&self, attention: &Attention) -> Positions {
        if let Some(rows) = self.number("learned") {
            return Positions::Learned { rows };
        }
        if self.flag("alibi", false) {
            return Positions::Alibi;
        }
        if let Some(buckets) = self.number("relative") {
            return Positions::Relative { buckets };
        }
        if self.flag("no_positions", false) {
            return Positions::None;
        }
        let whole_head = match *attention {
            Attention::Grouped { head_dim, .. } => head_dim,
            Attention::Latent { qk_rope_head_dim, .. } => qk_rope_head_dim,
        };
        Positions::Rope {
            rotary_dim: self.number("rotary").unwrap_or(whole_head),
            tables: self.number("tables").unwrap_or(1) as u32,
        }
    }

    /// Sets the features that say how the weights are stored.
    pub fn store(&mut self, checkpoint: &Checkpoint) {
        let is_plain = checkpoint.precisions.is_unquantized();
        let kv_cache = if checkpoint.kv_cache == StoredKvCache::Auto { "" } else { checkpoint.kv_cache.name() };
        let method = checkpoint.method.filter(|_| !is_plain).map_or("", QuantMethod::name);
        let rules = checkpoint.precisions.text(self.layers);
        for (name, value) in [("stored", rules.as_str()), ("quant_method", method), ("stored_kv", kv_cache)] {
            let result = self.set(name, value);
            debug_assert!(result.is_ok(), "{name}={value}: {result:?}");
        }
    }

    fn checkpoint(&self) -> Checkpoint {
        let named = |name: &str| self.feature(name).unwrap_or_default();
        Checkpoint {
            base: None,
            method: named("quant_method").parse::<QuantMethod>().ok(),
            precisions: ModulePrecisions::parse(named("stored"), self.layers).unwrap_or_default(),
            kv_cache: named("stored_kv").parse::<StoredKvCache>().unwrap_or_default(),
            evidence: CheckpointEvidence::Files,
        }
    }

    fn recurrence(&self, attention_layers: LayerSet) -> Option<Recurrence> {
        let others = LayerSet::first(self.layers).without(attention_layers);
        let (kind, name, layers) = if self.feature("delta").is_some() {
            (RecurrenceKind::GatedDeltaNet, "delta", others)
        } else if self.feature("pattern").is_some() {
            (RecurrenceKind::Mamba2, "mamba", self.letters('M'))
        } else {
            (RecurrenceKind::Mamba2, "mamba", others)
        };
        let [groups, state, heads, head_dim, convolution] = self.sizes(name)?;
        let wide_state = self.flag("wide_state", false);
        Some(Recurrence { kind, layers, groups, state, heads, head_dim, convolution, wide_state })
    }

    /// Builds the architecture.
    pub fn build(&self) -> Architecture {
        let conventions = self.family.conventions();
        let every_layer = LayerSet::first(self.layers);
        let has_pattern = self.feature("pattern").is_some();
        let attention = self.attention();
        let attention_layers = match (self.layers_of("attention"), has_pattern) {
            (Some(layers), _) => layers,
            (None, true) => self.letters('*'),
            (None, false) => every_layer,
        };
        let expert_layers = match (self.layers_of("moe_layers"), has_pattern) {
            (Some(layers), _) => layers,
            (None, true) => self.letters('E'),
            (None, false) => every_layer,
        };
        let moe = self.sizes("moe").map(|[experts, top_k, intermediate]| Moe {
            experts,
            top_k,
            intermediate,
            shared_intermediate: self.number("shared").unwrap_or(0),
            shared_gate: self.flag("shared_gate", false),
            router_bias: self.flag("router_bias", false),
            layers: expert_layers,
        });
        let dense_layers = match (self.intermediate, has_pattern, &moe) {
            (0, ..) => LayerSet::NONE,
            (_, true, _) => self.letters('-'),
            (_, false, Some(moe)) => every_layer.without(moe.layers),
            (_, false, None) => every_layer,
        };
        let windows = self.feature("window").and_then(|window| {
            let (tokens, layers) = window.split_once(':').unwrap_or((window, "0-"));
            Some(Windows { tokens: tokens.parse().ok()?, layers: layer_set(layers, self.layers)? })
        });
        let indexer = self.feature("indexer").and_then(|indexer| {
            let (sizes, layers) = indexer.split_once(':').unwrap_or((indexer, "0-"));
            let [heads, head_dim] = numbers(sizes)?;
            Some(Indexer { heads, head_dim, layers: layer_set(layers, self.layers)? })
        });
        Architecture {
            name: self.name.to_string(),
            aliases: Vec::new(),
            family: self.family,
            layers: self.layers,
            hidden: self.hidden,
            vocab: self.vocab,
            tied_embeddings: self.flag("tied", false),
            dtype: self.dtype,
            max_position_embeddings: self.max_position_embeddings,
            rope_scaling_factor: self.number("scaling").or(self.number("yarn")).map(|factor| factor as f64),
            yarn: self.feature("yarn").is_some(),
            positions: self.positions(&attention),
            attention,
            attention_layers,
            windows,
            qkv_bias: self.flag("qkv_bias", conventions.qkv_bias),
            dense_bias: self.flag("dense_bias", conventions.dense_bias),
            qk_norm: match self.feature("qk_norm") {
                Some("head") => QkNorm::Head,
                Some("full") => QkNorm::Full,
                Some(_) => QkNorm::Absent,
                None => conventions.qk_norm,
            },
            attention_gate: self.flag("gate", false),
            attention_sinks: self.flag("sinks", false),
            indexer,
            mtp_layers: self.number("mtp").unwrap_or(0) as u32,
            fp4_scope: match self.feature("fp4") {
                Some("mlp_and_output") => Fp4Scope::MlpAndOutput,
                Some(_) => Fp4Scope::Experts,
                None => Fp4Scope::Everything,
            },
            recurrence: self.recurrence(attention_layers),
            mlp: Mlp {
                intermediate: self.intermediate,
                gated: self.flag("gated", conventions.gated),
                bias: self.flag("mlp_bias", conventions.mlp_bias),
                layers: dense_layers,
            },
            moe,
            norm: match self.feature("norm") {
                Some("scale") => Norm::Scale,
                Some("scale_and_bias") => Norm::ScaleAndBias,
                Some(_) => Norm::Plain,
                None => conventions.norm,
            },
            norms_per_layer: self.number("norms").map_or(conventions.norms_per_layer, |norms| norms as u32),
            embedding_norm: self.flag("embedding_norm", false),
            lm_head_bias: self.flag("lm_head_bias", conventions.lm_head_bias),
            encoder: self.sizes("encoder").map(|[layers, heads, head_dim, intermediate]| Encoder {
                layers: layers as u32,
                heads,
                head_dim,
                intermediate,
                positions: self.number("encoder_positions").unwrap_or(0),
                mels: self.number("mels").unwrap_or(0),
            }),
            mrope: self.flag("mrope", false),
            parallel_attention_mlp: self.flag("parallel", conventions.parallel_attention_mlp),
            tower: self.number("tower").unwrap_or(0),
            checkpoint: self.checkpoint(),
            source: explanation_text("dimensions that you gave").into(),
        }
    }
}

/// Parses a set of layers of a model with `layers` layers. `3-` means the fourth and all later
/// ones, `0-1` the first two, `1/2` those whose index modulo 2 is 1. `!` negates a set, `+` joins
/// sets.
pub fn layer_set(text: &str, layers: u32) -> Option<LayerSet> {
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
        union = union | set;
    }
    Some(union)
}

/// Formats a set of layers of a model with `layers` layers: as a period, the complement of a
/// period, or ranges.
pub fn layer_text(set: LayerSet, layers: u32) -> String {
    let all = LayerSet::first(layers);
    let periods = (2..=layers.min(16)).flat_map(|period| (0..period).map(move |remainder| (period, remainder)));
    for (period, remainder) in periods {
        let every = LayerSet::every(period, remainder, 0..layers);
        if every.len() < 2 {
            continue;
        }
        if every == set {
            return format!("{remainder}/{period}");
        }
        if all.without(every) == set {
            return format!("!{remainder}/{period}");
        }
    }
    let members: Vec<u32> = set.iter().collect();
    let runs = members.chunk_by(|a, b| a + 1 == *b).map(|run| match (run.first(), run.last()) {
        (Some(first), Some(last)) if last + 1 >= layers => format!("{first}-"),
        (Some(first), Some(last)) => format!("{first}-{last}"),
        _ => String::new(),
    });
    let text = runs.collect::<Vec<String>>().join("+");
    if text.is_empty() { format!("{layers}-") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::architecture::find;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn sets_of_layers_are_parsed() {
        assert_eq!(layer_set("3-", 61), Some(LayerSet::range(3..61)));
        assert_eq!(layer_set("!5/6", 12), Some(LayerSet::range(0..5).iter().chain(6..11).collect()));
        assert_eq!(layer_set("0-1+2/4", 10), Some([0, 1, 2, 6].into_iter().collect()));
        assert_eq!(layer_set("x", 10), None);
    }

    #[test]
    fn every_set_of_layers_has_a_text() {
        let sets = [
            (LayerSet::range(3..61), 61, "3-"),
            (LayerSet::every(2, 0, 0..24), 24, "0/2"),
            (LayerSet::first(62).without(LayerSet::every(6, 5, 0..62)), 62, "!5/6"),
            ([0, 1, 2, 6].into_iter().collect(), 10, "0-2+6-6"),
            (LayerSet::NONE, 10, "10-"),
        ];
        for (set, layers, text) in sets {
            assert_eq!(layer_text(set, layers), text);
            assert_eq!(layer_set(text, layers), Some(set), "{text}");
        }
    }

    #[test]
    fn features_are_validated_before_they_are_set() {
        let mut recipe = Recipe::default();
        assert!(recipe.set("moe", "8/2").is_err());
        assert!(recipe.set("moe", "8/2/18446744073709551615").is_err());
        assert!(recipe.set("mla", "-/512/128/64/128").is_ok());
        assert!(recipe.set("window", "4096:x").is_err());
        assert!(recipe.set("colour", "red").is_err());
        assert!(recipe.build().is_latent());
        recipe.set("mla", "").unwrap();
        assert!(!recipe.build().is_latent());
    }

    #[test]
    fn unset_features_follow_the_family() {
        let model = Recipe { family: Family::Gpt2, ..Recipe::default() }.build();
        assert!(model.qkv_bias && !model.mlp.gated);
        let llama = find("llama-2-7b").unwrap();
        assert_eq!(Recipe::default().build().parameters(), llama.parameters());
    }
}
