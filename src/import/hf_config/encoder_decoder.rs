//! Configurations of encoder-decoder models: T5, BART and Whisper, each with names of its own for the same dimensions.

use super::set;
use crate::architecture::{Family, Recipe, limits};
use crate::import::object_reader::ObjectReader;
use crate::import::report::ReadError;

/// Rows that BART's learned positions have before the first position (`BartLearnedPositionalEmbedding`).
const BART_OFFSET: u64 = 2;
/// T5's longest input in training; its configurations may leave it out.
const T5_POSITIONS: u64 = 512;

/// The dimensions of a model of one of the three families.
///
/// # Errors
/// Where one is missing or can't be right.
pub(super) fn dimensions(fields: &mut ObjectReader, family: Family) -> Result<Recipe, ReadError> {
    match family {
        Family::T5 => t5(fields),
        Family::Whisper => whisper(fields),
        _ => bart(fields),
    }
}

fn needed(fields: &mut ObjectReader, name: &str, max: u64) -> Result<u64, ReadError> {
    fields.whole(&[name], 1, max)?.ok_or_else(|| ReadError {
        field: name.into(),
        ..ReadError::whole("Is missing; without it this is no model's config.json.")
    })
}

fn t5(fields: &mut ObjectReader) -> Result<Recipe, ReadError> {
    let encoder_layers = needed(fields, "num_layers", limits::LAYERS)?;
    let layers = fields.whole(&["num_decoder_layers"], 1, limits::LAYERS)?.unwrap_or(encoder_layers);
    let (heads, head_dim) = (needed(fields, "num_heads", limits::PART)?, needed(fields, "d_kv", limits::PART)?);
    let intermediate = needed(fields, "d_ff", limits::WIDTH)?;
    let buckets = fields.whole(&["relative_attention_num_buckets"], 1, limits::PART)?.unwrap_or(32);
    let gated = fields.text(&["feed_forward_proj"]).is_some_and(|activation| activation.starts_with("gated"));
    let mut recipe = Recipe {
        family: Family::T5,
        layers: layers as u32,
        hidden: needed(fields, "d_model", limits::WIDTH)?,
        heads,
        head_dim: Some(head_dim),
        intermediate,
        vocab: needed(fields, "vocab_size", limits::VOCABULARY)?,
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

/// What BART's and Whisper's configurations name alike, with `positions` of the decoder.
fn named_by_side(fields: &mut ObjectReader, family: Family, positions: u64) -> Result<Recipe, ReadError> {
    let hidden = needed(fields, "d_model", limits::WIDTH)?;
    let heads = needed(fields, "decoder_attention_heads", limits::PART)?;
    let encoder = [
        needed(fields, "encoder_layers", limits::LAYERS)?,
        needed(fields, "encoder_attention_heads", limits::PART)?,
        0,
        needed(fields, "encoder_ffn_dim", limits::WIDTH)?,
    ];
    let mut recipe = Recipe {
        family,
        layers: needed(fields, "decoder_layers", limits::LAYERS)? as u32,
        hidden,
        heads,
        intermediate: needed(fields, "decoder_ffn_dim", limits::WIDTH)?,
        vocab: needed(fields, "vocab_size", limits::VOCABULARY)?,
        max_position_embeddings: positions,
        ..Recipe::default()
    };
    let [layers, encoder_heads, _, intermediate] = encoder;
    let head_dim = (hidden / encoder_heads).max(1);
    set(&mut recipe, "encoder", &format!("{layers}/{encoder_heads}/{head_dim}/{intermediate}"));
    Ok(recipe)
}

fn bart(fields: &mut ObjectReader) -> Result<Recipe, ReadError> {
    let positions = needed(fields, "max_position_embeddings", limits::POSITIONS - BART_OFFSET)?;
    let mut recipe = named_by_side(fields, Family::Bart, positions)?;
    let rows = (positions + BART_OFFSET).to_string();
    set(&mut recipe, "embedding_norm", "true");
    set(&mut recipe, "learned", &rows);
    set(&mut recipe, "encoder_positions", &rows);
    Ok(recipe)
}

fn whisper(fields: &mut ObjectReader) -> Result<Recipe, ReadError> {
    let positions = needed(fields, "max_target_positions", limits::POSITIONS)?;
    let mut recipe = named_by_side(fields, Family::Whisper, positions)?;
    set(&mut recipe, "learned", &positions.to_string());
    set(&mut recipe, "mels", &needed(fields, "num_mel_bins", limits::PART)?.to_string());
    set(&mut recipe, "encoder_positions", &needed(fields, "max_source_positions", limits::POSITIONS)?.to_string());
    Ok(recipe)
}
