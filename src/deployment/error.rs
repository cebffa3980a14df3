//! Errors of a deployment and of its settings, worded so that a person can mend them.

use serde::Serialize;
use std::fmt;

/// A text or a number that a setting, or a type of its values, can't have. The message is a
/// sentence without its subject, which says the values that are possible: "must be true or false".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InvalidValue {
    message: String,
}

impl InvalidValue {
    /// An error with this message.
    pub(crate) fn new(message: impl Into<String>) -> InvalidValue {
        InvalidValue { message: message.into() }
    }

    /// The error of a text that is none of these names.
    pub(crate) fn not_one_of(text: &str, names: &[&str]) -> InvalidValue {
        InvalidValue { message: format!("must be one of {}; \"{text}\" is none of them", names.join(", ")) }
    }
}

impl From<InvalidValue> for String {
    fn from(error: InvalidValue) -> String {
        error.message
    }
}

/// One thing that is wrong: where, what was given, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{field}: {message}")]
pub struct InvalidSetting {
    /// The link key of the field.
    pub field: &'static str,
    /// What the field holds.
    pub value: String,
    /// What is wrong with it and what would be right; a sentence without the field's name in front.
    pub message: String,
}

impl InvalidSetting {
    /// A problem of `field`, which holds `value`.
    pub fn new(field: &'static str, value: impl ToString, message: impl Into<String>) -> InvalidSetting {
        InvalidSetting { field, value: value.to_string(), message: message.into() }
    }
}

/// Everything that is wrong with a deployment, all at once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, thiserror::Error)]
pub struct DeploymentError(pub Vec<InvalidSetting>);

impl DeploymentError {
    /// Adds a problem of `field`, which holds `value`.
    pub(super) fn add(&mut self, field: &'static str, value: &dyn fmt::Display, message: fmt::Arguments<'_>) {
        self.0.push(InvalidSetting::new(field, value, message.to_string()));
    }

    /// The problem of `field`, if it has one.
    pub fn of(&self, field: &str) -> Option<&InvalidSetting> {
        self.0.iter().find(|problem| problem.field == field)
    }
}

impl fmt::Display for DeploymentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}
