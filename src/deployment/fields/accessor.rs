//! Where a setting stands, and how it is read and written there.

use super::custom_model::{edit, show};
use super::parse::{chosen, dtype, fraction, gib, optional, text, toggle, whole};
use super::{Field, Input};
use crate::architecture::{Dtype, Recipe};
use crate::deployment::{Calibrated, Deployment, InvalidSetting};
use crate::units::shortest;

/// Where a value stands in what was chosen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lens<T> {
    pub of: fn(&Deployment) -> &T,
    pub of_mut: fn(&mut Deployment) -> &mut T,
}

/// Where a dimension of a model of one's own stands among its words.
#[derive(Debug, Clone, Copy)]
pub(super) struct RecipeLens<T> {
    pub of: fn(&Recipe) -> &T,
    pub of_mut: fn(&mut Recipe) -> &mut T,
}

/// Where a setting stands. The page loads a function for each place, and what is done there once for all settings of a kind.
#[derive(Debug, Clone, Copy)]
pub(super) enum Accessor {
    /// A whole number.
    Whole(Lens<u64>),
    /// A whole number that may be left to TensorRT-LLM.
    OptionalWhole(Lens<Option<u64>>),
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
    /// One of the names to choose from, by its place among them.
    Name(fn(&Deployment) -> usize, fn(&mut Deployment, usize)),
    /// A dimension that every model has.
    Dimension(RecipeLens<u64>),
    /// A dimension that follows from others where it isn't given.
    OptionalDimension(RecipeLens<Option<u64>>),
    /// What may differ from the conventions of a model's family, by the key behind `m.`.
    Feature,
    /// One of a kind: how it is read, and how it is written.
    Own(fn(&mut Deployment, &str) -> Result<(), String>, fn(&Deployment) -> String),
}

impl Field {
    /// Reads a text into a deployment.
    ///
    /// # Errors
    /// With what would be right, if the setting can't have this value; the deployment is as before then.
    pub fn read(&self, d: &mut Deployment, t: &str) -> Result<(), String> {
        match self.accessor {
            Accessor::Whole(place) => *(place.of_mut)(d) = whole(t, self.bounds())?,
            Accessor::OptionalWhole(place) => *(place.of_mut)(d) = optional(t, |t| whole(t, self.bounds()))?,
            Accessor::Decimal(place) => {
                let read = if matches!(self.input, Input::Fraction) { fraction } else { gib };
                *(place.of_mut)(d) = optional(t, read)?;
            }
            Accessor::Toggle(place) => *(place.of_mut)(d) = toggle(t)?,
            Accessor::OptionalToggle(place) => *(place.of_mut)(d) = optional(t, toggle)?,
            Accessor::Dtype(place) => *(place.of_mut)(d) = optional(t, |t| dtype(t, self.names()))?,
            Accessor::Calibrated(place) => *(place.of_mut)(d) = optional(t, Calibrated::parse)?,
            Accessor::Name(_, set) => set(d, chosen(t, self.names())?),
            Accessor::Dimension(word) => edit(d, t, &|recipe, t| {
                *(word.of_mut)(recipe) = whole(t, self.bounds())?;
                Ok(())
            })?,
            Accessor::OptionalDimension(word) => edit(d, t, &|recipe, t| {
                *(word.of_mut)(recipe) = optional(t, |t| whole(t, self.bounds()))?;
                Ok(())
            })?,
            Accessor::Feature => edit(d, t, &|recipe, t| recipe.set(self.feature(), t).map_err(String::from))?,
            Accessor::Own(read, _) => read(d, t)?,
        }
        Ok(())
    }

    /// The setting as text; empty where it is left to TensorRT-LLM.
    pub fn write(&self, d: &Deployment) -> String {
        match self.accessor {
            Accessor::Whole(place) => (place.of)(d).to_string(),
            Accessor::OptionalWhole(place) => text(*(place.of)(d)),
            Accessor::Decimal(place) => (place.of)(d).map_or_else(String::new, shortest),
            Accessor::Toggle(place) => (place.of)(d).to_string(),
            Accessor::OptionalToggle(place) => text(*(place.of)(d)),
            Accessor::Dtype(place) => (place.of)(d).map_or("auto", Dtype::name).into(),
            Accessor::Calibrated(place) => text(*(place.of)(d)),
            Accessor::Name(of, _) => self.names().get(of(d)).copied().unwrap_or_default().into(),
            Accessor::Dimension(word) => show(d, |recipe| (word.of)(recipe).to_string()),
            Accessor::OptionalDimension(word) => show(d, |recipe| text(*(word.of)(recipe))),
            Accessor::Feature => show(d, |recipe| recipe.feature(self.feature()).unwrap_or_default().into()),
            Accessor::Own(_, write) => write(d),
        }
    }

    /// Whether the setting is the same in both.
    pub(crate) fn is_alike(&self, a: &Deployment, b: &Deployment) -> bool {
        match self.accessor {
            Accessor::Whole(place) => (place.of)(a) == (place.of)(b),
            Accessor::OptionalWhole(place) => (place.of)(a) == (place.of)(b),
            Accessor::Decimal(place) => (place.of)(a) == (place.of)(b),
            Accessor::Toggle(place) => (place.of)(a) == (place.of)(b),
            Accessor::OptionalToggle(place) => (place.of)(a) == (place.of)(b),
            Accessor::Dtype(place) => (place.of)(a) == (place.of)(b),
            Accessor::Calibrated(place) => (place.of)(a) == (place.of)(b),
            Accessor::Name(of, _) => of(a) == of(b),
            Accessor::Dimension(_) | Accessor::OptionalDimension(_) | Accessor::Feature | Accessor::Own(..) => {
                self.write(a) == self.write(b)
            }
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
            Err(advice) => Err(InvalidSetting::new(self.key, text, advice)),
        }
    }

    /// The smallest and the largest whole number that it may be.
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
