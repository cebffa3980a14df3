//! Texts that appear in explanations alone.

/// Returns `text`, or an empty text without the feature `explanations`.
///
/// The page's own program shows figures and leaves these texts to the worker, which explains them.
pub(crate) const fn explanation_text(text: &'static str) -> &'static str {
    if cfg!(feature = "explanations") { text } else { "" }
}
