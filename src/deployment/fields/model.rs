//! The dimensions of a model of one's own, behind `m.`: only what differs from its family's conventions stands in a link.

use super::read::{choice, dtype, optional, read_optional_whole, read_whole, text, whole};
use super::{Field, Fixed, Group, Input};
use crate::architecture::{Dtype, Family, ModelRef, Recipe, limits};
use crate::deployment::Deployment;

/// Characters of a name.
const LONGEST_NAME: usize = 96;

/// Makes the model one's own: the dimensions of a Llama, until the keys say others.
pub(super) fn make_custom(d: &mut Deployment) {
    if !d.model.is_custom() {
        d.model = ModelRef::custom(Recipe::default());
    }
}

/// Sets a dimension of the model, which thereby becomes one's own; an empty text means nothing for a model of the catalogue.
fn set(d: &mut Deployment, text: &str, change: &dyn Fn(&mut Recipe, &str) -> Result<(), String>) -> Result<(), String> {
    let text = text.trim();
    if text.is_empty() && !d.model.is_custom() {
        return Ok(());
    }
    let mut recipe = d.model.to_recipe();
    change(&mut recipe, text)?;
    d.model = ModelRef::custom(recipe);
    Ok(())
}

/// Writes a dimension; nothing for a model of the catalogue.
fn show(d: &Deployment, write: fn(&Recipe) -> String) -> String {
    d.model.recipe().map_or_else(String::new, write)
}

fn set_feature(d: &mut Deployment, name: &str, text: &str) -> Result<(), String> {
    set(d, text, &|recipe, text| recipe.set(name, text))
}

fn show_feature(d: &Deployment, name: &str) -> String {
    d.model.recipe().and_then(|recipe| recipe.feature(name)).unwrap_or("").into()
}

fn name(text: &str) -> Result<String, String> {
    let sound = |c: char| c.is_ascii_alphanumeric() || "-._/ ".contains(c);
    if text.chars().count() <= LONGEST_NAME && text.chars().all(sound) {
        Ok(if text.is_empty() { "custom".into() } else { text.into() })
    } else {
        Err(format!("must be up to {LONGEST_NAME} letters, digits, -, _, . and /"))
    }
}

const fn dimension(
    key: &'static str,
    input: Input,
    read: fn(&mut Deployment, &str) -> Result<(), String>,
    write: fn(&Deployment) -> String,
) -> Field {
    Field::new(key, input, read, write)
        .optional()
        .stands(Group::Dimensions, Fixed::Build)
        .applies(|d| d.model.is_custom())
}

/// A whole number that every model has.
macro_rules! number {
    ($key:literal, $name:ident, $min:expr, $max:expr, $usual:expr) => {
        dimension(
            $key,
            Input::Whole { min: $min, max: $max, slider_max: $usual },
            |d, t| set(d, t, &|recipe, t| read_whole(&mut recipe.$name, t, $min, $max)),
            |d| show(d, |recipe| recipe.$name.to_string()),
        )
    };
}

/// A whole number that follows from others where it isn't given.
macro_rules! derived {
    ($key:literal, $name:ident, $max:expr, $usual:expr) => {
        dimension(
            $key,
            Input::Whole { min: 1, max: $max, slider_max: $usual },
            |d, t| set(d, t, &|recipe, t| read_optional_whole(&mut recipe.$name, t, 1, $max)),
            |d| show(d, |recipe| text(&recipe.$name)),
        )
    };
}

/// What may differ from the family's conventions.
macro_rules! feature {
    ($name:literal, $input:expr) => {
        dimension(concat!("m.", $name), $input, |d, t| set_feature(d, $name, t), |d| show_feature(d, $name))
    };
}

const DTYPES: &[&str] = &["bfloat16", "float16", "float32"];

/// Every dimension.
pub(super) const DIMENSIONS: &[Field] = &[
    dimension(
        "m.name",
        Input::Text,
        |d, t| set(d, t, &|recipe, t| name(t).map(|v| recipe.name = v.into())),
        |d| show(d, |recipe| if recipe.name == "custom" { String::new() } else { recipe.name.to_string() }),
    )
    .help("What you call the model."),
    dimension(
        "m.family",
        Input::Choice(Family::NAMES),
        |d, t| {
            set(d, t, &|recipe, t| {
                choice(t, Family::from_model_type(&t.to_ascii_lowercase()), Family::NAMES).map(|v| recipe.family = v)
            })
        },
        |d| show(d, |recipe| recipe.family.name().into()),
    )
    .help("The family, by model_type; what it has in common with its other models isn't asked for."),
    dimension(
        "m.layers",
        Input::Whole { min: 1, max: limits::LAYERS, slider_max: 128 },
        |d, t| set(d, t, &|recipe, t| whole(t, 1, limits::LAYERS).map(|v| recipe.layers = v as u32)),
        |d| show(d, |recipe| recipe.layers.to_string()),
    )
    .help("num_hidden_layers."),
    number!("m.hidden", hidden, 1, limits::WIDTH, 16_384).help("hidden_size."),
    number!("m.heads", heads, 1, limits::PART, 128).help("num_attention_heads."),
    derived!("m.kv_heads", kv_heads, limits::PART, 128).help("num_key_value_heads; as many as heads if left empty."),
    derived!("m.head_dim", head_dim, limits::PART, 256).help("head_dim; hidden_size / heads if left empty."),
    number!("m.intermediate", intermediate, 0, limits::WIDTH, 65_536)
        .help("intermediate_size of the dense blocks; 0 where every layer has experts."),
    number!("m.vocab", vocab, 1, limits::VOCABULARY, 262_144).help("vocab_size."),
    dimension(
        "m.dtype",
        Input::Choice(DTYPES),
        |d, t| set(d, t, &|recipe, t| optional(t, |t| dtype(t, DTYPES)).map(|v| recipe.dtype = v.unwrap_or_default())),
        |d| show(d, |recipe| if recipe.dtype == Dtype::default() { "" } else { recipe.dtype.name() }.into()),
    )
    .help("torch_dtype of the checkpoint; bfloat16 if left empty."),
    number!("m.positions", max_position_embeddings, 1, limits::POSITIONS, 1 << 20).help("max_position_embeddings."),
    feature!("tied", Input::Toggle).help("tie_word_embeddings: the LM head is the embedding table."),
    feature!("qkv_bias", Input::Toggle).help("Query, key and value projections have biases."),
    feature!("dense_bias", Input::Toggle).help("The attention's output projection has a bias."),
    feature!("mlp_bias", Input::Toggle).help("The feed-forward projections have biases."),
    feature!("lm_head_bias", Input::Toggle).help("The LM head has a bias."),
    feature!("gated", Input::Toggle).help("The feed-forward block is gated (SwiGLU, GeGLU)."),
    feature!("parallel", Input::Toggle).help("Attention and feed-forward block read the same input."),
    feature!("embedding_norm", Input::Toggle).help("The embedding is normalised."),
    feature!("norm", Input::Choice(&["scale", "scale_and_bias", "plain"])).help("What a normalisation has."),
    feature!("norms", Input::Text).help("Normalisations in each layer."),
    feature!("qk_norm", Input::Choice(&["absent", "head", "full"]))
        .help("Normalisation of queries and keys: of each head's size, or over all heads."),
    feature!("gate", Input::Toggle).help("A projection of its own gates the attention's output."),
    feature!("sinks", Input::Toggle).help("Each head has a learned sink logit."),
    feature!("mla", Input::Text)
        .help("Latent attention: q_lora_rank (or -)/kv_lora_rank/qk_nope_head_dim/qk_rope_head_dim/v_head_dim."),
    feature!("indexer", Input::Text).help("Sparse attention's indexer: heads/size, and after a colon its layers."),
    feature!("window", Input::Text).help("Sliding window: tokens, and after a colon its layers, such as 1024:!5/6."),
    feature!("attention", Input::Text).help("The layers that attend, where not all do: 3/4 is every fourth."),
    feature!("moe", Input::Text).help("Experts: experts/experts per token/moe_intermediate_size."),
    feature!("shared", Input::Text).help("Intermediate size of the shared experts together."),
    feature!("shared_gate", Input::Toggle).help("A gate weighs the shared expert."),
    feature!("router_bias", Input::Toggle).help("The router has a bias."),
    feature!("moe_layers", Input::Text)
        .help("The layers with experts, where not all have them: 3- from the fourth on."),
    feature!("delta", Input::Text).help(
        "Gated delta net in the layers that don't attend: key heads/key size/value heads/value size/convolution.",
    ),
    feature!("mamba", Input::Text).help("Mamba 2 in the layers with M: groups/state/heads/size/convolution."),
    feature!("pattern", Input::Text).help("A letter a layer: M Mamba, * attention, E experts, - feed-forward."),
    feature!("rotary", Input::Text).help("Elements of a head that turn, where not all do."),
    feature!("tables", Input::Text).help("RoPE tables, where there are several."),
    feature!("learned", Input::Text).help("Rows of a table of learned positions."),
    feature!("alibi", Input::Toggle).help("Positions by ALiBi."),
    feature!("relative", Input::Text).help("Buckets of distances that have a bias (T5)."),
    feature!("no_positions", Input::Toggle).help("Attention knows no positions."),
    feature!("mrope", Input::Toggle)
        .help("Positions have three coordinates, so that each request brings its rotations."),
    feature!("encoder", Input::Text).help("An encoder: layers/heads/size of a head/columns of its MLP."),
    feature!("encoder_positions", Input::Text).help("Rows of the encoder's position table."),
    feature!("mels", Input::Text).help("Features of a frame, where the encoder reads sound."),
    feature!("scaling", Input::Text).help("Factor by which RoPE scaling extends max_position_embeddings."),
    feature!("yarn", Input::Text).help("Factor of YaRN, which max_position_embeddings already contains."),
    feature!("mtp", Input::Text).help("Layers that predict further tokens, behind the last."),
    feature!("fp4", Input::Choice(&["mlp_and_output", "experts"]))
        .help("What an NVFP4 checkpoint keeps in FP4, where not everything."),
];
