//! Widths of texts, by fixed letter widths.
//!
//! The charts measure no font: a worker has no document to measure in, and the SVG must have the
//! same bytes natively and in a browser. The widths are those of Helvetica, Arial and Liberation
//! Sans, and a little more: some sans-serif fonts are wider.

/// The width of a letter in thousandths of the font size.
fn letter(letter: char) -> u32 {
    match letter {
        'i' | 'j' | 'l' | '\'' | '’' => 222,
        ' ' | 'f' | 't' | 'I' | '.' | ',' | ':' | ';' | '/' | '!' | '(' | ')' | '[' | ']' | '-' => 300,
        'r' => 333,
        'c' | 'k' | 's' | 'v' | 'x' | 'y' | 'z' | 'J' => 500,
        'w' | 'C' | 'D' | 'H' | 'N' | 'R' | 'U' => 722,
        'A' | 'B' | 'E' | 'K' | 'P' | 'S' | 'V' | 'X' | 'Y' | 'F' | 'T' | 'Z' => 667,
        'G' | 'O' | 'Q' => 778,
        'm' | 'M' => 833,
        '%' | '@' | 'W' | '…' => 1000,
        // Digits, the other small letters and most signs.
        _ if letter.is_ascii() || matches!(letter, '–' | '−' | '×' | '±') => 556,
        _ => 1000,
    }
}

/// The width of a text in pixels, rounded up.
pub(super) fn text_width(text: &str, size: f64, bold: bool) -> u32 {
    let em: u32 = text.chars().map(letter).sum();
    let thousandths = f64::from(em) * size * if bold { 1.10 } else { 1.03 };
    (thousandths / 1000.0).ceil() as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_text_is_a_little_wider_than_in_helvetica() {
        // Sums of the widths in Adobe's font metrics of Helvetica and Helvetica Bold.
        for (text, size, bold, width) in [
            ("Weights", 13.0, true, 50.6),
            ("KV cache", 13.0, true, 58.5),
            ("79.18 GiB capacity", 12.0, true, 106.1),
            ("6 alike, fullest", 12.0, false, 72.7),
            ("31.97", 12.5, false, 31.3),
        ] {
            let ratio = f64::from(text_width(text, size, bold)) / width;
            assert!((1.0..1.1).contains(&ratio), "{text}: {ratio}");
        }
        assert_eq!(text_width("", 12.0, false), 0);
    }
}
