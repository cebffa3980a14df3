//! The dimensions of a custom model, with the key prefix `m.`. A link contains only those that
//! differ from the conventions of its family.

use super::accessor::{Accessor, RecipeLens, edit, show};
use super::parse::{dtype, optional};
use super::{Group, Input, Phase, Setting};
use crate::architecture::{Dtype, Family, ModelRef, QuantMethod, Recipe, StoredKvCache, limits};
use crate::deployment::{Deployment, InvalidValue};

/// Maximum number of characters in a name.
const LONGEST_NAME: usize = 96;

/// Makes the model a custom one. Its dimensions are those of a Llama until other keys set them.
pub(super) fn make_custom(d: &mut Deployment) {
    if !d.model.is_custom() {
        d.model = ModelRef::custom(Recipe::default());
    }
}

fn name(text: &str) -> Result<String, InvalidValue> {
    let sound = |c: char| c.is_ascii_alphanumeric() || "-._/ ".contains(c);
    if text.chars().count() <= LONGEST_NAME && text.chars().all(sound) {
        Ok(if text.is_empty() { "custom".into() } else { text.into() })
    } else {
        Err(InvalidValue::new(format!("must be up to {LONGEST_NAME} letters, digits, -, _, . and /")))
    }
}

const fn dimension(key: &'static str, input: Input, accessor: Accessor) -> Setting {
    Setting::new(key, input, accessor)
        .optional()
        .in_group(Group::Dimensions, Phase::Build)
        .applies(|d| d.model.is_custom())
}

/// Access to a dimension.
macro_rules! lens {
    ($name:ident) => {
        RecipeLens { of: |recipe| &recipe.$name, of_mut: |recipe| &mut recipe.$name }
    };
}

/// A required whole number.
macro_rules! number {
    ($key:literal, $name:ident, $min:expr, $max:expr, $usual:expr) => {
        dimension($key, Input::Whole { min: $min, max: $max, slider_max: $usual }, Accessor::Dimension(lens!($name)))
    };
}

/// An optional whole number; if unset, derived from others.
macro_rules! derived {
    ($key:literal, $name:ident, $max:expr, $usual:expr) => {
        dimension(
            $key,
            Input::Whole { min: 1, max: $max, slider_max: $usual },
            Accessor::OptionalDimension(lens!($name)),
        )
    };
}

/// A deviation from the conventions of the family.
const fn feature(key: &'static str, input: Input) -> Setting {
    dimension(key, input, Accessor::Feature)
}

const DTYPES: &[&str] = &["bfloat16", "float16", "float32"];

/// Every dimension.
pub(super) const DIMENSIONS: &[Setting] = &[
    dimension(
        "m.name",
        Input::Text,
        Accessor::Own(
            |d, t| edit(d, t, &|recipe, t| name(t).map(|v| recipe.name = v.into())),
            |d| show(d, |recipe| if recipe.name == "custom" { String::new() } else { recipe.name.to_string() }),
        ),
    )
    .name("Name")
    .help("The name of the model."),
    dimension(
        "m.family",
        Input::Choice(Family::NAMES),
        Accessor::Own(
            |d, t| {
                edit(d, t, &|recipe, t| {
                    recipe.family = Family::from_model_type(&t.to_ascii_lowercase())
                        .ok_or_else(|| InvalidValue::not_one_of(t, Family::NAMES))?;
                    Ok(())
                })
            },
            |d| show(d, |recipe| recipe.family.name().into()),
        ),
    )
    .name("Family")
    .help("The family, by model_type. It sets the conventions that the other dimensions override."),
    dimension(
        "m.layers",
        Input::Whole { min: 1, max: limits::LAYERS, slider_max: 128 },
        Accessor::ShortDimension(lens!(layers)),
    )
    .name("Layers")
    .help("num_hidden_layers."),
    number!("m.hidden", hidden, 1, limits::WIDTH, 16_384).name("Hidden size").help("hidden_size."),
    number!("m.heads", heads, 1, limits::PART, 128).name("Attention heads").help("num_attention_heads."),
    derived!("m.kv_heads", kv_heads, limits::PART, 128)
        .name("KV heads")
        .help("num_key_value_heads; the number of heads if empty."),
    derived!("m.head_dim", head_dim, limits::PART, 256)
        .name("Head size")
        .help("head_dim; hidden_size / heads if empty."),
    number!("m.intermediate", intermediate, 0, limits::WIDTH, 65_536)
        .name("Feed-forward size")
        .help("intermediate_size of the dense blocks; 0 if every layer has experts."),
    number!("m.vocab", vocab, 1, limits::VOCABULARY, 262_144).name("Vocabulary").help("vocab_size."),
    dimension(
        "m.dtype",
        Input::Choice(DTYPES),
        Accessor::Own(
            |d, t| {
                edit(d, t, &|recipe, t| optional(t, |t| dtype(t, DTYPES)).map(|v| recipe.dtype = v.unwrap_or_default()))
            },
            |d| show(d, |recipe| if recipe.dtype == Dtype::default() { "" } else { recipe.dtype.name() }.into()),
        ),
    )
    .name("Checkpoint type")
    .help("torch_dtype of the checkpoint; bfloat16 if empty."),
    number!("m.positions", max_position_embeddings, 1, limits::POSITIONS, 1 << 20)
        .name("Longest sequence")
        .help("max_position_embeddings."),
    feature("m.tied", Input::Toggle)
        .name("Tied embeddings")
        .help("tie_word_embeddings: the LM head shares the embedding table."),
    feature("m.qkv_bias", Input::Toggle).name("QKV bias").help("Query, key and value projections have biases."),
    feature("m.dense_bias", Input::Toggle)
        .name("Attention output bias")
        .help("The attention's output projection has a bias."),
    feature("m.mlp_bias", Input::Toggle).name("Feed-forward bias").help("The feed-forward projections have biases."),
    feature("m.lm_head_bias", Input::Toggle).name("LM head bias").help("The LM head has a bias."),
    feature("m.gated", Input::Toggle)
        .name("Gated feed-forward")
        .help("The feed-forward block is gated (SwiGLU, GeGLU)."),
    feature("m.parallel", Input::Toggle)
        .name("Parallel blocks")
        .help("Attention and feed-forward block read the same input."),
    feature("m.embedding_norm", Input::Toggle)
        .name("Embedding norm")
        .help("The output of the embedding is normalised."),
    feature("m.norm", Input::Choice(&["scale", "scale_and_bias", "plain"]))
        .name("Norm weights")
        .help("The weights of a normalisation: scale, scale and bias, or none."),
    feature("m.norms", Input::Text).name("Norms in a layer").help("Number of normalisations per layer."),
    feature("m.qk_norm", Input::Choice(&["absent", "head", "full"]))
        .name("Query and key norm")
        .help("Normalisation of queries and keys: per head, or over all heads."),
    feature("m.gate", Input::Toggle).name("Attention gate").help("A separate projection gates the attention's output."),
    feature("m.sinks", Input::Toggle).name("Attention sinks").help("Each head has a learned sink logit."),
    feature("m.mla", Input::Text)
        .name("Latent attention")
        .help("Latent attention: q_lora_rank (or -)/kv_lora_rank/qk_nope_head_dim/qk_rope_head_dim/v_head_dim."),
    feature("m.indexer", Input::Text)
        .name("Sparse indexer")
        .help("Indexer of sparse attention: heads/head size, then a colon and its layers."),
    feature("m.window", Input::Text)
        .name("Sliding window")
        .help("Sliding window: tokens, then a colon and its layers, such as 1024:!5/6."),
    feature("m.attention", Input::Text)
        .name("Attention layers")
        .help("The layers with attention, if not all: 3/4 is every fourth layer."),
    feature("m.moe", Input::Text).name("Experts").help("Experts: experts/experts per token/moe_intermediate_size."),
    feature("m.shared", Input::Text).name("Shared experts size").help("Total intermediate size of the shared experts."),
    feature("m.shared_gate", Input::Toggle).name("Shared expert gate").help("The shared expert has a gate."),
    feature("m.router_bias", Input::Toggle).name("Router bias").help("The router has a bias."),
    feature("m.moe_layers", Input::Text)
        .name("Expert layers")
        .help("The layers with experts, if not all: 3- is the fourth layer and all later ones."),
    feature("m.delta", Input::Text).name("Gated delta net").help(
        "Gated delta net in the layers without attention: key heads/key size/value heads/value size/convolution.",
    ),
    feature("m.mamba", Input::Text)
        .name("Mamba 2")
        .help("Mamba 2 in the layers marked M: groups/state/heads/size/convolution."),
    feature("m.wide_state", Input::Toggle)
        .name("32-bit state")
        .help("mamba_ssm_cache_dtype is float32: recurrent states are in 32 bit from TensorRT-LLM 1.3 on."),
    feature("m.pattern", Input::Text)
        .name("Layer pattern")
        .help("One character per layer: M Mamba, * attention, E experts, - feed-forward."),
    feature("m.rotary", Input::Text).name("Rotated elements").help("Number of rotated elements per head, if not all."),
    feature("m.tables", Input::Text).name("RoPE tables").help("Number of RoPE tables, if several."),
    feature("m.learned", Input::Text)
        .name("Learned positions")
        .help("Number of rows in the table of learned positions."),
    feature("m.alibi", Input::Toggle).name("ALiBi").help("Positions are encoded by ALiBi."),
    feature("m.relative", Input::Text).name("Relative buckets").help("Number of distance buckets with a bias (T5)."),
    feature("m.no_positions", Input::Toggle).name("No positions").help("Attention has no position encoding."),
    feature("m.mrope", Input::Toggle)
        .name("M-RoPE")
        .help("Positions have three coordinates (M-RoPE), so that each request has its own rotations."),
    feature("m.encoder", Input::Text).name("Encoder").help("Encoder: layers/heads/head size/intermediate size."),
    feature("m.encoder_positions", Input::Text)
        .name("Encoder positions")
        .help("Number of rows in the encoder's position table."),
    feature("m.mels", Input::Text)
        .name("Audio features")
        .help("Number of features per audio frame, if the encoder's input is audio."),
    feature("m.scaling", Input::Text)
        .name("RoPE scaling")
        .help("Factor of RoPE scaling, which extends max_position_embeddings."),
    feature("m.yarn", Input::Text).name("YaRN").help("Factor of YaRN, which max_position_embeddings already includes."),
    feature("m.mtp", Input::Text)
        .name("MTP layers")
        .help("Number of multi-token prediction layers, after the last layer."),
    feature("m.fp4", Input::Choice(&["mlp_and_output", "experts"]))
        .name("FP4 parts")
        .help("The parts that an NVFP4 checkpoint stores in FP4, if not all."),
    feature("m.tower", Input::Text)
        .name("Tower parameters")
        .help("Number of parameters of the vision and audio towers with their projectors."),
    feature("m.stored", Input::Text).name("Stored precision").help(
        "The checkpoint's own precision, if not 16 bit: a quant_algo, or blocks and theirs, such as \
         NVFP4,attention+output:NO_QUANT.",
    ),
    feature("m.quant_method", Input::Choice(QuantMethod::NAMES))
        .name("Quantization method")
        .help("quant_method of the checkpoint's quantization_config."),
    feature("m.stored_kv", Input::Choice(StoredKvCache::NAMES))
        .name("Stored KV cache type")
        .help("The type of the KV cache that the checkpoint asks for."),
];
