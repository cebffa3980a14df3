//! Types whose values have names, and the error of a text that is not one of them.

/// The error of an invalid text or number for a setting or for a type of its values. The message is
/// a predicate that lists the valid values, such as "must be true or false".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InvalidValue {
    message: String,
}

impl InvalidValue {
    /// Returns an error with this message.
    pub(crate) fn new(message: impl Into<String>) -> InvalidValue {
        InvalidValue { message: message.into() }
    }

    /// Returns the error of a text that is not one of these names.
    pub(crate) fn not_one_of(text: &str, names: &[&str]) -> InvalidValue {
        InvalidValue { message: format!("must be one of {}; found \"{text}\"", names.join(", ")) }
    }
}

impl From<InvalidValue> for String {
    fn from(error: InvalidValue) -> String {
        error.message
    }
}

/// Declares an enum whose values have names: TensorRT-LLM's, which links use too.
macro_rules! named_values {
    ($(#[$attribute:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$doc])* $variant),+ }

        impl $name {
            /// Every value.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];
            /// The names of all values, in the same order.
            pub const NAMES: &'static [&'static str] = &[$($text),+];

            /// Returns the name.
            pub fn name(self) -> &'static str {
                $name::NAMES[self as usize]
            }

        }

        /// Parses the name, ignoring case.
        impl std::str::FromStr for $name {
            type Err = $crate::named_values::InvalidValue;

            fn from_str(text: &str) -> Result<$name, $crate::named_values::InvalidValue> {
                let named = |value: &$name| value.name().eq_ignore_ascii_case(text);
                let unknown = || $crate::named_values::InvalidValue::not_one_of(text, $name::NAMES);
                $name::ALL.iter().copied().find(named).ok_or_else(unknown)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}
pub(crate) use named_values;
