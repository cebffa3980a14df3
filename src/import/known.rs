//! The model of the catalogue that a file describes, or a custom model with the file's own
//! precision.

use super::quantization::are_alike;
use super::report::ReadReport;
use crate::architecture::{Architecture, Checkpoint, ModelRef, Recipe, Recurrence, StoredKvCache, models, recipe_of};

/// Whether the model's recurrent states are in 32 bit.
fn has_wide_state(model: &Architecture) -> bool {
    model.recurrence.is_some_and(|recurrence| recurrence.wide_state)
}

/// Returns the models of the catalogue with these dimensions, however they are stored.
pub(super) fn with_dimensions(recipe: &Recipe, dtype_known: bool) -> Vec<&'static Architecture> {
    let built = recipe.build();
    let same = |model: &&Architecture| {
        let theirs = Architecture {
            name: model.name.clone(),
            aliases: model.aliases.clone(),
            source: model.source.clone(),
            dtype: if dtype_known { built.dtype } else { model.dtype },
            // A configuration may omit these layers, and the scope is that of other checkpoints.
            mtp_layers: model.mtp_layers,
            fp4_scope: model.fp4_scope,
            tower: model.tower,
            // Headers do not name the type of the states.
            recurrence: built.recurrence.map(|own| Recurrence { wide_state: has_wide_state(model), ..own }),
            checkpoint: model.checkpoint.clone(),
            ..built.clone()
        };
        theirs == **model
    };
    models().iter().filter(same).collect()
}

/// Returns the model of `alike` that is stored as a file says; if there are several, the one that
/// `hint` names. Otherwise a custom model with the dimensions of `own`, or of the catalogue, and
/// the file's own precision.
pub(super) fn stored_as(
    alike: &[&'static Architecture],
    own: Recipe,
    stored: &Checkpoint,
    hint: &str,
    report: &mut ReadReport,
) -> ModelRef {
    let is_stored_so = |model: &&&'static Architecture| is_stored_so(model, stored);
    let rank = |model: &&&'static Architecture| {
        let theirs = &model.checkpoint;
        let same = (theirs.kv_cache == stored.kv_cache, theirs.method == stored.method);
        (named_length(model, hint), same, theirs.base.is_none())
    };
    let chosen = alike.iter().rev().filter(is_stored_so).max_by_key(rank);
    let others = alike.iter().filter(|model| !is_stored_so(model) && !model.checkpoint.precisions.is_unquantized());
    let named = others.max_by_key(|model| named_length(model, hint)).filter(|model| {
        let length = named_length(model, hint);
        length > chosen.map_or(0, |chosen| named_length(chosen, hint)) && stored.precisions.is_unquantized()
    });
    if let Some(named) = named {
        let note = format!(
            "the file states none, but its path names {}, which is stored as {}: give the hf_quant_config.json beside \
             it too",
            named.name.rsplit('/').next().unwrap_or_default(),
            named.checkpoint.label()
        );
        report.assume("quantization_config", "16 bit", note);
    }
    if let Some(model) = chosen {
        report.assume("model", &model.name, "the catalogue's model with these dimensions and this precision");
        return ModelRef::from(*model);
    }
    let mut recipe = match self::named(alike, hint) {
        Some(base) => {
            let how = if stored.precisions.is_unquantized() { "16 bit".into() } else { stored.label() };
            let note = format!("the catalogue's model with these dimensions; the file's precision is {how}");
            report.assume("model", &base.name, note);
            let name = match &own.name {
                name if *name == Recipe::default().name => base.name.rsplit('/').next().unwrap_or("").to_string(),
                name => name.to_string(),
            };
            Recipe { name: name.into(), dtype: own.dtype, ..recipe_of(&base.name) }
        }
        None => own,
    };
    recipe.store(stored);
    ModelRef::custom(recipe)
}

/// Whether a repository stores its weights so, as far as it matters.
pub(super) fn is_stored_so(model: &Architecture, stored: &Checkpoint) -> bool {
    let theirs = &model.checkpoint;
    let kv_cache = theirs.kv_cache == stored.kv_cache
        || [theirs.kv_cache, stored.kv_cache].contains(&StoredKvCache::Unknown)
            && ![theirs.kv_cache, stored.kv_cache].contains(&StoredKvCache::Fp8);
    kv_cache
        && (stored.method.is_none() || theirs.unreadable() == stored.unreadable())
        && are_alike(model, &theirs.precisions, &stored.precisions)
}

/// Returns the model of `alike` that `hint` names, in no particular precision.
pub(super) fn named(alike: &[&'static Architecture], hint: &str) -> Option<&'static Architecture> {
    let rank = |model: &&&'static Architecture| (named_length(model, hint), model.checkpoint.base.is_none());
    alike.iter().rev().max_by_key(rank).copied()
}

/// The length of the model's longest name in `hint`; 0 if `hint` has none of its names. The longest
/// name decides because Llama-3.1-8B-Instruct also contains Llama-3.1-8B.
pub(super) fn named_length(model: &Architecture, hint: &str) -> usize {
    let hint = hint.to_ascii_lowercase();
    let short = |name: &str| name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
    model.names().map(short).filter(|name| hint.contains(name.as_str())).map(|name| name.len()).max().unwrap_or(0)
}
