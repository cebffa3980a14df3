//! Texts that only explanations say.

/// A text that says what something means or how it is known. The page leaves these out (feature `lean`): it shows figures, and the
/// worker behind it explains them.
pub const fn explanation_text(text: &'static str) -> &'static str {
    if cfg!(feature = "lean") { "" } else { text }
}
