//! How a setting is parsed, formatted, compared and checked.

use super::parse::{chosen, dtype, fraction, gib, number, optional, text, toggle, whole, whole_list, within};
use super::{Field, Input};
use crate::architecture::{Dtype, ModelRef, Recipe};
use crate::deployment::{Calibrated, Deployment, InvalidSetting, InvalidValue, LookaheadConfig};
use crate::units::{joined, shortest};

/// Access to a value of a deployment.
#[derive(Debug)]
pub(super) struct Lens<T: 'static> {
    pub of: fn(&Deployment) -> &T,
    pub of_mut: fn(&mut Deployment) -> &mut T,
}

/// Not derived: functions can be copied whether or not the value can.
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
    /// A whole number that may be left to TensorRT-LLM.
    OptionalWhole(Lens<Option<u64>>),
    /// Whole numbers within these bounds.
    WholeList(Lens<Vec<u64>>, (u64, u64)),
    /// A fraction or a size in GiB, which may be left out.
    Decimal(Lens<Option<f64>>),
    /// On or off.
    Toggle(Lens<bool>),
    /// On or off, or left to TensorRT-LLM.
    OptionalToggle(Lens<Option<bool>>),
    /// A number format, or `auto`.
    Dtype(Lens<Option<Dtype>>),
    /// A measured size over the law's.
    Calibrated(Lens<Option<Calibrated>>),
    /// The sizes of lookahead decoding.
    Lookahead(Lens<Option<LookaheadConfig>>),
    /// One of the names to choose from, by its index among them.
    Name(fn(&Deployment) -> usize, fn(&mut Deployment, usize)),
    /// A dimension that every model has.
    Dimension(RecipeLens<u64>),
    /// A dimension that every model has, of 32 bits.
    ShortDimension(RecipeLens<u32>),
    /// A dimension that follows from others if absent.
    OptionalDimension(RecipeLens<Option<u64>>),
    /// A deviation from the conventions of a model's family, by the key behind `m.`.
    Feature,
    /// A setting with a parser and a format of its own. Any value that its type can have is a sound
    /// one.
    Own(fn(&mut Deployment, &str) -> Result<(), InvalidValue>, fn(&Deployment) -> String),
}

impl Field {
    /// Parses a text into a deployment.
    ///
    /// # Errors
    /// If the setting can't have this value; the deployment is unchanged then.
    pub fn read(&self, d: &mut Deployment, t: &str) -> Result<(), InvalidValue> {
        match self.accessor {
            Accessor::Whole(lens) => *(lens.of_mut)(d) = whole(t, self.bounds())?,
            Accessor::OptionalWhole(lens) => *(lens.of_mut)(d) = optional(t, |t| whole(t, self.bounds()))?,
            Accessor::WholeList(lens, bounds) => *(lens.of_mut)(d) = whole_list(t, bounds)?,
            Accessor::Decimal(lens) => *(lens.of_mut)(d) = optional(t, |t| self.decimal(number(t)))?,
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

    /// The setting as text; empty if it is left to TensorRT-LLM.
    pub fn write(&self, d: &Deployment) -> String {
        match self.accessor {
            Accessor::Whole(lens) => (lens.of)(d).to_string(),
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

    /// Whether the setting is the same in both.
    pub(crate) fn is_alike(&self, a: &Deployment, b: &Deployment) -> bool {
        self.write(a) == self.write(b)
    }

    /// Checks that the value is one that a text could give: within the range of the setting.
    ///
    /// # Errors
    /// If it is not. Only a program can give a deployment such a value; no link does.
    pub fn check(&self, d: &Deployment) -> Result<(), InvalidSetting> {
        self.check_value(d).map_err(|error| InvalidSetting::new(self.key, self.write(d), error))
    }

    fn check_value(&self, d: &Deployment) -> Result<(), InvalidValue> {
        match self.accessor {
            Accessor::Whole(lens) => within(*(lens.of)(d), self.bounds()).map(drop),
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

    /// The same deployment with this setting at `text`.
    ///
    /// # Errors
    /// If the setting can't have this value.
    pub fn with(&self, deployment: &Deployment, text: &str) -> Result<Deployment, InvalidSetting> {
        let mut changed = deployment.clone();
        match self.read(&mut changed, text) {
            Ok(()) => Ok(changed),
            Err(error) => Err(InvalidSetting::new(self.key, text, error)),
        }
    }

    /// The number, if it is in the range of a fraction or of a size in GiB.
    fn decimal(&self, number: f64) -> Result<f64, InvalidValue> {
        if matches!(self.input, Input::Fraction) { fraction(number) } else { gib(number) }
    }

    /// The smallest and the largest value of a whole number.
    fn bounds(&self) -> (u64, u64) {
        match self.input {
            Input::Steps { max, .. } => (1, max),
            Input::Whole { min, max, .. } => (min, max),
            _ => (0, u64::MAX),
        }
    }

    /// The names to choose from.
    fn names(&self) -> &'static [&'static str] {
        match self.input {
            Input::Choice(names) => names,
            _ => &[],
        }
    }

    /// The name among a model's features.
    fn feature(&self) -> &'static str {
        self.key.strip_prefix("m.").unwrap_or(self.key)
    }
}

/// Changes the model, which thereby becomes a custom one; an empty text means nothing for a model
/// of the catalogue.
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

/// Formats a dimension; nothing for a model of the catalogue.
pub(super) fn show(d: &Deployment, write: impl FnOnce(&Recipe) -> String) -> String {
    d.model.recipe().map_or_else(String::new, write)
}
