//! Texts as messages show them.

/// Characters of a text that a message quotes, at most.
pub(crate) const QUOTED: usize = 60;

/// Returns `text` with a capital first letter.
pub(crate) fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Returns the first `longest` characters of `text`, with `…` after them if it is longer.
pub(crate) fn shortened(text: &str, longest: usize) -> String {
    let mut letters = text.chars();
    let start: String = letters.by_ref().take(longest).collect();
    if letters.next().is_some() { start + "…" } else { start }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn the_first_letter_becomes_a_capital() {
        assert_eq!(capitalized("a model"), "A model");
        assert_eq!(capitalized("überlauf"), "Überlauf");
        assert_eq!(capitalized(""), "");
    }

    #[test]
    fn long_texts_end_in_an_ellipsis_and_count_in_characters() {
        assert_eq!(shortened("größe", 5), "größe");
        assert_eq!(shortened("größer", 5), "größe…");
        assert_eq!(shortened("", 5), "");
    }
}
