//! The model of a deployment: one of the catalogue, or a custom model.

use super::{Architecture, DEFAULT_MODEL, Recipe, Tensors, find, models, recipe_of};
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

/// A model of the catalogue or a custom model. It dereferences to an [`Architecture`], and clones
/// are cheap.
#[derive(Debug, Clone)]
pub enum ModelRef {
    /// A model of the catalogue.
    Catalogue(&'static Architecture),
    /// A custom model.
    Custom(Arc<CustomModel>),
}

/// A custom model: its recipe, and the architecture built from it.
#[derive(Debug)]
pub struct CustomModel {
    recipe: Recipe,
    architecture: Architecture,
    tensors: OnceLock<Tensors>,
}

impl ModelRef {
    /// The custom model that `recipe` describes.
    pub fn custom(recipe: Recipe) -> ModelRef {
        let architecture = recipe.build();
        ModelRef::Custom(Arc::new(CustomModel { recipe, architecture, tensors: OnceLock::new() }))
    }

    /// The recipe of a custom model; `None` for a model of the catalogue.
    pub fn recipe(&self) -> Option<&Recipe> {
        match self {
            ModelRef::Catalogue(_) => None,
            ModelRef::Custom(custom) => Some(&custom.recipe),
        }
    }

    /// The recipe of any model, as the start of a custom one.
    pub fn to_recipe(&self) -> Recipe {
        self.recipe().cloned().unwrap_or_else(|| Recipe { name: Recipe::default().name, ..recipe_of(&self.name) })
    }

    /// Every weight tensor, cached at the first call because an estimate needs them often.
    pub fn shared_tensors(&self) -> &Tensors {
        match self {
            ModelRef::Catalogue(model) => model.shared_tensors(),
            ModelRef::Custom(custom) => custom.tensors.get_or_init(|| custom.architecture.tensors()),
        }
    }

    /// Whether it is a custom model.
    pub fn is_custom(&self) -> bool {
        matches!(self, ModelRef::Custom(_))
    }
}

impl Deref for ModelRef {
    type Target = Architecture;
    fn deref(&self) -> &Architecture {
        match self {
            ModelRef::Catalogue(model) => model,
            ModelRef::Custom(custom) => &custom.architecture,
        }
    }
}

impl From<&'static Architecture> for ModelRef {
    fn from(model: &'static Architecture) -> ModelRef {
        ModelRef::Catalogue(model)
    }
}

/// The model of a deployment that names none.
impl Default for ModelRef {
    fn default() -> ModelRef {
        find(DEFAULT_MODEL).unwrap_or(&models()[0]).into()
    }
}

/// Models of the catalogue are equal if their names are, custom models if their recipes are. A
/// model of the catalogue never equals a custom one.
impl PartialEq for ModelRef {
    fn eq(&self, other: &ModelRef) -> bool {
        match (self, other) {
            (ModelRef::Catalogue(a), ModelRef::Catalogue(b)) => std::ptr::eq(*a, *b) || a.name == b.name,
            (ModelRef::Custom(a), ModelRef::Custom(b)) => a.recipe == b.recipe,
            _ => false,
        }
    }
}
