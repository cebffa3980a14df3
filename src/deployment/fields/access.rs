//! Where a setting stands, and how it is read and written there.

use super::model::{edit, show};
use super::read::{chosen, dtype, fraction, gib, optional, text, toggle, whole};
use super::{Field, Input};
use crate::architecture::{Dtype, Recipe};
use crate::deployment::{Calibrated, Deployment, Problem};
use crate::units::shortest;

/// Where a value stands in what was chosen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<T> {
    pub of: fn(&Deployment) -> &T,
    pub of_mut: fn(&mut Deployment) -> &mut T,
}

/// Where a dimension of a model of one's own stands among its words.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word<T> {
    pub of: fn(&Recipe) -> &T,
    pub of_mut: fn(&mut Recipe) -> &mut T,
}

/// Where a setting stands. The page loads a function for each place, and what is done there once for all settings of a kind.
#[derive(Debug, Clone, Copy)]
pub(super) enum Access {
    /// A whole number.
    Whole(Place<u64>),
    /// A whole number that may be left to TensorRT-LLM.
    OptionalWhole(Place<Option<u64>>),
    /// A fraction or a size in GiB, which may be left out.
    Decimal(Place<Option<f64>>),
    /// On or off.
    Toggle(Place<bool>),
    /// On or off, or left to TensorRT-LLM.
    OptionalToggle(Place<Option<bool>>),
    /// A number format, or `auto`.
    Dtype(Place<Option<Dtype>>),
    /// A measured size over the law's.
    Calibrated(Place<Option<Calibrated>>),
    /// One of the names to choose from, by its place among them.
    Name(fn(&Deployment) -> usize, fn(&mut Deployment, usize)),
    /// A dimension that every model has.
    Dimension(Word<u64>),
    /// A dimension that follows from others where it isn't given.
    OptionalDimension(Word<Option<u64>>),
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
        match self.access {
            Access::Whole(place) => *(place.of_mut)(d) = whole(t, self.bounds())?,
            Access::OptionalWhole(place) => *(place.of_mut)(d) = optional(t, |t| whole(t, self.bounds()))?,
            Access::Decimal(place) => {
                let read = if matches!(self.input, Input::Fraction) { fraction } else { gib };
                *(place.of_mut)(d) = optional(t, read)?;
            }
            Access::Toggle(place) => *(place.of_mut)(d) = toggle(t)?,
            Access::OptionalToggle(place) => *(place.of_mut)(d) = optional(t, toggle)?,
            Access::Dtype(place) => *(place.of_mut)(d) = optional(t, |t| dtype(t, self.names()))?,
            Access::Calibrated(place) => *(place.of_mut)(d) = optional(t, Calibrated::parse)?,
            Access::Name(_, set) => set(d, chosen(t, self.names())?),
            Access::Dimension(word) => edit(d, t, &|recipe, t| {
                *(word.of_mut)(recipe) = whole(t, self.bounds())?;
                Ok(())
            })?,
            Access::OptionalDimension(word) => edit(d, t, &|recipe, t| {
                *(word.of_mut)(recipe) = optional(t, |t| whole(t, self.bounds()))?;
                Ok(())
            })?,
            Access::Feature => edit(d, t, &|recipe, t| recipe.set(self.feature(), t))?,
            Access::Own(read, _) => read(d, t)?,
        }
        Ok(())
    }

    /// The setting as text; empty where it is left to TensorRT-LLM.
    pub fn write(&self, d: &Deployment) -> String {
        match self.access {
            Access::Whole(place) => (place.of)(d).to_string(),
            Access::OptionalWhole(place) => text(*(place.of)(d)),
            Access::Decimal(place) => (place.of)(d).map_or_else(String::new, shortest),
            Access::Toggle(place) => (place.of)(d).to_string(),
            Access::OptionalToggle(place) => text(*(place.of)(d)),
            Access::Dtype(place) => (place.of)(d).map_or("auto", Dtype::name).into(),
            Access::Calibrated(place) => text(*(place.of)(d)),
            Access::Name(of, _) => self.names().get(of(d)).copied().unwrap_or_default().into(),
            Access::Dimension(word) => show(d, |recipe| (word.of)(recipe).to_string()),
            Access::OptionalDimension(word) => show(d, |recipe| text(*(word.of)(recipe))),
            Access::Feature => show(d, |recipe| recipe.feature(self.feature()).unwrap_or_default().into()),
            Access::Own(_, write) => write(d),
        }
    }

    /// Whether the setting is the same in both.
    pub(crate) fn is_alike(&self, a: &Deployment, b: &Deployment) -> bool {
        match self.access {
            Access::Whole(place) => (place.of)(a) == (place.of)(b),
            Access::OptionalWhole(place) => (place.of)(a) == (place.of)(b),
            Access::Decimal(place) => (place.of)(a) == (place.of)(b),
            Access::Toggle(place) => (place.of)(a) == (place.of)(b),
            Access::OptionalToggle(place) => (place.of)(a) == (place.of)(b),
            Access::Dtype(place) => (place.of)(a) == (place.of)(b),
            Access::Calibrated(place) => (place.of)(a) == (place.of)(b),
            Access::Name(of, _) => of(a) == of(b),
            Access::Dimension(_) | Access::OptionalDimension(_) | Access::Feature | Access::Own(..) => {
                self.write(a) == self.write(b)
            }
        }
    }

    /// The same deployment with this setting at `text`.
    ///
    /// # Errors
    /// If the setting can't have this value.
    pub fn with(&self, deployment: &Deployment, text: &str) -> Result<Deployment, Problem> {
        let mut changed = deployment.clone();
        match self.read(&mut changed, text) {
            Ok(()) => Ok(changed),
            Err(advice) => Err(Problem::new(self.key, text, advice)),
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
