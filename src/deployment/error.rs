//! Errors of a deployment and of its settings, with the corrections that users can make.

pub use crate::named_values::InvalidValue;
use serde::Serialize;
use std::fmt;

/// An invalid value of a setting, with a possible correction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{field}: {message}")]
pub struct InvalidSetting {
    /// The key of the setting.
    pub field: &'static str,
    /// The given value.
    pub value: String,
    /// A sentence on the error and its correction, without the key in front.
    pub message: String,
}

impl InvalidSetting {
    /// Returns the error of the setting `field`, which has the value `value`.
    pub fn new(field: &'static str, value: impl ToString, message: impl Into<String>) -> InvalidSetting {
        InvalidSetting { field, value: value.to_string(), message: message.into() }
    }
}

/// All invalid settings of a deployment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, thiserror::Error)]
pub struct DeploymentError(pub Vec<InvalidSetting>);

impl DeploymentError {
    /// Adds an error of the setting `field`, which has the value `value`.
    pub(super) fn add(&mut self, field: &'static str, value: &dyn fmt::Display, message: fmt::Arguments<'_>) {
        self.0.push(InvalidSetting::new(field, value, message.to_string()));
    }

    /// Returns the error of the setting `field`; `None` if it is valid.
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
