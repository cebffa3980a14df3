//! Configurations of encoder-decoder models. T5, BART and Whisper have different names for the same
//! dimensions.

use super::set;
use crate::architecture::{Family, Recipe, limits};
use crate::import::object_reader::ObjectReader;
use crate::import::report::ReadError;

/// Rows of BART's position table before the first position (`BartLearnedPositionalEmbedding`).
const BART_OFFSET: u64 = 2;
/// T5's longest input in training; configurations may omit it.
const T5_POSITIONS: u64 = 512;

/// Reads the dimensions of a model of one of the three families.
///
/// # Errors
/// If a dimension is missing or impossible.
pub(super) fn dimensions(fields: &mut ObjectReader, family: Family) -> Result<Recipe, ReadError> {
    match family {
        Family::T5 => t5(fields),
        Family::Whisper => whisper(fields),
        _ => bart(fields),
    }
}

fn required(fields: &mut ObjectReader, name: &str, max: u64) -> Result<u64, ReadError> {
    fields.whole(&[name], 1, max)?.ok_or_else(|| ReadError {
        field: name.into(),
        ..ReadError::whole("The field is missing, so this is not the config.json of a model.")
    })
}

fn t5(fields: &mut ObjectReader) -> Result<Recipe, ReadError> {
    let encoder_layers = required(fields, "num_layers", limits::LAYERS)?;
    let layers = fields.whole(&["num_decoder_layers"], 1, limits::LAYERS)?.unwrap_or(encoder_layers);
    let (heads, head_dim) = (required(fields, "num_heads", limits::PART)?, required(fields, "d_kv", limits::PART)?);
    let intermediate = required(fields, "d_ff", limits::WIDTH)?;
    let buckets = fields.whole(&["relative_attention_num_buckets"], 1, limits::PART)?.unwrap_or(32);
    let gated = fields.text(&["feed_forward_proj"]).is_some_and(|activation| activation.starts_with("gated"));
    let mut recipe = Recipe {
        family: Family::T5,
        layers: layers as u32,
        hidden: required(fields, "d_model", limits::WIDTH)?,
        heads,
        head_dim: Some(head_dim),
        intermediate,
        vocab: required(fields, "vocab_size", limits::VOCABULARY)?,
        max_position_embeddings: fields.whole(&["n_positions"], 1, limits::POSITIONS)?.unwrap_or(T5_POSITIONS),
        ..Recipe::default()
    };
    if gated {
        set(&mut recipe, "gated", "true");
    }
    set(&mut recipe, "relative", &buckets.to_string());
    set(&mut recipe, "encoder", &format!("{encoder_layers}/{heads}/{head_dim}/{intermediate}"));
    Ok(recipe)
}

/// Reads the dimensions that BART's and Whisper's configurations name alike. `positions` are those
/// of the decoder.
fn named_by_side(fields: &mut ObjectReader, family: Family, positions: u64) -> Result<Recipe, ReadError> {
    let hidden = required(fields, "d_model", limits::WIDTH)?;
    let heads = required(fields, "decoder_attention_heads", limits::PART)?;
    let encoder = [
        required(fields, "encoder_layers", limits::LAYERS)?,
        required(fields, "encoder_attention_heads", limits::PART)?,
        0,
        required(fields, "encoder_ffn_dim", limits::WIDTH)?,
    ];
    let mut recipe = Recipe {
        family,
        layers: required(fields, "decoder_layers", limits::LAYERS)? as u32,
        hidden,
        heads,
        intermediate: required(fields, "decoder_ffn_dim", limits::WIDTH)?,
        vocab: required(fields, "vocab_size", limits::VOCABULARY)?,
        max_position_embeddings: positions,
        ..Recipe::default()
    };
    let [layers, encoder_heads, _, intermediate] = encoder;
    let head_dim = (hidden / encoder_heads).max(1);
    set(&mut recipe, "encoder", &format!("{layers}/{encoder_heads}/{head_dim}/{intermediate}"));
    Ok(recipe)
}

fn bart(fields: &mut ObjectReader) -> Result<Recipe, ReadError> {
    let positions = required(fields, "max_position_embeddings", limits::POSITIONS - BART_OFFSET)?;
    let mut recipe = named_by_side(fields, Family::Bart, positions)?;
    let rows = (positions + BART_OFFSET).to_string();
    set(&mut recipe, "embedding_norm", "true");
    set(&mut recipe, "learned", &rows);
    set(&mut recipe, "encoder_positions", &rows);
    Ok(recipe)
}

fn whisper(fields: &mut ObjectReader) -> Result<Recipe, ReadError> {
    let positions = required(fields, "max_target_positions", limits::POSITIONS)?;
    let mut recipe = named_by_side(fields, Family::Whisper, positions)?;
    set(&mut recipe, "learned", &positions.to_string());
    set(&mut recipe, "mels", &required(fields, "num_mel_bins", limits::PART)?.to_string());
    set(&mut recipe, "encoder_positions", &required(fields, "max_source_positions", limits::POSITIONS)?.to_string());
    Ok(recipe)
}
