//! The parsing, formatting, comparison and checks of settings.

use super::parse::{
    bytes, bytes_within, chosen, dtype, fraction, fraction_text, gib, gib_text, optional, text, toggle, whole,
    whole_list, within,
};
use super::{Input, Setting};
use crate::architecture::{Dtype, ModelRef, Recipe};
use crate::deployment::{Calibrated, Deployment, InvalidSetting, InvalidValue, LookaheadConfig};
use crate::units::{joined, shortest};

/// Access to a value of a deployment.
#[derive(Debug)]
pub(super) struct Lens<T: 'static> {
    pub of: fn(&Deployment) -> &T,
    pub of_mut: fn(&mut Deployment) -> &mut T,
}

/// Copies the function pointers. A derived `Clone` would require `T: Clone`.
impl<T> Clone for Lens<T> {
    fn clone(&self) -> Lens<T> {
        *self
    }
}

impl<T> Copy for Lens<T> {}

/// Access to a dimension of a custom model.
#[derive(Debug, Clone, Copy)]
pub(super) struct RecipeLens<T: 'static> {
    pub of: fn(&Recipe) -> &T,
    pub of_mut: fn(&mut Recipe) -> &mut T,
}

/// The kind of a setting, with access to its value.
#[derive(Debug, Clone, Copy)]
pub(super) enum Accessor {
    /// A whole number.
    Whole(Lens<u64>),
    /// A number of bytes.
    Bytes(Lens<u64>),
    /// An optional whole number; if unset, TensorRT-LLM's default.
    OptionalWhole(Lens<Option<u64>>),
    /// A list of whole numbers within these bounds.
    WholeList(Lens<Vec<u64>>, (u64, u64)),
    /// An optional fraction or size in GiB.
    Decimal(Lens<Option<f64>>),
    /// A boolean.
    Toggle(Lens<bool>),
    /// An optional boolean; if unset, TensorRT-LLM's default.
    OptionalToggle(Lens<Option<bool>>),
    /// A number type, or `auto`.
    Dtype(Lens<Option<Dtype>>),
    /// A measured size and the law's prediction.
    Calibrated(Lens<Option<Calibrated>>),
    /// The sizes of lookahead decoding.
    Lookahead(Lens<Option<LookaheadConfig>>),
    /// One of the names of the input, by its index.
    Name(fn(&Deployment) -> usize, fn(&mut Deployment, usize)),
    /// A required dimension.
    Dimension(RecipeLens<u64>),
    /// A required 32-bit dimension.
    ShortDimension(RecipeLens<u32>),
    /// An optional dimension; if absent, derived from others.
    OptionalDimension(RecipeLens<Option<u64>>),
    /// A deviation from the conventions of a model's family; the key without `m.` is its name.
    Feature,
    /// A setting with its own parser and formatter. Every value of its type is valid.
    Own(fn(&mut Deployment, &str) -> Result<(), InvalidValue>, fn(&Deployment) -> String),
}

impl Setting {
    /// Parses a text into a deployment.
    ///
    /// # Errors
    /// If the value is invalid; the deployment is then unchanged.
    pub fn read(&self, d: &mut Deployment, t: &str) -> Result<(), InvalidValue> {
        match self.accessor {
            Accessor::Whole(lens) => *(lens.of_mut)(d) = whole(t, self.bounds())?,
            Accessor::Bytes(lens) => *(lens.of_mut)(d) = bytes(t, self.bounds())?,
            Accessor::OptionalWhole(lens) => *(lens.of_mut)(d) = optional(t, |t| whole(t, self.bounds()))?,
            Accessor::WholeList(lens, bounds) => *(lens.of_mut)(d) = whole_list(t, bounds)?,
            Accessor::Decimal(lens) => *(lens.of_mut)(d) = optional(t, |t| self.decimal_text(t))?,
            Accessor::Toggle(lens) => *(lens.of_mut)(d) = toggle(t)?,
            Accessor::OptionalToggle(lens) => *(lens.of_mut)(d) = optional(t, toggle)?,
            Accessor::Dtype(lens) => *(lens.of_mut)(d) = optional(t, |t| dtype(t, self.names()))?,
            Accessor::Calibrated(lens) => *(lens.of_mut)(d) = optional(t, str::parse)?,
            Accessor::Lookahead(lens) => *(lens.of_mut)(d) = optional(t, str::parse)?,
            Accessor::Name(_, set) => set(d, chosen(t, self.names())?),
            Accessor::Dimension(lens) => edit(d, t, &|recipe, t| {
                *(lens.of_mut)(recipe) = whole(t, self.bounds())?;
                Ok(())
            })?,
            Accessor::ShortDimension(lens) => edit(d, t, &|recipe, t| {
                *(lens.of_mut)(recipe) = whole(t, self.bounds())? as u32;
                Ok(())
            })?,
            Accessor::OptionalDimension(lens) => edit(d, t, &|recipe, t| {
                *(lens.of_mut)(recipe) = optional(t, |t| whole(t, self.bounds()))?;
                Ok(())
            })?,
            Accessor::Feature => {
                edit(d, t, &|recipe, t| recipe.set(self.feature(), t).map_err(InvalidValue::new))?;
            }
            Accessor::Own(read, _) => read(d, t)?,
        }
        Ok(())
    }

    /// Returns the setting as text; empty if unset.
    pub fn write(&self, d: &Deployment) -> String {
        match self.accessor {
            Accessor::Whole(lens) | Accessor::Bytes(lens) => (lens.of)(d).to_string(),
            Accessor::OptionalWhole(lens) => text(*(lens.of)(d)),
            Accessor::WholeList(lens, _) => joined((lens.of)(d), ","),
            Accessor::Decimal(lens) => (lens.of)(d).map_or_else(String::new, shortest),
            Accessor::Toggle(lens) => (lens.of)(d).to_string(),
            Accessor::OptionalToggle(lens) => text(*(lens.of)(d)),
            Accessor::Dtype(lens) => (lens.of)(d).map_or("auto", Dtype::name).into(),
            Accessor::Calibrated(lens) => text(*(lens.of)(d)),
            Accessor::Lookahead(lens) => text(*(lens.of)(d)),
            Accessor::Name(of, _) => self.names().get(of(d)).copied().unwrap_or_default().into(),
            Accessor::Dimension(lens) => show(d, |recipe| (lens.of)(recipe).to_string()),
            Accessor::ShortDimension(lens) => show(d, |recipe| (lens.of)(recipe).to_string()),
            Accessor::OptionalDimension(lens) => show(d, |recipe| text(*(lens.of)(recipe))),
            Accessor::Feature => show(d, |recipe| recipe.feature(self.feature()).unwrap_or_default().into()),
            Accessor::Own(_, write) => write(d),
        }
    }

    /// Whether the setting has the same value in both deployments.
    pub(crate) fn is_alike(&self, a: &Deployment, b: &Deployment) -> bool {
        self.write(a) == self.write(b)
    }

    /// Checks that the value is in the range of the setting.
    ///
    /// # Errors
    /// If it is out of range. Only a program can set such a value; links are checked while parsed.
    pub fn check(&self, d: &Deployment) -> Result<(), InvalidSetting> {
        self.check_value(d).map_err(|error| InvalidSetting::new(self.key, self.write(d), error))
    }

    fn check_value(&self, d: &Deployment) -> Result<(), InvalidValue> {
        match self.accessor {
            Accessor::Whole(lens) => within(*(lens.of)(d), self.bounds()).map(drop),
            Accessor::Bytes(lens) => bytes_within(*(lens.of)(d), self.bounds()).map(drop),
            Accessor::OptionalWhole(lens) => {
                (lens.of)(d).map_or(Ok(()), |number| within(number, self.bounds()).map(drop))
            }
            Accessor::WholeList(lens, bounds) => {
                (lens.of)(d).iter().try_for_each(|number| within(*number, bounds).map(drop))
            }
            Accessor::Decimal(lens) => (lens.of)(d).map_or(Ok(()), |number| self.decimal(number).map(drop)),
            Accessor::Calibrated(lens) => (lens.of)(d).map_or(Ok(()), |calibrated| calibrated.check().map(drop)),
            Accessor::Lookahead(lens) => (lens.of)(d).map_or(Ok(()), |config| config.check().map(drop)),
            Accessor::Name(of, _) if of(d) >= self.names().len() => {
                Err(InvalidValue::not_one_of(&of(d).to_string(), self.names()))
            }
            Accessor::Name(..)
            | Accessor::Toggle(_)
            | Accessor::OptionalToggle(_)
            | Accessor::Dtype(_)
            | Accessor::Dimension(_)
            | Accessor::ShortDimension(_)
            | Accessor::OptionalDimension(_)
            | Accessor::Feature
            | Accessor::Own(..) => Ok(()),
        }
    }

    /// Returns the deployment with this setting parsed from `text`.
    ///
    /// # Errors
    /// If the value is invalid.
    pub fn with(&self, deployment: &Deployment, text: &str) -> Result<Deployment, InvalidSetting> {
        let mut changed = deployment.clone();
        match self.read(&mut changed, text) {
            Ok(()) => Ok(changed),
            Err(error) => Err(InvalidSetting::new(self.key, text, error)),
        }
    }

    /// Parses a fraction or a size in GiB.
    fn decimal_text(&self, text: &str) -> Result<f64, InvalidValue> {
        self.decimal(if self.input == Input::Fraction { fraction_text(text) } else { gib_text(text) })
    }

    /// Returns the number if it is in the range of a fraction or of a size in GiB.
    fn decimal(&self, number: f64) -> Result<f64, InvalidValue> {
        if matches!(self.input, Input::Fraction) { fraction(number) } else { gib(number) }
    }

    /// Returns the minimum and the maximum of a whole number.
    fn bounds(&self) -> (u64, u64) {
        match self.input {
            Input::Steps { max, .. } => (1, max),
            Input::Whole { min, max, .. } => (min, max),
            _ => (0, u64::MAX),
        }
    }

    /// Returns the names of the input; empty without a choice.
    fn names(&self) -> &'static [&'static str] {
        match self.input {
            Input::Choice(names) => names,
            _ => &[],
        }
    }

    /// Returns the name of the model's feature.
    fn feature(&self) -> &'static str {
        self.key.strip_prefix("m.").unwrap_or(self.key)
    }
}

/// Changes a dimension, which makes the model a custom one. Ignores an empty text if the model is a
/// catalogue entry.
pub(super) fn edit(
    d: &mut Deployment,
    text: &str,
    change: &dyn Fn(&mut Recipe, &str) -> Result<(), InvalidValue>,
) -> Result<(), InvalidValue> {
    let text = text.trim();
    if text.is_empty() && !d.model.is_custom() {
        return Ok(());
    }
    let mut recipe = d.model.to_recipe();
    change(&mut recipe, text)?;
    d.model = ModelRef::custom(recipe);
    Ok(())
}

/// Formats a dimension; empty for a model of the catalogue.
pub(super) fn show(d: &Deployment, write: impl FnOnce(&Recipe) -> String) -> String {
    d.model.recipe().map_or_else(String::new, write)
}
